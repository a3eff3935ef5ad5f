import type { ContentHash, JobId, PlaceId } from '../domain/ids.ts'
import type { CopiesAtFilter, CopyToCheck, KnownCopy, KnownOriginal, OriginalRecords } from './catalog.ts'
import { copyIn } from './copy-row.ts'
import { fileFacts } from './file-facts.ts'
import { chunksOf, type Queries, type Store } from './store.ts'
import { markOriginals } from './tally-marks.ts'

export const originalsOn = (store: Store): OriginalRecords => ({
  knownByHash: (hashes) => knownByHash(store.db, hashes),
  knownByCheapKey: async (files, mtimeToleranceMs = 2000) =>
    files.map(({ name, bytes, mtimeMs }) =>
      store.hot.twins(name, bytes, Math.trunc(mtimeMs) - mtimeToleranceMs, Math.trunc(mtimeMs) + mtimeToleranceMs),
    ),
  copiesOf: async (hash) => (await knownByHash(store.db, [hash])).get(hash)?.copies ?? [],
  copyPathsUnder: (placeId, folder) => copyPathsUnder(store.db, placeId, folder),
  copiesAt: (placeId, filter) => copiesAt(store.db, placeId, filter),
  cull: (hashes, atMs, why) => setCulled(store, hashes, { culled_at_ms: atMs, culled_why: why }),
  uncull: (hashes) => setCulled(store, hashes, { culled_at_ms: null, culled_why: null }),
  fileFacts: (hashOrPath) => fileFacts(store.db, hashOrPath),
})

async function knownByHash(
  db: Queries,
  hashes: readonly ContentHash[],
): Promise<ReadonlyMap<ContentHash, KnownOriginal>> {
  const known = new Map<ContentHash, KnownOriginal>()
  for (const chunk of chunksOf([...new Set(hashes)])) {
    const copies = await copiesByHash(db, chunk)
    const rows = await db
      .selectFrom('original')
      .select(['hash', 'bytes', 'name', 'job_id', 'first_seen_at_ms', 'culled_at_ms'])
      .where('hash', 'in', chunk)
      .execute()
    for (const row of rows) {
      known.set(row.hash, {
        hash: row.hash,
        bytes: row.bytes,
        name: row.name,
        jobId: row.job_id,
        firstSeenAtMs: row.first_seen_at_ms,
        culledAtMs: row.culled_at_ms,
        copies: copies.get(row.hash) ?? [],
      })
    }
  }
  return known
}

async function copiesByHash(db: Queries, hashes: readonly ContentHash[]): Promise<Map<ContentHash, KnownCopy[]>> {
  const rows = await db
    .selectFrom('copy')
    .innerJoin('place', 'place.id', 'copy.place_id')
    .selectAll('copy')
    .where('copy.hash', 'in', hashes)
    .where('place.retired_at_ms', 'is', null)
    .orderBy('copy.number')
    .execute()
  return Map.groupBy(rows.map(copyIn), (copy) => copy.hash)
}

/** Paths compare byte by byte, so everything below a folder lies between `folder/` and the next character after `/`. */
async function copyPathsUnder(db: Queries, placeId: PlaceId, folder: string): Promise<readonly KnownCopy[]> {
  const rows = await db
    .selectFrom('copy')
    .selectAll()
    .where('place_id', '=', placeId)
    .where('path', '>=', `${folder}/`)
    .where('path', '<', `${folder}0`)
    .orderBy('path')
    .execute()
  return rows.map(copyIn)
}

/** The copies to choose from: of one job, by its originals, or of the whole place. */
function copiesToCheck(db: Queries, jobId: JobId | undefined) {
  const all = db
    .selectFrom('copy')
    .innerJoin('original', 'original.hash', 'copy.hash')
    .selectAll('copy')
    .select(['original.bytes', 'original.job_id'])
  if (jobId === undefined) return db.selectFrom(all.as('due'))
  // Worked out first and as a whole; else a database walks through all copies of the place in the order of their age.
  return db
    .with(
      (name) => name('due').materialized(),
      () => all.where('original.job_id', '=', jobId),
    )
    .selectFrom('due')
}

async function copiesAt(db: Queries, placeId: PlaceId, filter: CopiesAtFilter): Promise<readonly CopyToCheck[]> {
  const { jobId, limit, checkedBeforeMs, after, includeAbsent = false } = filter
  let query = copiesToCheck(db, jobId)
    .selectAll('due')
    .where('due.place_id', '=', placeId)
    .orderBy('due.latest_at_ms')
    .orderBy('due.number')
    .limit(limit)
  if (!includeAbsent) query = query.where('due.latest_finding', '!=', 'absent')
  if (checkedBeforeMs !== undefined) query = query.where('due.latest_at_ms', '<', checkedBeforeMs)
  if (after !== undefined) {
    query = query.where((is) =>
      is(is.refTuple('due.latest_at_ms', 'due.number'), '>', is.tuple(after.latestAtMs, after.number)),
    )
  }
  const rows = await query.execute()
  return rows.map((row): CopyToCheck => ({ ...copyIn(row), number: row.number, bytes: row.bytes, jobId: row.job_id }))
}

function setCulled(
  store: Store,
  hashes: readonly ContentHash[],
  columns: { readonly culled_at_ms: number | null; readonly culled_why: string | null },
): Promise<number> {
  return store.db.transaction().execute(async (step) => {
    let originals = 0n
    for (const chunk of chunksOf(hashes)) {
      const { numUpdatedRows } = await step
        .updateTable('original')
        .set(columns)
        .where('hash', 'in', chunk)
        .executeTakeFirst()
      originals += numUpdatedRows
    }
    await markOriginals(step, hashes)
    return Number(originals)
  })
}
