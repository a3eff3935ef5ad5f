/**
 * One file to Dropbox. A file of one chunk goes in one request; a longer one through an upload session, which lives for seven days and
 * is shown nowhere. There is no question “how far are you?”: an empty piece at a wrong position is answered with the right one.
 */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { StoredFile, Upload, UploadOrder, UploadState } from '../../engine/cloud-contract.ts'
import { startDropboxDigest } from '../cloud/digests.ts'
import { textIn } from '../cloud/json-fields.ts'
import { KeptDigest } from '../cloud/kept-digest.ts'
import { serviceError, uploadGone } from '../cloud/cloud-failure.ts'
import type { DropboxAnswer, DropboxApi, Refusal } from './dropbox-api.ts'
import { refusalFailure } from './dropbox-api.ts'
import { commitOf, fileIn, withoutRevision } from './dropbox-files.ts'

/** A multiple of the 4 MiB over which Dropbox hashes; on a slow line it is half a minute's work that a cut can cost. */
const chunkBytes = 8 * 1024 * 1024

export interface DropboxSending {
  readonly api: DropboxApi
  /** In the account, with the place's root. */
  readonly dropboxPath: string
  readonly order: UploadOrder
  readonly stat: () => Promise<Result<StoredFile | null>>
}

export async function beginDropboxUpload(sending: DropboxSending): Promise<Result<Upload>> {
  const { api, order } = sending
  if (order.bytes <= chunkBytes) return done(new DropboxSingle(sending))
  const nothing = new Uint8Array(0)
  if (order.session === null) {
    const started = await api.send('files/upload_session/start', { close: false }, nothing)
    if (!started.ok) return started
    if (started.value.kind === 'refused') return failed(refusalFailure(api.place, order.path, started.value))
    const session = textIn(started.value.fields, 'session_id')
    if (session === null) return failed(serviceError(api.place, 'an upload session without a name'))
    return done(new DropboxSession(sending, session, 0))
  }
  const reached = await askPosition(sending, order.session, 0)
  if (!reached.ok) return reached
  if (reached.value === null || reached.value > order.bytes)
    return failed(uploadGone(api.place, order.path, 'the session is unknown, over, or of another file'))
  return done(new DropboxSession(sending, order.session, reached.value))
}

/** Up to where the service has the file; null when it knows the session no more, or has closed it. */
async function askPosition(
  { api, order }: DropboxSending,
  session: string,
  believed: number,
): Promise<Result<number | null>> {
  const cursor = { session_id: session, offset: believed }
  const asked = await api.send('files/upload_session/append_v2', { cursor, close: false }, new Uint8Array(0))
  if (!asked.ok) return asked
  if (asked.value.kind === 'done') return done(believed)
  if (asked.value.correctOffset !== null) return done(asked.value.correctOffset)
  return isOver(asked.value) ? done(null) : failed(refusalFailure(api.place, order.path, asked.value))
}

const isOver = ({ tags }: Refusal): boolean =>
  !tags.includes('path') && (tags.includes('not_found') || tags.includes('closed'))

const isTaken = ({ tags }: Refusal): boolean => tags[0] === 'path' && tags.includes('conflict')

/** Dropbox refuses the bytes of a request when they are not of this hash: damage on the line is not stored. */
function hashOf(bytes: Uint8Array): string {
  const digest = startDropboxDigest()
  digest.update(bytes)
  return digest.end().digest
}

function storedOr(sending: DropboxSending, answer: DropboxAnswer): Result<'taken' | StoredFile> {
  const { api, order } = sending
  if (answer.kind === 'refused')
    return isTaken(answer) ? done('taken') : failed(refusalFailure(api.place, order.path, answer))
  const file = fileIn(answer.fields)
  return file === null ? failed(serviceError(api.place, 'a stored file without its size')) : done(withoutRevision(file))
}

class DropboxSession implements Upload {
  readonly session: string
  readonly committedBytes: number
  readonly chunkBytes = chunkBytes
  readonly digest = new KeptDigest(startDropboxDigest())
  readonly #sending: DropboxSending
  /** Up to where the service has the file, as far as it is known here. */
  #reached: number
  #mayBeNamed = false

  constructor(sending: DropboxSending, session: string, committedBytes: number) {
    this.#sending = sending
    this.session = session
    this.committedBytes = committedBytes
    this.#reached = committedBytes
  }

  async send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    const { api, order } = this.#sending
    const sent = await api.send(
      'files/upload_session/append_v2',
      { cursor: { session_id: this.session, offset: position }, close: false, content_hash: hashOf(chunk) },
      chunk,
      cancel,
    )
    if (!sent.ok) return sent
    const { value } = sent
    if (value.kind === 'done') this.#reached = position + chunk.length
    else if (value.correctOffset === null) return failed(refusalFailure(api.place, order.path, value))
    // It has these bytes from a try of which only the answer was lost, or less than was believed.
    else this.#reached = value.correctOffset
    return done(this.#reached)
  }

  async finish(lastChunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    this.#mayBeNamed = true
    const end = position + lastChunk.length
    const first = await this.#commit(lastChunk, position, cancel)
    if (!first.ok) return first
    let answer = first.value
    // The bytes arrived before, only the name was not given: it is given to what is there.
    if (answer.kind === 'refused' && answer.correctOffset === end && end !== position) {
      const again = await this.#commit(new Uint8Array(0), end, cancel)
      if (!again.ok) return again
      answer = again.value
    }
    if (answer.kind === 'refused' && isOver(answer)) return this.#afterItsEnd()
    return storedOr(this.#sending, answer)
  }

  #commit(bytes: Uint8Array, position: number, cancel: Cancel): Promise<Result<DropboxAnswer>> {
    const { api, dropboxPath, order } = this.#sending
    return api.send(
      'files/upload_session/finish',
      {
        cursor: { session_id: this.session, offset: position },
        commit: commitOf(dropboxPath, order.mtimeMs),
        ...(bytes.length === 0 ? {} : { content_hash: hashOf(bytes) }),
      },
      bytes,
      cancel,
    )
  }

  async #afterItsEnd(): Promise<Result<StoredFile>> {
    const { api, order } = this.#sending
    const own = await this.#own()
    if (!own.ok) return own
    return own.value === null ? failed(uploadGone(api.place, order.path, 'the session is over')) : done(own.value)
  }

  /** The file that has the name, when it is the one that was sent: a stranger's file is never told as ours (W2). */
  async #own(): Promise<Result<StoredFile | null>> {
    if (!this.#mayBeNamed) return done(null)
    const there = await this.#sending.stat()
    if (!there.ok || there.value === null) return there
    return done(this.digest.isOf(there.value, this.#sending.order) ? there.value : null)
  }

  async state(): Promise<Result<UploadState>> {
    const reached = await askPosition(this.#sending, this.session, this.#reached)
    if (!reached.ok) return reached
    if (reached.value !== null) {
      this.#reached = reached.value
      return done({ kind: 'open', committedBytes: reached.value })
    }
    const own = await this.#own()
    if (!own.ok) return own
    return done(own.value === null ? { kind: 'gone' } : { kind: 'stored', file: own.value })
  }

  async abandon(): Promise<void> {
    // A session can't be taken back, only closed: it is shown nowhere, counts for no quota and ends by itself after seven days.
    const asked = await this.#close(this.#reached)
    const correct = asked.ok && asked.value.kind === 'refused' ? asked.value.correctOffset : null
    if (correct !== null) await this.#close(correct)
  }

  #close(offset: number): Promise<Result<DropboxAnswer>> {
    const cursor = { session_id: this.session, offset }
    return this.#sending.api.send('files/upload_session/append_v2', { cursor, close: true }, new Uint8Array(0))
  }
}

/** A file of at most one chunk: one request, all or nothing. */
class DropboxSingle implements Upload {
  readonly session = null
  readonly committedBytes = 0
  readonly chunkBytes = chunkBytes
  readonly digest = new KeptDigest(startDropboxDigest())
  readonly #sending: DropboxSending
  #mayBeNamed = false

  constructor(sending: DropboxSending) {
    this.#sending = sending
  }

  send(): Promise<Result<number>> {
    throw new Error('A file of one chunk has no chunk before the last one.')
  }

  async finish(lastChunk: Uint8Array, _position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    const { api, dropboxPath, order } = this.#sending
    this.#mayBeNamed = true
    const sent = await api.send(
      'files/upload',
      { ...commitOf(dropboxPath, order.mtimeMs), content_hash: hashOf(lastChunk) },
      lastChunk,
      cancel,
    )
    return sent.ok ? storedOr(this.#sending, sent.value) : sent
  }

  async state(): Promise<Result<UploadState>> {
    const nothing: UploadState = { kind: 'open', committedBytes: 0 }
    if (!this.#mayBeNamed) return done(nothing)
    const there = await this.#sending.stat()
    if (!there.ok) return there
    const isOurs = there.value !== null && this.digest.isOf(there.value, this.#sending.order)
    return done(isOurs && there.value !== null ? { kind: 'stored', file: there.value } : nothing)
  }

  async abandon(): Promise<void> {
    // Nothing is there before the one request, and what it stored has its name.
  }
}
