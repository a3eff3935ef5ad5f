/**
 * Does a path lead onto a memory card? Asked before anything is written where no marker says that it is a place: nothing is ever
 * written to a card (C1), under whatever name it is mounted today, and whatever links lead there.
 *
 * Known are the cards that were ever seen here, also one that was retired, as long as it has its label. A card that was never put in looks like any disk.
 */
import type { Card } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Mover, Whereabouts } from '../engine/contracts.ts'
import type { Program } from './program.ts'

export interface CardBelow {
  readonly card: Pick<Card, 'label'>
  /** `maybe`: the same name and size to the byte, under another id, as after a camera formatted it. */
  readonly how: 'surely' | 'maybe'
}

/** The card that this absolute path lies on, or null. Fails with what the look said: what can't be told is no permission. */
export async function cardUnder(program: Program, mover: Mover, path: string): Promise<Result<CardBelow | null>> {
  const asked = await mover.whereIs(path)
  if (!asked.ok) return asked
  const where = asked.value
  // Retired cards are listed by their label only.
  const alike = await program.catalog.card(where.volume.label)
  const cards = [...(await program.catalog.cards()), ...alike.filter(({ retiredAtMs }) => retiredAtMs !== null)]
  for (const card of cards)
    if (card.isVolume ? isThatVolume(card, where) : await isInFolder(program, mover, card, path, where))
      return done({ card, how: 'surely' })
  if (where.volume.fileSystem === null && cards.some(({ isVolume }) => isVolume)) return failed(untold(path))
  if (!where.volume.isVolume) return done(null)
  // The catalog also remembers the ids that a card had before it was formatted.
  const known = await program.catalog.findCards(where.volume)
  const sure = known.find(({ match }) => match === 'uuid-and-size' || match === 'label-and-size')
  if (sure !== undefined) return done({ card: sure.card, how: 'surely' })
  const formatted = known.find(({ match }) => match === 'may-be-formatted')
  return done(formatted === undefined ? null : { card: formatted.card, how: 'maybe' })
}

/** Where the id can't be told today, the size to the byte, or else the mount point, is doubt enough. */
function isThatVolume(card: Card, { volume }: Whereabouts): boolean {
  if (!volume.isVolume) return false
  const isSameSize =
    card.volumeBytes === null || volume.volumeBytes === null ? null : card.volumeBytes === volume.volumeBytes
  if (card.fileSystemUuid !== null && volume.fileSystemUuid !== null)
    return card.fileSystemUuid === volume.fileSystemUuid && isSameSize !== false
  return isSameSize ?? card.root === volume.root
}

/** A card that is a folder: as it was written down, which is without links, and as its path leads today. */
async function isInFolder(
  { paths }: Program,
  mover: Mover,
  { root }: Card,
  path: string,
  where: Whereabouts,
): Promise<boolean> {
  // A card that was taken over from a note was never seen here, and lies nowhere.
  if (root === '') return false
  if (paths.isInside(where.folder, root)) return true
  const today = await mover.whereIs(root)
  // A folder that is gone, or does not answer, holds nothing that could be written to: only its name is left to be looked at.
  if (!today.ok) return paths.isInside(path, root)
  return today.value.isWhole && paths.isInside(where.folder, today.value.folder)
}

/** Refuses with `target-inside-source` a path on a card, and with `place-unknown` one of which it can't be told. */
export async function demandNoCard(program: Program, mover: Mover, path: string): Promise<Result<void>> {
  const below = await cardUnder(program, mover, path)
  if (!below.ok) return below
  return below.value === null ? done(undefined) : failed(onACard(path, below.value))
}

const onACard = (path: string, { card, how }: CardBelow): Failure =>
  how === 'surely'
    ? {
        code: 'target-inside-source',
        sentence: `${path} lies on the card “${card.label}”: nothing is ever written to a card.`,
        advice: 'Name a folder on this computer, a NAS or a drive. Nothing was written.',
        path,
      }
    : {
        code: 'target-inside-source',
        sentence: `${path} may lie on the card “${card.label}”, formatted since: its name and size are the same, and nothing is ever written to a card.`,
        advice: 'If it is a drive, give that drive another name (its label), then run the same command again.',
        path,
      }

const untold = (path: string): Failure => ({
  code: 'place-unknown',
  sentence: `The system does not tell on which disk ${path} lies, so it may be a card.`,
  advice: 'Look whether that disk is connected, then run the same command again. Nothing was written.',
  path,
})
