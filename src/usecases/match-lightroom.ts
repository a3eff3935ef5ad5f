/** Which frames of a job, or of the cards in use, are in Lightroom? Reads its catalogs, and writes nothing anywhere. */
import type { RollFileRecord, RollRecord } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash, JobId } from '../domain/ids.ts'
import type { FrameAnswer, FrameCounts } from '../domain/lightroom-answer.ts'
import { answerFrames, countFrames, framePaths, sayFrames } from '../domain/lightroom-answer.ts'
import type { RollFrame } from '../domain/lightroom-frames.ts'
import { lightroomName, matchFrames } from '../domain/lightroom-frames.ts'
import { pathParts } from '../domain/path-parts.ts'
import { findOneJob } from './deliver-job.ts'
import type { LightroomCatalogue, Program } from './program.ts'

export interface LightroomCheckWish {
  /** Null for what every card in use held when it was seen last. */
  readonly job: string | null
  /** Instead of those of the settings. */
  readonly catalog: string | null
}

export interface RollInLightroom {
  readonly card: string
  readonly roll: string
  readonly frames: FrameCounts
  readonly sentence: string
}

export interface CatalogRead {
  readonly path: string
  /** `Lightroom Classic 13`. */
  readonly writtenBy: string
  readonly images: number
  /** Lightroom has it open, or was writing: its last moments may not be in the answer. */
  readonly mayBeBehind: boolean
}

export interface LightroomCheckOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.lightroom-check/1'
  /** `incomplete` when a catalog could not be read. */
  readonly outcome: 'done' | 'incomplete'
  readonly sentence: string
  readonly job: string | null
  readonly frames: FrameCounts
  readonly rolls: readonly RollInLightroom[]
  readonly files: readonly (FrameAnswer & { readonly card: string; readonly roll: string })[]
  readonly catalogs: readonly CatalogRead[]
  readonly warnings: readonly string[]
  readonly failures: readonly Failure[]
}

/** Fails with `not-found` or `not-set-up`, and as reading a catalog does when none can be read. */
export async function matchLightroom(
  program: Program,
  wish: LightroomCheckWish,
): Promise<Result<LightroomCheckOutcome>> {
  const catalogs = catalogsWished(program, wish.catalog)
  if (!catalogs.ok) return catalogs
  const found = await findRolls(program, wish.job)
  if (!found.ok) return found
  const read = await readAll(program, catalogs.value)
  const [firstFailure] = read.failures
  if (read.catalogs.length === 0 && firstFailure !== undefined) return failed(firstFailure)
  const captures = await capturesOf(program, found.value.rolls)
  const isWhole = read.failures.length === 0
  const rolls = found.value.rolls.map((one) => matchRoll(program, one, read.catalogs, captures))
  const files = rolls.flatMap(({ card, roll, answers }) =>
    answers.map((answer) => ({ ...answer, card, roll: roll.name })),
  )
  const jobName = found.value.jobName
  return done({
    type: 'result',
    schema: 'fivefold.lightroom-check/1',
    outcome: isWhole ? 'done' : 'incomplete',
    sentence: sayFrames(jobName === null ? 'on the cards' : `of “${jobName}”`, files, isWhole),
    job: jobName,
    frames: countFrames(files, isWhole),
    rolls: rolls.map(({ card, roll, answers }) => ({
      card,
      roll: roll.name,
      frames: countFrames(answers, isWhole),
      sentence: sayFrames(`of “${roll.name}”`, answers, isWhole),
    })),
    files,
    catalogs: read.catalogs.map(({ path, catalogue: { version, rows, mayBeBehind } }) => ({
      path,
      writtenBy: lightroomName(version),
      images: rows.length,
      mayBeBehind,
    })),
    warnings: read.catalogs.flatMap(({ path, catalogue }) => behind(path, catalogue)),
    failures: read.failures,
  })
}

/** Absolute paths: the one that was asked for, or those of the settings. */
export function catalogsWished(program: Program, asked: string | null): Result<readonly string[]> {
  const { catalogs } = program.settings.lightroom
  if (asked !== null) return done([program.paths.absolute(asked)])
  if (catalogs.length > 0) return done(catalogs)
  return failed({
    code: 'not-set-up',
    sentence: 'No Lightroom catalog is named.',
    advice: 'Give one with --catalog FILE.lrcat, or name it in fivefold.yaml under “lightroom”, “catalogs”.',
  })
}

const behind = (path: string, { lightroomHasItOpen, mayBeBehind }: LightroomCatalogue): readonly string[] => {
  if (!mayBeBehind) return []
  const name = catalogName(path)
  return lightroomHasItOpen
    ? [`Lightroom has “${name}” open: what was done there in the last moments may be missing here.`]
    : [`“${name}” was being written: what was done there in the last moments may be missing here.`]
}

/** `Weddings` for `D:\Photos\Weddings.lrcat`. */
export const catalogName = (path: string): string => pathParts(path.replaceAll('\\', '/')).stem

interface ReadCatalog {
  readonly path: string
  readonly catalogue: LightroomCatalogue
}

/** One after the other: each takes as much room as the catalog for a moment. */
async function readAll(
  program: Program,
  paths: readonly string[],
): Promise<{ readonly catalogs: readonly ReadCatalog[]; readonly failures: readonly Failure[] }> {
  const catalogs: ReadCatalog[] = []
  const failures: Failure[] = []
  for (const path of paths) {
    const catalogue = await program.lightroom.read(path)
    if (catalogue.ok) catalogs.push({ path, catalogue: catalogue.value })
    else failures.push(catalogue.failure)
  }
  return { catalogs, failures }
}

interface RollToMatch {
  readonly card: string
  readonly roll: RollRecord
  readonly files: readonly RollFileRecord[]
}

async function findRolls(
  program: Program,
  wanted: string | null,
): Promise<Result<{ readonly jobName: string | null; readonly rolls: readonly RollToMatch[] }>> {
  const { catalog } = program
  if (wanted === null) {
    const rolls: RollToMatch[] = []
    for (const card of await catalog.cards()) {
      const last = await catalog.lastRoll(card.id)
      if (last !== null) rolls.push({ card: card.label, ...last })
    }
    return done({ jobName: null, rolls: await withoutCulled(program, rolls) })
  }
  const job = await findOneJob(program, wanted)
  if (!job.ok) return job
  const rolls: RollToMatch[] = []
  // Both slots of one camera: the same picture on two cards is one frame of the job.
  const seen = new Set<ContentHash>()
  for (const roll of await catalog.rolls({ jobId: job.value.id })) {
    const [card] = await catalog.card(roll.cardId)
    const files = (await catalog.rollFiles(roll.id)).filter(({ hash }) => hash === null || !seen.has(hash))
    for (const { hash } of files) if (hash !== null) seen.add(hash)
    rolls.push({ card: card?.label ?? '', roll, files })
  }
  return done({ jobName: job.value.name, rolls: await withoutCulled(program, rolls) })
}

/** What was culled on purpose is not looked for. */
async function withoutCulled(program: Program, rolls: readonly RollToMatch[]): Promise<readonly RollToMatch[]> {
  const known = await program.catalog.knownByHash(hashesOf(rolls))
  return rolls.map((roll) => ({
    ...roll,
    files: roll.files.filter(({ hash }) => hash === null || known.get(hash)?.culledAtMs == null),
  }))
}

const hashesOf = (rolls: readonly RollToMatch[]): readonly ContentHash[] => [
  ...new Set(rolls.flatMap(({ files }) => files.flatMap(({ hash }) => hash ?? []))),
]

const originalsAtOnce = 10_000

/**
 * When each picture was taken, by the camera's clock. A clock that was wrong is wrong in Lightroom too, so there the file itself is asked
 * for what it says.
 */
async function capturesOf(
  program: Program,
  rolls: readonly RollToMatch[],
): Promise<ReadonlyMap<ContentHash, string | null>> {
  const { catalog } = program
  const wanted = hashesOf(rolls)
  const jobs = new Set([...(await catalog.knownByHash(wanted)).values()].map(({ jobId }) => jobId))
  const captures = new Map<ContentHash, string | null>()
  for (const jobId of jobs)
    for await (const { hash, capturedLocal } of originalsOf(program, jobId)) captures.set(hash, capturedLocal)
  for (const hash of wanted) {
    if (captures.get(hash) !== null) continue
    const [facts] = await catalog.fileFacts(hash)
    captures.set(hash, facts?.metadata?.capture?.local ?? null)
  }
  return captures
}

async function* originalsOf(
  { catalog }: Program,
  jobId: JobId,
): AsyncGenerator<{ readonly hash: ContentHash; readonly capturedLocal: string | null }> {
  for (let after: ContentHash | undefined; ;) {
    const page = await catalog.originalsOf(jobId, { limit: originalsAtOnce, ...(after === undefined ? {} : { after }) })
    yield* page
    after = page.at(-1)?.hash
    if (after === undefined || page.length < originalsAtOnce) return
  }
}

function matchRoll(
  program: Program,
  { card, roll, files }: RollToMatch,
  catalogs: readonly ReadCatalog[],
  captures: ReadonlyMap<ContentHash, string | null>,
): { readonly card: string; readonly roll: RollRecord; readonly answers: readonly FrameAnswer[] } {
  const frames = new Set(framePaths(files))
  const wanted = files
    .filter(({ path }) => frames.has(path))
    .map(({ path, bytes, mtimeMs, hash }): RollFrame => ({
      path,
      bytes,
      mtimeMs,
      captureLocal: hash === null ? null : (captures.get(hash) ?? null),
      computerOffsetMinutes: program.offsetMinutes(mtimeMs),
    }))
  const answers = catalogs.map(({ path, catalogue }) => ({ name: path, answers: matchFrames(wanted, catalogue.rows) }))
  return { card, roll, answers: answerFrames(files, answers) }
}
