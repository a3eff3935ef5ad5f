/**
 * Clears by rule what is no longer needed: list → trust the clock → ask every other copy now → permit → write down → into the trash →
 * write down. Only after a time of grace is the trash emptied, with the same questions (D1). Never the last proven copy (D2).
 */
import type { OriginalToCarry } from '../catalog/catalog.ts'
import { judgeClock } from '../domain/clock-trust.ts'
import { windowStart } from '../domain/drive-window.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { JobId } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import type { PruneJob, PruneLine } from '../domain/prune-list.ts'
import { listPrunable } from '../domain/prune-list.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import { confirmClock, openClockGap } from './clock-gaps.ts'
import { markLastWriter, readLastWriters } from './last-writer.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf, identifyPlaces, onlineOf } from './identify-places.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { Hear, Program } from './program.ts'
import { PruneRun } from './prune-run.ts'

export interface PruneWish {
  readonly place: string | null
  readonly apply: boolean
  /** A person looked at the clock. Settles only a long pause, never clocks that disagree (D3). */
  readonly clockIsRight: boolean
  /** A person needs the room now: what is in the trash of that place goes without its time of grace. */
  readonly emptyTrash: boolean
}

/** What waits in the trash of a place. */
export interface TrashLine {
  readonly place: string
  readonly files: number
  readonly bytes: number
  readonly since: string
  readonly until: string
}

export interface PruneOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.prune/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly applied: boolean
  /** What could go, and what stays and why, as the books had it before anything was asked. */
  readonly lines: readonly PruneLine[]
  readonly trash: readonly TrashLine[]
  /** What came of it; all zero without `--apply`. */
  readonly intoTrash: { readonly files: number; readonly bytes: number }
  readonly outOfTrash: { readonly files: number; readonly bytes: number }
  /** What was to go by the list and stayed, because a copy elsewhere could not be proven just now. */
  readonly stayed: readonly { readonly sentence: string; readonly files: number }[]
  readonly failures: readonly Failure[]
}

export interface PruneList {
  readonly lines: readonly PruneLine[]
  readonly jobs: ReadonlyMap<JobId, PruneJob>
  readonly windowFrom: string
}

/** Fails with `not-found`, `wrong-usage`, `clock-doubtful` or `catalog-older`, having removed nothing. */
export async function pruneCopies(
  program: Program,
  wish: PruneWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<PruneOutcome>> {
  const only = wish.place === null ? null : findPlace(program, wish.place)
  if (only === undefined) return failed(noSuchPlace(program, wish.place ?? ''))
  if (wish.emptyTrash && (only === null || !wish.apply))
    return failed({
      code: 'wrong-usage',
      sentence: 'The trash is emptied before its time only at a place that is named, and with --apply.',
      advice: 'Say which: fivefold prune --place NAME --apply --empty-trash',
    })
  const list = await gatherList(program, only)
  const trash = await trashLines(program, only)
  if (!wish.apply) return done(conclude({ list, trash, applied: false, run: null, isStopped: false }))
  const mover = program.startMover()
  try {
    const online = onlineOf(await identifyPlaces(program, mover, program.settings.places))
    // What a run that was killed left under temporary names (J1).
    for (const { place } of online) await mover.sweep(addressOf(place))
    const doubt = await whyNotNow(program, mover, online, wish)
    if (doubt !== null) return failed(doubt)
    const runId = await program.catalog.beginRun('prune', { ...wish, place: only?.id ?? null }, program.clock.nowMs())
    const fromMs = program.clock.nowMs()
    const run = new PruneRun({ program, mover, runId, fromMs, online, hear, cancel }, list)
    await run.finishInterrupted(only)
    if (!wish.emptyTrash) await run.emptyTrash(only, false)
    await run.putInTrash()
    if (wish.emptyTrash) await run.emptyTrash(only, true)
    const outcome = conclude({
      list,
      trash: await trashLines(program, only),
      applied: true,
      run,
      isStopped: cancel.aborted,
    })
    if (!cancel.aborted) await markLastWriter(program, mover, online)
    await program.catalog.endRun(runId, outcome.outcome, program.clock.nowMs())
    return done(outcome)
  } finally {
    mover.end()
  }
}

async function gatherList(program: Program, only: Place | null): Promise<PruneList> {
  const nowMs = program.clock.nowMs()
  const { policy, places } = program.settings
  const lastShot = new Map((await program.catalog.jobTallies()).map((tally) => [tally.jobId, tally.lastShotOn]))
  const jobs = (await program.catalog.jobs()).map((job) => ({
    ...job,
    lastShotOn: lastShot.get(job.id) ?? null,
    createdOn: program.localTime(job.createdAtMs).slice(0, 10),
  }))
  const windowFrom = windowStart(policy.drive.window, program.localTime(nowMs).slice(0, 10))
  const groups = await program.catalog.whereabouts()
  const joined = places.map((place) => ({ ...place, filledFrom: program.services.filledFrom(place.address) }))
  const lines = listPrunable({ jobs, places: joined, groups, windowFrom }, policy, nowMs)
  return {
    lines: only === null ? lines.map(untilRoomIsNeeded) : lines.filter(({ placeId }) => placeId === only.id),
    jobs: new Map(jobs.map((job) => [job.id, job])),
    windowFrom,
  }
}

/** What falls out of a drive's window stays until its room is needed; then a person names the drive. */
function untilRoomIsNeeded(line: PruneLine): PruneLine {
  if (!line.mayGo || line.role !== 'drive') return line
  const sentence = `It was shot before the window, and stays until the room is needed: “fivefold prune --place "${line.place}"”.`
  return { ...line, mayGo: false, because: [{ code: 'room-not-needed', sentence }] }
}

async function trashLines(program: Program, only: Place | null): Promise<readonly TrashLine[]> {
  const inTrash = await program.catalog.removals({ state: 'in-trash', ...(only === null ? {} : { placeId: only.id }) })
  const byPlace = Map.groupBy(inTrash, ({ placeId }) => placeId)
  return [...byPlace].map(([placeId, removals]) => {
    const sinceMs = Math.min(...removals.map(({ changedAtMs }) => changedAtMs))
    return {
      place: program.settings.places.find(({ id }) => id === placeId)?.name ?? placeId,
      files: removals.length,
      bytes: removals.reduce((sum, { bytes }) => sum + bytes, 0),
      since: new Date(sinceMs).toISOString(),
      until: new Date(sinceMs + program.settings.policy.prune.graceMs).toISOString(),
    }
  })
}

/** D3: neither a clock that jumped nor an older catalog that came back may remove anything. */
async function whyNotNow(
  program: Program,
  mover: Mover,
  online: readonly OnlinePlace[],
  wish: PruneWish,
): Promise<Failure | null> {
  const writers = await readLastWriters(program, mover, online)
  if (!writers.ok) return writers.failure
  const places = await markLastWriter(program, mover, online)
  const clock = judgeClock({
    nowMs: program.clock.nowMs(),
    newestRecordedMs: await program.catalog.newestMomentMs(),
    places,
    openGap: await openClockGap(program),
    isConfirmed: wish.clockIsRight,
  })
  if (clock.kind === 'trusted') {
    if (wish.clockIsRight) await confirmClock(program)
    return null
  }
  return {
    code: 'clock-doubtful',
    sentence: `Nothing was removed: ${clock.sentence}`,
    advice: clock.canBeConfirmed
      ? 'Look at the date of this computer. If it is right, run the same command with --clock-is-right.'
      : 'Set the clocks right, then run the same command again.',
  }
}

interface Concluding {
  readonly list: PruneList
  readonly trash: readonly TrashLine[]
  readonly applied: boolean
  readonly run: PruneRun | null
  readonly isStopped: boolean
}

function conclude({ list, trash, applied, run, isStopped }: Concluding): PruneOutcome {
  const none = { files: 0, bytes: 0 }
  const failures = run?.failures ?? []
  const isUndone = failures.length > 0 || run?.missedOthers === true
  const outcome = isStopped ? 'stopped' : isUndone ? 'incomplete' : 'done'
  const about = {
    lines: list.lines,
    trash,
    applied,
    intoTrash: run?.intoTrash ?? none,
    outOfTrash: run?.outOfTrash ?? none,
    stayed: run?.stayed() ?? [],
    failures,
  }
  return { type: 'result', schema: 'fivefold.prune/1', outcome, ...about, sentence: sentenceOf(about, isStopped) }
}

function sentenceOf(about: Omit<PruneOutcome, 'type' | 'schema' | 'outcome' | 'sentence'>, isStopped: boolean): string {
  const { applied, lines, intoTrash, outOfTrash, stayed, failures } = about
  if (isStopped) return 'Stopped. Every file is accounted for; run the same command again to go on.'
  if (!applied) {
    const files = lines.reduce((sum, line) => sum + (line.mayGo ? line.files : 0), 0)
    if (files === 0) return 'Nothing may go now.'
    return `${files} ${files === 1 ? 'file' : 'files'} may go. Nothing was removed yet: add --apply, and every other copy is asked first.`
  }
  const parts: string[] = []
  if (intoTrash.files > 0)
    parts.push(
      `${intoTrash.files} ${intoTrash.files === 1 ? 'file is' : 'files are'} in the trash of ${intoTrash.files === 1 ? 'its' : 'their'} place, and can still be taken back.`,
    )
  if (outOfTrash.files > 0)
    parts.push(`${outOfTrash.files} ${outOfTrash.files === 1 ? 'file' : 'files'} left the trash for good.`)
  const stayedFiles = stayed.reduce((sum, { files }) => sum + files, 0)
  if (stayedFiles > 0)
    parts.push(`${stayedFiles} ${stayedFiles === 1 ? 'file' : 'files'} stayed: ${stayed[0]?.sentence ?? ''}`)
  if (failures.length > 0) parts.push(failures[0]?.sentence ?? '')
  return parts.length === 0 ? 'Nothing may go now.' : parts.join(' ')
}

/** A copy that is to go, with its original. */
export interface ToGo {
  readonly original: OriginalToCarry
  readonly path: string
}
