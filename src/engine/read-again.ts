/**
 * V4: reads every file of the card once more, past the cache, because a reader or driver can hand out wrong bytes without
 * an error, and then the first hash and all copies agree with each other and are all wrong.
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Blocks, Cancel, CardSource, ReadOrder, ReadReport, StartHash, Watch } from './contracts.ts'
import { hashReading } from './hash-reading.ts'

export interface ReadAgainTools {
  readonly card: CardSource
  readonly blocks: Blocks
  readonly startHash: StartHash
  readonly watch: Watch
}

const filesAtOnce = 2

/** Fails only when the card was lost; what each file gave stands in its report. The comparison is the caller's. */
export async function readAgain(
  orders: readonly ReadOrder[],
  tools: ReadAgainTools,
  report: (report: ReadReport) => void,
  cancel: Cancel,
): Promise<Result<'finished' | 'cancelled'>> {
  const isForgotten = await tools.card.forgetCached()
  let next = 0
  let lost: Failure | null = null
  const lane = async (): Promise<void> => {
    while (!cancel.aborted && lost === null) {
      const order = orders[next]
      if (order === undefined) return
      next += 1
      const one = await readOnce(order, tools)
      if (one.kind === 'unread' && (one.failure.code === 'card-gone' || one.failure.code === 'card-hung'))
        lost = one.failure
      // Where a cache below could not be emptied, this may be the first read once more (V1).
      report(one.kind === 'read' && !isForgotten ? { ...one, strength: 'cached' } : one)
    }
  }
  await Promise.all(Array.from({ length: filesAtOnce }, lane))
  if (lost !== null) return failed(lost)
  return done(cancel.aborted ? 'cancelled' : 'finished')
}

async function readOnce(order: ReadOrder, tools: ReadAgainTools): Promise<ReadReport> {
  const opened = await tools.card.open(order.path, 'past-cache', order.bytes)
  if (!opened.ok) return { kind: 'unread', number: order.number, failure: opened.failure }
  const reading = opened.value
  try {
    if (reading.bytes !== order.bytes || reading.mtimeMs !== order.mtimeMs)
      return { kind: 'unread', number: order.number, failure: changed(order) }
    const moved = (bytes: number): void => tools.watch.moved({ read: bytes, path: order.path })
    const hashed = await hashReading(reading, reading.bytes, tools.blocks, tools.startHash, moved)
    if (!hashed.ok) return { kind: 'unread', number: order.number, failure: hashed.failure }
    const after = await reading.stat()
    if (!after.ok) return { kind: 'unread', number: order.number, failure: after.failure }
    if (hashed.value.bytesRead !== order.bytes || after.value.mtimeMs !== order.mtimeMs)
      return { kind: 'unread', number: order.number, failure: changed(order) }
    return { kind: 'read', number: order.number, strength: reading.strength, ...hashed.value }
  } finally {
    await reading.close()
  }
}

/** A file of another size, or one that ended early, says nothing of how well the first read went. */
const changed = (order: ReadOrder): Failure => ({
  code: 'card-changed',
  sentence: `${order.path} changed after it was copied.`,
  advice: 'Make sure that nothing else writes to the card, then run the same command again.',
  path: order.path,
})
