import type { RunId } from '../domain/ids.ts'
import type { Recording, Removal } from './catalog.ts'
import { recordCopies } from './record-copies.ts'
import type { Queries, Store } from './store.ts'
import { markJobs } from './tally-marks.ts'

/*
 * Copies on their way out (D1): in the books before the first is touched, so that one that was interrupted is found again, and after
 * each with what became of it.
 */

export function planRemovals(
  store: Store,
  runId: RunId,
  planned: Parameters<Recording['planRemovals']>[1],
): Promise<readonly Removal[]> {
  return store.db.transaction().execute(async (step) => {
    const made: Removal[] = []
    for (const { hash, placeId, path, trashPath, why, plannedAtMs } of planned) {
      if (store.hot.copy({ hash, placeId, path }) === null) {
        throw new Error(
          `${path} is no copy of ${hash} at the place ${placeId}: what is not in the books is not removed.`,
        )
      }
      const { number } = await step
        .insertInto('removal')
        .values({
          hash,
          place_id: placeId,
          path,
          trash_path: trashPath,
          why,
          planned_at_ms: plannedAtMs,
          state: 'planned',
          changed_at_ms: plannedAtMs,
          run_id: runId,
        })
        .returning('number')
        .executeTakeFirstOrThrow()
      made.push(await removal(step, number))
      store.hot.noteMoment(plannedAtMs)
    }
    return made
  })
}

export function recordRemovals(
  store: Store,
  runId: RunId,
  results: Parameters<Recording['recordRemovals']>[1],
): Promise<void> {
  return store.db.transaction().execute(async (step) => {
    for (const { number, state, atMs, absent } of results) {
      const { hash, placeId, path } = await removal(step, number)
      await step.updateTable('removal').set({ state, changed_at_ms: atMs }).where('number', '=', number).execute()
      store.hot.noteMoment(atMs)
      if (absent === null) continue
      const copies = [{ hash, placeId, path, evidence: absent }]
      await markJobs(step, [...recordCopies(store, copies, runId)])
    }
  })
}

export async function removals(
  db: Queries,
  { placeId, state }: Parameters<Recording['removals']>[0],
): Promise<readonly Removal[]> {
  let query = removalRows(db)
  if (placeId !== undefined) query = query.where('removal.place_id', '=', placeId)
  if (state !== undefined) query = query.where('removal.state', '=', state)
  return (await query.orderBy('removal.number').execute()).map(removalIn)
}

const removalRows = (db: Queries) =>
  db
    .selectFrom('removal')
    .innerJoin('original', 'original.hash', 'removal.hash')
    .selectAll('removal')
    .select(['original.bytes', 'original.job_id'])

async function removal(db: Queries, number: number): Promise<Removal> {
  const row = await removalRows(db).where('removal.number', '=', number).executeTakeFirst()
  if (row === undefined) throw new Error(`No removal has the number ${number}.`)
  return removalIn(row)
}

const removalIn = (row: Awaited<ReturnType<ReturnType<typeof removalRows>['execute']>>[number]): Removal => ({
  number: row.number,
  hash: row.hash,
  placeId: row.place_id,
  path: row.path,
  trashPath: row.trash_path,
  why: row.why,
  plannedAtMs: row.planned_at_ms,
  state: row.state,
  changedAtMs: row.changed_at_ms,
  bytes: row.bytes,
  jobId: row.job_id,
})
