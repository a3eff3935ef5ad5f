/** The verdict on each card (C2): the facts of the catalog, given to the rule. */
import type { Card, CardEvent, CardFacts as KnownOfCard, FileGroup, RollRecord } from '../catalog/catalog.ts'
import type { CardFacts, CardVerdict, CopyOnRecord, FilesAlike, JobOfFiles, Reason } from '../domain/card-verdict.ts'
import { judgeCard } from '../domain/card-verdict.ts'
import type { CardId, JobId, RollId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import { isBrokenPicture } from '../domain/metadata.ts'
import type { Program } from './program.ts'
import { suspectPlaces } from './suspect-places.ts'

export interface CardStatus {
  readonly id: string
  readonly label: string
  readonly verdict: CardVerdict['kind']
  readonly because: readonly Reason[]
  /** Pictures of its last roll that could not be opened; counted for a card that may be formatted, where they are the last chance. */
  readonly brokenPictures: number
}

/** A card with its verdict, and what the verdict rests on. */
export interface JudgedCard {
  readonly cardId: CardId
  readonly label: string
  readonly card: Card
  readonly facts: CardFacts
  readonly verdict: CardVerdict
  /** The roll that lies on it; null when it has none yet. */
  readonly lastRoll: RollRecord | null
  /** The jobs that the card’s roll and its files belong to. */
  readonly jobIds: ReadonlySet<JobId>
  /** When its last roll began or it was last in the reader, whichever is later. */
  readonly lastUsedAtMs: number
  readonly brokenPictures: number
}

/** What is asked once for all cards. */
interface Surroundings {
  readonly jobs: ReadonlyMap<JobId, Job>
  readonly unseen: readonly CardEvent[]
  readonly suspectPlaces: CardFacts['suspectPlaces']
}

async function gatherSurroundings(program: Program, cardId?: CardId): Promise<Surroundings> {
  const jobs = new Map((await program.catalog.jobs()).map((job) => [job.id, job]))
  const unseen = await program.catalog.cardEvents({ ...(cardId === undefined ? {} : { cardId }), unseenOnly: true })
  return { jobs, unseen, suspectPlaces: await suspectPlaces(program) }
}

/** The cards in use, last seen first. */
export async function judgeCards(program: Program, nowMs: number): Promise<readonly JudgedCard[]> {
  const around = await gatherSurroundings(program)
  const judged: JudgedCard[] = []
  for (const card of await program.catalog.cards()) judged.push(await judgeWith(program, around, card, nowMs))
  return judged
}

export async function judgeOneCard(program: Program, card: Card, nowMs: number): Promise<JudgedCard> {
  return judgeWith(program, await gatherSurroundings(program, card.id), card, nowMs)
}

async function judgeWith(program: Program, around: Surroundings, card: Card, nowMs: number): Promise<JudgedCard> {
  const { policy } = program.settings
  const known = await program.catalog.cardFacts(card.id, nowMs - policy.cards.evidenceMaxAgeMs)
  const groups = filesAlike(known?.groups ?? [], around.jobs)
  const facts: CardFacts = {
    cardId: card.id,
    groups,
    rollJob: known?.job == null ? null : jobOfFiles(known.job),
    secondRead: known?.roll?.secondRead ?? 'not-done',
    notCopied: known?.roll == null ? 0 : await countNotCopied(program, known.roll.id),
    suspect: card.suspect !== null,
    retired: card.retiredAtMs !== null,
    // A note tells of a card and its rolls, but not what was shot on it since (D3); the first look gives it an address.
    seenHere: card.root !== '',
    suspectPlaces: around.suspectPlaces,
    unseenAlarmFiles: await countAlarmFiles(program, around.unseen, card.id),
  }
  const verdict = judgeCard(facts, policy, nowMs)
  const roll = known?.roll ?? null
  return {
    cardId: card.id,
    label: card.label,
    card,
    facts,
    verdict,
    brokenPictures: verdict.kind === 'keep' || roll === null ? 0 : await countBroken(program, roll.id),
    lastRoll: known?.roll ?? null,
    jobIds: jobIdsOf(known),
    lastUsedAtMs: Math.max(card.lastSeenAtMs, known?.roll?.startedAtMs ?? 0),
  }
}

export const statusOf = ({
  cardId,
  label,
  verdict,
  brokenPictures,
}: Pick<JudgedCard, 'cardId' | 'label' | 'verdict' | 'brokenPictures'>): CardStatus => ({
  id: cardId,
  label,
  verdict: verdict.kind,
  because: verdict.kind === 'keep' ? verdict.because : [],
  brokenPictures,
})

const jobOfFiles = ({ name, state, deliveredAtMs }: Job): JobOfFiles => ({ name, state, deliveredAtMs })

const jobIdsOf = (known: KnownOfCard | null): ReadonlySet<JobId> =>
  new Set([
    ...(known?.job == null ? [] : [known.job.id]),
    ...(known?.groups ?? []).flatMap(({ job }) => (job === null ? [] : [job.id])),
  ])

/** A second read comes after all first reads: what is unread beside files that were read twice came onto the card since. */
function filesAlike(groups: readonly FileGroup[], jobs: ReadonlyMap<JobId, Job>): readonly FilesAlike[] {
  const wasReadTwice = groups.some(({ second }) => second !== null)
  return groups.map(({ files, read, problemCode, culled, copies, job }) => {
    const known = job === null ? undefined : jobs.get(job.id)
    return {
      files,
      hashed: read,
      isNew: !read && problemCode === null && wasReadTwice,
      culled,
      copies: copies.map(copyOnRecord),
      job: known === undefined ? null : jobOfFiles(known),
    }
  })
}

const copyOnRecord = ({ placeId, role, deviceId, standing }: FileGroup['copies'][number]): CopyOnRecord => ({
  placeId,
  role,
  deviceId,
  standing: standing === 'present' ? 'not-proven' : standing,
})

async function countBroken(program: Program, rollId: RollId): Promise<number> {
  const broken = (await program.catalog.warnings(rollId)).filter(({ code }) => isBrokenPicture(code))
  return new Set(broken.map(({ path }) => path)).size
}

async function countNotCopied(program: Program, rollId: RollId): Promise<number> {
  const leftOut = await program.catalog.leftOut(rollId)
  return leftOut.filter(({ why }) => why === 'name-not-unicode').reduce((sum, { files }) => sum + files, 0)
}

/** An alarm about a roll that nobody knows any more, or without files, still is one. */
async function countAlarmFiles(program: Program, unseen: readonly CardEvent[], cardId: CardId): Promise<number> {
  let files = 0
  for (const { rollId, ...event } of unseen)
    if (event.cardId === cardId && event.kind === 'formatted-without-leave')
      files += rollId === null ? 1 : Math.max(1, (await program.catalog.rollFiles(rollId)).length)
  return files
}
