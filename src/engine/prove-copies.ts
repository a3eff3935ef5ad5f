/**
 * From temporary files to proven copies: flush, read back past the cache and compare (V1), give the final name without
 * replacing anything (W1, W2), flush the folder, and only then say so (W3). In this order a wrong byte never gets a name.
 */
import type { Strength } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, endsThePlace } from '../domain/failure.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { Blocks, CopyOutcome, CopyReport, Reading, StartHash, Watch, WritablePlace, Writing } from './contracts.ts'
import type { PlacedFile, WrittenFile } from './copy-file.ts'
import { hashReading } from './hash-reading.ts'

export interface ProveTools {
  readonly blocks: Blocks
  readonly startHash: StartHash
  readonly watch: Watch
}

/** Finishes a batch of written files at all their places at once, and reports every file. */
export async function proveCopies(
  batch: readonly WrittenFile[],
  tools: ProveTools,
  report: (report: CopyReport) => void,
): Promise<void> {
  const byPlace = new Map<WritablePlace, PlacedAt[]>()
  for (const written of batch)
    for (const placed of written.placed) {
      const list = byPlace.get(placed.place) ?? []
      list.push({ written, placed })
      byPlace.set(placed.place, list)
    }
  const outcomes = new Map<WrittenFile, CopyOutcome[]>(batch.map((written) => [written, [...written.ended]]))
  const finishing = [...byPlace].map(async ([place, files]) => {
    for (const [written, outcome] of await finishAt(place, files, tools)) outcomes.get(written)?.push(outcome)
  })
  await Promise.all(finishing)
  for (const written of batch)
    report({
      kind: 'read',
      number: written.order.number,
      hash: written.hash,
      bytesRead: written.bytesRead,
      bytesWritten: written.order.bytes * written.placed.filter(({ writing }) => writing !== null).length,
      outcomes: outcomes.get(written) ?? [],
    })
}

interface PlacedAt {
  readonly written: WrittenFile
  readonly placed: PlacedFile
}

/** A file on its way at one place: still going, with the proof it has, or ended. */
type Step =
  | { readonly file: PlacedAt; readonly strength: Strength; readonly alreadyThere: boolean }
  | { readonly file: PlacedAt; readonly outcome: CopyOutcome }

async function finishAt(
  place: WritablePlace,
  files: readonly PlacedAt[],
  tools: ProveTools,
): Promise<readonly (readonly [WrittenFile, CopyOutcome])[]> {
  const flushed = await flushAll(place, files)
  const isForgotten = await place.forgetCached()
  const steps = await proveAll(place, flushed, isForgotten, tools)
  const published: Step[] = []
  for (const step of steps) published.push(await publish(place, step, isForgotten, tools))
  const names = published.filter((step) => 'strength' in step).map((step) => step.file.placed.path)
  const settled = names.length === 0 ? done(undefined) : await place.settle(names)
  return published.map((step) => [step.file.written, conclude(place, step, settled)] as const)
}

async function flushAll(
  place: WritablePlace,
  files: readonly PlacedAt[],
): Promise<readonly (readonly [PlacedAt, Result<void>])[]> {
  const writings: Writing[] = []
  for (const { placed } of files) if (placed.writing !== null) writings.push(placed.writing)
  const answers = writings.length === 0 ? [] : await place.flush(writings)
  const flushed: (readonly [PlacedAt, Result<void>])[] = []
  let next = 0
  for (const file of files) {
    const { writing, path } = file.placed
    // What lies there already may have been put there a moment ago, by a run that was killed or by a stranger.
    const answer = writing === null ? await place.flushNamed(path) : answers[next]
    if (writing !== null) next += 1
    if (answer === undefined) throw new Error(`“${place.name}” did not answer for every file it was to flush.`)
    flushed.push([file, answer])
  }
  return flushed
}

/** Reading back small files is mostly waiting, so a few are under way at once; their number is bounded by the blocks too. */
const readsBackAtOnce = 4

async function proveAll(
  place: WritablePlace,
  flushed: readonly (readonly [PlacedAt, Result<void>])[],
  isForgotten: boolean,
  tools: ProveTools,
): Promise<readonly Step[]> {
  const steps: Step[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < flushed.length; index = next++) {
      const one = flushed[index]
      if (one === undefined) continue
      const step = await prove(place, one[0], one[1], tools)
      // Where a cache below could not be emptied, the bytes may have come from there (V1).
      steps[index] = 'strength' in step && !isForgotten ? { ...step, strength: 'cached' } : step
    }
  }
  await Promise.all(Array.from({ length: Math.min(readsBackAtOnce, flushed.length) }, lane))
  return steps
}

async function prove(place: WritablePlace, file: PlacedAt, flush: Result<void>, tools: ProveTools): Promise<Step> {
  const { written, placed } = file
  if (!flush.ok) return endBadly(place, file, flush.failure)
  const opened = placed.writing === null ? await place.open(placed.path, 'past-cache') : await placed.writing.openBack()
  if (!opened.ok) return endBadly(place, file, opened.failure)
  const compared = await compare(opened.value, written, tools)
  if (!compared.ok) return endBadly(place, file, compared.failure)
  if (compared.value === written.hash)
    return { file, strength: opened.value.strength, alreadyThere: placed.writing === null }
  if (placed.writing === null) return { file, outcome: { kind: 'taken', placeId: place.id, path: placed.path } }
  return endBadly(place, file, differs(place, written))
}

async function compare(reading: Reading, written: WrittenFile, tools: ProveTools): Promise<Result<ContentHash | null>> {
  try {
    if (reading.bytes !== written.order.bytes) return done(null)
    const moved = (bytes: number): void => tools.watch.moved({ proven: bytes })
    const hashed = await hashReading(reading, written.order.bytes, tools.blocks, tools.startHash, moved)
    if (!hashed.ok) return hashed
    // V5: what counts is what was really read.
    return done(hashed.value.bytesRead === written.order.bytes ? hashed.value.hash : null)
  } finally {
    await reading.close()
  }
}

async function publish(place: WritablePlace, step: Step, isForgotten: boolean, tools: ProveTools): Promise<Step> {
  const { file } = step
  const { placed } = file
  if ('outcome' in step || placed.writing === null) return step
  const given = await place.publish(placed.writing, placed.path)
  if (!given.ok) return endBadly(place, file, given.failure)
  if (given.value === 'published') return step
  const { setAsideTo } = file.written.order
  if (setAsideTo !== undefined && setAsideTo !== null)
    return makeWay(place, step, placed.writing, setAsideTo, isForgotten, tools)
  return endTaken(place, file, placed.path)
}

/**
 * M2, and the repair: what has the name is kept as a version before the new bytes, which are proven by now, get it. A crash between
 * the two leaves the name free and the older bytes aside; the next run carries on from there. The same bytes are left where they are.
 */
async function makeWay(
  place: WritablePlace,
  step: Extract<Step, { strength: Strength }>,
  writing: Writing,
  asidePath: string,
  isForgotten: boolean,
  tools: ProveTools,
): Promise<Step> {
  const { file } = step
  const { path } = file.placed
  const there = await sameBytes(place, file, tools)
  if (!there.ok) return endBadly(place, file, there.failure)
  if (there.value !== null) {
    await writing.discard()
    return { file, strength: isForgotten ? there.value : 'cached', alreadyThere: true }
  }
  const aside = await place.setAside(path, asidePath)
  if (!aside.ok && aside.failure.code === 'name-taken' && aside.failure.path === asidePath)
    return endTaken(place, file, asidePath)
  if (!aside.ok) return endBadly(place, file, aside.failure)
  const given = await place.publish(writing, path)
  if (!given.ok) return endBadly(place, file, given.failure)
  return given.value === 'published' ? step : endTaken(place, file, path)
}

/** How the same bytes were read where the name is taken; null when other bytes lie there, or such that can't be read any more. */
async function sameBytes(
  place: WritablePlace,
  file: PlacedAt,
  tools: ProveTools,
): Promise<Result<Reading['strength'] | null>> {
  const { path } = file.placed
  const flushed = await place.flushNamed(path)
  const opened = flushed.ok ? await place.open(path, 'past-cache') : flushed
  const compared = opened.ok ? await compare(opened.value, file.written, tools) : opened
  if (!compared.ok) return endsThePlace.has(compared.failure.code) ? compared : done(null)
  return done(opened.ok && compared.value === file.written.hash ? opened.value.strength : null)
}

async function endTaken(place: WritablePlace, file: PlacedAt, path: string): Promise<Step> {
  await file.placed.writing?.discard()
  return { file, outcome: { kind: 'taken', placeId: place.id, path } }
}

async function endBadly(place: WritablePlace, file: PlacedAt, failure: Failure): Promise<Step> {
  await file.placed.writing?.discard()
  return { file, outcome: { kind: 'failed', placeId: place.id, failure } }
}

function conclude(place: WritablePlace, step: Step, settled: Result<void>): CopyOutcome {
  if ('outcome' in step) return step.outcome
  const { placed } = step.file
  // Not settled is not safe: the name may be gone after a power cut. The next run finds the file and proves it (J1).
  if (!settled.ok) return { kind: 'failed', placeId: place.id, failure: settled.failure }
  return {
    kind: 'copied',
    placeId: place.id,
    path: placed.path,
    deviceId: place.deviceId,
    strength: step.strength,
    alreadyThere: step.alreadyThere,
  }
}

const differs = (place: WritablePlace, written: WrittenFile): Failure => ({
  code: 'copy-differs',
  sentence: `${written.order.path} was written to “${place.name}”, but other bytes came back.`,
  advice:
    'It is tried again. If this happens more than once, change the cable or the drive: it does not keep what it is given.',
  path: written.order.path,
  place: place.name,
})
