/** A file of at most one part: one request, in which bytes and name come together. There is nothing to go on with after a cut. */
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { StoredFile, Upload, UploadOrder, UploadState } from '../../engine/cloud-contract.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import { PartDigest } from './part-digest.ts'
import { contentType, lockOf, saysTaken, unlessThere } from './s3-multipart.ts'
import { demandLock } from './s3-lock.ts'
import { lookAt, metadataOf } from './s3-object.ts'
import type { S3Answer, S3Wire } from './s3-wire.ts'

interface Put {
  readonly path: string
  readonly bytes: Uint8Array
  readonly md5: Buffer
  readonly metadata: Readonly<Record<string, string>>
  /** Files are locked where that is asked for; our own small texts change and are not. */
  readonly lock: boolean
  readonly cancel?: Cancel
}

export function putObject(
  wire: S3Wire,
  { path, bytes, md5, metadata, lock, cancel }: Put,
  condition: { readonly IfNoneMatch?: '*' },
): Promise<S3Answer<unknown>> {
  return wire.ask(
    (client, options) =>
      client.send(
        new PutObjectCommand({
          ...wire.at(path),
          ...condition,
          ...(lock ? lockOf(wire, path) : {}),
          Body: bytes,
          ContentLength: bytes.length,
          ContentMD5: md5.toString('base64'),
          ContentType: contentType,
          Metadata: metadata,
        }),
        options,
      ),
    { path, ...(cancel === undefined ? {} : { cancel }) },
  )
}

export class SinglePut implements Upload {
  readonly session = null
  readonly committedBytes = 0
  readonly chunkBytes: number
  readonly digest = new PartDigest(null)
  readonly #wire: S3Wire
  readonly #order: UploadOrder
  #held: Uint8Array = new Uint8Array(0)
  #mayBeStored = false
  #abandoned = false

  constructor(wire: S3Wire, order: UploadOrder) {
    this.#wire = wire
    this.#order = order
    this.chunkBytes = wire.settings.partBytes
  }

  /** Kept here until the last one: nothing can be sent without giving the name. */
  async send(chunk: Uint8Array, position: number): Promise<Result<number>> {
    this.#held = joined(this.#held.subarray(0, position), chunk)
    return done(this.#held.length)
  }

  async finish(lastChunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    const { path, bytes, mtimeMs } = this.#order
    const body = position === 0 ? lastChunk : joined(this.#held.subarray(0, position), lastChunk)
    const md5 = this.digest.part(1)
    if (body.length !== bytes || this.digest.bytes !== bytes || md5 === null)
      throw new Error(`Only a whole file can be finished: ${path}`)
    const before = await lookAt(this.#wire, path)
    if (!before.ok) return before
    if (before.value !== null)
      return done(this.#mayBeStored && this.#isSent(before.value.file) ? before.value.file : 'taken')
    this.#mayBeStored = true
    const put = { path, bytes: body, md5, metadata: metadataOf(mtimeMs, null), lock: true, cancel }
    const asked = await unlessThere(this.#wire, (condition) => putObject(this.#wire, put, condition))
    if (saysTaken(asked)) return done('taken')
    if (!asked.ok) return failed(asked.failure)
    const after = await lookAt(this.#wire, path)
    if (!after.ok) return after
    if (after.value === null) return failed(serviceError(this.#wire.place, `${path} was taken and is not there`))
    const locked = await demandLock(this.#wire, path, after.value)
    return locked.ok ? done(after.value.file) : locked
  }

  #isSent(file: StoredFile): boolean {
    const { algorithm, digest } = this.digest.end()
    const told = file.digests[algorithm]
    return (
      file.bytes === this.#order.bytes && (told === undefined ? file.mtimeMs === this.#order.mtimeMs : told === digest)
    )
  }

  async state(): Promise<Result<UploadState>> {
    this.#held = new Uint8Array(0)
    if (this.#mayBeStored) {
      const there = await lookAt(this.#wire, this.#order.path)
      if (!there.ok) return there
      if (there.value !== null && this.#isSent(there.value.file))
        return done({ kind: 'stored', file: there.value.file })
    }
    return done(this.#abandoned ? { kind: 'gone' } : { kind: 'open', committedBytes: 0 })
  }

  async abandon(): Promise<void> {
    this.#abandoned = true
    this.#held = new Uint8Array(0)
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length)
  all.set(head)
  all.set(tail, head.length)
  return all
}
