/** The facts behind what is due: counts and groups from the catalog, never single files, so that it is quick with a million originals. */
import type { WhereGroup } from '../catalog/catalog.ts'
import type { DueFacts } from '../domain/due.ts'
import { lately } from '../domain/due-room.ts'
import type { JobId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { JudgedCard } from './judge-cards.ts'
import type { SeenPlace } from './look-at-places.ts'
import type { Program } from './program.ts'
import type { JobStatus } from './show-status.ts'

/** What whoever asks has gathered already. */
export interface Looked {
  readonly jobs: readonly { readonly job: Job; readonly status: JobStatus }[]
  readonly cards: readonly JudgedCard[]
  readonly places: readonly SeenPlace[]
}

export async function gatherDue(program: Program, looked: Looked, nowMs: number): Promise<DueFacts> {
  const { catalog, settings } = program
  const groups = await catalog.whereabouts()
  // A run that is at work has no end either.
  const interrupted = (await program.isAtWork()) ? [] : await catalog.interruptedRuns()
  const inTrash = await catalog.removals({ state: 'in-trash' })
  const jobsById = new Map(looked.jobs.map(({ job }) => [job.id, job]))
  const { required } = settings.policy.copies
  return {
    policy: settings.policy,
    hasPlaces: required.every((role) => settings.places.some((place) => place.role === role)),
    jobs: looked.jobs.map(({ job, status }) => ({
      id: job.id,
      name: job.name,
      state: job.state,
      createdAtMs: job.createdAtMs,
      deliveredAtMs: job.deliveredAtMs,
      files: status.files,
      provenAt: provenAt(status),
    })),
    cards: looked.cards.map(({ card, verdict, jobIds }) => ({
      id: card.id,
      label: card.label,
      suspect: card.suspect !== null,
      lastSeenAtMs: card.lastSeenAtMs,
      because: verdict.kind === 'keep' ? verdict.because : [],
      deliveredAtMs: lastDelivery(jobIds, jobsById),
    })),
    alarms: await gatherAlarms(program, looked.cards),
    places: looked.places.map((seen) => placeFacts(program, seen, bytesLately(groups, seen, nowMs))),
    groups,
    interrupted,
    inTrash: inTrash.map(({ placeId, bytes, changedAtMs }) => ({ placeId, bytes, sinceMs: changedAtMs })),
  }
}

const provenAt = ({ copies }: JobStatus): DueFacts['jobs'][number]['provenAt'] => ({
  card: copies.card.proven,
  library: copies.library.proven,
  second: copies.second.proven,
  cloud: copies.cloud.proven,
  drive: copies.drive.proven,
})

/** When the last of these jobs was delivered; null while one of them is not, or when there are none. */
function lastDelivery(jobIds: ReadonlySet<JobId>, jobs: ReadonlyMap<JobId, Job>): number | null {
  const moments = [...jobIds].map((id) => {
    const job = jobs.get(id)
    return job === undefined || job.state === 'open' ? null : job.deliveredAtMs
  })
  const delivered = moments.filter((atMs) => atMs !== null)
  return delivered.length === 0 || delivered.length < moments.length ? null : Math.max(...delivered)
}

async function gatherAlarms(program: Program, cards: readonly JudgedCard[]): Promise<DueFacts['alarms']> {
  const labels = new Map(cards.map(({ card }) => [card.id, card.label]))
  const events = await program.catalog.cardEvents({ unseenOnly: true })
  return events
    .filter(({ kind }) => kind !== 'formatted')
    .map(({ cardId, atMs, sentence }) => ({ cardId, label: labels.get(cardId) ?? cardId, atMs, sentence }))
}

function placeFacts(
  { services }: Program,
  { place, identity, note, ...seen }: SeenPlace,
  bytes: number,
): DueFacts['places'][number] {
  const online = identity.kind === 'online' ? identity : null
  const { id, name, role, site } = place
  return {
    id,
    name,
    role,
    site,
    deviceId: (online ?? note)?.device.id ?? null,
    online: online !== null,
    isService: services.isService(place.address),
    needsSignIn: identity.kind === 'unknown' && identity.code === 'sign-in-needed',
    lastSeenAtMs: seen.lastSeenAtMs,
    lastUpdatedAtMs: seen.lastUpdatedAtMs,
    lastDrilledAtMs: seen.lastDrilledAtMs,
    lastCheck: seen.lastCheck,
    bytesLately: bytes,
    freeBytes: (online ?? note)?.freeBytes ?? null,
    totalBytes: (online ?? note)?.totalBytes ?? null,
  }
}

/** What came to a place lately, by the groups whose newest file was first seen lately: at least that much. */
function bytesLately(groups: readonly WhereGroup[], { place }: SeenPlace, nowMs: number): number {
  return groups
    .filter(({ newestFirstSeenAtMs }) => nowMs - newestFirstSeenAtMs <= lately.ms)
    .filter(({ copies }) => copies.some(({ placeId }) => placeId === place.id))
    .reduce((sum, { bytes }) => sum + bytes, 0)
}
