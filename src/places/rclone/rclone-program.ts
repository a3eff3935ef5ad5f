/** The program rclone as this kind needs it; the machine fulfils it (`machine/rclone/`). One run does one thing. */

export type RcloneEnd =
  | {
      readonly kind: 'ended'
      /** -1 when a signal ended it. */
      readonly code: number
      /** What it wrote for people, the end of it. Not to be shown before it was cleaned: it may quote addresses with keys in them (S1). */
      readonly words: string
    }
  /** There is no such program on this computer. */
  | { readonly kind: 'missing' }

export interface RcloneRun {
  /** What it prints, to be read once. */
  readonly output: AsyncIterable<Uint8Array>
  /** Ends when the program took the bytes, or will take no more. */
  feed(bytes: Uint8Array): Promise<void>
  /** All was fed. */
  endInput(): void
  /** Never fails. */
  readonly ended: Promise<RcloneEnd>
  /** Asks it to end, and makes it end when it does not. Also when it has ended. */
  stop(): Promise<void>
}

export interface RcloneProgram {
  start(args: readonly string[]): RcloneRun
}
