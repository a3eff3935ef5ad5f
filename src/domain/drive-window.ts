/** Which jobs belong on the safe drive: what was shot in the last months. Days are `YYYY-MM-DD`, in the computer's own zone. */
import { calendarDay, daysInMonth, daysSince1970 } from './calendar.ts'
import type { JobState } from './job.ts'
import type { CalendarSpan } from './policy.ts'

/** The first day that is still in the window that ends today. The 31st of a month without one counts as its last day. */
export function windowStart(span: CalendarSpan, today: string): string {
  const [year = 0, month = 1, day = 1] = today.split('-').map(Number)
  if (span.unit === 'days') return dayText(calendarDay(daysSince1970(year, month, day) - span.count))
  const months = year * 12 + (month - 1) - span.count
  const first = { year: Math.floor(months / 12), month: (months % 12) + 1 }
  return dayText({ ...first, day: Math.min(day, daysInMonth(first.year, first.month)) })
}

function dayText({ year, month, day }: { year: number; month: number; day: number }): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

export interface JobDays {
  readonly state: JobState
  /** The day that names the job. */
  readonly shotOn: string
  /** The day of its last dated picture; null when none is dated. */
  readonly lastShotOn: string | null
  /** The day it came in. */
  readonly createdOn: string
}

/**
 * A job goes whole: as long as one of its pictures was shot in the window. A camera whose clock was lost dates a wedding of last week
 * to 2015, so what came in during the window belongs to it too; and what is not delivered belongs to it whenever it was shot.
 */
export const isInWindow = ({ state, shotOn, lastShotOn, createdOn }: JobDays, start: string): boolean =>
  state === 'open' || shotOn >= start || createdOn >= start || (lastShotOn !== null && lastShotOn >= start)
