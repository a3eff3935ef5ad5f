import { sql } from 'kysely'

import type { JobId } from '../domain/ids.ts'
import { type Role, roles } from '../domain/place.ts'
import type { JobTally, RoleTally } from './catalog.ts'
import { copyIsPresent, copyIsProven, fileIsReadTwice, rollIsLast } from './standing.ts'
import type { Queries, Store } from './store.ts'

/**
 * The counts of every job. Those that something was recorded for since the last time are counted anew and kept, one
 * transaction each; a process that may only look counts them without keeping.
 */
export async function jobTallies(store: Store): Promise<readonly JobTally[]> {
  const marked = await store.db.selectFrom('job_tally').select('job_id').where('dirty', '=', 1).execute()
  const fresh = new Map<JobId, JobTally>()
  for (const { job_id: jobId } of marked) {
    const tally = store.readOnly
      ? await countJob(store.db, jobId)
      : await store.db.transaction().execute(async (step) => keep(step, await countJob(step, jobId)))
    fresh.set(jobId, tally)
  }
  return (await keptTallies(store.db)).map((kept) => fresh.get(kept.jobId) ?? kept)
}

async function keep(step: Queries, tally: JobTally): Promise<JobTally> {
  const { jobId } = tally
  await step
    .updateTable('job_tally')
    .set({
      dirty: 0,
      files: tally.files,
      bytes: tally.bytes,
      shots: tally.shots,
      culled_files: tally.culledFiles,
      proven_copies_min: tally.provenCopiesMin,
      oldest_proof_at_ms: tally.oldestProofAtMs,
    })
    .where('job_id', '=', jobId)
    .execute()
  await step.deleteFrom('job_tally_role').where('job_id', '=', jobId).execute()
  await step
    .insertInto('job_tally_role')
    .values(roles.map((role) => ({ job_id: jobId, role, ...tally.copies[role] })))
    .execute()
  return tally
}

async function keptTallies(db: Queries): Promise<JobTally[]> {
  const ofRoles = await db.selectFrom('job_tally_role').selectAll().execute()
  const byJob = Map.groupBy(ofRoles, (row) => row.job_id)
  const rows = await db.selectFrom('job_tally').selectAll().orderBy('job_id').execute()
  return rows.map((row) => ({
    jobId: row.job_id,
    files: row.files,
    bytes: row.bytes,
    shots: row.shots,
    culledFiles: row.culled_files,
    copies: perRole(byJob.get(row.job_id) ?? []),
    provenCopiesMin: row.proven_copies_min,
    oldestProofAtMs: row.oldest_proof_at_ms,
  }))
}

function perRole(rows: readonly (RoleTally & { readonly role: Role })[]): Record<Role, RoleTally> {
  const of = (role: Role): RoleTally => {
    const row = rows.find((each) => each.role === role)
    return { proven: row?.proven ?? 0, present: row?.present ?? 0 }
  }
  return { card: of('card'), library: of('library'), second: of('second'), cloud: of('cloud'), drive: of('drive') }
}

async function countJob(db: Queries, jobId: JobId): Promise<JobTally> {
  const totals = await countOriginals(db, jobId)
  const least = await countDevices(db, jobId)
  return {
    jobId,
    ...totals,
    copies: perRole([...(await countRoles(db, jobId)), await countCards(db, jobId)]),
    provenCopiesMin: least.provenCopiesMin,
    oldestProofAtMs: least.oldestProofAtMs,
  }
}

async function countOriginals(
  db: Queries,
  jobId: JobId,
): Promise<Pick<JobTally, 'files' | 'bytes' | 'shots' | 'culledFiles'>> {
  const notCulled = sql`filter (where culled_at_ms is null)`
  return db
    .selectFrom('original')
    .select([
      sql<number>`count(*) ${notCulled}`.as('files'),
      sql<number>`coalesce(sum(bytes) ${notCulled}, 0)`.as('bytes'),
      sql<number>`count(distinct shot_id) ${notCulled}`.as('shots'),
      sql<number>`count(culled_at_ms)`.as('culledFiles'),
    ])
    .where('job_id', '=', jobId)
    .executeTakeFirstOrThrow()
}

/** The copies at places in use, of a job's originals that were not culled. */
const copiesOfJob = (db: Queries, jobId: JobId) =>
  db
    .selectFrom('original')
    .innerJoin('copy', 'copy.hash', 'original.hash')
    .innerJoin('place', 'place.id', 'copy.place_id')
    .where('original.job_id', '=', jobId)
    .where('original.culled_at_ms', 'is', null)
    .where('place.retired_at_ms', 'is', null)

/** Two copies of one original in the same role count once. */
function countRoles(db: Queries, jobId: JobId): Promise<readonly (RoleTally & { readonly role: Role })[]> {
  const perOriginal = copiesOfJob(db, jobId)
    .select([
      'place.role',
      sql<number>`max(case when ${copyIsProven} then 1 else 0 end)`.as('proven'),
      sql<number>`max(case when ${copyIsPresent} then 1 else 0 end)`.as('present'),
    ])
    .groupBy(['original.hash', 'place.role'])
  return db
    .selectFrom(perOriginal.as('one'))
    .select((of) => [
      'one.role',
      of.fn.sum<number>('one.proven').as('proven'),
      of.fn.sum<number>('one.present').as('present'),
    ])
    .groupBy('one.role')
    .execute()
}

/** V2: copies on one device are one copy. An original without any copy counts zero, and makes the least zero. */
async function countDevices(db: Queries, jobId: JobId): Promise<Pick<JobTally, 'provenCopiesMin' | 'oldestProofAtMs'>> {
  const isProof = sql<boolean>`(place.id is not null and ${copyIsProven})`
  const perOriginal = db
    .selectFrom('original')
    .leftJoin('copy', 'copy.hash', 'original.hash')
    .leftJoin('place', (place) => place.onRef('place.id', '=', 'copy.place_id').on('place.retired_at_ms', 'is', null))
    .where('original.job_id', '=', jobId)
    .where('original.culled_at_ms', 'is', null)
    .select([
      // A device that could not be told may be any of the others: it adds nothing, and alone it is one (domain/card-verdict.ts).
      sql<number>`max(
        count(distinct case when ${isProof} and copy.latest_device_id not like 'unknown:%' then copy.latest_device_id end),
        max(case when ${isProof} then 1 else 0 end)
      )`.as('devices'),
      sql<number | null>`min(case when ${isProof} then copy.latest_at_ms end)`.as('oldest'),
    ])
    .groupBy('original.hash')
  const row = await db
    .selectFrom(perOriginal.as('one'))
    .select((of) => [of.fn.min('one.devices').as('least'), of.fn.min('one.oldest').as('oldest')])
    .executeTakeFirstOrThrow()
  return { provenCopiesMin: row.least ?? 0, oldestProofAtMs: row.oldest }
}

/** What lies on the cards now: present when it is in a card's last roll, proven when it was read twice there (V4). */
async function countCards(db: Queries, jobId: JobId): Promise<RoleTally & { readonly role: 'card' }> {
  const perOriginal = db
    .selectFrom('original')
    .innerJoin('roll_file', 'roll_file.hash', 'original.hash')
    .innerJoin('roll', 'roll.id', 'roll_file.roll_id')
    .innerJoin('card', 'card.id', 'roll.card_id')
    .where('original.job_id', '=', jobId)
    .where('original.culled_at_ms', 'is', null)
    .where('card.retired_at_ms', 'is', null)
    .where(rollIsLast)
    .select([sql<number>`max(case when ${fileIsReadTwice} then 1 else 0 end)`.as('proven')])
    .groupBy('original.hash')
  const row = await db
    .selectFrom(perOriginal.as('one'))
    .select((of) => [of.fn.sum<number | null>('one.proven').as('proven'), of.fn.countAll<number>().as('present')])
    .executeTakeFirstOrThrow()
  return { role: 'card', proven: row.proven ?? 0, present: row.present }
}

/** What was listed on a card and has no hash, and what could not even be named. */
export async function filesWithoutOriginal(db: Queries): Promise<ReadonlyMap<JobId, number>> {
  const unread = await db
    .selectFrom('roll_file')
    .innerJoin('roll', 'roll.id', 'roll_file.roll_id')
    .where('roll_file.hash', 'is', null)
    .select(['roll.job_id', (of) => of.fn.countAll<number>().as('files')])
    .groupBy('roll.job_id')
    .execute()
  const unnamed = await db
    .selectFrom('left_out')
    .innerJoin('roll', 'roll.id', 'left_out.roll_id')
    .where('left_out.why', '=', 'name-not-unicode')
    .select(['roll.job_id', (of) => of.fn.sum<number>('left_out.files').as('files')])
    .groupBy('roll.job_id')
    .execute()
  const byJob = new Map<JobId, number>()
  for (const { job_id: jobId, files } of [...unread, ...unnamed]) byJob.set(jobId, (byJob.get(jobId) ?? 0) + files)
  return byJob
}
