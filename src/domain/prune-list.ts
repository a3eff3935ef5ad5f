/** What could go, and what stays and why: the list that comes before every prune (D1). Pure, from the books alone; removes nothing. */
import { isInWindow } from './drive-window.ts'
import type { JobId, PlaceId } from './ids.ts'
import type { JobState } from './job.ts'
import type { Role } from './place.ts'
import type { Policy } from './policy.ts'
import { keptUntilMs } from './policy.ts'
import type { OtherCopy, StayReason } from './removal-rule.ts'
import { reasonsToStay } from './removal-rule.ts'

export interface PruneJob {
  readonly id: JobId
  readonly name: string
  readonly client: string
  readonly state: JobState
  readonly deliveredAtMs: number | null
  readonly shotOn: string
  readonly lastShotOn: string | null
  /** The day it came in, `YYYY-MM-DD`. */
  readonly createdOn: string
}

export interface PrunePlace {
  readonly id: PlaceId
  readonly name: string
  readonly role: Role
  /** The place from which the provider's own program fills this cloud; null for every other place. */
  readonly filledFrom: PlaceId | null
}

/** Originals of one job in the same position. */
export interface PruneGroup {
  readonly jobId: JobId
  readonly files: number
  readonly bytes: number
  readonly copies: readonly {
    readonly placeId: PlaceId
    readonly deviceId: string
    readonly standing: 'proven' | 'present' | 'differed'
  }[]
}

export interface PruneFacts {
  readonly jobs: readonly PruneJob[]
  readonly places: readonly PrunePlace[]
  readonly groups: readonly PruneGroup[]
  /** The first day of the drives' window, `YYYY-MM-DD`. */
  readonly windowFrom: string
}

/** One job at one place: what of it may go as far as the books tell, or why it stays. */
export interface PruneLine {
  readonly placeId: PlaceId
  readonly place: string
  readonly role: Role
  readonly jobId: JobId
  readonly job: string
  readonly client: string
  readonly shotOn: string
  readonly files: number
  readonly bytes: number
  readonly mayGo: boolean
  /** Empty when it may go. */
  readonly because: readonly StayReason[]
  /** Why the rule lets it go: since when, for the person; null when it stays. */
  readonly keptUntilMs: number | null
}

/** By place, then what may go first, then by the day of the job. Groups of a job with the same answer are one line. */
export function listPrunable(facts: PruneFacts, policy: Policy, nowMs: number): readonly PruneLine[] {
  const placeOf = new Map(facts.places.map((place) => [place.id, place]))
  const jobOf = new Map(facts.jobs.map((job) => [job.id, job]))
  const lines = new Map<string, PruneLine>()
  for (const group of facts.groups) {
    const job = jobOf.get(group.jobId)
    if (job === undefined) continue
    for (const copy of group.copies) {
      const place = placeOf.get(copy.placeId)
      if (place === undefined || !mayEverGo(place.role) || copy.standing === 'differed') continue
      const because = reasonsToStay(
        ruleFacts(
          { role: place.role, filledFrom: nameOf(place.filledFrom, placeOf) },
          job,
          othersOf(group, place, placeOf),
          facts.windowFrom,
        ),
        policy,
        nowMs,
      )
      const key = JSON.stringify([place.id, job.id, because.map(({ sentence }) => sentence)])
      const line = lines.get(key) ?? newLine(place, job, because, policy)
      lines.set(key, { ...line, files: line.files + group.files, bytes: line.bytes + group.bytes })
    }
  }
  return [...lines.values()].toSorted(inOrder)
}

const mayEverGo = (role: Role): boolean => role === 'second' || role === 'cloud' || role === 'drive'

export const ruleFacts = (
  place: { readonly role: Role; readonly filledFrom: string | null },
  job: PruneJob,
  others: readonly OtherCopy[],
  windowFrom: string,
): Parameters<typeof reasonsToStay>[0] => ({
  act: 'into-trash',
  role: place.role,
  filledFrom: place.filledFrom,
  job,
  outOfWindow: !isInWindow(job, windowFrom),
  others,
  inTrashSinceMs: null,
  graceWaived: false,
})

const nameOf = (id: PlaceId | null, placeOf: ReadonlyMap<PlaceId, PrunePlace>): string | null =>
  id === null ? null : (placeOf.get(id)?.name ?? id)

function othersOf(group: PruneGroup, own: PrunePlace, placeOf: ReadonlyMap<PlaceId, PrunePlace>): readonly OtherCopy[] {
  return group.copies.flatMap(({ placeId, deviceId, standing }) => {
    const place = placeOf.get(placeId)
    if (place === undefined || placeId === own.id) return []
    const { name: placeName, role } = place
    const goesToo = place.filledFrom === own.id
    return [{ placeName, role, deviceId, standing: standing === 'present' ? 'not-proven' : standing, goesToo }]
  })
}

const newLine = (place: PrunePlace, job: PruneJob, because: readonly StayReason[], policy: Policy): PruneLine => ({
  placeId: place.id,
  place: place.name,
  role: place.role,
  jobId: job.id,
  job: job.name,
  client: job.client,
  shotOn: job.shotOn,
  files: 0,
  bytes: 0,
  mayGo: because.length === 0,
  because,
  keptUntilMs: keptUntilMs(policy, place.role, job),
})

const inOrder = (a: PruneLine, b: PruneLine): number =>
  compare(a.place, b.place) ||
  Number(b.mayGo) - Number(a.mayGo) ||
  compare(a.shotOn, b.shotOn) ||
  compare(a.job, b.job) ||
  compare(a.because[0]?.code ?? '', b.because[0]?.code ?? '')

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
