/** When uploads may run, and how much of the line they may take. */

/** Minutes after midnight in the computer's own zone; past midnight when `to` is before `from`. */
export type UploadHours = 'any' | { readonly fromMinute: number; readonly toMinute: number }

export interface UploadWindow {
  readonly hours: UploadHours
  /** Null: no limit. */
  readonly bytesPerSecond: number | null
}

const minutesADay = 24 * 60

/** Minutes until uploads may run; 0 when they may now. `localTime` is `YYYY-MM-DDTHH:MM:SS`. */
export function minutesUntilOpen(hours: UploadHours, localTime: string): number {
  if (hours === 'any') return 0
  const now = minuteOf(localTime)
  const { fromMinute, toMinute } = hours
  const isOpen = fromMinute < toMinute ? now >= fromMinute && now < toMinute : now >= fromMinute || now < toMinute
  return isOpen ? 0 : (fromMinute - now + minutesADay) % minutesADay
}

/** Minutes until they have to end; null when they never do. Only asked while they may run. */
export function minutesUntilClosed(hours: UploadHours, localTime: string): number | null {
  if (hours === 'any') return null
  return (hours.toMinute - minuteOf(localTime) + minutesADay) % minutesADay
}

/** `22:00`, for a sentence. */
export const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

const minuteOf = (localTime: string): number => Number(localTime.slice(11, 13)) * 60 + Number(localTime.slice(14, 16))
