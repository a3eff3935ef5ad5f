import type { ContentHash, PlaceId } from '../domain/ids.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { ReceiptRecord } from './catalog.ts'
import type { Queries, Store } from './store.ts'

/* What services said of the copies that they store. The newest word counts, for an upload under the same name replaces the older. */

const pathsAtOnce = 500

/** By path. Those of another original that lay under the same name, and of copies that were found bad, are not among them. */
export async function receiptsAt(
  db: Queries,
  placeId: PlaceId,
  copies: readonly { readonly path: string; readonly hash: ContentHash }[],
): Promise<ReadonlyMap<string, Receipt>> {
  const found = new Map<string, Receipt>()
  for (let first = 0; first < copies.length; first += pathsAtOnce) {
    const some = new Map(copies.slice(first, first + pathsAtOnce).map(({ path, hash }) => [path, hash]))
    const rows = await db
      .selectFrom('receipt')
      .innerJoin('copy', (join) =>
        join
          .onRef('copy.place_id', '=', 'receipt.place_id')
          .onRef('copy.path', '=', 'receipt.path')
          .onRef('copy.hash', '=', 'receipt.hash'),
      )
      .selectAll('receipt')
      .where('receipt.place_id', '=', placeId)
      .where('receipt.path', 'in', [...some.keys()])
      // A copy that was read and differed is read again: what the service says of it was not enough the last time.
      .where('copy.latest_finding', '=', 'agreed')
      .execute()
    for (const row of rows)
      if (some.get(row.path) === row.hash)
        found.set(row.path, {
          algorithm: row.algorithm,
          digest: row.digest,
          storedBytes: row.stored_bytes,
          objectId: row.object_id,
          grade: row.grade,
        })
  }
  return found
}

export function saveReceipts(store: Store, records: readonly ReceiptRecord[]): Promise<void> {
  return store.db.transaction().execute(async (step) => {
    for (const { placeId, path, hash, receipt, atMs } of records) {
      const columns = {
        hash,
        algorithm: receipt.algorithm,
        digest: receipt.digest,
        stored_bytes: receipt.storedBytes,
        object_id: receipt.objectId,
        grade: receipt.grade,
        at_ms: Math.trunc(atMs),
      }
      await step
        .insertInto('receipt')
        .values({ place_id: placeId, path, ...columns })
        .onConflict((known) => known.columns(['place_id', 'path']).doUpdateSet(columns))
        .execute()
    }
  })
}
