import { performance } from 'node:perf_hooks'
import type { Cancel, Clock } from '../engine/contracts.ts'

/** Longer waits overflow the 32-bit timer of the runtime and would end at once. */
const timerMsMax = 2 ** 31 - 1

/**
 * Waits `ms` milliseconds, or until `cancel` says stop, whichever comes first. Being stopped is no error: the promise
 * resolves, and the caller looks at `cancel.aborted`, as it has to anyway.
 */
function sleep(ms: number, cancel?: Cancel): Promise<void> {
  return new Promise((resolve) => {
    if (cancel?.aborted === true) {
      resolve()
      return
    }
    const end = (): void => {
      clearTimeout(timer)
      cancel?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.min(Math.max(ms, 0), timerMsMax))
    cancel?.addEventListener('abort', end, { once: true })
  })
}

/** This computer's clock. Monotonic time does not run while the computer sleeps on every system; wall time does. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep,
}

/** `YYYY-MM-DDTHH:MM:SS` of this moment in the computer’s own zone. */
export function localTime(atMs: number): string {
  const shifted = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19)
}
