/** Which card to take next: the free one that was unused for longest, so that each card's pictures stay on it as long as they can. */
import type { CardVerdict, FormatPermit, KeepCode, Reason } from './card-verdict.ts'
import type { CardId } from './ids.ts'

export interface CardInRotation {
  readonly cardId: CardId
  readonly label: string
  readonly verdict: CardVerdict
  /** When its last roll began or it was last in the reader, whichever is later. */
  readonly lastUsedAtMs: number
}

/** Why the other cards were not taken, counted. */
export interface OtherCards {
  /** Free as well, and used later. */
  readonly free: number
  /** Something is still owed before it may be formatted. */
  readonly owed: number
  readonly suspect: number
  readonly retired: number
  /** Nothing was ever read from it, so nothing can be said. */
  readonly neverRead: number
}

export type NextCard<Card extends CardInRotation = CardInRotation> =
  | {
      readonly kind: 'take'
      readonly card: Card
      readonly permit: FormatPermit
      /** Other cards of the same label that must be kept: the label alone does not tell which one to take. */
      readonly namesakesToKeep: number
      readonly others: OtherCards
    }
  | {
      readonly kind: 'none'
      /** The owed card that needs least, with what it needs. Null when no card is merely owed. */
      readonly nearest: { readonly card: Card; readonly because: readonly Reason[] } | null
      readonly others: OtherCards
    }

/**
 * Never a card that is owed, suspect, retired or was never read: only a genuine permit for that very card, not yet ended, makes it
 * free (C2). Ties go by label, then by id, so that the answer is the same until something changes.
 */
export function judgeNext<Card extends CardInRotation>(cards: readonly Card[], nowMs: number): NextCard<Card> {
  const [first, ...alsoFree] = cards
    .flatMap((card) => {
      const permit = permitOf(card, nowMs)
      return permit === null ? [] : [{ card, permit }]
    })
    .toSorted((a, b) => byLongestUnused(a.card, b.card))
  const kept = cards.flatMap((card) => {
    const whyKept = whyKeptOf(card, nowMs)
    return whyKept === null ? [] : [{ card, whyKept, because: reasonsOf(card) }]
  })
  const countOf = (wanted: WhyKept): number => kept.filter(({ whyKept }) => whyKept === wanted).length
  const others: OtherCards = {
    free: alsoFree.length,
    owed: countOf('owed'),
    suspect: countOf('suspect'),
    retired: countOf('retired'),
    neverRead: countOf('neverRead'),
  }
  if (first !== undefined) {
    const { card, permit } = first
    const namesakesToKeep = kept.filter((other) => other.card.label === card.label).length
    return { kind: 'take', card, permit, namesakesToKeep, others }
  }
  const [nearest] = kept
    .filter(({ whyKept }) => whyKept === 'owed')
    .toSorted(
      (a, b) =>
        a.because.length - b.because.length ||
        filesOf(a.because) - filesOf(b.because) ||
        byLongestUnused(a.card, b.card),
    )
  return {
    kind: 'none',
    nearest: nearest === undefined ? null : { card: nearest.card, because: nearest.because },
    // The one that is named is none of the others.
    others: nearest === undefined ? others : { ...others, owed: others.owed - 1 },
  }
}

type WhyKept = Exclude<keyof OtherCards, 'free'>

function permitOf({ cardId, verdict }: CardInRotation, nowMs: number): FormatPermit | null {
  if (verdict.kind !== 'may-format') return null
  const { permit } = verdict
  return permit.isGenuine() && permit.cardId === cardId && permit.validUntilMs >= nowMs ? permit : null
}

const reasonsOf = ({ verdict }: CardInRotation): readonly Reason[] => (verdict.kind === 'keep' ? verdict.because : [])

/** The worst word counts: a retired card that is suspect as well is retired. */
const worstFirst: readonly (readonly [KeepCode, WhyKept])[] = [
  ['retired', 'retired'],
  ['reads-differ', 'suspect'],
  ['never-read', 'neverRead'],
]

function whyKeptOf(card: CardInRotation, nowMs: number): WhyKept | null {
  if (permitOf(card, nowMs) !== null) return null
  const codes = new Set(reasonsOf(card).map(({ code }) => code))
  return worstFirst.find(([code]) => codes.has(code))?.[1] ?? 'owed'
}

const filesOf = (because: readonly Reason[]): number => because.reduce((sum, { files }) => sum + files, 0)

const byLongestUnused = (a: CardInRotation, b: CardInRotation): number =>
  a.lastUsedAtMs - b.lastUsedAtMs || compare(a.label, b.label) || compare(a.cardId, b.cardId)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
