import type { Role } from './place.ts'

export const dayMs: number = 24 * 60 * 60 * 1000

/** A stretch of the calendar. Months stay months, for they differ in length. */
export interface CalendarSpan {
  readonly count: number
  readonly unit: 'days' | 'months'
}

/** How long copies are kept: for ever, or for a time after the job was delivered. */
export type KeepRule = 'forever' | { readonly after: 'delivered'; readonly lengthMs: number }

export type TimeBudget = 'none' | { readonly lengthMs: number; readonly per: 'night' | 'day' }
export type Sample = { readonly files: number } | { readonly percent: number }

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
  /** How long a role's copies of a delivered job stay, before `prune` may list them. Other roles keep theirs for ever. */
  readonly keep: { readonly second: KeepRule; readonly cloud: KeepRule }
  readonly drive: {
    /** How often a drive should be brought up to date. */
    readonly everyMs: number
    /** What was shot in this time goes onto the drive. */
    readonly window: CalendarSpan
  }
  readonly verify: { readonly everyMs: number; readonly budget: TimeBudget }
  readonly drill: { readonly everyMs: number; readonly sample: Sample }
  readonly prune: {
    readonly automatic: boolean
    /** Proven copies on independent devices that must be left after a prune. Never less than one, whatever is set (D2). */
    readonly leave: number
    /** How long what was pruned stays in the place's own trash, before its room is given back: the undo of D1. */
    readonly graceMs: number
  }
}

export const defaultPolicy: Policy = {
  copies: { required: ['library', 'second'], atLeast: 3 },
  cards: { evidenceMaxAgeMs: 30 * dayMs, secondRead: true },
  keep: {
    second: { after: 'delivered', lengthMs: 90 * dayMs },
    cloud: { after: 'delivered', lengthMs: 90 * dayMs },
  },
  drive: { everyMs: 14 * dayMs, window: { count: 12, unit: 'months' } },
  verify: { everyMs: 90 * dayMs, budget: { lengthMs: 60 * 60 * 1000, per: 'night' } },
  drill: { everyMs: 30 * dayMs, sample: { files: 20 } },
  prune: { automatic: false, leave: 2, graceMs: 14 * dayMs },
}

/** When the copies of that role may go; null when they stay for ever, or the job is not delivered. */
export function keptUntilMs(
  policy: Policy,
  role: Role,
  job: { readonly state: 'open' | 'delivered' | 'closed'; readonly deliveredAtMs: number | null },
): number | null {
  if (role !== 'second' && role !== 'cloud') return null
  const rule = policy.keep[role]
  if (rule === 'forever' || job.state === 'open' || job.deliveredAtMs === null) return null
  return job.deliveredAtMs + rule.lengthMs
}

/** The roles at which a job's files must still be: a copy that was let go by rule is not missed. */
export function rolesStillRequired(
  policy: Policy,
  job: { readonly state: 'open' | 'delivered' | 'closed'; readonly deliveredAtMs: number | null },
  nowMs: number,
): readonly Role[] {
  return policy.copies.required.filter((role) => {
    const until = keptUntilMs(policy, role, job)
    return until === null || nowMs < until
  })
}
