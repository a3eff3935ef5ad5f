import type { JobId, PlaceId } from '../domain/ids.ts'
import type { CopiesAtFilter, CopyToCheck } from './catalog.ts'
import { copyIn } from './copy-row.ts'
import type { Queries } from './store.ts'

/** The copies to choose from: of one job, by its originals, or of the whole place. */
function copiesToCheck(db: Queries, jobId: JobId | undefined) {
  const all = db
    .selectFrom('copy')
    .selectAll('copy')
    // Looked up only for what is handed out: a count of a million copies does without.
    .select((of) =>
      of
        .selectFrom('original')
        .whereRef('original.hash', '=', 'copy.hash')
        .select('original.job_id')
        .$asScalar()
        .$notNull()
        .as('job_id'),
    )
  if (jobId === undefined) return db.selectFrom(all.as('due'))
  // Worked out first and as a whole; else a database walks through all copies of the place in the order of their age.
  return db
    .with(
      (name) => name('due').materialized(),
      () =>
        all.where('copy.hash', 'in', (original) =>
          original.selectFrom('original').select('original.hash').where('original.job_id', '=', jobId),
        ),
    )
    .selectFrom('due')
}

function chosen(db: Queries, placeId: PlaceId, filter: Omit<CopiesAtFilter, 'limit'>) {
  const { jobId, checkedBeforeMs, after, includeAbsent = false } = filter
  let query = copiesToCheck(db, jobId).where('due.place_id', '=', placeId)
  if (!includeAbsent) query = query.where('due.latest_finding', '!=', 'absent')
  if (checkedBeforeMs !== undefined) query = query.where('due.latest_at_ms', '<', checkedBeforeMs)
  if (after !== undefined) {
    query = query.where((is) =>
      is(is.refTuple('due.latest_at_ms', 'due.number'), '>', is.tuple(after.latestAtMs, after.number)),
    )
  }
  return query
}

export async function copiesAt(db: Queries, placeId: PlaceId, filter: CopiesAtFilter): Promise<readonly CopyToCheck[]> {
  const rows = await chosen(db, placeId, filter)
    .selectAll('due')
    .orderBy('due.latest_at_ms')
    .orderBy('due.number')
    .limit(filter.limit)
    .execute()
  return rows.map((row): CopyToCheck => ({ ...copyIn(row), number: row.number, bytes: row.bytes, jobId: row.job_id }))
}

/** How many copies and bytes `copiesAt` would give, page after page. */
export async function countCopiesAt(
  db: Queries,
  placeId: PlaceId,
  filter: Omit<CopiesAtFilter, 'limit'>,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const row = await chosen(db, placeId, filter)
    .select((of) => [of.fn.countAll<number>().as('files'), of.fn.sum<number | null>('due.bytes').as('bytes')])
    .executeTakeFirstOrThrow()
  return { files: row.files, bytes: row.bytes ?? 0 }
}
