/** May a person declare a suspect card good again? (V4). Pure. */

export interface FileRead {
  readonly path: string
  /** False when it was never read whole. */
  readonly hashed: boolean
  /** The newest second read; null when there was none. */
  readonly second: { readonly agreed: boolean; readonly pastTheCache: boolean; readonly atMs: number } | null
}

export type TrustVerdict =
  | { readonly kind: 'may-trust' }
  | { readonly kind: 'stays-suspect'; readonly files: number; readonly sentence: string }

/**
 * Only when every file of its last roll was read once more since the card became suspect, past the cache, and gave the bytes that
 * are on record: then two reads agree again, and the person who changed the reader says that it was the reader.
 */
export function judgeTrust(files: readonly FileRead[], suspectSinceMs: number): TrustVerdict {
  if (files.length === 0)
    return { kind: 'stays-suspect', files: 0, sentence: 'Nothing was read from this card that could show it is good.' }
  const doubtful = files.filter(
    ({ hashed, second }) =>
      !hashed || second === null || !second.agreed || !second.pastTheCache || second.atMs <= suspectSinceMs,
  )
  if (doubtful.length === 0) return { kind: 'may-trust' }
  return {
    kind: 'stays-suspect',
    files: doubtful.length,
    sentence: `${doubtful.length} of its ${files.length} ${files.length === 1 ? 'file was' : 'files were'} not read again since two reads differed, or differed again.`,
  }
}
