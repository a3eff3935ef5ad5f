/**
 * May time be trusted to remove something? (D3). Pure. A clock that jumped makes every copy look old enough to go, so several clocks
 * have to agree: this computer's, the newest moment in the books, and those of the places themselves.
 */
import { wallClockText } from './camera-clock.ts'
import { dayMs } from './policy.ts'

export interface ClockFacts {
  readonly nowMs: number
  /** The newest moment that was ever written down; null in an empty catalog. */
  readonly newestRecordedMs: number | null
  /** What each place gave as the time of a file that it wrote just now. */
  readonly places: readonly { readonly name: string; readonly atMs: number }[]
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

const backwardsMs = 10 * 60 * 1000
const gapMs = 30 * dayMs
const apartMs = dayMs

export function judgeClock({ nowMs, newestRecordedMs, places, isConfirmed }: ClockFacts): ClockTrust {
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
  if (newestRecordedMs !== null && nowMs - newestRecordedMs > gapMs && !isConfirmed)
    return doubtful(
      `This computer’s clock says ${today}, and Fivefold last wrote something down on ${day(newestRecordedMs)}: the clock may have jumped ahead.`,
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
