/** What a Dropbox holds: entries by path without regard to case, revisions of what was deleted or replaced. */
import { randomBytes } from 'node:crypto'
import type { Blob, ByteStore } from './byte-store.ts'
import { Refusal } from './exchange.ts'
import type { HashSwitch, Quota } from './google-drive.ts'
import { withoutHidden } from './google-drive.ts'
import type { Json } from './json.ts'

export const dropboxHashes = ['dropbox-content-hash'] as const

export interface Revision {
  readonly rev: string
  readonly blob: Blob
  readonly clientModifiedMs: number
  readonly serverModifiedMs: number
}

export interface DropboxEntry {
  readonly id: string
  /** With the case in which it was first written. */
  display: string
  /** Null for a folder. */
  file: Revision | null
  /** Older contents of this path. */
  revisions: Revision[]
  deleted: boolean
}

/** An error of an endpoint: 409, with a summary made from the tags. */
export function conflict(summary: string, error: Json): Refusal {
  return new Refusal({ status: 409, body: { error_summary: `${summary}/...`, error } })
}

export class DropboxFiles {
  readonly quota: Quota = { totalBytes: 2 * 1024 ** 3 * 1000, elsewhereBytes: 0 }
  readonly hiddenHashes: HashSwitch = { fields: [], answers: 0 }
  readonly store: ByteStore
  readonly nowMs: () => number
  readonly #entries = new Map<string, DropboxEntry>()
  readonly #children = new Map<string, Set<string>>()
  #lastRev = 0x5_0000_0000_0000

  constructor(store: ByteStore, nowMs: () => number) {
    this.store = store
    this.nowMs = nowMs
  }

  newRev(): string {
    return (++this.#lastRev).toString(16).padStart(15, '0')
  }

  static newId(): string {
    return `id:${randomBytes(16).toString('base64url').slice(0, 22)}`
  }

  /** By path, `id:…`, or `rev:…` (a file of just that content). Null when it is not there, or deleted. */
  find(path: string): DropboxEntry | null {
    if (path.startsWith('id:')) return this.live().find((entry) => entry.id === path) ?? null
    if (path.startsWith('rev:')) return this.live().find((entry) => `rev:${entry.file?.rev ?? ''}` === path) ?? null
    const entry = this.#entries.get(path.toLowerCase())
    return entry === undefined || entry.deleted ? null : entry
  }

  /** Also when it was deleted. */
  findAny(path: string): DropboxEntry | null {
    return this.#entries.get(path.toLowerCase()) ?? null
  }

  live(): readonly DropboxEntry[] {
    return [...this.#entries.values()].filter((entry) => !entry.deleted)
  }

  /** With what was deleted. */
  everything(): readonly DropboxEntry[] {
    return [...this.#entries.values()]
  }

  usedBytes(): number {
    // What is deleted does not count at Dropbox.
    return this.live().reduce((sum, entry) => sum + (entry.file?.blob.bytes ?? 0), this.quota.elsewhereBytes)
  }

  fits(bytes: number): boolean {
    return this.quota.totalBytes === null || this.usedBytes() + bytes <= this.quota.totalBytes
  }

  put(display: string, file: Revision | null): DropboxEntry {
    const key = display.toLowerCase()
    const old = this.#entries.get(key)
    if (old !== undefined && !old.deleted) {
      if (old.file !== null) old.revisions.unshift(old.file)
      old.file = file
      return old
    }
    const parent = this.#parentDisplay(display)
    const name = display.slice(display.lastIndexOf('/') + 1)
    const revisions = old === undefined ? [] : [...(old.file === null ? [] : [old.file]), ...old.revisions]
    const entry = { id: DropboxFiles.newId(), display: `${parent}/${name}`, file, revisions, deleted: false }
    this.#entries.set(key, entry)
    const siblings = this.#children.get(parent.toLowerCase())
    if (siblings === undefined) this.#children.set(parent.toLowerCase(), new Set([key]))
    else siblings.add(key)
    return entry
  }

  /** Makes the folders above, which Dropbox does by itself; gives them in the case that they have. */
  #parentDisplay(display: string): string {
    const parent = display.slice(0, display.lastIndexOf('/'))
    if (parent === '') return ''
    return (this.find(parent) ?? this.put(parent, null)).display
  }

  childrenOf(path: string, recursive: boolean, withDeleted: boolean): DropboxEntry[] {
    const found: DropboxEntry[] = []
    for (const key of this.#children.get(path.toLowerCase()) ?? []) {
      const entry = this.#entries.get(key)
      if (entry === undefined) continue
      if (!entry.deleted || withDeleted) found.push(entry)
      if (recursive && entry.file === null) found.push(...this.childrenOf(key, true, withDeleted))
    }
    return found.toSorted((a, b) => (a.display.toLowerCase() < b.display.toLowerCase() ? -1 : 1))
  }

  delete(entry: DropboxEntry): void {
    for (const child of this.childrenOf(entry.display, false, false)) this.delete(child)
    entry.deleted = true
  }

  /** To another path, with all that is below. */
  move(entry: DropboxEntry, to: string): DropboxEntry {
    const children = this.childrenOf(entry.display, false, false)
    const moved = this.put(to, entry.file)
    for (const child of children)
      this.move(child, `${moved.display}/${child.display.slice(child.display.lastIndexOf('/') + 1)}`)
    entry.deleted = true
    return moved
  }

  /** A file that stands where a folder is needed. */
  fileAbove(path: string): boolean {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const above = this.find(path.slice(0, at))
      if (above !== null && above.file !== null) return true
    }
    return false
  }

  freeName(path: string): string {
    const at = path.lastIndexOf('.') > path.lastIndexOf('/') ? path.lastIndexOf('.') : path.length
    for (let number = 1; ; number++) {
      const name = `${path.slice(0, at)} (${number})${path.slice(at)}`
      if (this.find(name) === null) return name
    }
  }

  metadata(entry: DropboxEntry, tag: boolean): Json {
    const { display, file } = entry
    const common = {
      name: display.slice(display.lastIndexOf('/') + 1),
      path_lower: display.toLowerCase(),
      path_display: display,
    }
    if (entry.deleted) return { ...(tag ? { '.tag': 'deleted' } : {}), ...common }
    if (file === null) return { ...(tag ? { '.tag': 'folder' } : {}), ...common, id: entry.id }
    return { ...(tag ? { '.tag': 'file' } : {}), ...common, id: entry.id, ...this.revisionFields(file) }
  }

  revisionFields(file: Revision): Json {
    const contentHash = withoutHidden({ content_hash: file.blob.hashes()['dropbox-content-hash'] }, this.hiddenHashes)
    return {
      client_modified: seconds(file.clientModifiedMs),
      server_modified: seconds(file.serverModifiedMs),
      rev: file.rev,
      size: file.blob.bytes,
      is_downloadable: true,
      ...contentHash,
    }
  }
}

const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

const notKept = new Set([
  'desktop.ini',
  'thumbs.db',
  '.ds_store',
  'icon\r',
  '.dropbox',
  '.dropbox.attr',
  '.dropbox.cache',
])

/** Why a path can’t be written, as the tag of a WriteError; null when it can. */
export function pathTrouble(path: string): 'malformed_path' | 'disallowed_name' | null {
  for (const name of path.split('/').slice(1)) {
    // oxlint-disable-next-line no-control-regex -- these very characters are what the service refuses
    if (name === '' || name === '.' || name === '..' || /[\\\0\u007f]|[ .]$/.test(name) || name.length > 255) {
      return 'malformed_path'
    }
    if (notKept.has(name.toLowerCase())) return 'disallowed_name'
  }
  return null
}
