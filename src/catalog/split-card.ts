import { type Selectable, sql } from 'kysely'

import type { CardSigns } from '../domain/card.ts'
import { type CardId, parseCardId, type RollId } from '../domain/ids.ts'
import { cardIn } from './card-row.ts'
import { noteSigns, noUuid } from './card-signs.ts'
import type { Card } from './catalog.ts'
import type { Schema } from './schema.ts'
import type { Queries, Store } from './store.ts'
import { markCard } from './tally-marks.ts'

/**
 * Two cards were taken for one: `fromRoll` and all later rolls go to a new card, where their numbers begin at 1 again, and the older
 * card shows again what it showed before. One doubt keeps a card (C2): if it became suspect since that roll began, the new card is
 * suspect; if before, the older one stays it.
 */
export function splitCard(store: Store, fromRoll: RollId, signs: CardSigns, atMs: number): Promise<Card> {
  return store.db.transaction().execute(async (step) => {
    const first = await step.selectFrom('roll').selectAll().where('id', '=', fromRoll).executeTakeFirst()
    if (first === undefined) throw new Error(`The catalog does not know the roll ${fromRoll}.`)
    const older = await step.selectFrom('card').selectAll().where('id', '=', first.card_id).executeTakeFirstOrThrow()
    await markCard(step, older.id)
    const row = await step
      .insertInto('card')
      .values(newCard(parseCardId(store.newId()), older, first.started_at_ms, signs, atMs))
      .returningAll()
      .executeTakeFirstOrThrow()
    await step
      .updateTable('roll')
      .set({ card_id: row.id, number: sql<number>`number - ${first.number - 1}` })
      .where('card_id', '=', older.id)
      .where('number', '>=', first.number)
      .execute()
    await moveSigns(step, older.id, row.id, first.started_at_ms, signs)
    await noteSigns(step, row)
    await restore(step, older, first.started_at_ms)
    await markCard(step, older.id)
    store.hot.noteMoment(atMs)
    return cardIn(row)
  })
}

type CardRow = Selectable<Schema['card']>

const isSuspectSince = (card: CardRow, atMs: number): boolean =>
  card.suspect_at_ms !== null && card.suspect_at_ms >= atMs

function newCard(id: CardId, older: CardRow, startedAtMs: number, signs: CardSigns, atMs: number): CardRow {
  const isSuspect = isSuspectSince(older, startedAtMs)
  return {
    id,
    label: signs.label,
    fs_uuid: signs.fileSystemUuid,
    fs_type: signs.fileSystem,
    volume_bytes: signs.volumeBytes,
    is_volume: Number(signs.isVolume),
    root: signs.root,
    maker: older.maker,
    structure: older.structure,
    first_seen_at_ms: startedAtMs,
    last_seen_at_ms: Math.max(startedAtMs, atMs),
    retired_at_ms: null,
    suspect_at_ms: isSuspect ? older.suspect_at_ms : null,
    suspect_why: isSuspect ? older.suspect_why : null,
  }
}

/** The ids that were never seen before the roll, and the one that is the new card's, are no longer the older card's. */
async function moveSigns(
  step: Queries,
  older: CardId,
  newer: CardId,
  startedAtMs: number,
  { fileSystemUuid }: CardSigns,
): Promise<void> {
  await step
    .updateTable('card_sign')
    .set({ card_id: newer })
    .where('card_id', '=', older)
    .where('fs_uuid', '!=', noUuid)
    .where((is) => is.or([is('fs_uuid', '=', fileSystemUuid ?? noUuid), is('first_seen_at_ms', '>=', startedAtMs)]))
    .execute()
}

/** What the older card showed last of what is left to it. Where nothing is left, its id is not known; the rest stays. */
async function restore(step: Queries, older: CardRow, startedAtMs: number): Promise<void> {
  const before = await step
    .selectFrom('card_sign')
    .selectAll()
    .where('card_id', '=', older.id)
    .orderBy('last_seen_at_ms', 'desc')
    .orderBy('fs_uuid')
    .limit(1)
    .executeTakeFirst()
  const signs =
    before === undefined
      ? { fs_uuid: null }
      : {
          label: before.label,
          fs_uuid: before.fs_uuid === noUuid ? null : before.fs_uuid,
          fs_type: before.fs_type,
          volume_bytes: before.volume_bytes,
          root: before.root,
          maker: before.maker,
          structure: before.structure,
          last_seen_at_ms: before.last_seen_at_ms,
        }
  const trust = isSuspectSince(older, startedAtMs) ? { suspect_at_ms: null, suspect_why: null } : {}
  await step
    .updateTable('card')
    .set({ ...signs, ...trust })
    .where('id', '=', older.id)
    .execute()
}
