/** What is said of a roll and Lightroom: which files count as a frame, which catalog answers for each, and the counts of all. */
import { isMedia, kindOfExtension } from './file-kinds.ts'
import type { FrameInCatalogue } from './lightroom-frames.ts'
import { pathParts } from './path-parts.ts'
import type { ShotFile } from './shots.ts'
import { groupShots } from './shots.ts'

/** Where a frame is, over all catalogs that could be read. */
export interface FrameAnswer extends FrameInCatalogue {
  /** The catalog that has it; null when none has. */
  readonly catalog: string | null
  /** A JPEG that came with its raw, or a second movie of one recording: said, and not counted by itself. */
  readonly countsWith: string | null
}

export interface FrameCounts {
  readonly total: number
  readonly inLightroom: number
  readonly rejected: number
  readonly neverImported: number
  /** Not found, while a catalog could not be read: they may be in that one. */
  readonly unknown: number
  /** Files that count with another one. */
  readonly withAnother: number
}

/** The pictures and movies of one roll that Lightroom could take in: no companions, and nothing that is empty. */
export function framePaths(files: readonly ShotFile[]): readonly string[] {
  const bytesOf = new Map(files.map(({ path, bytes }) => [path, bytes]))
  return groupShots(files).flatMap((shot) =>
    shot.isPicture ? shot.files.filter((path) => isFrame(path) && (bytesOf.get(path) ?? 0) > 0) : [],
  )
}

const isFrame = (path: string): boolean => isMedia(kindOfExtension(pathParts(path).extension))

/**
 * One answer a frame, of all catalogs, which all answered for the same frames in the same order. The one that has it speaks, before the
 * one that has it as a companion only; then the one in which it is not rejected.
 */
export function answerFrames(
  files: readonly ShotFile[],
  catalogs: readonly { readonly name: string; readonly answers: readonly FrameInCatalogue[] }[],
): readonly FrameAnswer[] {
  const byPath = new Map<string, { readonly catalog: string | null; readonly found: FrameInCatalogue }>()
  for (const { name, answers } of catalogs)
    for (const found of answers) {
      const before = byPath.get(found.path)
      const catalog = found.kind === 'not-there' ? null : name
      if (before === undefined || isBetter(found, before.found)) byPath.set(found.path, { catalog, found })
    }
  const leading = leadingFrames(files)
  return [...byPath.values()].map(({ catalog, found }) => {
    // What has an image of its own in Lightroom is a frame of its own.
    const countsWith = found.kind === 'in-catalogue' ? null : (leading.get(found.path) ?? null)
    return { ...found, catalog, countsWith }
  })
}

const rank = { 'in-catalogue': 0, 'as-sidecar': 1, 'not-there': 2 } as const

const isBetter = (one: FrameInCatalogue, other: FrameInCatalogue): boolean =>
  rank[one.kind] < rank[other.kind] || (rank[one.kind] === rank[other.kind] && !one.rejected && other.rejected)

/** The JPEG of a pair counts with its raw, and the movies of a maker's package with the one that is shown. */
function leadingFrames(files: readonly ShotFile[]): ReadonlyMap<string, string> {
  const leading = new Map<string, string>()
  for (const { kind, primary, files: members } of groupShots(files)) {
    if (kind !== 'raw+jpeg' && kind !== 'clip') continue
    for (const path of members) {
      const isRaw = kindOfExtension(pathParts(path).extension) === 'raw'
      if (path !== primary && isFrame(path) && !isRaw) leading.set(path, primary)
    }
  }
  return leading
}

/** `isWhole` is false when a catalog could not be read: then what was not found is unknown, and never called missing. */
export function countFrames(answers: readonly FrameAnswer[], isWhole: boolean): FrameCounts {
  const frames = answers.filter(({ countsWith }) => countsWith === null)
  const there = frames.filter(({ kind }) => kind !== 'not-there')
  const notFound = frames.length - there.length
  return {
    total: frames.length,
    inLightroom: there.length,
    rejected: there.filter(({ rejected }) => rejected).length,
    neverImported: isWhole ? notFound : 0,
    unknown: isWhole ? 0 : notFound,
    withAnother: answers.length - frames.length,
  }
}

const namesMax = 5

/** “Of 412 frames of … 400 are in Lightroom (12 rejected), 12 were never imported: IMG_0001.CR3 …” */
export function sayFrames(whose: string, answers: readonly FrameAnswer[], isWhole: boolean): string {
  const { total, inLightroom, rejected, neverImported, unknown } = countFrames(answers, isWhole)
  if (total === 0) return `There are no frames ${whose}.`
  const off = rejected === 0 ? '' : ` (${rejected} rejected)`
  if (inLightroom === total)
    return `${total === 1 ? 'The one frame' : `All ${total} frames`} ${whose} ${total === 1 ? 'is' : 'are'} in Lightroom${off}.`
  const names = answers
    .filter(({ kind, countsWith }) => kind === 'not-there' && countsWith === null)
    .map(({ path }) => pathParts(path).name)
  const some = `${names.slice(0, namesMax).join(', ')}${names.length > namesMax ? ' …' : ''}`
  const found = `Of ${total} ${total === 1 ? 'frame' : 'frames'} ${whose} ${inLightroom} ${inLightroom === 1 ? 'is' : 'are'} in Lightroom${off}`
  if (unknown > 0) return `${found}; ${unknown} may be in a catalog that could not be read: ${some}.`
  return `${found}, ${neverImported} ${neverImported === 1 ? 'was' : 'were'} never imported: ${some}.`
}
