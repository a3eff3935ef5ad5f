/**
 * A disk that lives in memory and can lose its power. It keeps apart what a real one keeps apart: the bytes that a program sees
 * and those that lie on the medium, the names that were given and those whose folder was flushed (W1). Nothing here waits,
 * and nothing is left to chance but what the caller of `cutPower` decides.
 */
import { foldName } from '../../domain/path-parts.ts'
import type { PlaceId } from '../../domain/ids.ts'
import type { FileSystemLimits, Role } from '../../domain/place.ts'
import { utf8Bytes } from '../../domain/text-bytes.ts'

export const pageBytes = 4096

/** A file's content and time, apart from the names that lead to it. */
export class MemoryFile {
  /** What the system shows: the page cache. */
  bytes: Uint8Array = new Uint8Array(0)
  mtimeMs = 0
  /** What lies on the medium; older than `bytes` while `dirty`. */
  medium: { readonly bytes: Uint8Array; readonly mtimeMs: number } = { bytes: new Uint8Array(0), mtimeMs: 0 }
  dirty = false

  write(from: Uint8Array, position: number): void {
    if (position + from.length > this.bytes.length) {
      const longer = new Uint8Array(position + from.length)
      longer.set(this.bytes)
      this.bytes = longer
    }
    this.bytes.set(from, position)
    this.dirty = true
  }

  setTime(mtimeMs: number): void {
    this.mtimeMs = mtimeMs
    this.dirty = true
  }

  /** What a read past the cache gives. The system writes dirty pages out before it; that makes them no safer. */
  bytesPastCache(): Uint8Array {
    return this.dirty ? this.bytes : this.medium.bytes
  }
}

export interface MemoryDiskFacts {
  /** The id in the marker file; null for a folder that is no place. */
  readonly marker: PlaceId | null
  /** As the marker tells it; `second` where nothing is said. */
  readonly role?: Role
  readonly capacityBytes: number
  readonly limits: FileSystemLimits
}

export const roomyLimits: FileSystemLimits = {
  type: 'memory',
  fileBytesMax: Number.MAX_SAFE_INTEGER,
  nameBytesMax: 255,
  foldsCase: false,
  forbidden: '',
  mtimeStepMs: 1,
}

interface Named {
  readonly path: string
  readonly file: MemoryFile
}

export class MemoryDisk {
  marker: PlaceId | null
  readonly role: Role
  capacityBytes: number
  /** False when the cable was pulled: nothing on it can be reached any more. */
  reachable = true
  readonly limits: FileSystemLimits
  /** By the key under which the file system finds a name. */
  #names = new Map<string, Named>()
  #settledNames = new Map<string, Named>()
  #folders = new Set<string>([''])
  #settledFolders = new Set<string>([''])
  #sessions = 0

  constructor(facts: MemoryDiskFacts) {
    this.marker = facts.marker
    this.role = facts.role ?? 'second'
    this.capacityBytes = facts.capacityBytes
    this.limits = facts.limits
  }

  /** A number that no earlier opening of this disk had; temporary names begin with it. */
  beginSession(): number {
    this.#sessions += 1
    return this.#sessions
  }

  usedBytes(): number {
    let bytes = 0
    for (const file of new Set(Array.from(this.#names.values(), (named) => named.file))) bytes += file.bytes.length
    return bytes
  }

  freeBytes(): number {
    return this.capacityBytes - this.usedBytes()
  }

  file(path: string): MemoryFile | null {
    return this.#names.get(this.#key(path))?.file ?? null
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(this.#key(path))
  }

  /** Every name as the system shows it, in order. */
  files(): readonly Named[] {
    return [...this.#names.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** The name that would still be there after a power cut right now; null when there is none, or no certain one. */
  settledFile(path: string): MemoryFile | null {
    const key = this.#key(path)
    if (foldersAbove(key).some((folder) => !this.#settledFolders.has(folder))) return null
    const settled = this.#settledNames.get(key)?.file
    return settled !== undefined && settled === this.#names.get(key)?.file ? settled : null
  }

  /** True when no name of this path can be given here: too long, a forbidden character, or a file where a folder should be. */
  refusesName(path: string): boolean {
    const tooOdd = (name: string): boolean =>
      utf8Bytes(name) > this.limits.nameBytesMax ||
      Array.from(name).some((character) => this.limits.forbidden.includes(character))
    return path.split('/').some(tooOdd) || foldersAbove(this.#key(path)).some((folder) => this.#names.has(folder))
  }

  /** Gives a file a name, and makes the folders above it. The caller has looked that the name is free, or wants it replaced. */
  giveName(path: string, file: MemoryFile): void {
    const key = this.#key(path)
    for (const folder of foldersAbove(key)) this.#folders.add(folder)
    this.#names.set(key, { path, file })
  }

  removeName(path: string): void {
    this.#names.delete(this.#key(path))
  }

  /** The bytes reach the medium. */
  flush(file: MemoryFile): void {
    file.medium = { bytes: file.bytes.slice(), mtimeMs: file.mtimeMs }
    file.dirty = false
  }

  /** Flushes the folder of this path and every folder above it: from now on the name survives. */
  settle(path: string): void {
    for (const folder of foldersAbove(this.#key(path))) {
      this.#settledFolders.add(folder)
      for (const key of new Set([...this.#names.keys(), ...this.#settledNames.keys()])) {
        if (folderOf(key) !== folder) continue
        const named = this.#names.get(key)
        if (named === undefined) this.#settledNames.delete(key)
        else this.#settledNames.set(key, named)
      }
    }
  }

  /**
   * The power goes and comes back. What was flushed is there; of what was not, each page, name and folder is there
   * or not, as `survives` says.
   */
  cutPower(survives: () => boolean): void {
    const folders = new Set(this.#settledFolders)
    for (const folder of [...this.#folders].toSorted())
      if (!folders.has(folder) && folders.has(folderOf(folder)) && survives()) folders.add(folder)
    const names = new Map<string, Named>()
    for (const key of new Set([...this.#settledNames.keys(), ...this.#names.keys()])) {
      const settled = this.#settledNames.get(key)
      const given = this.#names.get(key)
      const named = settled === given || !survives() ? settled : given
      if (named !== undefined && folders.has(folderOf(key))) names.set(key, named)
    }
    for (const file of new Set(Array.from(names.values(), (named) => named.file))) forgetUnflushed(file, survives)
    this.#names = names
    this.#settledNames = new Map(names)
    this.#folders = folders
    this.#settledFolders = new Set(folders)
  }

  #key(path: string): string {
    return this.limits.foldsCase ? foldName(path) : path
  }
}

/** A file that was not flushed comes back with some of its pages, and zeros for the others: it is torn. */
function forgetUnflushed(file: MemoryFile, survives: () => boolean): void {
  const { medium } = file
  if (file.dirty) {
    const grown = survives()
    const torn = new Uint8Array(grown ? file.bytes.length : Math.min(medium.bytes.length, file.bytes.length))
    for (let start = 0; start < torn.length; start += pageBytes) {
      const page = survives() ? file.bytes : medium.bytes
      torn.set(page.subarray(start, Math.min(start + pageBytes, torn.length)), start)
    }
    file.medium = { bytes: torn, mtimeMs: survives() ? file.mtimeMs : medium.mtimeMs }
  }
  file.bytes = file.medium.bytes.slice()
  file.mtimeMs = file.medium.mtimeMs
  file.dirty = false
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** From the root (an empty text) down to the folder that holds the path. */
function foldersAbove(path: string): readonly string[] {
  const folders = ['']
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
    folders.push(path.slice(0, slash))
  return folders
}
