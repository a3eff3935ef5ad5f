import type { JobId } from '../domain/ids.ts'
import { type Role, roles } from '../domain/place.ts'
import type { JobTally, RoleTally, WhereGroup } from './catalog.ts'
import { countJob, type JobCount } from './count-job.ts'
import type { Queries, Store } from './store.ts'
import { keepGroups, keptGroups } from './where-groups.ts'

/** The counts of every job, kept from the last time unless something was recorded since. */
export async function jobTallies(store: Store): Promise<readonly JobTally[]> {
  const fresh = await freshCounts(store)
  const all = await store.db.transaction().execute(keptTallies)
  return all.map((kept) => fresh.get(kept.jobId)?.tally ?? kept)
}

/** Where the originals of every job are, kept and counted together with the tallies. */
export async function whereabouts(store: Store): Promise<readonly WhereGroup[]> {
  const fresh = await freshCounts(store)
  // In one transaction, so that the parts of a group are from one moment.
  const kept = await store.db.transaction().execute(keptGroups)
  return [...kept.filter(({ jobId }) => !fresh.has(jobId)), ...[...fresh.values()].flatMap(({ groups }) => groups)]
}

/** What a process that may only look has counted, and the state of the database that it counted in. */
const counted = new WeakMap<Store, { readonly state: number; readonly counts: ReadonlyMap<JobId, JobCount> }>()

/**
 * Counts the jobs anew that something was recorded for since the last time, and keeps the counts, one transaction each. A process
 * that may only look keeps them for itself, until another process writes something.
 */
async function freshCounts(store: Store): Promise<ReadonlyMap<JobId, JobCount>> {
  const known = counted.get(store)
  if (known !== undefined && known.state === stateOf(store)) return known.counts
  const state = stateOf(store)
  const marked = await store.db.selectFrom('job_tally').select('job_id').where('dirty', '=', 1).execute()
  const counts = new Map<JobId, JobCount>()
  for (const { job_id: jobId } of marked) {
    const count = await store.db.transaction().execute(async (step) => {
      const made = await countJob(step, jobId)
      if (!store.readOnly) await keep(step, made)
      return made
    })
    counts.set(jobId, count)
  }
  if (store.readOnly && state === stateOf(store)) counted.set(store, { state, counts })
  return counts
}

/** Changes whenever another connection has committed something (sqlite.org/pragma.html#pragma_data_version). */
function stateOf({ sqlite }: Store): number {
  const state = sqlite.prepare('pragma data_version').get()?.['data_version']
  if (typeof state !== 'number') throw new TypeError('SQLite does not tell the state of the catalog.')
  return state
}

async function keep(step: Queries, { tally, groups }: JobCount): Promise<void> {
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
      first_shot_on: tally.firstShotOn,
      last_shot_on: tally.lastShotOn,
    })
    .where('job_id', '=', jobId)
    .execute()
  await step.deleteFrom('job_tally_role').where('job_id', '=', jobId).execute()
  await step
    .insertInto('job_tally_role')
    .values(roles.map((role) => ({ job_id: jobId, role, ...tally.copies[role] })))
    .execute()
  await keepGroups(step, jobId, groups)
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
    firstShotOn: row.first_shot_on,
    lastShotOn: row.last_shot_on,
  }))
}

function perRole(rows: readonly (RoleTally & { readonly role: Role })[]): Record<Role, RoleTally> {
  const of = (role: Role): RoleTally => {
    const row = rows.find((each) => each.role === role)
    return { proven: row?.proven ?? 0, present: row?.present ?? 0 }
  }
  return { card: of('card'), library: of('library'), second: of('second'), cloud: of('cloud'), drive: of('drive') }
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
