import type { CardId, RollId } from '../domain/ids.ts'
import { cardIn } from './card-row.ts'
import type { CardFacts, FileGroup } from './catalog.ts'
import { jobIn } from './jobs.ts'
import { countRoll, keepRollGroups, keptRollGroups, type RollGroup, type RollGroupCopy } from './roll-groups.ts'
import { rollIn } from './rolls.ts'
import { rollIsLast } from './standing.ts'
import type { Queries, Store } from './store.ts'

/**
 * The facts for one card's verdict (C2). Files that are in the same position are counted together, so that a roll of thousands comes
 * as a few groups, and no file is forgotten: the groups' counts add up to the roll.
 */
export async function cardFacts(store: Store, cardId: CardId, freshSinceMs: number): Promise<CardFacts | null> {
  const { db } = store
  const card = await db.selectFrom('card').selectAll().where('id', '=', cardId).executeTakeFirst()
  if (card === undefined) return null
  const roll = await db
    .selectFrom('roll')
    .selectAll()
    .where('card_id', '=', cardId)
    .where(rollIsLast)
    .executeTakeFirst()
  if (roll === undefined) return { card: cardIn(card), roll: null, job: null, groups: [] }
  const job = await db.selectFrom('job').selectAll().where('id', '=', roll.job_id).executeTakeFirstOrThrow()
  const groups = await fileGroups(db, await rollGroups(store, roll.id, freshSinceMs))
  return { card: cardIn(card), roll: rollIn(roll), job: jobIn(job), groups }
}

/** No proof is stale: how the groups are kept. */
const everFresh = Number.NEGATIVE_INFINITY

/** From what is kept, where that is valid and tells enough; else counted, and kept by a process that may write. */
async function rollGroups(store: Store, rollId: RollId, freshSinceMs: number): Promise<readonly RollGroup[]> {
  const known = await store.db.transaction().execute(async (step) => {
    const kept = await keptRollGroups(step, rollId)
    if (kept !== null || store.readOnly) return kept
    const groups = await countRoll(step, rollId, everFresh)
    await keepRollGroups(step, rollId, groups)
    return groups
  })
  const aged = known === null ? null : agedGroups(known, freshSinceMs)
  return aged ?? store.db.transaction().execute((step) => countRoll(step, rollId, freshSinceMs))
}

/** The kept groups as they stand for this limit; null when it falls into the middle of one. */
function agedGroups(groups: readonly RollGroup[], freshSinceMs: number): readonly RollGroup[] | null {
  const isMixed = ({ standing, oldestAtMs, newestAtMs }: RollGroupCopy) =>
    standing === 'proven' && oldestAtMs < freshSinceMs && newestAtMs >= freshSinceMs
  if (groups.some(({ copies }) => copies.some(isMixed))) return null
  return groups.map((group) => ({
    ...group,
    copies: group.copies.map((copy) =>
      copy.standing === 'proven' && copy.oldestAtMs < freshSinceMs ? { ...copy, standing: 'stale' } : copy,
    ),
  }))
}

/** The groups with what is looked up anew each time: the state of the jobs and the roles of the places. */
async function fileGroups(db: Queries, groups: readonly RollGroup[]): Promise<readonly FileGroup[]> {
  const places = await db.selectFrom('place').select(['id', 'role']).execute()
  const roleOf = new Map(places.map(({ id, role }) => [id, role]))
  const ids = [...new Set(groups.flatMap(({ jobId }) => jobId ?? []))]
  const jobs =
    ids.length === 0 ? [] : await db.selectFrom('job').select(['id', 'state']).where('id', 'in', ids).execute()
  const jobOf = new Map(jobs.map((job) => [job.id, job]))
  return groups.map(({ jobId, copies, ...group }) => ({
    ...group,
    job: (jobId === null ? undefined : jobOf.get(jobId)) ?? null,
    copies: copies.flatMap(({ placeId, deviceId, standing }) => {
      const role = roleOf.get(placeId)
      return role === undefined ? [] : [{ placeId, role, deviceId, standing }]
    }),
    oldestProofAtMs: oldestProofOf(copies),
  }))
}

function oldestProofOf(copies: readonly RollGroupCopy[]): number | null {
  const proofs = copies.filter(({ standing }) => standing === 'proven' || standing === 'stale')
  return proofs.length === 0 ? null : Math.min(...proofs.map(({ oldestAtMs }) => oldestAtMs))
}
