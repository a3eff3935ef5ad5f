/** Which card to take: the free one that was unused for longest. */
import type { NextCard, OtherCards } from '../domain/card-rotation.ts'
import { judgeNext } from '../domain/card-rotation.ts'
import { typed } from '../domain/due-words.ts'
import type { CardStatus, JudgedCard } from './judge-cards.ts'
import { judgeCards, statusOf } from './judge-cards.ts'
import type { Program } from './program.ts'

export interface NextCardAnswer {
  readonly type: 'result'
  readonly schema: 'fivefold.card-next/1'
  readonly sentence: string
  readonly card: {
    readonly id: string
    readonly label: string
    /** The roll that still lies on it, by which to tell it from others of the same name. */
    readonly roll: string | null
    readonly lastUsed: string
    /** Until when this answer holds. */
    readonly permitUntil: string
    /** Cards of the same label that must be kept. */
    readonly namesakesToKeep: number
  } | null
  /** When none is free: the card that needs least. */
  readonly nearest: CardStatus | null
  readonly others: OtherCards
}

export async function nextCard(program: Program): Promise<NextCardAnswer> {
  const nowMs = program.clock.nowMs()
  const next = judgeNext(await judgeCards(program, nowMs), nowMs)
  const { others } = next
  const answer = { type: 'result', schema: 'fivefold.card-next/1', sentence: say(program, next), others } as const
  if (next.kind === 'none')
    return { ...answer, card: null, nearest: next.nearest === null ? null : statusOf(next.nearest.card) }
  const { card, permit, namesakesToKeep } = next
  return {
    ...answer,
    card: {
      id: card.cardId,
      label: card.label,
      roll: card.lastRoll?.name ?? null,
      lastUsed: new Date(card.lastUsedAtMs).toISOString(),
      permitUntil: new Date(permit.validUntilMs).toISOString(),
      namesakesToKeep,
    },
    nearest: null,
  }
}

function say(program: Program, next: NextCard<JudgedCard>): string {
  if (next.kind === 'take') {
    const day = program.localTime(next.card.lastUsedAtMs).slice(0, 10)
    const { label, brokenPictures } = next.card
    const broken =
      brokenPictures === 0
        ? ''
        : ` But ${brokenPictures === 1 ? '1 picture' : `${brokenPictures} pictures`} on it looked broken: see “fivefold card show ${typed(label)}” first.`
    return `Take card “${label}”: it is free, and was not used since ${day}.${broken}`
  }
  if (next.nearest !== null) return `No card is free. Card “${next.nearest.card.label}” needs least:`
  const { suspect, neverRead } = next.others
  if (suspect + neverRead === 0) return 'No card was seen yet: put one in, and run “fivefold ingest” with its folder.'
  return 'No card is free, and none will be soon: use a new one.'
}
