/** What a OneDrive holds: entries by id, names without regard to case, a recycle bin that counts. */
import { randomBytes } from 'node:crypto'
import type { Blob, ByteStore } from './byte-store.ts'
import { Refusal } from './exchange.ts'
import type { HashSwitch, Quota } from './google-drive.ts'
import { withoutHidden } from './google-drive.ts'
import { asText, isJson } from './json.ts'
import type { Json } from './json.ts'

export const onedriveHashes = ['quick-xor'] as const

export interface OneDriveEntry {
  readonly id: string
  name: string
  parent: OneDriveEntry | null
  createdMs: number
  /** The service's own; moves with every change. */
  changedMs: number
  /** `fileSystemInfo`: as the client gave it. */
  clientCreatedMs: number
  clientModifiedMs: number
  version: number
  /** Null for a folder. */
  blob: Blob | null
  /** In the recycle bin. */
  deleted: boolean
}

export type Behaviour = 'fail' | 'replace' | 'rename'

export class OneDriveEntries {
  driveType: 'personal' | 'business' = 'personal'
  readonly driveId = randomBytes(8).toString('hex')
  readonly quota: Quota = { totalBytes: 5 * 1024 ** 3 * 200, elsewhereBytes: 0 }
  readonly hiddenHashes: HashSwitch = { fields: [], answers: 0 }
  readonly store: ByteStore
  readonly nowMs: () => number
  readonly root: OneDriveEntry
  readonly #entries = new Map<string, OneDriveEntry>()
  readonly #children = new Map<string, Map<string, OneDriveEntry>>()
  readonly #downloads = new Map<string, { entry: OneDriveEntry; untilMs: number }>()

  constructor(store: ByteStore, nowMs: () => number) {
    this.store = store
    this.nowMs = nowMs
    this.root = this.#make('root', null)
  }

  #make(name: string, parent: OneDriveEntry | null): OneDriveEntry {
    const nowMs = this.nowMs()
    const id = `${this.driveId.toUpperCase()}!${100 + this.#entries.size}`
    const entry: OneDriveEntry = {
      id,
      name,
      parent,
      createdMs: nowMs,
      changedMs: nowMs,
      clientCreatedMs: nowMs,
      clientModifiedMs: nowMs,
      version: 1,
      blob: null,
      deleted: false,
    }
    this.#entries.set(id, entry)
    return entry
  }

  find(id: string): OneDriveEntry | null {
    if (id.toLowerCase() === 'root') return this.root
    const entry = this.#entries.get(id)
    return entry === undefined || this.isDeleted(entry) ? null : entry
  }

  isDeleted(entry: OneDriveEntry): boolean {
    return entry.deleted || (entry.parent !== null && this.isDeleted(entry.parent))
  }

  all(): readonly OneDriveEntry[] {
    return [...this.#entries.values()].filter((entry) => entry !== this.root)
  }

  child(parent: OneDriveEntry, name: string): OneDriveEntry | null {
    return this.#children.get(parent.id)?.get(name.toLowerCase()) ?? null
  }

  childrenOf(parent: OneDriveEntry): readonly OneDriveEntry[] {
    return [...(this.#children.get(parent.id)?.values() ?? [])].toSorted((a, b) =>
      a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1,
    )
  }

  /** Made when it is not there yet. */
  appFolder(): OneDriveEntry {
    const apps = this.child(this.root, 'Apps') ?? this.add(this.root, 'Apps')
    return this.child(apps, 'Fivefold double') ?? this.add(apps, 'Fivefold double')
  }

  add(parent: OneDriveEntry, name: string): OneDriveEntry {
    mustBeName(name, this.pathOf(parent))
    const entry = this.#make(name, parent)
    this.#attach(entry)
    return entry
  }

  #attach(entry: OneDriveEntry): void {
    if (entry.parent === null) return
    const siblings = this.#children.get(entry.parent.id)
    if (siblings === undefined) this.#children.set(entry.parent.id, new Map([[entry.name.toLowerCase(), entry]]))
    else siblings.set(entry.name.toLowerCase(), entry)
  }

  #detach(entry: OneDriveEntry): void {
    if (entry.parent !== null) this.#children.get(entry.parent.id)?.delete(entry.name.toLowerCase())
  }

  rename(entry: OneDriveEntry, parent: OneDriveEntry, name: string): void {
    this.#detach(entry)
    entry.name = name
    entry.parent = parent
    this.#attach(entry)
    this.touch(entry)
  }

  touch(entry: OneDriveEntry): void {
    entry.version++
    entry.changedMs = this.nowMs()
  }

  recycle(entry: OneDriveEntry): void {
    this.#detach(entry)
    entry.deleted = true
  }

  async drop(entry: OneDriveEntry): Promise<void> {
    for (const child of this.childrenOf(entry)) await this.drop(child)
    this.#detach(entry)
    this.#entries.delete(entry.id)
    await entry.blob?.remove()
  }

  /** From the root, without a slash in front; `''` is the root. */
  pathOf(entry: OneDriveEntry): string {
    if (entry.parent === null) return ''
    const above = this.pathOf(entry.parent)
    return above === '' ? entry.name : `${above}/${entry.name}`
  }

  byPath(from: OneDriveEntry, path: string): OneDriveEntry | null {
    let entry: OneDriveEntry | null = from
    for (const name of path.split('/')) {
      if (name === '') continue
      entry = entry === null ? null : this.child(entry, name)
    }
    return entry
  }

  usage(): { used: number; deleted: number } {
    let [used, deleted] = [this.quota.elsewhereBytes, 0]
    for (const entry of this.#entries.values()) {
      if (this.isDeleted(entry)) deleted += entry.blob?.bytes ?? 0
      else used += entry.blob?.bytes ?? 0
    }
    return { used, deleted }
  }

  mustFit(bytes: number): void {
    const { used, deleted } = this.usage()
    const { totalBytes } = this.quota
    if (totalBytes !== null && used + deleted + bytes > totalBytes) {
      throw new Refusal({ status: 507, reason: 'quotaLimitReached' })
    }
  }

  /** Gives bytes a name below a folder. Refuses with 409 when something has it. */
  async place(
    parent: OneDriveEntry,
    name: string,
    behaviour: Behaviour,
    blob: Blob,
    info: FileTimes,
  ): Promise<{ entry: OneDriveEntry; isNew: boolean }> {
    mustBeName(name, this.pathOf(parent))
    const there = this.child(parent, name)
    if (there !== null && (behaviour === 'fail' || (behaviour === 'replace' && there.blob === null))) throw nameTaken()
    this.mustFit(blob.bytes)
    if (there !== null && behaviour === 'replace') {
      await there.blob?.remove()
      there.blob = blob
      this.touch(there)
      there.clientModifiedMs = info.modifiedMs ?? there.changedMs
      return { entry: there, isNew: false }
    }
    const entry = this.add(parent, there === null ? name : this.freeName(parent, name))
    entry.blob = blob
    entry.clientCreatedMs = info.createdMs ?? entry.createdMs
    entry.clientModifiedMs = info.modifiedMs ?? entry.changedMs
    return { entry, isNew: true }
  }

  freeName(parent: OneDriveEntry, name: string): string {
    const at = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length
    for (let number = 1; ; number++) {
      const free = `${name.slice(0, at)} ${number}${name.slice(at)}`
      if (this.child(parent, free) === null) return free
    }
  }

  downloadUrl(origin: string, entry: OneDriveEntry): string {
    const token = randomBytes(18).toString('base64url')
    this.#downloads.set(token, { entry, untilMs: this.nowMs() + 60 * 60_000 })
    return `${origin}/onedrive-download/${token}`
  }

  downloadOf(token: string): Blob {
    const found = this.#downloads.get(token)
    if (found === undefined || found.untilMs < this.nowMs())
      throw new Refusal({ status: 401, reason: 'unauthenticated' })
    if (found.entry.blob === null || this.isDeleted(found.entry))
      throw new Refusal({ status: 404, reason: 'itemNotFound' })
    return found.entry.blob
  }

  resource(entry: OneDriveEntry, origin: string): Json {
    const { blob, parent } = entry
    const time = (ms: number): string => new Date(ms).toISOString()
    const whole: Json = {
      id: entry.id,
      name: entry.name,
      eTag: `"{${entry.id}},${entry.version}"`,
      cTag: `"c:{${entry.id}},${entry.version}"`,
      size: blob?.bytes ?? this.#sizeBelow(entry),
      createdDateTime: time(entry.createdMs),
      lastModifiedDateTime: time(entry.clientModifiedMs),
      webUrl: `https://onedrive.live.com/?id=${encodeURIComponent(entry.id)}`,
      createdBy: { user: { displayName: 'The Double', id: this.driveId } },
      fileSystemInfo: {
        createdDateTime: time(entry.clientCreatedMs),
        lastModifiedDateTime: time(entry.clientModifiedMs),
      },
      ...(parent === null
        ? { parentReference: { driveId: this.driveId, driveType: this.driveType }, root: {} }
        : { parentReference: this.#parentReference(parent) }),
    }
    if (blob === null) return { ...whole, folder: { childCount: this.childrenOf(entry).length } }
    const hashes = withoutHidden({ quickXorHash: blob.hashes()['quick-xor'] }, this.hiddenHashes)
    const file = { mimeType: 'application/octet-stream', ...(Object.keys(hashes).length === 0 ? {} : { hashes }) }
    return { ...whole, file, '@microsoft.graph.downloadUrl': this.downloadUrl(origin, entry) }
  }

  #sizeBelow(entry: OneDriveEntry): number {
    return entry.parent === null
      ? this.usage().used
      : this.childrenOf(entry).reduce((sum, child) => sum + (child.blob?.bytes ?? 0), 0)
  }

  #parentReference(parent: OneDriveEntry): Json {
    const above = this.pathOf(parent).split('/').map(encodeURIComponent).join('/')
    return {
      driveId: this.driveId,
      driveType: this.driveType,
      id: parent.id,
      name: parent.name,
      path: above === '' ? '/drive/root:' : `/drive/root:/${above}`,
    }
  }
}

export interface FileTimes {
  readonly createdMs: number | null
  readonly modifiedMs: number | null
}

export function readTimes(value: unknown): FileTimes {
  if (!isJson(value)) return { createdMs: null, modifiedMs: null }
  const read = (name: string): number | null => {
    const text = asText(value[name])
    if (text === null) return null
    const ms = Date.parse(text)
    if (Number.isNaN(ms)) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    return ms
  }
  return { createdMs: read('createdDateTime'), modifiedMs: read('lastModifiedDateTime') }
}

export function readBehaviour(value: unknown, instead: Behaviour): Behaviour {
  if (value === undefined || value === null) return instead
  if (value === 'fail' || value === 'replace' || value === 'rename') return value
  throw new Refusal({ status: 400, reason: 'invalidRequest' })
}

export const nameTaken = (): Refusal => new Refusal({ status: 409, reason: 'nameAlreadyExists' })

const reserved = /^(?:\.lock|con|prn|aux|nul|com\d|lpt\d|desktop\.ini)$/i

/** Why OneDrive takes no entry of this name, or null. */
export function nameTrouble(name: string): string | null {
  if (name === '' || name === '.' || name === '..') return 'empty'
  // oxlint-disable-next-line no-control-regex -- these very characters are what the service refuses
  if (/["*:<>?/\\|\u0000-\u001f]/.test(name)) return 'character'
  if (/^[ ~]|[ .]$/.test(name)) return 'end'
  if (reserved.test(name) || name.includes('_vti_')) return 'reserved'
  return name.length > 255 ? 'long' : null
}

export function mustBeName(name: string, above: string): void {
  if (nameTrouble(name) !== null) throw new Refusal({ status: 400, reason: 'invalidRequest:nameInvalid' })
  if (above.length + 1 + name.length > 400) throw new Refusal({ status: 400, reason: 'invalidRequest:pathTooLong' })
}

const messages: Readonly<Record<string, string>> = {
  itemNotFound: 'Item does not exist',
  nameAlreadyExists: 'An entry with the same name already exists under the parent',
  invalidRequest: 'Invalid request',
  invalidRange: 'The specified byte range is invalid or unavailable.',
  quotaLimitReached: 'The user has reached their quota limit.',
  activityLimitReached: 'The request has been throttled',
  InvalidAuthenticationToken: 'Access token has expired or is not yet valid.',
  unauthenticated: 'The caller is not authenticated.',
  accessDenied: 'The caller does not have permission to perform the action.',
  serviceNotAvailable: 'The service is not available.',
  resourceModified: 'The resource being updated has changed since the caller last read it, usually an eTag mismatch.',
}

const codesByStatus: Readonly<Record<number, string>> = {
  400: 'invalidRequest',
  401: 'InvalidAuthenticationToken',
  403: 'accessDenied',
  404: 'itemNotFound',
  409: 'nameAlreadyExists',
  412: 'resourceModified',
  413: 'invalidRequest:requestEntityTooLarge',
  416: 'invalidRange',
  429: 'activityLimitReached',
  500: 'generalException',
  503: 'serviceNotAvailable',
  507: 'quotaLimitReached',
  509: 'activityLimitReached',
}

/** `reason` is a code, or `code:innerCode`. */
export function graphErrorBody(status: number, reason: string | undefined, nowMs: number): Json {
  const [code = '', inner] = (reason ?? codesByStatus[status] ?? 'generalException').split(':')
  const date = new Date(nowMs).toISOString().slice(0, 19)
  const requestId = '00000000-0000-4000-8000-000000000000'
  const innerError = {
    ...(inner === undefined ? {} : { code: inner }),
    date,
    'request-id': requestId,
    'client-request-id': requestId,
  }
  return { error: { code, message: messages[code] ?? code, innerError } }
}
