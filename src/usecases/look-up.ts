/** Look and say: jobs, cards and single files, as the catalog knows them. */
import type { Card, CardEvent, FileFacts, RollRecord, WarningRecord } from '../catalog/catalog.ts'
import type { LeftOut } from '../domain/card.ts'
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { looksLikeContentHash } from '../domain/ids.ts'
import { byRole } from '../domain/place.ts'
import { findOneJob } from './deliver-job.ts'
import type { CardStatus, JudgedCard } from './judge-cards.ts'
import { judgeCards, judgeOneCard, statusOf } from './judge-cards.ts'
import type { Program } from './program.ts'
import type { JobStatus } from './show-status.ts'
import { jobStatuses } from './show-status.ts'

export interface RollView {
  readonly id: string
  readonly name: string
  readonly folder: string
  readonly startedAt: string
  readonly secondRead: string
  readonly files: number
  readonly bytes: number
  readonly notRead: number
  readonly warnings: readonly WarningRecord[]
  readonly leftOut: number
  /** What was left out, by name, with the reason. */
  readonly leftOutFiles: readonly LeftOut[]
}

export interface JobView extends JobStatus {
  readonly rolls: readonly RollView[]
}

/** A card in a list. */
export interface CardLine extends CardStatus {
  readonly maker: string | null
  readonly fileSystemUuid: string | null
  readonly volumeBytes: number | null
  readonly firstSeen: string
  readonly lastSeen: string
  readonly lastSeenAt: string
  readonly suspect: string | null
  readonly retiredAt: string | null
  /** Name of the roll that lies on it; null when there is none yet. */
  readonly lastRoll: string | null
  /** Alarms that no person has seen yet. */
  readonly alarms: readonly string[]
}

export interface CardView extends CardLine {
  readonly rolls: readonly RollView[]
  /** What became of it beside being read, newest first. */
  readonly events: readonly {
    readonly at: string
    readonly kind: CardEvent['kind']
    readonly sentence: string
    readonly seenAt: string | null
  }[]
}

export const listJobs = (program: Program): Promise<readonly JobStatus[]> => jobStatuses(program)

/** Fails with `not-found`, or `wrong-usage` when several jobs have that name. */
export async function showJob(program: Program, idOrName: string): Promise<Result<JobView>> {
  const found = await findOneJob(program, idOrName)
  if (!found.ok) return found
  const job = found.value
  const status = (await jobStatuses(program)).find(({ id }) => id === job.id)
  if (status === undefined) throw new Error(`A job has no status: ${job.id}`)
  const rolls = await program.catalog.rolls({ jobId: job.id })
  return done({ ...status, rolls: await Promise.all(rolls.map((roll) => rollView(program, roll))) })
}

/** The cards in use, last seen first. */
export async function listCards(program: Program): Promise<readonly CardLine[]> {
  const judged = await judgeCards(program, program.clock.nowMs())
  const events = await program.catalog.cardEvents({ unseenOnly: true })
  return judged.map((card) => cardLine(card, events))
}

/** By id or label; several cards may have one label. Fails with `not-found`. */
export async function showCards(program: Program, idOrLabel: string): Promise<Result<readonly CardView[]>> {
  const cards = await program.catalog.card(idOrLabel)
  if (cards.length === 0)
    return failed({
      code: 'not-found',
      sentence: `No card called “${idOrLabel}” was seen yet.`,
      advice: 'See “fivefold card list”.',
    })
  const views: CardView[] = []
  for (const card of cards) views.push(await cardView(program, card))
  return done(views)
}

const isAlarm = ({ kind, seenAtMs }: CardEvent): boolean => kind === 'formatted-without-leave' && seenAtMs === null

function cardLine(judged: JudgedCard, events: readonly CardEvent[]): CardLine {
  const { card, lastRoll } = judged
  return {
    ...statusOf(judged),
    maker: card.maker,
    fileSystemUuid: card.fileSystemUuid,
    volumeBytes: card.volumeBytes,
    firstSeen: new Date(card.firstSeenAtMs).toISOString(),
    lastSeen: new Date(card.lastSeenAtMs).toISOString(),
    lastSeenAt: card.root,
    suspect: card.suspect?.why ?? null,
    retiredAt: card.retiredAtMs === null ? null : new Date(card.retiredAtMs).toISOString(),
    lastRoll: lastRoll?.name ?? null,
    alarms: events.filter((event) => event.cardId === card.id && isAlarm(event)).map(({ sentence }) => sentence),
  }
}

async function cardView(program: Program, card: Card): Promise<CardView> {
  const events = await program.catalog.cardEvents({ cardId: card.id })
  const rolls = await program.catalog.rolls({ cardId: card.id })
  return {
    ...cardLine(await judgeOneCard(program, card, program.clock.nowMs()), events),
    rolls: await Promise.all(rolls.map((roll) => rollView(program, roll))),
    events: events.map(({ atMs, kind, sentence, seenAtMs }) => ({
      at: new Date(atMs).toISOString(),
      kind,
      sentence,
      seenAt: seenAtMs === null ? null : new Date(seenAtMs).toISOString(),
    })),
  }
}

async function rollView(program: Program, roll: RollRecord): Promise<RollView> {
  const files = await program.catalog.rollFiles(roll.id)
  const leftOutFiles = await program.catalog.leftOut(roll.id)
  return {
    id: roll.id,
    name: roll.name,
    folder: roll.folder,
    startedAt: new Date(roll.startedAtMs).toISOString(),
    secondRead: roll.secondRead,
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    notRead: files.filter(({ hash }) => hash === null).length,
    warnings: await program.catalog.warnings(roll.id),
    leftOut: leftOutFiles.reduce((sum, { files }) => sum + files, 0),
    leftOutFiles,
  }
}

const byPlace = (a: FileFacts['copies'][number], b: FileFacts['copies'][number]): number =>
  byRole({ role: a.role, name: a.placeName }, { role: b.role, name: b.placeName })

/** One original with its whole history, by hash, by its path on a card, or by where a copy lies. Fails with `not-found`. */
export async function showFile(program: Program, pathOrHash: string): Promise<Result<readonly FileFacts[]>> {
  const facts = await program.catalog.fileFacts(insidePlace(program, pathOrHash))
  if (facts.length > 0) return done(facts.map((file) => ({ ...file, copies: file.copies.toSorted(byPlace) })))
  return failed({
    code: 'not-found',
    sentence: `Nothing is known of ${pathOrHash}.`,
    advice:
      'Give a path as it is on a card or below a place, or a hash. To look by content, use “fivefold check FOLDER”.',
  })
}

function insidePlace(program: Program, pathOrHash: string): string {
  if (looksLikeContentHash(pathOrHash)) return pathOrHash.toLowerCase()
  const absolute = program.paths.absolute(pathOrHash)
  const place = program.settings.places.find(({ address }) => program.paths.isInside(absolute, address))
  return place === undefined ? pathOrHash : absolute.slice(place.address.length + 1).replaceAll('\\', '/')
}
