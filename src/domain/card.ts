import type { CardId, ContentHash, JobId, RollId } from './ids.ts'

/** What a card says of itself, by reading only (C1). Null where the system doesn't tell. */
export interface CardSigns {
  readonly label: string
  readonly fileSystemUuid: string | null
  readonly fileSystem: string | null
  /** Size of the volume in bytes; null when the card is a plain folder. */
  readonly volumeBytes: number | null
  /** Where it is: the mount point or folder, an absolute path. */
  readonly root: string
  /** True when `root` is the root of a mounted volume. */
  readonly isVolume: boolean
}

/** One regular file in a listing of a card. */
export interface CardFile {
  /** Below the card's root, forward slashes, exactly as listed. */
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
}

/** Something on a card that is not copied, with the reason. */
export interface LeftOut {
  readonly path: string
  readonly why: 'system-file' | 'link' | 'device' | 'unreadable-folder' | 'name-not-unicode'
  /** How many files it stands for (a left-out folder is one row). */
  readonly files: number
}

/** A listing is complete or it is not; only a complete one feeds a decision (D3). */
export interface CardListing {
  readonly complete: boolean
  readonly files: readonly CardFile[]
  readonly leftOut: readonly LeftOut[]
  readonly emptyFolders: readonly string[]
}

/** A file of a roll as the catalog remembers it; `hash` is null until it was read whole. */
export interface RollFile extends CardFile {
  readonly hash: ContentHash | null
}

/** V4: `agreed` when the second read past the cache gave the same hashes. */
export type SecondRead = 'agreed' | 'differed' | 'not-done'

export interface Roll {
  readonly id: RollId
  readonly cardId: CardId
  /** 1 for the first roll of a card. */
  readonly number: number
  readonly jobId: JobId
  /** The roll's folder below each place's root, forward slashes. */
  readonly folder: string
  readonly startedAtMs: number
  readonly secondRead: SecondRead
}
