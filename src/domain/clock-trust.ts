/**
 * May time be trusted to remove something? (D3). Pure. A clock that jumped makes every copy look old enough to go, so several clocks
 * have to agree: this computer's, the newest moment in the books, and those of the places themselves.
 */
import { wallClockText } from './camera-clock.ts'
import type { Policy } from './policy.ts'
import { dayMs } from './policy.ts'

export interface ClockFacts {
  readonly nowMs: number
  /** The newest moment that was ever written down; null in an empty catalog. */
  readonly newestRecordedMs: number | null
  /** What each place gave as the time of a file that it wrote just now. */
  readonly places: readonly { readonly name: string; readonly atMs: number }[]
  /** A pause in the books that no person has looked at yet: every command that writes notes one when it begins. */
  readonly openGap: { readonly fromMs: number; readonly toMs: number } | null
  /** A person looked at the clock and says that it is right. */
  readonly isConfirmed: boolean
}

export type ClockTrust =
  | { readonly kind: 'trusted' }
  | {
      readonly kind: 'doubtful'
      readonly sentence: string
      /** True when a person's word can settle it. */
      readonly canBeConfirmed: boolean
    }

const longestMs = 7 * dayMs

/** A longer pause than this is a doubt. Never as long as the time of grace: a jump of the clock may not end it. */
export const clockGapMaxMs = (policy: Policy): number => Math.min(longestMs, policy.prune.graceMs / 2)

const backwardsMs = 10 * 60 * 1000
const apartMs = dayMs

export function judgeClock({ nowMs, newestRecordedMs, places, openGap, isConfirmed }: ClockFacts): ClockTrust {
  const today = day(nowMs)
  if (newestRecordedMs !== null && newestRecordedMs - nowMs > backwardsMs)
    return doubtful(
      `This computer’s clock says ${today}, but something was written down on ${day(newestRecordedMs)}: the clock was set back, or it ran ahead before.`,
      false,
    )
  const apart = places.find(({ atMs }) => Math.abs(atMs - nowMs) > apartMs)
  if (apart !== undefined)
    return doubtful(
      `This computer’s clock says ${today}, that of “${apart.name}” says ${day(apart.atMs)}: one of them is wrong.`,
      false,
    )
  if (openGap !== null && !isConfirmed)
    return doubtful(
      `Nothing was written down from ${day(openGap.fromMs)} to ${day(openGap.toMs)}: either Fivefold did not run, or the clock of this computer jumped ahead.`,
      true,
    )
  return { kind: 'trusted' }
}

const doubtful = (sentence: string, canBeConfirmed: boolean): ClockTrust => ({
  kind: 'doubtful',
  sentence,
  canBeConfirmed,
})

const day = (ms: number): string => wallClockText(ms).slice(0, 10)
