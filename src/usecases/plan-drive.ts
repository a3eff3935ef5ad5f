/** Gathers what a drive lacks, job by job, newest first: two listings a job and the books, into the plan of domain/drive-plan.ts. */
import type { OriginalToCarry } from '../catalog/catalog.ts'
import type { Burst } from '../domain/burst.ts'
import { judgeBurst } from '../domain/burst.ts'
import type { DriveJobFacts, DriveJobPlan } from '../domain/drive-plan.ts'
import { planDriveJob } from '../domain/drive-plan.ts'
import { isInWindow, windowStart } from '../domain/drive-window.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Job } from '../domain/job.ts'
import type { PlaceFile } from '../domain/place-listing.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'
import type { Hear, Program } from './program.ts'

export interface PlannedJob {
  readonly job: Job
  readonly plan: DriveJobPlan
  /** What it will write to the drive. */
  readonly bytes: number
}

export interface DrivePlan {
  readonly windowFrom: string
  readonly jobs: readonly PlannedJob[]
  /** Jobs whose folder could not be listed to the end: nothing is decided of them (D3). */
  readonly failures: readonly Failure[]
  readonly burst: Burst | null
  readonly restless: number
}

export interface DriveGround {
  readonly program: Program
  readonly mover: Mover
  readonly library: OnlinePlace
  readonly drive: OnlinePlace
  readonly hear: Hear
  readonly cancel: Cancel
}

const pageFiles = 2000
/** So many earlier updates tell what is usual. */
const usualUpdates = 10

/** Fails only when the library or the drive was lost meanwhile. */
export async function planDrive(ground: DriveGround, everythingAgain: boolean): Promise<Result<DrivePlan>> {
  const { program, drive, hear, cancel } = ground
  const nowMs = program.clock.nowMs()
  const windowFrom = windowStart(program.settings.policy.drive.window, program.localTime(nowMs).slice(0, 10))
  const lastShot = new Map((await program.catalog.jobTallies()).map((tally) => [tally.jobId, tally.lastShotOn]))
  const jobs = (await program.catalog.jobs())
    .filter((job) => {
      const createdOn = program.localTime(job.createdAtMs).slice(0, 10)
      return isInWindow({ ...job, lastShotOn: lastShot.get(job.id) ?? null, createdOn }, windowFrom)
    })
    .toSorted((a, b) => (a.shotOn < b.shotOn ? 1 : -1))
  const events = await program.catalog.placeEvents({ placeId: drive.place.id, kind: 'updated', limit: usualUpdates })
  const when = {
    provenSinceMs: everythingAgain ? nowMs : nowMs - program.settings.policy.verify.everyMs,
    lastCarry: lastCarryIn(events[0]?.detail),
    versionsFolder: versionsFolder(program.localTime(nowMs)),
  }
  hear({ type: 'phase', card: drive.place.name, phase: 'ask', files: jobs.length, bytes: 0 })
  const planned: PlannedJob[] = []
  const failures: Failure[] = []
  for (const job of jobs) {
    if (cancel.aborted) break
    const plan = await planJob(ground, job, when)
    if (!plan.ok && plan.failure.code !== 'listing-incomplete') return plan
    if (plan.ok) planned.push({ job, plan: plan.value, bytes: bytesOf(plan.value) })
    else failures.push(plan.failure)
  }
  const counts = sumCounts(planned)
  const usualWorking = events.map(({ detail }) => Number(detail['restless'] ?? 0))
  const restless = counts.workingChanged + counts.workingVanished
  return done({ windowFrom, jobs: planned, failures, burst: judgeBurst({ ...counts, usualWorking }), restless })
}

/** `2026-11-23 1405`: sorts by time, and has no character that a file system refuses. */
export const versionsFolder = (localTime: string): string =>
  `.fivefold/versions/${localTime.slice(0, 16).replace('T', ' ').replace(':', '')}`

function lastCarryIn(
  detail: Readonly<Record<string, number | string>> | undefined,
): { readonly fromMs: number; readonly toMs: number } | null {
  if (detail === undefined) return null
  const [fromMs, toMs] = [Number(detail['carryFromMs'] ?? 0), Number(detail['carryToMs'] ?? 0)]
  return toMs > fromMs ? { fromMs, toMs } : null
}

async function planJob(
  { program, mover, library, drive, cancel }: DriveGround,
  job: Job,
  when: Pick<DriveJobFacts, 'provenSinceMs' | 'lastCarry' | 'versionsFolder'>,
): Promise<Result<DriveJobPlan>> {
  const inLibrary = await listWhole(mover, library, job, cancel)
  if (!inLibrary.ok) return inLibrary
  const onDrive = await listWhole(mover, drive, job, cancel)
  if (!onDrive.ok) return onDrive
  const at = (original: OriginalToCarry, { place }: OnlinePlace): OriginalToCarry['copies'] =>
    original.copies.filter(({ placeId }) => placeId === place.id)
  const originals = await allOriginals(program, job)
  const libraryElsewhere = await lookOutside(mover, library, job, originals)
  if (!libraryElsewhere.ok) return libraryElsewhere
  const driveElsewhere = await lookOutside(mover, drive, job, originals)
  if (!driveElsewhere.ok) return driveElsewhere
  const plan = planDriveJob({
    ...when,
    folder: job.folder,
    originals: originals.map((original) => ({
      hash: original.hash,
      bytes: original.bytes,
      mtimeMs: original.mtimeMs,
      culled: original.culledAtMs !== null,
      inLibrary: at(original, library),
      onDrive: at(original, drive),
    })),
    booked: {
      inLibrary: await bookedBelow(program, library, job),
      onDrive: await bookedBelow(program, drive, job),
    },
    library: [...inLibrary.value, ...libraryElsewhere.value],
    drive: [...onDrive.value, ...driveElsewhere.value],
    carried: await program.catalog.workingFiles(drive.place.id, job.id),
  })
  return done(plan)
}

/** Names of originals of whatever job: a card that went on in another job leaves files of both in one folder. */
async function bookedBelow(program: Program, { place }: OnlinePlace, job: Job): Promise<ReadonlySet<string>> {
  const copies = await program.catalog.copyPathsUnder(place.id, job.folder)
  return new Set(copies.flatMap(({ path, latest }) => (latest.finding === 'absent' ? [] : [path])))
}

/** Originals of this job that lie in another folder: taken in from there, or copied while the card belonged to another job. */
async function lookOutside(
  mover: Mover,
  { place }: OnlinePlace,
  job: Job,
  originals: readonly OriginalToCarry[],
): Promise<Result<readonly PlaceFile[]>> {
  const paths = originals.flatMap(({ copies }) =>
    copies.flatMap(({ placeId, path }) => (placeId === place.id && !path.startsWith(`${job.folder}/`) ? [path] : [])),
  )
  if (paths.length === 0) return done([])
  const answers = await mover.checkPaths(addressOf(place), paths)
  if (!answers.ok) return answers
  const unknown = answers.value.find(({ kind }) => kind === 'unknown')
  if (unknown?.kind === 'unknown') return failed(notTold(place.name, job, unknown.because))
  return done(
    answers.value.flatMap((presence, index) => {
      const path = paths[index]
      if (presence.kind !== 'present' || path === undefined) return []
      return [{ path, bytes: presence.bytes, mtimeMs: presence.mtimeMs }]
    }),
  )
}

const notTold = (place: string, job: Job, because: string): Failure => ({
  code: 'listing-incomplete',
  sentence: `Not every file of “${job.name}” at “${place}” could be asked for: ${because}`,
  advice: 'Look whether it is connected, then run the same command again. Nothing of this job was carried.',
  place,
})

/** D3: only a complete listing feeds the decision. */
async function listWhole(
  mover: Mover,
  { place }: OnlinePlace,
  job: Job,
  cancel: Cancel,
): Promise<Result<readonly PlaceFile[]>> {
  const listing = await mover.listPlace(addressOf(place), job.folder, cancel)
  if (!listing.ok) return listing
  if (listing.value.complete) return done(listing.value.files)
  return failed({
    code: 'listing-incomplete',
    sentence: `The folder of “${job.name}” at “${place.name}” could not be listed to the end${why(listing.value.unreadable)}.`,
    advice: 'Look whether you may read that folder, then run the same command again. Nothing of this job was carried.',
    place: place.name,
    path: job.folder,
  })
}

const why = ([first]: readonly string[]): string => (first === undefined ? '' : `: ${first} can’t be read`)

async function allOriginals(program: Program, job: Job): Promise<readonly OriginalToCarry[]> {
  const all: OriginalToCarry[] = []
  for (;;) {
    const after = all.at(-1)?.hash
    const page = await program.catalog.originalsOf(job.id, {
      ...(after === undefined ? {} : { after }),
      limit: pageFiles,
    })
    all.push(...page)
    if (page.length < pageFiles) return all
  }
}

function bytesOf({ carry, working }: DriveJobPlan): number {
  return [...carry, ...working].reduce((sum, { bytes }) => sum + bytes, 0)
}

function sumCounts(jobs: readonly PlannedJob[]): DriveJobPlan['counts'] {
  const sum = (of: (counts: DriveJobPlan['counts']) => number): number =>
    jobs.reduce((total, { plan }) => total + of(plan.counts), 0)
  return {
    originals: sum(({ originals }) => originals),
    originalsGone: sum(({ originalsGone }) => originalsGone),
    originalsBad: sum(({ originalsBad }) => originalsBad),
    originalsTouched: sum(({ originalsTouched }) => originalsTouched),
    working: sum(({ working }) => working),
    workingChanged: sum(({ workingChanged }) => workingChanged),
    workingVanished: sum(({ workingVanished }) => workingVanished),
  }
}
