/**
 * What a person writes into the settings (`30d`, `delivered + 90d`, `12 months`, `1h per night`), read into numbers.
 * Every reader takes the text and gives the value, or what it expected, in words that fit behind "must be".
 */
import type { CalendarSpan, KeepRule, Sample, TimeBudget } from '../../domain/policy.ts'
import { dayMs } from '../../domain/policy.ts'

export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly expected: string }

const read = <Value>(value: Value): Reading<Value> => ({ ok: true, value })
const expect = (expected: string): { readonly ok: false; readonly expected: string } => ({ ok: false, expected })

/** Minutes after midnight, in the computer's own zone; the end is on the next day when it comes before the beginning. */
export type DailyHours = 'any' | { readonly fromMinute: number; readonly toMinute: number }
export type SpeedLimit = 'none' | { readonly bitsPerSecond: number }

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const yearsMax = 100
const lengthMsMax = yearsMax * 365 * dayMs

/** A lone `m` is missing on purpose: it could mean minutes or months, and the two are far apart. */
const lengthUnits: Readonly<Record<string, number>> = {
  min: minuteMs,
  minute: minuteMs,
  minutes: minuteMs,
  h: hourMs,
  hour: hourMs,
  hours: hourMs,
  d: dayMs,
  day: dayMs,
  days: dayMs,
  w: 7 * dayMs,
  week: 7 * dayMs,
  weeks: 7 * dayMs,
}

export const lengthWords = 'a length of time such as 30d, 2w, 12h or 90min'

/** `30d`, `30 days`, `2w`, `12h`, `90min`: gives milliseconds, more than none and at most a hundred years. */
export function readLength(text: string): Reading<number> {
  const [, count = '', unit = ''] = /^(\d{1,9}) *([a-z]+)$/i.exec(text.trim()) ?? []
  const word = unit.toLowerCase()
  if (word === 'm') return expect(`${lengthWords}; a lone m could be minutes or months`)
  if (/^(mo|months?|y|years?)$/.test(word)) return expect(`${lengthWords}; months and years differ in length`)
  const unitMs = Object.hasOwn(lengthUnits, word) ? lengthUnits[word] : undefined
  if (unitMs === undefined) return expect(lengthWords)
  const lengthMs = Number(count) * unitMs
  if (lengthMs === 0) return expect(`${lengthWords}, and longer than nothing`)
  return lengthMs > lengthMsMax ? expect(`${lengthWords}, and at most ${yearsMax} years`) : read(lengthMs)
}

/** The shortest text that `readLength` reads back as the same length; for defaults. Takes whole minutes, in milliseconds. */
export function lengthText(lengthMs: number): string {
  if (!Number.isInteger(lengthMs / minuteMs)) throw new Error(`Not whole minutes: ${lengthMs} ms`)
  if (lengthMs % dayMs === 0) return `${lengthMs / dayMs}d`
  return lengthMs % hourMs === 0 ? `${lengthMs / hourMs}h` : `${lengthMs / minuteMs}min`
}

export const calendarSpanWords = 'a stretch of the calendar such as 12 months, 1 year, 8w or 90d'

/** `12 months`, `1 year`, `8w`, `90d`. */
export function readCalendarSpan(text: string): Reading<CalendarSpan> {
  const [, digits = '', unit = ''] = /^(\d{1,4}) *(d|days?|w|weeks?|months?|years?)$/i.exec(text.trim()) ?? []
  const count = Number(digits)
  if (count === 0) return expect(calendarSpanWords)
  const letter = unit.charAt(0).toLowerCase()
  if (letter === 'd') return read({ count, unit: 'days' })
  if (letter === 'w') return read({ count: count * 7, unit: 'days' })
  return read({ count: letter === 'y' ? count * 12 : count, unit: 'months' })
}

export const keepRuleWords = 'forever, or a time after delivery such as delivered + 90d'

/** `forever` or `delivered + 90d`. */
export function readKeepRule(text: string): Reading<KeepRule> {
  if (text.trim() === 'forever') return read('forever')
  const [, length] = /^delivered *\+(.*)$/.exec(text.trim()) ?? []
  if (length === undefined) return expect(keepRuleWords)
  const lengthMs = readLength(length)
  if (!lengthMs.ok) return expect(`${keepRuleWords}, where what follows the plus is ${lengthMs.expected}`)
  return read({ after: 'delivered', lengthMs: lengthMs.value })
}

export const timeBudgetWords = 'none, or a time such as 1h per night or 90min per day'

/** `none`, `1h per night`, `90min per day`; at most a day each day. */
export function readTimeBudget(text: string): Reading<TimeBudget> {
  if (text.trim() === 'none') return read('none')
  const [, length = '', per = ''] = /^(.*\S) +per +(night|day)$/.exec(text.trim()) ?? []
  const lengthMs = readLength(length)
  if (!lengthMs.ok) return expect(timeBudgetWords)
  if (lengthMs.value > dayMs) return expect(`${timeBudgetWords}, and at most 24h`)
  return read({ lengthMs: lengthMs.value, per: per === 'night' ? 'night' : 'day' })
}

export const sampleWords = 'a number of files such as 20 files, or a share such as 5%'

/** `20 files` or `5%`. */
export function readSample(text: string): Reading<Sample> {
  const [, digits = '', unit = ''] = /^(\d{1,6}) *(%|files?)$/.exec(text.trim()) ?? []
  const count = Number(digits)
  if (count === 0) return expect(sampleWords)
  if (unit !== '%') return read({ files: count })
  return count > 100 ? expect(`${sampleWords}, and at most 100%`) : read({ percent: count })
}

export const dailyHoursWords = 'any, nights (22:00 to 06:00), or hours such as 19:30-07:00'

/** `any`, `nights`, or `HH:MM-HH:MM`. */
export function readDailyHours(text: string): Reading<DailyHours> {
  const wish = text.trim() === 'nights' ? '22:00-06:00' : text.trim()
  if (wish === 'any') return read('any')
  const times = /^([01]?\d|2[0-3]):([0-5]\d) *- *([01]?\d|2[0-3]):([0-5]\d)$/.exec(wish)
  if (times === null) return expect(dailyHoursWords)
  const [fromHour = 0, fromMinutes = 0, toHour = 0, toMinutes = 0] = times.slice(1).map(Number)
  const hours = { fromMinute: fromHour * 60 + fromMinutes, toMinute: toHour * 60 + toMinutes }
  return hours.fromMinute === hours.toMinute ? expect(`${dailyHoursWords}, with an end of its own`) : read(hours)
}

const speedUnits: Readonly<Record<string, number>> = { kbit: 1e3, mbit: 1e6, gbit: 1e9, kb: 8e3, mb: 8e6 }
export const speedLimitWords = 'none, or a speed such as 20 Mbit/s or 2 MB/s'

/** `none`, `20 Mbit/s`, `2 MB/s` (a megabyte is a million bytes). */
export function readSpeedLimit(text: string): Reading<SpeedLimit> {
  if (text.trim() === 'none') return read('none')
  const [, count = '', unit = ''] = /^(\d{1,6}) *(kbit|Mbit|Gbit|kB|MB)\/s$/i.exec(text.trim()) ?? []
  const bitsPerSecond = Number(count) * (speedUnits[unit.toLowerCase()] ?? 0)
  return bitsPerSecond === 0 ? expect(speedLimitWords) : read({ bitsPerSecond })
}
