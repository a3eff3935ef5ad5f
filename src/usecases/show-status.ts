/** Where things stand: the value behind `fivefold.status/1`. */
import type { JobTally } from '../catalog/catalog.ts'
import type { Due } from '../domain/due.ts'
import { whatIsDue } from '../domain/due.ts'
import { ago, typed } from '../domain/due-words.ts'
import type { Job, JobState } from '../domain/job.ts'
import type { Role } from '../domain/place.ts'
import type { Policy } from '../domain/policy.ts'
import { rolesStillRequired } from '../domain/policy.ts'
import { devicesWanted, sayStatus } from '../domain/status-sentence.ts'
import { gatherDue } from './gather-due.ts'
import type { CardStatus } from './judge-cards.ts'
import { judgeCards, statusOf } from './judge-cards.ts'
import type { SeenPlace } from './look-at-places.ts'
import { lookAtPlaces } from './look-at-places.ts'
import type { Program } from './program.ts'

export interface JobStatus {
  readonly id: string
  readonly name: string
  readonly client: string
  readonly state: JobState
  readonly shotOn: string
  readonly folder: string
  readonly files: number
  readonly bytes: number
  readonly shots: number
  readonly copies: Readonly<Record<Role, { readonly proven: number; readonly present: number }>>
  readonly provenCopiesMin: number
}

export interface PlaceStatus {
  readonly name: string
  readonly role: Role
  readonly site: string
  readonly address: string
  readonly online: boolean
  /** True for a drive that is where it should be between two updates: in the safe. */
  readonly away: boolean
  /** Why it is not there, or where it is when it is away; null when it is there. */
  readonly sentence: string | null
  readonly lastSeen: string | null
  /** When a drive was last brought up to date; null for other places, and for a drive that never was. */
  readonly lastUpdated: string | null
  readonly device: string | null
  readonly deviceHow: 'measured' | 'declared' | 'unknown'
  readonly freeBytes: number | null
  readonly totalBytes: number | null
  readonly readBack: 'medium' | 'cached' | null
}

export interface Status {
  readonly schema: 'fivefold.status/1'
  readonly sentence: string
  readonly safe: boolean
  readonly jobs: readonly JobStatus[]
  readonly cards: readonly CardStatus[]
  readonly places: readonly PlaceStatus[]
  readonly due: readonly (Pick<Due, 'code' | 'subject' | 'sentence' | 'command'> & { readonly since: string })[]
}

export async function showStatus(program: Program): Promise<Status> {
  const nowMs = program.clock.nowMs()
  const { policy } = program.settings
  // The places answer while the catalog is read: the command waits for whichever is slower (J2).
  const [places, jobs, cards] = await Promise.all([
    lookAtPlaces(program, nowMs),
    jobsWithStatus(program),
    judgeCards(program, nowMs),
  ])
  const facts = await gatherDue(program, { jobs, cards, places }, nowMs)
  const due = whatIsDue(facts, nowMs)
  const said = sayStatus({
    hasPlaces: facts.hasPlaces,
    suspectCards: cards.filter(({ card }) => card.suspect !== null).map(({ label }) => label),
    due,
    jobs: jobs.map(({ job, status }) => ({
      ...status,
      missing: missingOf(job, status, policy, nowMs),
      devicesWanted: devicesWanted(policy, job, nowMs),
    })),
  })
  return {
    schema: 'fivefold.status/1',
    ...said,
    jobs: jobs.map(({ status }) => status),
    cards: cards.map(statusOf),
    places: places.map((seen) => placeStatus(program, seen, nowMs)),
    due: due.map(({ code, subject, sentence, sinceMs, command }) => ({
      code,
      subject,
      sentence,
      since: isoText(sinceMs),
      command,
    })),
  }
}

const isoText = (atMs: number): string => new Date(atMs).toISOString()

/** Files that lack a proven copy at the role that lacks most; what was let go by rule is not missed. */
const missingOf = (job: Job, { files, copies }: JobStatus, policy: Policy, nowMs: number): number =>
  Math.max(0, ...rolesStillRequired(policy, job, nowMs).map((role) => files - copies[role].proven))

async function jobsWithStatus(program: Program): Promise<readonly { readonly job: Job; readonly status: JobStatus }[]> {
  const tallies = new Map((await program.catalog.jobTallies()).map((tally) => [tally.jobId, tally]))
  const lacking = await program.catalog.filesWithoutOriginal()
  const jobs = await program.catalog.jobs()
  return jobs.map((job) => ({ job, status: jobStatus(job, tallies.get(job.id), lacking.get(job.id) ?? 0) }))
}

export async function jobStatuses(program: Program): Promise<readonly JobStatus[]> {
  return (await jobsWithStatus(program)).map(({ status }) => status)
}

/** A file that was never read has no original, and counts as a file of the job all the same: it is owed. */
function jobStatus(job: Job, tally: JobTally | undefined, filesWithoutOriginal: number): JobStatus {
  const none = { proven: 0, present: 0 }
  return {
    id: job.id,
    name: job.name,
    client: job.client,
    state: job.state,
    shotOn: job.shotOn,
    folder: job.folder,
    files: (tally?.files ?? 0) + filesWithoutOriginal,
    bytes: tally?.bytes ?? 0,
    shots: tally?.shots ?? 0,
    copies: tally?.copies ?? { card: none, library: none, second: none, cloud: none, drive: none },
    provenCopiesMin: filesWithoutOriginal > 0 ? 0 : (tally?.provenCopiesMin ?? 0),
  }
}

export async function placeStatuses(program: Program): Promise<readonly PlaceStatus[]> {
  const nowMs = program.clock.nowMs()
  return (await lookAtPlaces(program, nowMs)).map((seen) => placeStatus(program, seen, nowMs))
}

function placeStatus({ services }: Program, seen: SeenPlace, nowMs: number): PlaceStatus {
  const { place, identity, lastSeenAtMs, lastUpdatedAtMs } = seen
  const online = identity.kind === 'online' ? identity : null
  // Another place under its address is trouble, wherever the drive is.
  const away = place.role === 'drive' && (identity.kind === 'unknown' || identity.kind === 'unmarked')
  return {
    name: place.name,
    role: place.role,
    site: place.site,
    address: place.address,
    online: online !== null,
    away,
    sentence:
      identity.kind === 'online'
        ? null
        : away
          ? sayAway(seen, nowMs)
          : services.isService(place.address)
            ? sayNotReached(seen, identity, nowMs)
            : identity.sentence,
    lastSeen: lastSeenAtMs === null ? null : isoText(lastSeenAtMs),
    lastUpdated: place.role === 'drive' && lastUpdatedAtMs !== null ? isoText(lastUpdatedAtMs) : null,
    device: online?.device.id ?? null,
    deviceHow: online?.device.how ?? 'unknown',
    freeBytes: online?.freeBytes ?? null,
    totalBytes: online?.totalBytes ?? null,
    readBack: online?.readBack ?? null,
  }
}

/** A look waits for less than a second, and a service whose sign-in has to be renewed first may need longer: that is no alarm. */
function sayNotReached(
  { place, lastSeenAtMs }: SeenPlace,
  identity: Exclude<SeenPlace['identity'], { kind: 'online' }>,
  nowMs: number,
): string {
  const code = identity.kind === 'unknown' ? identity.code : identity.kind
  if (lastSeenAtMs === null) {
    if (code === 'sign-in-needed') return `Nobody has signed in yet: “fivefold place sign-in ${typed(place.name)}”.`
    return code === undefined ? 'No answer within a second; it was never reached yet.' : identity.sentence
  }
  const when = ago(lastSeenAtMs, nowMs)
  if (code === undefined) return `No answer within a second; last reached ${when}.`
  return `${identity.sentence} It was last reached ${when}.`
}

function sayAway({ place, lastUpdatedAtMs }: SeenPlace, nowMs: number): string {
  const where = place.site === 'safe' ? 'In the safe' : `Not plugged in; its site is “${place.site}”`
  return `${where}, ${lastUpdatedAtMs === null ? 'never brought up to date' : `last updated ${ago(lastUpdatedAtMs, nowMs)}`}.`
}
