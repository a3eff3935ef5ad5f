/**
 * Rehearses getting it back: a random sample from each place goes into a scratch folder, is compared with its hashes, and what was
 * found is written down. A copy that nobody ever tried to restore is a hope.
 */
import type { CopyToCheck } from '../catalog/catalog.ts'
import { drawSample } from '../domain/draw-sample.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { RunId } from '../domain/ids.ts'
import type { Role } from '../domain/place.ts'
import type { Sample } from '../domain/policy.ts'
import { gigabytes } from '../domain/preflight.ts'
import type { WantedFile } from '../domain/restore-plan.ts'
import { restoreReserveBytes } from '../domain/restore-plan.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import type { FetchResult } from './fetch-files.ts'
import { fetchFiles } from './fetch-files.ts'
import type { AskedPlace, OnlinePlace } from './identify-places.ts'
import { identifyPlaces, identifyTimeoutMs } from './identify-places.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { Hear, Program } from './program.ts'
import { folderAddress, recordBad, sourcesOf } from './restore-files.ts'

export interface DrillWish {
  /** Only this place; null for each of them. */
  readonly place: string | null
  /** Null for what the settings say. */
  readonly sample: Sample | null
  /** The same seed draws the same sample again; null for another one each time. */
  readonly seed: number | null
}

export interface DrilledPlace {
  readonly name: string
  readonly role: Role
  /** False when it could not be rehearsed; `sentence` says why. */
  readonly drilled: boolean
  /** A drive that is not connected lies in the safe, where it should be: that it was not rehearsed leaves nothing undone. */
  readonly away: boolean
  readonly sentence: string | null
  /** Copies that the place holds, and how many of them were drawn. */
  readonly copies: number
  readonly sample: number
  readonly good: number
  readonly damaged: readonly string[]
  readonly missing: readonly string[]
  readonly unreadable: readonly { readonly path: string; readonly sentence: string }[]
  readonly bytes: number
  readonly seconds: number
}

export interface DrillOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.drill/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  /** With `--seed` the same sample is drawn again, as long as the catalog is the same. */
  readonly seed: number
  readonly places: readonly DrilledPlace[]
}

/** Fails with `not-found`, or when no scratch folder can be made. */
export async function drillPlaces(
  program: Program,
  wish: DrillWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<DrillOutcome>> {
  const named = wish.place === null ? program.settings.places : [findPlace(program, wish.place)]
  const places = named.flatMap((place) => (place === undefined ? [] : [place]))
  if (places.length < named.length) return failed(noSuchPlace(program, wish.place ?? ''))
  const scratch = await program.scratchFolder()
  if (!scratch.ok) return scratch
  const mover = program.startMover()
  try {
    const runId = await program.catalog.beginRun('drill', { ...wish }, program.clock.nowMs())
    const seed = wish.seed ?? program.clock.nowMs()
    const drill: Drill = { program, mover, scratch: scratch.value.folder, runId, wish, seed, hear, cancel }
    const drilled: DrilledPlace[] = []
    for (const asked of await identifyPlaces(program, mover, places)) drilled.push(await drillPlace(drill, asked))
    const outcome = conclude(drilled, seed, cancel.aborted)
    await program.catalog.endRun(runId, outcome.outcome, program.clock.nowMs())
    return done(outcome)
  } finally {
    // Before the files go: nobody may be writing there any more.
    mover.end()
    await scratch.value.remove()
  }
}

interface Drill {
  readonly program: Program
  readonly mover: Mover
  readonly scratch: string
  readonly runId: RunId
  readonly wish: DrillWish
  readonly seed: number
  readonly hear: Hear
  readonly cancel: Cancel
}

const notDrilled = ({ place }: AskedPlace, copies: number, sentence: string): DrilledPlace => ({
  name: place.name,
  role: place.role,
  drilled: false,
  away: false,
  sentence,
  copies,
  sample: 0,
  good: 0,
  damaged: [],
  missing: [],
  unreadable: [],
  bytes: 0,
  seconds: 0,
})

async function drillPlace(drill: Drill, asked: AskedPlace): Promise<DrilledPlace> {
  const { program, mover, wish, seed, cancel } = drill
  const { place, identity } = asked
  const count = (await program.catalog.countCopiesAt(place.id, {})).files
  if (identity.kind !== 'online') {
    const away = asked.place.role === 'drive' && drill.wish.place === null
    return { ...notDrilled(asked, count, identity.sentence), away }
  }
  if (count === 0) return notDrilled(asked, 0, 'It holds no copies yet.')
  if (cancel.aborted) return notDrilled(asked, count, 'You stopped before its turn.')
  const wanted = sampleFiles(wish.sample ?? program.settings.policy.drill.sample, count)
  const drawn = await copiesDrawn(program, place.id, drawSample(count, wanted, seed))
  const bytes = drawn.reduce((sum, copy) => sum + copy.bytes, 0)
  const room = await mover.identify(folderAddress(drill.scratch), identifyTimeoutMs)
  if (room.kind !== 'online') return notDrilled(asked, count, room.sentence)
  if (bytes + restoreReserveBytes > room.freeBytes)
    return notDrilled(
      asked,
      count,
      `A sample of ${gigabytes(bytes)} does not fit into ${drill.scratch}, where ${gigabytes(room.freeBytes)} are free. Draw fewer with --sample.`,
    )
  const startedMs = program.clock.monotonicMs()
  const fetched = await fetchSample(drill, { place, identity }, drawn, room.limits)
  const seconds = (program.clock.monotonicMs() - startedMs) / 1000
  return record(drill, { place, identity }, { count, drawn, fetched, seconds })
}

export const sampleFiles = (sample: Sample, count: number): number =>
  Math.min(count, 'files' in sample ? sample.files : Math.ceil((count * sample.percent) / 100))

const pageFiles = 10_000

/** Walks through the copies of the place, page after page, and keeps those with the drawn numbers: a sample, never the whole list. */
async function copiesDrawn(
  program: Program,
  placeId: CopyToCheck['placeId'],
  numbers: readonly number[],
): Promise<readonly CopyToCheck[]> {
  const drawn: CopyToCheck[] = []
  let next = 0
  let before = 0
  let page = await program.catalog.copiesAt(placeId, { limit: pageFiles })
  while (next < numbers.length && page.length > 0) {
    for (let number = numbers[next]; number !== undefined && number < before + page.length; number = numbers[next]) {
      const copy = page[number - before]
      if (copy !== undefined) drawn.push(copy)
      next += 1
    }
    before += page.length
    const last = page.at(-1)
    if (last === undefined || next >= numbers.length) break
    const after = { latestAtMs: last.latest.atMs, number: last.number }
    page = await program.catalog.copiesAt(placeId, { limit: pageFiles, after })
  }
  return drawn
}

async function fetchSample(
  { program, mover, scratch, runId, hear, cancel }: Drill,
  online: OnlinePlace,
  drawn: readonly CopyToCheck[],
  limits: OnlinePlace['identity']['limits'],
): Promise<FetchResult> {
  const { place } = online
  // Short names of our own: a rehearsal must not fail at a name that the scratch folder can't hold.
  const wantedFiles = drawn.map(({ hash, path, bytes }, index): WantedFile => ({
    kind: 'original',
    path: `${place.id}/${index + 1}`,
    bytes,
    mtimeMs: null,
    sources: [{ placeId: place.id, path, expected: hash }],
  }))
  const bytes = drawn.reduce((sum, copy) => sum + copy.bytes, 0)
  hear({ type: 'phase', card: place.name, phase: 'copy', files: wantedFiles.length, bytes })
  return fetchFiles(
    wantedFiles,
    {
      mover,
      folder: { ...folderAddress(scratch), limits },
      sources: sourcesOf([online]),
      found: (bad) => recordBad(program, runId, bad),
      progress: (progress) => hear({ type: 'progress', card: place.name, phase: 'copy', ...progress }),
      monotonicMs: () => program.clock.monotonicMs(),
    },
    cancel,
  )
}

interface Drawn {
  readonly count: number
  readonly drawn: readonly CopyToCheck[]
  readonly fetched: FetchResult
  readonly seconds: number
}

/**
 * What was restored was read and agreed. How it was read is known only to the mover, so this is `cached`: it takes no proof away
 * and adds none (V1).
 */
async function record(
  { program, runId, seed }: Drill,
  { place, identity }: OnlinePlace,
  { count, drawn, fetched, seconds }: Drawn,
): Promise<DrilledPlace> {
  const atMs = program.clock.nowMs()
  const goodPaths = new Set(fetched.fetched.map(({ wanted }) => wanted.sources[0]?.path))
  const good = drawn.filter(({ path }) => goodPaths.has(path))
  await program.catalog.recordReports({
    runId,
    reads: [],
    copies: good.map(({ hash, path }) => ({
      hash,
      placeId: place.id,
      path,
      evidence: { atMs, strength: 'cached', finding: 'agreed', deviceId: identity.device.id },
    })),
  })
  const isWhole = !fetched.cancelled && fetched.lostFolder === null && fetched.lostPlaces.size === 0
  const bad = fetched.passedOver.map(({ source, failure }) => ({ path: source.path, failure }))
  const pathsOf = (code: Failure['code']): readonly string[] =>
    bad.filter(({ failure }) => failure.code === code).map(({ path }) => path)
  const notRead = [...bad, ...notPassedOver(fetched)].filter(
    ({ failure }) => failure.code !== 'copy-differs' && failure.code !== 'copy-missing',
  )
  const drilled: DrilledPlace = {
    name: place.name,
    role: place.role,
    away: false,
    drilled: isWhole && good.length + bad.length === drawn.length,
    sentence: fetched.lostFolder?.sentence ?? [...fetched.lostPlaces.values()][0]?.sentence ?? null,
    copies: count,
    sample: drawn.length,
    good: good.length,
    damaged: pathsOf('copy-differs'),
    missing: pathsOf('copy-missing'),
    unreadable: notRead.map(({ path, failure }) => ({ path, sentence: failure.sentence })),
    bytes: good.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds,
  }
  if (drilled.drilled)
    await program.catalog.notePlaceEvent({
      placeId: place.id,
      kind: 'drilled',
      atMs,
      detail: { files: drawn.length, good: good.length, bad: drawn.length - good.length, bytes: drilled.bytes, seed },
    })
  return drilled
}

/** Files that failed at the scratch folder: nothing is known of their copies. */
const notPassedOver = (fetched: FetchResult): readonly { readonly path: string; readonly failure: Failure }[] =>
  fetched.notFetched.flatMap(({ wanted, failures }) => {
    const failure = failures.at(-1)
    const isPassedOver = fetched.passedOver.some((over) => over.wanted === wanted)
    return failure === undefined || isPassedOver ? [] : [{ path: wanted.sources[0]?.path ?? wanted.path, failure }]
  })

function conclude(places: readonly DrilledPlace[], seed: number, stopped: boolean): DrillOutcome {
  const sum = (of: (place: DrilledPlace) => number): number => places.reduce((total, place) => total + of(place), 0)
  const sample = sum((place) => place.sample)
  const good = sum((place) => place.good)
  const notDone = places.filter(({ drilled, away }) => !drilled && !away)
  const inSafe = places.filter(({ away }) => away)
  const outcome = stopped ? 'stopped' : notDone.length > 0 || good < sample ? 'incomplete' : 'done'
  return {
    type: 'result',
    schema: 'fivefold.drill/1',
    outcome,
    sentence: say({ places, sample, good, notDone, inSafe, stopped }),
    seed,
    places,
  }
}

interface Counts {
  readonly places: readonly DrilledPlace[]
  readonly sample: number
  readonly good: number
  readonly notDone: readonly DrilledPlace[]
  readonly inSafe: readonly DrilledPlace[]
  readonly stopped: boolean
}

function say({ places, sample, good, notDone, inSafe, stopped }: Counts): string {
  if (places.length === 0) return 'There are no places to rehearse with yet: run “fivefold setup”.'
  const from = places.filter((place) => place.sample > 0).map(({ name }) => `“${name}”`)
  const copies = `${sample} ${sample === 1 ? 'copy' : 'copies'}`
  const names = notDone.map(({ name }) => `“${name}”`).join(' and ')
  const awayText = `${inSafe.map(({ name }) => `“${name}”`).join(' and ')} ${inSafe.length === 1 ? 'is' : 'are'} not connected`
  if (stopped) return `Stopped: ${good} of ${copies} were restored and compared.`
  if (sample === 0)
    return `Nothing could be rehearsed: ${notDone.length === 0 ? awayText : `${names} could not be drilled`}.`
  const rehearsed =
    good === sample
      ? `${copies} from ${from.join(' and ')} ${sample === 1 ? 'was' : 'were'} restored and compared: all as they should be.`
      : `${sample - good} of ${copies} from ${from.join(' and ')} could NOT be restored. Run “fivefold verify”, then “fivefold repair”; don’t format any card meanwhile.`
  return [
    rehearsed,
    ...(notDone.length > 0 ? [`${names} could not be drilled.`] : []),
    ...(inSafe.length > 0 ? [`${awayText}.`] : []),
  ].join(' ')
}
