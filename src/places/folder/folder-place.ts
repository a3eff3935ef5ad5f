import { linkSync, lstatSync, readdirSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import type { Presence } from '../../domain/copy.ts'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { ContentHash, PlaceId } from '../../domain/ids.ts'
import type { PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel, LastingWriting, PlaceAddress, Reading, WritablePlace, Writing } from '../../engine/contracts.ts'
import { smallFileBytesMax } from './direct-file.ts'
import { confirmPlace } from './confirm-place.ts'
import { openReading } from './file-reading.ts'
import { FileWriting } from './file-writing.ts'
import { flushFolder } from './flush-folder.ts'
import { flushSmallFiles } from './flush-many.ts'
import { absolutePath, assertInside, makeFoldersFor } from './folder-names.ts'
import { LastingFile } from './lasting-file.ts'
import { listFolder } from './list-folder.ts'
import { partialFolder, readMarker } from './marker.ts'
import {
  asideKindOf,
  asideTaken,
  assertInTrash,
  isTaken,
  keepsAll,
  kindAt,
  notAFile,
  removeTrashed,
  renameAside,
} from './move-aside.ts'
import { isKept, OnTheWayFile } from './on-the-way.ts'
import { isALink, RealWay, saysItIsALink } from './real-way.ts'
import { openRestoreFolder, removeEmptyOwnFolders } from './restore-folder.ts'
import { isOnlyAName, onlyAName } from './only-a-name.ts'
import { isLeftOver, newSession } from './sessions.ts'
import { hasSystemCode, placeFailure } from './system-failure.ts'

/** What this computer knows of the folder; worked out by `machine/`, handed in by the one who joins the rooms. */
export interface FolderGround {
  readonly deviceId: string
  /** What a direct read reaches there; see machine/volumes. */
  readonly directReaches: 'medium' | 'cached'
  /** True where a provider's program may leave a file its name and size, and keep the bytes in the cloud alone. */
  readonly mayHoldOnlyNames?: boolean
  forgetCached(): Promise<boolean>
}

/**
 * Opens the folder as a place, if it is that place (W4); or as the folder of a restore, if it is no place.
 * Fails with `place-unmarked`, `place-is-another`, `place-unknown` or `place-read-only`, and `not-found` for the folder of a restore.
 */
export async function openFolderPlace(address: PlaceAddress, ground: FolderGround): Promise<Result<WritablePlace>> {
  const confirmed = address.guard === 'folder' ? await openRestoreFolder(address) : await confirmPlace(address)
  if (!confirmed.ok) return confirmed
  try {
    const path = await anchorOf(address)
    const here = await stat(path, { bigint: true })
    return done(new FolderPlace(address, ground, { path, dev: here.dev, ino: here.ino }))
  } catch (error) {
    return failed(placeFailure(error, address.name))
  }
}

/**
 * What is remembered of a place while it is open. A folder without a marker has nothing of ours in it yet, so it is remembered itself;
 * and a drive that is mounted read-only is a good source, also when no folder can be made there.
 */
async function anchorOf({ folder, guard }: PlaceAddress): Promise<string> {
  if (guard === 'folder') return folder
  const partial = join(folder, partialFolder)
  try {
    await mkdir(partial, { recursive: true })
    return partial
  } catch (error) {
    if (!hasSystemCode(error, 'EROFS', 'EACCES', 'EPERM')) throw error
    return dirname(partial)
  }
}

class FolderPlace implements WritablePlace {
  readonly id: PlaceId
  readonly name: string
  readonly deviceId: string
  readonly #address: PlaceAddress
  readonly #ground: FolderGround
  /** The partial folder, or the folder itself, as it was when the place was opened: if it changes, something else is mounted here. */
  readonly #anchor: { readonly path: string; readonly dev: bigint; readonly ino: bigint }
  readonly #session = newSession()
  readonly #way: RealWay
  readonly #knownFolders = new Set<string>()
  /** Folders that got a new folder and were not flushed since. Until they are, no file below the new one counts (W1). */
  readonly #unsettled = new Set<string>()
  /** Flushed in this session. A folder that was there before may have been made by a run that was killed before it flushed. */
  readonly #settledOnce = new Set<string>()
  /** What a restore fetches may be on its way for days. A place has its sweeps, and needs no such thing. */
  readonly goOn?: NonNullable<WritablePlace['goOn']>
  #canLink = true
  #count = 0

  constructor(address: PlaceAddress, ground: FolderGround, anchor: { path: string; dev: bigint; ino: bigint }) {
    this.#address = address
    this.#ground = ground
    this.#anchor = anchor
    this.id = address.id
    this.name = address.name
    this.deviceId = ground.deviceId
    this.#way = new RealWay(address.folder, address.name)
    if (address.guard === 'folder') this.goOn = (bytes, expected) => this.#goOn(bytes, expected)
  }

  async confirm(): Promise<Result<void>> {
    const marker = await confirmPlace(this.#address)
    return marker.ok ? this.#stillHere() : marker
  }

  /** The mount may go away between two files: then the path leads to the disk below it (seen in the lab: test/lab/full-disk.ts). */
  #stillHere(): Result<void> {
    try {
      const here = statSync(this.#anchor.path, { bigint: true })
      if (here.dev === this.#anchor.dev && here.ino === this.#anchor.ino) return done(undefined)
    } catch (error) {
      if (!hasSystemCode(error, 'ENOENT')) return failed(placeFailure(error, this.name))
    }
    return failed({
      code: 'place-gone',
      sentence: `“${this.name}” is no longer at ${this.#address.folder}.`,
      advice: 'Mount or connect it again, then run the same command again.',
      place: this.name,
    })
  }

  /** The same disk, and real folders all the way down to each of these paths; looked at anew, before a name is given or taken. */
  #stillHereFor(...paths: readonly string[]): Result<void> {
    for (const path of paths) {
      const way = this.#way.check(path, 'anew')
      if (!way.ok) return way
    }
    return this.#stillHere()
  }

  async check(path: string): Promise<Presence> {
    assertInside(path)
    const way = this.#way.check(path, 'remembered')
    const here = way.ok ? this.#stillHere() : way
    if (!here.ok) return { kind: 'unknown', because: here.failure.sentence }
    try {
      const found = lstatSync(absolutePath(this.#address.folder, path))
      if (this.#ground.mayHoldOnlyNames === true && isOnlyAName(found))
        return { kind: 'unknown', because: onlyAName(this.name, path).sentence }
      return { kind: 'present', bytes: found.isFile() ? found.size : -1, mtimeMs: Math.round(found.mtimeMs) }
    } catch (error) {
      if (hasSystemCode(error, 'ENOENT', 'ENOTDIR')) return { kind: 'absent' }
      return { kind: 'unknown', because: placeFailure(error, this.name, path).sentence }
    }
  }

  async list(folder: string, cancel: Cancel, onward: () => void = () => undefined): Promise<Result<PlaceListing>> {
    if (folder !== '') assertInside(folder)
    const before = this.#stillHere()
    if (!before.ok) return before
    const way = folder === '' ? done(undefined) : this.#way.check(folder, 'anew')
    if (!way.ok) return done({ complete: false, files: [], unreadable: [folder] })
    try {
      const listing = await listFolder(this.#address.folder, folder, cancel, onward)
      // Where the mount went away meanwhile, what was not seen below it is not absent (D3).
      const after = this.#stillHere()
      return after.ok ? done(listing) : after
    } catch (error) {
      const here = this.#stillHere()
      return here.ok ? failed(placeFailure(error, this.name)) : here
    }
  }

  async open(path: string, how: 'fast' | 'past-cache'): Promise<Result<Reading>> {
    assertInside(path)
    const way = this.#way.check(path, 'remembered')
    if (!way.ok) return way
    // Before anything is read: a read would fetch it from the cloud, and tell of that as if it lay here.
    if (this.#ground.mayHoldOnlyNames === true && this.#isOnlyAName(path)) return failed(onlyAName(this.name, path))
    return openReading(absolutePath(this.#address.folder, path), {
      how,
      atOnce: false,
      directReaches: this.#ground.directReaches,
      explain: (error) => this.#explainOpen(error, path),
    })
  }

  #isOnlyAName(path: string): boolean {
    try {
      return isOnlyAName(lstatSync(absolutePath(this.#address.folder, path)))
    } catch {
      // Whoever opens it next says why it can't be asked.
      return false
    }
  }

  /** A file is called missing only where the place itself is still there (D3). */
  #explainOpen(error: unknown, path: string): Failure {
    if (saysItIsALink(error)) return isALink(this.name, path)
    if (!hasSystemCode(error, 'ENOENT', 'ENOTDIR')) return placeFailure(error, this.name, path)
    const here = this.#stillHere()
    if (!here.ok) return here.failure
    return {
      code: 'copy-missing',
      sentence: `${path} is not at “${this.name}” any more.`,
      advice: 'Run “fivefold verify” to see what is missing, and where the other copies are.',
      place: this.name,
      path,
    }
  }

  async begin(bytes: number): Promise<Result<Writing>> {
    const own = this.#nextOwnName()
    if (!own.ok) return own
    const path = join(this.#address.folder, partialFolder, own.value)
    return FileWriting.create(path, bytes, this.name, this.#ground.directReaches)
  }

  async #goOn(bytes: number, expected: ContentHash): Promise<Result<LastingWriting>> {
    const own = this.#nextOwnName()
    if (!own.ok) return own
    try {
      const way = OnTheWayFile.take(join(this.#address.folder, partialFolder), own.value, expected, bytes)
      return await LastingFile.open(way, bytes, this.name, this.#ground.directReaches)
    } catch (error) {
      return failed(placeFailure(error, this.name))
    }
  }

  #nextOwnName(): Result<string> {
    const here = this.#stillHereFor(`${partialFolder}/x`)
    if (!here.ok) return here
    this.#count += 1
    try {
      if (this.#address.guard === 'folder') makeFoldersFor(this.#address.folder, `${partialFolder}/x`, new Set())
    } catch (error) {
      return failed(placeFailure(error, this.name))
    }
    return done(`${this.#session}-${this.#count}`)
  }

  async flush(writings: readonly Writing[]): Promise<readonly Result<void>[]> {
    const ours = writings.map((writing) => this.#ours(writing))
    const small = ours.filter((writing) => writing.bytes <= smallFileBytesMax)
    const smallAnswers = await flushSmallFiles(
      join(this.#address.folder, partialFolder),
      small.map((writing) => writing.path),
      this.name,
    )
    const answerOf = new Map(small.map((writing, index) => [writing, smallAnswers[index]]))
    return Promise.all(ours.map(async (writing) => answerOf.get(writing) ?? (await writing.flushSelf())))
  }

  async publish(writing: Writing, path: string): Promise<Result<'published' | 'taken'>> {
    assertInside(path)
    const ours = this.#ours(writing)
    const here = this.#stillHereFor(path)
    if (!here.ok) return here
    const final = absolutePath(this.#address.folder, path)
    try {
      if (ours.isOpen) await ours.closeBeforePublish()
      for (const folder of makeFoldersFor(this.#address.folder, path, this.#knownFolders)) this.#unsettled.add(folder)
      return done(this.#giveName(ours.path, final))
    } catch (error) {
      return failed(placeFailure(error, this.name, path))
    }
  }

  /** A second name, then the first one goes: the one way of plain POSIX that never replaces what is there (W1, W2). */
  #giveName(temporary: string, final: string): 'published' | 'taken' {
    if (this.#canLink) {
      try {
        linkSync(temporary, final)
        unlinkSync(temporary)
        return 'published'
      } catch (error) {
        if (hasSystemCode(error, 'EEXIST')) return 'taken'
        if (!hasSystemCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'EACCES')) throw error
        this.#canLink = false
      }
    }
    // FAT, exFAT and many NAS shares have no second names. There the look and the rename are two steps; between them only
    // another program could take the name, since Fivefold has one writer.
    if (isTaken(final)) return 'taken'
    renameSync(temporary, final)
    return 'published'
  }

  async replaceOwn(writing: Writing, path: string): Promise<Result<void>> {
    if (!isOwnPath(path)) throw new Error(`Not a file of ours that may be replaced: ${path}`)
    assertInside(path)
    const ours = this.#ours(writing)
    const here = this.#stillHereFor(path)
    if (!here.ok) return here
    try {
      if (ours.isOpen) await ours.closeBeforePublish()
      for (const folder of makeFoldersFor(this.#address.folder, path, this.#knownFolders)) this.#unsettled.add(folder)
      renameSync(ours.path, absolutePath(this.#address.folder, path))
      return done(undefined)
    } catch (error) {
      return failed(placeFailure(error, this.name, path))
    }
  }

  async setAside(path: string, asidePath: string): Promise<Result<'set-aside' | 'absent'>> {
    const root = this.#address.folder
    const may = asideKindOf(path, asidePath) === 'trash' ? await this.#mayRemove() : done(undefined)
    const here = may.ok ? this.#stillHereFor(path, asidePath) : may
    if (!here.ok) return here
    try {
      const kind = kindAt(root, path)
      if (kind === 'other') return failed(notAFile(this.name, path))
      if (kind === 'absent') {
        // An earlier run may have been killed before it flushed the folders.
        const settled = kindAt(root, asidePath) === 'file' ? await this.settle([asidePath]) : done(undefined)
        return settled.ok ? done('absent') : settled
      }
      for (const folder of makeFoldersFor(root, asidePath, this.#knownFolders)) this.#unsettled.add(folder)
      if (renameAside(absolutePath(root, path), absolutePath(root, asidePath)) === 'taken')
        return failed(asideTaken(this.name, asidePath))
    } catch (error) {
      return failed(placeFailure(error, this.name, path))
    }
    // The new name first: a power cut between the two leaves both, and never none.
    const settled = await this.settle([asidePath])
    const both = settled.ok ? await this.settle([path]) : settled
    return both.ok ? done('set-aside') : both
  }

  async removeFromTrash(path: string): Promise<Result<'removed' | 'absent'>> {
    assertInTrash(path)
    const may = await this.#mayRemove()
    if (!may.ok) return may
    try {
      const removed = removeTrashed(this.#address.folder, path)
      if (removed === 'other') return failed(notAFile(this.name, path))
      if (removed === 'absent') return done('absent')
      for (const folder of removed.folders) {
        this.#knownFolders.delete(folder)
        this.#settledOnce.delete(folder)
        this.#unsettled.delete(folder)
      }
      await flushFolder(join(this.#address.folder, posix.dirname(removed.folders.at(-1) ?? path)))
      return done('removed')
    } catch (error) {
      return failed(placeFailure(error, this.name, path))
    }
  }

  /** Read anew from the marker each time: the role that counts is the one that the place itself tells (D1). */
  async #mayRemove(): Promise<Result<void>> {
    const here = await this.confirm()
    if (!here.ok) return here
    const reading = await readMarker(this.#address.folder)
    const role = reading.kind === 'marker' ? reading.marker.role : 'folder without a marker'
    return rolesThatLetGo.has(role) ? done(undefined) : failed(keepsAll(this.name, role))
  }

  async flushNamed(path: string): Promise<Result<void>> {
    assertInside(path)
    const here = this.#stillHereFor(path)
    if (!here.ok) return here
    if (kindAt(this.#address.folder, path) === 'other') return failed(notAFile(this.name, path))
    const [answer] = await flushSmallFiles('', [absolutePath(this.#address.folder, path)], this.name)
    return answer ?? done(undefined)
  }

  async settle(paths: readonly string[]): Promise<Result<void>> {
    const here = this.#stillHere()
    if (!here.ok) return here
    const made = [...this.#unsettled]
    const folders = new Set([...made, ...paths.map((path) => posix.dirname(path))])
    for (const path of paths)
      for (const above of foldersAbove(path)) if (!this.#settledOnce.has(above)) folders.add(above)
    try {
      for (const folder of folders) await flushFolder(join(this.#address.folder, folder))
      for (const folder of made) this.#unsettled.delete(folder)
      for (const folder of folders) this.#settledOnce.add(folder)
      return done(undefined)
    } catch (error) {
      return failed(placeFailure(error, this.name))
    }
  }

  forgetCached(): Promise<boolean> {
    return this.#ground.forgetCached()
  }

  async sweep(everything = false): Promise<Result<number>> {
    const confirmed = await this.confirm()
    const here = confirmed.ok ? this.#stillHereFor(`${partialFolder}/x`) : confirmed
    if (!here.ok) return here
    const partial = join(this.#address.folder, partialFolder)
    try {
      if (this.#address.guard === 'folder' && !isTaken(partial)) return done(0)
      const left = readdirSync(partial).filter(
        (name) =>
          !name.startsWith(`${this.#session}-`) &&
          isLeftOver(partial, name) &&
          (everything || this.goOn === undefined || !isKept(partial, name)),
      )
      for (const name of left) rmSync(join(partial, name), { force: true })
      if (this.#address.guard === 'folder') removeEmptyOwnFolders(this.#address.folder)
      return done(left.length)
    } catch (error) {
      return failed(placeFailure(error, this.name))
    }
  }

  #ours(writing: Writing): FileWriting {
    if (!(writing instanceof FileWriting)) throw new Error('A writing of another kind of place was handed in.')
    return writing
  }
}

/** All folders on the way to a file, the place's root first. */
function foldersAbove(path: string): readonly string[] {
  const folders: string[] = []
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) folders.push(folder)
  return ['.', ...folders.toReversed()]
}

/** D1: the roles whose copies may ever go. */
const rolesThatLetGo: ReadonlySet<string> = new Set(['second', 'cloud', 'drive'])

/** The only files that Fivefold ever replaces: its own records, and the chain of an ASC MHL history. */
const isOwnPath = (path: string): boolean => path.startsWith('.fivefold/') || path.endsWith('/ascmhl/ascmhl_chain.xml')
