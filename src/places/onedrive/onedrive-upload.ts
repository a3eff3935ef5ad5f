/**
 * One file to OneDrive, in fragments to an address that is itself the permission to write (a secret, S1). It takes a fragment whole or
 * not at all, tells how far it is, and gives the name with the last one. The address ends after a day.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { StoredFile, Upload, UploadOrder, UploadState } from '../../engine/cloud-contract.ts'
import { startQuickXorDigest } from '../cloud/digests.ts'
import { parseFields, textIn } from '../cloud/json-fields.ts'
import { KeptDigest } from '../cloud/kept-digest.ts'
import { serviceError, uploadGone } from '../cloud/cloud-failure.ts'
import type { GraphAnswer, OnedriveApi } from './onedrive-api.ts'
import { answerFailure } from './onedrive-api.ts'
import type { Whereabouts } from './onedrive-entries.ts'
import { fileIn, timesOf, withoutTag } from './onedrive-entries.ts'

/** 32 times the 320 KiB of which every fragment but the last must be a multiple. */
const chunkBytes = 32 * 320 * 1024
/** The hash may come a little after the file. What is not there after these waits is asked for another day. */
const hashWaitsMs: readonly number[] = [250, 500, 1000]

export interface OnedriveSending {
  readonly api: OnedriveApi
  readonly whereabouts: Whereabouts
  readonly order: UploadOrder
  readonly stat: () => Promise<Result<StoredFile | null>>
}

export async function beginOnedriveUpload(sending: OnedriveSending): Promise<Result<Upload>> {
  const { api, whereabouts, order } = sending
  if (order.bytes === 0) return done(new OnedriveEmpty(sending))
  if (order.session !== null) return goOn(sending, order.session)
  const begun = await api.ask({
    method: 'POST',
    at: whereabouts.at(order.path, '/createUploadSession'),
    json: {
      item: {
        '@microsoft.graph.conflictBehavior': 'fail',
        // With its size, a full account says so now and not after the last byte.
        fileSize: order.bytes,
        fileSystemInfo: timesOf(order.mtimeMs),
      },
    },
  })
  if (!begun.ok) return begun
  if (begun.value.status === 409) return done(new OnedriveTaken(sending))
  const uploadUrl = textIn(begun.value.fields, 'uploadUrl')
  if (!begun.value.isOk) return failed(answerFailure(api.place, order.path, begun.value))
  if (uploadUrl === null) return failed(serviceError(api.place, 'an upload session without its address'))
  return done(new OnedriveSession(sending, uploadUrl, 0))
}

async function goOn(sending: OnedriveSending, session: string): Promise<Result<Upload>> {
  const { api, order } = sending
  const kept = parseFields(session)
  const uploadUrl = textIn(kept, 'uploadUrl')
  // The name was settled when the session was made: for another one it is of no use.
  if (uploadUrl === null || textIn(kept, 'path') !== order.path)
    return failed(uploadGone(api.place, order.path, 'the session is of another file'))
  const reached = await askReached(sending, uploadUrl)
  if (!reached.ok) return reached
  if (reached.value === null || reached.value > order.bytes)
    return failed(uploadGone(api.place, order.path, 'the session is unknown or over'))
  return done(new OnedriveSession(sending, uploadUrl, reached.value))
}

/** An address that is over says 404; some accounts say that its token is. */
const isOver = ({ status }: GraphAnswer): boolean => status === 404 || status === 410 || status === 401

/** Up to where the service has the file; null when it knows the session no more. */
async function askReached({ api, order }: OnedriveSending, uploadUrl: string): Promise<Result<number | null>> {
  const asked = await api.askOpen({ method: 'GET', at: uploadUrl })
  if (!asked.ok) return asked
  if (isOver(asked.value)) return done(null)
  if (!asked.value.isOk) return failed(answerFailure(api.place, order.path, asked.value))
  const next = nextOf(asked.value, order.bytes)
  return next === null
    ? failed(serviceError(api.place, 'an upload session that does not say what it waits for'))
    : done(next)
}

/** Where it goes on, by `nextExpectedRanges`: all is there when nothing is expected. */
function nextOf({ fields }: GraphAnswer, bytes: number): number | null {
  const ranges: unknown = fields['nextExpectedRanges']
  if (!Array.isArray(ranges)) return null
  if (ranges.length === 0) return bytes
  const starts = ranges.map((range: unknown) => Number.parseInt(String(range), 10)).filter((start) => start >= 0)
  return starts.length === 0 ? null : Math.min(...starts)
}

class OnedriveSession implements Upload {
  readonly session: string
  readonly committedBytes: number
  readonly chunkBytes = chunkBytes
  readonly digest = new KeptDigest(startQuickXorDigest())
  readonly #sending: OnedriveSending
  readonly #uploadUrl: string
  #mayBeNamed = false

  constructor(sending: OnedriveSending, uploadUrl: string, committedBytes: number) {
    this.#sending = sending
    this.#uploadUrl = uploadUrl
    this.session = JSON.stringify({ uploadUrl, path: sending.order.path })
    this.committedBytes = committedBytes
  }

  async send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    const { api, order } = this.#sending
    const sent = await this.#put(chunk, position, cancel)
    if (!sent.ok) return sent
    if (sent.value.isOk) return done(nextOf(sent.value, order.bytes) ?? position + chunk.length)
    if (isOver(sent.value)) return failed(this.#gone(sent.value.cause))
    if (sent.value.status !== 416) return failed(answerFailure(api.place, order.path, sent.value))
    // It has these bytes from a try of which only the answer was lost, or not yet what is before them.
    const reached = await askReached(this.#sending, this.#uploadUrl)
    if (!reached.ok) return reached
    return reached.value === null ? failed(this.#gone('HTTP 404')) : done(reached.value)
  }

  #gone(cause: string): ReturnType<typeof uploadGone> {
    return uploadGone(this.#sending.api.place, this.#sending.order.path, cause)
  }

  #put(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<GraphAnswer>> {
    const { api, order } = this.#sending
    const range = `bytes ${position}-${position + chunk.length - 1}/${order.bytes}`
    return api.askOpen({
      method: 'PUT',
      at: this.#uploadUrl,
      bytes: chunk,
      headers: { 'content-range': range },
      cancel,
    })
  }

  async finish(lastChunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    const { api, order } = this.#sending
    this.#mayBeNamed = true
    const sent = lastChunk.length === 0 ? await this.#complete() : await this.#put(lastChunk, position, cancel)
    if (!sent.ok) return sent
    const { status, cause } = sent.value
    if (sent.value.isOk) {
      const file = fileIn(sent.value.fields)
      return file === null
        ? failed(serviceError(api.place, `HTTP ${status}: it still waits for bytes after the last one`))
        : done(await withHash(this.#sending, withoutTag(file)))
    }
    if (status === 409) {
      // The session outlives the refusal, with all its bytes: it is of no more use.
      await this.abandon()
      return done('taken')
    }
    if (isOver(sent.value)) return this.#afterItsEnd(cause)
    if (status === 416) return this.#whenItHasAll(cause)
    return failed(answerFailure(api.place, order.path, sent.value))
  }

  /** All bytes are there, and only the name was not given: an empty POST asks for that. */
  #complete(): Promise<Result<GraphAnswer>> {
    return this.#sending.api.askOpen({ method: 'POST', at: this.#uploadUrl, bytes: new Uint8Array(0) })
  }

  async #whenItHasAll(cause: string): Promise<Result<'taken' | StoredFile>> {
    const { api, order } = this.#sending
    const reached = await askReached(this.#sending, this.#uploadUrl)
    if (!reached.ok) return reached
    if (reached.value === null) return this.#afterItsEnd(cause)
    if (reached.value !== order.bytes) return failed(serviceError(api.place, cause))
    return this.finish(new Uint8Array(0), order.bytes, noCancel)
  }

  async #afterItsEnd(cause: string): Promise<Result<StoredFile>> {
    const own = await this.#own()
    if (!own.ok) return own
    return own.value === null ? failed(this.#gone(cause)) : done(own.value)
  }

  /** The file that has the name, when it is the one that was sent: a stranger's file is never told as ours (W2). */
  async #own(): Promise<Result<StoredFile | null>> {
    if (!this.#mayBeNamed) return done(null)
    const there = await this.#sending.stat()
    if (!there.ok || there.value === null) return there
    const file = await withHash(this.#sending, there.value)
    return done(this.digest.isOf(file, this.#sending.order) ? file : null)
  }

  async state(): Promise<Result<UploadState>> {
    const reached = await askReached(this.#sending, this.#uploadUrl)
    if (!reached.ok) return reached
    if (reached.value !== null) return done({ kind: 'open', committedBytes: reached.value })
    const own = await this.#own()
    if (!own.ok) return own
    return done(own.value === null ? { kind: 'gone' } : { kind: 'stored', file: own.value })
  }

  async abandon(): Promise<void> {
    // What could not be taken back ends by itself after a day; it is shown nowhere until then.
    await this.#sending.api.askOpen({ method: 'DELETE', at: this.#uploadUrl })
  }
}

const noCancel: Cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }

/** Asks a few times for a hash that is not there yet. Without one the file is read back: it is never believed. */
async function withHash({ stat }: OnedriveSending, file: StoredFile): Promise<StoredFile> {
  let newest = file
  for (const waitMs of hashWaitsMs) {
    if (newest.digests['quickxor'] !== undefined) return newest
    await sleep(waitMs)
    const there = await stat()
    if (!there.ok || there.value === null || there.value.objectId !== file.objectId) return newest
    newest = there.value
  }
  return newest
}

/** There are no upload sessions of no bytes: an empty file is laid in one request. */
class OnedriveEmpty implements Upload {
  readonly session = null
  readonly committedBytes = 0
  readonly chunkBytes = chunkBytes
  readonly digest = new KeptDigest(startQuickXorDigest())
  readonly #sending: OnedriveSending

  constructor(sending: OnedriveSending) {
    this.#sending = sending
  }

  send(): Promise<Result<number>> {
    throw new Error('An empty file has no chunk before the last one.')
  }

  async finish(_last: Uint8Array, _position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    const { api, whereabouts, order } = this.#sending
    const put = await putWhole(api, whereabouts, order.path, new Uint8Array(0), 'fail', cancel)
    if (!put.ok) return put
    if (put.value.status === 409) return done('taken')
    const file = put.value.isOk ? fileIn(put.value.fields) : null
    if (file === null) return failed(answerFailure(api.place, order.path, put.value))
    const at = `/items/${encodeURIComponent(file.objectId)}`
    const timed = await api.ask({ method: 'PATCH', at, json: { fileSystemInfo: timesOf(order.mtimeMs) } })
    // Without its time it is the same file; the service's own time stands there then.
    const known = timed.ok && timed.value.isOk ? fileIn(timed.value.fields) : null
    return done(withoutTag(known ?? file))
  }

  async state(): Promise<Result<UploadState>> {
    const there = await this.#sending.stat()
    if (!there.ok) return there
    return done(there.value?.bytes === 0 ? { kind: 'stored', file: there.value } : { kind: 'open', committedBytes: 0 })
  }

  async abandon(): Promise<void> {
    // Nothing is there before the one request, and what it stored has its name.
  }
}

/** The whole of a small file in one request. Any status is an answer. */
export const putWhole = (
  api: OnedriveApi,
  whereabouts: Whereabouts,
  path: string,
  bytes: Uint8Array,
  behaviour: 'fail' | 'replace',
  cancel?: Cancel,
): Promise<Result<GraphAnswer>> =>
  api.ask({
    method: 'PUT',
    at: `${whereabouts.at(path, '/content')}?@microsoft.graph.conflictBehavior=${behaviour}`,
    bytes,
    headers: { 'content-type': 'application/octet-stream' },
    ...(cancel === undefined ? {} : { cancel }),
  })

/**
 * Some accounts refuse a taken name when the session is made. What lies there may be about to make way (M2), so that is said at the
 * end, and nothing is sent until then: when the name has become free, the upload begins anew.
 */
class OnedriveTaken implements Upload {
  readonly session = null
  readonly committedBytes = 0
  readonly chunkBytes = chunkBytes
  readonly digest = startQuickXorDigest()
  readonly #sending: OnedriveSending

  constructor(sending: OnedriveSending) {
    this.#sending = sending
  }

  async send(chunk: Uint8Array, position: number): Promise<Result<number>> {
    return done(position + chunk.length)
  }

  async finish(): Promise<Result<'taken' | StoredFile>> {
    const { api, order, whereabouts } = this.#sending
    // A file or a folder: either stands in the way.
    const there = await api.ask({ method: 'GET', at: whereabouts.at(order.path) })
    if (!there.ok) return there
    if (there.value.isOk) return done('taken')
    if (there.value.status !== 404) return failed(answerFailure(api.place, order.path, there.value))
    return failed(uploadGone(api.place, order.path, 'the name was taken when it began, and is free now'))
  }

  async state(): Promise<Result<UploadState>> {
    return done({ kind: 'gone' })
  }

  async abandon(): Promise<void> {
    // Nothing was begun.
  }
}
