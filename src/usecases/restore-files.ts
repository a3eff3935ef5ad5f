/**
 * Gets it back (R1): choose → ask the places → plan → look what is there already → fetch, each file from its nearest good copy →
 * say what is. Nothing is overwritten, every original is compared with its hash on the way, and the copies it reads are left alone.
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { parsePlaceId } from '../domain/ids.ts'
import type { RunId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { Place } from '../domain/place.ts'
import { gigabytes } from '../domain/preflight.ts'
import type { RestorePlan, WantedFile } from '../domain/restore-plan.ts'
import { fitsAnywhere, planRestore, restoreReserveBytes } from '../domain/restore-plan.ts'
import type { Cancel, Mover, PlaceAddress } from '../engine/contracts.ts'
import type { Fetched, FetchResult, FetchSource, FoundBad } from './fetch-files.ts'
import { fetchFiles, findAlreadyThere } from './fetch-files.ts'
import type { Chosen, RestoreChoice, WorkingSource } from './gather-restore.ts'
import { choose, gatherOriginals, gatherWorkingFiles } from './gather-restore.ts'
import type { AskedPlace, OnlineIdentity, OnlinePlace } from './identify-places.ts'
import { addressOf, identifyPlaces, identifyTimeoutMs, onlineOf } from './identify-places.ts'
import { isAllOurs, keptOnTheWay } from './kept-on-the-way.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import { demandNoCard } from './on-a-card.ts'
import { fetchPatiently, worthWaitingFor } from './fetch-patiently.ts'
import { fetchPlanOf, noteSpeeds } from './plan-fetch.ts'
import type { RestorePreview } from './preview-restore.ts'
import { previewRestore } from './preview-restore.ts'
import type { Hear, Program } from './program.ts'
import { askedForMs, momentText } from './wait-for-cloud.ts'
import type { RestoreOutcome } from './restore-outcome.ts'
import { concludeRestore } from './restore-outcome.ts'

export interface RestoreWish extends RestoreChoice {
  /** The folder to restore into. */
  readonly to: string
  /** The place to take from first; others step in only for what is bad or missing there. */
  readonly from: string | null
  /** Patterns; a file that fits one of them is wanted. Empty: all. */
  readonly only: readonly string[]
  /** Edits, sidecars, manifests: everything in the job's folder that is no original. */
  readonly workingFiles: boolean
  /** Stays until everything is there, or a person says stop: goes on after a service said “not now”. */
  readonly wait: boolean
}

/** Whoever only looks, because another command writes right now, restores all the same and leaves no trace in the catalog. */
export type Recording = 'record' | 'look-only'

/** Fails, having changed nothing, with `wrong-usage`, `not-found`, `target-inside-source`, `place-too-small`, `place-unknown`, or what the folder says. */
export async function restoreFiles(
  program: Program,
  wish: RestoreWish,
  recording: Recording,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<RestoreOutcome>> {
  const startedMs = program.clock.monotonicMs()
  return withPlan(program, wish, hear, cancel, async (tools, planned) => {
    const { mover, folder } = tools
    const { plan, from, chosen, opened } = planned
    const before = await findAlreadyThere(plan.wantedFiles, mover, folder, ignoreProgress, cancel)
    if (!before.ok) return before
    const kept = await keptOnTheWay(leftOf(plan, before.value), mover, folder, cancel)
    if (!kept.ok) return kept
    const work = { ...planned, before: before.value, kept: kept.value }
    const tooSmall = checkRoom(work, opened, folder)
    if (tooSmall !== null) return failed(tooSmall)
    const swept = await mover.sweep(folder)
    if (!swept.ok) return swept
    const runId = await beginRun(program, wish, recording)
    await sayPlan(tools, work)
    const fetched = await fetchAll(tools, work, wish.wait, runId)
    // What is still wanted goes on where it is; when nothing is, nothing of ours is left in the restored tree.
    const isOver = fetched.notFetched.length === 0 && !fetched.cancelled
    await mover.sweep(folder, isOver && (await isAllOurs(plan.wantedFiles, mover, folder, cancel)))
    const waitMs = worthWaitingFor(fetched).length > 0 ? askedForMs([...fetched.lostPlaces.values()]) : null
    const outcome = concludeRestore({
      ...work,
      chosen,
      fetched,
      folder: folder.folder,
      firstPlace: from,
      hasOnly: wish.only.length > 0 || wish.since !== null,
      neverCopied: await neverCopied(program, chosen.jobs),
      recorded: runId !== null,
      seconds: (program.clock.monotonicMs() - startedMs) / 1000,
      again: waitMs === null ? null : { atMs: program.clock.nowMs() + waitMs, text: momentText(program, waitMs) },
    })
    if (runId !== null) {
      await noteSpeeds(program, runId, fetched.speeds)
      await program.catalog.endRun(runId, outcome.outcome, program.clock.nowMs())
    }
    return done(outcome)
  })
}

/** What a restore would fetch. Fails as a restore does, as far as it looks. */
export async function planRestoreOnly(
  program: Program,
  wish: RestoreWish,
  cancel: Cancel,
): Promise<Result<RestorePreview>> {
  const ignore: Hear = () => undefined
  return withPlan(program, wish, ignore, cancel, ({ mover, folder }, planned) =>
    previewRestore(program, mover, folder, planned, cancel),
  )
}

interface OpenedPlan extends PlannedRestore {
  readonly asked: readonly AskedPlace[]
  readonly chosen: Chosen
  readonly from: Place | null
  readonly opened: OnlineIdentity
}

/** Choose, ask the places, plan; then `act` with what came of it. */
async function withPlan<Value>(
  program: Program,
  wish: RestoreWish,
  hear: Hear,
  cancel: Cancel,
  act: (tools: Tools, planned: OpenedPlan) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const from = wish.from === null ? null : findPlace(program, wish.from)
  if (from === undefined) return failed(noSuchPlace(program, wish.from ?? ''))
  const chosen = await choose(program, wish)
  if (!chosen.ok) return chosen
  const folder = folderAddress(program.paths.absolute(wish.to))
  const mover = program.startMover()
  try {
    const asked = await identifyPlaces(program, mover, program.settings.places)
    const opened = await openFolder(program, mover, folder, asked)
    if (!opened.ok) return opened
    const tools: Tools = { program, mover, folder: { ...folder, limits: opened.value.limits }, hear, cancel }
    const planned = await planWish(tools, wish, chosen.value, from, asked)
    if (!planned.ok) return planned
    return await act(tools, { ...planned.value, asked, chosen: chosen.value, from, opened: opened.value })
  } finally {
    mover.end()
  }
}

/** What comes from the house is there soon enough; of a line, a limit and a price a person is told before it begins. */
async function sayPlan({ program, hear }: Tools, { plan, before, kept, online }: RestoreWork): Promise<void> {
  const { places } = await fetchPlanOf(program, leftOf(plan, before), kept, online)
  if (!places.some(({ isCloud }) => isCloud)) return
  for (const { sentence } of places) hear({ type: 'said', card: 'restore', code: 'plan', sentence })
}

interface Tools {
  readonly program: Program
  readonly mover: Mover
  readonly folder: PlaceAddress & { readonly limits: OnlineIdentity['limits'] }
  readonly hear: Hear
  readonly cancel: Cancel
}

export interface PlannedRestore {
  readonly plan: RestorePlan
  readonly online: readonly OnlinePlace[]
  /** One for each job whose working files are wanted and were found. */
  readonly workingFrom: readonly WorkingSource[]
  /** Folders that could not be listed. */
  readonly failures: readonly Failure[]
}

const ignoreProgress = (): void => undefined

/** A restore's folder is no place: it is known by itself, and its name is its path. */
export const folderAddress = (folder: string): PlaceAddress => ({
  id: parsePlaceId('restore-folder'),
  name: folder,
  folder,
  declaredDevice: null,
  guard: 'folder',
})

/**
 * Looks where the restore would go. Not into a place, where the files would be taken
 * for its own, and never onto a card (C1).
 */
async function openFolder(
  program: Program,
  mover: Mover,
  folder: PlaceAddress,
  asked: readonly AskedPlace[],
): Promise<Result<OnlineIdentity>> {
  const inside = asked.find(({ place }) => program.paths.isInside(folder.folder, place.address))
  if (inside !== undefined) return failed(insidePlace(folder, inside.place))
  const noCard = await demandNoCard(program, mover, folder.folder)
  if (!noCard.ok) return noCard
  const identity = await mover.identify(folder, identifyTimeoutMs)
  if (identity.kind === 'online') return done(identity)
  return failed({
    code: 'place-unknown',
    sentence: `${folder.folder} can't be written: ${identity.sentence}`,
    advice: 'Name another folder with --to. Nothing was restored.',
    path: folder.folder,
  })
}

const insidePlace = (folder: PlaceAddress, place: Place): Failure => ({
  code: 'target-inside-source',
  sentence: `${folder.folder} lies in the place “${place.name}” (${place.address}), where restored files would be taken for its own.`,
  advice: 'Name a folder outside of every place with --to. Nothing was restored.',
  place: place.name,
})

async function planWish(
  { program, mover, folder, cancel }: Tools,
  wish: RestoreWish,
  chosen: Chosen,
  firstPlace: Place | null,
  asked: readonly AskedPlace[],
): Promise<Result<PlannedRestore>> {
  const online = onlineOf(asked)
  const places = online.map(({ place }) => place)
  const wanted = await gatherOriginals(program, chosen, wish.since)
  const working = []
  const workingFrom: WorkingSource[] = []
  const failures: Failure[] = []
  for (const job of wish.workingFiles ? chosen.jobs : []) {
    const found = await gatherWorkingFiles(program, mover, job, places, { since: wish.since, firstPlace }, cancel)
    working.push(...found.files)
    if (found.source !== null) workingFrom.push(found.source)
    failures.push(...found.failures)
  }
  const plan = planRestore({
    ...wanted,
    workingFiles: working,
    places,
    firstPlace: firstPlace?.id ?? null,
    limits: folder.limits,
    wants: (path) =>
      wish.only.length === 0 ||
      wish.only.some((pattern) => fitsAnywhere(path, (part) => program.paths.fitsPattern(part, pattern))),
  })
  if (plan.wantedFiles.length > 0 || plan.outOfReach.length > 0) return done({ plan, online, workingFrom, failures })
  return failed({
    code: 'not-found',
    sentence: 'There is no file that fits what was asked for.',
    advice: 'Look at the pattern of --only and the day of --since. “fivefold job list” shows what there is.',
  })
}

/** Is there room for what has to be fetched? Files of which the folder has another size under that name count in full. */
function checkRoom(
  { plan, before, kept }: RestoreWork,
  { freeBytes }: OnlineIdentity,
  { folder }: PlaceAddress,
): Failure | null {
  const bytes = bytesOf(leftOf(plan, before), kept)
  if (bytes === 0 || bytes + restoreReserveBytes <= freeBytes) return null
  return {
    code: 'place-too-small',
    sentence: `${folder} has ${gigabytes(freeBytes)} free; this restore needs ${gigabytes(bytes)}, and ${gigabytes(restoreReserveBytes)} are kept in reserve.`,
    advice:
      'Free some space there, name another folder with --to, or restore less at a time with --only. Nothing was restored.',
    path: folder,
  }
}

const leftOf = ({ wantedFiles }: RestorePlan, before: readonly Fetched[]): readonly WantedFile[] => {
  const there = new Set(before.map(({ wanted }) => wanted))
  return wantedFiles.filter((wanted) => !there.has(wanted))
}

const bytesOf = (wantedFiles: readonly WantedFile[], kept: ReadonlyMap<WantedFile, number>): number =>
  wantedFiles.reduce((sum, wanted) => sum + wanted.bytes - (kept.get(wanted) ?? 0), 0)

async function beginRun(program: Program, wish: RestoreWish, recording: Recording): Promise<RunId | null> {
  if (recording === 'look-only') return null
  // In its turn, so that a card that comes later does not take this run for one that was interrupted.
  return program.takeTurn(() => program.catalog.beginRun('restore', { ...wish }, program.clock.nowMs()))
}

export interface RestoreWork extends PlannedRestore {
  /** What lay in the folder already. */
  readonly before: readonly Fetched[]
  /** What lies there of files that an earlier restore could not finish. */
  readonly kept: ReadonlyMap<WantedFile, number>
  readonly asked: readonly AskedPlace[]
}

async function fetchAll(
  { program, mover, folder, hear, cancel }: Tools,
  { plan, before, kept, online }: RestoreWork,
  wait: boolean,
  runId: RunId | null,
): Promise<FetchResult> {
  const card = 'restore'
  let isFirst = true
  const fetch = async (wantedFiles: readonly WantedFile[]): Promise<FetchResult> => {
    // What lies there already is read once more and not fetched: the time that is left is that of what still has to come.
    const again = isFirst ? done(kept) : await keptOnTheWay(wantedFiles, mover, folder, cancel)
    isFirst = false
    const bytes = bytesOf(wantedFiles, again.ok ? again.value : new Map())
    hear({ type: 'phase', card, phase: 'copy', files: wantedFiles.length, bytes })
    return fetchFiles(
      wantedFiles,
      {
        mover,
        folder,
        sources: sourcesOf(online),
        found: (bad) => recordBad(program, runId, bad),
        progress: (progress) => hear({ type: 'progress', card, phase: 'copy', ...progress }),
        monotonicMs: () => program.clock.monotonicMs(),
      },
      cancel,
    )
  }
  return fetchPatiently(leftOf(plan, before), { program, wait, hear, cancel, fetch })
}

export const sourcesOf = (online: readonly OnlinePlace[]): ReadonlyMap<Place['id'], FetchSource> =>
  new Map(
    online.map(({ place, identity }) => [
      place.id,
      { name: place.name, address: addressOf(place), deviceId: identity.device.id },
    ]),
  )

/** Written down at once, so that whoever asks next does not believe these copies any more (C2). */
export async function recordBad(program: Program, runId: RunId | null, bad: readonly FoundBad[]): Promise<void> {
  if (runId === null) return
  const atMs = program.clock.nowMs()
  const copies = bad.map(({ hash, placeId, path, finding, deviceId }) => ({
    hash,
    placeId,
    path,
    evidence: { atMs, strength: 'cached' as const, finding, deviceId },
  }))
  await program.catalog.recordReports({ runId, reads: [], copies })
}

/** Files of these jobs that were seen on a card and never read whole: nobody can restore them, and nobody may forget them. */
async function neverCopied(program: Program, jobs: readonly Job[]): Promise<number> {
  const without = await program.catalog.filesWithoutOriginal()
  return jobs.reduce((sum, { id }) => sum + (without.get(id) ?? 0), 0)
}
