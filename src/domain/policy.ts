import type { Role } from './place.ts'

/** What must be true before something counts as safe (docs/reference/settings.md). */
export interface Policy {
  readonly copies: {
    /** Roles at which a copy must be proven before an ingest counts as done. */
    readonly required: readonly Role[]
    /** Independent devices with a proven copy, before a card may be formatted. The card itself never counts. */
    readonly atLeast: number
  }
  readonly cards: {
    readonly evidenceMaxAgeMs: number
    /** V4: read the card a second time. */
    readonly secondRead: boolean
  }
}

export const dayMs: number = 24 * 60 * 60 * 1000

export const defaultPolicy: Policy = {
  copies: { required: ['library', 'second'], atLeast: 3 },
  cards: { evidenceMaxAgeMs: 30 * dayMs, secondRead: true },
}
