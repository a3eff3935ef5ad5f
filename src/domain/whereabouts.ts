import type { CardId, JobId, PlaceId } from './ids.ts'

/**
 * Originals of one job that are in the same position: on the same cards, and with copies of the same standing at the same places.
 * A million originals are some thousand of these, so whoever asks what is due, or what would be lost, never looks at single files.
 */
export interface SamePosition {
  readonly jobId: JobId
  readonly files: number
  readonly bytes: number
  /** The newest moment at which one of them was first seen. */
  readonly newestFirstSeenAtMs: number
  /** Cards whose last roll holds them; `readTwice` when the second read agreed past the cache (V4). */
  readonly cards: readonly { readonly cardId: CardId; readonly readTwice: boolean }[]
  /** One entry a place: the best copy there. Copies that are known to be gone are not here. */
  readonly copies: readonly {
    readonly placeId: PlaceId
    readonly deviceId: string
    readonly standing: 'proven' | 'present' | 'differed'
    /** The oldest evidence of these copies. */
    readonly oldestAtMs: number
  }[]
}

/** True for a device that could not be told: it may be any of the others (V2). */
export const isUnknownDevice = (deviceId: string): boolean => deviceId.startsWith('unknown:')
