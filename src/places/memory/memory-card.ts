/** A card that lives in memory. Like a real one it can be listed and read, and there is no verb that changes it (C1). */
import type { CardListing, CardSigns, LeftOut } from '../../domain/card.ts'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { isLeftOut } from '../../domain/left-out.ts'
import type { CardSource, Reading } from '../../engine/contracts.ts'

export interface MemoryCardFile {
  readonly bytes: Uint8Array
  readonly mtimeMs: number
}

/** What the camera made, and whether it is in the reader. The one who owns it may change it, as a camera may. */
export interface MemoryCard {
  readonly signs: CardSigns
  readonly files: ReadonlyMap<string, MemoryCardFile>
  readonly inserted: boolean
  /** What a read past the cache reaches. */
  readonly readBack: 'medium' | 'cached'
}

export function openMemoryCard(card: MemoryCard): CardSource {
  return {
    name: card.signs.root,
    kind: 'card',
    list: async () => (card.inserted ? done(listing(card)) : failed(cardGone)),
    open: async (path, how) => {
      if (!card.inserted) return failed(cardGone)
      return card.files.has(path) ? done(new CardReading(card, path, how)) : failed(cardChanged(path))
    },
    forgetCached: async () => card.inserted,
  }
}

export const memoryCardSigns = (card: MemoryCard): Result<CardSigns> =>
  card.inserted ? done(card.signs) : failed(cardGone)

function listing(card: MemoryCard): CardListing {
  const leftOut: LeftOut[] = []
  const paths = [...card.files.keys()].toSorted((a, b) => (a < b ? -1 : 1))
  const files = paths.flatMap((path) => {
    const file = card.files.get(path)
    if (isLeftOut(path)) leftOut.push({ path, why: 'system-file', files: 1 })
    return file === undefined || isLeftOut(path) ? [] : [{ path, bytes: file.bytes.length, mtimeMs: file.mtimeMs }]
  })
  return { complete: true, files, leftOut, emptyFolders: [] }
}

/** Every call looks at the card as it is at that moment: a file that is written meanwhile gives a mixture, as in life. */
class CardReading implements Reading {
  readonly bytes: number
  readonly mtimeMs: number
  readonly strength: 'cached' | 'medium'
  readonly #card: MemoryCard
  readonly #path: string

  constructor(card: MemoryCard, path: string, how: 'fast' | 'past-cache') {
    this.#card = card
    this.#path = path
    this.bytes = card.files.get(path)?.bytes.length ?? 0
    this.mtimeMs = card.files.get(path)?.mtimeMs ?? 0
    this.strength = how === 'fast' ? 'cached' : card.readBack
  }

  async readInto(into: Uint8Array, position: number): Promise<Result<number>> {
    const file = this.#file()
    if (!file.ok) return file
    const piece = file.value.bytes.subarray(position, position + into.length)
    into.set(piece)
    return done(piece.length)
  }

  async stat(): Promise<Result<{ bytes: number; mtimeMs: number }>> {
    const file = this.#file()
    return file.ok ? done({ bytes: file.value.bytes.length, mtimeMs: file.value.mtimeMs }) : file
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  #file(): Result<MemoryCardFile> {
    const file = this.#card.files.get(this.#path)
    if (!this.#card.inserted) return failed(cardGone)
    return file === undefined ? failed(cardChanged(this.#path)) : done(file)
  }
}

export const cardGone: Failure = {
  code: 'card-gone',
  sentence: 'The card vanished while it was read.',
  advice: 'Put the card back in, then run the same command again: it goes on where it was.',
}

const cardChanged = (path: string): Failure => ({
  code: 'card-changed',
  sentence: `${path} is no longer on the card.`,
  advice: 'Make sure that nothing else writes to the card, then run the same command again.',
  path,
})
