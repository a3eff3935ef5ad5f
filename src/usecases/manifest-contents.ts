import type { ContentHash } from '../domain/ids.ts'

/** What the manifests of one roll tell, when nothing else is left; see places/ascmhl/roll-contents.ts. */
export interface ManifestContents {
  /** When the first manifest was made; null when none can be believed. */
  readonly startedAtMs: number | null
  readonly files: readonly {
    /** Below the roll's folder. */
    readonly path: string
    /** Null when no manifest tells. */
    readonly bytes: number | null
    readonly hash: ContentHash
    readonly cardPath: string | null
    readonly cardId: string | null
    readonly jobId: string | null
  }[]
  /** What is wrong with the history; null when it is whole. */
  readonly trouble: string | null
}
