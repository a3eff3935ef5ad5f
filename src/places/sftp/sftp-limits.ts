/** How long is waited for a server, and how much is on its way to it at once. */
export interface SftpLimits {
  /** Until a connection stands and has let us in. */
  readonly connectMs: number
  /** With questions open and not one answer in this time, the server counts as gone. */
  readonly silenceMs: number
  /** The longest that one answer may take while others still come. */
  readonly answerMaxMs: number
  /** How long a command of which the answer is known at once (the hash of a few bytes) may take. */
  readonly probeMs: number
  readonly keepaliveMs: number
  /** After a stop, how long is waited for what is under way. */
  readonly stopMs: number
  readonly chunkBytes: number
}

export const sftpLimits: SftpLimits = {
  connectMs: 20_000,
  silenceMs: 60_000,
  answerMaxMs: 600_000,
  probeMs: 8000,
  keepaliveMs: 15_000,
  stopMs: 2000,
  chunkBytes: 8 * 1024 * 1024,
}
