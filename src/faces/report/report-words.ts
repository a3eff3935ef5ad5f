/** The words of a report: one spelling for the page, the PDF and the table. Only turns the record into text. */
import type { ReportCopy, ReportFile } from '../../usecases/job-report.ts'

const isHidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

/** Joins the parts of an emoji, and letters of some scripts: without them such a name would look broken. */
const joiners = new Set(['\u200C', '\u200D'])

export const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** Text of a file's name or a camera's, with what can't be seen or turns the line around shown as `[U+202E]`. */
export const visible = (text: string): string =>
  text.replaceAll(isHidden, (character) => (joiners.has(character) ? character : `[${codePoint(character)}]`))

export const filesText = (files: number): string => `${grouped(files)} ${files === 1 ? 'file' : 'files'}`

/** 12,345 */
export const grouped = (count: number): string => String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')

/** As it is printed on cards and drives: 1 GB is 1000 MB. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`
}

/** `2026-11-20T14:03:11+01:00` as it stood on the clock: `2026-11-20 14:03`. */
export const minuteText = (moment: string): string => moment.slice(0, 16).replace('T', ' ')

export const roleText: Readonly<Record<ReportCopy['role'], string>> = {
  card: 'card',
  library: 'library',
  second: 'second folder',
  cloud: 'cloud',
  drive: 'safe drive',
}

/** What a copy is worth, in one line; `good` only when it counts as a proof. */
export function copyText(copy: ReportCopy): { readonly text: string; readonly good: boolean } {
  if (copy.provenAt !== null)
    return {
      text: `proven ${minuteText(copy.provenAt)} (${copy.strength})`,
      good: true,
    }
  const when = minuteText(copy.checkedAt)
  if (copy.finding === 'differed') return { text: `CHANGED, seen ${when}: not what the card held`, good: false }
  if (copy.finding === 'absent') return { text: `MISSING, looked for ${when}`, good: false }
  if (copy.placeRetired) return { text: `does not count: no longer in use, checked ${when}`, good: false }
  if (copy.strength === 'cached') return { text: `not proven: read only from memory, ${when}`, good: false }
  return { text: `not proven: written ${when}, not read back`, good: false }
}

export function readText(card: ReportFile['onCards'][number]): { readonly text: string; readonly good: boolean } {
  if (card.secondRead === 'agreed') return { text: 'read twice, both agree', good: true }
  if (card.secondRead === 'differed') return { text: 'TWO READS DIFFER', good: false }
  return { text: 'read once', good: false }
}

export function capturedText({ captured }: ReportFile): string | null {
  if (captured === null) return null
  const time = `${captured.local.slice(0, 19).replace('T', ' ')}${captured.offset === null ? '' : ` ${captured.offset}`}`
  if (!captured.plausible) return `${time} by a camera clock that was wrong`
  return captured.source === 'neighbours' || captured.source === 'file-time' ? `about ${time}` : time
}

/** Short, for the line of a file: the page names the makers on its front. */
export const modelText = (camera: { readonly make: string | null; readonly model: string | null }): string =>
  visible(camera.model ?? camera.make ?? 'unknown camera')

export const cameraText = (camera: { readonly make: string | null; readonly model: string | null }): string => {
  const { make, model } = camera
  if (make === null || model === null) return visible(model ?? make ?? 'unknown camera')
  // Many models begin with the maker's name: “Canon Canon EOS 6D” helps nobody.
  const first = make.split(' ')[0] ?? make
  return visible(model.toLowerCase().startsWith(first.toLowerCase()) ? model : `${make} ${model}`)
}
