/** Everything the catalog knows of one job, gathered for its report. Only looks. */
import type { Card, FileFacts, PlaceNote, PlaceRecord, RollRecord } from '../catalog/catalog.ts'
import type { ContentHash, PlaceId, RollId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { Program } from './program.ts'
import type { ReportNotRead } from './job-report.ts'

/** What a report wants to know of one original; of each copy only the evidence that stands. */
export interface JobFileFacts extends Pick<FileFacts, 'hash' | 'bytes' | 'name' | 'culled' | 'metadata' | 'onCards'> {
  readonly copies: readonly Omit<FileFacts['copies'][number], 'history'>[]
}

export interface JobFacts {
  readonly job: Job
  /** The originals of this job, by hash. */
  readonly files: readonly JobFileFacts[]
  /** Files of its rolls that were first seen in another job: they are in that one's report. */
  readonly ofOtherJobs: number
  /** Originals that are counted in the catalog and could not be listed: they count as unproven. */
  readonly notListed: number
  readonly notRead: readonly ReportNotRead[]
  readonly rolls: readonly RollRecord[]
  readonly cards: readonly Card[]
  /** Files left out by rule, by roll. */
  readonly leftOut: ReadonlyMap<RollId, number>
  readonly places: readonly PlaceRecord[]
  readonly placeNotes: readonly PlaceNote[]
}

const copiesAtOnce = 20_000

export async function gatherJobFacts(program: Program, job: Job): Promise<JobFacts> {
  const { catalog } = program
  const places = await catalog.allPlaces()
  const ownRolls = await catalog.rolls({ jobId: job.id })
  const hashes = new Set<ContentHash>()
  for (const { id } of places) await addCopiesAt(program, job, id, hashes)
  const unread: { readonly roll: RollRecord; readonly path: string; readonly files: number; readonly why: string }[] =
    []
  const leftOut = new Map<RollId, number>()
  for (const roll of ownRolls) {
    for (const { path, hash, problem } of await catalog.rollFiles(roll.id)) {
      if (hash !== null) hashes.add(hash)
      else unread.push({ roll, path, files: 1, why: problem?.sentence ?? 'It was not read from the card yet.' })
    }
    const notCopied = await catalog.leftOut(roll.id)
    for (const { path, files, why } of notCopied)
      if (why === 'name-not-unicode')
        unread.push({ roll, path, files, why: 'Its name is damaged, so it could not be copied.' })
      else leftOut.set(roll.id, (leftOut.get(roll.id) ?? 0) + files)
  }
  const { files, ofOtherJobs } = await factsOf(program, job, hashes)
  const rolls = await withRollsOf(program, ownRolls, files)
  const cards = await cardsOf(program, rolls)
  const labels = new Map(cards.map(({ id, label }) => [id, label]))
  return {
    job,
    files,
    ofOtherJobs,
    notListed: await countNotListed(program, job, files),
    notRead: unread.map(({ roll, path, files, why }) => ({
      path,
      card: labels.get(roll.cardId) ?? '',
      roll: roll.name,
      files,
      because: why,
    })),
    rolls,
    cards,
    leftOut,
    places,
    placeNotes: await catalog.placeNotes(),
  }
}

async function addCopiesAt(program: Program, job: Job, placeId: PlaceId, hashes: Set<ContentHash>): Promise<void> {
  const filter = { jobId: job.id, limit: copiesAtOnce, includeAbsent: true }
  let page = await program.catalog.copiesAt(placeId, filter)
  for (;;) {
    for (const { hash } of page) hashes.add(hash)
    const last = page.at(-1)
    if (last === undefined || page.length < copiesAtOnce) return
    const after = { latestAtMs: last.latest.atMs, number: last.number }
    page = await program.catalog.copiesAt(placeId, { ...filter, after })
  }
}

/** The one place where the facts of single files are asked for. */
async function factsOf(
  program: Program,
  job: Job,
  hashes: ReadonlySet<ContentHash>,
): Promise<{ readonly files: readonly JobFileFacts[]; readonly ofOtherJobs: number }> {
  const known = await program.catalog.knownByHash([...hashes])
  const files: JobFileFacts[] = []
  let ofOtherJobs = 0
  for (const { hash, jobId } of [...known.values()].toSorted((a, b) => (a.hash < b.hash ? -1 : 1))) {
    if (jobId === job.id) files.push(...(await program.catalog.fileFacts(hash)))
    else ofOtherJobs += 1
  }
  return { files, ofOtherJobs }
}

/** A card that was not formatted between two jobs keeps its roll, so a file may lie in a roll that began with another job. */
async function withRollsOf(
  program: Program,
  own: readonly RollRecord[],
  files: readonly JobFileFacts[],
): Promise<readonly RollRecord[]> {
  const holding = new Set(files.flatMap(({ onCards }) => onCards.map(({ rollId }) => rollId)))
  const rolls = new Map(own.map((roll) => [roll.id, roll]))
  for (const id of holding) {
    const roll = rolls.has(id) ? null : await program.catalog.roll(id)
    if (roll !== null) rolls.set(id, roll)
  }
  return [...rolls.values()].toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.name < b.name ? -1 : 1))
}

async function cardsOf(program: Program, rolls: readonly RollRecord[]): Promise<readonly Card[]> {
  const cards: Card[] = []
  for (const id of new Set(rolls.map(({ cardId }) => cardId)))
    cards.push(...(await program.catalog.card(id)).filter((card) => card.id === id))
  return cards
}

/** The counts of the catalog are a second opinion: what they count and this list lacks is not left unsaid. */
async function countNotListed(program: Program, job: Job, files: readonly JobFileFacts[]): Promise<number> {
  const tally = (await program.catalog.jobTallies()).find(({ jobId }) => jobId === job.id)
  return Math.max(0, (tally?.files ?? 0) + (tally?.culledFiles ?? 0) - files.length)
}
