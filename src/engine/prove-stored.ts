/**
 * Is what a service stores the original? By the service's own checksum where it has one that is good enough, else by reading it back
 * (V1, and the grades of domain/receipt.ts). An answer that could not be had is a failure, never a finding (D3).
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { Grade, Receipt } from '../domain/receipt.ts'
import { provesAlone } from '../domain/receipt.ts'
import type { Cancel, ProveOrder, ProveReport, StartHash, Watch } from './contracts.ts'
import type { Patience } from './patience.ts'
import { hashStored } from './read-cloud.ts'
import type { ServicePlace, StoredFile } from './cloud-contract.ts'

export interface ProveStoredTools {
  readonly service: ServicePlace
  readonly deviceId: string
  readonly startHash: StartHash
  readonly watch: Watch
  readonly patience: Patience
  readonly sample: WeakSample
}

/**
 * A weak checksum proves together with read-backs of a sample: the first file of a run is read back, then one in `every`; from the
 * moment when one of them differs, nothing is believed in this run on the word of the service.
 */
export class WeakSample {
  readonly #every: number
  #seen = 0
  #isSpoiled = false
  #reading: Promise<void> = Promise.resolve()

  constructor(every: number) {
    this.#every = Math.max(1, every)
  }

  /** Null for a file that need not be read back; else it is read back, and tells by this whether it agreed. */
  take(): ((agreed: boolean) => void) | null {
    this.#seen += 1
    if (!this.#isSpoiled && (this.#seen - 1) % this.#every !== 0) return null
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#reading = this.#after(this.#reading, promise)
    return resolve
  }

  async #after(earlier: Promise<void>, agreed: Promise<boolean>): Promise<void> {
    await earlier
    if (!(await agreed)) this.#isSpoiled = true
  }

  /** Files that are sent at the same time wait for what the sample says before they are believed on a word. */
  async agrees(): Promise<boolean> {
    await this.#reading
    return !this.#isSpoiled
  }
}

/** What was computed here while the file was read. */
export interface OwnDigest {
  readonly algorithm: string
  readonly digest: string
  readonly hash: ContentHash
  readonly bytes: number
}

export interface ProvenStored {
  readonly finding: 'agreed' | 'differed'
  readonly strength: 'provider' | 'medium'
  readonly receipt: Receipt
  /** What was read back, when it was. */
  readonly found: { readonly hash: ContentHash; readonly bytes: number } | null
  readonly bytesRead: number
}

/** After an upload, or for a file that was there: compares with what was computed here. */
export function proveUploaded(
  path: string,
  stored: StoredFile,
  own: OwnDigest,
  tools: ProveStoredTools,
  cancel: Cancel,
): Promise<Result<ProvenStored>> {
  const { grade } = tools.service.abilities
  const told = stored.digests[own.algorithm]
  const receipt: Receipt = {
    algorithm: told === undefined ? '' : own.algorithm,
    digest: told === undefined ? '' : own.digest,
    storedBytes: own.bytes,
    objectId: stored.objectId,
    grade: told === undefined ? 'E' : grade,
  }
  return judge({ path, stored, told, own: own.digest, bytes: own.bytes, hash: own.hash, receipt }, tools, cancel)
}

interface Case {
  readonly path: string
  readonly stored: StoredFile
  /** The service's own checksum; undefined when it tells none by that algorithm. */
  readonly told: string | undefined
  readonly own: string
  readonly bytes: number
  readonly hash: ContentHash
  readonly receipt: Receipt
}

async function judge(one: Case, tools: ProveStoredTools, cancel: Cancel): Promise<Result<ProvenStored>> {
  const { stored, told, own, receipt } = one
  const byWord = { receipt, found: null, bytesRead: 0 }
  if (stored.bytes !== one.bytes) return done({ ...byWord, finding: 'differed', strength: 'provider' })
  if (told !== undefined && told !== own) return done({ ...byWord, finding: 'differed', strength: 'provider' })
  const sampled = told !== undefined && receipt.grade === 'C' ? tools.sample.take() : null
  if (told !== undefined && sampled === null && (await mayBelieve(receipt.grade, tools.sample)))
    return done({ ...byWord, finding: 'agreed', strength: 'provider' })
  const moved = (bytes: number): void => tools.watch.moved({ proven: bytes, path: one.path })
  const back = await hashStored(tools.service, one.path, { ...tools, moved }, cancel)
  const isSame = back.ok && back.value.hash === one.hash && back.value.bytesRead === one.bytes
  sampled?.(isSame)
  // It is there, and nobody can have these bytes back: that is an answer about the copy, not a silence (D3).
  if (!back.ok && back.failure.code === 'copy-differs')
    return done({ ...byWord, finding: 'differed', strength: 'medium' })
  if (!back.ok) return back
  const { hash, bytesRead } = back.value
  return done({
    receipt,
    finding: isSame ? 'agreed' : 'differed',
    strength: 'medium',
    found: { hash, bytes: bytesRead },
    bytesRead,
  })
}

async function mayBelieve(grade: Grade, sample: WeakSample): Promise<boolean> {
  return provesAlone(grade) || (grade === 'C' && (await sample.agrees()))
}

/** Asks for one copy in the books: by its receipt, or by reading it back. */
export async function proveOne(order: ProveOrder, tools: ProveStoredTools, cancel: Cancel): Promise<ProveReport> {
  const { service, deviceId } = tools
  const { number, path, expected, receipt } = order
  const stored = await service.stat(path)
  if (!stored.ok) return { kind: 'unknown', number, failure: stored.failure }
  const checked = { kind: 'checked', number, deviceId } as const
  if (stored.value === null) return { ...checked, finding: 'absent', strength: 'provider', bytesRead: 0, found: null }
  const proven = await judgeBooked(path, stored.value, expected, receipt, tools, cancel)
  if (!proven.ok) return { kind: 'unknown', number, failure: proven.failure }
  const { finding, strength, found, bytesRead } = proven.value
  if (finding === 'agreed') return { ...checked, finding, strength, bytesRead, found: null }
  // The service says it is other bytes: which, shows when they are read.
  const back = found ?? (await readFound(path, tools, cancel))
  if (back === null) return { kind: 'unknown', number, failure: notReadBack(service, path) }
  if (back.hash === expected)
    return { ...checked, finding: 'agreed', strength: 'medium', bytesRead: back.bytes, found: null }
  const { mtimeMs } = stored.value
  return { ...checked, finding, strength: 'medium', bytesRead: back.bytes, found: { ...back, mtimeMs } }
}

function judgeBooked(
  path: string,
  stored: StoredFile,
  expected: ContentHash,
  receipt: Receipt | undefined,
  tools: ProveStoredTools,
  cancel: Cancel,
): Promise<Result<ProvenStored>> {
  const none: Receipt = {
    algorithm: '',
    digest: '',
    storedBytes: stored.bytes,
    objectId: stored.objectId,
    grade: 'E',
  }
  const known = receipt ?? none
  const told = known.algorithm === '' ? undefined : stored.digests[known.algorithm]
  return judge(
    { path, stored, told, own: known.digest, bytes: known.storedBytes, hash: expected, receipt: known },
    tools,
    cancel,
  )
}

async function readFound(
  path: string,
  tools: ProveStoredTools,
  cancel: Cancel,
): Promise<{ readonly hash: ContentHash; readonly bytes: number } | null> {
  const moved = (bytes: number): void => tools.watch.moved({ proven: bytes, path })
  const back = await hashStored(tools.service, path, { ...tools, moved }, cancel)
  return back.ok ? { hash: back.value.hash, bytes: back.value.bytesRead } : null
}

const notReadBack = (service: ServicePlace, path: string): Failure => ({
  code: 'place-error',
  sentence: `${path} at “${service.name}” is not what was stored there, and could not be read to see what it is.`,
  advice: 'Run the same command again.',
  place: service.name,
  path,
})

/** Before a copy goes: is it still the original that was to go (D1)? */
export async function demandStill(
  order: { readonly path: string; readonly bytes: number; readonly expected: ContentHash; readonly receipt?: Receipt },
  stored: StoredFile,
  tools: ProveStoredTools,
  cancel: Cancel,
): Promise<Result<void>> {
  const proven = await judgeBooked(order.path, stored, order.expected, order.receipt, tools, cancel)
  if (!proven.ok) return proven
  if (proven.value.finding === 'agreed') return done(undefined)
  return failed({
    code: 'copy-differs',
    sentence: `${order.path} at “${tools.service.name}” is not the original that was to go, so it stays.`,
    advice: 'Run “fivefold verify” to see which copies are good, then “fivefold repair”.',
    path: order.path,
    place: tools.service.name,
  })
}
