import { type CardId, parseCardId } from '../domain/ids.ts'
import { foldName } from '../domain/path-parts.ts'
import { cardEvents, markCardEventsSeen, recordCardEvent } from './card-events.ts'
import { cardIn } from './card-row.ts'
import { findCards, noteSigns } from './card-signs.ts'
import type { Card, CardRecords } from './catalog.ts'
import { splitCard } from './split-card.ts'
import type { Store } from './store.ts'
import { markCard } from './tally-marks.ts'

export const cardsOn = (store: Store): CardRecords => ({
  findCards: (signs) => findCards(store.db, signs),
  saveCard: (seen) => saveCard(store, seen),
  cards: async () => {
    const rows = await store.db
      .selectFrom('card')
      .selectAll()
      .where('retired_at_ms', 'is', null)
      .orderBy('last_seen_at_ms', 'desc')
      .orderBy('id')
      .execute()
    return rows.map(cardIn)
  },
  card: async (idOrLabel) => {
    const rows = await store.db
      .selectFrom('card')
      .selectAll()
      .orderBy('last_seen_at_ms', 'desc')
      .orderBy('id')
      .execute()
    const wanted = foldName(idOrLabel)
    return rows.filter(({ id, label }) => id === idOrLabel || foldName(label) === wanted).map(cardIn)
  },
  retireCard: async (id, atMs) => {
    await store.db.transaction().execute(async (step) => {
      await step.updateTable('card').set({ retired_at_ms: atMs }).where('id', '=', id).execute()
      await markCard(step, id)
    })
  },
  suspectCard: async (id, why, atMs) => {
    await store.db.updateTable('card').set({ suspect_at_ms: atMs, suspect_why: why }).where('id', '=', id).execute()
  },
  trustCard: async (id) => {
    await store.db.updateTable('card').set({ suspect_at_ms: null, suspect_why: null }).where('id', '=', id).execute()
  },
  recordCardEvent: (event) => recordCardEvent(store, event),
  cardEvents: (filter) => cardEvents(store.db, filter),
  markCardEventsSeen: (id, atMs) => markCardEventsSeen(store.db, id, atMs),
  splitCard: (fromRoll, signs, atMs) => splitCard(store, fromRoll, signs, atMs),
})

function saveCard(store: Store, seen: Parameters<CardRecords['saveCard']>[0]): Promise<Card> {
  const { signs, maker, structure, atMs } = seen
  const id: CardId = seen.id ?? parseCardId(store.newId())
  const columns = {
    label: signs.label,
    fs_uuid: signs.fileSystemUuid,
    fs_type: signs.fileSystem,
    volume_bytes: signs.volumeBytes,
    is_volume: Number(signs.isVolume),
    root: signs.root,
    maker,
    structure,
    last_seen_at_ms: atMs,
    retired_at_ms: null,
  }
  return store.db.transaction().execute(async (step) => {
    const before = await step.selectFrom('card').select('retired_at_ms').where('id', '=', id).executeTakeFirst()
    const row = await step
      .insertInto('card')
      .values({ id, first_seen_at_ms: atMs, ...columns })
      .onConflict((known) => known.column('id').doUpdateSet(columns))
      .returningAll()
      .executeTakeFirstOrThrow()
    await noteSigns(step, row)
    // What a card holds counts while it is in use: that it was seen again changes a count only when it was retired.
    if (before !== undefined && before.retired_at_ms !== null) await markCard(step, id)
    return cardIn(row)
  })
}
