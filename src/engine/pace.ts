import type { Cancel, Clock } from './contracts.ts'

/** Keeps what is sent below a limit of the line, on average: each piece waits for the time that the pieces before it were worth. */
export function makePace(
  bytesPerSecond: number | undefined,
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
): (bytes: number, cancel: Cancel) => Promise<void> {
  if (bytesPerSecond === undefined) return () => Promise.resolve()
  let freeAtMs = clock.monotonicMs()
  return async (bytes, cancel) => {
    const nowMs = clock.monotonicMs()
    const begin = Math.max(nowMs, freeAtMs)
    freeAtMs = begin + (bytes / bytesPerSecond) * 1000
    if (begin > nowMs) await clock.sleep(begin - nowMs, cancel)
  }
}
