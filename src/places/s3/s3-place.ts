/** A bucket of any service that speaks S3, or a part of one, as a place. */
import { createHash } from 'node:crypto'
import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
import type { PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type {
  Credentials,
  Download,
  ServiceAbilities,
  ServiceDigest,
  ServiceFacts,
  ServicePlace,
  StoredFile,
  Upload,
  UploadOrder,
} from '../../engine/cloud-contract.ts'
import { startMd5Digest, startS3EtagDigest } from '../cloud/digests.ts'
import { nameRefused, tooLarge } from '../cloud/cloud-failure.ts'
import { readSmall, startDownload } from './s3-download.ts'
import { listObjects } from './s3-list.ts'
import { removeObject, S3Mover } from './s3-move.ts'
import { saysTaken, unlessThere } from './s3-multipart.ts'
import { lookAt, metadataOf } from './s3-object.ts'
import type { S3Address, S3Settings } from './s3-settings.ts'
import { deviceOf, partBytesFor, readS3Settings } from './s3-settings.ts'
import { putObject, SinglePut } from './s3-single-put.ts'
import { sweepUploads, takeBackEmpty } from './s3-sweep.ts'
import { beginMultipart } from './s3-upload.ts'
import { S3Wire } from './s3-wire.ts'

const fileBytesMax = 5 * 1024 ** 4
const keyBytesMax = 1024

/** Asks nothing of the network. An address that makes no sense is told with `settings-wrong` by every verb. */
export function openS3Place(
  address: { readonly id: PlaceId; readonly name: string; readonly address: S3Address },
  credentials: Credentials,
  now: () => number = Date.now,
): ServicePlace {
  const settings = readS3Settings(address.name, address.address)
  if (settings.ok) return new S3Place(address, new S3Wire(address.name, settings.value, credentials, now))
  const usable = readS3Settings(address.name, { ...address.address, options: {} })
  if (!usable.ok) throw new Error('An address without options is always understood')
  return new S3Place(address, new S3Wire(address.name, usable.value, credentials, now), settings.failure)
}

class S3Place implements ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly #wire: S3Wire
  readonly #settings: S3Settings
  readonly #mover: S3Mover
  readonly #wrong: Failure | null
  /** Removed files stay below a marker; not known before it was asked. */
  #keepsVersions: boolean | null = null
  #canLock = false

  constructor(
    { id, name }: { readonly id: PlaceId; readonly name: string },
    wire: S3Wire,
    wrong: Failure | null = null,
  ) {
    this.id = id
    this.name = name
    this.#wire = wire
    this.#settings = wire.settings
    this.#mover = new S3Mover(wire)
    this.#wrong = wrong
  }

  get abilities(): ServiceAbilities {
    return { kind: 's3', grade: 'B', resumes: true, hasTrash: this.#keepsVersions === true, filesAtOnce: 4 }
  }

  async facts(): Promise<Result<ServiceFacts>> {
    if (this.#wrong !== null) return failed(this.#wrong)
    const asked = await this.#wire.letsUsIn()
    if (!asked.ok) return failed(asked.failure)
    const locks = await this.#confirmLock()
    if (!locks.ok) return locks
    await this.#askVersions()
    return done({
      deviceId: deviceOf(this.#settings),
      freeBytes: null,
      totalBytes: null,
      limits: { type: 's3', fileBytesMax, nameBytesMax: 255, foldsCase: false, forbidden: '', mtimeStepMs: 1 },
    })
  }

  /** A key may do without this right; then nothing is promised of a trash. */
  async #askVersions(): Promise<void> {
    const { bucket: Bucket } = this.#settings
    const asked = await this.#wire.ask((client, options) =>
      client.send(new GetBucketVersioningCommand({ Bucket }), options),
    )
    if (asked.ok) this.#keepsVersions = asked.value.Status === 'Enabled'
  }

  /** A lock that was asked for and is not there would be a promise to nobody: one server here takes the words and locks nothing. */
  async #confirmLock(): Promise<Result<null>> {
    const { bucket: Bucket, lock } = this.#settings
    if (lock === null || this.#canLock) return done(null)
    const asked = await this.#wire.ask((client, options) =>
      client.send(new GetObjectLockConfigurationCommand({ Bucket }), options),
    )
    const isNo = asked.ok || asked.status === 404 || asked.status === 501 || asked.status === 400
    if (!asked.ok && !isNo) return failed(asked.failure)
    this.#canLock = asked.ok && asked.value.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
    return this.#canLock ? done(null) : failed(noLock(this.name, asked.ok ? 'not enabled' : asked.word))
  }

  async stat(path: string): Promise<Result<StoredFile | null>> {
    const may = this.#may(path)
    if (!may.ok) return may
    const there = await lookAt(this.#wire, path)
    return there.ok ? done(there.value?.file ?? null) : there
  }

  async list(folder: string, cancel: Cancel, onward?: () => void): Promise<Result<PlaceListing>> {
    const may = folder === '' ? this.#may('x') : this.#may(folder)
    return may.ok ? listObjects(this.#wire, folder, cancel, onward) : may
  }

  async begin(order: UploadOrder): Promise<Result<Upload>> {
    const may = this.#may(order.path)
    if (!may.ok) return may
    if (order.bytes > fileBytesMax) return failed(tooLarge(this.name, order.path, `${order.bytes} bytes`))
    const locks = await this.#confirmLock()
    if (!locks.ok) return locks
    if (order.session === null && order.bytes <= this.#settings.partBytes) return done(new SinglePut(this.#wire, order))
    if (order.session === null) await takeBackEmpty(this.#wire, order.path)
    return beginMultipart(this.#wire, order)
  }

  async download(path: string, from: number, cancel: Cancel): Promise<Result<Download>> {
    const may = this.#may(path)
    return may.ok ? startDownload(this.#wire, path, from, cancel) : may
  }

  async getSmall(path: string): Promise<Result<Uint8Array | null>> {
    const may = this.#may(path)
    return may.ok ? readSmall(this.#wire, path) : may
  }

  async putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>> {
    const may = this.#may(path)
    if (!may.ok) return may
    const md5 = createHash('md5').update(bytes).digest()
    const put = { path, bytes, md5, metadata: metadataOf(this.#wire.nowMs(), null), lock: false }
    if (how === 'new') {
      const there = await lookAt(this.#wire, path)
      if (!there.ok) return there
      if (there.value !== null) return done('taken')
    }
    const asked =
      how === 'new'
        ? await unlessThere(this.#wire, (condition) => putObject(this.#wire, put, condition))
        : await putObject(this.#wire, put, {})
    if (asked.ok) return done('put')
    return saysTaken(asked) ? done('taken') : failed(asked.failure)
  }

  async move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    for (const path of [from, to]) {
      const may = this.#may(path)
      if (!may.ok) return may
    }
    return this.#mover.move(from, to)
  }

  async remove(path: string): Promise<Result<'removed' | 'absent'>> {
    const there = await this.stat(path)
    if (!there.ok) return there
    if (there.value === null) return done('absent')
    if (this.#keepsVersions === null) await this.#askVersions()
    const removed = await removeObject(this.#wire, path)
    return removed.ok ? done('removed') : removed
  }

  async sweep(sessions: readonly string[], nowMs: number): Promise<Result<number>> {
    return this.#wrong === null ? sweepUploads(this.#wire, sessions, nowMs) : failed(this.#wrong)
  }

  startDigest(bytes: number): ServiceDigest {
    const { partBytes } = this.#settings
    return bytes <= partBytes ? startMd5Digest() : startS3EtagDigest(partBytesFor(partBytes, bytes))
  }

  async close(): Promise<void> {
    this.#wire.close()
  }

  /** A path of ours, at an address that makes sense, and no longer than a key may be. */
  #may(path: string): Result<null> {
    assertInside(path)
    if (this.#wrong !== null) return failed(this.#wrong)
    const bytes = Buffer.byteLength(this.#wire.key(path))
    return bytes <= keyBytesMax
      ? done(null)
      : failed(nameRefused(this.name, path, `${bytes} bytes are too long for a key`))
  }
}

function assertInside(path: string): void {
  const isOdd = (segment: string): boolean => segment === '' || segment === '.' || segment === '..'
  if (path.includes('\0') || path.split('/').some(isOdd))
    throw new Error(`Not a path inside a place: ${JSON.stringify(path)}`)
}

const noLock = (place: string, cause: string): Failure => ({
  code: 'service-refused',
  sentence: `The bucket of “${place}” can’t lock files, and the settings ask for a lock.`,
  advice:
    'Object lock is switched on when a bucket is made: make a new bucket with it, or take lockDays out of the address. Nothing was sent.',
  place,
  cause,
})
