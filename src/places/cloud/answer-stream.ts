/** The bytes of an answer as they come, counted: an answer that ends early is a cut and no file. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { Download } from '../../engine/cloud-contract.ts'
import { letGo } from './oauth-request.ts'
import { serviceError } from './cloud-failure.ts'

const silenceMs = 60_000
/** When all bytes are there, only the end is waited for, and that is of no great interest. */
const endMs = 1000

/** Of a 200 or 206 to a request for the bytes from `from` on. A service that ignored the range is read over to there. */
export async function downloadOf(
  place: string,
  answer: Response,
  from: number,
  cancel: Cancel,
): Promise<Result<Download>> {
  const range = rangeOf(answer)
  if (range === null || (range.from !== from && range.from !== 0)) {
    await letGo(answer)
    return failed(serviceError(place, `HTTP ${answer.status} without the range that was asked for`))
  }
  return done({
    bytes: range.total,
    chunks: chunksOf(answer, { skip: from - range.from, expected: range.total - range.from }, cancel),
  })
}

function rangeOf(answer: Response): { readonly from: number; readonly total: number } | null {
  if (answer.status === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers.get('content-range') ?? '') ?? []
    return total === undefined ? null : { from: Number(from), total: Number(total) }
  }
  const length = answer.headers.get('content-length')
  return length === null ? null : { from: 0, total: Number(length) }
}

async function* chunksOf(
  answer: Response,
  { skip, expected }: { readonly skip: number; readonly expected: number },
  cancel: Cancel,
): AsyncGenerator<Uint8Array> {
  const reader = answer.body?.getReader()
  const stop = (): void => void reader?.cancel().catch(() => undefined)
  cancel.addEventListener('abort', stop, { once: true })
  let [position, toSkip] = [0, skip]
  try {
    for (;;) {
      if (cancel.aborted) throw new Error('stopped')
      const next = await inTime(reader?.read(), position < expected ? silenceMs : endMs, stop)
      if (next === undefined || next.done) break
      const { value } = next
      position += value.length
      const rest = value.subarray(Math.min(toSkip, value.length))
      toSkip -= value.length - rest.length
      if (rest.length > 0) yield rest
    }
    if (position < expected) throw new Error(`the answer ended after ${position} of ${expected} bytes`)
  } finally {
    cancel.removeEventListener('abort', stop)
    stop()
  }
}

/** A connection that is open and brings nothing is let go of (J2): the next one goes on where it stood. */
async function inTime<Value>(
  reading: Promise<Value> | undefined,
  ms: number,
  stop: () => void,
): Promise<Value | undefined> {
  const timer = setTimeout(stop, ms)
  try {
    return await reading
  } finally {
    clearTimeout(timer)
  }
}

export async function* noChunks(): AsyncGenerator<Uint8Array> {
  // There are none.
}
