import type { JobId } from './ids.ts'

/** `open` → `delivered` → `closed` (docs/glossary.md). */
export type JobState = 'open' | 'delivered' | 'closed'

/** One assignment for one client. */
export interface Job {
  readonly id: JobId
  readonly name: string
  readonly client: string
  readonly state: JobState
  /** The job's folder below each place's root; decided once, when the job begins. */
  readonly folder: string
  /** The day of the first picture, `YYYY-MM-DD`. */
  readonly shotOn: string
  readonly createdAtMs: number
  readonly deliveredAtMs: number | null
}
