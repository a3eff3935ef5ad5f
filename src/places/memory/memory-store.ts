/**
 * What a service in memory stores, apart from the instances that speak with it: it outlives them as a real service outlives a run of
 * the program. And its switches: a test makes it fail, forget, lose answers or rot, as real services were seen to do.
 */
import type { Failure } from '../../domain/failure.ts'
import { foldName } from '../../domain/path-parts.ts'
import type { FileSystemLimits } from '../../domain/place.ts'
import type { Grade } from '../../domain/receipt.ts'
import type { ServiceDigest } from '../../engine/cloud-contract.ts'
import {
  startDropboxDigest,
  startMd5Digest,
  startQuickXorDigest,
  startS3EtagDigest,
  startSha1Digest,
  startSha256Digest,
} from '../cloud/digests.ts'
import { roomyLimits } from './memory-disk.ts'

export interface MemoryStoreWays {
  /** What is lost together with it. */
  readonly deviceId: string
  /** Null: no limit is told. */
  readonly capacityBytes: number | null
  readonly limits: FileSystemLimits
  /** As in a receipt; '' computes nothing. */
  readonly algorithm: string
  readonly grade: Grade
  readonly chunkBytes: number
  readonly resumes: boolean
  readonly hasTrash: boolean
  readonly filesAtOnce: number
  /** How many files one page of a listing holds. */
  readonly pageFiles: number
  /** False: a file has the time at which it came. */
  readonly keepsTimes: boolean
  readonly nowMs: () => number
}

/** As a drive in the cloud: small pages and chunks, so that a test meets more than one of them. */
const usualWays: MemoryStoreWays = {
  deviceId: 'memory:account-1',
  capacityBytes: 1024 ** 3,
  limits: roomyLimits,
  algorithm: 'md5',
  grade: 'A',
  chunkBytes: 64 * 1024,
  resumes: true,
  hasTrash: true,
  filesAtOnce: 4,
  pageFiles: 10,
  keepsTimes: true,
  nowMs: () => Date.now(),
}

export interface MemoryObject {
  readonly path: string
  readonly bytes: Uint8Array
  readonly mtimeMs: number
  readonly objectId: string
  /** Told by `stat` when the bytes rotted after the service had computed its sum. */
  readonly toldDigest: string | null
}

/** An upload that was begun. After the end it is remembered what became of it: answers get lost. */
export interface MemorySession {
  readonly id: string
  readonly path: string
  readonly mtimeMs: number
  /** Whose it is. */
  readonly sign: string
  readonly begunMs: number
  readonly bytes: Uint8Array
  receivedBytes: number
  stored: MemoryObject | null
}

export type MemoryVerb =
  | 'facts'
  | 'stat'
  | 'list'
  | 'begin'
  | 'send'
  | 'finish'
  | 'state'
  | 'abandon'
  | 'download'
  | 'getSmall'
  | 'putSmall'
  | 'move'
  | 'remove'
  | 'sweep'

/** What goes wrong, and how often. */
class MemoryFaults {
  /** Set: no verb gets through. The service is out of reach, or lets nobody in. */
  everything: Failure | null = null
  /** True: `stat` and `finish` tell no digest, as while a service has not computed it yet. */
  withholdsDigests = false
  /** Awaited before every verb: to hold one up, or to do something behind the back of whoever called. */
  before: ((verb: MemoryVerb, path: string) => Promise<void>) | null = null
  readonly #failing = new Map<MemoryVerb, { failure: Failure; times: number }>()
  readonly #losing = new Map<MemoryVerb, number>()
  #kept: { readonly bytes: number; readonly how: 'told' | 'cut' } | null = null
  #cutAfterBytes: number | null = null

  /** The next calls of a verb fail, and do nothing. */
  failNext(verb: MemoryVerb, failure: Failure, times = 1): void {
    this.#failing.set(verb, { failure, times })
  }

  /** The next calls of a verb do what they are to do; only their answer never arrives. */
  loseAnswers(verb: MemoryVerb, times = 1): void {
    this.#losing.set(verb, times)
  }

  /** Of the next chunk only so many bytes are kept: the service tells it, or the line is cut there. */
  keepOfNextChunk(bytes: number, how: 'told' | 'cut'): void {
    this.#kept = { bytes, how }
  }

  /** The next download ends after so many bytes with a cut line. */
  cutNextDownload(afterBytes: number): void {
    this.#cutAfterBytes = afterBytes
  }

  takeFailure(verb: MemoryVerb): Failure | null {
    if (this.everything !== null) return this.everything
    const next = this.#failing.get(verb)
    if (next === undefined || next.times < 1) return null
    next.times -= 1
    return next.failure
  }

  takeLoss(verb: MemoryVerb): boolean {
    const times = this.#losing.get(verb) ?? 0
    this.#losing.set(verb, Math.max(0, times - 1))
    return times > 0
  }

  takeKept(): { readonly bytes: number; readonly how: 'told' | 'cut' } | null {
    const kept = this.#kept
    this.#kept = null
    return kept
  }

  takeCut(): number | null {
    const cut = this.#cutAfterBytes
    this.#cutAfterBytes = null
    return cut
  }
}

export class MemoryStore {
  readonly ways: MemoryStoreWays
  readonly faults = new MemoryFaults()
  readonly sessions = new Map<string, MemorySession>()
  /** What was removed, where there is a trash. */
  readonly trash: MemoryObject[] = []
  /** How often each verb was called, and what came over the line: what is sent twice shows here. */
  readonly calls = new Map<MemoryVerb, number>()
  receivedBytes = 0
  /** What other people's files in the account take. */
  foreignBytes = 0
  readonly #objects = new Map<string, MemoryObject>()
  #count = 0

  constructor(ways: Partial<MemoryStoreWays> = {}) {
    this.ways = { ...usualWays, ...ways }
  }

  #key(path: string): string {
    return this.ways.limits.foldsCase ? foldName(path) : path
  }

  nextId(what: string): string {
    this.#count += 1
    return `${what}-${this.#count}`
  }

  find(path: string): MemoryObject | null {
    return this.#objects.get(this.#key(path)) ?? null
  }

  objects(): readonly MemoryObject[] {
    return [...this.#objects.values()]
  }

  /** Lays it, whatever lies there: whoever calls has looked. */
  lay(path: string, bytes: Uint8Array, mtimeMs: number): MemoryObject {
    const { keepsTimes, nowMs } = this.ways
    const object: MemoryObject = {
      path,
      bytes,
      mtimeMs: keepsTimes ? mtimeMs : nowMs(),
      objectId: this.nextId('object'),
      toldDigest: null,
    }
    this.#objects.set(this.#key(path), object)
    return object
  }

  /** The same object under another name. */
  rename(object: MemoryObject, to: string): void {
    this.#objects.delete(this.#key(object.path))
    this.#objects.set(this.#key(to), { ...object, path: to })
  }

  /** Behind every back: from the account's web page, say. */
  drop(path: string): MemoryObject | null {
    const object = this.find(path)
    this.#objects.delete(this.#key(path))
    return object
  }

  /** The service's own sum of the bytes as they are now; null when it computes none. */
  digestOf(object: MemoryObject): { readonly algorithm: string; readonly digest: string } | null {
    if (this.ways.algorithm === '' || this.faults.withholdsDigests) return null
    const digest = this.startDigest()
    digest.update(object.bytes)
    const ended = digest.end()
    return { ...ended, digest: object.toldDigest ?? ended.digest }
  }

  startDigest(): ServiceDigest {
    return startDigestOf(this.ways.algorithm)
  }

  usedBytes(): number {
    let used = this.foreignBytes
    for (const { bytes } of this.#objects.values()) used += bytes.length
    for (const { bytes } of this.trash) used += bytes.length
    for (const { stored, receivedBytes } of this.sessions.values()) if (stored === null) used += receivedBytes
    return used
  }

  /** Null where no limit is told. */
  freeBytes(): number | null {
    const { capacityBytes } = this.ways
    return capacityBytes === null ? null : Math.max(0, capacityBytes - this.usedBytes())
  }

  fillUp(): void {
    this.foreignBytes += this.freeBytes() ?? 0
  }

  forgetSessions(): void {
    this.sessions.clear()
  }

  /**
   * One byte rots. `seen`: the service's sum is of what it stores now; `unseen`: it still tells the sum of what once came, and only
   * reading shows it.
   */
  flipByte(path: string, position: number, how: 'seen' | 'unseen' = 'seen'): void {
    const object = this.find(path)
    if (object === null || position >= object.bytes.length) throw new Error(`No byte ${position} in ${path}`)
    const bytes = object.bytes.slice()
    bytes[position] = (bytes[position] ?? 0) ^ 1
    const toldDigest = how === 'seen' ? null : (this.digestOf(object)?.digest ?? null)
    this.#objects.set(this.#key(path), { ...object, bytes, toldDigest })
  }
}

const plainDigests: Readonly<Record<string, () => ServiceDigest>> = {
  md5: startMd5Digest,
  sha1: startSha1Digest,
  sha256: startSha256Digest,
  dropbox: startDropboxDigest,
  quickxor: startQuickXorDigest,
}

/** For a service that computes nothing: there is nothing to compare. */
class NoDigest implements ServiceDigest {
  update(): void {}

  end(): { algorithm: string; digest: string } {
    return { algorithm: '', digest: '' }
  }
}

function startDigestOf(algorithm: string): ServiceDigest {
  if (algorithm === '') return new NoDigest()
  const [, partBytes] = /^s3-etag:(\d+)$/.exec(algorithm) ?? []
  if (partBytes !== undefined) return startS3EtagDigest(Number(partBytes))
  const start = plainDigests[algorithm]
  if (start === undefined) throw new Error(`No such algorithm: ${algorithm}`)
  return start()
}
