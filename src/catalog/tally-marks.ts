import type { CardId, ContentHash, JobId, RollId } from '../domain/ids.ts'
import { rollIsLast } from './standing.ts'
import { chunksOf, type Queries } from './store.ts'

/*
 * The marks that make a job's kept tally be counted again. Whoever records something that a tally counts sets the mark
 * in the same transaction, so that a kill can never leave an old answer that looks current.
 */

export async function markJobs(step: Queries, jobs: readonly JobId[]): Promise<void> {
  for (const chunk of chunksOf(jobs)) {
    await step.updateTable('job_tally').set({ dirty: 1 }).where('job_id', 'in', chunk).execute()
  }
}

export async function markAllJobs(step: Queries): Promise<void> {
  await step.updateTable('job_tally').set({ dirty: 1 }).execute()
}

/** The jobs of all originals of a roll: with twins and files seen before, these are more than the roll's own. */
export async function markRoll(step: Queries, rollId: RollId): Promise<void> {
  await step
    .updateTable('job_tally')
    .set({ dirty: 1 })
    .where('job_id', 'in', (original) =>
      original
        .selectFrom('roll_file')
        .innerJoin('original', 'original.hash', 'roll_file.hash')
        .select('original.job_id')
        .distinct()
        .where('roll_file.roll_id', '=', rollId),
    )
    .execute()
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
  for (const chunk of chunksOf(hashes)) {
    await step
      .updateTable('job_tally')
      .set({ dirty: 1 })
      .where('job_id', 'in', (original) =>
        original.selectFrom('original').select('original.job_id').distinct().where('original.hash', 'in', chunk),
      )
      .execute()
  }
}

/** The jobs of the originals in a roll's shots, which need not lie in the roll any more. */
export async function markShotsOf(step: Queries, rollId: RollId): Promise<void> {
  await step
    .updateTable('job_tally')
    .set({ dirty: 1 })
    .where('job_id', 'in', (original) =>
      original
        .selectFrom('shot')
        .innerJoin('original', 'original.shot_id', 'shot.id')
        .select('original.job_id')
        .distinct()
        .where('shot.roll_id', '=', rollId),
    )
    .execute()
}
