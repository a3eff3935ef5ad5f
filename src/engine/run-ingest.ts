/**
 * Walks a plan with a mover: rounds of copying, in which what failed is tried again, a name that is taken gets a number, and a place
 * that hangs is left out while the others go on (J2). What is reported is recorded before anybody is told (W3).
 */
import type { CardFile } from '../domain/card.ts'
import { proves } from '../domain/copy.ts'
import type { Failure } from '../domain/failure.ts'
import { endsThePlace, mayRetry } from '../domain/failure.ts'
import { numberedName } from '../domain/file-names.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import type { FileSystemLimits } from '../domain/place.ts'
import type { MaybeTwins, PlannedCopy, PlanStep } from '../domain/plan.ts'
import type { Cancel, CopyOrder, CopyOutcome, CopyReport, Mover, PlaceAddress, Progress } from './contracts.ts'

/** One file that was read whole, with the copies that came of it; recorded in one go. */
export interface RecordedRead {
  readonly file: CardFile
  readonly hash: ContentHash
  readonly copies: readonly Extract<CopyOutcome, { kind: 'copied' }>[]
}

export interface IngestWork {
  readonly cardRoot: string
  readonly places: readonly (PlaceAddress & { readonly limits: FileSystemLimits })[]
  readonly steps: readonly PlanStep[]
}

export interface IngestWorld {
  readonly mover: Mover
  /** Durable when the promise ends; called again and again, never twice at once. */
  record(batch: readonly RecordedRead[]): Promise<void>
  progress(progress: Progress): void
  /** A sentence for the person, as soon as it is known. */
  tell(failure: Failure): void
}

/** What became of one file. */
export interface FileResult {
  readonly file: CardFile
  hash: ContentHash | null
  bytesRead: number
  bytesWritten: number
  readonly proven: Set<PlaceId>
  /** The same picture was copied from another card before: both slots of one camera. */
  isTwin: boolean
  /** Where a copy was made in this run. */
  readonly written: Set<PlaceId>
  readonly failures: Failure[]
  readonly renamed: { readonly placeId: PlaceId; path: string; number: number }[]
}

export interface IngestResult {
  readonly files: readonly FileResult[]
  readonly cancelled: boolean
  readonly lostCard: Failure | null
  readonly lostPlaces: ReadonlyMap<PlaceId, Failure>
}

const roundsMax = 4
/** The mover gets so many files at a time: a card of a hundred thousand must not fill the memory of either process. */
const ordersAtOnce = 2000

interface Wanted {
  readonly result: FileResult
  readonly expected: ContentHash | null
  readonly twins: MaybeTwins | null
  /** The names that were planned, from which numbered ones are made. */
  readonly planned: ReadonlyMap<PlaceId, string>
  to: readonly PlannedCopy[]
  attempt: number
}

export async function runIngest(work: IngestWork, world: IngestWorld, cancel: Cancel): Promise<IngestResult> {
  return new IngestRun(work, world, cancel).run()
}

class IngestRun {
  readonly #work: IngestWork
  readonly #world: IngestWorld
  readonly #cancel: Cancel
  readonly #limits: ReadonlyMap<PlaceId, FileSystemLimits>
  readonly #lostPlaces = new Map<PlaceId, Failure>()
  readonly #files: FileResult[] = []
  #lostCard: Failure | null = null
  #waiting: Wanted[] = []
  #recording: Promise<void> = Promise.resolve()
  #toRecord: RecordedRead[] = []

  constructor(work: IngestWork, world: IngestWorld, cancel: Cancel) {
    this.#work = work
    this.#world = world
    this.#cancel = cancel
    this.#limits = new Map(work.places.map(({ id, limits }) => [id, limits]))
    for (const step of work.steps) this.#want(step)
  }

  #want(step: PlanStep): void {
    const result: FileResult = {
      file: step.file,
      hash: step.do === 'hash-first' ? null : step.hash,
      bytesRead: 0,
      bytesWritten: 0,
      proven: new Set(),
      isTwin: false,
      written: new Set(),
      failures: [],
      renamed: [],
    }
    this.#files.push(result)
    if (step.do === 'nothing') return
    const twins = step.do === 'hash-first' ? step.twins : null
    const expected = step.do === 'copy' ? step.hash : null
    const planned = new Map(step.to.map(({ placeId, path }) => [placeId, path]))
    this.#waiting.push({ result, expected, twins, planned, to: step.to, attempt: 1 })
  }

  async run(): Promise<IngestResult> {
    for (let round = 1; round <= roundsMax && this.#waiting.length > 0; round += 1) {
      if (this.#cancel.aborted || this.#lostCard !== null || this.#everyPlaceIsLost()) break
      await this.#round(this.#waiting)
    }
    await this.#flushRecords()
    for (const { result } of this.#waiting)
      if (result.failures.length === 0 && !this.#cancel.aborted) result.failures.push(gaveUp(result.file))
    return {
      files: this.#files,
      cancelled: this.#cancel.aborted,
      lostCard: this.#lostCard,
      lostPlaces: this.#lostPlaces,
    }
  }

  async #round(wanted: readonly Wanted[]): Promise<void> {
    this.#waiting = []
    for (let first = 0; first < wanted.length; first += ordersAtOnce) {
      const some = wanted.slice(first, first + ordersAtOnce)
      if (this.#cancel.aborted || this.#lostCard !== null || this.#everyPlaceIsLost()) this.#waiting.push(...some)
      else await this.#hand(some)
    }
  }

  /** With nowhere left to copy to, there is no use in reading the rest of the card. */
  #everyPlaceIsLost(): boolean {
    return this.#work.places.length > 0 && this.#work.places.every(({ id }) => this.#lostPlaces.has(id))
  }

  async #hand(wanted: readonly Wanted[]): Promise<void> {
    const open = new Map<number, Wanted>(wanted.map((one, index) => [index, one]))
    const orders = wanted.map((one, number): CopyOrder => this.#order(one, number))
    const places = this.#work.places.filter(({ id }) => !this.#lostPlaces.has(id))
    const end = await this.#world.mover.copy(
      { from: { kind: 'card', root: this.#work.cardRoot }, places, orders },
      (report) => {
        const one = open.get(report.number)
        open.delete(report.number)
        if (one !== undefined) this.#take(one, report)
      },
      (progress) => this.#world.progress(progress),
      this.#cancel,
    )
    await this.#flushRecords()
    if (end.kind === 'hung') this.#lose(end.where)
    if (end.kind === 'failed') this.#endedBy(end.failure)
    // What was begun and not reported is not done, whatever the reason.
    for (const one of open.values()) this.#again(one, end.kind === 'failed' ? end.failure : null)
  }

  #order(one: Wanted, number: number): CopyOrder {
    const { file } = one.result
    // A twin is hashed first; only what turns out to be new is copied, in the next round.
    const to =
      one.twins !== null && one.attempt === 1 ? [] : one.to.filter(({ placeId }) => !this.#lostPlaces.has(placeId))
    return { number, ...file, to, expected: one.expected }
  }

  #take(one: Wanted, report: CopyReport): void {
    const { result } = one
    if (report.kind === 'unread') {
      if (report.failure.code === 'card-gone' || report.failure.code === 'card-hung') this.#lostCard ??= report.failure
      this.#again(one, report.failure)
      return
    }
    result.hash = report.hash
    result.bytesRead += report.bytesRead
    result.bytesWritten += report.bytesWritten
    if (one.twins !== null && one.attempt === 1) this.#takeTwin(one, report.hash)
    else this.#takeCopies(one, report)
  }

  /** Equal: the copies of the twin are this file's copies. Where they are missing, or it differs, it is copied after all. */
  #takeTwin(one: Wanted, hash: ContentHash): void {
    const { result, twins } = one
    const provenAt = twins?.get(hash)
    result.isTwin = provenAt !== undefined
    for (const placeId of provenAt ?? []) result.proven.add(placeId)
    this.#toRecord.push({ file: result.file, hash, copies: [] })
    this.#recordSoon()
    const to = one.to.filter(({ placeId }) => !result.proven.has(placeId))
    if (to.length > 0) this.#waiting.push({ ...one, to, expected: hash, attempt: 2 })
  }

  #takeCopies(one: Wanted, report: Extract<CopyReport, { kind: 'read' }>): void {
    const { result } = one
    const copies: Extract<CopyOutcome, { kind: 'copied' }>[] = []
    const again: PlannedCopy[] = []
    for (const outcome of report.outcomes) {
      if (outcome.kind === 'copied') {
        copies.push(outcome)
        if (proves({ ...outcome, atMs: 0, finding: 'agreed' })) result.proven.add(outcome.placeId)
        else result.failures.push(onlyCached(result.file, this.#nameOf(outcome.placeId)))
        if (!outcome.alreadyThere) result.written.add(outcome.placeId)
      } else if (outcome.kind === 'taken') {
        again.push({ placeId: outcome.placeId, path: this.#nextName(one, outcome) })
      } else {
        this.#noteFailure(result, outcome.failure, outcome.placeId)
        const to = one.to.find(({ placeId }) => placeId === outcome.placeId)
        if (to !== undefined && mayRetry(outcome.failure) && !this.#lostPlaces.has(outcome.placeId)) again.push(to)
      }
    }
    this.#toRecord.push({ file: result.file, hash: report.hash, copies })
    this.#recordSoon()
    if (again.length > 0)
      this.#waiting.push({ ...one, twins: null, to: again, expected: report.hash, attempt: one.attempt + 1 })
  }

  /** W2: another file has the name, so ours gets a number, and the next one if that is taken too. */
  #nextName({ result, planned }: Wanted, taken: { readonly placeId: PlaceId; readonly path: string }): string {
    const { placeId } = taken
    const earlier = result.renamed.find((one) => one.placeId === placeId)
    const number = (earlier?.number ?? 1) + 1
    const path = numberedName(planned.get(placeId) ?? taken.path, number, this.#limitsOf(placeId))
    if (earlier === undefined) result.renamed.push({ placeId, path, number })
    else Object.assign(earlier, { path, number })
    return path
  }

  #nameOf(placeId: PlaceId): string {
    return this.#work.places.find(({ id }) => id === placeId)?.name ?? placeId
  }

  #limitsOf(placeId: PlaceId): FileSystemLimits {
    const limits = this.#limits.get(placeId)
    if (limits === undefined) throw new Error(`A report names a place that is not in the work: ${placeId}`)
    return limits
  }

  #noteFailure(result: FileResult, failure: Failure, placeId: PlaceId): void {
    result.failures.push(failure)
    if (endsThePlace.has(failure.code) && !this.#lostPlaces.has(placeId)) {
      this.#lostPlaces.set(placeId, failure)
      this.#world.tell(failure)
    }
  }

  #again(one: Wanted, failure: Failure | null): void {
    if (failure !== null) one.result.failures.push(failure)
    if (failure !== null && !mayRetry(failure)) return
    this.#waiting.push({ ...one, attempt: one.attempt + (one.twins === null ? 1 : 0) })
  }

  #lose(where: PlaceId | 'card'): void {
    const place = this.#work.places.find(({ id }) => id === where)
    const failure = place === undefined ? cardHung : placeHung(place.name)
    if (place === undefined) this.#lostCard ??= failure
    else this.#lostPlaces.set(place.id, failure)
    this.#world.tell(failure)
  }

  #endedBy(failure: Failure): void {
    const place = this.#work.places.find(({ name }) => name === failure.place)
    if (place !== undefined) this.#lostPlaces.set(place.id, failure)
    else if (failure.code !== 'mover-died') this.#lostCard ??= failure
    this.#world.tell(failure)
  }

  /** One commit for all that came in while the last one was being written. */
  #recordSoon(): void {
    if (this.#toRecord.length !== 1) return
    this.#recording = this.#recording.then(() => this.#recordNow())
    // Nobody waits for it before the round ends; a failure is thrown there, and must not end the process here.
    this.#recording.catch(() => undefined)
  }

  async #recordNow(): Promise<void> {
    const batch = this.#toRecord
    this.#toRecord = []
    if (batch.length > 0) await this.#world.record(batch)
  }

  async #flushRecords(): Promise<void> {
    await this.#recording
    await this.#recordNow()
  }
}

const cardHung: Failure = {
  code: 'card-hung',
  sentence: 'The card or its reader stopped answering.',
  advice:
    'Pull the card, put it into another reader or port, then run the same command again: it goes on where it was.',
}

const placeHung = (name: string): Failure => ({
  code: 'place-hung',
  sentence: `“${name}” stopped answering. The other places went on without it.`,
  advice:
    'Look whether it is switched on and connected, then run the same command again: only what is missing there is copied.',
  place: name,
})

const gaveUp = (file: CardFile): Failure => ({
  code: 'name-taken',
  sentence: `${file.path} could not get a name of its own: others are taken by other files.`,
  advice: 'Look into that folder of the place, move away what does not belong there, and run the same command again.',
  path: file.path,
})

const onlyCached = (file: CardFile, place: string): Failure => ({
  code: 'not-proven',
  sentence: `The copy of ${file.path} could be read back only from this computer’s memory, which proves nothing.`,
  advice: '“fivefold doctor” tells which place it is, and what can be done.',
  path: file.path,
  place,
})
