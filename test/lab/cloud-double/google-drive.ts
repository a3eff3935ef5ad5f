/** Google Drive v3 without its uploads: files and folders by id, search, trash, `about`. */
import { randomBytes } from 'node:crypto'
import type { Blob, ByteStore } from './byte-store.ts'
import { hashOf } from './hashes.ts'
import { Refusal } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { pickFields } from './google-fields.ts'
import { readQuery } from './google-query.ts'
import { asList, asText, isJson } from './json.ts'
import type { Json } from './json.ts'
import { sendBlob } from './send-blob.ts'

export const FOLDER = 'application/vnd.google-apps.folder'
export const googleHashes = ['md5', 'sha1', 'sha256'] as const

export interface GoogleFile {
  readonly id: string
  name: string
  mimeType: string
  parents: string[]
  trashed: boolean
  appProperties: Record<string, string>
  description: string | null
  createdMs: number
  modifiedMs: number
  version: number
  /** Null for a folder. */
  blob: Blob | null
  /** Not made by this app: not to be seen with the scope `drive.file`. */
  readonly foreign: boolean
}

export interface Quota {
  /** Null: no limit. */
  totalBytes: number | null
  /** What other things of the account take. */
  elsewhereBytes: number
}

export interface HashSwitch {
  /** Names of fields that are left out; `*` for all. */
  fields: readonly string[]
  /** For so many answers more that would have had them; Infinity until told otherwise. */
  answers: number
}

const fieldsOfFile = new Set(
  `kind id name mimeType description starred trashed explicitlyTrashed parents properties appProperties spaces version
  webContentLink webViewLink iconLink thumbnailLink createdTime modifiedTime viewedByMeTime trashedTime owners ownedByMe
  capabilities size quotaBytesUsed md5Checksum sha1Checksum sha256Checksum headRevisionId originalFilename fileExtension
  fullFileExtension shared sharedWithMeTime sharingUser shortcutDetails exportLinks resourceKey driveId permissions
  permissionIds isAppAuthorized writersCanShare copyRequiresWriterPermission trashingUser linkShareMetadata`
    .trim()
    .split(/\s+/),
)
const openFields = new Set(['owners', 'capabilities', 'shortcutDetails', 'exportLinks', 'properties', 'appProperties'])
const settableFields = new Set(
  `id name mimeType description parents appProperties properties createdTime modifiedTime viewedByMeTime originalFilename
  starred trashed copyRequiresWriterPermission writersCanShare kind`
    .trim()
    .split(/\s+/),
)

const knownFileField = (path: string): boolean => {
  const [first = '', ...rest] = path.split('.')
  return fieldsOfFile.has(first) && (rest.length === 0 || openFields.has(first))
}
const knownListField = (path: string): boolean => {
  if (['kind', 'incompleteSearch', 'nextPageToken', 'files'].includes(path)) return true
  return path.startsWith('files.') && knownFileField(path.slice('files.'.length))
}
const knownAboutField = (path: string): boolean =>
  /^(kind|user|storageQuota|maxUploadSize|canCreateDrives|importFormats|exportFormats|appInstalled)(\.|$)/.test(path)

export class GoogleDrive {
  readonly rootId = `0A${randomBytes(12).toString('base64url')}PVA`
  readonly quota: Quota = { totalBytes: 15e9, elsewhereBytes: 0 }
  readonly hiddenHashes: HashSwitch = { fields: [], answers: 0 }
  readonly generatedIds = new Set<string>()
  readonly #files = new Map<string, GoogleFile>()
  readonly #byParent = new Map<string, Set<GoogleFile>>()
  readonly #byName = new Map<string, Set<GoogleFile>>()
  readonly #nowMs: () => number
  readonly store: ByteStore

  constructor(store: ByteStore, nowMs: () => number) {
    this.store = store
    this.#nowMs = nowMs
    this.put({ ...this.blank(this.rootId, 'My Drive', FOLDER), parents: [] })
  }

  blank(id: string, name: string, mimeType: string): GoogleFile {
    const nowMs = this.#nowMs()
    return {
      id,
      name,
      mimeType,
      parents: [this.rootId],
      trashed: false,
      appProperties: {},
      description: null,
      createdMs: nowMs,
      modifiedMs: nowMs,
      version: 1,
      blob: null,
      foreign: false,
    }
  }

  newId(): string {
    const id = `1${randomBytes(24).toString('base64url')}`
    this.generatedIds.add(id)
    return id
  }

  all(): readonly GoogleFile[] {
    return [...this.#files.values()].filter((file) => file.id !== this.rootId)
  }

  find(id: string): GoogleFile | null {
    return this.#files.get(id === 'root' ? this.rootId : id) ?? null
  }

  put(file: GoogleFile): void {
    this.#files.set(file.id, file)
    this.#index(file)
  }

  #index(file: GoogleFile): void {
    for (const parent of file.parents) {
      addTo(this.#byParent, parent, file)
      addTo(this.#byName, `${parent}\n${file.name.toLowerCase()}`, file)
    }
  }

  change(file: GoogleFile, change: () => void): void {
    for (const parent of file.parents) {
      this.#byParent.get(parent)?.delete(file)
      this.#byName.get(`${parent}\n${file.name.toLowerCase()}`)?.delete(file)
    }
    change()
    file.version++
    this.#index(file)
  }

  childrenOf(id: string): readonly GoogleFile[] {
    return [...(this.#byParent.get(id) ?? [])]
  }

  /** For good, with all that is below. */
  async drop(file: GoogleFile): Promise<void> {
    for (const child of this.childrenOf(file.id)) await this.drop(child)
    this.change(file, () => (file.parents = []))
    this.#files.delete(file.id)
    await file.blob?.remove()
  }

  isTrashed(file: GoogleFile): boolean {
    if (file.trashed) return true
    const parent = file.parents[0] === undefined ? null : this.find(file.parents[0])
    return parent !== null && this.isTrashed(parent)
  }

  /** From the root, for tests; several files may have the same. */
  pathOf(file: GoogleFile): string {
    const parent = file.parents[0]
    const above = parent === undefined || parent === this.rootId ? null : this.find(parent)
    return above === null ? file.name : `${this.pathOf(above)}/${file.name}`
  }

  usedBytes(): number {
    let sum = this.quota.elsewhereBytes
    for (const file of this.#files.values()) sum += file.blob?.bytes ?? 0
    return sum
  }

  /** Refuses what would not fit. */
  mustFit(bytes: number): void {
    const { totalBytes } = this.quota
    if (totalBytes !== null && this.usedBytes() + bytes > totalBytes) {
      throw new Refusal({ status: 403, reason: 'storageQuotaExceeded' })
    }
  }

  /** The file, if this token may see it. */
  visible(id: string, scope: string): GoogleFile {
    const file = this.find(id)
    // With drive.file even the root folder can't be read, only named.
    const hidden = file === null || (onlyOwn(scope) && (file.foreign || file.id === this.rootId))
    if (hidden) throw new Refusal({ status: 404, reason: `notFound:${id}` })
    return file
  }

  resource(file: GoogleFile): Json {
    const { blob } = file
    const hashes = blob === null ? {} : this.#hashFields(blob)
    return {
      kind: 'drive#file',
      id: file.id,
      name: file.name,
      mimeType: file.mimeType,
      ...(file.description === null ? {} : { description: file.description }),
      starred: false,
      trashed: this.isTrashed(file),
      explicitlyTrashed: file.trashed,
      parents: file.parents,
      appProperties: Object.keys(file.appProperties).length === 0 ? undefined : file.appProperties,
      spaces: ['drive'],
      version: String(file.version),
      createdTime: new Date(file.createdMs).toISOString(),
      modifiedTime: new Date(file.modifiedMs).toISOString(),
      ownedByMe: true,
      owners: [{ kind: 'drive#user', displayName: 'Double', me: true, emailAddress: 'double@example.com' }],
      capabilities: { canEdit: true, canTrash: true, canDelete: true },
      shared: false,
      isAppAuthorized: !file.foreign,
      ...(blob === null
        ? {}
        : {
            size: String(blob.bytes),
            quotaBytesUsed: String(blob.bytes),
            originalFilename: file.name,
            fileExtension: /\.([^.]+)$/.exec(file.name)?.[1] ?? '',
            headRevisionId: hashOf('md5', Buffer.from(`${file.id} ${file.version}`)),
            ...hashes,
          }),
    }
  }

  #hashFields(blob: Blob): Json {
    const { md5, sha1, sha256 } = blob.hashes()
    const fields: Json = { md5Checksum: md5, sha1Checksum: sha1, sha256Checksum: sha256 }
    return withoutHidden(fields, this.hiddenHashes)
  }

  async about(x: Exchange): Promise<void> {
    const fields = fieldsOf(x)
    if (fields === null) throw new Refusal({ status: 400, reason: 'required' })
    const inTrash = this.all()
      .filter((file) => this.isTrashed(file))
      .reduce((sum, file) => sum + (file.blob?.bytes ?? 0), 0)
    const used = this.usedBytes()
    const whole: Json = {
      kind: 'drive#about',
      user: {
        kind: 'drive#user',
        displayName: 'Double',
        me: true,
        permissionId: '00000000000000000001',
        emailAddress: 'double@example.com',
      },
      storageQuota: {
        ...(this.quota.totalBytes === null ? {} : { limit: String(this.quota.totalBytes) }),
        usage: String(used),
        usageInDrive: String(used - this.quota.elsewhereBytes),
        usageInDriveTrash: String(inTrash),
      },
      maxUploadSize: String(5 * 1024 ** 4),
    }
    await x.answer(200, pickFields(whole, fields, knownAboutField))
  }

  async list(x: Exchange, scope: string): Promise<void> {
    const size = Number(x.param('pageSize') ?? '100')
    if (!Number.isInteger(size) || size < 1 || size > 1000)
      throw new Refusal({ status: 400, reason: 'invalidParameter' })
    const query = readQuery(x.param('q') ?? '', this.rootId)
    if (query.parent !== null && this.find(query.parent) === null) {
      throw new Refusal({ status: 404, reason: `notFound:${query.parent}` })
    }
    const found = this.#candidates(query.parent, query.name).filter(
      (file) => !(onlyOwn(scope) && file.foreign) && query.test({ ...file, trashed: this.isTrashed(file) }),
    )
    const ordered = inOrder(found, x.param('orderBy'))
    const from = readPageToken(x.param('pageToken'))
    const page = ordered.slice(from, from + size)
    const more = from + size < ordered.length
    const whole: Json = {
      kind: 'drive#fileList',
      incompleteSearch: false,
      ...(more ? { nextPageToken: `~!!~page${from + size}` } : {}),
      files: page.map((file) => this.resource(file)),
    }
    const fields = fieldsOf(x) ?? 'kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType)'
    await x.answer(200, pickFields(whole, fields, knownListField))
  }

  #candidates(parent: string | null, name: string | null): readonly GoogleFile[] {
    if (parent === null) return this.all()
    return name === null ? this.childrenOf(parent) : [...(this.#byName.get(`${parent}\n${name}`) ?? [])]
  }

  async get(x: Exchange, id: string, scope: string): Promise<void> {
    const file = this.visible(id, scope)
    if (x.param('alt') !== 'media') return this.answerFile(x, file)
    if (file.blob === null) throw new Refusal({ status: 403, reason: 'fileNotDownloadable' })
    await sendBlob(x, file.blob, file.mimeType)
  }

  answerFile(x: Exchange, file: GoogleFile, status = 200): Promise<void> {
    const fields = fieldsOf(x) ?? 'kind,id,name,mimeType'
    return x.answer(status, pickFields(this.resource(file), fields, knownFileField))
  }

  checkFields(x: Exchange): void {
    const fields = fieldsOf(x)
    if (fields !== null) pickFields({}, fields, knownFileField)
  }

  async create(x: Exchange, scope: string): Promise<void> {
    const body = await x.json()
    if (body === null) throw new Refusal({ status: 400, reason: 'parseError' })
    const file = this.fromMetadata(body, scope)
    // A file made without an upload is empty; a folder has no bytes at all.
    if (!file.mimeType.startsWith('application/vnd.google-apps.')) {
      file.blob = await this.store.of(googleHashes, Buffer.alloc(0))
    }
    this.checkFields(x)
    this.put(file)
    await this.answerFile(x, file)
  }

  /** A file that is not there yet, from what a client says of it; refuses what the service would. */
  fromMetadata(body: Json, scope: string): GoogleFile {
    for (const name of Object.keys(body)) {
      if (!settableFields.has(name)) throw new Refusal({ status: 400, reason: 'invalid' })
    }
    const id = asText(body['id'])
    if (id !== null && this.#files.has(id)) throw new Refusal({ status: 409, reason: 'fileIdInUse' })
    if (id !== null && !this.generatedIds.has(id)) throw new Refusal({ status: 400, reason: 'invalidFileId' })
    const parents = asList(body['parents']).map(String)
    if (parents.length > 1) throw new Refusal({ status: 403, reason: 'multipleParentsNotAllowed' })
    for (const parent of parents) {
      const folder = this.find(parent)
      if (folder === null || (onlyOwn(scope) && folder.foreign)) {
        throw new Refusal({ status: 404, reason: `notFound:${parent}` })
      }
      if (folder.mimeType !== FOLDER) throw new Refusal({ status: 403, reason: 'parentNotAFolder' })
    }
    const file = this.blank(id ?? this.newId(), 'Untitled', asText(body['mimeType']) ?? 'application/octet-stream')
    if (parents[0] !== undefined) file.parents = [parents[0] === 'root' ? this.rootId : parents[0]]
    this.applyMetadata(file, body)
    return file
  }

  applyMetadata(file: GoogleFile, body: Json): void {
    file.name = asText(body['name']) ?? file.name
    file.mimeType = asText(body['mimeType']) ?? file.mimeType
    file.description = asText(body['description']) ?? file.description
    if (typeof body['trashed'] === 'boolean') file.trashed = body['trashed']
    if (body['modifiedTime'] !== undefined) file.modifiedMs = readTime(body['modifiedTime'])
    if (body['createdTime'] !== undefined) file.createdMs = readTime(body['createdTime'])
    const properties = body['appProperties']
    if (isJson(properties)) {
      for (const [key, value] of Object.entries(properties)) {
        const text = asText(value)
        if (text === null) delete file.appProperties[key]
        else if (Buffer.byteLength(key + text) > 124) throw new Refusal({ status: 403, reason: 'propertyTooLong' })
        else file.appProperties[key] = text
      }
      if (Object.keys(file.appProperties).length > 30) throw new Refusal({ status: 403, reason: 'tooManyProperties' })
    }
  }

  /** What may be changed: with `drive.file` only what this app made. */
  own(id: string, scope: string): GoogleFile {
    const file = this.find(id)
    if (file !== null && file.foreign && onlyOwn(scope))
      throw new Refusal({ status: 403, reason: 'appNotAuthorizedToFile' })
    if (file === null) throw new Refusal({ status: 404, reason: `notFound:${id}` })
    if (file.id === this.rootId) throw new Refusal({ status: 403, reason: 'insufficientFilePermissions' })
    return file
  }

  async patch(x: Exchange, id: string, scope: string): Promise<void> {
    const body = await x.json()
    if (body === null) throw new Refusal({ status: 400, reason: 'parseError' })
    const file = this.own(id, scope)
    if ('parents' in body || 'id' in body) throw new Refusal({ status: 403, reason: 'fieldNotWritable' })
    const remove = (x.param('removeParents') ?? '').split(',').map((one) => (one === 'root' ? this.rootId : one))
    const add = (x.param('addParents') ?? '').split(',').filter((one) => one !== '')
    for (const parent of add) {
      if (this.find(parent)?.mimeType !== FOLDER) throw new Refusal({ status: 404, reason: `notFound:${parent}` })
    }
    const parents = [
      ...file.parents.filter((parent) => !remove.includes(parent)),
      ...add.map((one) => (one === 'root' ? this.rootId : one)),
    ]
    if (new Set(parents).size > 1) throw new Refusal({ status: 403, reason: 'cannotAddParent' })
    this.checkFields(x)
    this.change(file, () => {
      file.parents = [...new Set(parents)]
      this.applyMetadata(file, body)
    })
    await this.answerFile(x, file)
  }

  async delete(x: Exchange, id: string, scope: string): Promise<void> {
    await this.drop(this.own(id, scope))
    await x.answer(204)
  }

  async emptyTrash(x: Exchange): Promise<void> {
    for (const file of this.all()) if (file.trashed) await this.drop(file)
    await x.answer(204)
  }

  async generateIds(x: Exchange): Promise<void> {
    const count = Number(x.param('count') ?? '10')
    if (!Number.isInteger(count) || count < 1 || count > 1000)
      throw new Refusal({ status: 400, reason: 'invalidParameter' })
    const ids = Array.from({ length: count }, () => this.newId())
    await x.answer(200, { kind: 'drive#generatedIds', space: 'drive', ids })
  }
}

/** rclone sends an empty one with a change of a file: as if there were none. */
function fieldsOf(x: Exchange): string | null {
  const fields = x.param('fields')
  return fields === '' ? null : fields
}

export function onlyOwn(scope: string): boolean {
  const whole = ['https://www.googleapis.com/auth/drive', 'https://www.googleapis.com/auth/drive.readonly']
  return !scope.split(' ').some((one) => whole.includes(one))
}

function readTime(value: unknown): number {
  const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw new Refusal({ status: 400, reason: 'invalid' })
  return ms
}

function readPageToken(token: string | null): number {
  if (token === null || token === '') return 0
  const from = /^~!!~page(\d+)$/.exec(token)?.[1]
  if (from === undefined) throw new Refusal({ status: 400, reason: 'invalidParameter' })
  return Number(from)
}

function inOrder(files: readonly GoogleFile[], orderBy: string | null): readonly GoogleFile[] {
  const keys = (orderBy ?? 'createdTime desc').split(',').map((part) => part.trim().split(/\s+/))
  const by: Readonly<Record<string, (file: GoogleFile) => number | string>> = {
    name: (file) => file.name.toLowerCase(),
    name_natural: (file) => file.name.toLowerCase(),
    createdTime: (file) => file.createdMs,
    modifiedTime: (file) => file.modifiedMs,
    folder: (file) => (file.mimeType === FOLDER ? 0 : 1),
    quotaBytesUsed: (file) => file.blob?.bytes ?? 0,
  }
  return files.toSorted((a, b) => {
    for (const [key = '', way] of keys) {
      const of = by[key]
      if (of === undefined) throw new Refusal({ status: 400, reason: 'invalidParameter' })
      const [left, right] = [of(a), of(b)]
      if (left !== right) return (left < right ? -1 : 1) * (way === 'desc' ? -1 : 1)
    }
    return a.id < b.id ? -1 : 1
  })
}

function addTo(index: Map<string, Set<GoogleFile>>, key: string, file: GoogleFile): void {
  const set = index.get(key)
  if (set === undefined) index.set(key, new Set([file]))
  else set.add(file)
}

/** Leaves out what the control said to withhold. */
export function withoutHidden(fields: Json, hidden: HashSwitch): Json {
  if (hidden.answers <= 0) return fields
  const left = Object.fromEntries(
    Object.entries(fields).filter(([name]) => !hidden.fields.includes('*') && !hidden.fields.includes(name)),
  )
  if (Object.keys(left).length < Object.keys(fields).length) hidden.answers--
  return left
}

const messages: Readonly<Record<string, string>> = {
  userRateLimitExceeded: 'User Rate Limit Exceeded',
  rateLimitExceeded: 'Rate Limit Exceeded',
  dailyLimitExceeded: 'Daily Limit Exceeded',
  storageQuotaExceeded: "The user's Drive storage quota has been exceeded.",
  insufficientFilePermissions: 'The user does not have sufficient permissions for this file.',
  appNotAuthorizedToFile: 'The user has not granted the app write access to the file.',
  authError: 'Invalid Credentials',
  backendError: 'Backend Error',
  fileIdInUse: 'A file already exists with the provided ID.',
  invalidFileId: 'The provided file ID is not usable.',
  fileNotDownloadable: 'Only files with binary content can be downloaded.',
  required: "The 'fields' parameter is required for this method.",
  invalid: 'Invalid Value',
  requestedRangeNotSatisfiable: 'Request range not satisfiable',
  badUpload: 'Bad Request',
}

const reasonsByStatus: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'authError',
  403: 'userRateLimitExceeded',
  404: 'notFound',
  409: 'fileIdInUse',
  416: 'requestedRangeNotSatisfiable',
  429: 'rateLimitExceeded',
  500: 'internalError',
  502: 'backendError',
  503: 'backendError',
  504: 'backendError',
}

/** `reason` may be `notFound:ID`. */
export function googleErrorBody(status: number, reason: string | undefined): Json {
  const [word = '', id = '.'] = (reason ?? reasonsByStatus[status] ?? 'backendError').split(':')
  const message = word === 'notFound' ? `File not found: ${id}.` : (messages[word] ?? word)
  const domain = /rate|daily/i.test(word) ? 'usageLimits' : 'global'
  return { error: { code: status, message, errors: [{ message, domain, reason: word }] } }
}
