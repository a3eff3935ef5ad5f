/**
 * Nextcloud's chunked upload, version 2: a folder of numbered chunks that the server puts together at the end. It answers with the
 * SHA-256 of each chunk that it got, is asked how far it is after a cut, and forgets a folder that was left alone for a day.
 */
import { createHash } from 'node:crypto'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { StoredFile, Upload, UploadOrder, UploadState } from '../../engine/cloud-contract.ts'
import { numberIn, parseFields, textIn } from '../cloud/json-fields.ts'
import { damagedOnTheWay, uploadGone } from '../cloud/cloud-failure.ts'
import { unfinishedName } from '../cloud/unfinished-name.ts'
import { ChunkDigest, chunkAlgorithm, overChunks, sha256 } from './chunk-digest.ts'
import { timeHeader } from './file-times.ts'
import type { WebdavServer } from './webdav-server.ts'
import { encodePath, sendingMs } from './webdav-server.ts'

/** What Nextcloud's own pages send, so every server is set up for it; its limits are 5 MB to 5 GB, and 10,000 chunks. */
const usualChunkBytes = 10 * 1024 * 1024
const chunksMax = 10_000
const wholeMiB = 1024 * 1024

export function nextcloudChunkBytes(bytes: number): number {
  return Math.max(usualChunkBytes, Math.ceil(bytes / chunksMax / wholeMiB) * wholeMiB)
}

/** Where a user's files and unfinished uploads are; null for an address that is not of this form. */
export function readNextcloudRoot(root: readonly string[]): { readonly uploads: readonly string[] } | null {
  const at = root.findIndex((name, index) => name === 'dav' && root[index - 1] === 'remote.php')
  const [files, user] = root.slice(at + 1)
  if (at < 1 || files !== 'files' || user === undefined) return null
  return { uploads: [...root.slice(0, at + 1), 'uploads', user] }
}

/** An account's unfinished uploads all lie in one folder: by this prefix those of one place are known. */
export function uploadPrefix(root: readonly string[]): string {
  const place = createHash('sha256').update(encodePath(root)).digest('hex').slice(0, 12)
  return `fivefold-${place}-`
}

interface Session {
  readonly id: string
  readonly chunkBytes: number
  readonly bytes: number
  readonly path: string
}

/** Null for a text that is none of ours. */
export function readSession(text: string): Session | null {
  const fields = parseFields(text)
  const [id, path] = [textIn(fields, 'id'), textIn(fields, 'path')]
  const [chunkBytes, bytes] = [numberIn(fields, 'chunkBytes'), numberIn(fields, 'bytes')]
  if (id === null || path === null || chunkBytes === null || bytes === null) return null
  if (!/^fivefold-[0-9a-f-]+$/.test(id) || !Number.isSafeInteger(chunkBytes) || chunkBytes < 1) return null
  return { id, path, chunkBytes, bytes }
}

export interface NextcloudRoom {
  readonly server: WebdavServer
  /** Encoded: where the unfinished uploads of this account lie. */
  readonly uploads: string
  readonly prefix: string
}

export async function beginNextcloud(order: UploadOrder, room: NextcloudRoom): Promise<Result<Upload>> {
  const { server, uploads, prefix } = room
  const gone = (why: string): Failure => uploadGone(server.place, order.path, why)
  if (order.session !== null) {
    const known = readSession(order.session)
    if (known === null || known.path !== order.path || known.bytes !== order.bytes || !known.id.startsWith(prefix))
      return failed(gone('it was begun for another file'))
    const upload = new NextcloudUpload(order, known, room, order.session)
    const resumed = await upload.resume()
    return resumed.ok ? done(upload) : resumed
  }
  const chunkBytes = nextcloudChunkBytes(order.bytes)
  const begun = {
    id: `${prefix}${unfinishedName(server.signer)}`,
    chunkBytes,
    bytes: order.bytes,
    path: order.path,
  }
  const made = await server.inFolder(order.path, () =>
    server.tell({
      method: 'MKCOL',
      at: `${uploads}/${begun.id}`,
      path: order.path,
      headers: { destination: server.destination(server.at(order.path)) },
      accept: [200, 201, 204],
    }),
  )
  if (!made.ok) return made
  return done(new NextcloudUpload(order, begun, room, JSON.stringify(begun)))
}

class NextcloudUpload implements Upload {
  readonly session: string
  readonly chunkBytes: number
  readonly digest: ChunkDigest
  committedBytes = 0
  readonly #order: UploadOrder
  readonly #server: WebdavServer
  /** Encoded. */
  readonly #folder: string
  readonly #chunks: number
  /** What the server said of each chunk that this very run sent: `null` while its answer is awaited or was lost. */
  readonly #told = new Map<number, Buffer | null>()
  #tellsHashes = true

  constructor(order: UploadOrder, { id, chunkBytes }: Session, { server, uploads }: NextcloudRoom, session: string) {
    this.session = session
    this.chunkBytes = chunkBytes
    this.digest = new ChunkDigest(chunkBytes)
    this.#order = order
    this.#server = server
    this.#folder = `${uploads}/${id}`
    this.#chunks = Math.ceil(order.bytes / chunkBytes)
  }

  async resume(): Promise<Result<void>> {
    const whole = await this.#wholeChunks()
    if (!whole.ok) return whole
    if (whole.value === null) return failed(this.#gone('it was left alone for too long'))
    // The last one is sent in any case: the engine holds it back until it knows the original.
    this.committedBytes = Math.min(whole.value, this.#chunks - 1) * this.chunkBytes
    return done(undefined)
  }

  async send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    const put = await this.#putChunk(chunk, position, cancel)
    return put.ok ? done(position + chunk.length) : put
  }

  async #putChunk(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<void>> {
    const number = position / this.chunkBytes
    if (!Number.isSafeInteger(number)) return failed(this.#gone('a part is missing'))
    this.#told.set(number, null)
    const answer = await this.#server.tell({
      method: 'PUT',
      at: this.#at(number),
      path: this.#order.path,
      headers: { 'content-type': 'application/octet-stream', 'x-hash': 'sha256', ...this.#headers() },
      body: chunk,
      timeoutMs: sendingMs(chunk.length),
      cancel,
      // 412: the server’s memory of this upload was emptied.
      accept: [200, 201, 204, 404, 409, 412],
    })
    if (!answer.ok) return answer
    const { status, headers } = answer.value
    if (status >= 400) return failed(this.#gone(`HTTP ${status}`))
    return this.#compare(number, chunk, headers.get('x-hash-sha256'))
  }

  async #compare(number: number, chunk: Uint8Array, told: string | null): Promise<Result<void>> {
    if (told === null) {
      // Servers that keep their files in an object store don’t tell: then the file is read back.
      this.#tellsHashes = false
      this.#told.delete(number)
      return done(undefined)
    }
    const own = this.digest.hashOf(number) ?? sha256(chunk)
    if (told.toLowerCase() === own.toString('hex')) {
      this.#told.set(number, own)
      return done(undefined)
    }
    // It stays unanswered in our books as well, so that `state` asks for it again even if it can't be removed.
    await this.#server.remove(this.#at(number), this.#order.path)
    return failed(damagedOnTheWay(this.#server.place, this.#order.path, `SHA-256 of chunk ${number + 1} differs`))
  }

  #at(number: number): string {
    return `${this.#folder}/${String(number + 1).padStart(5, '0')}`
  }

  #headers(): Readonly<Record<string, string>> {
    const { path, bytes } = this.#order
    return { destination: this.#server.destination(this.#server.at(path)), 'oc-total-length': String(bytes) }
  }

  async finish(last: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    if (last.length > 0) {
      const put = await this.#putChunk(last, position, cancel)
      if (!put.ok) return put
    }
    const { path, bytes, mtimeMs } = this.#order
    const headers = { ...timeHeader(mtimeMs), 'oc-total-length': String(bytes) }
    const moved = await this.#server.move(`${this.#folder}/.file`, path, { overwrite: false, bytes, headers })
    if (!moved.ok)
      return moved.failure.cause?.startsWith('HTTP 400') === true ? failed(this.#gone(moved.failure.cause)) : moved
    const named = await this.#server.entry(this.#server.at(path), path)
    if (!named.ok) return named
    if (moved.value.status === 412 && named.value !== null) return done('taken')
    if (moved.value.status >= 400) return this.#storedBefore()
    if (named.value === null) return failed(this.#gone('it is not there after it was put together'))
    const { fileId, ...stored } = named.value
    return done({ bytes: stored.bytes, mtimeMs: stored.mtimeMs, objectId: fileId, digests: this.#digests() })
  }

  async #storedBefore(): Promise<Result<StoredFile>> {
    const state = await this.state()
    if (!state.ok) return state
    return state.value.kind === 'stored' ? done(state.value.file) : failed(this.#gone('the server knows it no more'))
  }

  /** Only when the server itself said the same of every chunk, in this very upload: of earlier ones we have no word. */
  #digests(): Readonly<Record<string, string>> {
    const hashes: Buffer[] = []
    for (let number = 0; number < this.#chunks; number += 1) {
      const hash = this.#told.get(number) ?? null
      if (hash === null) return {}
      hashes.push(hash)
    }
    return { [chunkAlgorithm(this.chunkBytes)]: overChunks(hashes) }
  }

  async state(): Promise<Result<UploadState>> {
    const { path, bytes, mtimeMs } = this.#order
    const whole = await this.#wholeChunks()
    if (!whole.ok) return whole
    if (whole.value !== null) {
      const committedBytes = Math.min(whole.value * this.chunkBytes, bytes)
      return done({ kind: 'open', committedBytes })
    }
    const named = await this.#server.entry(this.#server.at(path), path)
    if (!named.ok) return named
    // By size and by the time that we asked for: somebody else’s file of this name must not pass for ours.
    const isOurs = named.value?.bytes === bytes && named.value.mtimeMs === Math.floor(mtimeMs / 1000) * 1000
    if (named.value === null || !isOurs) return done({ kind: 'gone' })
    const file = { bytes, mtimeMs: named.value.mtimeMs, objectId: named.value.fileId, digests: {} }
    return done({ kind: 'stored', file })
  }

  /** How many chunks from the first on are there whole; null when the upload is forgotten. */
  async #wholeChunks(): Promise<Result<number | null>> {
    const entries = await this.#server.entries(`${this.#folder}/`, this.#order.path, '1')
    if (!entries.ok) return entries
    if (entries.value === null) return done(null)
    const sizes = new Map<number, number>()
    for (const { path, bytes, isFolder } of entries.value) {
      const name = path?.split('/').at(-1) ?? ''
      if (!isFolder && /^\d+$/.test(name)) sizes.set(Number(name) - 1, bytes)
    }
    let whole = 0
    while (whole < this.#chunks && sizes.get(whole) === this.#lengthOf(whole) && this.#isHeard(whole)) whole += 1
    return done(whole)
  }

  /** A chunk of this run whose answer was lost is sent again: cheaper than to read back the whole file for want of its hash. */
  #isHeard(number: number): boolean {
    return !this.#tellsHashes || this.#told.get(number) !== null
  }

  #lengthOf(number: number): number {
    return Math.min(this.chunkBytes, this.#order.bytes - number * this.chunkBytes)
  }

  async abandon(): Promise<void> {
    await this.#server.remove(`${this.#folder}/`, this.#order.path)
  }

  readonly #gone = (why: string): Failure => uploadGone(this.#server.place, this.#order.path, why)
}
