/** Reads copies back, oldest evidence first (V5), and records what was found. Mends nothing, removes nothing. */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { JobId } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import { isDamage } from '../domain/tell-change.ts'
import type { Cancel } from '../engine/contracts.ts'
import type { CopyFinding } from './classify-findings.ts'
import { addressOf, identifyPlaces } from './identify-places.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { Hear, Program } from './program.ts'
import type { VerifiedPlace } from './verify-places.ts'
import { PlaceCheck } from './verify-places.ts'

export interface VerifyWish {
  readonly place: string | null
  readonly job: string | null
  /** Share of the copies to look at, 0 to 100. */
  readonly samplePercent: number | null
  readonly budgetMs: number | null
}

export interface VerifyOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.verify/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly places: readonly VerifiedPlace[]
  /** Every copy that is not what it should be, with what it is called and what mends it. */
  readonly findings: readonly CopyFinding[]
  readonly failures: readonly Failure[]
}

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
  const outcome = await verifyAll(program, wish, known, job.value, hear, cancel)
  return done(outcome)
}

async function verifyAll(
  program: Program,
  wish: VerifyWish,
  places: readonly Place[],
  jobId: JobId | null,
  hear: Hear,
  cancel: Cancel,
): Promise<VerifyOutcome> {
  const startedMs = program.clock.monotonicMs()
  const isInTime = (): boolean => wish.budgetMs === null || program.clock.monotonicMs() - startedMs <= wish.budgetMs
  const mover = program.startMover()
  try {
    const runId = await program.catalog.beginRun('verify', { ...wish }, program.clock.nowMs())
    const bar = new Bar(hear)
    const wishes = { runId, jobId, samplePercent: wish.samplePercent, isBudgeted: wish.budgetMs !== null }
    const results = new Map<string, VerifiedPlace>()
    const checks: PlaceCheck[] = []
    for (const { place, identity } of await identifyPlaces(program, mover, places))
      if (identity.kind === 'online')
        checks.push(new PlaceCheck(program, mover, { place, identity }, wishes, bar, cancel))
      else results.set(place.id, notAsked(place, identity.sentence, wish.place === null && place.role === 'drive'))
    // What a run that was killed left under temporary names (J1).
    for (const { ground } of checks) await mover.sweep(addressOf(ground.place))
    for (const check of checks) await check.begin()
    bar.begin(checks)
    await checkOldestFirst(checks, bar, isInTime)
    for (const check of checks) results.set(check.ground.place.id, await check.finish(isInTime()))
    const outcome = conclude(
      places.flatMap(({ id }) => results.get(id) ?? []),
      checks,
      cancel.aborted,
      program.clock.nowMs(),
    )
    await program.catalog.endRun(runId, outcome.outcome, program.clock.nowMs())
    return outcome
  } finally {
    mover.end()
  }
}

/** Whose next copy waits longest comes next: a budget that one place uses up alone would leave the others for ever. */
async function checkOldestFirst(checks: readonly PlaceCheck[], bar: Bar, isInTime: () => boolean): Promise<void> {
  while (isInTime()) {
    const open = checks.filter(({ nextAtMs }) => nextAtMs !== null)
    const [first] = open.toSorted((a, b) => (a.nextAtMs ?? 0) - (b.nextAtMs ?? 0))
    if (first === undefined) return
    await first.slice()
    bar.sliceIsDone()
  }
}

/** One bar for all places together. */
class Bar {
  readonly #hear: Hear
  #name = ''
  #before = 0
  #now = 0

  constructor(hear: Hear) {
    this.#hear = hear
  }

  begin(checks: readonly PlaceCheck[]): void {
    this.#name = checks.map(({ ground }) => ground.place.name).join(', ')
    const sum = (of: (check: PlaceCheck) => number): number => checks.reduce((total, check) => total + of(check), 0)
    const [files, bytes] = [sum((check) => check.files), sum((check) => check.bytes)]
    this.#hear({ type: 'phase', card: this.#name, phase: 'verify', files, bytes })
  }

  progress({ bytes, path }: { readonly bytes: number; readonly path: string }): void {
    this.#now = Math.max(this.#now, bytes)
    const bytesProven = this.#before + this.#now
    this.#hear({
      type: 'progress',
      card: this.#name,
      phase: 'verify',
      bytesRead: bytesProven,
      bytesWritten: 0,
      bytesProven,
      path,
    })
  }

  sliceIsDone(): void {
    this.#before += this.#now
    this.#now = 0
  }

  trouble(place: string, failure: Failure): void {
    this.#hear({ type: 'trouble', card: place, failure })
  }
}

/** The job of that name or id; null for all of them. */
export async function findJob(program: Program, name: string | null): Promise<Result<JobId | null>> {
  if (name === null) return done(null)
  const [job] = await program.catalog.findJobs(name)
  if (job !== undefined) return done(job.id)
  return failed({
    code: 'not-found',
    sentence: `There is no job called “${name}”.`,
    advice: 'See “fivefold job list”.',
  })
}

const notAsked = (place: Place, sentence: string, away: boolean): VerifiedPlace => ({
  name: place.name,
  asked: false,
  away,
  sentence,
  checked: 0,
  proven: 0,
  onlyCached: 0,
  differed: [],
  missing: [],
  moved: 0,
  unknown: 0,
  bytesRead: 0,
  left: 0,
  leftBytes: 0,
  oldestAt: null,
  wholeCycle: false,
  canary: 'unknown',
  workingFiles: 0,
})

function conclude(
  places: readonly VerifiedPlace[],
  checks: readonly PlaceCheck[],
  isStopped: boolean,
  nowMs: number,
): VerifyOutcome {
  const findings = checks.flatMap((check) => check.findings)
  const failures = checks.flatMap((check) => check.failures)
  const onlyCached = places.some((place) => place.onlyCached > 0)
  const isOpen =
    findings.some(({ kind }) => kind !== 'moved') ||
    failures.length > 0 ||
    onlyCached ||
    places.some(({ asked, away }) => !asked && !away)
  const outcome = isStopped ? 'stopped' : isOpen ? 'incomplete' : 'done'
  const sentence = sentenceFor(places, findings, failures, nowMs)
  return { type: 'result', schema: 'fivefold.verify/1', outcome, sentence, places, findings, failures }
}

function sentenceFor(
  places: readonly VerifiedPlace[],
  findings: readonly CopyFinding[],
  failures: readonly Failure[],
  nowMs: number,
): string {
  if (places.length === 0) return 'There are no places to look at yet: run “fivefold setup”.'
  const alarm = failures.find(({ code }) => code === 'library-suspect' || code === 'checker-broken')
  if (alarm !== undefined) return alarm.sentence
  const sum = (of: (place: VerifiedPlace) => number): number => places.reduce((total, place) => total + of(place), 0)
  const checked = sum((place) => place.checked)
  if (checked + findings.length + sum((place) => place.workingFiles) === 0) return sayNothingChecked(places, failures)
  const proven = sum((place) => place.proven)
  const count = (fits: (finding: CopyFinding) => boolean): number => findings.filter(fits).length
  const damaged = count(({ kind }) => isDamage(kind))
  const missing = count(({ kind }) => kind === 'missing')
  const unreadable = count(({ kind }) => kind === 'unreadable')
  const edited = count(({ kind }) => kind === 'edited')
  const parts: string[] = []
  if (damaged > 0)
    parts.push(
      `${damaged} of ${checked} copies are NOT as they should be: ${damaged - missing - unreadable} changed, ${missing} missing${unreadable > 0 ? `, ${unreadable} can’t be read` : ''}. Don’t format a card that holds them; “fivefold repair” mends them.`,
    )
  else if (sum((place) => place.onlyCached + place.unknown) > 0)
    parts.push(
      `${proven} of ${checked} copies are proven; the others could not be read back past the memory of this computer, or not at all.`,
    )
  else if (edited > 0) parts.push(`${copiesText(checked)} read back, and none is damaged.`)
  else parts.push(`${copiesText(checked)} read back and all are as they should be.`)
  if (edited > 0)
    parts.push(
      `${filesOf(edited)} saved over by an editor: ${edited === 1 ? 'that original is' : 'those originals are'} no longer there.`,
    )
  const moved = count(({ kind }) => kind === 'moved')
  if (moved > 0) parts.push(`${filesOf(moved)} moved, and followed.`)
  const left = sum((place) => place.left)
  if (left > 0) parts.push(`${left} wait for the next time${oldestText(places, nowMs)}.`)
  const named = (some: readonly VerifiedPlace[]): string => some.map(({ name }) => `“${name}”`).join(' and ')
  const notThere = places.filter(({ asked, away }) => !asked && !away)
  const inSafe = places.filter(({ away }) => away)
  if (notThere.length > 0) parts.push(`${named(notThere)} could not be asked.`)
  if (inSafe.length > 0)
    parts.push(`${named(inSafe)} ${inSafe.length === 1 ? 'is' : 'are'} not connected, and not looked at.`)
  return parts.join(' ')
}

/** Where nothing was read, nothing is well: that there was no bad news is no good news. */
function sayNothingChecked(places: readonly VerifiedPlace[], failures: readonly Failure[]): string {
  const named = (some: readonly VerifiedPlace[]): string => some.map(({ name }) => `“${name}”`).join(' and ')
  const notThere = places.filter(({ asked, away }) => !asked && !away)
  const inSafe = places.filter(({ away }) => away)
  const whyNot = [
    ...(notThere.length > 0 ? [`${named(notThere)} could not be asked`] : []),
    ...(inSafe.length > 0 ? [`${named(inSafe)} ${inSafe.length === 1 ? 'is' : 'are'} not connected`] : []),
  ]
  if (whyNot.length > 0) return `Nothing was checked: ${whyNot.join(', and ')}.`
  const [failure] = failures
  if (failure !== undefined) return `Nothing was checked. ${failure.sentence}`
  const left = places.reduce((sum, place) => sum + place.left, 0)
  return left > 0
    ? `Nothing was checked in this time: ${left} ${left === 1 ? 'copy waits' : 'copies wait'} for the next time.`
    : 'Nothing was checked: there are no copies there yet.'
}

const copiesText = (copies: number): string => (copies === 1 ? '1 copy was' : `${copies} copies were`)
const filesOf = (files: number): string => (files === 1 ? '1 was' : `${files} were`)
const dayMs = 24 * 60 * 60 * 1000

/** V5: the worst age is known. */
function oldestText(places: readonly VerifiedPlace[], nowMs: number): string {
  const oldest = places.flatMap(({ oldestAt }) => (oldestAt === null ? [] : [Date.parse(oldestAt)]))
  const days = Math.floor((nowMs - Math.min(...oldest)) / dayMs)
  if (oldest.length === 0 || days < 1) return ''
  return `; the oldest was looked at ${days === 1 ? 'a day' : `${days} days`} ago`
}
