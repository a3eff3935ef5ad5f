/**
 * Which card is this? A camera that formats a card gives it a new id and keeps its label and size, and a dozen cards of one maker
 * have the same label and size. Pure; the reasoning stands in docs/adr/0015-a-formatted-card.md.
 *
 * What must never happen is that a wrong guess makes a card free that still holds what is owed (C2). So a card is taken for another
 * only when what lies on it says so, when nothing is owed on that other card, or with an alarm.
 */
import type { CardFile, CardListing } from './card.ts'
import type { CardInRotation } from './card-rotation.ts'
import { judgeNext } from './card-rotation.ts'
import type { CardVerdict } from './card-verdict.ts'
import type { CardId, RollId } from './ids.ts'

/** An earlier content of a known card, compared with what lies in the reader now. */
export interface RollCompared {
  readonly rollId: RollId
  /** 1 for the first roll of a card. */
  readonly number: number
  readonly files: number
  /** Those of its files that are on the medium with the same path, size and time. */
  readonly stillThere: number
}

export interface CandidateCard extends CardInRotation {
  /** `sure`: the id of the file system, or the very folder. `alike`: label and size only. */
  readonly match: 'sure' | 'alike'
  /** When it was last in the reader. */
  readonly lastSeenAtMs: number
  readonly rolls: readonly RollCompared[]
}

export interface MediumFacts {
  readonly listing: CardListing
  /** Surest first. */
  readonly candidates: readonly CandidateCard[]
}

export type CardIdentity =
  /** One of its rolls is still on it. `notItsRoll` is the first later roll that was ascribed to it by mistake; null when there is none. */
  | { readonly kind: 'same-roll'; readonly cardId: CardId; readonly rollId: RollId; readonly notItsRoll: RollId | null }
  /** It was formatted; `leave` tells whether it was free. `none-needed`: nothing was on it. */
  | { readonly kind: 'formatted'; readonly cardId: CardId; readonly leave: 'given' | 'missing' | 'none-needed' }
  /** Never seen, as far as anybody can tell; `mayBe` are the cards that it may be all the same. */
  | { readonly kind: 'new-card'; readonly mayBe: readonly CardId[] }

/** So much of a roll, or of what lies on the card, must be the same before an older roll than the last one is believed. */
const shareOfOlderRoll = 0.5

export function identifyCard({ listing, candidates }: MediumFacts, nowMs: number): CardIdentity {
  const seen = rollStillThere(listing, candidates)
  if (seen !== null) return seen
  const [sure] = candidates.filter(({ match }) => match === 'sure')
  if (sure !== undefined) return formatted(sure)
  const possible = candidates.filter(({ lastSeenAtMs }) => wasWrittenSince(listing.files, lastSeenAtMs))
  const free = candidates.filter(({ verdict }) => wasFree(verdict))
  const chosen =
    longestUnusedFree(
      free.filter((card) => possible.includes(card)),
      nowMs,
    ) ?? longestUnusedFree(free, nowMs)
  if (chosen !== null) return formatted(chosen)
  const [only, ...more] = possible
  // A picture from the future shows that the camera’s clock says nothing: then even one possible card is only a guess.
  const clockIsAhead = listing.files.some(({ mtimeMs }) => mtimeMs > nowMs)
  if (only !== undefined && more.length === 0 && !clockIsAhead) return formatted(only)
  return { kind: 'new-card', mayBe: possible.map(({ cardId }) => cardId) }
}

/** What is on the card says more than its id: the roll of which most is still there tells which card this is. */
function rollStillThere(listing: CardListing, candidates: readonly CandidateCard[]): CardIdentity | null {
  const compared = candidates.flatMap((card) => {
    const last = Math.max(0, ...card.rolls.map(({ number }) => number))
    return card.rolls
      .filter((roll) => (roll.number === last ? roll.stillThere > 0 : isMostlyThere(roll, listing)))
      .map((roll) => ({ card, roll, isSureLast: card.match === 'sure' && roll.number === last }))
  })
  const [best] = compared.toSorted(
    (a, b) => Number(b.isSureLast) - Number(a.isSureLast) || b.roll.stillThere - a.roll.stillThere,
  )
  if (best === undefined) return null
  const { card, roll } = best
  const [next] = card.rolls.filter(({ number }) => number > roll.number).toSorted((a, b) => a.number - b.number)
  return { kind: 'same-roll', cardId: card.cardId, rollId: roll.rollId, notItsRoll: next?.rollId ?? null }
}

const isMostlyThere = ({ stillThere, files }: RollCompared, listing: CardListing): boolean =>
  stillThere > 0 && stillThere >= shareOfOlderRoll * Math.min(files, listing.files.length)

function formatted({ cardId, verdict, rolls }: CandidateCard): CardIdentity {
  const last = rolls.toSorted((a, b) => b.number - a.number)[0]
  if (last === undefined || last.files === 0) return { kind: 'formatted', cardId, leave: 'none-needed' }
  return { kind: 'formatted', cardId, leave: wasFree(verdict) ? 'given' : 'missing' }
}

/**
 * The card was formatted some time ago, and is judged only now: proofs that have grown old since then say nothing against it, for
 * they are proofs all the same.
 */
export const wasFree = (verdict: CardVerdict): boolean =>
  verdict.kind === 'may-format' || verdict.because.every(({ code }) => code === 'evidence-old')

/** The card that “card next” would have named; free cards are interchangeable. */
function longestUnusedFree(free: readonly CandidateCard[], nowMs: number): CandidateCard | null {
  const next = judgeNext(free, nowMs)
  if (next.kind === 'take') return next.card
  return free.toSorted((a, b) => a.lastUsedAtMs - b.lastUsedAtMs || (a.cardId < b.cardId ? -1 : 1))[0] ?? null
}

/**
 * A card that was formatted after we saw it holds only what was written after that. With an older file on it, it is another card:
 * that file was not there when we looked. So the second of a dozen new cards alike is not taken for the first.
 */
const wasWrittenSince = (files: readonly CardFile[], lastSeenAtMs: number): boolean =>
  files.every(({ mtimeMs }) => mtimeMs > lastSeenAtMs)

/** How many files of a roll are on the medium as they were. */
export function countStillThere(roll: readonly CardFile[], listing: CardListing): number {
  const now = new Map(listing.files.map((file) => [file.path, file]))
  return roll.filter(({ path, bytes, mtimeMs }) => {
    const file = now.get(path)
    return file !== undefined && file.bytes === bytes && file.mtimeMs === mtimeMs
  }).length
}
