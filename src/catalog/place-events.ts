import type { PlaceEvent, RunRecords } from './catalog.ts'
import type { Queries, Store } from './store.ts'

/* What happened to a place as a whole: brought up to date, rehearsed, checked. */

export function notePlaceEvent(store: Store, event: PlaceEvent): Promise<void> {
  return store.db.transaction().execute(async (step) => {
    const { placeId, kind, atMs, detail } = event
    await step
      .insertInto('place_event')
      .values({ place_id: placeId, kind, at_ms: atMs, detail: JSON.stringify(detail) })
      .execute()
    store.hot.noteMoment(atMs)
  })
}

export async function placeEvents(
  db: Queries,
  { placeId, kind, limit }: Parameters<RunRecords['placeEvents']>[0],
): Promise<readonly PlaceEvent[]> {
  let query = db.selectFrom('place_event').selectAll()
  if (placeId !== undefined) query = query.where('place_id', '=', placeId)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  const rows = await query.orderBy('at_ms', 'desc').orderBy('number', 'desc').limit(limit).execute()
  return rows.map((row) => ({
    placeId: row.place_id,
    kind: row.kind,
    atMs: row.at_ms,
    detail: detailIn(JSON.parse(row.detail)),
  }))
}

function detailIn(told: unknown): PlaceEvent['detail'] {
  const detail: Record<string, number | string> = {}
  if (typeof told !== 'object' || told === null) return detail
  for (const [name, value] of Object.entries(told)) {
    if (typeof value === 'number' || typeof value === 'string') detail[name] = value
  }
  return detail
}
