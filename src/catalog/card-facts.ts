import { sql } from 'kysely'

import type { CardId, PlaceId, RollId } from '../domain/ids.ts'
import type { Role } from '../domain/place.ts'
import type { CardFacts, CopyStanding, FileGroup } from './catalog.ts'
import { cardIn } from './cards.ts'
import { jobIn } from './jobs.ts'
import { rollIn } from './rolls.ts'
import { copyIsPresent, copyIsProven, rollIsLast } from './standing.ts'
import type { Queries } from './store.ts'

/**
 * The facts for one card's verdict (C2). The database groups the files that are in the same position, so that a roll of
 * thousands of files comes as a few rows, and no file is forgotten: the groups' counts add up to the roll.
 */
export async function cardFacts(db: Queries, cardId: CardId, freshSinceMs: number): Promise<CardFacts | null> {
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
  const groups = await fileGroups(db, roll.id, freshSinceMs)
  return { card: cardIn(card), roll: rollIn(roll), job: jobIn(job), groups }
}

/** Between the parts of one copy in a signature, and between copies; control characters that no device id has. */
const partSeparator = '\u001F'
const copySeparator = '\u001E'

/** The copies of one file as one text in a fixed order, so that files with equal ones fall into one group. */
function signature(freshSinceMs: number) {
  const standing = sql`case
    when ${copyIsProven} and copy.latest_at_ms >= ${freshSinceMs} then 'proven'
    when ${copyIsProven} then 'stale'
    when ${copyIsPresent} then 'present'
    else copy.latest_finding end`
  const part = sql.lit(partSeparator)
  const copy = sql`place.id || ${part} || ${standing} || ${part} || copy.latest_device_id`
  return sql<string | null>`string_agg(${copy}, ${sql.lit(copySeparator)} order by place.id, copy.number)`
}

/** Every file of the roll, one row each, with its copies at places in use. Inside `fileGroups` only. */
const filesOfRoll = (db: Queries, rollId: RollId, freshSinceMs: number) =>
  db
    .selectFrom('roll_file')
    .leftJoin('original', 'original.hash', 'roll_file.hash')
    .leftJoin('job', 'job.id', 'original.job_id')
    .leftJoin('copy', 'copy.hash', 'roll_file.hash')
    .leftJoin('place', (place) => place.onRef('place.id', '=', 'copy.place_id').on('place.retired_at_ms', 'is', null))
    .where('roll_file.roll_id', '=', rollId)
    .groupBy(['roll_file.roll_id', 'roll_file.path', 'original.hash', 'job.id'])
    .select([
      'roll_file.path',
      'roll_file.bytes',
      'roll_file.problem_code',
      'roll_file.second_finding',
      'roll_file.second_strength',
      'job.id as job_id',
      'job.state as job_state',
      sql<number>`case when original.hash is null then 0 else 1 end`.as('is_read'),
      sql<number>`case when original.culled_at_ms is null then 0 else 1 end`.as('is_culled'),
      signature(freshSinceMs).as('copies'),
      sql<number | null>`min(case when place.id is not null and ${copyIsProven} then copy.latest_at_ms end)`.as(
        'oldest',
      ),
    ])

const groupColumns = [
  'problem_code',
  'second_finding',
  'second_strength',
  'job_id',
  'job_state',
  'is_read',
  'is_culled',
  'copies',
] as const

async function fileGroups(db: Queries, rollId: RollId, freshSinceMs: number): Promise<readonly FileGroup[]> {
  const rows = await db
    .selectFrom(filesOfRoll(db, rollId, freshSinceMs).as('file'))
    .select((of) => [
      ...groupColumns,
      of.fn.countAll<number>().as('files'),
      of.fn.sum<number>('bytes').as('bytes'),
      of.fn.min('path').as('example_path'),
      of.fn.min('oldest').as('oldest'),
    ])
    .groupBy(groupColumns)
    .orderBy('example_path')
    .execute()
  const places = await db.selectFrom('place').select(['id', 'role']).execute()
  const roleOf = new Map<string, { readonly id: PlaceId; readonly role: Role }>(
    places.map((place) => [place.id, place]),
  )
  return rows.map((row) => ({
    files: row.files,
    bytes: row.bytes,
    examplePath: row.example_path,
    read: row.is_read === 1,
    problemCode: row.problem_code,
    culled: row.is_culled === 1,
    second:
      row.second_finding === null || row.second_strength === null
        ? null
        : { finding: row.second_finding, strength: row.second_strength },
    job: row.job_id === null || row.job_state === null ? null : { id: row.job_id, state: row.job_state },
    copies: copiesIn(row.copies, roleOf),
    oldestProofAtMs: row.oldest,
  }))
}

const standings: ReadonlySet<string> = new Set(['proven', 'stale', 'present', 'differed', 'absent'])
const isStanding = (text: string): text is CopyStanding => standings.has(text)

function copiesIn(
  text: string | null,
  places: ReadonlyMap<string, { readonly id: PlaceId; readonly role: Role }>,
): FileGroup['copies'] {
  if (text === null) return []
  return text.split(copySeparator).map((copy) => {
    const [placeId = '', standing = '', deviceId = ''] = copy.split(partSeparator)
    const place = places.get(placeId)
    if (place === undefined || !isStanding(standing)) throw new Error(`Not a copy in a signature: ${copy}`)
    return { placeId: place.id, role: place.role, deviceId, standing }
  })
}
