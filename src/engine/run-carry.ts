/**
 * Carries files from one place to another: what the drive update, the repair and the restore have in common. Each file's hash is
 * asked for while it is read (M1), each copy is proven as in an ingest, and what is reported is recorded before anybody is told (W3).
 */
import type { Failure } from '../domain/failure.ts'
import { mayRetry } from '../domain/failure.ts'
import { numberedName } from '../domain/file-names.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { FileSystemLimits } from '../domain/place.ts'
import { RunningTotal } from './running-total.ts'
import type { Cancel, CopyOutcome, CopyReport, Mover, Origin, PlaceAddress, Progress } from './contracts.ts'

/** One file to be carried. */
export interface CarryFile {
  /** At the origin. */
  readonly from: string
  /** At the destination. */
  readonly to: string
  readonly bytes: number
  readonly mtimeMs: number
  /** Null for a working file, which has no hash of its own (M2). */
  readonly expected: ContentHash | null
  readonly setAsideTo: string | null
}

export type Copied = Extract<CopyOutcome, { kind: 'copied' }>

export interface Carried<File extends CarryFile> {
  readonly file: File
  readonly hash: ContentHash
  readonly copy: Copied
}

export interface CarryWork<File extends CarryFile> {
  readonly from: Origin
  readonly to: PlaceAddress & { readonly limits: FileSystemLimits }
  readonly files: readonly File[]
}

export interface CarryWorld<File extends CarryFile> {
  readonly mover: Mover
  /** Durable when the promise ends; called again and again, never twice at once. */
  record(batch: readonly Carried<File>[]): Promise<void>
  progress(progress: Progress): void
}

export interface CarryResult<File extends CarryFile> {
  readonly carried: readonly Carried<File>[]
  readonly failures: readonly { readonly file: File; readonly failure: Failure }[]
  /** Set when the origin or the destination was lost, or the mover; files after it were not tried. */
  readonly lost: Failure | null
  readonly cancelled: boolean
}

const roundsMax = 3
const filesAtOnce = 1000
const numbersMax = 20

interface Wanted<File extends CarryFile> {
  readonly file: File
  to: string
  number: number
  setAsideTo: string | null
  asideNumber: number
  failure: Failure | null
}

export async function runCarry<File extends CarryFile>(
  work: CarryWork<File>,
  world: CarryWorld<File>,
  cancel: Cancel,
): Promise<CarryResult<File>> {
  const run = new CarryRun(work, world, cancel)
  return run.run()
}

class CarryRun<File extends CarryFile> {
  readonly #work: CarryWork<File>
  readonly #world: CarryWorld<File>
  readonly #cancel: Cancel
  readonly #carried: Carried<File>[] = []
  readonly #total = new RunningTotal()
  readonly #failures: { readonly file: File; readonly failure: Failure }[] = []
  #waiting: Wanted<File>[]
  #toRecord: Carried<File>[] = []
  #recording: Promise<void> = Promise.resolve()
  #lost: Failure | null = null

  constructor(work: CarryWork<File>, world: CarryWorld<File>, cancel: Cancel) {
    this.#work = work
    this.#world = world
    this.#cancel = cancel
    this.#waiting = work.files.map((file) => ({
      file,
      to: file.to,
      number: 1,
      setAsideTo: file.setAsideTo,
      asideNumber: 1,
      failure: null,
    }))
  }

  async run(): Promise<CarryResult<File>> {
    for (let round = 1; this.#waiting.length > 0 && !this.#isOver(); round += 1) {
      const wanted = this.#waiting
      this.#waiting = []
      for (let first = 0; first < wanted.length; first += filesAtOnce) {
        const some = wanted.slice(first, first + filesAtOnce)
        if (this.#isOver()) this.#waiting.push(...some)
        else await this.#hand(some, round)
      }
    }
    await this.#recording
    for (const { file, failure } of this.#waiting) if (failure !== null) this.#failures.push({ file, failure })
    return { carried: this.#carried, failures: this.#failures, lost: this.#lost, cancelled: this.#cancel.aborted }
  }

  #isOver(): boolean {
    return this.#cancel.aborted || this.#lost !== null
  }

  async #hand(wanted: readonly Wanted<File>[], round: number): Promise<void> {
    const { from, to } = this.#work
    const left = new Set(wanted)
    const end = await this.#world.mover.copy(
      {
        from,
        places: [to],
        orders: wanted.map(({ file, to: path, setAsideTo }, number) => ({
          number,
          path: file.from,
          bytes: file.bytes,
          mtimeMs: file.mtimeMs,
          to: [{ placeId: to.id, path }],
          expected: file.expected,
          setAsideTo,
        })),
      },
      (report) => {
        const one = wanted[report.number]
        if (one === undefined || !left.delete(one)) return
        this.#take(one, report, round)
      },
      (progress) => this.#world.progress(this.#total.add(progress)),
      this.#cancel,
    )
    await this.#recording
    this.#total.next()
    if (end.kind === 'failed') this.#lost = end.failure
    if (end.kind === 'hung') this.#lost = hung(end.where === to.id ? to.name : nameOf(from))
    this.#waiting.push(...left)
  }

  #take(wanted: Wanted<File>, report: CopyReport, round: number): void {
    if (report.kind === 'unread') {
      this.#again(wanted, report.failure, round)
      return
    }
    const [outcome] = report.outcomes
    if (outcome?.kind === 'copied') this.#keep({ file: wanted.file, hash: report.hash, copy: outcome })
    else if (outcome?.kind === 'failed') this.#again(wanted, outcome.failure, round)
    else if (outcome?.kind === 'taken' && outcome.path === wanted.setAsideTo) this.#numberAside(wanted)
    else this.#number(wanted)
  }

  #keep(carried: Carried<File>): void {
    this.#carried.push(carried)
    this.#toRecord.push(carried)
    if (this.#toRecord.length > 1) return
    // While one batch is written down, the next one gathers: one commit for many small files.
    this.#recording = this.#recording.then(() => {
      const batch = this.#toRecord
      this.#toRecord = []
      return this.#world.record(batch)
    })
  }

  #again(wanted: Wanted<File>, failure: Failure, round: number): void {
    if (round < roundsMax && mayRetry(failure) && failure.code !== 'copy-differs')
      this.#waiting.push({ ...wanted, failure })
    else this.#failures.push({ file: wanted.file, failure })
  }

  /** A version of that name was kept in this very minute already: this one gets a number, and the file keeps its own name. */
  #numberAside(wanted: Wanted<File>): void {
    const asideNumber = wanted.asideNumber + 1
    const { limits, name } = this.#work.to
    const aside = wanted.file.setAsideTo
    if (aside === null || asideNumber > numbersMax)
      this.#failures.push({ file: wanted.file, failure: noName(wanted.file.to, name) })
    else this.#waiting.push({ ...wanted, asideNumber, setAsideTo: numberedName(aside, asideNumber, limits) })
  }

  /** W2: the name is another file's; this one gets a number, and the person is told by the one who asked. */
  #number(wanted: Wanted<File>): void {
    const number = wanted.number + 1
    const { limits, name } = this.#work.to
    if (number > numbersMax) this.#failures.push({ file: wanted.file, failure: noName(wanted.file.to, name) })
    else this.#waiting.push({ ...wanted, number, to: numberedName(wanted.file.to, number, limits) })
  }
}

const nameOf = (from: Origin): string => (from.kind === 'place' ? from.place.name : from.root)

const hung = (name: string): Failure => ({
  code: 'place-hung',
  sentence: `“${name}” stopped answering.`,
  advice: 'Look whether it is switched on and connected, then run the same command again.',
  place: name,
})

const noName = (path: string, place: string): Failure => ({
  code: 'name-taken',
  sentence: `At “${place}” the name ${path} and all its numbered names are taken by other files.`,
  advice: 'Move those files away, then run the same command again.',
  path,
  place,
})
