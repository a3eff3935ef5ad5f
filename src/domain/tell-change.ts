/**
 * What became of a copy that is not what it should be? Pure: facts that were gathered in, what to call it out. Size and time are hints
 * for the name of the trouble only; that there is trouble was told by the hash (V1).
 */
import type { ContentHash } from './ids.ts'
import type { Readability } from './metadata.ts'
import { foldName, pathParts } from './path-parts.ts'
import type { PlaceFile } from './place-listing.ts'

/**
 * - `rot`: the bytes differ, size and time are those that were written: no program did that, the medium did;
 * - `overwritten`: the bytes differ, and something wrote them that was no editor: cut short, encrypted, a failed save;
 * - `edited`: an editor saved its work over the original: no damage, but no longer the original;
 * - `moved`: it lies under another name at the same place;
 * - `missing`: it is nowhere at the place, and all of the place was looked through;
 * - `unknown`: it could not be asked for, or is not under its name where the place could not be looked through to the end (D3);
 * - `unreadable`: it is there, and the medium does not give it back.
 */
export type ChangeKind = 'rot' | 'overwritten' | 'edited' | 'moved' | 'missing' | 'unknown' | 'unreadable'

/** A copy whose bytes differ from the original's. */
export interface DifferingFacts {
  readonly path: string
  /** As the original was, and as it lies there. */
  readonly bytes: number
  readonly foundBytes: number
  /** The time that was given to the copy; null when nobody knows it, as with files that came from elsewhere. */
  readonly writtenMtimeMs: number | null
  readonly foundMtimeMs: number
  /** How coarse times are at this place, milliseconds (FAT: 2000). */
  readonly mtimeStepMs: number
  /** What a quick look into it says; null when it could not be looked into. */
  readonly look: Readability | null
}

/** Pictures into which editors write by themselves: metadata, ratings, a crop; a raw file of a camera is not among them. */
const written = /\.(?:dng|jpe?g|jpe|tiff?|psd|psb|heic|heif|hif|avif|png)$/i
/** Sidecars are small texts that an editor writes anew with every star; one digit may be all that changes. */
const sidecar = /\.(?:xmp|dop|pp3|cos|on1)$/i

export function tellDiffering(facts: DifferingFacts): Extract<ChangeKind, 'rot' | 'overwritten' | 'edited'> {
  const time = tellTime(facts)
  const sameSize = facts.bytes === facts.foundBytes
  if (time === 'same' && sameSize) return 'rot'
  if (time === 'newer' && sidecar.test(facts.path) && facts.foundBytes > 0) return 'edited'
  // Who repairs bytes in the middle of a file keeps its size; who saves a picture does not. Where time and size tell
  // nothing, the careful answer is damage: its bytes are kept aside all the same.
  const opens = facts.look?.kind === 'fine'
  if (opens && !sameSize && time !== 'older' && time !== 'same' && written.test(facts.path)) return 'edited'
  return time === 'unknown' && sameSize ? 'rot' : 'overwritten'
}

/** File systems round times, some to two seconds and in either direction. */
const roundingMs = 2000

function tellTime(facts: DifferingFacts): 'same' | 'newer' | 'older' | 'unknown' {
  if (facts.writtenMtimeMs === null) return 'unknown'
  const later = facts.foundMtimeMs - facts.writtenMtimeMs
  if (Math.abs(later) <= Math.max(roundingMs, facts.mtimeStepMs)) return 'same'
  return later > 0 ? 'newer' : 'older'
}

/** A copy that is not under its name. */
export interface LostCopy {
  readonly path: string
  readonly hash: ContentHash
  readonly bytes: number
}

export interface MovedCandidates {
  /** Files of the same size and name: almost surely it, and worth a read. */
  readonly sameName: readonly string[]
  /** Files of the same size under another name. */
  readonly otherName: readonly string[]
}

/**
 * Where lost copies may lie now: files of the same size, by path. The hash decides; this only says which files are worth reading.
 * For a renamed job folder of many thousand files of one size (uncompressed raw), the name finds the one among them.
 */
export function whereItMayBe(
  lost: readonly LostCopy[],
  files: readonly PlaceFile[],
): ReadonlyMap<LostCopy, MovedCandidates> {
  const sizes = new Set(lost.map(({ bytes }) => bytes))
  const bySize = Map.groupBy(
    files.filter(({ bytes }) => sizes.has(bytes)),
    ({ bytes }) => bytes,
  )
  const byName = new Map(
    [...bySize].map(([bytes, some]) => [bytes, Map.groupBy(some, ({ path }) => nameOf(path))] as const),
  )
  return new Map(
    lost.map((copy) => {
      const name = nameOf(copy.path)
      const named = byName.get(copy.bytes)?.get(name) ?? []
      const others = (bySize.get(copy.bytes) ?? []).filter(({ path }) => nameOf(path) !== name)
      return [copy, { sameName: closest(copy.path, named), otherName: others.map(({ path }) => path) }]
    }),
  )
}

const nameOf = (path: string): string => foldName(pathParts(path).name)

/** The one whose path ends most alike comes first: below a renamed job folder all else is as it was. */
function closest(path: string, files: readonly PlaceFile[]): readonly string[] {
  const fromTheEnd = (text: string): readonly string[] => foldName(text).split('/').toReversed()
  const wanted = fromTheEnd(path)
  const alike = (other: string): number => {
    const parts = fromTheEnd(other)
    const end = wanted.findIndex((part, index) => part !== parts[index])
    return end === -1 ? wanted.length : end
  }
  return files
    .map((file) => ({ path: file.path, alike: alike(file.path) }))
    .toSorted((a, b) => b.alike - a.alike || (a.path < b.path ? -1 : 1))
    .map(({ path }) => path)
}

/** What a disk loses by itself is a handful; from here on it is malware, a wiped disk or a failing one. */
const usualFilesMax = 20
const usualShareMax = 0.05

/**
 * Is that far more than what goes wrong by itself? `changed` counts damaged and missing originals, not those that an editor saved and
 * not those that moved: a photographer may do that to thousands in an afternoon.
 */
export const isMassChange = (changed: number, checked: number): boolean =>
  changed > Math.max(usualFilesMax, checked * usualShareMax)

/** True for what has to be mended from another copy. */
export const isDamage = (kind: ChangeKind): boolean =>
  kind === 'rot' || kind === 'overwritten' || kind === 'missing' || kind === 'unreadable'

/** What happened, for a person; the path stands beside it. */
export const changeSentence: Readonly<Record<ChangeKind, string>> = {
  rot: 'Its bytes changed although nobody wrote to it: the medium did not keep what it was given.',
  overwritten: 'Something wrote other bytes over it: it is cut short, encrypted, or only half saved.',
  edited: 'An editor saved its work over the original: that is no damage, but it is no longer the original.',
  moved: 'It was moved or renamed within the place; it was read there, and Fivefold follows it.',
  missing: 'It is not under its name, and nowhere else at this place.',
  unknown:
    'It is not under its name, and the place could not be looked through to the end, so nobody knows where it is.',
  unreadable: 'It is there, but it can’t be read.',
}
