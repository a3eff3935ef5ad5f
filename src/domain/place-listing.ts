/** One regular file at a place. */
export interface PlaceFile {
  /** Below the place's root, forward slashes, exactly as listed. */
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
}

/** A listing is complete or it is not; only a complete one feeds a decision (D3). */
export interface PlaceListing {
  readonly complete: boolean
  /** By path. */
  readonly files: readonly PlaceFile[]
  /** Folders that could not be read, and names that are no Unicode: why the listing is not complete. */
  readonly unreadable: readonly string[]
}
