/** How the command line speaks: plain text for people, one JSON object a line for programs. */
import type { Failure } from '../../domain/failure.ts'
import { mayRetry } from '../../domain/failure.ts'

export interface Terminal {
  /** One line on standard output. */
  out(line: string): void
  /** One line on standard error. */
  err(line: string): void
  /** Redraws the line that shows progress; nothing when this is no terminal. */
  redraw(line: string): void
  readonly columns: number
  readonly isTerminal: boolean
  readonly colour: boolean
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Paint = (style: keyof typeof codes, text: string) => string

export function makePaint(colour: boolean): Paint {
  return (style, text) => (colour ? `\u001B[${codes[style]}m${text}\u001B[0m` : text)
}

/** Two lines: what, and what to do. With `--json` one object on standard output. */
export function printFailure(terminal: Terminal, failure: Failure, json: boolean): void {
  if (json) terminal.out(JSON.stringify(failureLine(failure)))
  else {
    terminal.err(makePaint(terminal.colour)('red', shown(failure.sentence)))
    terminal.err(shown(failure.advice))
  }
}

export const failureLine = (failure: Failure): Record<string, unknown> => {
  const { code, sentence, advice, path, place, cause } = failure
  return { type: 'error', code, sentence, advice, retry: mayRetry(failure), path, place, cause }
}

/** Control characters in a name must not move the cursor or colour the screen. */
export const shown = (name: string): string =>
  name.replaceAll(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)

export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`
}

/** A moment as the clock on the wall shows it, to the minute. Takes what `Date` takes. */
export function minuteText(at: number | string): string {
  const date = new Date(at)
  const two = (part: number): string => String(part).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** The day of a moment in the computer's own zone, `2026-11-23`. */
export function dayText(at: number | string): string {
  const date = new Date(at)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10)
}

export const filesText = (files: number): string => `${files} ${files === 1 ? 'file' : 'files'}`

export function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`
  return `${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min`
}

export function table(
  rows: readonly (readonly string[])[],
  rightAligned: ReadonlySet<number> = new Set(),
): readonly string[] {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, width(cell))))
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - width(cell))
        return rightAligned.has(column) ? padding + cell : cell + padding
      })
      .join('  ')
      .trimEnd(),
  )
}

const width = (text: string): number => Array.from(text).length
