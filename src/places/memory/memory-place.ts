/**
 * The place that lives in memory: the shortest complete fulfilment of `WritablePlace`, and the one to copy when a new kind of place
 * is written. It keeps every promise of the contract against a disk that may lose its power; the simulator runs on it.
 */
import type { Presence } from '../../domain/copy.ts'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
import { isLeftOut } from '../../domain/left-out.ts'
import type { Identity } from '../../domain/place.ts'
import type { PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel, PlaceAddress, Reading, WritablePlace, Writing } from '../../engine/contracts.ts'
import type { MemoryDisk } from './memory-disk.ts'
import { MemoryFile } from './memory-disk.ts'
import { memoryFailure } from './memory-failures.ts'
import { MemoryReading, MemoryWriting } from './memory-files.ts'

/** Where a disk is plugged in. After an unmount another one lies there: the folder below the mount point. */
export interface MemorySocket {
  readonly disk: MemoryDisk
}

export interface MemoryGround {
  readonly socket: MemorySocket
  readonly deviceId: string
  /** What a read past the cache reaches here. */
  readonly readBack: 'medium' | 'cached'
}

const partialFolder = '.fivefold/partial'
const trashFolder = '.fivefold/trash/'

/** Opens what lies at the socket, if it is that place (W4). Fails with `place-unmarked`, `place-is-another`, `place-gone`. */
export async function openMemoryPlace(address: PlaceAddress, ground: MemoryGround): Promise<Result<WritablePlace>> {
  const { disk } = ground.socket
  const here = confirmMarker(address, disk)
  return here.ok ? done(new MemoryPlace(address, ground, disk)) : here
}

/** Asks what lies at the socket who it is (W4). */
export function identifyMemory(address: PlaceAddress, ground: MemoryGround): Identity {
  const { disk } = ground.socket
  if (!disk.reachable) return { kind: 'unknown', sentence: `“${address.name}” does not answer.` }
  if (disk.marker === null) return { kind: 'unmarked', sentence: `${address.folder} has no marker.` }
  if (disk.marker !== address.id)
    return { kind: 'someone-else', foundId: disk.marker, sentence: `At ${address.folder} lies another place.` }
  return {
    kind: 'online',
    id: address.id,
    folder: address.folder,
    device: { id: ground.deviceId, how: 'measured' },
    freeBytes: disk.freeBytes(),
    totalBytes: disk.capacityBytes,
    limits: disk.limits,
    readBack: ground.readBack,
  }
}

function confirmMarker(address: PlaceAddress, disk: MemoryDisk): Result<void> {
  if (!disk.reachable) return failed(memoryFailure('place-gone', address.name))
  if (disk.marker === null) return failed(memoryFailure('place-unmarked', address.name))
  if (disk.marker !== address.id) return failed(memoryFailure('place-is-another', address.name))
  return done(undefined)
}

class MemoryPlace implements WritablePlace {
  readonly id: PlaceId
  readonly name: string
  readonly deviceId: string
  readonly #address: PlaceAddress
  readonly #ground: MemoryGround
  /** The disk that lay at the socket when the place was opened; if another lies there now, this place is gone. */
  readonly #disk: MemoryDisk
  readonly #session: number
  #count = 0

  constructor(address: PlaceAddress, ground: MemoryGround, disk: MemoryDisk) {
    this.#address = address
    this.#ground = ground
    this.#disk = disk
    this.#session = disk.beginSession()
    this.id = address.id
    this.name = address.name
    this.deviceId = ground.deviceId
  }

  async confirm(): Promise<Result<void>> {
    const { disk } = this.#ground.socket
    if (disk !== this.#disk) return failed(memoryFailure('place-gone', this.name))
    return confirmMarker(this.#address, disk)
  }

  async check(path: string): Promise<Presence> {
    assertInside(path)
    const here = await this.confirm()
    if (!here.ok) return { kind: 'unknown', because: here.failure.sentence }
    const file = this.#disk.file(path)
    if (file !== null) return { kind: 'present', bytes: file.bytes.length, mtimeMs: file.mtimeMs }
    return this.#disk.hasFolder(path) ? { kind: 'present', bytes: -1, mtimeMs: 0 } : { kind: 'absent' }
  }

  async list(folder: string, cancel: Cancel): Promise<Result<PlaceListing>> {
    if (folder !== '') assertInside(folder)
    const here = await this.confirm()
    if (!here.ok) return here
    const below = folder === '' ? '' : `${folder}/`
    const files = this.#disk
      .files()
      .filter(({ path }) => path.startsWith(below) && isListed(path.slice(below.length)))
      .map(({ path, file }) => ({ path, bytes: file.bytes.length, mtimeMs: file.mtimeMs }))
    return done({ complete: !cancel.aborted, files, unreadable: [] })
  }

  async open(path: string, how: 'fast' | 'past-cache'): Promise<Result<Reading>> {
    assertInside(path)
    const here = await this.confirm()
    if (!here.ok) return here
    const file = this.#disk.file(path)
    if (file === null)
      return failed(memoryFailure(this.#disk.hasFolder(path) ? 'place-error' : 'copy-missing', this.name, path))
    const { mtimeMs } = file
    const { readBack } = this.#ground
    return done(
      how === 'fast'
        ? new MemoryReading(this.#disk, file.bytes, { mtimeMs, strength: 'cached', place: this.name })
        : new MemoryReading(this.#disk, file.bytesPastCache(), { mtimeMs, strength: readBack, place: this.name }),
    )
  }

  async begin(bytes: number): Promise<Result<Writing>> {
    const here = await this.confirm()
    if (!here.ok) return here
    if (bytes > this.#disk.limits.fileBytesMax) return failed(memoryFailure('file-too-large', this.name))
    this.#count += 1
    const path = `${partialFolder}/${this.#session}-${this.#count}`
    const file = new MemoryFile()
    this.#disk.giveName(path, file)
    const facts = { bytes, place: this.name, strength: this.#ground.readBack }
    return done(new MemoryWriting(this.#disk, path, file, facts))
  }

  async flush(writings: readonly Writing[]): Promise<readonly Result<void>[]> {
    return writings.map((writing) => ours(writing).flushSelf())
  }

  async flushNamed(path: string): Promise<Result<void>> {
    assertInside(path)
    const here = await this.confirm()
    if (!here.ok) return here
    const file = this.#disk.file(path)
    if (file === null) return failed(memoryFailure('copy-missing', this.name, path))
    // Nothing is written for a file that lies on the medium already.
    if (file.dirty) this.#disk.flush(file)
    return done(undefined)
  }

  async publish(writing: Writing, path: string): Promise<Result<'published' | 'taken'>> {
    assertInside(path)
    const given = await this.#readyToName(writing, path)
    if (!given.ok) return given
    if (this.#disk.file(path) !== null || this.#disk.hasFolder(path)) return done('taken')
    this.#rename(given.value, path)
    return done('published')
  }

  async replaceOwn(writing: Writing, path: string): Promise<Result<void>> {
    assertInside(path)
    if (!isOwnPath(path)) throw new Error(`Not a file of ours that may be replaced: ${path}`)
    const given = await this.#readyToName(writing, path)
    if (!given.ok) return given
    this.#rename(given.value, path)
    return done(undefined)
  }

  async setAside(path: string, asidePath: string): Promise<Result<'set-aside' | 'absent'>> {
    assertInside(path)
    assertInside(asidePath)
    if (path.startsWith('.fivefold/')) throw new Error(`Not a file that may be set aside: ${path}`)
    const isTrash = asidePath.startsWith(trashFolder)
    if (!isTrash && !asidePath.startsWith('.fivefold/versions/'))
      throw new Error(`Not a path to set a file aside to: ${asidePath}`)
    const may = isTrash ? await this.#mayRemove() : await this.confirm()
    if (!may.ok) return may
    const file = this.#disk.file(path)
    if (file === null && this.#disk.hasFolder(path)) return failed(memoryFailure('name-taken', this.name, path))
    if (file === null) return done('absent')
    if (this.#disk.file(asidePath) !== null) return failed(memoryFailure('name-taken', this.name, asidePath))
    if (this.#disk.refusesName(asidePath)) return failed(memoryFailure('name-refused', this.name, asidePath))
    this.#disk.giveName(asidePath, file)
    this.#disk.removeName(path)
    this.#disk.settle(asidePath)
    this.#disk.settle(path)
    return done('set-aside')
  }

  async removeFromTrash(path: string): Promise<Result<'removed' | 'absent'>> {
    assertInside(path)
    if (!path.startsWith(trashFolder)) throw new Error(`Not a file in the trash: ${path}`)
    const may = await this.#mayRemove()
    if (!may.ok) return may
    if (this.#disk.file(path) === null) return done('absent')
    this.#disk.removeName(path)
    this.#disk.settle(path)
    return done('removed')
  }

  /** D1: the role that the place itself tells. */
  async #mayRemove(): Promise<Result<void>> {
    const here = await this.confirm()
    if (!here.ok) return here
    const keepsAll = this.#disk.role === 'library' || this.#disk.role === 'card'
    return keepsAll ? failed(memoryFailure('place-is-another', this.name)) : here
  }

  async #readyToName(writing: Writing, path: string): Promise<Result<MemoryWriting>> {
    const here = await this.confirm()
    if (!here.ok) return here
    const temporary = ours(writing)
    if (this.#disk.file(temporary.path) !== temporary.file) return failed(memoryFailure('place-error', this.name, path))
    return this.#disk.refusesName(path) ? failed(memoryFailure('name-refused', this.name, path)) : done(temporary)
  }

  #rename(temporary: MemoryWriting, path: string): void {
    this.#disk.giveName(path, temporary.file)
    this.#disk.removeName(temporary.path)
  }

  async settle(paths: readonly string[]): Promise<Result<void>> {
    const here = await this.confirm()
    if (!here.ok) return here
    for (const path of paths) this.#disk.settle(path)
    return done(undefined)
  }

  async forgetCached(): Promise<boolean> {
    return this.#disk.reachable
  }

  async sweep(): Promise<Result<number>> {
    const here = await this.confirm()
    if (!here.ok) return here
    const own = `${partialFolder}/${this.#session}-`
    const left = this.#disk.files().filter(({ path }) => path.startsWith(`${partialFolder}/`) && !path.startsWith(own))
    for (const { path } of left) this.#disk.removeName(path)
    return done(left.length)
  }
}

/** What Fivefold keeps for itself is listed only when it is asked for, and what systems keep never. */
const isListed = (path: string): boolean => !path.split('/').includes('.fivefold') && !isLeftOut(path)

function ours(writing: Writing): MemoryWriting {
  if (!(writing instanceof MemoryWriting)) throw new Error('A writing of another kind of place was handed in.')
  return writing
}

/** The only files that Fivefold ever replaces: its own records, and the chain of an ASC MHL history. */
const isOwnPath = (path: string): boolean => path.startsWith('.fivefold/') || path.endsWith('/ascmhl/ascmhl_chain.xml')

/** A path of ours: relative, forward slashes, no step up, nothing empty. Everything else is a bug of the caller. */
function assertInside(path: string): void {
  if (path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw new Error(`Not a path inside a place: ${JSON.stringify(path)}`)
}
