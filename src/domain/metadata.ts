/** When a picture was taken, as a photographer would call it right. */
export interface Capture {
  /** `YYYY-MM-DDTHH:MM:SS` with the sub-seconds as the camera wrote them, in the camera's own clock. */
  readonly local: string
  /** `+02:00`, or null when the file doesn't tell. */
  readonly offset: string | null
  /** Where it comes from: `file` (the picture itself), `sidecar`, `neighbours`, or `file-time` (the card's own date of the file). */
  readonly source: 'file' | 'sidecar' | 'neighbours' | 'file-time'
  /** False when the camera's clock was obviously wrong (1970, a factory date, the future). */
  readonly plausible: boolean
}

/** What the camera wrote into a file. Null where it didn't, or where what stands there is no such thing. */
export interface CameraMetadata {
  readonly capture: Capture | null
  readonly make: string | null
  readonly model: string | null
  readonly bodySerial: string | null
  readonly width: number | null
  readonly height: number | null
  readonly durationSeconds: number | null
  /** Apple's ids that tie a Live Photo or a burst together. */
  readonly contentId: string | null
  readonly burstId: string | null
}

const brokenCodes: ReadonlySet<string> = new Set(['cut-off', 'preview-broken', 'unknown-content'])

/** Is this the code of a warning that a picture could not be opened? An empty file has a warning of its own. */
export const isBrokenPicture = (code: string): boolean => brokenCodes.has(code)

/** The result of the quick look whether a picture can be opened, made while the card is still in hand. */
export type Readability =
  | { readonly kind: 'fine' }
  | { readonly kind: 'not-a-picture' }
  | { readonly kind: 'zero-byte' | 'cut-off' | 'preview-broken' | 'unknown-content'; readonly sentence: string }
