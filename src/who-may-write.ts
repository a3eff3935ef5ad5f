/** Who may write when: across processes by the lock of the home, within one that runs for long by turns. */
import type { Failure, Result } from './domain/failure.ts'
import { done, failed } from './domain/failure.ts'
import type { Cancel } from './engine/contracts.ts'
import { acquireByAsking, acquireGivingWay, acquireInTurn } from './machine/make-way.ts'
import type { LockHolder } from './machine/one-writer-lock.ts'
import { acquireLock, isHeld } from './machine/one-writer-lock.ts'
import { localTime } from './machine/power-and-clock.ts'
import type { OpenWish } from './usecases/program.ts'
import type { Access } from './usecases/requests.ts'

export interface Locked {
  /** Aborted when somebody else wants to write. */
  readonly wanted: Cancel
  readonly release: () => void
}

export type Passing =
  | { readonly ok: true; readonly release: () => void }
  | { readonly ok: false; readonly heldBy: LockHolder }

export interface Writers {
  /** For a request that writes. */
  forWrite(home: string, what: string, access: Exclude<Access, 'look'>, wish: OpenWish): Promise<Result<Locked>>
  /** For a look that finds something to take over first; it does without when somebody writes. */
  inPassing(home: string, what: string): Promise<Passing>
  /** Asked by a look: runs without an end are not interrupted as long as somebody writes. */
  isAtWork(home: string): Promise<boolean>
}

const never: Cancel = new AbortController().signal

/** Who only looks takes no lock. */
export const lookingOnly: Locked = { wanted: never, release: () => undefined }

export const byLock: Writers = {
  forWrite: async (home, what, access, wish) => {
    const tell = (sentence: string): void => wish.tell?.(sentence)
    if (access !== 'give-way') {
      const lock = await acquireByAsking(home, what, (holder) => tell(asked(holder)))
      return lock.ok ? done({ wanted: never, release: lock.release }) : failed(homeBusy(lock.heldBy, true))
    }
    if (wish.inTurn === undefined) {
      const lock = await acquireGivingWay(home, what)
      return lock.ok ? done(lock) : failed(homeBusy(lock.heldBy))
    }
    const lock = await acquireInTurn(home, what, wish.inTurn, (holder) => tell(homeBusy(holder).sentence))
    return lock === null ? failed(stopped) : done(lock)
  },
  inPassing: (home, what) => acquireLock(home, what),
  isAtWork: isHeld,
}

const asked = ({ what }: LockHolder): string =>
  `The ${what} that is at work is asked to make way; it goes on afterwards.`

const stopped: Failure = {
  code: 'stopped-by-person',
  sentence: 'It was stopped.',
  advice: 'Run the same command again to go on.',
}

export const homeBusy = ({ pid, what, sinceMs, givesWay }: LockHolder, wasAsked = false): Failure => ({
  code: 'home-busy',
  sentence: `Another Fivefold is at work here: ${what}${sinceMs === null ? '' : `, since ${localTime(sinceMs).slice(11, 16)}`}${pid === null ? '' : ` (process ${pid})`}.`,
  advice:
    wasAsked && givesWay === true
      ? 'It was asked to make way and does not answer: perhaps it was stopped with Ctrl-Z. Let it go on, or end it, then run the same command again.'
      : 'Wait until it is done, or stop it, then run the same command again. “fivefold status” can be asked meanwhile.',
})
