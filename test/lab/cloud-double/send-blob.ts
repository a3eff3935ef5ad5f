/** A stored file as the body of an answer, whole or from some byte on. */
import type { Blob } from './byte-store.ts'
import { Refusal } from './exchange.ts'
import type { Exchange } from './exchange.ts'

export async function sendBlob(
  x: Exchange,
  blob: Blob,
  type: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<void> {
  const range = /^bytes=(\d*)-(\d*)$/.exec(x.header('range') ?? '')
  const total = blob.bytes
  let [from, to] = [0, total - 1]
  if (range !== null && range[0] !== 'bytes=-') {
    const [, first = '', last = ''] = range
    if (first === '') from = Math.max(0, total - Number(last))
    else {
      from = Number(first)
      if (last !== '') to = Math.min(to, Number(last))
    }
    if (from >= total || to < from) {
      throw new Refusal({ status: 416, headers: { 'content-range': `bytes */${total}` } })
    }
  }
  const headers = { 'content-type': type, 'content-length': String(to - from + 1), 'accept-ranges': 'bytes', ...extra }
  if (range === null) return x.stream(200, headers, blob.read(from, to))
  return x.stream(206, { ...headers, 'content-range': `bytes ${from}-${to}/${total}` }, blob.read(from, to))
}
