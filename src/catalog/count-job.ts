import { sql } from 'kysely'

import type { CardId, ContentHash, JobId, PlaceId, RollId } from '../domain/ids.ts'
import type { Role } from '../domain/place.ts'
import type { JobTally, RoleTally, WhereGroup } from './catalog.ts'
import {
  type HeldCopies,
  inOrder,
  noCopies,
  positionColumn,
  positionReader,
  type Slot,
  timeOf,
  timesColumn,
} from './copy-positions.ts'
import { fileIsReadTwice, rollIsLast } from './standing.ts'
import type { Queries } from './store.ts'

/** What is counted of one job in one go: its tally, and where its originals are. */
export interface JobCount {
  readonly tally: JobTally
  readonly groups: readonly WhereGroup[]
}

/** Counts a job from the rows themselves. Inside a transaction, so that its queries see one moment. */
export async function countJob(db: Queries, jobId: JobId): Promise<JobCount> {
  const originals = await originalsOfJob(db, jobId)
  const copies = await copiesOfJob(db, jobId)
  const onCards = await onCardsOfJob(db, jobId)
  const held = originals
    .filter((original) => original.culled_at_ms === null)
    .map((original): Hold => ({
      original,
      copies: copies.get(original.hash) ?? noCopies,
      cards: onCards.get(original.hash) ?? noCards,
    }))
  const gists = new Map<readonly Slot[], Gist>()
  const gistFor = ({ copies: { slots } }: Hold): Gist => {
    const known = gists.get(slots) ?? gistOf(slots)
    gists.set(slots, known)
    return known
  }
  return { tally: tallyOf(jobId, originals, held, gistFor), groups: groupsOf(jobId, held, gistFor) }
}

const originalsOfJob = (db: Queries, jobId: JobId) =>
  db
    .selectFrom('original')
    .select([
      'hash',
      'bytes',
      'name',
      'shot_id',
      'first_seen_at_ms',
      'culled_at_ms',
      'capture_local',
      'capture_plausible',
    ])
    .where('job_id', '=', jobId)
    .orderBy('hash')
    .execute()

/** By hash. Copies that are known to be gone count for nothing. */
async function copiesOfJob(db: Queries, jobId: JobId): Promise<ReadonlyMap<ContentHash, HeldCopies>> {
  const read = await positionReader(db)
  const rows = await db
    .selectFrom('original')
    .innerJoin('copy', 'copy.hash', 'original.hash')
    .where('original.job_id', '=', jobId)
    .where('original.culled_at_ms', 'is', null)
    .where('copy.latest_finding', '!=', 'absent')
    .groupBy('original.hash')
    .select(['original.hash', positionColumn, timesColumn])
    .execute()
  return new Map(rows.map((row) => [row.hash, read(row)]))
}

type OnCards = WhereGroup['cards']
const noCards: OnCards = []

/** By hash: what lies on the cards in use now, which is what the last roll of each holds. Ordered by card. */
async function onCardsOfJob(db: Queries, jobId: JobId): Promise<ReadonlyMap<ContentHash, OnCards>> {
  const rolls = await db
    .selectFrom('roll')
    .innerJoin('card', 'card.id', 'roll.card_id')
    .select(['roll.id', 'roll.card_id'])
    .where('card.retired_at_ms', 'is', null)
    .where(rollIsLast)
    .execute()
  const cardOf = new Map<RollId, CardId>(rolls.map((row) => [row.id, row.card_id]))
  const files = await db
    .selectFrom('original')
    .innerJoin('roll_file', 'roll_file.hash', 'original.hash')
    .select([
      'original.hash',
      'roll_file.roll_id',
      sql<number>`case when ${fileIsReadTwice} then 1 else 0 end`.as('is_read_twice'),
    ])
    .where('original.job_id', '=', jobId)
    .where('original.culled_at_ms', 'is', null)
    .execute()
  const onCards = new Map<ContentHash, OnCards>()
  for (const { hash, roll_id: rollId, is_read_twice: isReadTwice } of files) {
    const cardId = cardOf.get(rollId)
    if (cardId === undefined) continue
    const before = onCards.get(hash) ?? noCards
    // The same picture may lie on a card twice; one of them read twice is enough.
    const readTwice = isReadTwice === 1 || before.some((card) => card.cardId === cardId && card.readTwice)
    const others = before.filter((card) => card.cardId !== cardId)
    onCards.set(
      hash,
      [...others, { cardId, readTwice }].toSorted((a, b) => inOrder(a.cardId, b.cardId)),
    )
  }
  return onCards
}

type OriginalRow = Awaited<ReturnType<typeof originalsOfJob>>[number]

/** One original with everything that holds it. */
interface Hold {
  readonly original: OriginalRow
  readonly copies: HeldCopies
  readonly cards: OnCards
}

/** What follows from a position alone, worked out once for all originals whose copies are alike. */
interface Gist {
  readonly proven: readonly Slot[]
  readonly provenRoles: readonly Role[]
  readonly presentRoles: readonly Role[]
  readonly provenDevices: number
  readonly best: readonly BestAtPlace[]
  readonly key: string
}

/** The best that a place holds; several copies there may be equally good. */
interface BestAtPlace {
  readonly placeId: PlaceId
  readonly deviceId: string
  readonly standing: WhereGroup['copies'][number]['standing']
  readonly alike: readonly Slot[]
}

function gistOf(slots: readonly Slot[]): Gist {
  const proven = slots.filter(({ standing }) => standing === 'proven')
  const present = slots.filter(({ standing }) => standing === 'proven' || standing === 'present')
  const best = [...Map.groupBy(slots, ({ placeId }) => placeId).values()].flatMap(bestOf)
  return {
    proven,
    provenRoles: [...new Set(proven.map(({ role }) => role))],
    presentRoles: [...new Set(present.map(({ role }) => role))],
    provenDevices: independentDevices(proven),
    best,
    key: best.map(({ placeId, deviceId, standing }) => `${placeId}\u001F${deviceId}\u001F${standing}`).join('\u001E'),
  }
}

/** A device that could not be told may be any of the others: it adds nothing, and alone it is one (domain/card-verdict.ts). */
function independentDevices(proven: readonly Slot[]): number {
  const known = new Set(proven.flatMap(({ deviceId }) => (deviceId.startsWith('unknown:') ? [] : [deviceId])))
  return Math.max(known.size, Math.min(proven.length, 1))
}

const bestFirst = ['proven', 'present', 'differed'] as const

function bestOf(slots: readonly Slot[]): readonly BestAtPlace[] {
  const standing = bestFirst.find((one) => slots.some((slot) => slot.standing === one))
  const first = slots.find((slot) => slot.standing === standing)
  if (standing === undefined || first === undefined) return []
  const { placeId, deviceId } = first
  const alike = slots.filter((slot) => slot.standing === standing && slot.deviceId === deviceId)
  return [{ placeId, deviceId, standing, alike }]
}

function tallyOf(
  jobId: JobId,
  originals: readonly OriginalRow[],
  held: readonly Hold[],
  gistFor: (hold: Hold) => Gist,
): JobTally {
  const copies = { card: none(), library: none(), second: none(), cloud: none(), drive: none() }
  const shots = new Set<string>()
  const days = new Set<string>()
  let bytes = 0
  let provenCopiesMin = held.length === 0 ? 0 : Number.POSITIVE_INFINITY
  let oldestProofAtMs: number | null = null
  for (const hold of held) {
    const { original } = hold
    const gist = gistFor(hold)
    bytes += original.bytes
    if (original.shot_id !== null) shots.add(original.shot_id)
    if (original.capture_plausible === 1 && original.capture_local !== null)
      days.add(original.capture_local.slice(0, 10))
    provenCopiesMin = Math.min(provenCopiesMin, gist.provenDevices)
    for (const slot of gist.proven) {
      const atMs = timeOf(hold.copies, slot)
      if (oldestProofAtMs === null || atMs < oldestProofAtMs) oldestProofAtMs = atMs
    }
    for (const role of gist.provenRoles) copies[role].proven += 1
    for (const role of gist.presentRoles) copies[role].present += 1
    if (hold.cards.length > 0) copies.card.present += 1
    if (hold.cards.some(({ readTwice }) => readTwice)) copies.card.proven += 1
  }
  const inTime = [...days].toSorted(inOrder)
  return {
    jobId,
    files: held.length,
    bytes,
    shots: shots.size,
    culledFiles: originals.length - held.length,
    copies,
    provenCopiesMin,
    oldestProofAtMs,
    firstShotOn: inTime[0] ?? null,
    lastShotOn: inTime.at(-1) ?? null,
  }
}

const none = (): { -readonly [Count in keyof RoleTally]: RoleTally[Count] } => ({ proven: 0, present: 0 })

/** Ordered by the name of their examples. */
function groupsOf(jobId: JobId, held: readonly Hold[], gistFor: (hold: Hold) => Gist): readonly WhereGroup[] {
  const alike = Map.groupBy(held, (hold) => {
    const onCards = hold.cards.map(({ cardId, readTwice }) => `${cardId}\u001F${Number(readTwice)}`)
    return `${onCards.join('\u001E')}\n${gistFor(hold).key}`
  })
  return [...alike]
    .map(([key, holds]) => ({ key, group: groupOf(jobId, holds, gistFor) }))
    .toSorted((a, b) => inOrder(a.group.exampleName, b.group.exampleName) || inOrder(a.key, b.key))
    .map(({ group }) => group)
}

function groupOf(jobId: JobId, holds: readonly Hold[], gistFor: (hold: Hold) => Gist): WhereGroup {
  const [first] = holds
  if (first === undefined) throw new Error('A group without originals.')
  const oldest = new Map<PlaceId, number>()
  let exampleName = first.original.name
  let newestFirstSeenAtMs = first.original.first_seen_at_ms
  let bytes = 0
  for (const hold of holds) {
    const { original } = hold
    bytes += original.bytes
    if (original.name < exampleName) exampleName = original.name
    newestFirstSeenAtMs = Math.max(newestFirstSeenAtMs, original.first_seen_at_ms)
    for (const { placeId, alike } of gistFor(hold).best) {
      // Of copies that are equally good the newest look counts: it is the best that is known of this place.
      const atMs = Math.max(...alike.map((slot) => timeOf(hold.copies, slot)))
      oldest.set(placeId, Math.min(oldest.get(placeId) ?? atMs, atMs))
    }
  }
  return {
    jobId,
    files: holds.length,
    bytes,
    exampleName,
    newestFirstSeenAtMs,
    cards: first.cards,
    copies: gistFor(first).best.map(({ placeId, deviceId, standing }) => {
      const oldestAtMs = oldest.get(placeId)
      if (oldestAtMs === undefined) throw new Error('A place without a time.')
      return { placeId, deviceId, standing, oldestAtMs }
    }),
  }
}
