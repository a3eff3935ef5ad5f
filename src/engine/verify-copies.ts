/** Reads recorded copies back from their place and compares them with the hash of the first read (V1, V5). */
import type { Presence } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Blocks, Cancel, ProveOrder, ProveReport, StartHash, Watch, WritablePlace } from './contracts.ts'
import { hashReading } from './hash-reading.ts'

export interface VerifyTools {
  readonly place: WritablePlace
  readonly blocks: Blocks
  readonly startHash: StartHash
  readonly watch: Watch
}

export async function verifyCopies(
  orders: readonly ProveOrder[],
  tools: VerifyTools,
  report: (report: ProveReport) => void,
  cancel: Cancel,
): Promise<Result<'finished' | 'cancelled'>> {
  const isForgotten = await tools.place.forgetCached()
  for (const order of orders) {
    if (cancel.aborted) return done('cancelled')
    const here = await tools.place.confirm()
    if (!here.ok) return here
    const one = await verifyOne(order, tools)
    report(one.kind === 'checked' && one.finding !== 'absent' && !isForgotten ? { ...one, strength: 'cached' } : one)
  }
  return done('finished')
}

async function verifyOne(order: ProveOrder, tools: VerifyTools): Promise<ProveReport> {
  const { place, watch } = tools
  const { number } = order
  const presence = await place.check(order.path)
  const opened = presence.kind === 'present' ? await place.open(order.path, 'past-cache') : null
  if (presence.kind === 'absent')
    return {
      kind: 'checked',
      number,
      finding: 'absent',
      strength: 'medium',
      deviceId: place.deviceId,
      bytesRead: 0,
      found: null,
    }
  if (opened === null) return { kind: 'unknown', number, failure: notAsked(place, order, presence) }
  if (!opened.ok) return { kind: 'unknown', number, failure: opened.failure }
  const reading = opened.value
  try {
    const moved = (bytes: number): void => watch.moved({ proven: bytes, path: order.path })
    const hashed = await hashReading(reading, reading.bytes, tools.blocks, tools.startHash, moved)
    if (!hashed.ok) return { kind: 'unknown', number, failure: hashed.failure }
    const { hash, bytesRead } = hashed.value
    const agreed = hash === order.expected && bytesRead === reading.bytes
    const { strength, bytes, mtimeMs } = reading
    const checked = { kind: 'checked', number, strength, deviceId: place.deviceId, bytesRead } as const
    if (agreed) return { ...checked, finding: 'agreed', found: null }
    const after = await reading.stat()
    if (!after.ok) return { kind: 'unknown', number, failure: after.failure }
    if (after.value.bytes !== bytes || after.value.mtimeMs !== mtimeMs)
      return { kind: 'unknown', number, failure: changed(place, order) }
    return { ...checked, finding: 'differed', found: { hash, bytes: bytesRead, mtimeMs } }
  } finally {
    await reading.close()
  }
}

/** Somebody is writing it at this moment: what it is, is not known yet. */
const changed = (place: WritablePlace, order: ProveOrder): Failure => ({
  code: 'copy-differs',
  sentence: `${order.path} at “${place.name}” changed while it was read.`,
  advice: 'Close the program that writes to it, then run the same command again.',
  place: place.name,
  path: order.path,
})

const notAsked = (place: WritablePlace, order: ProveOrder, presence: Presence): Failure => ({
  code: 'place-unknown',
  sentence: presence.kind === 'unknown' ? presence.because : `“${place.name}” could not be asked.`,
  advice: 'Look whether it is connected, then run the same command again.',
  place: place.name,
  path: order.path,
})
