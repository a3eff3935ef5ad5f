import type { Selectable } from 'kysely'

import type { ContentHash, JobId, PlaceId, RollId } from '../domain/ids.ts'
import type { CopyStanding, FileGroup } from './catalog.ts'
import {
  type HeldCopies,
  noCopies,
  positionColumn,
  positionReader,
  type Slot,
  timeOf,
  timesColumn,
} from './copy-positions.ts'
import type { Schema } from './schema.ts'
import { chunksOf, type Queries } from './store.ts'

/*
 * The files of a roll by their position, for the verdict on a card (C2). They are counted once and kept: a photographer's dozen cards
 * hold tens of thousands of files. What is kept does not know how old a proof may be, because that is asked anew each time; it
 * knows the oldest and the newest moment of each group's copies, and where the asked moment falls between the two, the roll is counted from its rows.
 */

/** Files in one position; the job's state and the places' roles are looked up when they are asked for. */
export interface RollGroup extends Omit<FileGroup, 'job' | 'copies' | 'oldestProofAtMs'> {
  readonly jobId: JobId | null
  readonly copies: readonly RollGroupCopy[]
}

export interface RollGroupCopy {
  readonly placeId: PlaceId
  readonly deviceId: string
  readonly standing: CopyStanding
  readonly oldestAtMs: number
  readonly newestAtMs: number
}

/** Counts a roll from its rows; a proof older than `freshSinceMs` is stale. Ordered by the first path of each group. */
export async function countRoll(db: Queries, rollId: RollId, freshSinceMs: number): Promise<readonly RollGroup[]> {
  const files = await filesOfRoll(db, rollId)
  const copies = await copiesOfRoll(db, rollId)
  const groups = Map.groupBy(
    files.map((file) => ({ file, held: (file.hash === null ? undefined : copies.get(file.hash)) ?? noCopies })),
    ({ file, held }) =>
      [
        file.problem_code,
        file.second_finding,
        file.second_strength,
        file.job_id,
        file.culled_at_ms === null,
        ...held.slots.map(
          (slot) => `${slot.placeId}\u001F${slot.deviceId}\u001F${agedStanding(held, slot, freshSinceMs)}`,
        ),
      ].join('\u001E'),
  )
  return [...groups.values()].flatMap((alike): RollGroup[] => {
    const [first] = alike
    return first === undefined ? [] : [groupOf(first, alike, freshSinceMs)]
  })
}

interface HeldFile {
  readonly file: Awaited<ReturnType<typeof filesOfRoll>>[number]
  readonly held: HeldCopies
}

const groupOf = ({ file, held }: HeldFile, alike: readonly HeldFile[], freshSinceMs: number): RollGroup => ({
  files: alike.length,
  bytes: alike.reduce((sum, other) => sum + other.file.bytes, 0),
  examplePath: file.path,
  read: file.hash !== null,
  problemCode: file.problem_code,
  culled: file.culled_at_ms !== null,
  second: secondIn(file),
  jobId: file.job_id,
  copies: held.slots.map((slot, position) => {
    let oldestAtMs = Number.POSITIVE_INFINITY
    let newestAtMs = Number.NEGATIVE_INFINITY
    for (const other of alike) {
      const same = other.held.slots[position]
      if (same === undefined) throw new Error('A file in a group that it is not like.')
      oldestAtMs = Math.min(oldestAtMs, timeOf(other.held, same))
      newestAtMs = Math.max(newestAtMs, timeOf(other.held, same))
    }
    const { placeId, deviceId } = slot
    return { placeId, deviceId, standing: agedStanding(held, slot, freshSinceMs), oldestAtMs, newestAtMs }
  }),
})

const agedStanding = (held: HeldCopies, slot: Slot, freshSinceMs: number): CopyStanding =>
  slot.standing === 'proven' && timeOf(held, slot) < freshSinceMs ? 'stale' : slot.standing

const secondIn = ({
  second_finding: finding,
  second_strength: strength,
}: Pick<Selectable<Schema['roll_file']>, 'second_finding' | 'second_strength'>): RollGroup['second'] =>
  finding === null || strength === null ? null : { finding, strength }

const filesOfRoll = (db: Queries, rollId: RollId) =>
  db
    .selectFrom('roll_file')
    .leftJoin('original', 'original.hash', 'roll_file.hash')
    .where('roll_file.roll_id', '=', rollId)
    .select([
      'roll_file.path',
      'roll_file.bytes',
      'roll_file.hash',
      'roll_file.problem_code',
      'roll_file.second_finding',
      'roll_file.second_strength',
      'original.job_id',
      'original.culled_at_ms',
    ])
    .orderBy('roll_file.path')
    .execute()

/** By hash; also those that are known to be gone. */
async function copiesOfRoll(db: Queries, rollId: RollId): Promise<ReadonlyMap<ContentHash, HeldCopies>> {
  const read = await positionReader(db)
  const rows = await db
    .selectFrom('copy')
    .where('copy.hash', 'in', (file) =>
      file
        .selectFrom('roll_file')
        .select('roll_file.hash')
        .where('roll_file.roll_id', '=', rollId)
        .where('roll_file.hash', 'is not', null),
    )
    .groupBy('copy.hash')
    .select(['copy.hash', positionColumn, timesColumn])
    .execute()
  return new Map(rows.map((row) => [row.hash, read(row)]))
}

/** The kept groups of a roll, with every proof taken for fresh; null when something was recorded since, or it was never counted. */
export async function keptRollGroups(db: Queries, rollId: RollId): Promise<readonly RollGroup[] | null> {
  const kept = await db.selectFrom('roll_tally').select('dirty').where('roll_id', '=', rollId).executeTakeFirst()
  if (kept === undefined || kept.dirty === 1) return null
  const copies = await db
    .selectFrom('roll_group_copy')
    .selectAll()
    .where('roll_id', '=', rollId)
    .orderBy('group_number')
    .orderBy('position')
    .execute()
  const copiesOf = Map.groupBy(copies, (copy) => copy.group_number)
  const rows = await db
    .selectFrom('roll_group')
    .selectAll()
    .where('roll_id', '=', rollId)
    .orderBy('group_number')
    .execute()
  return rows.map((row) => ({
    files: row.files,
    bytes: row.bytes,
    examplePath: row.example_path,
    read: row.is_read === 1,
    problemCode: row.problem_code,
    culled: row.is_culled === 1,
    second: secondIn(row),
    jobId: row.job_id,
    copies: (copiesOf.get(row.group_number) ?? []).map((copy) => ({
      placeId: copy.place_id,
      deviceId: copy.device_id,
      standing: copy.standing,
      oldestAtMs: copy.oldest_at_ms,
      newestAtMs: copy.newest_at_ms,
    })),
  }))
}

/** Keeps what `countRoll` gave with no limit of age. In the transaction that counted it. */
export async function keepRollGroups(step: Queries, rollId: RollId, groups: readonly RollGroup[]): Promise<void> {
  await step.deleteFrom('roll_group_copy').where('roll_id', '=', rollId).execute()
  await step.deleteFrom('roll_group').where('roll_id', '=', rollId).execute()
  await step.deleteFrom('roll_tally_job').where('roll_id', '=', rollId).execute()
  await step
    .insertInto('roll_tally')
    .values({ roll_id: rollId, dirty: 0 })
    .onConflict((known) => known.column('roll_id').doUpdateSet({ dirty: 0 }))
    .execute()
  const jobs = [...new Set(groups.flatMap(({ jobId }) => jobId ?? []))]
  for (const chunk of chunksOf(jobs)) {
    const rows = chunk.map((jobId) => ({ job_id: jobId, roll_id: rollId }))
    await step.insertInto('roll_tally_job').values(rows).execute()
  }
  const numbered = groups.map((group, index) => ({ group, key: { roll_id: rollId, group_number: index + 1 } }))
  for (const chunk of chunksOf(numbered)) {
    await step
      .insertInto('roll_group')
      .values(chunk.map(({ group, key }) => ({ ...key, ...columnsOf(group) })))
      .execute()
  }
  const copies = numbered.flatMap(({ group, key }) =>
    group.copies.map((copy, position) => ({ ...key, position, ...copyColumnsOf(copy) })),
  )
  for (const chunk of chunksOf(copies)) await step.insertInto('roll_group_copy').values(chunk).execute()
}

const columnsOf = (group: RollGroup) => ({
  files: group.files,
  bytes: group.bytes,
  example_path: group.examplePath,
  is_read: Number(group.read),
  is_culled: Number(group.culled),
  problem_code: group.problemCode,
  second_finding: group.second?.finding ?? null,
  second_strength: group.second?.strength ?? null,
  job_id: group.jobId,
})

function copyColumnsOf({ placeId, deviceId, standing, oldestAtMs, newestAtMs }: RollGroupCopy) {
  if (standing === 'stale') throw new Error('What is kept of a roll does not know how old a proof may be.')
  return { place_id: placeId, device_id: deviceId, standing, oldest_at_ms: oldestAtMs, newest_at_ms: newestAtMs }
}
