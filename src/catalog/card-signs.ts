import { type Selectable, sql } from 'kysely'

import type { CardSigns } from '../domain/card.ts'
import type { CardId } from '../domain/ids.ts'
import { cardIn } from './card-row.ts'
import type { Card, CardMatch, CardRecords } from './catalog.ts'
import type { Schema } from './schema.ts'
import type { Queries } from './store.ts'

/*
 * By what a card is known again. A camera that formats gives the volume a new id; every id that a card was seen with stays in the
 * books, so that it is also known by a former one.
 */

/** How an id that was not told stands in the table. */
export const noUuid = ''

/** Writes down what the card in this row shows of itself now, beside what it showed under other ids. */
export async function noteSigns(step: Queries, card: Selectable<Schema['card']>): Promise<void> {
  const columns = {
    label: card.label,
    fs_type: card.fs_type,
    volume_bytes: card.volume_bytes,
    root: card.root,
    maker: card.maker,
    structure: card.structure,
    last_seen_at_ms: card.last_seen_at_ms,
  }
  await step
    .insertInto('card_sign')
    .values({
      card_id: card.id,
      fs_uuid: card.fs_uuid ?? noUuid,
      first_seen_at_ms: card.last_seen_at_ms,
      ...columns,
    })
    .onConflict((known) => known.columns(['card_id', 'fs_uuid']).doUpdateSet(columns))
    .execute()
}

/** Cards in use that this may be, surest first; of two that are equally sure, the one that was seen last. */
export async function findCards(db: Queries, signs: CardSigns): ReturnType<CardRecords['findCards']> {
  const rows = await db.selectFrom('card').selectAll().where('retired_at_ms', 'is', null).execute()
  const byFormerId = signs.fileSystemUuid === null ? new Set<CardId>() : await cardsOnceWith(db, signs)
  return rows
    .flatMap((row) => {
      const card = cardIn(row)
      const match = byFormerId.has(card.id) && signs.isVolume ? 'uuid-and-size' : matchOf(card, signs)
      return match === null ? [] : [{ card, match, isCurrent: card.fileSystemUuid === signs.fileSystemUuid }]
    })
    .toSorted(
      (a, b) =>
        matchOrder.indexOf(a.match) - matchOrder.indexOf(b.match) ||
        Number(b.isCurrent) - Number(a.isCurrent) ||
        b.card.lastSeenAtMs - a.card.lastSeenAtMs,
    )
    .map(({ card, match }) => ({ card, match }))
}

const matchOrder: readonly CardMatch[] = ['uuid-and-size', 'label-and-size', 'same-folder', 'may-be-formatted']

async function cardsOnceWith(db: Queries, { fileSystemUuid, volumeBytes }: CardSigns): Promise<ReadonlySet<CardId>> {
  const rows = await db
    .selectFrom('card_sign')
    .select('card_id')
    .where('fs_uuid', '=', fileSystemUuid ?? noUuid)
    .where(sql<boolean>`volume_bytes is ${volumeBytes}`)
    .execute()
  return new Set(rows.map((row) => row.card_id))
}

/**
 * A folder is only ever the folder it was; a volume is known by its id, now or formerly. The label counts only where an id is not
 * told: a dozen cards of one maker have the same label and size, and two cards taken for one would hide that the first is still owed.
 * Under an id never seen, each of that dozen may be the one that was formatted: what is on it decides.
 */
function matchOf(card: Card, signs: CardSigns): CardMatch | null {
  if (card.isVolume !== signs.isVolume) return null
  if (!signs.isVolume) return card.root === signs.root && card.label === signs.label ? 'same-folder' : null
  if (card.volumeBytes !== signs.volumeBytes) return null
  if (signs.fileSystemUuid === null || card.fileSystemUuid === null) {
    return card.label === signs.label ? 'label-and-size' : null
  }
  if (card.fileSystemUuid === signs.fileSystemUuid) return 'uuid-and-size'
  return card.label.toLowerCase() === signs.label.toLowerCase() ? 'may-be-formatted' : null
}
