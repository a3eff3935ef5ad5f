/**
 * Walks the orders of one card, or of a place that copies are carried on from: two files are read and written at a time, while earlier ones are flushed, read back and
 * named. Small files are finished by the hundred, so that they share a flush. Memory is bounded by the pool of blocks, the rest by
 * the limits below.
 */
import type { Failure, FailureCode, Result } from '../domain/failure.ts'
import { done, endsThePlace, failed } from '../domain/failure.ts'
import type { PlaceId } from '../domain/ids.ts'
import type { Cancel, CardSource, CopyOrder, CopyReport } from './contracts.ts'
import type { CopyTools, WrittenFile } from './copy-file.ts'
import { copyFile } from './copy-file.ts'
import { proveCopies } from './prove-copies.ts'

export interface CopyLimits {
  readonly filesAtOnce: number
  /** Batches that may be flushed and read back while the next files are copied. */
  readonly batchesBehind: number
  readonly batchFilesMax: number
  readonly batchBytesMax: number
  /** A file above this is a batch of its own: it is worth a flush, and the proof of it can begin at once. */
  readonly loneFileBytes: number
}

/** Measured on the sets of bench/: see docs/adr/0004. */
export const copyLimits: CopyLimits = {
  filesAtOnce: 2,
  batchesBehind: 2,
  batchFilesMax: 1024,
  batchBytesMax: 48 * 1024 * 1024,
  loneFileBytes: 4 * 1024 * 1024,
}

/** After one of these there is no use in asking the source for the next file: the card is gone, or the place is not that place. */
const endsTheSource: Readonly<Record<CardSource['kind'], ReadonlySet<FailureCode>>> = {
  card: new Set<FailureCode>(['card-gone', 'card-hung']),
  place: new Set<FailureCode>([
    'place-gone',
    'place-hung',
    'place-unmarked',
    'place-is-another',
    'place-unknown',
    // A service: what has just been waited for in vain is not waited for again at every file.
    'service-unreachable',
    'service-busy',
    'sign-in-needed',
    'clock-wrong',
    'host-unknown',
  ]),
}

/** Fails only when the card, or the place that is read, was lost; what happened to each file stands in its report. */
export async function copyCard(
  orders: readonly CopyOrder[],
  tools: CopyTools,
  report: (report: CopyReport) => void,
  cancel: Cancel,
  limits: CopyLimits = copyLimits,
): Promise<Result<'finished' | 'cancelled'>> {
  const walk = new CardWalk(orders, tools, report, cancel, limits)
  return walk.run()
}

class CardWalk {
  readonly #orders: readonly CopyOrder[]
  readonly #tools: CopyTools
  readonly #report: (report: CopyReport) => void
  readonly #cancel: Cancel
  readonly #limits: CopyLimits
  readonly #lostPlaces = new Map<PlaceId, Failure>()
  readonly #behind = new Set<Promise<void>>()
  #next = 0
  #batch: WrittenFile[] = []
  #batchBytes = 0
  #lostSource: Failure | null = null

  constructor(
    orders: readonly CopyOrder[],
    tools: CopyTools,
    report: (report: CopyReport) => void,
    cancel: Cancel,
    limits: CopyLimits,
  ) {
    this.#orders = orders
    this.#tools = { ...tools, cancel }
    this.#report = report
    this.#cancel = cancel
    this.#limits = limits
  }

  async run(): Promise<Result<'finished' | 'cancelled'>> {
    // Where it can't be done, what is read is compared with its hash all the same.
    if (this.#tools.source.kind === 'place') await this.#tools.source.forgetCached()
    const lanes = Array.from({ length: this.#limits.filesAtOnce }, () => this.#lane())
    await Promise.all(lanes)
    await this.#finishBatch()
    await Promise.all(this.#behind)
    if (this.#lostSource !== null) return failed(this.#lostSource)
    return done(this.#cancel.aborted ? 'cancelled' : 'finished')
  }

  async #lane(): Promise<void> {
    while (!this.#cancel.aborted && this.#lostSource === null) {
      const order = this.#orders[this.#next]
      if (order === undefined) return
      this.#next += 1
      const copied = await copyFile(this.#withoutLostPlaces(order), this.#tools)
      if (copied.ok) await this.#take(this.#withLostPlaces(order, copied.value))
      else this.#unread(order, copied.failure)
    }
  }

  #unread(order: CopyOrder, failure: Failure): void {
    // What was stopped on its way was not done: it has no report.
    if (failure.code === 'stopped-by-person' && this.#cancel.aborted) return
    if (endsTheSource[this.#tools.source.kind].has(failure.code)) this.#lostSource ??= failure
    this.#report({ kind: 'unread', number: order.number, failure })
  }

  /** A big file is finished at once, together with the small ones that wait; small ones wait for company. */
  async #take(written: WrittenFile): Promise<void> {
    for (const outcome of written.ended) if (outcome.kind === 'failed') this.#noteLoss(outcome.placeId, outcome.failure)
    this.#batch.push(written)
    this.#batchBytes += written.order.bytes
    const { batchBytesMax, batchFilesMax, loneFileBytes } = this.#limits
    const isFull = this.#batchBytes >= batchBytesMax || this.#batch.length >= batchFilesMax
    if (isFull || written.order.bytes > loneFileBytes) await this.#finishBatch()
  }

  async #finishBatch(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    if (batch.length === 0) return
    while (this.#behind.size >= this.#limits.batchesBehind) await Promise.race(this.#behind)
    const work: Promise<void> = proveCopies(batch, this.#tools, (report) => {
      if (report.kind === 'read')
        for (const outcome of report.outcomes)
          if (outcome.kind === 'failed') this.#noteLoss(outcome.placeId, outcome.failure)
      this.#report(report)
    }).finally(() => {
      this.#behind.delete(work)
    })
    this.#behind.add(work)
  }

  #noteLoss(placeId: PlaceId, failure: Failure): void {
    if (endsThePlace.has(failure.code) && !this.#lostPlaces.has(placeId)) this.#lostPlaces.set(placeId, failure)
  }

  #withoutLostPlaces(order: CopyOrder): CopyOrder {
    if (this.#lostPlaces.size === 0) return order
    return { ...order, to: order.to.filter(({ placeId }) => !this.#lostPlaces.has(placeId)) }
  }

  #withLostPlaces(order: CopyOrder, written: WrittenFile): WrittenFile {
    const asked = new Set(written.order.to.map(({ placeId }) => placeId))
    const ended = [...written.ended]
    for (const { placeId } of order.to) {
      const failure = this.#lostPlaces.get(placeId)
      if (!asked.has(placeId) && failure !== undefined) ended.push({ kind: 'failed', placeId, failure })
    }
    return { ...written, ended }
  }
}
