/** What can be made to go wrong, for how many requests of which kind. */
export type Provider = 'google' | 'dropbox' | 'onedrive'

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. Left out: the service's own body for this status (and `reason`). */
  readonly body?: unknown
  /** Google: `userRateLimitExceeded`; Dropbox: the error summary, `too_many_requests`; Graph: the code, `activityLimitReached`. */
  readonly reason?: string
}

export type Fault =
  /** Nothing is done. The body is read first, unless `early`: then it answers at once and closes. */
  | ({ readonly do: 'answer'; readonly early?: boolean } & Answer)
  /**
   * After so many bytes of the request's body the socket is closed; with `answer`, the rest is read, thrown away, and that is answered.
   * `keep` is what the service has of them afterwards; left out: what this service does by itself.
   */
  | { readonly do: 'cut'; readonly afterBytes: number; readonly keep?: 'arrived' | 'nothing'; readonly answer?: Answer }
  /** All is done and stored; then the socket is closed, or `answer` is sent in place of the true one. */
  | { readonly do: 'lose-answer'; readonly answer?: Answer }
  /** One bit of the body is turned on its way in. */
  | { readonly do: 'damage'; readonly atByte: number }
  /** It is done only after so long. */
  | { readonly do: 'delay'; readonly ms: number }
  /** It is done, and no answer ever comes (until the double stops). */
  | { readonly do: 'hang' }
  /** The socket is closed after so many bytes of the answer's body. */
  | { readonly do: 'cut-answer'; readonly afterBytes: number }
  /** One bit of the answer's body is turned. */
  | { readonly do: 'damage-answer'; readonly atByte: number }

export interface FaultRule {
  /** `google.upload.chunk`; `google.*`, `*`. */
  readonly kind: string
  readonly fault: Fault
  /** How many requests it meets; 1 unless said. */
  readonly times?: number
  /** How many of this kind are let through first. */
  readonly skip?: number
}

interface Standing {
  readonly rule: FaultRule
  left: number
  skip: number
}

export class FaultList {
  #standing: Standing[] = []

  add(rule: FaultRule): void {
    this.#standing.push({ rule, left: rule.times ?? 1, skip: rule.skip ?? 0 })
  }

  clear(): void {
    this.#standing = []
  }

  /** Rules that have not met all of their requests yet. */
  get waiting(): number {
    return this.#standing.length
  }

  /** What this request meets: the oldest rule for its kind. */
  take(kind: string): Fault | null {
    for (const standing of this.#standing) {
      if (!matches(standing.rule.kind, kind)) continue
      if (standing.skip > 0) {
        standing.skip--
        continue
      }
      standing.left--
      if (standing.left <= 0) this.#standing = this.#standing.filter((other) => other !== standing)
      return standing.rule.fault
    }
    return null
  }
}

export function matches(pattern: string, kind: string): boolean {
  return pattern === kind || (pattern.endsWith('*') && kind.startsWith(pattern.slice(0, -1)))
}
