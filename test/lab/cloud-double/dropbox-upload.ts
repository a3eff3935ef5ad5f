/** Uploads to Dropbox: sessions in order or concurrent, and the commit that gives a name. From files.stone. */
import { randomBytes } from 'node:crypto'
import type { Blob } from './byte-store.ts'
import { Args, headerArg, malformed, mustBeStream } from './dropbox-args.ts'
import { conflict, dropboxHashes, pathTrouble } from './dropbox-files.ts'
import type { DropboxEntry, DropboxFiles } from './dropbox-files.ts'
import { BodyCut, Refusal } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { HashSet } from './hashes.ts'
import type { Json } from './json.ts'

const MOST_PER_REQUEST = 150 * 1024 * 1024
const CONCURRENT_UNIT = 4 * 1024 * 1024
const WEEK_MS = 7 * 24 * 60 * 60 * 1000

interface Piece {
  readonly offset: number
  readonly bytes: Buffer
}

export interface DropboxSession {
  readonly id: string
  readonly concurrent: boolean
  readonly blob: Blob
  readonly bornMs: number
  closed: boolean
  /** Of a concurrent session, what came and is not joined yet; held in memory. */
  pieces: Piece[]
  /** Of a concurrent session: where its closing append ended. */
  endBytes: number | null
}

const cursorFields = 'session_id offset'
const commitFields = 'path mode autorename client_modified mute property_groups strict_conflict'
const clientTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

export interface DropboxUploadHabits {
  /** What a request on a session that was committed is told. files.stone: “closed (i.e. committed)”; others saw `not_found`. */
  afterFinish: 'not_found' | 'closed'
}

export class DropboxUploads {
  readonly habits: DropboxUploadHabits = { afterFinish: 'closed' }
  readonly sessions = new Map<string, DropboxSession>()
  readonly #finished = new Set<string>()
  readonly #files: DropboxFiles

  constructor(files: DropboxFiles) {
    this.#files = files
  }

  async start(x: Exchange): Promise<void> {
    const route = 'files/upload_session/start'
    const arg = new Args(route, headerArg(x, route), 'close session_type content_hash')
    mustBeStream(x, route)
    const concurrent = arg.union('session_type', 'sequential').tag === 'concurrent'
    const session: DropboxSession = {
      id: `pid_upload_session:${randomBytes(24).toString('base64url')}`,
      concurrent,
      blob: this.#files.store.make(dropboxHashes),
      bornMs: this.#files.nowMs(),
      closed: false,
      pieces: [],
      endBytes: null,
    }
    x.entry.session = session.id
    if (concurrent) {
      const bytes = await x.bytes(MOST_PER_REQUEST)
      if (bytes.length > 0)
        throw conflict('concurrent_session_data_not_allowed', { '.tag': 'concurrent_session_data_not_allowed' })
    } else await this.#take(x, session.blob, arg.textOr('content_hash', null))
    session.closed = arg.flag('close')
    this.sessions.set(session.id, session)
    await x.answer(200, { session_id: session.id })
  }

  async append(x: Exchange): Promise<void> {
    const route = 'files/upload_session/append_v2'
    const arg = new Args(route, headerArg(x, route), 'cursor close content_hash')
    mustBeStream(x, route)
    const cursor = arg.below('cursor', cursorFields)
    const [id, offset, hash] = [cursor.text('session_id'), cursor.number('offset'), arg.textOr('content_hash', null)]
    x.entry.session = id
    const session = this.#look(id, (error) => conflict(tagOf(error), error))
    const close = arg.flag('close')
    if (session.concurrent) await this.#appendPiece(x, session, offset, close)
    else {
      await session.blob.inTurn(async () => {
        this.#mustContinue(session, offset, (error) => conflict(tagOf(error), error))
        await this.#take(x, session.blob, hash)
        if (close) session.closed = true
      })
    }
    await x.answer(200, 'null', { 'content-type': 'application/json' })
  }

  async #appendPiece(x: Exchange, session: DropboxSession, offset: number, close: boolean): Promise<void> {
    if (session.closed) throw conflict('closed', { '.tag': 'closed' })
    const bytes = await x.bytes(MOST_PER_REQUEST)
    const wrong = (tag: string): Refusal => conflict(tag, { '.tag': tag })
    if (offset % CONCURRENT_UNIT !== 0) throw wrong('concurrent_session_invalid_offset')
    if (!close && bytes.length % CONCURRENT_UNIT !== 0) throw wrong('concurrent_session_invalid_data_size')
    session.pieces.push({ offset, bytes })
    if (close) {
      session.closed = true
      session.endBytes = offset + bytes.length
    }
  }

  #look(id: string, wrap: (error: Json) => Refusal): DropboxSession {
    const session = this.sessions.get(id)
    if (session === undefined && this.#finished.has(id)) throw wrap({ '.tag': this.habits.afterFinish })
    if (session === undefined || this.#files.nowMs() - session.bornMs > WEEK_MS) throw wrap({ '.tag': 'not_found' })
    return session
  }

  #mustContinue(session: DropboxSession, offset: number, wrap: (error: Json) => Refusal, finishing = false): void {
    if (session.closed && !finishing) throw wrap({ '.tag': 'closed' })
    if (offset !== session.blob.bytes) throw wrap({ '.tag': 'incorrect_offset', correct_offset: session.blob.bytes })
  }

  /** Stores the body at the end, all or nothing (but for a fault that says `arrived`). */
  async #take(x: Exchange, blob: Blob, hash: string | null): Promise<void> {
    if ((x.declaredBytes ?? 0) > MOST_PER_REQUEST) throw new Refusal({ status: 413, body: 'payload too large' })
    const append = await blob.append()
    const own = HashSet.of(dropboxHashes)
    try {
      for await (const chunk of x.body()) {
        await append.write(chunk)
        own.update(chunk)
      }
    } catch (error) {
      if (error instanceof BodyCut && error.keep === 'arrived' && hash === null) await append.keep()
      else await append.drop()
      throw error
    }
    if (hash !== null && own.read()['dropbox-content-hash'] !== hash) {
      await append.drop()
      throw conflict('content_hash_mismatch', { '.tag': 'content_hash_mismatch' })
    }
    await append.keep()
  }

  async finish(x: Exchange): Promise<void> {
    const route = 'files/upload_session/finish'
    const arg = new Args(route, headerArg(x, route), 'cursor commit content_hash')
    mustBeStream(x, route)
    const cursor = arg.below('cursor', cursorFields)
    const [id, offset] = [cursor.text('session_id'), cursor.number('offset')]
    const commit = readCommit(arg.below('commit', commitFields), route)
    x.entry.session = id
    const session = this.#look(id, lookupFailed)
    await session.blob.inTurn(async () => {
      if (session.concurrent) await this.#join(x, session)
      else {
        this.#mustContinue(session, offset, lookupFailed, (x.declaredBytes ?? 0) === 0)
        await this.#take(x, session.blob, arg.textOr('content_hash', null))
      }
      const entry = this.commit(session.blob, commit, (reason) =>
        conflict(`path/${summaryOf(reason)}`, { '.tag': 'path', path: reason }),
      )
      this.#end(session)
      await x.answer(200, this.#files.metadata(entry, false))
    })
  }

  #end(session: DropboxSession): void {
    this.sessions.delete(session.id)
    this.#finished.add(session.id)
  }

  async #join(x: Exchange, session: DropboxSession): Promise<void> {
    const wrong = (tag: string): Refusal => conflict(tag, { '.tag': tag })
    if ((await x.bytes()).length > 0) throw wrong('concurrent_session_data_not_allowed')
    await this.#joinPieces(session, wrong)
  }

  async #joinPieces(session: DropboxSession, wrong: (tag: string) => Refusal): Promise<void> {
    if (session.endBytes === null) throw wrong('concurrent_session_not_closed')
    const pieces = session.pieces.toSorted((a, b) => a.offset - b.offset)
    let at = session.blob.bytes
    for (const piece of pieces) {
      if (piece.offset !== at) throw wrong('concurrent_session_missing_data')
      at += piece.bytes.length
    }
    if (at !== session.endBytes) throw wrong('concurrent_session_missing_data')
    const append = await session.blob.append()
    for (const piece of pieces) await append.write(piece.bytes)
    await append.keep()
    session.pieces = []
  }

  /** Entries of `finish_batch_v2`: all sessions are closed before. */
  async finishBatch(route: string, values: Json): Promise<readonly Json[]> {
    const results: Json[] = []
    for (const value of new Args(route, values, 'entries').list('entries')) {
      try {
        results.push({ '.tag': 'success', ...(await this.#finishOne(route, value)) })
      } catch (error) {
        if (!(error instanceof Refusal) || error.answer.status !== 409) throw error
        const { body } = error.answer
        const failure = typeof body === 'object' && body !== null && 'error' in body ? body.error : body
        results.push({ '.tag': 'failure', failure })
      }
    }
    return results
  }

  async #finishOne(route: string, value: Json): Promise<Json> {
    const arg = new Args(route, value, 'cursor commit')
    const cursor = arg.below('cursor', cursorFields)
    const commit = readCommit(arg.below('commit', commitFields), route)
    const session = this.#look(cursor.text('session_id'), lookupFailed)
    return session.blob.inTurn(async () => {
      if (!session.closed) throw lookupFailed({ '.tag': 'not_closed' })
      const wrong = (tag: string): Refusal => conflict(tag, { '.tag': tag })
      if (session.concurrent) await this.#joinPieces(session, wrong)
      else this.#mustContinue(session, cursor.number('offset'), lookupFailed, true)
      const entry = this.commit(session.blob, commit, (reason) =>
        conflict(`path/${summaryOf(reason)}`, { '.tag': 'path', path: reason }),
      )
      this.#end(session)
      return this.#files.metadata(entry, false)
    })
  }

  /** `files/upload`: one request, for small files. */
  async simple(x: Exchange): Promise<void> {
    const route = 'files/upload'
    const arg = new Args(route, headerArg(x, route), `${commitFields} content_hash`)
    mustBeStream(x, route)
    const commit = readCommit(arg, route)
    const blob = this.#files.store.make(dropboxHashes)
    await this.#take(x, blob, arg.textOr('content_hash', null))
    const entry = this.commit(blob, commit, (reason) =>
      conflict(`path/${summaryOf(reason)}`, { '.tag': 'path', reason, upload_session_id: 'AAAA' }),
    )
    await x.answer(200, this.#files.metadata(entry, false))
  }

  /** Gives bytes a name; `refuse` wraps the reason of a WriteError. */
  commit(blob: Blob, commit: Commit, refuse: (reason: Json) => Refusal): DropboxEntry {
    const files = this.#files
    const trouble = pathTrouble(commit.path)
    if (trouble !== null) throw refuse({ '.tag': trouble })
    if (!files.fits(blob.bytes)) throw refuse({ '.tag': 'insufficient_space' })
    const nowMs = files.nowMs()
    const file = {
      rev: files.newRev(),
      blob,
      clientModifiedMs: commit.clientModifiedMs ?? nowMs,
      serverModifiedMs: nowMs,
    }
    if (files.fileAbove(commit.path)) throw refuse({ '.tag': 'conflict', conflict: { '.tag': 'file_ancestor' } })
    const there = files.find(commit.path)
    // A revision that is gone is a conflict only for those who want to be told everything.
    const lost = there === null && commit.mode === 'update' && commit.strict
    if (there === null && !lost) return files.put(commit.path, file)
    // Equal bytes are no conflict, and no new revision.
    const same = there?.file?.blob.hashes()['dropbox-content-hash'] === blob.hashes()['dropbox-content-hash']
    if (there !== null && same && !commit.strict) return there
    const replaces = commit.mode === 'overwrite' || (commit.mode === 'update' && commit.rev === there?.file?.rev)
    if (there !== null && there.file !== null && replaces) return files.put(commit.path, file)
    if (commit.autorename) return files.put(files.freeName(commit.path), file)
    throw refuse({
      '.tag': 'conflict',
      conflict: { '.tag': there !== null && there.file === null ? 'folder' : 'file' },
    })
  }
}

export interface Commit {
  readonly path: string
  readonly mode: 'add' | 'overwrite' | 'update'
  readonly rev: string | null
  readonly autorename: boolean
  readonly strict: boolean
  readonly clientModifiedMs: number | null
}

function readCommit(arg: Args, route: string): Commit {
  const path = arg.text('path')
  if (!/^\/[\s\S]/.test(path))
    throw malformed(
      route,
      `request body: path: '${path}' did not match pattern '(/(.|[\\r\\n])*)|(ns:[0-9]+(/.*)?)|(id:.*)'`,
    )
  const { tag, value } = arg.union('mode', 'add')
  if (tag !== 'add' && tag !== 'overwrite' && tag !== 'update') throw malformed(route, `mode: invalid tag '${tag}'`)
  const modified = arg.textOr('client_modified', null)
  if (modified !== null && !clientTime.test(modified)) {
    throw malformed(route, `client_modified: time data '${modified}' does not match format '%Y-%m-%dT%H:%M:%SZ'`)
  }
  return {
    path,
    mode: tag,
    rev: typeof value['update'] === 'string' ? value['update'] : null,
    autorename: arg.flag('autorename'),
    strict: arg.flag('strict_conflict'),
    clientModifiedMs: modified === null ? null : Date.parse(modified),
  }
}

const lookupFailed = (error: Json): Refusal =>
  conflict(`lookup_failed/${tagOf(error)}`, { '.tag': 'lookup_failed', lookup_failed: error })

const tagOf = (error: Json): string => String(error['.tag'])

function summaryOf(reason: Json): string {
  const tag = tagOf(reason)
  const below = reason[tag]
  return typeof below === 'object' && below !== null && '.tag' in below ? `${tag}/${String(below['.tag'])}` : tag
}
