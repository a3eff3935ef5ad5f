import type { CardId, ContentHash, JobId, RollId } from '../domain/ids.ts'
import { rollIsLast } from './standing.ts'
import { chunksOf, type Queries } from './store.ts'

/*
 * The marks that make a kept answer be counted again: `job_tally` (with its groups of whereabouts) and `roll_tally` (for the verdict
 * on a card). Whoever records something that they count sets the marks in the same transaction, so that a kill can never leave an
 * old answer that looks current. A counted roll remembers the jobs of its originals, so what marks a job marks its rolls too; the
 * job of an original never changes, and whoever changes the files of a roll marks the roll itself.
 */

/** The row in which the job's counts will be kept; to be counted. */
export async function addTally(step: Queries, jobId: JobId): Promise<void> {
  await step
    .insertInto('job_tally')
    .values({
      job_id: jobId,
      dirty: 1,
      files: 0,
      bytes: 0,
      shots: 0,
      culled_files: 0,
      proven_copies_min: 0,
      oldest_proof_at_ms: null,
      first_shot_on: null,
      last_shot_on: null,
    })
    .execute()
}

export async function markJobs(step: Queries, jobs: readonly JobId[]): Promise<void> {
  for (const chunk of chunksOf(jobs)) {
    await step.updateTable('job_tally').set({ dirty: 1 }).where('job_id', 'in', chunk).where('dirty', '=', 0).execute()
    await step
      .updateTable('roll_tally')
      .set({ dirty: 1 })
      .where('roll_id', 'in', (counted) =>
        counted
          .selectFrom('roll_tally_job')
          .select('roll_tally_job.roll_id')
          .where('roll_tally_job.job_id', 'in', chunk),
      )
      .where('dirty', '=', 0)
      .execute()
  }
}

export async function markAllJobs(step: Queries): Promise<void> {
  await step.updateTable('job_tally').set({ dirty: 1 }).execute()
  await step.updateTable('roll_tally').set({ dirty: 1 }).execute()
}

/** The rolls themselves, when their files change; the jobs come by `markRoll`. */
export async function markRollsOnly(step: Queries, rolls: readonly RollId[]): Promise<void> {
  for (const chunk of chunksOf(rolls)) {
    await step
      .updateTable('roll_tally')
      .set({ dirty: 1 })
      .where('roll_id', 'in', chunk)
      .where('dirty', '=', 0)
      .execute()
  }
}

/** A roll, and the jobs of all its originals: with twins and files seen before, these are more than the roll's own. */
export async function markRoll(step: Queries, rollId: RollId): Promise<void> {
  const jobs = await step
    .selectFrom('roll_file')
    .innerJoin('original', 'original.hash', 'roll_file.hash')
    .select('original.job_id')
    .distinct()
    .where('roll_file.roll_id', '=', rollId)
    .execute()
  await markJobs(
    step,
    jobs.map((row) => row.job_id),
  )
  await markRollsOnly(step, [rollId])
}

/** The same for what the card holds now. */
export async function markCard(step: Queries, cardId: CardId): Promise<void> {
  const roll = await step
    .selectFrom('roll')
    .select('roll.id')
    .where('roll.card_id', '=', cardId)
    .where(rollIsLast)
    .executeTakeFirst()
  if (roll !== undefined) await markRoll(step, roll.id)
}

/** The jobs of some originals, for what changes them without a roll. */
export async function markOriginals(step: Queries, hashes: readonly ContentHash[]): Promise<void> {
  const jobs = new Set<JobId>()
  for (const chunk of chunksOf(hashes)) {
    const rows = await step.selectFrom('original').select('job_id').distinct().where('hash', 'in', chunk).execute()
    for (const row of rows) jobs.add(row.job_id)
  }
  await markJobs(step, [...jobs])
}

/** The jobs of the originals in a roll's shots, which need not lie in the roll any more. */
export async function markShotsOf(step: Queries, rollId: RollId): Promise<void> {
  const jobs = await step
    .selectFrom('shot')
    .innerJoin('original', 'original.shot_id', 'shot.id')
    .select('original.job_id')
    .distinct()
    .where('shot.roll_id', '=', rollId)
    .execute()
  await markJobs(
    step,
    jobs.map((row) => row.job_id),
  )
}
