/**
 * Fills a place that never had what it should have: a new NAS, a second folder on a new computer. From proven copies elsewhere, each
 * asked for its hash while it is read (M1), under the path that it has there. What was there once and is gone is repair's other half.
 */
import type { CopyRecord, KnownCopy, OriginalToCarry, WhereGroup } from '../catalog/catalog.ts'
import { proves } from '../domain/copy.ts'
import type { Failure, FailureCode } from '../domain/failure.ts'
import { endsThePlace } from '../domain/failure.ts'
import type { ContentHash, JobId, RunId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { Role } from '../domain/place.ts'
import { roles } from '../domain/place.ts'
import { rolesStillRequired } from '../domain/policy.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import type { CarryFile } from '../engine/run-carry.ts'
import { runCarry } from '../engine/run-carry.ts'
import { RunningTotal } from '../engine/running-total.ts'
import { carryHistories } from './carry-histories.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf, identifyPlaces, onlineOf } from './identify-places.ts'
import { layJobNotes } from './job-notes.ts'
import type { Hear, Program } from './program.ts'
import { suspectPlaces } from './suspect-places.ts'

export interface FillWish {
  /** Ids; null for all. */
  readonly placeId: string | null
  readonly jobId: JobId | null
  readonly dryRun: boolean
}

export interface FilledPlace {
  readonly place: string
  /** Originals that should be there and never were. */
  readonly lacking: number
  readonly carried: number
  readonly bytes: number
  /** Of these: no proven copy of them could be reached just now. */
  readonly withoutSource: number
  readonly failures: readonly Failure[]
}

const pageFiles = 1000

/** Places that lack nothing are not in the answer. A place that looked wiped or encrypted is left alone (D3). */
export async function fillPlaces(
  program: Program,
  wish: FillWish,
  hear: Hear,
  cancel: Cancel,
): Promise<readonly FilledPlace[]> {
  const groups = await program.catalog.whereabouts()
  const jobs = (await program.catalog.jobs()).filter(({ id }) => wish.jobId === null || id === wish.jobId)
  const lacking = program.settings.places.flatMap((place) => {
    if (wish.placeId !== null && place.id !== wish.placeId) return []
    const some = jobs.filter((job) => mayLack(program, place, job, groups))
    return some.length === 0 ? [] : [{ place, jobs: some }]
  })
  if (lacking.length === 0) return []
  const suspects = new Set((await suspectPlaces(program)).map(({ placeId }) => placeId))
  const mover = program.startMover()
  try {
    const online = onlineOf(await identifyPlaces(program, mover, program.settings.places))
    const filled: FilledPlace[] = []
    for (const one of lacking) {
      const here = online.find(({ place }) => place.id === one.place.id)
      if (here === undefined || suspects.has(one.place.id)) continue
      const filling = new Filling(program, mover, here, online, { ...localFill, dryRun: wish.dryRun, hear, cancel })
      for (const job of one.jobs) await filling.fill(job)
      const answer = await filling.conclude()
      if (answer.lacking > 0) filled.push(answer)
    }
    return filled
  } finally {
    mover.end()
  }
}

/** From the kept counts alone: is there anything of this job that this place should have and has not? */
function mayLack(program: Program, place: OnlinePlace['place'], job: Job, groups: readonly WhereGroup[]): boolean {
  const nowMs = program.clock.nowMs()
  if (place.role !== 'library' && place.role !== 'second') return false
  if (!rolesStillRequired(program.settings.policy, job, nowMs).includes(place.role)) return false
  const sameRole = new Set(program.settings.places.filter(({ role }) => role === place.role).map(({ id }) => id))
  return groups.some(({ jobId, copies }) => jobId === job.id && !copies.some(({ placeId }) => sameRole.has(placeId)))
}

interface FillFile extends CarryFile {
  readonly hash: ContentHash
  /** Null when it was never on a card: then the copy that it is carried from tells its time. */
  readonly cardMtimeMs: number | null
}

/** How a place is filled: what counts as lacking there, and where it is taken from. */
export interface FillRules {
  readonly kind: 'fill' | 'upload'
  /** Places of the first role are asked first. */
  readonly nearest: readonly Role[]
  lacks(copiesHere: readonly KnownCopy[]): boolean
}

/** What was there once and is gone is repair's to put back. */
const localFill: FillRules = { kind: 'fill', nearest: roles, lacks: (copiesHere) => copiesHere.length === 0 }

interface FillWork extends FillRules {
  readonly dryRun: boolean
  readonly hear: Hear
  readonly cancel: Cancel
  /** The most that may go over the line; null for no limit. */
  readonly bytesPerSecond?: number | null
  /** For work that goes on another time: which notes are still to be laid, and whether they have to be left for then. */
  readonly notes?: { readonly owed: Map<JobId, OnlinePlace>; readonly leave: Cancel }
}

export class Filling {
  readonly #program: Program
  readonly #mover: Mover
  readonly #here: OnlinePlace
  readonly #online: readonly OnlinePlace[]
  readonly #work: FillWork
  readonly #failures: Failure[] = []
  /** Whose notes are to be laid, with the place that something of it came from. */
  readonly #jobs: Map<JobId, OnlinePlace>
  #runId: RunId | null = null
  #counts = { lacking: 0, carried: 0, bytes: 0, withoutSource: 0 }
  #total = new RunningTotal()
  #lost: Failure | null = null

  constructor(program: Program, mover: Mover, here: OnlinePlace, online: readonly OnlinePlace[], work: FillWork) {
    this.#program = program
    this.#mover = mover
    this.#here = here
    this.#online = online
      .filter(({ place }) => place.id !== here.place.id)
      .toSorted((a, b) => work.nearest.indexOf(a.place.role) - work.nearest.indexOf(b.place.role))
    this.#work = work
    this.#jobs = work.notes?.owed ?? new Map<JobId, OnlinePlace>()
  }

  async fill(job: Job): Promise<void> {
    let after: ContentHash | undefined
    for (;;) {
      if (this.#lost !== null || this.#work.cancel.aborted) return
      const page = await this.#program.catalog.originalsOf(job.id, {
        ...(after === undefined ? {} : { after }),
        limit: pageFiles,
      })
      await this.#fillPage(job, page)
      after = page.at(-1)?.hash
      if (page.length < pageFiles) break
    }
    // An upload may end at any moment: the notes of a job go up as soon as the job is there.
    if (this.#work.kind === 'upload') await this.#layNotes()
  }

  async #fillPage(job: Job, page: readonly OriginalToCarry[]): Promise<void> {
    const never = page.filter(
      ({ copies, culledAtMs }) =>
        culledAtMs === null && this.#work.lacks(copies.filter(({ placeId }) => placeId === this.#here.place.id)),
    )
    const bySource = new Map<OnlinePlace, FillFile[]>()
    for (const original of never) {
      const source = this.#sourceOf(original)
      this.#counts.lacking += source?.copies.length ?? 1
      if (source === null) {
        this.#counts.withoutSource += 1
        continue
      }
      const files = bySource.get(source.at) ?? []
      // Every name that it has there: a card's tree is whole, twins in it and all.
      files.push(...source.copies.map((copy) => fileFor(original, copy)))
      bySource.set(source.at, files)
    }
    if (this.#work.dryRun) return
    for (const [from, files] of bySource) await this.#carry(job, from, files)
  }

  #sourceOf(original: OriginalToCarry): { readonly at: OnlinePlace; readonly copies: readonly KnownCopy[] } | null {
    for (const at of this.#online) {
      const copies = original.copies.filter(({ placeId, latest }) => placeId === at.place.id && proves(latest))
      if (copies.length > 0) return { at, copies }
    }
    return null
  }

  async #carry(job: Job, from: OnlinePlace, files: readonly FillFile[]): Promise<void> {
    if (this.#lost !== null || this.#work.cancel.aborted) return
    const { catalog, clock } = this.#program
    const { place, identity } = this.#here
    const { hear, cancel } = this.#work
    const runId = (this.#runId ??= await catalog.beginRun(this.#work.kind, { place: place.id }, clock.nowMs()))
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    this.#jobs.set(job.id, from)
    const phase = this.#work.kind === 'upload' ? 'upload' : 'copy'
    // The uploader tells the length of its whole queue before it begins.
    if (phase === 'copy') hear({ type: 'phase', card: place.name, phase, files: files.length, bytes })
    else
      hear({
        type: 'said',
        card: place.name,
        code: 'job',
        sentence: `“${job.name}”: ${files.length} ${files.length === 1 ? 'file' : 'files'} to ${this.#isOnlyAsked() ? 'ask for' : 'send'}.`,
      })
    const { bytesPerSecond } = this.#work
    const result = await runCarry<FillFile>(
      {
        from: { kind: 'place', place: addressOf(from.place) },
        to: {
          ...addressOf(place),
          limits: identity.limits,
          ...(bytesPerSecond === undefined || bytesPerSecond === null ? {} : { bytesPerSecond }),
        },
        files: await this.#withTimes(from, files),
      },
      {
        mover: this.#mover,
        record: async (batch) => {
          const copies = batch.map(({ file, copy }): CopyRecord => {
            const { path, strength, deviceId } = copy
            const evidence = { atMs: clock.nowMs(), strength, finding: 'agreed' as const, deviceId }
            return { hash: file.hash, placeId: place.id, path, evidence }
          })
          await catalog.recordReports({ runId, reads: [], copies })
        },
        progress: (progress) => hear({ type: 'progress', card: place.name, phase, ...this.#total.add(progress) }),
      },
      cancel,
    )
    if (phase === 'upload') this.#total.next()
    else this.#total = new RunningTotal()
    this.#counts.carried += result.carried.length
    this.#counts.bytes += result.carried.reduce((sum, { file }) => sum + file.bytes, 0)
    this.#failures.push(...result.failures.map(({ failure }) => failure))
    if (result.lost === null) return
    this.#failures.push(result.lost)
    this.#lost = result.lost
  }

  /** The provider's own program brings the files. */
  #isOnlyAsked(): boolean {
    return this.#program.services.filledFrom(this.#here.place.address) !== null
  }

  async #withTimes(from: OnlinePlace, files: readonly FillFile[]): Promise<readonly FillFile[]> {
    const unknown = files.filter(({ cardMtimeMs }) => cardMtimeMs === null)
    if (unknown.length === 0) return files
    const answers = await this.#mover.checkPaths(
      addressOf(from.place),
      unknown.map((file) => file.from),
    )
    const timeOf = new Map(
      unknown.map((file, index) => {
        const presence = answers.ok ? answers.value[index] : undefined
        return [file, presence?.kind === 'present' ? presence.mtimeMs : this.#program.clock.nowMs()]
      }),
    )
    return files.map((file) => ({ ...file, mtimeMs: timeOf.get(file) ?? file.mtimeMs }))
  }

  async conclude(): Promise<FilledPlace> {
    const { catalog, clock } = this.#program
    await this.#layNotes()
    if (this.#runId !== null)
      await catalog.endRun(this.#runId, this.#failures.length === 0 ? 'done' : 'incomplete', clock.nowMs())
    return { place: this.#here.place.name, ...this.#counts, failures: this.#failures }
  }

  /** What can't be laid now stays owed: the job lacks files there, or whoever left it for later comes back. */
  async #layNotes(): Promise<void> {
    const { kind, notes } = this.#work
    const isVain = kind === 'upload' && this.#lost !== null && saysNothingMore.has(this.#lost.code)
    const areLeft = (): boolean => notes?.leave.aborted === true
    if (this.#jobs.size === 0 || isVain || areLeft()) return
    for (const [jobId, from] of this.#jobs) {
      const way = { from: from.place, to: this.#here.place }
      const rolls = await this.#program.catalog.rolls({ jobId })
      this.#failures.push(...(await carryHistories(this.#program, this.#mover, way, rolls)))
    }
    const jobs = [...this.#jobs.keys()]
    this.#failures.push(...(await layJobNotes(this.#program, this.#mover, jobs, [this.#here.place.id])))
    if (!areLeft()) this.#jobs.clear()
  }
}

/** Each further question to a cloud that is lost like this would take a minute, or would be refused as the last one was. */
const saysNothingMore: ReadonlySet<FailureCode> = new Set([...endsThePlace].filter((code) => code !== 'place-full'))

const fileFor = ({ hash, bytes, mtimeMs }: OriginalToCarry, { path }: KnownCopy): FillFile => ({
  hash,
  from: path,
  to: path,
  bytes,
  mtimeMs: mtimeMs ?? 0,
  cardMtimeMs: mtimeMs,
  expected: hash,
  setAsideTo: null,
})
