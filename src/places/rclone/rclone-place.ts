/**
 * A remote of rclone as a place: any of the dozens of services that rclone knows and Fivefold does not. Grade E for all of them: what
 * rclone tells of a service's checksum may be what a client once claimed, so every copy is read back.
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
import type { PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type {
  Download,
  ServiceAbilities,
  ServiceDigest,
  ServiceFacts,
  ServicePlace,
  StoredFile,
  Upload,
  UploadOrder,
} from '../../engine/cloud-contract.ts'
import { noChunks } from '../cloud/answer-stream.ts'
import type { ServiceAddress } from '../cloud/cloud-address.ts'
import { fileMissing, nameRefused, serviceError, tooLarge, uploadGone } from '../cloud/cloud-failure.ts'
import type { Signer } from '../cloud/unfinished-name.ts'
import { leftBehind, signerOf } from '../cloud/unfinished-name.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { numberIn, parseFields } from '../cloud/json-fields.ts'
import { isGood, isNotFound } from './rclone-failure.ts'
import type { RcloneProgram } from './rclone-program.ts'
import { fetchBytes, fetchWhole, listRemote, never } from './rclone-download.ts'
import { RcloneRemote, partialFolder } from './rclone-remote.ts'
import { RcloneUpload, noDigest, startUpload, storedAs, temporaryPath } from './rclone-upload.ts'

interface RcloneAddress extends Partial<Signer> {
  readonly id: PlaceId
  readonly name: string
  readonly address: Extract<ServiceAddress, { kind: 'rclone' }>
}

/** Of most services and of the disks behind them; one that takes less says so itself. */
const nameBytesMax = 255
/** Our own small texts. */
const smallBytesMax = 64 * 1024 * 1024

/** `deviceId` is what `lookAtRemote` found to stand behind it. */
export const openRclonePlace = (place: RcloneAddress, deviceId: string, program: RcloneProgram): ServicePlace =>
  new RclonePlace(place, deviceId, program)

class RclonePlace implements ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly abilities: ServiceAbilities = {
    kind: 'rclone',
    grade: 'E',
    resumes: false,
    hasTrash: false,
    filesAtOnce: 2,
  }
  readonly #deviceId: string
  readonly #remote: RcloneRemote
  readonly #signer: Signer
  #features: Fields | null = null

  constructor({ id, name, address, ...signer }: RcloneAddress, deviceId: string, program: RcloneProgram) {
    this.#signer = signerOf(signer)
    this.id = id
    this.name = name
    this.#deviceId = deviceId
    this.#remote = new RcloneRemote(name, address.remote, address.path, program)
  }

  async facts(): Promise<Result<ServiceFacts>> {
    const features = this.#features === null ? await this.#remote.features() : done(this.#features)
    if (!features.ok) return features
    this.#features = features.value
    const room = await this.#room(features.value)
    if (!room.ok) return room
    return done({
      deviceId: this.#deviceId,
      ...room.value,
      limits: {
        type: 'rclone',
        fileBytesMax: Number.MAX_SAFE_INTEGER,
        nameBytesMax,
        foldsCase: features.value['CaseInsensitive'] === true,
        forbidden: '',
        mtimeStepMs: 1000,
      },
    })
  }

  async #room(features: Fields): Promise<Result<Pick<ServiceFacts, 'freeBytes' | 'totalBytes'>>> {
    const unknown = { freeBytes: null, totalBytes: null }
    if (features['About'] === true) {
      const asked = await this.#remote.ask(['about', '--json', this.#remote.at('')])
      if (!asked.ok) return asked
      const told = parseFields(Buffer.from(asked.value.output).toString('utf8'))
      if (isGood(asked.value.end))
        return done({ freeBytes: numberIn(told, 'free'), totalBytes: numberIn(told, 'total') })
    }
    // Many can't tell, and a few can't tell of a folder that is not made yet; but whether we are let in shows when the root is looked at.
    const asked = await this.#remote.ask(['lsjson', '--no-mimetype', '--no-modtime', this.#remote.at('')])
    if (!asked.ok) return asked
    const { end } = asked.value
    return isGood(end) || isNotFound(end) ? done(unknown) : failed(this.#remote.failure('', end))
  }

  async stat(path: string): Promise<Result<StoredFile | null>> {
    demandInside(path)
    const entry = await this.#remote.entry(path)
    if (!entry.ok) return entry
    return done(entry.value === null ? null : storedAs(entry.value))
  }

  async list(folder: string, cancel: Cancel, onward?: () => void): Promise<Result<PlaceListing>> {
    return listRemote(this.#remote, folder, cancel, onward ?? (() => undefined))
  }

  async begin(order: UploadOrder): Promise<Result<Upload>> {
    const wrong = this.#mayNotStore(order.path)
    if (wrong !== null) return failed(wrong)
    if (order.session !== null) return failed(uploadGone(this.name, order.path, 'rclone goes on with no upload'))
    return done(new RcloneUpload(order, this.#remote, this.#signer))
  }

  async download(path: string, from: number, cancel: Cancel): Promise<Result<Download>> {
    // Looked at first: of a folder, rclone would hand out all files in it, one after the other.
    const stored = await this.stat(path)
    if (!stored.ok) return stored
    if (stored.value === null) return failed(fileMissing(this.name, path))
    const { bytes } = stored.value
    const chunks = from === bytes ? noChunks() : fetchBytes(this.#remote, path, { from, bytes }, cancel)
    return done({ bytes, chunks })
  }

  async getSmall(path: string): Promise<Result<Uint8Array | null>> {
    const stored = await this.stat(path)
    if (!stored.ok) return stored
    if (stored.value === null) return done(null)
    const { bytes } = stored.value
    if (bytes > smallBytesMax) return failed(tooLarge(this.name, path, 'too long for a text of ours'))
    return bytes === 0 ? done(new Uint8Array(0)) : fetchWhole(this.#remote, path, bytes)
  }

  /** By way of a temporary name also in place of an older one: at some services a file that is cut is stored as far as it came. */
  async putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>> {
    const wrong = this.#mayNotStore(path)
    if (wrong !== null) return failed(wrong)
    const temporary = temporaryPath(this.#signer)
    const laid = await this.#lay(temporary, bytes)
    if (!laid.ok) return laid
    const given = how === 'new' ? await this.#remote.give(temporary, path) : await this.#replace(temporary, path)
    if (given.ok && given.value === 'moved') return done('put')
    await this.#remote.remove(temporary)
    if (!given.ok) return given
    return given.value === 'taken' ? done('taken') : failed(serviceError(this.name, 'a file of ours was removed'))
  }

  async #lay(temporary: string, bytes: Uint8Array): Promise<Result<void>> {
    const run = startUpload(this.#remote, temporary, bytes.length)
    await run.feed(bytes)
    run.endInput()
    const end = await run.ended
    if (!isGood(end)) return failed(this.#remote.sendFailure('', end))
    const laid = await this.#remote.entry(temporary)
    if (!laid.ok) return laid
    if (laid.value?.bytes === bytes.length) return done(undefined)
    await this.#remote.remove(temporary)
    return failed(serviceError(this.name, `stored ${laid.value?.bytes ?? 0} of ${bytes.length} bytes`))
  }

  /** Told to look at nothing: an older text of the same length and time would pass for the new one, and the new one be removed. */
  async #replace(temporary: string, path: string): Promise<Result<'moved'>> {
    const end = await this.#remote.act(['moveto', '--ignore-times', this.#remote.at(temporary), this.#remote.at(path)])
    return isGood(end) ? done('moved') : failed(this.#remote.failure(path, end))
  }

  async move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    const wrong = this.#mayNotStore(to)
    if (wrong !== null) return failed(wrong)
    // Looked at first: a folder would be moved with everything in it.
    const there = await this.stat(from)
    if (!there.ok) return there
    return there.value === null ? done('absent') : this.#remote.give(from, to)
  }

  async remove(path: string): Promise<Result<'removed' | 'absent'>> {
    demandInside(path)
    return this.#remote.remove(path)
  }

  /** Only what this home began: through rclone no server tells its clock, so of others nothing is known to be old. */
  async sweep(): Promise<Result<number>> {
    const { isOurs } = leftBehind(this.#signer.sign, [])
    const listed = await listRemote(this.#remote, partialFolder, never, () => undefined)
    if (!listed.ok) return listed
    let swept = 0
    for (const { path } of listed.value.files) {
      if (!isOurs(path)) continue
      const removed = await this.#remote.remove(path)
      if (!removed.ok) return removed
      if (removed.value === 'removed') swept += 1
    }
    return done(swept)
  }

  startDigest(): ServiceDigest {
    return noDigest
  }

  async close(): Promise<void> {
    await this.#remote.close()
  }

  #mayNotStore(path: string): Failure | null {
    demandInside(path)
    const isLong = path.split('/').some((name) => Buffer.byteLength(name) > nameBytesMax)
    return isLong ? nameRefused(this.name, path, `longer than ${nameBytesMax} bytes`) : null
  }
}

function demandInside(path: string): void {
  if (path.split('/').some((name) => name === '' || name === '.' || name === '..' || name.includes('\0')))
    throw new Error(`Not a path inside a place: ${JSON.stringify(path)}`)
}
