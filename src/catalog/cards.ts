import { type Selectable, sql } from 'kysely'

import type { CardSigns } from '../domain/card.ts'
import { type CardId, parseCardId } from '../domain/ids.ts'
import type { Card, CardMatch, CardRecords } from './catalog.ts'
import type { Schema } from './schema.ts'
import type { Store } from './store.ts'
import { markCard } from './tally-marks.ts'

export const cardsOn = (store: Store): CardRecords => ({
  findCards: async (signs) => {
    const rows = await store.db.selectFrom('card').selectAll().where('retired_at_ms', 'is', null).execute()
    return rankedMatches(rows.map(cardIn), signs)
  },
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
      .where((is) =>
        is.or([is(sql<string>`id`, '=', idOrLabel), is(sql<string>`lower(label)`, '=', idOrLabel.toLowerCase())]),
      )
      .orderBy('last_seen_at_ms', 'desc')
      .orderBy('id')
      .execute()
    return rows.map(cardIn)
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
})

export const cardIn = (row: Selectable<Schema['card']>): Card => ({
  id: row.id,
  label: row.label,
  fileSystemUuid: row.fs_uuid,
  fileSystem: row.fs_type,
  volumeBytes: row.volume_bytes,
  isVolume: row.is_volume === 1,
  root: row.root,
  maker: row.maker,
  structure: row.structure,
  firstSeenAtMs: row.first_seen_at_ms,
  lastSeenAtMs: row.last_seen_at_ms,
  retiredAtMs: row.retired_at_ms,
  suspect: row.suspect_at_ms === null ? null : { atMs: row.suspect_at_ms, why: row.suspect_why ?? '' },
})

const matchOrder: readonly CardMatch[] = ['uuid-and-size', 'label-and-size', 'same-folder']

function rankedMatches(cards: readonly Card[], signs: CardSigns): { readonly card: Card; readonly match: CardMatch }[] {
  return cards
    .flatMap((card) => {
      const match = matchOf(card, signs)
      return match === null ? [] : [{ card, match }]
    })
    .toSorted(
      (a, b) => matchOrder.indexOf(a.match) - matchOrder.indexOf(b.match) || b.card.lastSeenAtMs - a.card.lastSeenAtMs,
    )
}

/**
 * A folder is only ever the folder it was; a volume is known by its id. The label counts only where an id is not told: a dozen cards
 * of one maker have the same label and size, and two cards taken for one would hide that the first is still owed. A card that
 * was formatted, and so has a new id, becomes a new card here; the older one is kept until it is retired.
 */
function matchOf(card: Card, signs: CardSigns): CardMatch | null {
  if (card.isVolume !== signs.isVolume) return null
  if (!signs.isVolume) return card.root === signs.root && card.label === signs.label ? 'same-folder' : null
  if (card.volumeBytes !== signs.volumeBytes) return null
  if (signs.fileSystemUuid !== null && card.fileSystemUuid !== null)
    return card.fileSystemUuid === signs.fileSystemUuid ? 'uuid-and-size' : null
  return card.label === signs.label ? 'label-and-size' : null
}

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
    const row = await step
      .insertInto('card')
      .values({ id, first_seen_at_ms: atMs, ...columns })
      .onConflict((known) => known.column('id').doUpdateSet(columns))
      .returningAll()
      .executeTakeFirstOrThrow()
    await markCard(step, id)
    return cardIn(row)
  })
}
