/**
 * One file on its way, longer than a part. What the service has of it is asked of the service; that these are our bytes is known part
 * by part, before it gets its name, and once more from the finished object.
 */
import { createHash } from 'node:crypto'
import { UploadPartCommand } from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { StoredFile, Upload, UploadOrder, UploadState } from '../../engine/cloud-contract.ts'
import { damagedOnTheWay, serviceError, uploadGone } from '../cloud/cloud-failure.ts'
import { PartDigest } from './part-digest.ts'
import { abortUpload, completeUpload, createUpload, saysNoUpload, saysTaken, wholeParts } from './s3-multipart.ts'
import { demandLock } from './s3-lock.ts'
import type { S3Object } from './s3-object.ts'
import { isMd5, isOpaque, lookAt, metadataOf, plainEtag } from './s3-object.ts'
import { partBytesFor } from './s3-settings.ts'
import type { S3Wire } from './s3-wire.ts'

interface Session {
  readonly uploadId: string
  readonly partBytes: number
  readonly path: string
  readonly bytes: number
}

/** Null for what is no session of ours. */
export function readSession(text: string): Session | null {
  try {
    const told: unknown = JSON.parse(text)
    if (typeof told !== 'object' || told === null) return null
    const field = (name: string): unknown => Reflect.get(told, name)
    const [uploadId, partBytes, path, bytes] = ['uploadId', 'partBytes', 'path', 'bytes'].map(field)
    if (typeof uploadId !== 'string' || typeof path !== 'string') return null
    if (typeof partBytes !== 'number' || typeof bytes !== 'number' || !(partBytes > 0)) return null
    return { uploadId, partBytes, path, bytes }
  } catch {
    return null
  }
}

/** Opens a new upload, or goes on with the one of an earlier run; fails with `upload-gone` when the service has forgotten it. */
export async function beginMultipart(wire: S3Wire, order: UploadOrder): Promise<Result<Upload>> {
  const { path, bytes, mtimeMs } = order
  if (order.session === null) {
    const partBytes = partBytesFor(wire.settings.partBytes, bytes)
    const opened = await createUpload(wire, path, metadataOf(mtimeMs, partBytes))
    if (!opened.ok) return opened
    const session = { uploadId: opened.value, partBytes, path, bytes }
    return done(new MultipartUpload(wire, order, session, JSON.stringify(session), []))
  }
  const session = readSession(order.session)
  if (session === null || session.path !== path || session.bytes !== bytes)
    return failed(uploadGone(wire.place, path, 'what was kept of it is not for this file'))
  const upload = new MultipartUpload(wire, order, session, order.session, null)
  // The parts of a finished object may still be listed, and be the very ones that it is made of: nothing is sent on top of them.
  const state = await upload.state()
  if (!state.ok) return state
  if (state.value.kind === 'gone') return failed(uploadGone(wire.place, path, 'NoSuchUpload'))
  upload.committedBytes = state.value.kind === 'stored' ? bytes : state.value.committedBytes
  return done(upload)
}

class MultipartUpload implements Upload {
  readonly session: string
  readonly chunkBytes: number
  readonly digest: PartDigest
  committedBytes = 0
  readonly #wire: S3Wire
  readonly #order: UploadOrder
  readonly #at: Session
  /** ETags of the parts that the service has, from the first one on. */
  #etags: string[]
  /** It may have been completed: by us, or in an earlier run. */
  #mayBeStored: boolean
  #stored = false
  #isOpaque = false

  /** `etags` is null when it goes on from an earlier run. */
  constructor(wire: S3Wire, order: UploadOrder, at: Session, session: string, etags: string[] | null) {
    this.#wire = wire
    this.#order = order
    this.#at = at
    this.session = session
    this.chunkBytes = at.partBytes
    this.digest = new PartDigest(at.partBytes)
    this.#etags = etags ?? []
    this.#mayBeStored = etags === null
  }

  async send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    const index = position / this.chunkBytes
    if (!Number.isInteger(index) || chunk.length !== this.chunkBytes || position + chunk.length > this.#order.bytes)
      throw new Error(`Not a part of ${this.#order.path}: ${chunk.length} bytes at ${position}`)
    const sent = await this.#sendPart(chunk, index, cancel)
    return sent.ok ? done(position + chunk.length) : sent
  }

  async #sendPart(chunk: Uint8Array, index: number, cancel: Cancel): Promise<Result<null>> {
    const { place } = this.#wire
    const { path } = this.#order
    const end = index * this.chunkBytes + chunk.length
    const md5 =
      (this.digest.bytes >= end ? this.digest.part(index + 1) : null) ?? createHash('md5').update(chunk).digest()
    const asked = await this.#wire.ask(
      (client, options) =>
        client.send(
          new UploadPartCommand({
            ...this.#wire.at(path),
            UploadId: this.#at.uploadId,
            PartNumber: index + 1,
            Body: chunk,
            ContentLength: chunk.length,
            ContentMD5: md5.toString('base64'),
          }),
          options,
        ),
      { path, cancel },
    )
    if (!asked.ok) return failed(asked.failure)
    const etag = plainEtag(asked.value.ETag)
    if (etag === '') return failed(serviceError(place, 'a part without an ETag'))
    this.#isOpaque ||= isOpaque(this.#wire, asked.value)
    if (!this.#isOpaque && isMd5(etag) && etag !== md5.toString('hex'))
      return failed(damagedOnTheWay(place, path, `part ${index + 1} is ${etag} there and ${md5.toString('hex')} here`))
    this.#etags[index] = etag
    return done(null)
  }

  async finish(lastChunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    const { path, bytes } = this.#order
    if (this.digest.bytes !== bytes || position + lastChunk.length !== bytes)
      throw new Error(`Only a whole file can be finished: ${path}`)
    const before = await lookAt(this.#wire, path)
    if (!before.ok) return before
    if (before.value !== null) {
      if (!this.#mayBeStored || !this.#isSent(before.value.file)) return done('taken')
      return this.#locked(before.value)
    }
    if (lastChunk.length > 0) {
      const sent = await this.#sendPart(lastChunk, position / this.chunkBytes, cancel)
      if (!sent.ok) return sent
    }
    const odd = this.#oddPart()
    if (odd !== null) {
      await this.abandon()
      return failed(uploadGone(this.#wire.place, path, odd))
    }
    this.#mayBeStored = true
    const asked = await completeUpload(this.#wire, path, this.#at.uploadId, this.#etags, cancel)
    if (saysTaken(asked)) return done('taken')
    if (!asked.ok && !saysNoUpload(asked)) return failed(asked.failure)
    const after = await lookAt(this.#wire, path)
    if (!after.ok) return after
    if (after.value === null)
      return failed(asked.ok ? serviceError(this.#wire.place, `${path} was taken and is not there`) : asked.failure)
    if (!asked.ok && !this.#isSent(after.value.file)) return failed(asked.failure)
    return this.#locked(after.value)
  }

  /** Stored, whatever becomes of its lock: nothing of it is taken back any more. */
  async #locked(object: S3Object): Promise<Result<StoredFile>> {
    this.#stored = true
    const locked = await demandLock(this.#wire, this.#order.path, object)
    return locked.ok ? done(object.file) : locked
  }

  /** A part that is not what went past here: of a file that changed between two runs. It never gets the name (W1). */
  #oddPart(): string | null {
    const count = Math.ceil(this.#order.bytes / this.chunkBytes)
    if (this.#etags.length !== count) return `${this.#etags.length} of ${count} parts are there`
    for (const [index, etag] of this.#etags.entries()) {
      const here = this.digest.part(index + 1)?.toString('hex')
      if (!this.#isOpaque && isMd5(etag) && etag !== here) return `part ${index + 1} is not the one that is here`
    }
    return null
  }

  /** Is what has the name what we sent? By the service's own sum; where it makes none, or not all went past yet, by size and time. */
  #isSent(file: StoredFile): boolean {
    if (file.bytes !== this.#order.bytes) return false
    const told = file.digests[this.digest.algorithm]
    if (told !== undefined && this.digest.bytes === this.#order.bytes) return told === this.digest.end().digest
    return file.mtimeMs === this.#order.mtimeMs
  }

  async state(): Promise<Result<UploadState>> {
    const { path } = this.#order
    if (this.#mayBeStored) {
      const there = await lookAt(this.#wire, path)
      if (!there.ok) return there
      if (there.value !== null && this.#isSent(there.value.file)) {
        if (this.digest.bytes === this.#order.bytes) this.#stored = true
        const locked = await demandLock(this.#wire, path, there.value)
        return locked.ok ? done({ kind: 'stored', file: there.value.file }) : locked
      }
    }
    const parts = await wholeParts(this.#wire, path, this.#at.uploadId, this.chunkBytes)
    if (!parts.ok) return parts
    if (parts.value === null) return done({ kind: 'gone' })
    this.#etags = [...parts.value]
    return done({ kind: 'open', committedBytes: parts.value.length * this.chunkBytes })
  }

  async abandon(): Promise<void> {
    if (this.#stored) return
    if (this.#mayBeStored) {
      // Where an answer was lost, the parts may be those of a finished object: then they are not ours to take back.
      const there = await lookAt(this.#wire, this.#order.path)
      if (!there.ok || (there.value !== null && this.#isSent(there.value.file))) return
    }
    await abortUpload(this.#wire, this.#order.path, this.#at.uploadId)
  }
}
