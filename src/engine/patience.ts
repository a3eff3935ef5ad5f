/**
 * How often, and how long, a service is asked again: exponential back-off with jitter, and `Retry-After` before anything else. A wait
 * that would keep everything standing is not waited: it is answered, with when to come back.
 */
import type { Failure, FailureCode, Result } from '../domain/failure.ts'
import { failed } from '../domain/failure.ts'
import type { Cancel, Clock } from './contracts.ts'

export interface Patience {
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  /** From 0 up to 1. */
  random(): number
  readonly limits: PatienceLimits
}

export interface PatienceLimits {
  readonly triesMax: number
  readonly firstWaitMs: number
  readonly waitMaxMs: number
  /** A longer wait that the service asks for is not waited here. */
  readonly retryAfterMaxMs: number
}

/** Six tries within about a minute: a router that restarts is outlasted, a day without network is not. */
export const patienceLimits: PatienceLimits = {
  triesMax: 6,
  firstWaitMs: 1000,
  waitMaxMs: 32_000,
  retryAfterMaxMs: 10 * 60 * 1000,
}

const worthAnotherTry: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'service-unreachable',
  'service-busy',
  'service-error',
])

/** Counts the tries of one thing, and waits between them. */
export class Tries {
  #count = 0
  readonly #patience: Patience
  readonly #cancel: Cancel | null

  constructor(patience: Patience, cancel: Cancel | null) {
    this.#patience = patience
    this.#cancel = cancel
  }

  /** It went on: what failed before is forgotten. */
  succeeded(): void {
    this.#count = 0
  }

  /** Waits, and answers true when it is worth another try. */
  async mayTryAgain(failure: Failure): Promise<boolean> {
    const { limits, clock } = this.#patience
    this.#count += 1
    if (!worthAnotherTry.has(failure.code) || this.#count >= limits.triesMax || this.#cancel?.aborted === true)
      return false
    const wait = this.#waitMs(failure)
    if (wait === null) return false
    await clock.sleep(wait, this.#cancel ?? undefined)
    return this.#cancel === null || !this.#cancel.aborted
  }

  #waitMs({ retryAfterMs }: Failure): number | null {
    const { firstWaitMs, waitMaxMs, retryAfterMaxMs } = this.#patience.limits
    const jitter = 0.5 + this.#patience.random()
    const own = Math.min(waitMaxMs, firstWaitMs * 2 ** (this.#count - 1)) * jitter
    if (retryAfterMs === undefined) return own
    // A little later than asked for: many clients that come back at the very moment are turned away together.
    return retryAfterMs > retryAfterMaxMs ? null : retryAfterMs + Math.min(own, 1000)
  }
}

/** `act` is told whether it is tried once more: what it did may have arrived the time before, and only the answer been lost. */
export async function withPatience<Value>(
  patience: Patience,
  cancel: Cancel | null,
  act: (isAgain: boolean) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const tries = new Tries(patience, cancel)
  for (let isAgain = false; ; isAgain = true) {
    const answer = await act(isAgain)
    if (answer.ok || !(await tries.mayTryAgain(answer.failure))) return answer
  }
}

/** The failure as it is; when a person said stop, that. */
export const orStopped = <Value>(answer: Result<Value>, cancel: Cancel): Result<Value> =>
  answer.ok || !cancel.aborted
    ? answer
    : failed({ ...answer.failure, code: 'stopped-by-person', sentence: 'It was stopped.' })
