/** Which card is this, and is what lies on it its last roll or a new one? By reading only (C1). */
import type { Card, RollFileRecord, RollRecord } from '../catalog/catalog.ts'
import type { CardListing, CardSigns } from '../domain/card.ts'
import type { CardStructure } from '../domain/card-structure.ts'
import { recogniseCard } from '../domain/card-structure.ts'
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { CardId } from '../domain/ids.ts'
import type { RollTold } from '../domain/roll.ts'
import { tellRoll } from '../domain/roll.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import type { Program } from './program.ts'

export interface RecognisedCard {
  readonly signs: CardSigns
  readonly listing: CardListing
  readonly structure: CardStructure
  /** The card as it was known before; null for a card never seen. */
  readonly known: Card | null
  readonly last: { readonly roll: RollRecord; readonly files: readonly RollFileRecord[] } | null
  readonly told: RollTold
}

/** Fails with `not-found`, `not-a-card`, `listing-incomplete`, `card-gone` or `card-hung`. Records nothing. */
export async function recogniseInserted(
  program: Program,
  mover: Mover,
  path: string,
  cancel: Cancel,
): Promise<Result<RecognisedCard>> {
  const signs = await mover.signs(program.paths.absolute(path))
  if (!signs.ok) return signs
  const listing = await mover.list(signs.value.root, cancel)
  if (!listing.ok) return listing
  if (!listing.value.complete)
    return failed({
      code: 'listing-incomplete',
      sentence: `The card “${signs.value.label}” could not be listed to the end${unreadableIn(listing.value)}.`,
      advice:
        'Look whether you may read that folder, or try another reader; then run the same command again. Nothing was copied.',
      path: signs.value.root,
    })
  const { files, emptyFolders } = listing.value
  const structure = recogniseCard([...files.map((file) => file.path), ...emptyFolders.map((path) => `${path}/`)])
  if (!structure.isCard)
    return failed({
      code: 'not-a-card',
      sentence: `${signs.value.root} does not look like a camera’s card: there is no DCIM folder or anything else that a camera makes.`,
      advice:
        'Give the card’s top folder, the one that holds DCIM or PRIVATE. “fivefold check” tells of any folder what is known of it.',
      path: signs.value.root,
    })
  const candidates = await program.catalog.findCards(signs.value)
  const match = await firstThatFits(
    program,
    candidates.map(({ card }) => card.id),
    listing.value,
  )
  const last = match === null ? null : await program.catalog.lastRoll(match)
  const known = candidates.find(({ card }) => card.id === match)?.card ?? null
  const told = tellRoll(last?.files ?? [], listing.value)
  return done({ signs: signs.value, listing: listing.value, structure, known, last, told })
}

/**
 * Several cards of one maker may have the same label and size: the one whose last roll is still on it is meant. When none is,
 * the surest match counts; it was formatted.
 */
async function firstThatFits(
  program: Program,
  candidates: readonly CardId[],
  listing: CardListing,
): Promise<CardId | null> {
  for (const id of candidates) {
    const last = await program.catalog.lastRoll(id)
    if (last !== null && tellRoll(last.files, listing).kind === 'same') return id
  }
  return candidates[0] ?? null
}

function unreadableIn({ leftOut }: CardListing): string {
  const folder = leftOut.find(({ why }) => why === 'unreadable-folder')
  return folder === undefined ? '' : `: the folder ${folder.path} can't be read`
}
