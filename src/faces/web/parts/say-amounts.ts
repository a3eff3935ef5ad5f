/** Amounts and times as a person says them, in the language of the page. */
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

export function bytes(amount: number, locale: string): string {
  let size = amount
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  const digits = size < 10 && unit > 0 ? 1 : 0
  return `${size.toLocaleString(locale, { maximumFractionDigits: digits })} ${units[unit]}`
}

export const percent = (share: number, locale: string): string =>
  share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 0 })

const steps = [
  { unit: 'year', seconds: 365 * 86_400 },
  { unit: 'month', seconds: 30 * 86_400 },
  { unit: 'week', seconds: 7 * 86_400 },
  { unit: 'day', seconds: 86_400 },
  { unit: 'hour', seconds: 3600 },
  { unit: 'minute', seconds: 60 },
] as const

/** “3 days ago”. */
export function ago(iso: string, locale: string, nowMs: number = Date.now()): string {
  const seconds = Math.max(0, (nowMs - Date.parse(iso)) / 1000)
  const step = steps.find((one) => seconds >= one.seconds)
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  return step === undefined ? format.format(0, 'second') : format.format(-Math.floor(seconds / step.seconds), step.unit)
}

/** How long something takes: two units at most. */
export function length(seconds: number, locale: string): string {
  const format = (amount: number, unit: string): string =>
    amount.toLocaleString(locale, { style: 'unit', unit, unitDisplay: 'long' })
  if (seconds < 60) return format(Math.max(1, Math.round(seconds)), 'second')
  if (seconds < 3600) return format(Math.round(seconds / 60), 'minute')
  const hours = Math.floor(seconds / 3600)
  if (hours >= 48) return format(Math.round(hours / 24), 'day')
  const minutes = Math.round((seconds % 3600) / 60)
  return minutes === 0 ? format(hours, 'hour') : `${format(hours, 'hour')} ${format(minutes, 'minute')}`
}

export const day = (iso: string, locale: string): string =>
  new Date(`${iso.slice(0, 10)}T12:00:00`).toLocaleDateString(locale, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  })
