/**
 * A WebDAV server as a place: Apache, nginx with dav-ext, SabreDAV, most NAS boxes (grade E: they compute nothing, so every copy is
 * read back), and Nextcloud with its own upload (`chunks=nextcloud`, grade B).
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
import type { PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type {
  Credentials,
  Download,
  ServiceAbilities,
  ServiceDigest,
  ServiceFacts,
  ServicePlace,
  StoredFile,
  Upload,
  UploadOrder,
} from '../../engine/cloud-contract.ts'
import { downloadOf } from '../cloud/answer-stream.ts'
import type { ServiceAddress } from '../cloud/cloud-address.ts'
import { fileMissing, nameRefused, serviceError, tooLarge, uploadGone } from '../cloud/cloud-failure.ts'
import type { Signer } from '../cloud/unfinished-name.ts'
import { signerOf } from '../cloud/unfinished-name.ts'
import { shortText, wholeBody } from './answer-body.ts'
import { ChunkDigest, noDigest } from './chunk-digest.ts'
import { FileTimes } from './file-times.ts'
import { quotaBody } from './multistatus.ts'
import { NameGiving } from './name-giving.ts'
import type { NextcloudRoom } from './nextcloud-upload.ts'
import {
  beginNextcloud,
  nextcloudChunkBytes,
  readNextcloudRoot,
  readSession,
  uploadPrefix,
} from './nextcloud-upload.ts'
import { PlainUpload } from './plain-upload.ts'
import { sweepFolder } from './sweep-partials.ts'
import { wrongAddress, wrongNextcloudAddress } from './webdav-failure.ts'
import { isHidden, listBelow, listsHidden } from './webdav-listing.ts'
import { WebdavServer, encodePath, partialFolder } from './webdav-server.ts'

interface WebdavAddress extends Partial<Signer> {
  readonly id: PlaceId
  readonly name: string
  readonly address: Extract<ServiceAddress, { kind: 'webdav' | 'sftp' }>
}

const plainChunkBytes = 4 * 1024 * 1024
/** Of the file systems behind the servers; beyond it Apache says that it is forbidden, and nginx that it has trouble. */
const nameBytesMax = 255
/** Our own small texts. */
const smallBytesMax = 64 * 1024 * 1024

export const openWebdavPlace = (place: WebdavAddress, credentials: Credentials): ServicePlace =>
  new WebdavPlace(place, credentials)

class WebdavPlace implements ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly abilities: ServiceAbilities
  readonly #host: string
  readonly #server: WebdavServer
  readonly #names: NameGiving
  readonly #times: FileTimes
  readonly #nextcloud: NextcloudRoom | null
  #showsHidden = false
  /** What is wrong with the address, for every verb to say. */
  readonly #trouble: Failure | null

  constructor({ id, name, address, ...signer }: WebdavAddress, credentials: Credentials) {
    this.id = id
    this.name = name
    const { user, host, port, options } = address
    const root = address.path
      .split('/')
      .filter((part) => part !== '')
      .map(decoded)
    const origin = `${options['tls'] === 'off' ? 'http' : 'https'}://${host}${port === null ? '' : `:${port}`}`
    const wantsChunks = options['chunks'] === 'nextcloud'
    const room = wantsChunks ? readNextcloudRoot(root) : null
    this.#host = host.toLowerCase()
    this.#server = new WebdavServer({ place: name, signer: signerOf(signer) }, origin, root, user, credentials)
    this.#names = new NameGiving(this.#server, wantsChunks)
    this.#times = new FileTimes(this.#server)
    this.#nextcloud =
      room === null ? null : { server: this.#server, uploads: encodePath(room.uploads), prefix: uploadPrefix(root) }
    this.#trouble = troubleOf(name, origin, options, wantsChunks && room === null)
    this.abilities = {
      kind: 'webdav',
      grade: wantsChunks ? 'B' : 'E',
      resumes: wantsChunks,
      hasTrash: wantsChunks,
      filesAtOnce: 3,
    }
  }

  async facts(): Promise<Result<ServiceFacts>> {
    const quota = await this.#quota()
    if (!quota.ok) return quota
    const { freeBytes, usedBytes } = quota.value
    return done({
      // The server and not the account: two accounts on one NAS are lost together (V2).
      deviceId: `webdav:${this.#host}`,
      freeBytes,
      totalBytes: freeBytes === null || usedBytes === null ? null : freeBytes + usedBytes,
      limits: {
        type: 'webdav',
        fileBytesMax: Number.MAX_SAFE_INTEGER,
        nameBytesMax,
        foldsCase: false,
        forbidden: '',
        mtimeStepMs: 1000,
      },
    })
  }

  /** Of the root, or of what is above it while it is not made yet. */
  async #quota(): Promise<Result<{ readonly freeBytes: number | null; readonly usedBytes: number | null }>> {
    if (this.#trouble !== null) return failed(this.#trouble)
    const { root } = this.#server
    for (let length = root.length; ; length -= 1) {
      const entries = await this.#server.entries(
        `${encodePath(root.slice(0, length)).replace(/\/$/, '')}/`,
        '',
        '0',
        quotaBody,
      )
      if (!entries.ok) return entries
      const [entry] = entries.value ?? []
      if (entry !== undefined) return entry.isFolder ? done(entry) : failed(wrongAddress(this.name))
      if (length === 0) return failed(wrongAddress(this.name))
    }
  }

  async stat(path: string): Promise<Result<StoredFile | null>> {
    const wrong = this.#wrong(path)
    if (wrong !== null) return failed(wrong)
    const entry = await this.#server.entry(this.#server.at(path), path)
    if (!entry.ok) return entry
    if (entry.value === null || entry.value.isFolder) return done(null)
    // Also Nextcloud's `oc:checksums` is only what some client claimed (grade D): no digest.
    const { bytes, mtimeMs, fileId } = entry.value
    return done({ bytes, mtimeMs, objectId: fileId, digests: {} })
  }

  async list(folder: string, cancel: Cancel, onward?: () => void): Promise<Result<PlaceListing>> {
    if (this.#trouble !== null) return failed(this.#trouble)
    return listBelow(this.#server, folder, cancel, onward ?? (() => undefined))
  }

  async begin(order: UploadOrder): Promise<Result<Upload>> {
    const may = await this.#mayStore(order.path)
    if (!may.ok) return may
    const isNextcloud = this.#nextcloud !== null
    const chunkBytes = isNextcloud ? nextcloudChunkBytes(order.bytes) : plainChunkBytes
    // A file of one chunk needs no folder of chunks: two requests instead of three.
    if (this.#nextcloud !== null && order.bytes > chunkBytes) return beginNextcloud(order, this.#nextcloud)
    if (order.session !== null) return failed(uploadGone(this.name, order.path, 'it was begun in another way'))
    const digest = this.startDigest(order.bytes)
    const tools = { server: this.#server, names: this.#names, times: this.#times }
    return done(new PlainUpload(order, tools, { chunkBytes, digest, asksHash: isNextcloud }))
  }

  async download(path: string, from: number, cancel: Cancel): Promise<Result<Download>> {
    const wrong = this.#wrong(path)
    if (wrong !== null) return failed(wrong)
    const range: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` }
    const at = this.#server.at(path)
    const answer = await this.#server.ask({ method: 'GET', at, path, headers: range, cancel, accept: [200, 206, 416] })
    if (!answer.ok) return answer
    if (answer.value.status !== 416) return downloadOf(this.name, answer.value, from, cancel)
    await shortText(answer.value)
    // Nothing is behind the end: no range of it can be had.
    const stored = await this.stat(path)
    if (!stored.ok) return stored
    if (stored.value === null) return failed(fileMissing(this.name, path))
    if (stored.value.bytes !== from) return failed(serviceError(this.name, 'HTTP 416 inside the file'))
    return done({ bytes: from, chunks: noPieces() })
  }

  async getSmall(path: string): Promise<Result<Uint8Array | null>> {
    // Of a folder many servers hand out a page for people to read.
    const there = await this.#fileAt(path)
    if (!there.ok) return there
    if (!there.value) return done(null)
    const answer = await this.#server.ask({ method: 'GET', at: this.#server.at(path), path, accept: [200, 404] })
    if (!answer.ok) return answer
    if (answer.value.status === 404) {
      await shortText(answer.value)
      return done(null)
    }
    const bytes = await wholeBody(this.name, answer.value, smallBytesMax)
    if (!bytes.ok) return bytes
    return bytes.value === null ? failed(tooLarge(this.name, path, 'too long for a text of ours')) : done(bytes.value)
  }

  /** By way of a temporary name also in place of an older one: a PUT that is cut leaves half a text at some servers. */
  async putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>> {
    const may = await this.#mayStore(path)
    if (!may.ok) return may
    const temporary = this.#server.newPartial()
    const laid = await this.#server.putWhole(temporary, bytes, {})
    if (!laid.ok) return laid
    const given = how === 'new' ? await this.#names.give(temporary, path) : await this.#replace(temporary, path)
    if (given.ok && given.value === 'moved') return done('put')
    await this.#server.remove(this.#server.at(temporary), temporary)
    if (!given.ok) return given
    return given.value === 'taken' ? done('taken') : failed(serviceError(this.name, 'a file of ours was removed'))
  }

  async #replace(temporary: string, path: string): Promise<Result<'moved' | 'absent'>> {
    const moved = await this.#server.move(this.#server.at(temporary), path, { overwrite: true })
    if (!moved.ok) return moved
    return done(moved.value.status >= 400 ? 'absent' : 'moved')
  }

  async move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    const there = await this.#fileAt(from)
    if (!there.ok) return there
    const may = await this.#mayStore(to)
    if (!may.ok) return may
    return there.value ? this.#names.give(from, to) : done('absent')
  }

  async remove(path: string): Promise<Result<'removed' | 'absent'>> {
    const there = await this.#fileAt(path)
    if (!there.ok) return there
    if (!there.value) return done('absent')
    const removed = await this.#server.remove(this.#server.at(path), path)
    return removed.ok ? done(removed.value ? 'removed' : 'absent') : removed
  }

  /** Looked at first: of a folder, DELETE and MOVE would take everything in it along. */
  async #fileAt(path: string): Promise<Result<boolean>> {
    const stored = await this.stat(path)
    return stored.ok ? done(stored.value !== null) : stored
  }

  async sweep(sessions: readonly string[], nowMs: number): Promise<Result<number>> {
    if (this.#trouble !== null) return failed(this.#trouble)
    const server = this.#server
    const swept = await sweepFolder(server, `${server.at(partialFolder)}/`, () => true, nowMs)
    if (!swept.ok || this.#nextcloud === null) return swept
    const { uploads, prefix } = this.#nextcloud
    const kept = new Set(sessions.map((session) => readSession(session)?.id))
    const mayGo = (name: string): boolean => name.startsWith(prefix) && !kept.has(name)
    const chunks = await sweepFolder(server, `${uploads}/`, mayGo, nowMs)
    return chunks.ok ? done(swept.value + chunks.value) : chunks
  }

  startDigest(bytes: number): ServiceDigest {
    return this.#nextcloud === null ? noDigest : new ChunkDigest(nextcloudChunkBytes(bytes))
  }

  /** `fetch` lets go of its connections by itself. */
  async close(): Promise<void> {}

  /** Also whether what is stored there would be seen again. */
  async #mayStore(path: string): Promise<Result<void>> {
    const wrong = this.#wrong(path)
    if (wrong !== null) return failed(wrong)
    if (path.split('/').some((name) => Buffer.byteLength(name) > nameBytesMax))
      return failed(nameRefused(this.name, path, `longer than ${nameBytesMax} bytes`))
    if (!isHidden(path)) return done(undefined)
    if (!this.#showsHidden) {
      const shows = await listsHidden(this.#server)
      if (!shows.ok) return shows
      this.#showsHidden = shows.value
    }
    const why = 'names that begin with a dot are not listed by this server'
    return this.#showsHidden ? done(undefined) : failed(nameRefused(this.name, path, why))
  }

  #wrong(path: string): Failure | null {
    if (path.split('/').some((name) => name === '' || name === '.' || name === '..' || name.includes('\0')))
      throw new Error(`Not a path inside a place: ${JSON.stringify(path)}`)
    return this.#trouble
  }
}

function troubleOf(
  name: string,
  origin: string,
  options: Readonly<Record<string, string>>,
  isNoNextcloud: boolean,
): Failure | null {
  if (isNoNextcloud || (options['chunks'] ?? 'nextcloud') !== 'nextcloud') return wrongNextcloudAddress(name)
  return URL.canParse(origin) && (options['tls'] ?? 'off') === 'off' ? null : wrongAddress(name)
}

/** An address may be written as a browser shows it, or as a person reads it. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

async function* noPieces(): AsyncGenerator<Uint8Array> {
  // There are none.
}
