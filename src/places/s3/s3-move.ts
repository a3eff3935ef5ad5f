/**
 * Gives another key, at the service. S3 has no such verb: a copy is made there, compared, and only then the old one removed. A file that
 * came in parts is copied in the same parts, so that its ETag, by which it is proven, stays what it was.
 */
import { CopyObjectCommand, DeleteObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import { fileLocked } from './s3-failure.ts'
import { abortUpload, completeUpload, createUpload, isInTrash, lockOf, saysTaken, unlessThere } from './s3-multipart.ts'
import type { S3Object } from './s3-object.ts'
import { demandLock } from './s3-lock.ts'
import { isMd5, lookAt, metadataOf, plainEtag } from './s3-object.ts'
import { partBytesFor } from './s3-settings.ts'
import type { S3Wire } from './s3-wire.ts'

/** More is not copied in one request. */
const copyBytesMax = 5 * 1024 ** 3
const partsAtOnce = 4

interface PartsOrder {
  readonly source: S3Object
  readonly from: string
  readonly to: string
  readonly partBytes: number
  readonly uploadId: string
}

export class S3Mover {
  readonly #wire: S3Wire
  /** Begun here and not seen to its end: an answer may have been lost, and the copy be ours. */
  readonly #begun = new Set<string>()

  constructor(wire: S3Wire) {
    this.#wire = wire
  }

  async move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    const source = await lookAt(this.#wire, from)
    if (!source.ok) return source
    if (source.value === null) return done('absent')
    const { lockedUntilMs } = source.value
    // The name could be taken from it, for that is only a marker; but who asked for a lock wants no prune before its end.
    if (isInTrash(to) && lockedUntilMs !== null && lockedUntilMs > this.#wire.nowMs())
      return failed(fileLocked(this.#wire.place, from, lockedUntilMs))
    const before = await lookAt(this.#wire, to)
    if (!before.ok) return before
    const name = JSON.stringify([from, to])
    if (before.value !== null) {
      if (!this.#begun.has(name) || !isSame(source.value, before.value)) return done('taken')
    } else {
      this.#begun.add(name)
      const copied = await this.#copy(source.value, from, to)
      if (!copied.ok) return copied
      if (copied.value === 'taken') return done('taken')
      const after = await lookAt(this.#wire, to)
      if (!after.ok) return after
      if (after.value === null || !isSame(source.value, after.value))
        return failed(serviceError(this.#wire.place, `the copy of ${from} at ${to} is not the same; both were left`))
    }
    const locked = await this.#demandLock(to)
    if (!locked.ok) return locked
    // Asked for “only if it is still this one”, a copy in parts is refused by one server here; so it is looked at once more.
    const still = await lookAt(this.#wire, from)
    if (!still.ok) return still
    if (still.value !== null && still.value.etag !== source.value.etag)
      return failed(serviceError(this.#wire.place, `${from} changed while it was copied to ${to}; both were left`))
    const removed = await removeObject(this.#wire, from)
    if (!removed.ok) return removed
    this.#begun.delete(name)
    return done('moved')
  }

  async #demandLock(to: string): Promise<Result<null>> {
    if (this.#wire.settings.lock === null) return done(null)
    const copy = await lookAt(this.#wire, to)
    if (!copy.ok) return copy
    return copy.value === null ? done(null) : demandLock(this.#wire, to, copy.value)
  }

  #copy(source: S3Object, from: string, to: string): Promise<Result<'copied' | 'taken'>> {
    const inOne = source.file.bytes <= copyBytesMax && (source.partBytes === null || isMd5(source.etag))
    return inOne ? this.#copyWhole(from, to) : this.#copyInParts(source, from, to)
  }

  async #copyWhole(from: string, to: string): Promise<Result<'copied' | 'taken'>> {
    const wire = this.#wire
    const asked = await unlessThere(wire, (condition) =>
      wire.ask(
        (client, options) =>
          client.send(
            new CopyObjectCommand({
              ...wire.at(to),
              ...condition,
              ...lockOf(wire, to),
              CopySource: this.#sourceOf(from),
            }),
            options,
          ),
        { path: to, patient: true },
      ),
    )
    if (asked.ok) return done('copied')
    return saysTaken(asked) ? done('taken') : failed(asked.failure)
  }

  async #copyInParts(source: S3Object, from: string, to: string): Promise<Result<'copied' | 'taken'>> {
    const wire = this.#wire
    const { bytes, mtimeMs } = source.file
    const partBytes = source.partBytes ?? partBytesFor(wire.settings.partBytes, bytes)
    const opened = await createUpload(wire, to, { ...source.metadata, ...metadataOf(mtimeMs, partBytes) })
    if (!opened.ok) return opened
    const uploadId = opened.value
    const etags = await this.#copyParts({ source, from, to, partBytes, uploadId })
    if (!etags.ok) {
      await abortUpload(wire, to, uploadId)
      return etags
    }
    const asked = await completeUpload(wire, to, uploadId, etags.value)
    if (asked.ok) return done('copied')
    // After any other answer, or none, the parts may be those of a finished object.
    if (!saysTaken(asked)) return failed(asked.failure)
    await abortUpload(wire, to, uploadId)
    return done('taken')
  }

  async #copyParts(order: PartsOrder): Promise<Result<readonly string[]>> {
    const count = Math.ceil(order.source.file.bytes / order.partBytes)
    const etags: string[] = []
    for (let index = 0; index < count; index += partsAtOnce) {
      const several = Array.from({ length: Math.min(partsAtOnce, count - index) }, (_, more) =>
        this.#copyPart(order, index + more),
      )
      for (const one of await Promise.all(several)) {
        if (!one.ok) return one
        etags.push(one.value)
      }
    }
    return done(etags)
  }

  async #copyPart({ source, from, to, partBytes, uploadId }: PartsOrder, index: number): Promise<Result<string>> {
    const wire = this.#wire
    const last = Math.min(source.file.bytes, (index + 1) * partBytes) - 1
    const asked = await wire.ask(
      (client, options) =>
        client.send(
          new UploadPartCopyCommand({
            ...wire.at(to),
            UploadId: uploadId,
            PartNumber: index + 1,
            CopySource: this.#sourceOf(from),
            CopySourceRange: `bytes=${index * partBytes}-${last}`,
          }),
          options,
        ),
      { path: to, patient: true },
    )
    if (!asked.ok) return failed(asked.failure)
    const etag = plainEtag(asked.value.CopyPartResult?.ETag)
    return etag === '' ? failed(serviceError(wire.place, 'a copied part without an ETag')) : done(etag)
  }

  #sourceOf(path: string): string {
    const { Bucket, Key } = this.#wire.at(path)
    return [Bucket, ...Key.split('/')].map(encodeURIComponent).join('/')
  }
}

/** By the service's own sums where both have one of the same kind; else by the size, for the bytes never left the service. */
function isSame(source: S3Object, copy: S3Object): boolean {
  if (source.file.bytes !== copy.file.bytes) return false
  return Object.entries(source.file.digests).every(([algorithm, digest]) => {
    const told = copy.file.digests[algorithm]
    return told === undefined || told === digest
  })
}

/** On a bucket that keeps versions this lays a marker over them; a version itself is never deleted. */
export async function removeObject(wire: S3Wire, path: string): Promise<Result<null>> {
  const asked = await wire.ask((client, options) => client.send(new DeleteObjectCommand(wire.at(path)), options), {
    path,
  })
  return asked.ok ? done(null) : failed(asked.failure)
}
