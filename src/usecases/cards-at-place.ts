/** “Every frame on this card is in the library”: for each card in use, what of its last roll lies proven at one place. */
import { proves } from '../domain/copy.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import type { Program } from './program.ts'

export interface CardAtPlace {
  readonly card: string
  readonly roll: string
  readonly frames: number
  readonly proven: number
  readonly sentence: string
}

/** Only cards whose last roll holds something of what was just `touched`; of those, whose last roll has nothing there, nothing is said. */
export async function cardsAtPlace(
  program: Program,
  place: Place,
  touched: ReadonlySet<ContentHash>,
): Promise<readonly CardAtPlace[]> {
  const lines: CardAtPlace[] = []
  for (const card of await program.catalog.cards()) {
    const last = await program.catalog.lastRoll(card.id)
    if (last === null || last.files.length === 0) continue
    const hashes = last.files.flatMap(({ hash }) => (hash === null ? [] : [hash]))
    if (!hashes.some((hash) => touched.has(hash))) continue
    const known = await program.catalog.knownByHash(hashes)
    const isThere = (hash: (typeof hashes)[number]): boolean =>
      known.get(hash)?.copies.some(({ placeId, latest }) => placeId === place.id && proves(latest)) === true
    const proven = last.files.filter(({ hash }) => hash !== null && isThere(hash)).length
    if (proven === 0) continue
    const frames = last.files.length
    const sentence =
      proven === frames
        ? `Every file of card “${card.label}” (${last.roll.name}) is at “${place.name}”, proven.`
        : `${proven} of ${frames} files of card “${card.label}” (${last.roll.name}) are at “${place.name}”; ${frames - proven} are NOT.`
    lines.push({ card: card.label, roll: last.roll.name, frames, proven, sentence })
  }
  return lines
}
