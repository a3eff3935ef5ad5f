/**
 * Uploads to OneDrive: sessions of fragments in order, and the small upload in one request. Unlike Google, nothing is kept of a
 * fragment that broke off.
 */
import { randomBytes } from 'node:crypto'
import type { Blob } from './byte-store.ts'
import { BodyCut, Refusal } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { asNumber, asText, isJson } from './json.ts'
import type { Json } from './json.ts'
import { mustBeName, nameTaken, onedriveHashes, readBehaviour, readTimes } from './onedrive-entries.ts'
import type { Behaviour, FileTimes, OneDriveEntry, OneDriveEntries } from './onedrive-entries.ts'

const FRAGMENT_UNIT = 320 * 1024
const MOST_PER_FRAGMENT = 60 * 1024 * 1024
const DAY_MS = 24 * 60 * 60 * 1000
const SMALL_BYTES = 250 * 1024 * 1024

/** Where a name is to be: a folder that is there, and folders below it that are made when they are not. */
export interface Destination {
  readonly from: OneDriveEntry
  readonly folders: readonly string[]
  readonly name: string
}

export interface OneDriveSession {
  readonly id: string
  readonly destination: Destination
  readonly behaviour: Behaviour
  readonly times: FileTimes
  readonly deferCommit: boolean
  readonly blob: Blob
  totalBytes: number | null
  expiresMs: number
  /** A fragment that was not the last had a wrong length: it is told only at the end. */
  misaligned: boolean
}

export interface OneDriveUploadHabits {
  /** When a name that is taken is told: as the session is made, with its first fragment (seen in 2015), or after the last byte. */
  conflictAt: 'begin' | 'first-fragment' | 'end'
  /** What a session does with a name that is taken when it was not said: `fail` in the documents, `replace` as people saw it. */
  unsaid: 'fail' | 'replace'
  /** A wrong length of a fragment: told at the end, as Microsoft warns, or at once. */
  misalignedAt: 'end' | 'once'
  /** 401 when a fragment comes with an Authorization header (Microsoft: it may be). */
  refusesAuthorization: boolean
  /** Whether each fragment extends the life of a session (the documents), or it ends 24 hours after its birth (a public report). */
  sessionSlides: boolean
  /** For how many requests a new session is not known yet (404). */
  appearsAfter: number
  /** So many zero bytes are added after a commit, as SharePoint changes some Office files. */
  growsByBytes: number
}

const sessionFields = new Set([
  '@microsoft.graph.conflictBehavior',
  '@odata.type',
  'name',
  'description',
  'fileSize',
  'fileSystemInfo',
  'driveItemSource',
  'mediaSource',
])

export class OneDriveUploads {
  readonly habits: OneDriveUploadHabits = {
    conflictAt: 'begin',
    unsaid: 'replace',
    misalignedAt: 'end',
    refusesAuthorization: false,
    sessionSlides: false,
    appearsAfter: 0,
    growsByBytes: 0,
  }
  readonly sessions = new Map<string, OneDriveSession>()
  readonly #notYet = new Map<string, number>()
  readonly #entries: OneDriveEntries

  constructor(entries: OneDriveEntries) {
    this.#entries = entries
  }

  async begin(x: Exchange, destination: Destination): Promise<void> {
    const body = await x.json()
    if (body === null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    for (const name of Object.keys(body)) {
      if (!['item', 'deferCommit', '@microsoft.graph.conflictBehavior', '@name.conflictBehavior'].includes(name)) {
        throw new Refusal({ status: 400, reason: 'invalidRequest' })
      }
    }
    const entry: Json = isJson(body['item']) ? body['item'] : {}
    for (const name of Object.keys(entry)) {
      if (!sessionFields.has(name)) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    }
    const name = asText(entry['name'])
    if (name !== null && name !== destination.name) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    this.#checkNames(destination)
    const behaviour = readBehaviour(entry['@microsoft.graph.conflictBehavior'], this.habits.unsaid)
    const totalBytes = asNumber(entry['fileSize'])
    if (totalBytes === 0) throw new Refusal({ status: 400, reason: 'invalidRequest' })
    if (totalBytes !== null) this.#entries.mustFit(totalBytes)
    if (behaviour === 'fail' && this.habits.conflictAt === 'begin' && this.#there(destination) !== null)
      throw nameTaken()
    // On a business account an unfinished session holds its name, also against the one who has lost its address.
    if (this.#entries.driveType === 'business' && this.#held(destination)) throw nameTaken()
    const session: OneDriveSession = {
      id: randomBytes(27).toString('base64url'),
      destination,
      behaviour,
      times: readTimes(entry['fileSystemInfo']),
      deferCommit: body['deferCommit'] === true,
      blob: this.#entries.store.make(onedriveHashes),
      totalBytes,
      expiresMs: this.#entries.nowMs() + DAY_MS,
      misaligned: false,
    }
    this.sessions.set(session.id, session)
    this.#notYet.set(session.id, this.habits.appearsAfter)
    x.entry.session = session.id
    await x.answer(200, {
      '@odata.context': `${x.origin}/v1.0/$metadata#microsoft.graph.uploadSession`,
      uploadUrl: `${x.origin}/onedrive-upload/${session.id}`,
      expirationDateTime: new Date(session.expiresMs).toISOString(),
      nextExpectedRanges: ['0-'],
    })
  }

  #checkNames(destination: Destination): void {
    let above = this.#entries.pathOf(destination.from)
    for (const name of [...destination.folders, destination.name]) {
      mustBeName(name, above)
      above = above === '' ? name : `${above}/${name}`
    }
  }

  #there(destination: Destination): OneDriveEntry | null {
    return this.#entries.byPath(destination.from, [...destination.folders, destination.name].join('/'))
  }

  #held(destination: Destination): boolean {
    const path = (one: Destination): string =>
      [this.#entries.pathOf(one.from), ...one.folders, one.name].join('/').toLowerCase()
    return [...this.sessions.values()].some(
      (session) => session.expiresMs > this.#entries.nowMs() && path(session.destination) === path(destination),
    )
  }

  /** The folder of a destination, made as far as it is missing. */
  #folder(destination: Destination): OneDriveEntry {
    let folder = destination.from
    for (const name of destination.folders) {
      const below = this.#entries.child(folder, name)
      if (below !== null && below.blob !== null) throw new Refusal({ status: 400, reason: 'invalidRequest' })
      folder = below ?? this.#entries.add(folder, name)
    }
    return folder
  }

  #find(x: Exchange, id: string): OneDriveSession {
    x.entry.session = id
    const session = this.sessions.get(id)
    const notYet = this.#notYet.get(id) ?? 0
    if (notYet > 0) this.#notYet.set(id, notYet - 1)
    if (session === undefined || notYet > 0 || session.expiresMs <= this.#entries.nowMs()) {
      throw new Refusal({ status: 404, reason: 'itemNotFound' })
    }
    if (this.habits.refusesAuthorization && x.header('authorization') !== null) {
      throw new Refusal({ status: 401, reason: 'unauthenticated' })
    }
    return session
  }

  async status(x: Exchange, id: string): Promise<void> {
    const session = this.#find(x, id)
    await session.blob.inTurn(() => x.answer(200, this.#progress(session)))
  }

  #progress(session: OneDriveSession): Json {
    const { bytes } = session.blob
    return {
      expirationDateTime: new Date(session.expiresMs).toISOString(),
      nextExpectedRanges: bytes === session.totalBytes ? [] : [`${bytes}-`],
    }
  }

  async cancel(x: Exchange, id: string): Promise<void> {
    const session = this.#find(x, id)
    this.sessions.delete(id)
    await session.blob.remove()
    await x.answer(204)
  }

  async fragment(x: Exchange, id: string): Promise<void> {
    const session = this.#find(x, id)
    await session.blob.inTurn(() => this.#fragment(x, session))
  }

  async #fragment(x: Exchange, session: OneDriveSession): Promise<void> {
    const bad = (reason = 'invalidRequest'): Refusal => new Refusal({ status: 400, reason })
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(x.header('content-range') ?? '')
    if (match === null) throw bad()
    const [from, to, total] = [Number(match[1]), Number(match[2]), Number(match[3])]
    session.totalBytes ??= total
    if (session.totalBytes !== total || to < from || to >= total) throw bad()
    const length = to - from + 1
    if (x.declaredBytes !== null && x.declaredBytes !== length) throw bad()
    if (length >= MOST_PER_FRAGMENT) throw new Refusal({ status: 413 })
    const { bytes } = session.blob
    if (from < bytes) throw new Refusal({ status: 416, reason: 'invalidRange:fragmentOverlap' })
    if (from > bytes) throw new Refusal({ status: 416, reason: 'invalidRange:fragmentOutOfOrder' })
    if (bytes === 0 && session.behaviour === 'fail' && this.habits.conflictAt === 'first-fragment') {
      if (this.#there(session.destination) !== null) throw nameTaken()
    }
    const last = to + 1 === total
    const misaligned = !last && length % FRAGMENT_UNIT !== 0
    if (misaligned && this.habits.misalignedAt === 'once') throw bad()
    // What comes out wrong is not stored with the last fragment, so that the session stays as it is.
    if (last && session.misaligned) {
      await x.bytes()
      throw bad('invalidRequest:fragmentSizeMismatch')
    }
    await this.#take(x, session.blob, length)
    if (misaligned) session.misaligned = true
    if (this.habits.sessionSlides) session.expiresMs = this.#entries.nowMs() + DAY_MS
    if (!last || session.deferCommit) return x.answer(202, this.#progress(session))
    await this.#commit(x, session)
  }

  async #take(x: Exchange, blob: Blob, length: number): Promise<void> {
    const append = await blob.append()
    try {
      for await (const chunk of x.body()) await append.write(chunk)
    } catch (error) {
      if (error instanceof BodyCut && error.keep === 'arrived') await append.keep()
      else await append.drop()
      throw error
    }
    if (append.received === length) return append.keep()
    await append.drop()
    throw new Refusal({ status: 400, reason: 'invalidRequest' })
  }

  /** Of a session that was made with `deferCommit`: an empty POST. */
  async complete(x: Exchange, id: string): Promise<void> {
    const session = this.#find(x, id)
    await x.bytes(1024)
    await session.blob.inTurn(async () => {
      if (session.blob.bytes !== session.totalBytes) throw new Refusal({ status: 400, reason: 'invalidRequest' })
      await this.#commit(x, session)
    })
  }

  async #commit(x: Exchange, session: OneDriveSession): Promise<void> {
    const { destination, behaviour, blob, times } = session
    const { entry, isNew } = await this.#entries.place(
      this.#folder(destination),
      destination.name,
      behaviour,
      blob,
      times,
    )
    this.sessions.delete(session.id)
    if (this.habits.growsByBytes > 0) await blob.grow(this.habits.growsByBytes)
    await x.answer(isNew ? 201 : 200, this.#entries.resource(entry, x.origin))
  }

  /** PUT …/content. */
  async simple(x: Exchange, destination: Destination): Promise<void> {
    if ((x.declaredBytes ?? 0) > SMALL_BYTES) throw new Refusal({ status: 413 })
    this.#checkNames(destination)
    const behaviour = readBehaviour(x.param('@microsoft.graph.conflictBehavior') ?? undefined, 'replace')
    if (x.header('if-none-match') === '*' && this.#there(destination) !== null) throw new Refusal({ status: 412 })
    const ifMatch = x.header('if-match')
    const there = this.#there(destination)
    if (ifMatch !== null && there !== null && `"{${there.id}},${there.version}"` !== ifMatch) {
      throw new Refusal({ status: 412 })
    }
    const blob = this.#entries.store.make(onedriveHashes)
    const append = await blob.append()
    try {
      for await (const chunk of x.body()) await append.write(chunk)
    } catch (error) {
      await append.drop()
      throw error
    }
    await append.keep()
    const times = { createdMs: null, modifiedMs: null }
    const { entry, isNew } = await this.#entries.place(
      this.#folder(destination),
      destination.name,
      behaviour,
      blob,
      times,
    )
    if (this.habits.growsByBytes > 0) await blob.grow(this.habits.growsByBytes)
    await x.answer(isNew ? 201 : 200, this.#entries.resource(entry, x.origin))
  }
}
