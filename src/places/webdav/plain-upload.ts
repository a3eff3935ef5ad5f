/**
 * One file in one PUT, to a name that only we use, and then the name. No server of this protocol goes on in the middle of a file that
 * can be trusted with it: most refuse a PUT with `Content-Range`, and some take it and keep only the fragment. So there is no session.
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { ServiceDigest, StoredFile, Upload, UploadOrder, UploadState } from '../../engine/cloud-contract.ts'
import { stopped } from '../cloud/http-request.ts'
import { damagedOnTheWay, serviceError, unreachable, uploadGone } from '../cloud/cloud-failure.ts'
import { BodyStream } from './body-stream.ts'
import { chunkAlgorithm, overChunks, sha256 } from './chunk-digest.ts'
import type { FileTimes } from './file-times.ts'
import type { DavEntry } from './multistatus.ts'
import type { NameGiving } from './name-giving.ts'
import type { WebdavServer } from './webdav-server.ts'

export interface UploadTools {
  readonly server: WebdavServer
  readonly names: NameGiving
  readonly times: FileTimes
}

export interface PlainManner {
  readonly chunkBytes: number
  readonly digest: ServiceDigest
  /** Nextcloud answers with the SHA-256 of what it got, when it is asked. */
  readonly asksHash: boolean
}

/** As long as the bytes need, with every pause that a limit of the line makes; a connection that stalls is noticed by `BodyStream`. */
const wholePutMs = 7 * 24 * 60 * 60 * 1000

interface LongPut {
  readonly body: BodyStream
  readonly answer: Promise<Result<Response>>
  readonly stop: AbortController
}

export class PlainUpload implements Upload {
  readonly session = null
  readonly committedBytes = 0
  readonly chunkBytes: number
  readonly digest: ServiceDigest
  readonly #order: UploadOrder
  readonly #tools: UploadTools
  readonly #manner: PlainManner
  readonly #temporary: string
  #put: LongPut | null = null
  /** How many bytes were given to the connection. */
  #given = 0
  #isBroken = false
  /** The temporary file when all of it is there. */
  #complete: DavEntry | null = null
  #digests: Readonly<Record<string, string>> = {}

  constructor(order: UploadOrder, tools: UploadTools, manner: PlainManner) {
    this.#order = order
    this.#tools = tools
    this.#temporary = tools.server.newPartial()
    this.#manner = manner
    this.chunkBytes = manner.chunkBytes
    this.digest = manner.digest
  }

  async send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    if (this.#isBroken) return failed(this.#put === null ? this.#gone('it was cut') : await this.#whatEnded(this.#put))
    if (chunk.length > 0 && position + chunk.length <= this.#given) return this.#sentBefore()
    if (position !== this.#given) return failed(this.#gone('a part is missing'))
    const put = await this.#longPut()
    if (!put.ok) return put
    const fed = await put.value.body.feed(chunk, put.value.answer, cancel)
    if (fed === 'fed') {
      this.#given += chunk.length
      return done(this.#given)
    }
    this.#isBroken = true
    if (fed === 'over') return failed(await this.#whatEnded(put.value))
    put.value.stop.abort()
    const { place } = this.#tools.server
    return failed(
      fed === 'stopped' ? stopped(place) : unreachable(place, 'the connection took nothing for two minutes'),
    )
  }

  /** Nothing is sent twice on one connection; but whoever asks again wants to know whether the server is there. */
  async #sentBefore(): Promise<Result<number>> {
    const { server } = this.#tools
    const asked = await server.entry(server.at(this.#temporary), this.#order.path)
    return asked.ok ? done(this.#given) : asked
  }

  async #longPut(): Promise<Result<LongPut>> {
    if (this.#put !== null) return done(this.#put)
    const { server, times } = this.#tools
    const above = await server.makeFoldersFor(this.#temporary)
    if (!above.ok) return above
    const body = new BodyStream()
    const stop = new AbortController()
    const answer = server.tell({
      method: 'PUT',
      at: server.at(this.#temporary),
      path: this.#order.path,
      // With its length: behind a good many servers stands one that stores nothing of a body that does not tell it.
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(this.#order.bytes),
        ...times.headers(this.#order.mtimeMs),
      },
      body: body.stream,
      timeoutMs: wholePutMs,
      cancel: stop.signal,
      accept: [200, 201, 204],
    })
    this.#put = { body, answer, stop }
    void answer.then(() => {
      this.#isBroken = true
    })
    return done(this.#put)
  }

  /** The server answered before it had everything: with a reason, or it hung up. */
  async #whatEnded(put: LongPut): Promise<Failure> {
    const { server } = this.#tools
    const answer = await put.answer
    // A folder that was removed is one of the reasons, and not every server says so.
    server.forgetFolders()
    return answer.ok ? serviceError(server.place, 'it answered before it had the whole file') : answer.failure
  }

  async finish(last: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    if (this.#complete === null) {
      const laid = await this.#lay(last, position, cancel)
      if (!laid.ok) return laid
    }
    const { names } = this.#tools
    const { path } = this.#order
    const given = await names.give(this.#temporary, path)
    if (!given.ok) return given
    if (given.value === 'taken') return done('taken')
    // The answer to an earlier try may have been lost: `state` tells that from an unfinished file that somebody swept away.
    if (given.value === 'absent') return this.#storedBefore()
    return this.#complete === null ? failed(this.#gone('it is not complete')) : done(this.#stored(this.#complete))
  }

  async #storedBefore(): Promise<Result<StoredFile>> {
    const state = await this.state()
    if (!state.ok) return state
    return state.value.kind === 'stored'
      ? done(state.value.file)
      : failed(this.#gone('the unfinished file was removed'))
  }

  /** All bytes under the temporary name, and looked at there: a file that is too short never gets its name. */
  async #lay(last: Uint8Array, position: number, cancel: Cancel): Promise<Result<void>> {
    const put =
      this.#put === null ? await this.#putWhole(last, position, cancel) : await this.#endPut(last, position, cancel)
    if (!put.ok) return put
    const { server, times } = this.#tools
    await times.set(this.#temporary, this.#order.mtimeMs, put.value)
    return this.#lookAt(server)
  }

  async #lookAt(server: WebdavServer): Promise<Result<void>> {
    const entry = await server.entry(server.at(this.#temporary), this.#order.path)
    if (!entry.ok) return entry
    if (entry.value?.bytes !== this.#order.bytes) {
      const found = entry.value === null ? 'nothing' : `${entry.value.bytes} bytes`
      return failed(serviceError(server.place, `stored ${found} of ${this.#order.bytes} bytes`))
    }
    this.#complete = entry.value
    return done(undefined)
  }

  async #putWhole(bytes: Uint8Array, position: number, cancel: Cancel): Promise<Result<Response>> {
    const { server, times } = this.#tools
    if (position !== 0 || bytes.length !== this.#order.bytes) return failed(this.#gone('a part is missing'))
    const headers = { ...times.headers(this.#order.mtimeMs), ...(this.#manner.asksHash ? { 'x-hash': 'sha256' } : {}) }
    const put = await server.putWhole(this.#temporary, bytes, headers, cancel)
    if (!put.ok) return put
    const told = put.value.headers.get('x-hash-sha256')?.toLowerCase() ?? null
    if (!this.#manner.asksHash || told === null) return put
    const own = sha256(bytes)
    if (told !== own.toString('hex')) return failed(damagedOnTheWay(server.place, this.#order.path, 'SHA-256 differs'))
    this.#digests = { [chunkAlgorithm(this.#manner.chunkBytes)]: overChunks([Buffer.from(told, 'hex')]) }
    return put
  }

  async #endPut(last: Uint8Array, position: number, cancel: Cancel): Promise<Result<Response>> {
    const sent = await this.send(last, position, cancel)
    if (!sent.ok) return sent
    const put = this.#put
    if (put === null || this.#given !== this.#order.bytes) return failed(this.#gone('a part is missing'))
    put.body.close()
    const onCancel = (): void => put.stop.abort()
    cancel.addEventListener('abort', onCancel, { once: true })
    if (cancel.aborted) onCancel()
    const answer = await put.answer
    cancel.removeEventListener('abort', onCancel)
    // Asked for once more, it is looked at (`state`), never sent again: the bytes are no longer here.
    this.#isBroken = true
    return answer.ok ? answer : failed(await this.#whatEnded(put))
  }

  #stored(entry: DavEntry): StoredFile {
    const { bytes, mtimeMs, fileId } = entry
    return { bytes, mtimeMs, objectId: fileId, digests: this.#digests }
  }

  async state(): Promise<Result<UploadState>> {
    const { server } = this.#tools
    const { path, bytes } = this.#order
    const laid = await server.entry(server.at(this.#temporary), path)
    if (!laid.ok) return laid
    if (this.#complete === null && this.#put === null) return done({ kind: 'open', committedBytes: 0 })
    if (this.#complete === null && this.#given < bytes)
      return done(this.#isBroken ? { kind: 'gone' } : { kind: 'open', committedBytes: this.#given })
    if (laid.value?.bytes === bytes) {
      this.#complete = laid.value
      return done({ kind: 'open', committedBytes: bytes })
    }
    const named = await server.entry(server.at(path), path)
    if (!named.ok) return named
    return done(
      isSame(this.#complete, named.value) ? { kind: 'stored', file: this.#stored(named.value) } : { kind: 'gone' },
    )
  }

  async abandon(): Promise<void> {
    const { server } = this.#tools
    if (this.#put !== null) {
      this.#put.stop.abort()
      await this.#put.answer
    }
    await server.remove(server.at(this.#temporary), this.#order.path)
  }

  readonly #gone = (why: string): Failure => uploadGone(this.#tools.server.place, this.#order.path, why)
}

/**
 * Is what has the name the very file that lay under the temporary one? A file of somebody else with the same size must not pass for
 * ours, since what passes for ours and is other bytes will be removed. A server that changes the time on a move only costs another look.
 */
function isSame(laid: DavEntry | null, named: DavEntry | null): named is DavEntry {
  if (laid === null || named === null || named.isFolder || named.bytes !== laid.bytes) return false
  return laid.fileId === '' ? named.mtimeMs === laid.mtimeMs && laid.mtimeMs > 0 : named.fileId === laid.fileId
}
