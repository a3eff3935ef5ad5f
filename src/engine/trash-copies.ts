/**
 * Takes copies out of their job folders into the trash of their place, and empties that trash (D1). The permits were looked at by
 * the one who decides; here each copy is read once more, past the cache, for what is not the original that was to go must stay.
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done, endsThePlace, failed } from '../domain/failure.ts'
import type {
  Blocks,
  Cancel,
  PermittedEmptyTrashOrder,
  PermittedTrashOrder,
  StartHash,
  TrashReport,
  Watch,
  WritablePlace,
} from './contracts.ts'
import { hashReading } from './hash-reading.ts'
import { assertTrashPath } from './own-folders.ts'

export interface TrashTools {
  readonly place: WritablePlace
  readonly blocks: Blocks
  readonly startHash: StartHash
  readonly watch: Watch
  /** Wall clock; it can only end a permit here, never give one (D3). */
  nowMs(): number
}

/** Fails only when the place was lost; what became of each copy stands in its report. */
export async function trashCopies(
  orders: readonly PermittedTrashOrder[],
  tools: TrashTools,
  report: (report: TrashReport) => void,
  cancel: Cancel,
): Promise<Result<'finished' | 'cancelled'>> {
  for (const order of orders) assertTrashPath(order.trashPath)
  await tools.place.forgetCached()
  for (const order of orders) {
    if (cancel.aborted) return done('cancelled')
    const here = await tools.place.confirm()
    if (!here.ok) return here
    const one = await trashOne(order, tools)
    if (one.kind === 'kept' && endsThePlace.has(one.failure.code)) return failed(one.failure)
    report(one)
  }
  return done('finished')
}

async function trashOne(order: PermittedTrashOrder, tools: TrashTools): Promise<TrashReport> {
  const { place } = tools
  const { number, path, trashPath } = order
  const kept = (failure: Failure): TrashReport => ({ kind: 'kept', number, failure })
  const presence = await place.check(path)
  if (presence.kind === 'unknown') return kept(notAsked(place, path, presence.because))
  if (presence.kind === 'present') {
    const same = await isStillThat(order, tools)
    if (!same.ok) return kept(same.failure)
  }
  // Reading a long film takes its time, so this is asked last.
  if (tools.nowMs() > order.validUntilMs) return kept(tooLate(place, path))
  // Also for what is not there any more: a run that was interrupted may have moved it and not flushed the folders yet.
  const moved = await place.setAside(path, trashPath)
  if (!moved.ok) return kept(moved.failure)
  if (moved.value === 'set-aside') return { kind: 'in-trash', number, deviceId: place.deviceId }
  const inTrash = await place.check(trashPath)
  if (inTrash.kind === 'unknown') return kept(notAsked(place, trashPath, inTrash.because))
  const isThere = inTrash.kind === 'present' && inTrash.bytes === order.bytes
  return { kind: isThere ? 'in-trash' : 'absent', number, deviceId: place.deviceId }
}

async function isStillThat(order: PermittedTrashOrder, tools: TrashTools): Promise<Result<void>> {
  const { place, watch } = tools
  const opened = await place.open(order.path, 'past-cache')
  if (!opened.ok) return opened
  const reading = opened.value
  try {
    if (reading.bytes !== order.bytes) return failed(isAnother(place, order.path))
    const moved = (bytes: number): void => watch.moved({ proven: bytes, path: order.path })
    const hashed = await hashReading(reading, reading.bytes, tools.blocks, tools.startHash, moved)
    if (!hashed.ok) return hashed
    const { hash, bytesRead } = hashed.value
    return hash === order.expected && bytesRead === order.bytes ? done(undefined) : failed(isAnother(place, order.path))
  } finally {
    await reading.close()
  }
}

/** Deletes from the trash. Fails only when the place was lost. */
export async function emptyTrash(
  orders: readonly PermittedEmptyTrashOrder[],
  tools: Pick<TrashTools, 'place' | 'nowMs'>,
  report: (report: TrashReport) => void,
  cancel: Cancel,
): Promise<Result<'finished' | 'cancelled'>> {
  const { place } = tools
  for (const { trashPath } of orders) assertTrashPath(trashPath)
  for (const { number, trashPath, validUntilMs } of orders) {
    if (cancel.aborted) return done('cancelled')
    const here = await place.confirm()
    if (!here.ok) return here
    if (tools.nowMs() > validUntilMs) {
      report({ kind: 'kept', number, failure: tooLate(place, trashPath) })
      continue
    }
    const removed = await place.removeFromTrash(trashPath)
    if (!removed.ok && endsThePlace.has(removed.failure.code)) return removed
    if (!removed.ok) report({ kind: 'kept', number, failure: removed.failure })
    else if (removed.value === 'removed') report({ kind: 'removed', number })
    else report({ kind: 'absent', number, deviceId: place.deviceId })
  }
  return done('finished')
}

const isAnother = (place: WritablePlace, path: string): Failure => ({
  code: 'copy-differs',
  sentence: `${path} at “${place.name}” is not the original that was to go, so it stays.`,
  advice: 'Run “fivefold verify” to see which copies are good, then “fivefold repair”.',
  path,
  place: place.name,
})

const tooLate = (place: WritablePlace, path: string): Failure => ({
  code: 'clock-doubtful',
  sentence: `It is too long ago that the other copies of ${path} were asked, so it stays at “${place.name}”.`,
  advice: 'Run “fivefold prune --apply” again: the other copies are asked anew.',
  path,
  place: place.name,
})

const notAsked = (place: WritablePlace, path: string, because: string): Failure => ({
  code: 'place-unknown',
  sentence: because,
  advice: 'Look whether it is connected, then run the same command again.',
  path,
  place: place.name,
})
