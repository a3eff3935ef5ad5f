import type { ContentHash, PlaceId } from './ids.ts'

/**
 * What was seen of a copy, weakest first (docs/glossary.md):
 * - `written`: the bytes were handed to the file system and flushed;
 * - `cached`: read back and equal, but the answer may have come from memory;
 * - `medium`: read back past every cache this computer has, and equal;
 * - `provider`: the service's own checksum of what it stores is equal.
 * Only the last two prove a copy (V1).
 */
export type Strength = 'written' | 'cached' | 'medium' | 'provider'

/** How a check ended: the bytes agreed, they differed, or the file was not there. */
export type Finding = 'agreed' | 'differed' | 'absent'

/** One fact, seen once; never changed afterwards (W3). */
export interface Evidence {
  readonly atMs: number
  readonly strength: Strength
  readonly finding: Finding
  /** The physical device that was read, as told by the machine or declared by a person (V2). */
  readonly deviceId: string
}

/** One original at one place, with the newest evidence for it; null when nothing was seen yet. */
export interface Copy {
  readonly hash: ContentHash
  readonly placeId: PlaceId
  /** Below the place's root, forward slashes, exactly as on disk. */
  readonly path: string
  readonly latest: Evidence | null
}

/** Three answers (D3). What can't be asked is unknown, and unknown counts for nothing. */
export type Presence =
  | { readonly kind: 'present'; readonly bytes: number; readonly mtimeMs: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly because: string }

const proving: ReadonlySet<Strength> = new Set(['medium', 'provider'])

/** V1: does this evidence prove a copy? */
export function proves(evidence: Evidence | null): boolean {
  return evidence !== null && evidence.finding === 'agreed' && proving.has(evidence.strength)
}
