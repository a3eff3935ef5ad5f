/**
 * V4: the second read of the card. Two reads that agree show that the reader told the truth. When they differ, a third decides, the
 * card is suspect and kept, and what was copied from the wrong read is copied again.
 */
import type { SecondReadRecord } from '../catalog/catalog.ts'
import type { SecondRead } from '../domain/card.ts'
import { proves } from '../domain/copy.ts'
import { placePath } from '../domain/file-names.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { Cancel, Mover, ReadOrder, ReadReport } from '../engine/contracts.ts'
import type { IngestResult } from '../engine/run-ingest.ts'
import { runIngest } from '../engine/run-ingest.ts'
import { addressOf } from './identify-places.ts'
import type { BegunIngest } from './ingest-card.ts'
import type { Hear, Program } from './program.ts'
import { makeRecorder } from './record-reports.ts'

export interface SecondReadResult {
  readonly state: SecondRead
  /** Why it was not done, for a person; null when it was. */
  readonly because: string | null
  readonly bytesRead: number
  /** True when a person said stop before it was done. */
  readonly stopped: boolean
  /** True when files could not be read again, though the card can be: something is left undone. */
  readonly failed: boolean
  /** Files whose reads differed. */
  readonly suspect: readonly string[]
}

export interface SecondReadWork {
  readonly begun: BegunIngest
  readonly copied: IngestResult
}

export async function readCardAgain(
  program: Program,
  mover: Mover,
  work: SecondReadWork,
  hear: Hear,
  cancel: Cancel,
): Promise<SecondReadResult> {
  const { roll } = work.begun
  const { card } = work.begun.planned
  if (!program.settings.policy.cards.secondRead)
    return {
      state: 'not-done',
      because: 'it is switched off in the settings',
      bytesRead: 0,
      stopped: false,
      failed: false,
      suspect: [],
    }
  // A suspect card is read again whole: only reads since then can show that it was the reader.
  const readSinceMs = card.known?.suspect?.atMs ?? Number.NEGATIVE_INFINITY
  const agreedBefore = new Set(
    (await program.catalog.rollFiles(roll.id))
      .filter(({ second }) => second?.finding === 'agreed' && second.strength === 'medium' && second.atMs > readSinceMs)
      .map(({ path }) => path),
  )
  const orders = ordersFor(work.copied, agreedBefore)
  hear({
    type: 'phase',
    card: card.signs.label,
    phase: 'second-read',
    files: orders.length,
    bytes: orders.reduce((sum, { bytes }) => sum + bytes, 0),
  })
  const reading = new SecondReading(program, mover, work, hear, cancel)
  const differedBefore = await reading.suspectEarlierReads()
  const state = await reading.run(orders)
  const earlier = roll.secondRead
  // A card that once told two stories stays suspect, whatever it says today.
  const final = earlier === 'differed' || differedBefore ? 'differed' : state.state
  await program.catalog.setRollSecondRead(roll.id, final, program.clock.nowMs())
  return { ...state, state: final }
}

function ordersFor(copied: IngestResult, agreedBefore: ReadonlySet<string>): ReadOrder[] {
  const orders: ReadOrder[] = []
  for (const { file, hash } of copied.files)
    if (hash !== null && !agreedBefore.has(file.path)) orders.push({ number: orders.length, ...file, expected: hash })
  return orders
}

class SecondReading {
  readonly #program: Program
  readonly #mover: Mover
  readonly #work: SecondReadWork
  readonly #hear: Hear
  readonly #cancel: Cancel
  #bytesRead = 0

  constructor(program: Program, mover: Mover, work: SecondReadWork, hear: Hear, cancel: Cancel) {
    this.#program = program
    this.#mover = mover
    this.#work = work
    this.#hear = hear
    this.#cancel = cancel
  }

  async run(orders: readonly ReadOrder[]): Promise<SecondReadResult> {
    const second = await this.#read(orders)
    const differing = orders.filter(({ number, expected }) => {
      const hash = second.hashes.get(number)
      return hash !== undefined && hash !== expected
    })
    const suspect = differing.map(({ path }) => path)
    if (differing.length > 0) {
      await this.#settle(differing, second.hashes)
      return { state: 'differed', because: null, bytesRead: this.#bytesRead, stopped: false, failed: false, suspect }
    }
    const unread = orders.length - second.hashes.size
    if (unread > 0) return this.#notDone(second.why ?? `${unread} files could not be read again`, true)
    if (second.cached) return this.#notDone('this system can read the card only through its memory')
    const everRead = this.#work.copied.files.every(({ hash }) => hash !== null)
    if (!everRead) return this.#notDone('some files could not be read at all')
    return { state: 'agreed', because: null, bytesRead: this.#bytesRead, stopped: false, failed: false, suspect }
  }

  /** A file that was copied at a second try, or in a second run, and then gave other bytes than at first, tells the same. */
  async suspectEarlierReads(): Promise<boolean> {
    const differing = this.#work.copied.files.filter(({ failures }) =>
      failures.some(({ code }) => code === 'card-reads-differ'),
    )
    const [first] = differing
    if (first === undefined) return false
    await this.#suspect(`${first.file.path} gave different bytes when it was read again`)
    return true
  }

  #notDone(because: string, failed = false): SecondReadResult {
    return {
      state: 'not-done',
      because,
      bytesRead: this.#bytesRead,
      stopped: this.#cancel.aborted,
      failed,
      suspect: [],
    }
  }

  async #read(
    orders: readonly ReadOrder[],
  ): Promise<{ hashes: Map<number, ContentHash>; cached: boolean; why: string | null }> {
    const hashes = new Map<number, ContentHash>()
    let cached = false
    const label = this.#work.begun.planned.card.signs.label
    let waiting: SecondReadRecord[] = []
    let recording: Promise<void> = Promise.resolve()
    const record = (): Promise<void> => {
      const batch = waiting
      waiting = []
      return batch.length === 0
        ? Promise.resolve()
        : this.#program.catalog.recordSecondRead(this.#work.begun.roll.id, batch)
    }
    const take = (report: ReadReport): void => {
      const order = orders[report.number]
      if (report.kind === 'unread' || order === undefined) {
        if (report.kind === 'unread') this.#hear({ type: 'trouble', card: label, failure: report.failure })
        return
      }
      hashes.set(report.number, report.hash)
      this.#bytesRead += report.bytesRead
      if (!proves({ atMs: 0, deviceId: '', finding: 'agreed', strength: report.strength })) cached = true
      const finding = report.hash === order.expected ? 'agreed' : 'differed'
      waiting.push({ path: order.path, finding, strength: report.strength, atMs: this.#program.clock.nowMs() })
      if (waiting.length > 1) return
      recording = recording.then(record)
      // Waited for below; a failure is thrown there, and must not end the process here.
      recording.catch(() => undefined)
    }
    const end = await this.#mover.readAgain(
      { cardRoot: this.#work.begun.planned.card.signs.root, orders },
      take,
      (progress) => this.#hear({ type: 'progress', card: label, phase: 'second-read', ...progress }),
      this.#cancel,
    )
    await recording
    await record()
    let why: string | null = null
    if (end.kind === 'cancelled') why = 'it was stopped'
    if (end.kind === 'failed') why = end.failure.sentence
    if (end.kind === 'hung') why = 'the card or its reader stopped answering'
    return { hashes, cached, why }
  }

  /** The third read. Where it sides with the second, the copies hold the wrong bytes, and the file is copied again. */
  async #settle(differing: readonly ReadOrder[], second: ReadonlyMap<number, ContentHash>): Promise<void> {
    const { begun } = this.#work
    const { planned } = begun
    const { card } = planned
    const orders = differing.map((order, number) => ({ ...order, number }))
    const third = await this.#read(orders)
    const names = orders
      .slice(0, 5)
      .map(({ path }) => path)
      .join(', ')
    const why = `${orders.length === 1 ? 'A file' : `${orders.length} files`} gave different bytes when read twice: ${names}`
    await this.#suspect(why)
    const wrong = orders.filter(({ number, path }) => {
      const original = differing.find((order) => order.path === path)
      const again = third.hashes.get(number)
      return original !== undefined && again !== undefined && again === second.get(original.number)
    })
    if (wrong.length === 0) return
    const { roll, jobId } = begun
    const strength = third.cached ? 'cached' : 'medium'
    for (const { number, path, bytes } of wrong) {
      const hash = third.hashes.get(number)
      if (hash === undefined) continue
      const atMs = this.#program.clock.nowMs()
      await this.#program.catalog.correctRead({ rollId: roll.id, path, hash, bytes, jobId, atMs }, strength)
    }
    this.#hear({
      type: 'said',
      card: card.signs.label,
      code: 'card-reads-differ',
      sentence: `Two reads of three agree that ${wrong.length} of the copies were made from a wrong read; they are made again.`,
    })
    const places = planned.places.map((place) => ({ ...addressOf(place), limits: place.identity.limits }))
    await runIngest(
      {
        cardRoot: card.signs.root,
        places,
        steps: wrong.map(({ path, number }) => {
          const step = begun.plan.steps.find(({ file }) => file.path === path)
          if (step === undefined) throw new Error(`A file that is not in the plan was read twice: ${path}`)
          const wished = step.do === 'nothing' ? [] : step.to
          const to = places.map(({ id, limits }) => ({
            placeId: id,
            path:
              wished.find(({ placeId }) => placeId === id)?.path ??
              placePath(`${begun.roll.folder}/${path}`, limits).path,
          }))
          return { do: 'copy' as const, file: step.file, hash: third.hashes.get(number) ?? null, to }
        }),
      },
      {
        mover: this.#mover,
        record: makeRecorder(this.#program, begun),
        progress: () => undefined,
        tell: (failure) => this.#hear({ type: 'trouble', card: card.signs.label, failure }),
      },
      this.#cancel,
    )
  }

  async #suspect(why: string): Promise<void> {
    const { catalog, clock } = this.#program
    await catalog.suspectCard(this.#work.begun.roll.cardId, why, clock.nowMs())
    this.#hear({
      type: 'trouble',
      card: this.#work.begun.planned.card.signs.label,
      failure: {
        code: 'card-reads-differ',
        sentence: `The card “${this.#work.begun.planned.card.signs.label}” or its reader hands out wrong bytes. ${why}.`,
        advice: 'Keep this card as it is, and read it once more with another reader before you trust it again.',
      },
    })
  }
}
