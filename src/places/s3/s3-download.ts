/** Reads objects: from some position on as they come, or a small one whole. */
import { Readable } from 'node:stream'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { Download } from '../../engine/cloud-contract.ts'
import { causeOf } from '../cloud/http-request.ts'
import { fileMissing, serviceError, unreachable } from '../cloud/cloud-failure.ts'
import { lookAt } from './s3-object.ts'
import type { S3Answer, S3Wire } from './s3-wire.ts'

function ask(wire: S3Wire, path: string, from: number, cancel?: Cancel): Promise<S3Answer<GetObjectCommandOutput>> {
  return wire.ask(
    (client, options) =>
      client.send(
        new GetObjectCommand({ ...wire.at(path), ...(from === 0 ? {} : { Range: `bytes=${from}-` }) }),
        options,
      ),
    { path, ...(cancel === undefined ? {} : { cancel }) },
  )
}

export async function startDownload(
  wire: S3Wire,
  path: string,
  from: number,
  cancel: Cancel,
): Promise<Result<Download>> {
  const asked = await ask(wire, path, from, cancel)
  // There is no range behind the last byte.
  if (!asked.ok && asked.status === 416) return endOf(wire, path)
  if (!asked.ok) return failed(asked.failure)
  const { Body: body, ContentRange, ContentLength } = asked.value
  const [, first = '0', total = String(ContentLength ?? '')] = /^bytes (\d+)-\d+\/(\d+)$/.exec(ContentRange ?? '') ?? []
  const [begins, bytes] = [Number(first), total === '' ? Number.NaN : Number(total)]
  if (!(body instanceof Readable)) return failed(serviceError(wire.place, 'an answer without bytes'))
  if (!Number.isSafeInteger(bytes) || begins > from || (begins !== 0 && begins !== from)) {
    body.destroy()
    return failed(serviceError(wire.place, 'an answer without the range that was asked for'))
  }
  return done({ bytes, chunks: chunksOf(body, { begins, from, bytes }, cancel) })
}

async function endOf(wire: S3Wire, path: string): Promise<Result<Download>> {
  const there = await lookAt(wire, path)
  if (!there.ok) return there
  if (there.value === null) return failed(fileMissing(wire.place, path))
  return done({ bytes: there.value.file.bytes, chunks: (async function* () {})() })
}

async function* chunksOf(
  body: Readable,
  { begins, from, bytes }: { readonly begins: number; readonly from: number; readonly bytes: number },
  cancel: Cancel,
): AsyncGenerator<Uint8Array> {
  const stop = (): void => void body.destroy(new Error('stopped'))
  cancel.addEventListener('abort', stop, { once: true })
  let [position, toSkip] = [begins, from - begins]
  try {
    if (cancel.aborted) throw new Error('stopped')
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) throw new Error('no bytes')
      position += chunk.length
      const rest = chunk.subarray(Math.min(toSkip, chunk.length))
      toSkip -= chunk.length - rest.length
      if (rest.length > 0) yield rest
    }
    if (position !== bytes) throw new Error(`the answer ended at ${position} of ${bytes} bytes`)
  } finally {
    cancel.removeEventListener('abort', stop)
    body.destroy()
  }
}

export async function readSmall(wire: S3Wire, path: string): Promise<Result<Uint8Array | null>> {
  const asked = await ask(wire, path, 0)
  if (!asked.ok) return asked.word === 'NoSuchKey' ? done(null) : failed(asked.failure)
  const { Body: body, ContentLength: bytes } = asked.value
  try {
    const read = (await body?.transformToByteArray()) ?? new Uint8Array(0)
    if (bytes !== undefined && bytes !== read.length) throw new Error(`${read.length} of ${bytes} bytes came`)
    return done(read)
  } catch (error) {
    return failed(unreachable(wire.place, causeOf(error)))
  }
}
