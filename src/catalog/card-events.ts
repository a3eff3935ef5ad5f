import type { CardId } from '../domain/ids.ts'
import type { CardEvent, CardRecords } from './catalog.ts'
import type { Queries, Store } from './store.ts'

/* What happened to a card beside being read, above all that it was formatted. An alarm until a person has seen it. */

export function recordCardEvent(store: Store, event: Parameters<CardRecords['recordCardEvent']>[0]): Promise<void> {
  return store.db.transaction().execute(async (step) => {
    const { cardId, atMs, kind, rollId, sentence } = event
    await step
      .insertInto('card_event')
      .values({ card_id: cardId, at_ms: atMs, kind, roll_id: rollId, sentence, seen_at_ms: null })
      .execute()
    store.hot.noteMoment(atMs)
  })
}

export async function cardEvents(
  db: Queries,
  { cardId, unseenOnly = false }: { readonly cardId?: CardId; readonly unseenOnly?: boolean } = {},
): Promise<readonly CardEvent[]> {
  let query = db.selectFrom('card_event').selectAll()
  if (cardId !== undefined) query = query.where('card_id', '=', cardId)
  if (unseenOnly) query = query.where('seen_at_ms', 'is', null)
  const rows = await query.orderBy('at_ms', 'desc').orderBy('number', 'desc').execute()
  return rows.map((row) => ({
    number: row.number,
    cardId: row.card_id,
    atMs: row.at_ms,
    kind: row.kind,
    rollId: row.roll_id,
    sentence: row.sentence,
    seenAtMs: row.seen_at_ms,
  }))
}

/** Those that were seen before keep the moment of that. */
export async function markCardEventsSeen(db: Queries, cardId: CardId, atMs: number): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('card_event')
    .set({ seen_at_ms: atMs })
    .where('card_id', '=', cardId)
    .where('seen_at_ms', 'is', null)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
