import type { ContentHash, JobId, PlaceId } from '../domain/ids.ts'
import { adoptedOfSizes } from './adopted.ts'
import type { KnownCopy, KnownOriginal, OriginalRecords, OriginalToCarry } from './catalog.ts'
import { copiesAt, countCopiesAt } from './copies-at.ts'
import { copyIn } from './copy-row.ts'
import { countingDevice } from './counting-device.ts'
import { fileFacts } from './file-facts.ts'
import { chunksOf, type Queries, type Store } from './store.ts'
import { markOriginals } from './tally-marks.ts'
import { receiptsAt, saveReceipts } from './receipts.ts'
import { saveWorkingFiles, workingFiles } from './working-files.ts'

export const originalsOn = (store: Store): OriginalRecords => ({
  knownByHash: (hashes) => knownByHash(store.db, hashes),
  knownByCheapKey: async (files, mtimeToleranceMs = 2000) =>
    files.map(({ name, bytes, mtimeMs }) =>
      store.hot.twins(name, bytes, Math.trunc(mtimeMs) - mtimeToleranceMs, Math.trunc(mtimeMs) + mtimeToleranceMs),
    ),
  copiesOf: async (hash) => (await knownByHash(store.db, [hash])).get(hash)?.copies ?? [],
  copyPathsUnder: (placeId, folder) => copyPathsUnder(store.db, placeId, folder),
  copiesAt: (placeId, filter) => copiesAt(store.db, placeId, filter),
  countCopiesAt: (placeId, filter) => countCopiesAt(store.db, placeId, filter),
  originalsOf: (jobId, page) => originalsOf(store.db, jobId, page),
  adoptedOfSizes: (sizes) => adoptedOfSizes(store.db, sizes),
  receiptsAt: (placeId, copies) => receiptsAt(store.db, placeId, copies),
  saveReceipts: (records) => saveReceipts(store, records),
  workingFiles: (placeId, jobId) => workingFiles(store.db, placeId, jobId),
  saveWorkingFiles: (files) => saveWorkingFiles(store, files),
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
    .select('place.declared_device')
    .where('copy.hash', 'in', hashes)
    .where('place.retired_at_ms', 'is', null)
    .orderBy('copy.number')
    .execute()
  const copies = rows.map((row): KnownCopy => {
    const copy = copyIn(row)
    const { placeId: id, latest } = copy
    const deviceId = countingDevice({ id, declared_device: row.declared_device }, latest.deviceId)
    return { ...copy, latest: { ...latest, deviceId } }
  })
  return Map.groupBy(copies, (copy) => copy.hash)
}

/** `YYYY-MM-DDTHH:MM:SS`, without the parts of a second. */
const secondsLength = 19

async function originalsOf(
  db: Queries,
  jobId: JobId,
  { after, limit }: { readonly after?: ContentHash; readonly limit: number },
): Promise<readonly OriginalToCarry[]> {
  let query = db
    .selectFrom('original')
    .select(['hash', 'capture_local', 'capture_plausible'])
    .select((of) =>
      of
        .selectFrom('roll_file')
        .whereRef('roll_file.hash', '=', 'original.hash')
        .select((file) => file.fn.min('roll_file.mtime_ms').as('mtime_ms'))
        .as('mtime_ms'),
    )
    .where('job_id', '=', jobId)
    .orderBy('hash')
    .limit(limit)
  if (after !== undefined) query = query.where('hash', '>', after)
  const rows = await query.execute()
  const known = await knownByHash(
    db,
    rows.map(({ hash }) => hash),
  )
  return rows.flatMap(({ hash, mtime_ms: mtimeMs, capture_local: local, capture_plausible: plausible }) => {
    const original = known.get(hash)
    const capturedLocal = plausible === 1 && local !== null ? local.slice(0, secondsLength) : null
    return original === undefined ? [] : [{ ...original, mtimeMs, capturedLocal }]
  })
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
