import { calendarDay, daysInMonth, daysSince1970 } from './calendar.ts'

/**
 * The camera's own clock, as text. A camera writes the time of day where it hangs around the photographer's neck, mostly without
 * a zone, so this is wall-clock time and no instant; it is compared and moved here without any time zone data.
 */
const LOCAL = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?$/

export const MINUTE_MS: number = 60_000
export const HOUR_MS: number = 60 * MINUTE_MS
export const DAY_MS: number = 24 * HOUR_MS

/**
 * Milliseconds of a wall-clock text (`YYYY-MM-DDTHH:MM:SS`, sub-seconds allowed) since 1970-01-01T00:00:00 of the same wall clock.
 * Null when the calendar or the clock has no such moment (30 February, 25:61, the zeros of a camera whose date was never set).
 */
export function wallClockMs(local: string): number | null {
  const [, ...parts] = LOCAL.exec(local) ?? []
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(0, 6).map(Number)
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null
  if (hour > 23 || minute > 59 || second > 59) return null
  const fractionMs = Math.trunc(Number(`0.${parts[6] ?? '0'}`) * 1000)
  return daysSince1970(year, month, day) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * 1000 + fractionMs
}

/** The reverse of `wallClockMs`, to the full second: `YYYY-MM-DDTHH:MM:SS`. */
export function wallClockText(ms: number): string {
  const days = Math.floor(ms / DAY_MS)
  const seconds = Math.floor((ms - days * DAY_MS) / 1000)
  const { year, month, day } = calendarDay(days)
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(twoDigits).join(':')
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}T${clock}`
}

/** Minutes east of Greenwich of `+02:00`, `-0330` or `Z`; null when the text is no offset that a place on earth has. */
export function offsetMinutes(text: string): number | null {
  if (text === 'Z') return 0
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(text) ?? []
  const total = Number(hours) * 60 + Number(minutes)
  if (sign === undefined || Number(minutes) > 59 || total > 14 * 60) return null
  return sign === '-' && total > 0 ? -total : total
}

/** `+02:00` for 120. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`
}

/** Years on whose first morning an action camera of this make starts when its battery was empty. */
const ACTION_CAMERA_FACTORY_YEARS = ['2014', '2015', '2016', '2017']

/**
 * Whether a camera's clock can have been right: not before digital cameras (the epochs 1970 and 1980), not the factory date
 * 2000-01-01, for action cameras (GoPro) not the first hour of their factory years, and not in the future. `nowMs` is the computer's
 * time; a day of tolerance covers every zone on earth. Midnight on 1 January of other years is left alone: people photograph fireworks.
 */
export function isPlausibleCapture(local: string, nowMs: number, isActionCamera: boolean): boolean {
  const ms = wallClockMs(local)
  if (ms === null || local < '1990' || local.startsWith('2000-01-01')) return false
  if (isActionCamera && local.slice(4, 13) === '-01-01T00' && ACTION_CAMERA_FACTORY_YEARS.includes(local.slice(0, 4)))
    return false
  return ms <= nowMs + DAY_MS
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
