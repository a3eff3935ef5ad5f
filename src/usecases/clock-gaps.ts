/**
 * A clock that jumped ahead looks like a long pause, and a long pause like a clock that jumped (D3). Every command that writes notes
 * a pause before it does anything; as long as no person has looked at the clock, nothing is removed.
 */
import { clockGapMaxMs } from '../domain/clock-trust.ts'
import type { Program } from './program.ts'

const gapKind = 'clock gap'
const confirmedKind = 'clock confirmed'
/** So many of the last runs are looked through. */
const runsMax = 20_000

export interface ClockGap {
  readonly fromMs: number
  readonly toMs: number
}

export async function noteClockGap({ catalog, clock, settings }: Program): Promise<void> {
  const fromMs = await catalog.newestMomentMs()
  const toMs = clock.nowMs()
  if (fromMs === null || toMs - fromMs <= clockGapMaxMs(settings.policy)) return
  // Right after what came before the pause: were the clock wrong, its date would stand in the books long after it was set right.
  const atMs = fromMs + 1
  const runId = await catalog.beginRun(gapKind, { fromMs, toMs }, atMs)
  await catalog.endRun(runId, 'done', atMs)
}

/** The newest pause that no person has looked at yet. */
export async function openClockGap({ catalog }: Program): Promise<ClockGap | null> {
  const newest = (await catalog.runs(runsMax)).find(({ kind }) => kind === gapKind || kind === confirmedKind)
  if (newest === undefined || newest.kind === confirmedKind) return null
  const given = newest.arguments
  const moment = (name: string): number => {
    const ms: unknown = typeof given === 'object' && given !== null ? Reflect.get(given, name) : null
    return typeof ms === 'number' ? ms : newest.startedAtMs
  }
  return { fromMs: moment('fromMs'), toMs: moment('toMs') }
}

export async function confirmClock({ catalog, clock }: Program): Promise<void> {
  const atMs = clock.nowMs()
  const runId = await catalog.beginRun(confirmedKind, {}, atMs)
  await catalog.endRun(runId, 'done', atMs)
}
