/** How cards are shown: the verdicts, one card with its rolls, and which card to take next. */
import type { OtherCards } from '../../domain/card-rotation.ts'
import { typed } from '../../domain/due-words.ts'
import type { CardStatus } from '../../usecases/judge-cards.ts'
import type { CardSaid } from '../../usecases/keep-card.ts'
import type { CardLine, CardView, RollView } from '../../usecases/look-up.ts'
import type { NextCardAnswer } from '../../usecases/next-card.ts'
import { bytesText, filesText, makePaint, minuteText, shown } from './terminal.ts'
import type { Terminal } from './terminal.ts'

export function printVerdicts(terminal: Terminal, cards: readonly CardStatus[]): void {
  const paint = makePaint(terminal.colour)
  for (const card of cards) {
    const verdict = card.verdict === 'keep' ? paint('yellow', 'keep') : paint('green', 'may be formatted')
    terminal.out(`Card “${shown(card.label)}”: ${verdict}${brokenText(card)}`)
    for (const { sentence } of card.because) terminal.out(`  ${shown(sentence)}`)
  }
}

/** The copies are what the card holds; whether that is a picture is seen while the card still has it. */
const brokenText = ({ label, verdict, brokenPictures }: CardStatus): string => {
  const pictures = brokenPictures === 1 ? '1 picture' : `${brokenPictures} pictures`
  return verdict === 'keep' || brokenPictures === 0
    ? ''
    : `, but ${pictures} on it looked broken: fivefold card show ${shown(typed(label))}`
}

export function printCards(terminal: Terminal, cards: readonly CardLine[]): void {
  const paint = makePaint(terminal.colour)
  if (cards.length === 0) terminal.out('No card was seen yet.')
  for (const card of cards) {
    for (const sentence of card.alarms) terminal.out(paint('red', `✗ ${shown(sentence)}`))
    printVerdicts(terminal, [card])
    const roll = card.lastRoll === null ? '' : ` · roll ${shown(card.lastRoll)}`
    terminal.out(
      `  ${card.id} · ${card.maker ?? 'unknown maker'}${roll} · last seen ${minuteText(card.lastSeen)} at ${shown(card.lastSeenAt)}`,
    )
    if (card.suspect !== null) terminal.out(`  ${shown(card.suspect)}`)
    if (card.retiredAt !== null) terminal.out(`  retired ${minuteText(card.retiredAt)}`)
  }
}

export function printCardViews(terminal: Terminal, cards: readonly CardView[]): void {
  for (const card of cards) {
    printCards(terminal, [card])
    const told = card.events.filter(({ sentence }) => !card.alarms.includes(sentence))
    for (const { at, sentence } of told) terminal.out(`  ${minuteText(at)}: ${shown(sentence)}`)
    if (card.alarms.length > 0) terminal.out(`  When you have seen it: fivefold card seen ${card.id}`)
    printRolls(terminal, card.rolls)
  }
}

const secondReadWords: Readonly<Record<string, string>> = {
  agreed: 'read twice, and both reads agree',
  differed: 'read twice, and the reads DIFFER',
  'not-done': 'not read a second time yet',
}

export function printRolls(terminal: Terminal, rolls: readonly RollView[]): void {
  for (const roll of rolls) {
    terminal.out('')
    terminal.out(
      `Roll ${shown(roll.name)}: ${filesText(roll.files)}, ${bytesText(roll.bytes)}, begun ${minuteText(roll.startedAt)}`,
    )
    const parts = [
      secondReadWords[roll.secondRead] ?? roll.secondRead,
      ...(roll.notRead > 0 ? [`${filesText(roll.notRead)} never read whole`] : []),
      ...(roll.leftOut > 0 ? [`${roll.leftOut} left out on purpose`] : []),
    ]
    terminal.out(`  ${parts.join('; ')}`)
    for (const { sentence } of roll.warnings) terminal.out(`  ! ${shown(sentence)}`)
  }
}

export function printNextCard(terminal: Terminal, next: NextCardAnswer): void {
  const paint = makePaint(terminal.colour)
  const { card, nearest } = next
  terminal.out(paint(card === null ? 'yellow' : 'green', paint('bold', shown(next.sentence))))
  if (card !== null) {
    const roll = card.roll === null ? '' : `It still holds the roll ${shown(card.roll)}. `
    terminal.out(
      `  ${roll}This holds until ${minuteText(card.permitUntil).slice(-5)}; then ask again. The camera formats it, not Fivefold.`,
    )
    if (card.namesakesToKeep > 0)
      terminal.out(
        paint(
          'yellow',
          `  ${card.namesakesToKeep === 1 ? 'Another card' : `${card.namesakesToKeep} other cards`} of this name must be kept: look at the pictures on it before you format it.`,
        ),
      )
  }
  if (nearest !== null) for (const { sentence } of nearest.because) terminal.out(`  ${shown(sentence)}`)
  const others = othersText(next.others)
  if (others !== '') terminal.out(paint('dim', `  The others: ${others}.`))
}

function othersText({ free, owed, suspect, retired, neverRead }: OtherCards): string {
  const parts: readonly (readonly [number, string])[] = [
    [free, 'free as well'],
    [owed, 'still owed'],
    [suspect, 'suspect'],
    [retired, 'retired'],
    [neverRead, 'never read'],
  ]
  return parts
    .filter(([cards]) => cards > 0)
    .map(([cards, what]) => `${cards} ${what}`)
    .join(', ')
}

/** What was refused is said as a failure is: two lines on the standard error, the reasons before them. */
export function printCardSaid(terminal: Terminal, said: CardSaid): void {
  const paint = makePaint(terminal.colour)
  for (const { sentence } of said.because) terminal.out(`  ${shown(sentence)}`)
  if (said.outcome === 'refused') {
    terminal.err(paint('red', shown(said.sentence)))
    terminal.err(shown(said.advice ?? ''))
    return
  }
  terminal.out(shown(said.sentence))
  if (said.advice !== null) terminal.out(shown(said.advice))
}
