import type { JobId, PlaceId } from '../domain/ids.ts'
import type { WorkingFile } from './catalog.ts'
import type { Queries, Store } from './store.ts'

/* Working files as they were carried (M2). They are not originals: an editor changes them, and the row follows. */

/** By path. */
export async function workingFiles(db: Queries, placeId: PlaceId, jobId?: JobId): Promise<readonly WorkingFile[]> {
  let query = db.selectFrom('working_file').selectAll().where('place_id', '=', placeId)
  if (jobId !== undefined) query = query.where('job_id', '=', jobId)
  const rows = await query.orderBy('path').execute()
  return rows.map((row) => ({
    placeId: row.place_id,
    jobId: row.job_id,
    path: row.path,
    bytes: row.bytes,
    mtimeMs: row.mtime_ms,
    hash: row.hash,
    carriedAtMs: row.carried_at_ms,
  }))
}

export function saveWorkingFiles(store: Store, files: readonly WorkingFile[]): Promise<void> {
  return store.db.transaction().execute(async (step) => {
    for (const file of files) {
      const columns = {
        job_id: file.jobId,
        bytes: file.bytes,
        mtime_ms: Math.trunc(file.mtimeMs),
        hash: file.hash,
        carried_at_ms: file.carriedAtMs,
      }
      await step
        .insertInto('working_file')
        .values({ place_id: file.placeId, path: file.path, ...columns })
        .onConflict((known) => known.columns(['place_id', 'path']).doUpdateSet(columns))
        .execute()
    }
  })
}
