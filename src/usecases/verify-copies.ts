/** Reads copies back, oldest evidence first (V5), and records what was found. Mends nothing, removes nothing. */
import type { CopyToCheck } from '../catalog/catalog.ts'
import { proves } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { JobId, RunId } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import type { Cancel, Mover, ProveReport } from '../engine/contracts.ts'
import { addressOf, identifyPlaces } from './identify-places.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { Hear, Program } from './program.ts'

export interface VerifyWish {
  readonly place: string | null
  readonly job: string | null
  /** Share of the copies to look at, 0 to 100. */
  readonly samplePercent: number | null
  readonly budgetMs: number | null
}

export interface VerifiedPlace {
  readonly name: string
  readonly asked: boolean
  readonly sentence: string | null
  readonly checked: number
  readonly proven: number
  readonly onlyCached: number
  readonly differed: readonly string[]
  readonly missing: readonly string[]
  readonly unknown: number
  readonly bytesRead: number
  /** Copies that the budget left for the next time. */
  readonly left: number
}

export interface VerifyOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.verify/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly places: readonly VerifiedPlace[]
  readonly failures: readonly Failure[]
}

const pageFiles = 512

export async function verifyPlaces(
  program: Program,
  wish: VerifyWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<VerifyOutcome>> {
  const places = wish.place === null ? program.settings.places : [findPlace(program, wish.place)]
  const known = places.flatMap((place) => (place === undefined ? [] : [place]))
  if (known.length < places.length) return failed(noSuchPlace(program, wish.place ?? ''))
  const job = await findJob(program, wish.job)
  if (!job.ok) return job
  const mover = program.startMover()
  try {
    const runId = await program.catalog.beginRun('verify', { ...wish }, program.clock.nowMs())
    const verifying = new Verifying(program, mover, runId, wish, job.value, hear, cancel)
    const results: VerifiedPlace[] = []
    for (const { place, identity } of await identifyPlaces(program, mover, known))
      results.push(identity.kind === 'online' ? await verifying.verifyPlace(place) : notAsked(place, identity.sentence))
    const outcome = conclude(results, verifying.failures, cancel.aborted)
    await program.catalog.endRun(runId, outcome.outcome, program.clock.nowMs())
    return done(outcome)
  } finally {
    mover.end()
  }
}

async function findJob(program: Program, name: string | null): Promise<Result<JobId | null>> {
  if (name === null) return done(null)
  const [job] = await program.catalog.findJobs(name)
  if (job !== undefined) return done(job.id)
  return failed({
    code: 'not-found',
    sentence: `There is no job called “${name}”.`,
    advice: 'See “fivefold job list”.',
  })
}

const notAsked = (place: Place, sentence: string): VerifiedPlace => ({
  name: place.name,
  asked: false,
  sentence,
  checked: 0,
  proven: 0,
  onlyCached: 0,
  differed: [],
  missing: [],
  unknown: 0,
  bytesRead: 0,
  left: 0,
})

class Verifying {
  readonly failures: Failure[] = []
  readonly #program: Program
  readonly #mover: Mover
  readonly #runId: RunId
  readonly #wish: VerifyWish
  readonly #jobId: JobId | null
  readonly #hear: Hear
  readonly #cancel: Cancel
  readonly #startedMs: number

  constructor(
    program: Program,
    mover: Mover,
    runId: RunId,
    wish: VerifyWish,
    jobId: JobId | null,
    hear: Hear,
    cancel: Cancel,
  ) {
    this.#program = program
    this.#mover = mover
    this.#runId = runId
    this.#wish = wish
    this.#jobId = jobId
    this.#hear = hear
    this.#cancel = cancel
    this.#startedMs = program.clock.monotonicMs()
  }

  #overBudget(): boolean {
    const { budgetMs } = this.#wish
    return budgetMs !== null && this.#program.clock.monotonicMs() - this.#startedMs > budgetMs
  }

  async verifyPlace(place: Place): Promise<VerifiedPlace> {
    const beganMs = this.#program.clock.nowMs()
    const counts = { checked: 0, proven: 0, onlyCached: 0, unknown: 0, bytesRead: 0 }
    const differed: string[] = []
    const missing: string[] = []
    let quota = Number.POSITIVE_INFINITY
    let left = 0
    let after: { latestAtMs: number; number: number } | undefined
    for (let first = true; !this.#cancel.aborted; first = false) {
      const page = await this.#page(place, beganMs, after)
      if (first && this.#wish.samplePercent !== null) quota = await this.#quota(place, beganMs)
      if (page.length === 0) break
      if (this.#overBudget() || counts.checked >= quota) {
        left += page.length
        break
      }
      const some = page.slice(0, Math.max(0, quota - counts.checked))
      const reports = await this.#prove(place, some)
      for (const [copy, report] of reports) {
        counts.checked += 1
        if (report.kind === 'unknown') {
          counts.unknown += 1
          continue
        }
        counts.bytesRead += report.bytesRead
        if (report.finding === 'differed') differed.push(copy.path)
        else if (report.finding === 'absent') missing.push(copy.path)
        else if (proves({ ...report, atMs: 0 })) counts.proven += 1
        else counts.onlyCached += 1
      }
      if (reports.length < some.length) break
      const last = page.at(-1)
      after = last === undefined ? undefined : { latestAtMs: last.latest.atMs, number: last.number }
    }
    return { name: place.name, asked: true, sentence: null, ...counts, differed, missing, left }
  }

  #page(
    place: Place,
    beganMs: number,
    after?: { latestAtMs: number; number: number },
  ): Promise<readonly CopyToCheck[]> {
    return this.#program.catalog.copiesAt(place.id, {
      limit: pageFiles,
      checkedBeforeMs: beganMs,
      ...(after === undefined ? {} : { after }),
      ...(this.#jobId === null ? {} : { jobId: this.#jobId }),
    })
  }

  async #quota(place: Place, beganMs: number): Promise<number> {
    const all = await this.#program.catalog.copiesAt(place.id, {
      limit: 10_000_000,
      checkedBeforeMs: beganMs,
      ...(this.#jobId === null ? {} : { jobId: this.#jobId }),
    })
    return Math.ceil((all.length * (this.#wish.samplePercent ?? 100)) / 100)
  }

  async #prove(
    place: Place,
    copies: readonly CopyToCheck[],
  ): Promise<readonly (readonly [CopyToCheck, ProveReport])[]> {
    const reports: (readonly [CopyToCheck, ProveReport])[] = []
    const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0)
    this.#hear({ type: 'phase', card: place.name, phase: 'verify', files: copies.length, bytes })
    const end = await this.#mover.prove(
      { place: addressOf(place), orders: copies.map(({ path, hash }, number) => ({ number, path, expected: hash })) },
      (report) => {
        const copy = copies[report.number]
        if (copy !== undefined) reports.push([copy, report])
        if (report.kind === 'unknown') this.#hear({ type: 'trouble', card: place.name, failure: report.failure })
      },
      (progress) => this.#hear({ type: 'progress', card: place.name, phase: 'verify', ...progress }),
      this.#cancel,
    )
    if (end.kind === 'failed') this.failures.push(end.failure)
    if (end.kind === 'hung')
      this.failures.push({
        code: 'place-hung',
        sentence: `“${place.name}” stopped answering.`,
        advice: 'Look whether it is switched on and connected, then run the same command again.',
        place: place.name,
      })
    await this.#record(place, reports)
    return reports
  }

  async #record(place: Place, reports: readonly (readonly [CopyToCheck, ProveReport])[]): Promise<void> {
    const atMs = this.#program.clock.nowMs()
    const copies = reports.flatMap(([{ hash, path }, report]) => {
      if (report.kind === 'unknown') return []
      const { strength, finding, deviceId } = report
      return [{ hash, placeId: place.id, path, evidence: { atMs, strength, finding, deviceId } }]
    })
    await this.#program.catalog.recordReports({ runId: this.#runId, reads: [], copies })
  }
}

function conclude(places: readonly VerifiedPlace[], failures: readonly Failure[], stopped: boolean): VerifyOutcome {
  const sum = (of: (place: VerifiedPlace) => number): number => places.reduce((total, place) => total + of(place), 0)
  const bad = sum((place) => place.differed.length + place.missing.length)
  const open =
    sum((place) => place.unknown + place.onlyCached) + places.filter(({ asked }) => !asked).length + failures.length
  const outcome = stopped ? 'stopped' : bad > 0 || open > 0 ? 'incomplete' : 'done'
  const checked = sum((place) => place.checked)
  const provenCount = sum((place) => place.proven)
  const notAskedNames = places.filter(({ asked }) => !asked).map(({ name }) => `“${name}”`)
  let sentence = `${checked} ${checked === 1 ? 'copy was' : 'copies were'} read back and ${bad === 0 ? 'all are' : `${sum((place) => place.proven)} are`} as they should be.`
  if (places.length === 0) sentence = 'There are no places to look at yet: run “fivefold setup”.'
  else if (bad === 0 && provenCount < checked)
    sentence = `${provenCount} of ${checked} copies are proven; the others could not be read back past the memory of this computer, or not at all.`
  else if (bad > 0)
    sentence = `${bad} of ${checked} copies are NOT as they should be: ${sum((place) => place.differed.length)} changed, ${sum((place) => place.missing.length)} missing. Don’t format any card of these jobs.`
  else if (notAskedNames.length > 0) sentence += ` ${notAskedNames.join(' and ')} could not be asked.`
  return { type: 'result', schema: 'fivefold.verify/1', outcome, sentence, places, failures }
}
