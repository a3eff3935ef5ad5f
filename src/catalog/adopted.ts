import type { ContentHash } from '../domain/ids.ts'
import type { OriginalRecords, Recording } from './catalog.ts'
import { recordCopies } from './record-copies.ts'
import { chunksOf, type Queries, type Store } from './store.ts'
import { markJobs } from './tally-marks.ts'

/* Originals that were found at a place and never read from a card. Their mark goes when a card turns up that holds them. */

export function recordAdopted(store: Store, batch: Parameters<Recording['recordAdopted']>[0]): Promise<void> {
  return store.db.transaction().execute(async (step) => {
    const jobs = new Set(batch.originals.map((found) => store.hot.adoptOriginal(found)))
    for (const job of recordCopies(store, batch.copies, batch.runId)) jobs.add(job)
    await markJobs(step, [...jobs])
  })
}

export async function adoptedOfSizes(
  db: Queries,
  sizes: readonly number[],
): ReturnType<OriginalRecords['adoptedOfSizes']> {
  const found: { readonly hash: ContentHash; readonly bytes: number }[] = []
  for (const chunk of chunksOf([...new Set(sizes)])) {
    const rows = await db
      .selectFrom('original')
      .select(['hash', 'bytes'])
      .where('adopted_at_ms', 'is not', null)
      .where('bytes', 'in', chunk)
      .orderBy('hash')
      .execute()
    for (const { hash, bytes } of rows) found.push({ hash, bytes })
  }
  return found
}
