/**
 * Uploads to Google Drive: resumable sessions, and the two ways in one request (`media`, `multipart`). Chunks come by PUT, as the
 * documents say, or by POST, as rclone sends them; how far it is may be asked with
 * or without the word `bytes` in front of the star.
 */
import { randomBytes } from 'node:crypto'
import type { Append, Blob } from './byte-store.ts'
import { BodyCut, Refusal } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { googleHashes } from './google-drive.ts'
import type { GoogleDrive, GoogleFile } from './google-drive.ts'
import { asText, isJson, parseJson } from './json.ts'
import type { Json } from './json.ts'

const CHUNK_UNIT = 256 * 1024
const WEEK_MS = 7 * 24 * 60 * 60 * 1000

export interface GoogleSession {
  readonly id: string
  readonly metadata: Json
  readonly scope: string
  /** The file whose content is replaced; null for a new one. */
  readonly replaces: string | null
  readonly mimeType: string
  readonly blob: Blob
  /** Null while unknown. */
  totalBytes: number | null
  bornMs: number
  /** Set when it is complete: the session goes on answering with it. */
  file: GoogleFile | null
}

export interface GoogleUploadHabits {
  /** DELETE on a session: described for Cloud Storage only. `taken` answers 499 and forgets it, `unknown` answers 404 and keeps it. */
  cancel: 'taken' | 'unknown'
  /** How many bytes of each chunk that is not the last are kept at most (a multiple of 256 KiB); the 308 tells. */
  keepsAtMost: number
}

export class GoogleUploads {
  readonly habits: GoogleUploadHabits = { cancel: 'taken', keepsAtMost: Infinity }
  readonly sessions = new Map<string, GoogleSession>()
  readonly #drive: GoogleDrive
  readonly #nowMs: () => number

  constructor(drive: GoogleDrive, nowMs: () => number) {
    this.#drive = drive
    this.#nowMs = nowMs
  }

  /** `replaces`: PATCH on a file that is there. */
  async begin(x: Exchange, scope: string, replaces: string | null): Promise<void> {
    const metadata = await x.json()
    if (metadata === null) throw new Refusal({ status: 400, reason: 'parseError' })
    const declared = x.header('x-upload-content-length')
    const totalBytes = declared === null ? null : Number(declared)
    if (totalBytes !== null && !Number.isSafeInteger(totalBytes))
      throw new Refusal({ status: 400, reason: 'badUpload' })
    if (replaces === null) this.#drive.fromMetadata(metadata, scope)
    else this.#drive.own(replaces, scope)
    this.#drive.checkFields(x)
    if (totalBytes !== null) this.#drive.mustFit(totalBytes)
    const id = `AB${randomBytes(36).toString('base64url')}`
    this.sessions.set(id, {
      id,
      metadata,
      scope,
      replaces,
      mimeType: x.header('x-upload-content-type') ?? asText(metadata['mimeType']) ?? 'application/octet-stream',
      blob: this.#drive.store.make(googleHashes),
      totalBytes,
      bornMs: this.#nowMs(),
      file: null,
    })
    x.entry.session = id
    const location = new URL(x.url.href)
    location.searchParams.set('upload_id', id)
    const origin = new URL(x.origin)
    location.protocol = origin.protocol
    location.host = origin.host
    await x.answer(200, null, { location: location.href, 'x-guploader-uploadid': id })
  }

  #find(x: Exchange): GoogleSession {
    const session = this.sessions.get(x.param('upload_id') ?? '')
    if (session === undefined || this.#nowMs() - session.bornMs > WEEK_MS) {
      throw new Refusal({ status: 404, reason: 'notFound:upload' })
    }
    x.entry.session = session.id
    return session
  }

  /** What a request on a session is, before it is read: for the log and the faults. */
  static isQuery(range: string | null): boolean {
    return range !== null && /^(?:bytes )?\*\/(?:\d+|\*)$/.test(range)
  }

  async query(x: Exchange): Promise<void> {
    const session = this.#find(x)
    await session.blob.inTurn(async () => {
      const text = /\/(\d+)$/.exec(x.header('content-range') ?? '')?.[1]
      if ((x.declaredBytes ?? 0) > 0) throw new Refusal({ status: 400, reason: 'badUpload' })
      if (session.file !== null) return this.#drive.answerFile(x, session.file)
      if (text !== undefined) this.#sayTotal(session, Number(text))
      // Everything is here, and now its length is known: that ends it.
      if (text !== undefined && session.blob.bytes === session.totalBytes) return this.#complete(x, session)
      return this.#incomplete(x, session)
    })
  }

  async chunk(x: Exchange): Promise<void> {
    const session = this.#find(x)
    await session.blob.inTurn(() => this.#chunk(x, session))
  }

  async #chunk(x: Exchange, session: GoogleSession): Promise<void> {
    if (session.file !== null) {
      await x.bytes()
      return this.#drive.answerFile(x, session.file)
    }
    const range = readRange(x.header('content-range'))
    const from = range?.from ?? session.blob.bytes
    if (range === null && session.blob.bytes > 0) throw new Refusal({ status: 400, reason: 'badUpload' })
    if (range !== null) {
      if (range.total !== null) this.#sayTotal(session, range.total)
      const length = range.to - range.from + 1
      if (x.declaredBytes !== null && x.declaredBytes !== length)
        throw new Refusal({ status: 400, reason: 'badUpload' })
      const last = range.total !== null && range.to + 1 === range.total
      if (!last && length % CHUNK_UNIT !== 0) throw new Refusal({ status: 400, reason: 'badUpload' })
      if (range.total !== null && range.to >= range.total) throw new Refusal({ status: 400, reason: 'badUpload' })
      if (from > session.blob.bytes) throw new Refusal({ status: 400, reason: 'badUpload' })
    }
    const last = range === null || (range.total !== null && range.to + 1 === range.total)
    await this.#take(x, session, session.blob.bytes - from, last ? Infinity : this.habits.keepsAtMost)
    if (last) {
      session.totalBytes ??= session.blob.bytes
      if (session.blob.bytes !== session.totalBytes) throw new Refusal({ status: 400, reason: 'badUpload' })
      return this.#complete(x, session)
    }
    return this.#incomplete(x, session)
  }

  /** Stores the body but for its first `skip` bytes, which are here already. */
  async #take(x: Exchange, session: GoogleSession, skip: number, most: number): Promise<void> {
    const append = await session.blob.append()
    let toSkip = skip
    try {
      for await (const chunk of x.body()) {
        const part = chunk.subarray(Math.min(toSkip, chunk.length))
        toSkip -= chunk.length - part.length
        await append.write(part.subarray(0, Math.max(0, most - append.received)))
      }
    } catch (error) {
      await keepOfCut(append, error)
      throw error
    }
    await append.keep()
  }

  #sayTotal(session: GoogleSession, totalBytes: number): void {
    session.totalBytes ??= totalBytes
    if (session.totalBytes !== totalBytes) throw new Refusal({ status: 400, reason: 'badUpload' })
  }

  async #incomplete(x: Exchange, session: GoogleSession): Promise<void> {
    const { bytes } = session.blob
    // No Range header at all while nothing is stored.
    await x.answer(308, null, bytes === 0 ? {} : { range: `bytes=0-${bytes - 1}` })
  }

  async #complete(x: Exchange, session: GoogleSession): Promise<void> {
    const { metadata, scope, replaces, blob, mimeType } = session
    session.file = await this.#store(metadata, scope, replaces, blob, mimeType)
    await this.#drive.answerFile(x, session.file)
  }

  async #store(
    metadata: Json,
    scope: string,
    replaces: string | null,
    blob: Blob,
    mimeType: string,
  ): Promise<GoogleFile> {
    this.#drive.mustFit(blob.bytes)
    if (replaces === null) {
      const file = this.#drive.fromMetadata({ mimeType, ...metadata }, scope)
      file.blob = blob
      this.#drive.put(file)
      return file
    }
    const file = this.#drive.own(replaces, scope)
    const old = file.blob
    this.#drive.change(file, () => {
      file.blob = blob
      file.modifiedMs = this.#nowMs()
      this.#drive.applyMetadata(file, metadata)
    })
    await old?.remove()
    return file
  }

  async cancel(x: Exchange): Promise<void> {
    const session = this.#find(x)
    if (this.habits.cancel === 'unknown') throw new Refusal({ status: 404 })
    this.sessions.delete(session.id)
    if (session.file === null) await session.blob.remove()
    await x.answer(499)
  }

  /** The bytes alone. */
  async media(x: Exchange, scope: string, replaces: string | null): Promise<void> {
    const blob = this.#drive.store.make(googleHashes)
    const append = await blob.append()
    try {
      for await (const chunk of x.body()) await append.write(chunk)
    } catch (error) {
      await append.drop()
      throw error
    }
    await append.keep()
    const file = await this.#store({}, scope, replaces, blob, x.header('content-type') ?? 'application/octet-stream')
    await this.#drive.answerFile(x, file)
  }

  /** `multipart/related`: metadata, then bytes. For small files; it is read into memory. */
  async multipart(x: Exchange, scope: string, replaces: string | null): Promise<void> {
    const boundary = /^multipart\/related;.*boundary="?([^";]+)"?/.exec(x.header('content-type') ?? '')?.[1]
    const body = await x.bytes(64 * 1024 * 1024)
    if (boundary === undefined) throw new Refusal({ status: 400, reason: 'badContent' })
    const [first, second] = splitParts(body, boundary)
    const metadata = first === undefined ? undefined : parseJson(first.bytes.toString('utf8'))
    if (second === undefined || !isJson(metadata)) throw new Refusal({ status: 400, reason: 'badContent' })
    this.#drive.checkFields(x)
    const blob = await this.#drive.store.of(googleHashes, second.bytes)
    const type = asText(metadata['mimeType']) ?? second.type ?? 'application/octet-stream'
    await this.#drive.answerFile(x, await this.#store(metadata, scope, replaces, blob, type))
  }
}

/** A Google server keeps whole multiples of 256 KiB of a chunk that broke off. */
async function keepOfCut(append: Append, error: unknown): Promise<void> {
  if (!(error instanceof BodyCut)) return append.drop()
  if (error.keep === 'arrived') return append.keep()
  return error.keep === 'nothing' ? append.drop() : append.keepWholeBlocks()
}

function readRange(text: string | null): { from: number; to: number; total: number | null } | null {
  if (text === null) return null
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text)
  if (match === null) throw new Refusal({ status: 400, reason: 'badUpload' })
  const [from, to] = [Number(match[1]), Number(match[2])]
  if (to < from) throw new Refusal({ status: 400, reason: 'badUpload' })
  return { from, to, total: match[3] === '*' ? null : Number(match[3]) }
}

interface Part {
  readonly type: string | null
  readonly bytes: Buffer
}

function splitParts(body: Buffer, boundary: string): Part[] {
  const mark = Buffer.from(`--${boundary}`)
  const parts: Part[] = []
  let at = body.indexOf(mark)
  while (at !== -1) {
    const next = body.indexOf(mark, at + mark.length)
    if (next === -1) break
    // Without the line end after the mark and the one before the next.
    const part = body.subarray(at + mark.length, next)
    const headEnd = part.indexOf('\r\n\r\n')
    const [end, skip] = headEnd === -1 ? [part.indexOf('\n\n'), 2] : [headEnd, 4]
    const head = part.subarray(0, Math.max(0, end)).toString('latin1')
    const tail = part.at(-2) === 0x0d ? 2 : 1
    const type = /^content-type:\s*(\S.*?)\s*$/im.exec(head)?.[1] ?? null
    if (end !== -1) parts.push({ type, bytes: part.subarray(end + skip, part.length - tail) })
    at = next
  }
  return parts
}
