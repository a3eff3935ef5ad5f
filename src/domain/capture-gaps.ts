import { HOUR_MS, MINUTE_MS, isPlausibleCapture, wallClockMs, wallClockText } from './camera-clock.ts'
import { goProChapter, sortByCounter } from './counter-order.ts'
import type { Capture } from './metadata.ts'
import { pathParts } from './path-parts.ts'

/** What is known of one file of a card before the gaps are filled. */
export interface DatedFile {
  /** Path below the card's root, with forward slashes. */
  readonly path: string
  /** The file's own date on the card, milliseconds since 1970 as this computer understood it. */
  readonly mtimeMs: number
  readonly capture: Capture | null
}

export interface FilledFile {
  readonly path: string
  /** The best that can be said; `source` tells whose word it is. Null when nothing can be said. */
  readonly capture: Capture | null
  /** What the file itself said, wrong clock and all; the same value as `capture` when nothing was filled in. */
  readonly original: Capture | null
}

export interface CardClock {
  /** The computer's time, milliseconds since 1970. */
  readonly nowMs: number
  /** Minutes that this computer is east of Greenwich; asked only when the card's dated files don't tell how their file times run. */
  readonly computerOffsetMinutes: number
}

/** A still is written within seconds of its capture; a long clip ends later, but most files of a card are near. */
const WRITING_MS = 2 * MINUTE_MS

/** FAT counts in steps of two seconds. */
const FAT_STEP_MS = 2000

/** Neighbours further apart than this leave the day open. */
const WIDEST_GAP_MS = 24 * HOUR_MS

/**
 * Gives a date to the files of ONE card that have none, or whose camera's clock was obviously wrong. The camera counts even when its clock
 * is lost, so a file between two dated ones of its folder was taken between them. Where the file's own time on the card falls between
 * the two as well, it is the finer word of the two and is taken (`file-time`); otherwise the earlier neighbour's moment is (`neighbours`).
 * Without neighbours the file's time stands alone. Files with a plausible date are given back as they are, in the order they came.
 */
export function fillCaptureGaps(files: readonly DatedFile[], clock: CardClock): readonly FilledFile[] {
  const shiftMs = fileTimeShiftMs(files)
  const fallbackShiftMs = shiftMs ?? -clock.computerOffsetMinutes * MINUTE_MS
  const neighbours = datedNeighbours(files)
  return files.map((file) => {
    const { path, capture } = file
    if (capture?.plausible === true) return { path, capture, original: capture }
    const between = neighbours.get(path) ?? null
    const fileTime = fromFileTime(file, fallbackShiftMs, clock.nowMs)
    const isConfirmed = shiftMs !== null && fileTime !== null && between !== null && isBetween(fileTime, between)
    const filled = isConfirmed ? withOffset(fileTime, between) : (fromNeighbours(between) ?? fileTime)
    return { path, capture: filled ?? capture, original: capture }
  })
}

interface Between {
  readonly before: Capture
  readonly after: Capture
}

/** The nearest dated file before and after each undated one, in its folder, as the camera counted. */
function datedNeighbours(files: readonly DatedFile[]): ReadonlyMap<string, Between> {
  const captures = new Map(files.map(({ path, capture }) => [path, capture?.plausible === true ? capture : null]))
  const found = new Map<string, Between>()
  const counted = sortByCounter([...captures.keys()].filter(isCounted))
  for (const folder of Map.groupBy(counted, (path) => pathParts(path).folder).values()) {
    const before = nearestDated(folder, captures)
    const after = nearestDated(folder.toReversed(), captures)
    for (const path of folder) {
      const [earlier, later] = [before.get(path), after.get(path)]
      if (earlier !== undefined && later !== undefined && isInOrder(earlier, later))
        found.set(path, { before: earlier, after: later })
    }
  }
  return found
}

function nearestDated(
  paths: readonly string[],
  captures: ReadonlyMap<string, Capture | null>,
): ReadonlyMap<string, Capture> {
  const nearest = new Map<string, Capture>()
  let last: Capture | null = null
  for (const path of paths) {
    last = captures.get(path) ?? last
    if (last !== null) nearest.set(path, last)
  }
  return nearest
}

/** Only names that the camera's counter made say anything about the order. */
function isCounted(path: string): boolean {
  const { stem } = pathParts(path)
  return goProChapter(stem) !== null || /^[A-Z0-9_]{4}\d{4}$/i.test(stem)
}

function isInOrder(before: Capture, after: Capture): boolean {
  return localMs(before) <= localMs(after)
}

function isBetween(capture: Capture, { before, after }: Between): boolean {
  return localMs(capture) >= localMs(before) - FAT_STEP_MS && localMs(capture) <= localMs(after) + FAT_STEP_MS
}

function fromNeighbours(between: Between | null): Capture | null {
  if (between === null || localMs(between.after) - localMs(between.before) > WIDEST_GAP_MS) return null
  return withOffset({ ...between.before, source: 'neighbours' }, between)
}

/** The zone is taken from the neighbours only when both name the same one. */
function withOffset(capture: Capture, { before, after }: Between): Capture {
  return { ...capture, offset: before.offset === after.offset ? before.offset : null }
}

function fromFileTime({ mtimeMs }: DatedFile, shiftMs: number, nowMs: number): Capture | null {
  const local = wallClockText(mtimeMs - shiftMs)
  if (!isPlausibleCapture(local, nowMs, true)) return null
  return { local, offset: null, source: 'file-time', plausible: true }
}

/**
 * How far the card's file times run ahead of the camera's clock, in milliseconds: a FAT card has local time, which the computer read in its own
 * zone, so the difference is a zone's, a multiple of 15 minutes. Null when fewer than two dated files tell, or when they disagree, as
 * they do when a program copied them and gave all the same time.
 */
function fileTimeShiftMs(files: readonly DatedFile[]): number | null {
  const differences = files
    .flatMap(({ mtimeMs, capture }) => (capture?.plausible === true ? [mtimeMs - localMs(capture)] : []))
    .toSorted((a, b) => a - b)
  const middle = differences[Math.floor((differences.length - 1) / 2)]
  if (middle === undefined || differences.length < 2) return null
  const shiftMs = Math.round(middle / (15 * MINUTE_MS)) * 15 * MINUTE_MS
  const agreeing = differences.filter((difference) => Math.abs(difference - shiftMs) <= WRITING_MS)
  return agreeing.length * 2 > differences.length && Math.abs(shiftMs) <= 28 * HOUR_MS ? shiftMs : null
}

function localMs(capture: Capture): number {
  return wallClockMs(capture.local) ?? 0
}
