/** What is wrong with a file that was to be copied or carried on, told of the source that it came from. */
import type { Failure } from '../domain/failure.ts'
import type { CardSource, CopyOrder } from './contracts.ts'

export function changedWhileRead(order: Pick<CopyOrder, 'path'>, source: CardSource): Failure {
  if (source.kind === 'card')
    return {
      code: 'card-changed',
      sentence: `${order.path} changed while it was read.`,
      advice: 'Make sure that nothing else writes to the card, then run the same command again.',
      path: order.path,
    }
  return {
    code: 'copy-differs',
    sentence: `${order.path} at “${source.name}” changed while it was read: it was not carried on.`,
    advice: 'Close the program that writes to it, then run the same command again.',
    path: order.path,
    place: source.name,
  }
}

/** A copy of another size is not the original, and need not be read to know it. */
export const otherSize = (order: Pick<CopyOrder, 'path' | 'expected'>, source: CardSource): Failure =>
  order.expected === null || source.kind === 'card'
    ? changedWhileRead(order, source)
    : differsFromOriginal(order, source)

export function differsFromOriginal(order: Pick<CopyOrder, 'path'>, source: CardSource): Failure {
  if (source.kind === 'card')
    return {
      code: 'card-reads-differ',
      sentence: `${order.path} was read twice from the card, and the two reads differ.`,
      advice:
        'Keep this card as it is and try another reader: the card, the reader or its cable hands out wrong bytes.',
      path: order.path,
    }
  return {
    code: 'copy-differs',
    sentence: `${order.path} at “${source.name}” is not what was read from the card: it was not carried on.`,
    advice: 'Run “fivefold verify” to see which copies are good, then “fivefold repair”.',
    path: order.path,
    place: source.name,
  }
}
