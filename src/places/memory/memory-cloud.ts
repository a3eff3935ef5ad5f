/**
 * The service that lives in memory: the shortest complete fulfilment of `ServicePlace`, and the one to copy when a new kind of service
 * is written. Every verb goes through one door, where the switches of the store may fail it or lose its answer.
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
import { compareText } from '../../domain/path-parts.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import { utf8Bytes } from '../../domain/text-bytes.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type {
  Download,
  ServiceAbilities,
  ServiceDigest,
  ServiceFacts,
  ServicePlace,
  StoredFile,
  Upload,
  UploadOrder,
  UploadState,
} from '../../engine/cloud-contract.ts'
import { stopped } from '../cloud/http-request.ts'
import {
  fileMissing,
  nameRefused,
  serviceError,
  serviceFull,
  tooLarge,
  unreachable,
  uploadGone,
} from '../cloud/cloud-failure.ts'
import { strangersLeftOverMs } from '../cloud/unfinished-name.ts'
import type { MemoryObject, MemorySession, MemoryStore, MemoryVerb } from './memory-store.ts'

export const openMemoryService = (
  address: { readonly id: PlaceId; readonly name: string; readonly sign?: string },
  store: MemoryStore,
): ServicePlace => new MemoryService(address, store)

/** The one door of all verbs. `act` does what is to be done before its answer may be lost. */
async function through<Value>(
  store: MemoryStore,
  place: string,
  [verb, path]: readonly [MemoryVerb, string],
  act: () => Result<Value>,
): Promise<Result<Value>> {
  const { faults, calls } = store
  calls.set(verb, (calls.get(verb) ?? 0) + 1)
  await faults.before?.(verb, path)
  const failure = faults.takeFailure(verb)
  if (failure !== null) return failed(failure)
  const answer = act()
  return faults.takeLoss(verb) ? failed(unreachable(place, 'the answer was lost')) : answer
}

function asStored(store: MemoryStore, object: MemoryObject): StoredFile {
  const sum = store.digestOf(object)
  return {
    bytes: object.bytes.length,
    mtimeMs: object.mtimeMs,
    digests: sum === null ? {} : { [sum.algorithm]: sum.digest },
    objectId: object.objectId,
  }
}

const isBelow = (path: string, folder: string): boolean => folder === '' || path.startsWith(`${folder}/`)

class MemoryService implements ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly #store: MemoryStore
  readonly #sign: string

  constructor(
    { id, name, sign = 'ours' }: { readonly id: PlaceId; readonly name: string; readonly sign?: string },
    store: MemoryStore,
  ) {
    this.id = id
    this.name = name
    this.#sign = sign
    this.#store = store
  }

  get abilities(): ServiceAbilities {
    const { grade, resumes, hasTrash, filesAtOnce } = this.#store.ways
    return { kind: 'memory', grade, resumes, hasTrash, filesAtOnce }
  }

  #do<Value>(verb: MemoryVerb, path: string, act: () => Result<Value>): Promise<Result<Value>> {
    return through(this.#store, this.name, [verb, path], act)
  }

  facts(): Promise<Result<ServiceFacts>> {
    const { deviceId, capacityBytes, limits } = this.#store.ways
    return this.#do('facts', '', () =>
      done({ deviceId, freeBytes: this.#store.freeBytes(), totalBytes: capacityBytes, limits }),
    )
  }

  stat(path: string): Promise<Result<StoredFile | null>> {
    return this.#do('stat', path, () => {
      const object = this.#store.find(path)
      return done(object === null ? null : asStored(this.#store, object))
    })
  }

  async list(folder: string, cancel: Cancel, onward?: () => void): Promise<Result<PlaceListing>> {
    const isOurs = isBelow(folder, '.fivefold') || folder === '.fivefold'
    const files: PlaceFile[] = []
    for (let from = 0; ; from += this.#store.ways.pageFiles) {
      if (cancel.aborted) return failed(stopped(this.name))
      const page = await this.#do('list', folder, () => done(this.#page(folder, from)))
      if (!page.ok) return page
      for (const { path, bytes, mtimeMs } of page.value.objects)
        if (isOurs || !isBelow(path, '.fivefold')) files.push({ path, bytes: bytes.length, mtimeMs })
      onward?.()
      if (page.value.isLast) break
    }
    files.sort((a, b) => compareText(a.path, b.path))
    return done({ complete: true, files, unreadable: [] })
  }

  #page(folder: string, from: number): { readonly objects: readonly MemoryObject[]; readonly isLast: boolean } {
    const { pageFiles } = this.#store.ways
    const all = this.#store.objects().filter(({ path }) => isBelow(path, folder))
    return { objects: all.slice(from, from + pageFiles), isLast: from + pageFiles >= all.length }
  }

  begin(order: UploadOrder): Promise<Result<Upload>> {
    return this.#do('begin', order.path, () => {
      const known = order.session === null ? undefined : this.#store.sessions.get(order.session)
      // A session of another file, or of one that is stored, is not gone on with.
      const goesOn = known?.path === order.path && known.bytes.length === order.bytes && known.stored === null
      const refused = this.#whyNot(order.path, order.bytes, goesOn ? known.receivedBytes : 0)
      if (refused !== null) return failed(refused)
      return done(new MemoryUpload(this.name, this.#store, goesOn ? known : this.#newSession(order)))
    })
  }

  #newSession({ path, bytes, mtimeMs }: UploadOrder): MemorySession {
    const id = this.#store.nextId('session')
    const begun = { sign: this.#sign, begunMs: this.#store.ways.nowMs() }
    const session = { id, path, mtimeMs, ...begun, bytes: new Uint8Array(bytes), receivedBytes: 0, stored: null }
    this.#store.sessions.set(id, session)
    return session
  }

  /** Why nothing of this name and size can be stored here; null when it can. */
  #whyNot(path: string, bytes: number, receivedBytes = 0): Failure | null {
    const { forbidden, nameBytesMax, fileBytesMax } = this.#store.ways.limits
    if (Array.from(path).some((character) => character !== '/' && forbidden.includes(character)))
      return nameRefused(this.name, path, 'it has a character that is forbidden here')
    if (path.split('/').some((name) => name === '' || utf8Bytes(name) > nameBytesMax))
      return nameRefused(this.name, path, 'a part of it is empty or too long')
    if (bytes > fileBytesMax) return tooLarge(this.name, path, `${bytes} bytes`)
    const free = this.#store.freeBytes()
    const needed = bytes - receivedBytes
    return free !== null && needed > free ? serviceFull(this.name, `${needed} bytes for ${free}`) : null
  }

  download(path: string, from: number, cancel: Cancel): Promise<Result<Download>> {
    return this.#do('download', path, () => {
      const object = this.#store.find(path)
      if (object === null) return failed(fileMissing(this.name, path))
      const { bytes } = object
      const cutAfter = this.#store.faults.takeCut()
      return done({ bytes: bytes.length, chunks: piecesOf(bytes, from, cutAfter, cancel) })
    })
  }

  getSmall(path: string): Promise<Result<Uint8Array | null>> {
    return this.#do('getSmall', path, () => done(this.#store.find(path)?.bytes.slice() ?? null))
  }

  putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>> {
    return this.#do('putSmall', path, () => {
      const refused = this.#whyNot(path, bytes.length)
      if (refused !== null) return failed(refused)
      if (how === 'new' && this.#store.find(path) !== null) return done('taken')
      this.#store.receivedBytes += bytes.length
      this.#store.lay(path, bytes.slice(), this.#store.ways.nowMs())
      return done('put')
    })
  }

  move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    return this.#do('move', from, () => {
      const refused = this.#whyNot(to, 0)
      if (refused !== null) return failed(refused)
      const object = this.#store.find(from)
      if (object === null) return done('absent')
      if (this.#store.find(to) !== null) return done('taken')
      this.#store.rename(object, to)
      return done('moved')
    })
  }

  remove(path: string): Promise<Result<'removed' | 'absent'>> {
    return this.#do('remove', path, () => {
      const object = this.#store.drop(path)
      if (object === null) return done('absent')
      if (this.#store.ways.hasTrash) this.#store.trash.push(object)
      return done('removed')
    })
  }

  sweep(sessions: readonly string[], nowMs: number): Promise<Result<number>> {
    return this.#do('sweep', '', () => {
      let swept = 0
      const clockMs = Math.min(nowMs, this.#store.ways.nowMs())
      for (const [id, { stored, sign, begunMs }] of this.#store.sessions) {
        if (sessions.includes(id)) continue
        if (sign !== this.#sign && clockMs - begunMs <= strangersLeftOverMs) continue
        this.#store.sessions.delete(id)
        if (stored === null) swept += 1
      }
      return done(swept)
    })
  }

  startDigest(): ServiceDigest {
    return this.#store.startDigest()
  }

  async close(): Promise<void> {}
}

const pieceBytes = 48 * 1024

async function* piecesOf(
  bytes: Uint8Array,
  from: number,
  cutAfter: number | null,
  cancel: Cancel,
): AsyncGenerator<Uint8Array> {
  const end = cutAfter === null ? bytes.length : Math.min(bytes.length, from + cutAfter)
  for (let at = from; at < end; at += pieceBytes) {
    if (cancel.aborted) throw new Error('stopped')
    yield bytes.slice(at, Math.min(end, at + pieceBytes))
  }
  if (cutAfter !== null) throw new Error(`the line was cut after ${cutAfter} bytes`)
}

class MemoryUpload implements Upload {
  readonly session: string | null
  readonly committedBytes: number
  readonly chunkBytes: number
  readonly digest: ServiceDigest
  readonly #place: string
  readonly #store: MemoryStore
  readonly #session: MemorySession

  constructor(place: string, store: MemoryStore, session: MemorySession) {
    this.#place = place
    this.#store = store
    this.#session = session
    this.session = store.ways.resumes ? session.id : null
    this.committedBytes = session.receivedBytes
    this.chunkBytes = store.ways.chunkBytes
    this.digest = store.startDigest()
  }

  #do<Value>(verb: MemoryVerb, act: () => Result<Value>): Promise<Result<Value>> {
    return through(this.#store, this.#place, [verb, this.#session.path], act)
  }

  get #isKnown(): boolean {
    return this.#store.sessions.has(this.#session.id)
  }

  #gone(): Result<never> {
    return failed(uploadGone(this.#place, this.#session.path, 'no such session'))
  }

  send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    return this.#do('send', () => {
      if (cancel.aborted) return failed(stopped(this.#place))
      return this.#receive(chunk, position)
    })
  }

  /** Keeps what follows on what it has, and nothing else: what came before is there, and a gap is never filled with nothing. */
  #receive(chunk: Uint8Array, position: number): Result<number> {
    if (!this.#isKnown) return this.#gone()
    const session = this.#session
    if (position + chunk.length > session.bytes.length) throw new Error('More bytes were sent than were announced.')
    const kept = this.#store.faults.takeKept()
    this.#store.receivedBytes += chunk.length
    const fresh = session.receivedBytes - position
    if (fresh < 0 || fresh > chunk.length) return done(session.receivedBytes)
    const free = this.#store.freeBytes()
    if (free !== null && chunk.length - fresh > free) return failed(serviceFull(this.#place, 'the account is full'))
    const taken = chunk.subarray(fresh, kept === null ? chunk.length : Math.max(fresh, kept.bytes))
    session.bytes.set(taken, session.receivedBytes)
    session.receivedBytes += taken.length
    if (kept?.how === 'cut') return failed(unreachable(this.#place, 'the line was cut in a chunk'))
    return done(session.receivedBytes)
  }

  finish(lastChunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    return this.#do<'taken' | StoredFile>('finish', () => {
      if (cancel.aborted) return failed(stopped(this.#place))
      const session = this.#session
      if (session.stored !== null) return done(asStored(this.#store, session.stored))
      const received = this.#receive(lastChunk, position)
      if (!received.ok) return received
      if (received.value !== session.bytes.length)
        return failed(serviceError(this.#place, `${received.value} of ${session.bytes.length} bytes are there`))
      if (this.#store.find(session.path) !== null) return done('taken')
      session.stored = this.#store.lay(session.path, session.bytes, session.mtimeMs)
      return done(asStored(this.#store, session.stored))
    })
  }

  state(): Promise<Result<UploadState>> {
    return this.#do<UploadState>('state', () => {
      const { stored, receivedBytes } = this.#session
      if (stored !== null) return done({ kind: 'stored', file: asStored(this.#store, stored) })
      return done(this.#isKnown ? { kind: 'open', committedBytes: receivedBytes } : { kind: 'gone' })
    })
  }

  /** What is stored has its name, and is not taken back. */
  async abandon(): Promise<void> {
    await this.#do('abandon', () => {
      if (this.#session.stored === null) this.#store.sessions.delete(this.#session.id)
      return done(undefined)
    })
  }
}
