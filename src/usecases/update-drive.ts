/**
 * Brings the plugged-in drive up to date: ask → plan → prove what was written last time → carry what is missing → lay the
 * histories → say when it is due again. From the library alone, and never anything that differs from its hash (M1).
 */
import type { Burst } from '../domain/burst.ts'
import { judgeBurst } from '../domain/burst.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Place } from '../domain/place.ts'
import { notThere } from '../domain/preflight.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import { CarryToDrive } from './carry-to-drive.ts'
import type { DriveUpdated, DriveUpdateOutcome, OutOfWindowJob } from './drive-outcome.ts'
import { sayDriveUpdated } from './drive-outcome.ts'
import type { AskedPlace, OnlinePlace } from './identify-places.ts'
import { addressOf, identifyPlaces, onlineOf } from './identify-places.ts'
import { markLastWriter } from './last-writer.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { DriveGround, DrivePlan, PlannedJob } from './plan-drive.ts'
import { planDrive } from './plan-drive.ts'
import { noteSuspect } from './suspect-places.ts'
import type { Hear, Program } from './program.ts'

export interface DriveUpdateWish {
  /** Null for every drive that is connected now. */
  readonly name: string | null
  /** A person has looked: the many changes in the library are their own. */
  readonly acceptChanges: boolean
  /** Reads every copy on the drive again, whenever it was last read. */
  readonly proveAll: boolean
}

/** Fails, having changed nothing, when it would not be safe to begin (D3, M1, W4). */
export async function updateDrives(
  program: Program,
  wish: DriveUpdateWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<DriveUpdateOutcome>> {
  const drives = chooseDrives(program, wish)
  if (!drives.ok) return drives
  const mover = program.startMover()
  try {
    const asked = await askAll(program, mover, drives.value)
    if (!asked.ok) return asked
    const updated: DriveUpdated[] = []
    // With several, what is said tells of which drive from its first line on.
    if (asked.value.drives.length > 1)
      for (const { place } of asked.value.drives)
        hear({ type: 'phase', card: place.name, phase: 'ask', files: 0, bytes: 0 })
    for (const drive of asked.value.drives) {
      const one = await updateOne({ program, mover, library: asked.value.library, drive, hear, cancel }, wish)
      if (!one.ok) return one
      updated.push(one.value)
    }
    return done(conclude(updated))
  } finally {
    mover.end()
  }
}

function chooseDrives(program: Program, { name }: DriveUpdateWish): Result<readonly Place[]> {
  const drives = program.settings.places.filter(({ role }) => role === 'drive')
  if (drives.length === 0)
    return failed({
      code: 'not-set-up',
      sentence: 'There is no drive for the safe yet.',
      advice: 'Connect one, then add it with “fivefold place add drive FOLDER --name "Safe A"”.',
    })
  if (name === null) return done(drives)
  const place = findPlace(program, name)
  if (place === undefined) return failed(noSuchPlace(program, name))
  if (place.role === 'drive') return done([place])
  return failed({
    code: 'wrong-usage',
    sentence: `“${place.name}” is no drive, it is the ${place.role}.`,
    advice: `Name a drive: ${drives.map((drive) => `“${drive.name}”`).join(', ')}.`,
  })
}

async function askAll(
  program: Program,
  mover: Mover,
  drives: readonly Place[],
): Promise<Result<{ readonly library: OnlinePlace; readonly drives: readonly OnlinePlace[] }>> {
  const libraries = program.settings.places.filter(({ role }) => role === 'library')
  if (libraries.length === 0)
    return failed({
      code: 'not-set-up',
      sentence: 'There is no library yet, so there is nothing to carry from.',
      advice: 'Add one with “fivefold place add library FOLDER”.',
    })
  const [askedLibraries, askedDrives] = await Promise.all([
    identifyPlaces(program, mover, libraries),
    identifyPlaces(program, mover, drives),
  ])
  const [library] = onlineOf(askedLibraries)
  if (library === undefined) return failed(refusalOf(askedLibraries))
  const online = onlineOf(askedDrives)
  if (online.length === 0) return failed(await noDriveHere(program, askedDrives))
  for (const { place, identity } of [library, ...online]) await noteSeen(program, place, identity)
  return done({ library, drives: online })
}

const noteSeen = (program: Program, place: Place, identity: OnlinePlace['identity']): Promise<void> =>
  program.catalog.notePlaceSeen({
    placeId: place.id,
    atMs: program.clock.nowMs(),
    device: identity.device,
    freeBytes: identity.freeBytes,
    totalBytes: identity.totalBytes,
    fsType: identity.limits.type,
  })

function refusalOf(asked: readonly AskedPlace[]): Failure {
  for (const { place, identity } of asked) if (identity.kind !== 'online') return notThere(place, identity)
  throw new Error('Only places that are not there have a reason for it.')
}

/** Which one to fetch: the drive that was brought up to date longest ago. */
async function noDriveHere(program: Program, asked: readonly AskedPlace[]): Promise<Failure> {
  const [only] = asked
  if (asked.length === 1 && only !== undefined && only.identity.kind === 'someone-else')
    return notThere(only.place, only.identity)
  const ages = await Promise.all(
    asked.map(async ({ place }) => {
      const [last] = await program.catalog.placeEvents({ placeId: place.id, kind: 'updated', limit: 1 })
      return { name: place.name, atMs: last?.atMs ?? 0 }
    }),
  )
  const oldest = ages.toSorted((a, b) => a.atMs - b.atMs)[0]
  return {
    code: 'place-unknown',
    sentence: `No drive is connected: none of ${asked.map(({ place }) => `“${place.name}”`).join(', ')} was found.`,
    advice: `Fetch “${oldest?.name ?? ''}” from the safe, connect it, then run the same command again.`,
  }
}

async function updateOne(ground: DriveGround, wish: DriveUpdateWish): Promise<Result<DriveUpdated>> {
  const { program, mover, drive, cancel } = ground
  const startedMs = program.clock.monotonicMs()
  await mover.sweep(addressOf(drive.place))
  const planned = await planDrive(ground, wish.proveAll)
  if (!planned.ok) return planned
  if (planned.value.burst !== null && !wish.acceptChanges) return refuse(ground, planned.value.burst)
  const { fitting, noRoomFor } = fitIn(planned.value.jobs, drive)
  const runId = await program.catalog.beginRun(
    'drive update',
    { place: drive.place.id, ...wish },
    program.clock.nowMs(),
  )
  const carrying = new CarryToDrive(ground, runId)
  await carrying.readTouched(planned.value.jobs)
  const touchedBurst = wish.acceptChanges ? null : judgeReads(planned.value, carrying)
  if (touchedBurst !== null) {
    await program.catalog.endRun(runId, 'refused', program.clock.nowMs())
    return refuse(ground, touchedBurst)
  }
  await carrying.proveThere(fitting)
  const carryFromMs = program.clock.nowMs()
  carrying.beginCarrying(fitting)
  for (const job of fitting) {
    if (cancel.aborted || carrying.lost !== null) break
    await carrying.carryJob(job)
    const burst = wish.acceptChanges ? null : judgeReads(planned.value, carrying)
    if (burst !== null) {
      await program.catalog.endRun(runId, 'refused', program.clock.nowMs())
      return refuse(ground, burst)
    }
  }
  const carryToMs = program.clock.nowMs()
  const updated = await describe(ground, planned.value, carrying, { fitting, noRoomFor, startedMs })
  if (updated.outcome === 'done')
    await program.catalog.notePlaceEvent({
      placeId: drive.place.id,
      kind: 'updated',
      atMs: carryToMs,
      detail: {
        carryFromMs,
        carryToMs,
        carried: updated.originals.carried,
        working: updated.working.carried,
        restless: planned.value.restless,
        bytes: updated.originals.bytesCarried,
      },
    })
  if (carrying.lost === null && !cancel.aborted) await markLastWriter(program, mover, [ground.library, drive])
  await program.catalog.endRun(runId, updated.outcome, program.clock.nowMs())
  return done(updated)
}

/** Encrypted in place, with the size and the time kept: it shows only when the files are read. */
function judgeReads({ jobs }: DrivePlan, { differing }: CarryToDrive): Burst | null {
  const originals = jobs.reduce((sum, { plan }) => sum + plan.carry.length + plan.readInLibrary.length, 0)
  const nothing = {
    originalsBad: 0,
    originalsTouched: 0,
    working: 0,
    workingChanged: 0,
    workingVanished: 0,
    usualWorking: [],
  }
  // A single one is an accident, also when it is the only one that was to be carried.
  if (differing <= 1) return null
  return judgeBurst({ ...nothing, originals, originalsGone: differing })
}

async function refuse(ground: DriveGround, { sentence, about }: Burst): Promise<Result<never>> {
  if (about === 'originals') await noteSuspect(ground.program, ground.library.place, sentence)
  return failed(libraryIsSuspect(ground, sentence, ground.drive.place.name))
}

const libraryIsSuspect = ({ library }: DriveGround, sentence: string, drive: string): Failure => ({
  code: 'library-suspect',
  sentence: `Nothing more is carried to “${drive}”, and nothing was replaced: ${sentence} This is what malware or a wiped disk looks like.`,
  advice: `Disconnect the drive and look into “${library.place.name}”; “fivefold verify --place "${library.place.name}"” tells what changed. If you made these changes yourself, run the same command with --accept-changes.`,
  place: library.place.name,
})

const reserveBytes = 64 * 1024 * 1024

/** Newest jobs first, whole jobs only, as far as the room goes. */
function fitIn(
  jobs: readonly PlannedJob[],
  { identity }: OnlinePlace,
): { readonly fitting: readonly PlannedJob[]; readonly noRoomFor: readonly PlannedJob[] } {
  let freeBytes = identity.freeBytes - reserveBytes
  const fitting: PlannedJob[] = []
  const noRoomFor: PlannedJob[] = []
  for (const job of jobs) {
    if (job.bytes > 0 && job.bytes > freeBytes) noRoomFor.push(job)
    else {
      freeBytes -= job.bytes
      fitting.push(job)
    }
  }
  return { fitting, noRoomFor }
}

async function describe(
  ground: DriveGround,
  plan: DrivePlan,
  carrying: CarryToDrive,
  rest: {
    readonly fitting: readonly PlannedJob[]
    readonly noRoomFor: readonly PlannedJob[]
    readonly startedMs: number
  },
): Promise<DriveUpdated> {
  const { program, drive, cancel } = ground
  const failures = [...plan.failures, ...carrying.failures, ...(carrying.lost === null ? [] : [carrying.lost])]
  const notInLibrary = [...plan.jobs.flatMap((job) => job.plan.notInLibrary), ...carrying.notInLibrary]
  const isWhole = failures.length + notInLibrary.length + rest.noRoomFor.length + carrying.originals.left === 0
  const outcome = cancel.aborted ? 'stopped' : isWhole ? 'done' : 'incomplete'
  const nextDueMs = program.clock.nowMs() + program.settings.policy.drive.everyMs
  const updated: Omit<DriveUpdated, 'sentence'> = {
    drive: drive.place.name,
    outcome,
    jobs: plan.jobs.length,
    windowFrom: plan.windowFrom,
    originals: {
      ...carrying.originals,
      there: rest.fitting.reduce((sum, job) => sum + job.plan.there, 0),
    },
    working: carrying.working,
    notInLibrary,
    noRoomFor: rest.noRoomFor.map(({ job, bytes }) => ({ name: job.name, bytes })),
    couldGo: rest.noRoomFor.length === 0 ? [] : await outOfWindow(ground, plan),
    failures,
    nextDue: outcome === 'done' ? new Date(nextDueMs).toISOString() : null,
    seconds: Math.round(program.clock.monotonicMs() - rest.startedMs) / 1000,
  }
  return { ...updated, sentence: sayDriveUpdated(updated, program.localTime(nextDueMs).slice(0, 10)) }
}

/** What lies on this drive and was shot before its window: it stays until its room is needed, and then a person decides. */
async function outOfWindow({ program, drive }: DriveGround, plan: DrivePlan): Promise<readonly OutOfWindowJob[]> {
  const inWindow = new Set(plan.jobs.map(({ job }) => job.id))
  const groups = (await program.catalog.whereabouts()).filter(
    ({ jobId, copies }) => !inWindow.has(jobId) && copies.some(({ placeId }) => placeId === drive.place.id),
  )
  const byJob = Map.groupBy(groups, ({ jobId }) => jobId)
  return (await program.catalog.jobs())
    .flatMap((job) => {
      const own = byJob.get(job.id) ?? []
      const [files, bytes] = [sumOf(own, 'files'), sumOf(own, 'bytes')]
      return files === 0 ? [] : [{ id: job.id, name: job.name, client: job.client, shotOn: job.shotOn, files, bytes }]
    })
    .toSorted((a, b) => (a.shotOn < b.shotOn ? -1 : 1))
}

const sumOf = (groups: readonly { readonly files: number; readonly bytes: number }[], of: 'files' | 'bytes'): number =>
  groups.reduce((sum, group) => sum + group[of], 0)

function conclude(drives: readonly DriveUpdated[]): DriveUpdateOutcome {
  const outcomes = new Set(drives.map(({ outcome }) => outcome))
  const outcome = outcomes.has('stopped') ? 'stopped' : outcomes.has('incomplete') ? 'incomplete' : 'done'
  const sentence = drives.map((drive) => drive.sentence).join(' ')
  return { type: 'result', schema: 'fivefold.drive-update/1', outcome, sentence, drives }
}
