/**
 * One file on its way to Drive: a resumable session, filled in order, whose file gets an id from us before its first byte. The session
 * lives for a week. Its address carries the authority to write, so the text of it is kept like a secret (S1).
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { ServiceDigest, StoredFile, Upload, UploadOrder, UploadState } from '../../engine/cloud-contract.ts'
import { textOf } from '../cloud/http-request.ts'
import { numberIn, parseFields, textIn } from '../cloud/json-fields.ts'
import { sendingTimeoutMs } from '../cloud/oauth-request.ts'
import { serviceError, tooLarge, uploadGone } from '../cloud/cloud-failure.ts'
import { driveFailure, endsSession } from './drive-failure.ts'
import type { DriveFile } from './drive-file.ts'
import { fileFields, fileProperties, readDriveFile, toStoredFile } from './drive-file.ts'
import type { DriveFolders } from './drive-folders.ts'
import { splitPath } from './drive-folders.ts'
import { fileById } from './drive-look-up.ts'
import type { DriveNames } from './drive-names.ts'
import type { DriveClient } from './drive-request.ts'
import type { TwoDigests } from './two-digests.ts'

/** Drive takes every chunk but the last in multiples of this. */
const stepBytes = 256 * 1024
const chunkBytes = 16 * 1024 * 1024
export const fileBytesMax = 5_000_000_000_000
const goodbyeMs = 5000

export interface UploadTools {
  readonly client: DriveClient
  readonly folders: DriveFolders
  readonly names: DriveNames
}

interface Session {
  /** Where the bytes go. */
  readonly url: string
  /** Of the file that it will be. */
  readonly id: string
  readonly bytes: number
}

function readSession(text: string): Session | null {
  const fields = parseFields(text)
  const url = textIn(fields, 'url')
  const id = textIn(fields, 'id')
  const bytes = numberIn(fields, 'bytes')
  return url === null || id === null || bytes === null ? null : { url, id, bytes }
}

export async function beginUpload(tools: UploadTools, order: UploadOrder, digest: TwoDigests): Promise<Result<Upload>> {
  const { client } = tools
  if (order.bytes > fileBytesMax) return failed(tooLarge(client.place, order.path, `${order.bytes} bytes`))
  if (order.session === null) {
    const opened = await openSession(tools, order)
    return opened.ok
      ? done(new DriveUpload(tools, order, opened.value, JSON.stringify(opened.value), digest, 0))
      : opened
  }
  const kept = readSession(order.session)
  const gone = failed(uploadGone(client.place, order.path, 'the session that was kept is not for this file'))
  if (kept === null || kept.bytes !== order.bytes) return gone
  // Our token goes with every chunk, so it must be the service's own address.
  if (!client.origin.ok) return client.origin
  if (!isAt(kept.url, client.origin.value)) return gone
  const upload = new DriveUpload(tools, order, kept, order.session, digest, 0)
  const state = await upload.state()
  if (!state.ok) return state
  if (state.value.kind === 'gone') return failed(uploadGone(client.place, order.path, 'the session has ended'))
  const committed = state.value.kind === 'stored' ? order.bytes : state.value.committedBytes
  upload.committedBytes = committed
  return done(upload)
}

const isAt = (url: string, origin: string): boolean =>
  URL.canParse(url) && new URL(url).origin === new URL(origin).origin

async function openSession(tools: UploadTools, order: UploadOrder): Promise<Result<Session>> {
  const { client, folders } = tools
  const [folder, name] = splitPath(order.path)
  const parent = await folders.make(folder)
  if (!parent.ok) return parent
  const id = await client.nextId()
  if (!id.ok) return id
  const asked = await client.answer({
    method: 'POST',
    url: '/upload/drive/v3/files',
    query: { uploadType: 'resumable', fields: fileFields },
    headers: { 'x-upload-content-length': String(order.bytes) },
    json: {
      id: id.value,
      name,
      parents: [parent.value],
      modifiedTime: new Date(order.mtimeMs).toISOString(),
      appProperties: fileProperties(order.path),
    },
  })
  if (!asked.ok) return asked
  const text = await textOf(client.place, asked.value)
  if (!text.ok) return text
  if (!asked.value.ok) {
    // The folder that was known is not there any more: the next try looks anew.
    if (asked.value.status === 404) folders.forget()
    return failed(driveFailure(client.place, asked.value, text.value, order.path))
  }
  const url = asked.value.headers.get('location') ?? ''
  if (!client.origin.ok) return client.origin
  if (!isAt(url, client.origin.value)) return failed(client.nonsense('an upload session somewhere else'))
  return done({ url, id: id.value, bytes: order.bytes })
}

/** What an answer of a session says. */
type Told =
  | { readonly kind: 'open'; readonly committedBytes: number }
  | { readonly kind: 'stored'; readonly file: DriveFile }

class DriveUpload implements Upload {
  readonly session: string
  readonly chunkBytes = chunkBytes
  readonly digest: ServiceDigest
  committedBytes: number
  readonly #tools: UploadTools
  readonly #order: UploadOrder
  readonly #at: Session
  readonly #digests: TwoDigests
  #stored: StoredFile | null = null
  #isAbandoned = false
  /**
   * What is too short to be sent alone, until more comes. Only after a cut that left an odd length there; Drive itself keeps whole
   * steps.
   */
  #held: Uint8Array = new Uint8Array(0)
  #heldEnd = 0

  constructor(
    tools: UploadTools,
    order: UploadOrder,
    at: Session,
    session: string,
    digests: TwoDigests,
    committedBytes: number,
  ) {
    this.#tools = tools
    this.#order = order
    this.#at = at
    this.session = session
    this.digest = digests
    this.#digests = digests
    this.committedBytes = committedBytes
  }

  get #place(): string {
    return this.#tools.client.place
  }

  async send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    const end = position + chunk.length
    if (end >= this.#order.bytes)
      throw new Error('The end of a file is for finish: Drive gives the name with its last byte')
    const all = this.#withHeld(chunk, position)
    const from = end - all.length
    const sent = all.subarray(0, all.length - (all.length % stepBytes))
    if (sent.length > 0) {
      const told = await this.#put(sent, from, cancel)
      if (!told.ok) return told
      if (told.value.kind === 'stored') return failed(this.#odd('stored before its last byte was sent'))
      if (told.value.committedBytes < from + sent.length) return done(told.value.committedBytes)
    }
    this.#held = all.slice(sent.length)
    this.#heldEnd = end
    return done(end)
  }

  /** Once: after whatever happens then, the service is asked how far it is. */
  #withHeld(chunk: Uint8Array, position: number): Uint8Array {
    const held = this.#heldEnd === position ? this.#held : new Uint8Array(0)
    this.#held = new Uint8Array(0)
    return joined(held, chunk)
  }

  async finish(lastChunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    if (this.#stored !== null) return done(this.#stored)
    const all = this.#withHeld(lastChunk, position)
    const from = position + lastChunk.length - all.length
    const { names } = this.#tools
    const { path } = this.#order
    // One at a time for one name: what Drive would not refuse is refused here, at least among ourselves (W2).
    return names.locks.hold(path, async () => {
      const before = await names.at(path)
      if (!before.ok) return before
      const mine = before.value.find(({ id }) => id === this.#at.id)
      if (mine !== undefined) return this.#settle(mine)
      if (before.value.length > 0) return done('taken')
      const told = await this.#put(all, from, cancel)
      if (!told.ok) return told
      if (told.value.kind === 'open')
        return failed(this.#odd(`${told.value.committedBytes} bytes after all of them were sent`))
      return this.#settle(told.value.file)
    })
  }

  /** It is stored: is it what it should be, and does it keep its name? */
  async #settle(file: DriveFile): Promise<Result<'taken' | StoredFile>> {
    const found = await this.#demandSound(file)
    if (!found.ok) return found
    // Somebody else, at the same moment? Who is first is first for everybody who looks; the other one steps back.
    const keeps = await this.#tools.names.keepsName(this.#order.path, this.#at.id)
    if (!keeps.ok) return keeps
    if (!keeps.value) return done('taken')
    this.#digests.prefer(found.value.digests)
    this.#stored = toStoredFile(found.value)
    return done(this.#stored)
  }

  async #demandSound(file: DriveFile): Promise<Result<DriveFile>> {
    const { client, folders } = this.#tools
    let found: DriveFile | null = file
    // An answer without the fields that were asked for, and one that came before the checksums did.
    if (file.bytes === null || Object.keys(file.digests).length === 0) {
      const asked = await fileById(client, this.#at.id)
      if (!asked.ok) return asked
      found = asked.value
    }
    if (found === null || found.trashed || found.id !== this.#at.id) {
      // Its folder was thrown away meanwhile, and it with it.
      folders.forget()
      return failed(uploadGone(this.#place, this.#order.path, 'what was stored is in the trash or gone'))
    }
    if ((found.bytes ?? 0) !== this.#order.bytes) {
      await this.#tools.names.trash(found.id)
      return failed(uploadGone(this.#place, this.#order.path, `${found.bytes} bytes were stored`))
    }
    return done(found)
  }

  async state(): Promise<Result<UploadState>> {
    this.#held = new Uint8Array(0)
    if (this.#isAbandoned) return done({ kind: 'gone' })
    if (this.#stored !== null) return done({ kind: 'stored', file: this.#stored })
    // Asked how far it is, a session of no bytes would be finished by the very question.
    const told = this.#order.bytes === 0 ? null : await this.#put(new Uint8Array(0), this.#order.bytes)
    if (told?.ok === true && told.value.kind === 'open') return done(told.value)
    if (told?.ok === false && told.failure.code !== 'upload-gone') return told
    const file = told?.ok === true && told.value.kind === 'stored' ? done(told.value.file) : await this.#byId()
    if (!file.ok) return file
    if (file.value === null) return done(told === null ? { kind: 'open', committedBytes: 0 } : { kind: 'gone' })
    const stored = await this.#settle(file.value)
    if (stored.ok) return done(stored.value === 'taken' ? { kind: 'gone' } : { kind: 'stored', file: stored.value })
    return stored.failure.code === 'upload-gone' ? done({ kind: 'gone' }) : stored
  }

  /** A session that is finished is forgotten some day; the file has its id for good. */
  #byId(): Promise<Result<DriveFile | null>> {
    return fileById(this.#tools.client, this.#at.id)
  }

  /** Sends bytes, or asks how far it is: with nothing to send, from the end. */
  async #put(bytes: Uint8Array, from: number, cancel?: Cancel): Promise<Result<Told>> {
    const { client } = this.#tools
    if (this.#isAbandoned) return failed(uploadGone(this.#place, this.#order.path, 'it was abandoned'))
    const total = this.#order.bytes
    const range = bytes.length === 0 ? `*/${total}` : `${from}-${from + bytes.length - 1}/${total}`
    const asked = await client.answer({
      method: 'PUT',
      url: this.#at.url,
      // An empty file is sent whole, without a range: there is none that would fit it.
      headers: total === 0 ? {} : { 'content-range': `bytes ${range}` },
      body: bytes,
      timeoutMs: sendingTimeoutMs(bytes.length),
      ...(cancel === undefined ? {} : { cancel }),
    })
    if (!asked.ok) return asked
    const text = await textOf(client.place, asked.value)
    if (!text.ok) return text
    return this.#read(asked.value, text.value)
  }

  async #read(answer: Response, text: string): Promise<Result<Told>> {
    if (answer.status === 308) return done({ kind: 'open', committedBytes: committedOf(answer.headers) })
    if (answer.ok) {
      const file = readDriveFile(parseFields(text))
      if (file !== null) return done({ kind: 'stored', file })
    }
    // 409: the id is in use, by the very file whose “stored” was lost on its way to us.
    if (answer.ok || answer.status === 409) {
      const found = await this.#byId()
      if (!found.ok) return found
      if (found.value !== null) return done({ kind: 'stored', file: found.value })
      return failed(uploadGone(this.#place, this.#order.path, `HTTP ${answer.status}, and there is no such file`))
    }
    const failure = driveFailure(this.#place, answer, text, this.#order.path)
    return failed(
      endsSession(answer.status, failure)
        ? uploadGone(this.#place, this.#order.path, failure.cause ?? `HTTP ${answer.status}`)
        : failure,
    )
  }

  #odd(what: string): Failure {
    return serviceError(this.#place, `The upload of ${this.#order.path}: ${what}`)
  }

  /** Drive does not promise to take a session back, and forgets it by itself within a week; nothing is billed for it. */
  async abandon(): Promise<void> {
    if (this.#stored !== null || this.#isAbandoned) return
    this.#isAbandoned = true
    const answer = await this.#tools.client.answer({ method: 'DELETE', url: this.#at.url, timeoutMs: goodbyeMs })
    if (answer.ok) await textOf(this.#place, answer.value)
  }
}

/** `Range: bytes=0-LAST`; no such header when it has nothing yet. */
function committedOf(headers: Headers): number {
  const last = /^bytes=0-(\d+)$/.exec(headers.get('range') ?? '')?.[1]
  return last === undefined ? 0 : Number(last) + 1
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail
  const all = new Uint8Array(head.length + tail.length)
  all.set(head)
  all.set(tail, head.length)
  return all
}
