import type { CardFile, CardListing, RollFile } from './card.ts'

/** What the files on a card say about its last roll. */
export type RollTold =
  | { readonly kind: 'new'; readonly because: 'first-seen' | 'formatted' }
  | {
      readonly kind: 'same'
      /** On the card now, and not when it was last seen. */
      readonly added: readonly CardFile[]
      /** Seen last time, and no longer on the card: deleted in the camera. */
      readonly gone: readonly RollFile[]
    }

const sameFile = (a: CardFile, b: CardFile): boolean =>
  a.path === b.path && a.bytes === b.bytes && a.mtimeMs === b.mtimeMs

/**
 * Tells a roll from the last one: as long as one file of the last roll is still on the card, with the same path, size and time,
 * the card was not formatted. The cheap key only decides what is read; identity is the hash (docs/rules.md).
 */
export function tellRoll(last: readonly RollFile[], listing: CardListing): RollTold {
  if (last.length === 0) return { kind: 'new', because: 'first-seen' }
  const earlier = new Map(last.map((file) => [file.path, file]))
  const stillThere = new Set<string>()
  const added: CardFile[] = []
  for (const file of listing.files) {
    const before = earlier.get(file.path)
    if (before !== undefined && sameFile(before, file)) stillThere.add(file.path)
    else added.push(file)
  }
  if (stillThere.size === 0) return { kind: 'new', because: 'formatted' }
  return { kind: 'same', added, gone: last.filter(({ path }) => !stillThere.has(path)) }
}
