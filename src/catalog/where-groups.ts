import type { JobId } from '../domain/ids.ts'
import type { WhereGroup } from './catalog.ts'
import { chunksOf, type Queries } from './store.ts'

/* The kept rows behind `whereabouts`: a handful of groups a job. They are valid while the job's tally is. */

/** Takes the place of what was kept for the job. In the transaction that keeps the tally. */
export async function keepGroups(step: Queries, jobId: JobId, groups: readonly WhereGroup[]): Promise<void> {
  await step.deleteFrom('where_group_copy').where('job_id', '=', jobId).execute()
  await step.deleteFrom('where_group_card').where('job_id', '=', jobId).execute()
  await step.deleteFrom('where_group').where('job_id', '=', jobId).execute()
  const numbered = groups.map((group, index) => ({ ...group, key: { job_id: jobId, group_number: index + 1 } }))
  const rows = numbered.map(({ key, files, bytes, exampleName, newestFirstSeenAtMs }) => ({
    ...key,
    files,
    bytes,
    example_name: exampleName,
    newest_first_seen_at_ms: newestFirstSeenAtMs,
  }))
  for (const chunk of chunksOf(rows)) await step.insertInto('where_group').values(chunk).execute()
  const cards = numbered.flatMap(({ key, cards }) =>
    cards.map(({ cardId, readTwice }) => ({ ...key, card_id: cardId, read_twice: Number(readTwice) })),
  )
  for (const chunk of chunksOf(cards)) await step.insertInto('where_group_card').values(chunk).execute()
  const copies = numbered.flatMap(({ key, copies }) =>
    copies.map(({ placeId, deviceId, standing, oldestAtMs }) => ({
      ...key,
      place_id: placeId,
      device_id: deviceId,
      standing,
      oldest_at_ms: oldestAtMs,
    })),
  )
  for (const chunk of chunksOf(copies)) await step.insertInto('where_group_copy').values(chunk).execute()
}

/** All that is kept, job by job; also of jobs whose tally is no longer valid. */
export async function keptGroups(db: Queries): Promise<readonly WhereGroup[]> {
  const cards = await db
    .selectFrom('where_group_card')
    .selectAll()
    .orderBy('job_id')
    .orderBy('group_number')
    .orderBy('card_id')
    .execute()
  const copies = await db
    .selectFrom('where_group_copy')
    .selectAll()
    .orderBy('job_id')
    .orderBy('group_number')
    .orderBy('place_id')
    .execute()
  const cardsOf = Map.groupBy(cards, keyOf)
  const copiesOf = Map.groupBy(copies, keyOf)
  const rows = await db.selectFrom('where_group').selectAll().orderBy('job_id').orderBy('group_number').execute()
  return rows.map((row) => ({
    jobId: row.job_id,
    files: row.files,
    bytes: row.bytes,
    exampleName: row.example_name,
    newestFirstSeenAtMs: row.newest_first_seen_at_ms,
    cards: (cardsOf.get(keyOf(row)) ?? []).map((card) => ({ cardId: card.card_id, readTwice: card.read_twice === 1 })),
    copies: (copiesOf.get(keyOf(row)) ?? []).map((copy) => ({
      placeId: copy.place_id,
      deviceId: copy.device_id,
      standing: copy.standing,
      oldestAtMs: copy.oldest_at_ms,
    })),
  }))
}

const keyOf = (row: { readonly job_id: JobId; readonly group_number: number }): string =>
  `${row.job_id} ${row.group_number}`
