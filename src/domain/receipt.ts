/**
 * What a service said about the bytes that it stores, and how much that is worth. Grades as in docs/rules.md (V1):
 * - `A`: the service's own strong hash of the whole file was equal;
 * - `B`: each part was refused unless its strong hash was equal, and the service's sum of the parts is the one predicted here;
 * - `C`: the service's own weak hash (made to detect accidents) of the whole file was equal;
 * - `D`: a value that a client stored there earlier was equal: a claim;
 * - `E`: size and time at most.
 * A and B prove. C proves together with read-backs of a sample. D and E never do: such a copy is read back.
 */
export type Grade = 'A' | 'B' | 'C' | 'D' | 'E'

/** By this a copy at a service can be asked for again without reading it back. One for each copy, kept in the catalog. */
export interface Receipt {
  /**
   * `md5`, `sha1`, `sha256`, `dropbox` (its content hash), `quickxor`, `s3-etag:PARTBYTES` (MD5 of the MD5s of parts so long);
   * '' when the service computes nothing.
   */
  readonly algorithm: string
  /** Lower-case hexadecimal, but quickxor in base64, as the services write them. */
  readonly digest: string
  readonly storedBytes: number
  readonly objectId: string
  readonly grade: Grade
}

/** Does the service's own checksum prove a copy by itself (V1)? */
export const provesAlone = (grade: Grade): boolean => grade === 'A' || grade === 'B'
