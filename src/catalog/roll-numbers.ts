import { sql } from 'kysely'

import type { CardId } from '../domain/ids.ts'
import type { RebuiltJob } from './catalog.ts'
import type { Queries } from './store.ts'

/** A Mac or Windows disk takes “A” and “a” for one name. */
export const labelKeyOf = (label: string): string => label.normalize('NFC').toLowerCase()

/**
 * The numbers of a roll that comes back from a note. They are those of the note, unless rolls were begun in this catalog meanwhile
 * that have them: then it goes before the first roll of its card that is younger, and is counted as the next of its label. Its name
 * and folder stay in any case: its files lie there.
 */
export async function numbersOf(
  step: Queries,
  roll: Pick<RebuiltJob['rolls'][number], 'cardId' | 'number' | 'label' | 'name' | 'startedAtMs'>,
): Promise<{ readonly number: number; readonly labelKey: string; readonly labelNumber: number }> {
  const labelKey = labelKeyOf(roll.label)
  const told = Number(/(\d+)$/.exec(roll.name)?.[1] ?? 0)
  const labelNumbers = await step.selectFrom('roll').select('label_number').where('label_key', '=', labelKey).execute()
  const taken = new Set(labelNumbers.map((row) => row.label_number))
  const labelNumber = told > 0 && !taken.has(told) ? told : Math.max(told, ...taken) + 1
  const ofCard = await step
    .selectFrom('roll')
    .select(['number', 'started_at_ms'])
    .where('card_id', '=', roll.cardId)
    .orderBy('number')
    .execute()
  const isFree = ofCard.every(({ number }) => number !== roll.number)
  const isInOrder = ofCard.every((other) =>
    other.number < roll.number ? other.started_at_ms <= roll.startedAtMs : other.started_at_ms >= roll.startedAtMs,
  )
  if (isFree && isInOrder) return { number: roll.number, labelKey, labelNumber }
  const younger = ofCard.find((other) => other.started_at_ms > roll.startedAtMs)
  return { number: younger?.number ?? (ofCard.at(-1)?.number ?? 0) + 1, labelKey, labelNumber }
}

/** If the number is taken, that roll and all later ones of the card move up by one. The last of a card stays its last. */
export async function makeRoomForRoll(step: Queries, cardId: CardId, number: number): Promise<void> {
  const taken = await step
    .selectFrom('roll')
    .select('id')
    .where('card_id', '=', cardId)
    .where('number', '=', number)
    .executeTakeFirst()
  if (taken === undefined) return
  // By way of the negative numbers, because a database may look for doubles row by row.
  const later = step.updateTable('roll').where('card_id', '=', cardId)
  await later
    .set({ number: sql<number>`-number - 1` })
    .where('number', '>=', number)
    .execute()
  await later
    .set({ number: sql<number>`-number` })
    .where('number', '<', 0)
    .execute()
}
