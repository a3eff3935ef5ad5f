/** Where things stand: the value behind `fivefold.status/1`. */
import type { JobTally } from '../catalog/catalog.ts'
import type { CardVerdict, Reason } from '../domain/card-verdict.ts'
import { judgeCard } from '../domain/card-verdict.ts'
import type { Due } from '../domain/due.ts'
import { whatIsDue } from '../domain/due.ts'
import type { CardId, RollId } from '../domain/ids.ts'
import type { Job, JobState } from '../domain/job.ts'
import type { Identity, Place, Role } from '../domain/place.ts'
import { byRole } from '../domain/place.ts'
import { sayStatus } from '../domain/status-sentence.ts'
import { identifyPlaces } from './identify-places.ts'
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

export interface CardStatus {
  readonly id: string
  readonly label: string
  readonly verdict: CardVerdict['kind']
  readonly because: readonly Reason[]
}

export interface PlaceStatus {
  readonly name: string
  readonly role: Role
  readonly site: string
  readonly address: string
  readonly online: boolean
  readonly sentence: string | null
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
  readonly due: readonly { readonly code: Due['code']; readonly sentence: string; readonly since: string }[]
}

/** The page and the command answer within a second: a place that needs longer is unknown for now (J2). */
const askPlacesMs = 800

export async function showStatus(program: Program): Promise<Status> {
  const { catalog, settings, clock } = program
  const nowMs = clock.nowMs()
  const jobs = await jobStatuses(program)
  const cards = await cardStatuses(program, nowMs)
  const places = await placeStatuses(program)
  // A run that is at work has no end either.
  const interrupted = (await program.isAtWork()) ? [] : await catalog.interruptedRuns()
  const notes = await catalog.placeNotes()
  const { required, atLeast } = settings.policy.copies
  const hasPlaces = required.every((role) => settings.places.some((place) => place.role === role))
  const missingOf = (job: JobStatus): number =>
    Math.max(0, ...required.map((role) => job.files - job.copies[role].proven))
  const allCards = await catalog.cards()
  const suspectCards = allCards.filter(({ suspect }) => suspect !== null).map(({ label }) => label)
  const said = sayStatus({
    hasPlaces,
    atLeast,
    suspectCards,
    interrupted: interrupted.length > 0,
    jobs: jobs.map((job) => ({ ...job, missing: missingOf(job) })),
  })
  const due = whatIsDue(
    {
      hasPlaces,
      required,
      interrupted,
      jobs: jobs.map((job) => ({ name: job.name, files: job.files, provenAt: provenAt(job), createdAtMs: nowMs })),
      cards: allCards.map((card) => ({
        label: card.label,
        suspect: card.suspect !== null,
        notReadTwice: cards.some(
          ({ id, because }) => id === card.id && because.some(({ code }) => code === 'not-read-twice'),
        ),
        lastSeenAtMs: card.lastSeenAtMs,
      })),
      places: places.map(({ name, online }) => ({
        name,
        online,
        lastSeenAtMs:
          notes.find(({ placeId }) => settings.places.some((place) => place.id === placeId && place.name === name))
            ?.atMs ?? null,
      })),
    },
    nowMs,
  )
  return {
    schema: 'fivefold.status/1',
    ...said,
    jobs,
    cards,
    places,
    due: due.map(({ code, sentence, sinceMs }) => ({ code, sentence, since: new Date(sinceMs).toISOString() })),
  }
}

const provenAt = (job: JobStatus): Record<Role, number> => ({
  card: job.copies.card.proven,
  library: job.copies.library.proven,
  second: job.copies.second.proven,
  cloud: job.copies.cloud.proven,
  drive: job.copies.drive.proven,
})

export async function jobStatuses(program: Program): Promise<readonly JobStatus[]> {
  const tallies = new Map((await program.catalog.jobTallies()).map((tally) => [tally.jobId, tally]))
  const lacking = await program.catalog.filesWithoutOriginal()
  return (await program.catalog.jobs()).map((job) => jobStatus(job, tallies.get(job.id), lacking.get(job.id) ?? 0))
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

async function cardStatuses(program: Program, nowMs: number): Promise<readonly CardStatus[]> {
  const statuses: CardStatus[] = []
  for (const card of await program.catalog.cards()) statuses.push(await cardStatus(program, card.id, card.label, nowMs))
  return statuses
}

/** The verdict on one card (C2), with its reasons. */
export async function cardStatus(program: Program, id: CardId, label: string, nowMs: number): Promise<CardStatus> {
  const { policy } = program.settings
  const facts = await program.catalog.cardFacts(id, nowMs - policy.cards.evidenceMaxAgeMs)
  const jobNames = new Map((await program.catalog.jobs()).map((job) => [job.id, job.name]))
  const verdict = judgeCard(
    {
      cardId: id,
      groups: (facts?.groups ?? []).map((group) => ({
        files: group.files,
        hashed: group.read,
        culled: group.culled,
        job: group.job === null ? null : { name: jobNames.get(group.job.id) ?? group.job.id, state: group.job.state },
        copies: group.copies.flatMap(({ role, deviceId, standing }) =>
          standing === 'proven' || standing === 'stale' ? [{ role, deviceId, standing }] : [],
        ),
      })),
      secondRead: facts?.roll?.secondRead ?? 'not-done',
      notCopied: facts?.roll == null ? 0 : await countNotCopied(program, facts.roll.id),
      suspect: facts?.card.suspect != null,
      retired: facts?.card.retiredAtMs != null,
    },
    policy,
    nowMs,
  )
  return { id, label, verdict: verdict.kind, because: verdict.kind === 'keep' ? verdict.because : [] }
}

async function countNotCopied(program: Program, rollId: RollId): Promise<number> {
  const leftOut = await program.catalog.leftOut(rollId)
  return leftOut.filter(({ why }) => why === 'name-not-unicode').reduce((sum, { files }) => sum + files, 0)
}

export async function placeStatuses(program: Program): Promise<readonly PlaceStatus[]> {
  const mover = program.startMover()
  try {
    const asked = await identifyPlaces(program, mover, program.settings.places, askPlacesMs)
    return asked.map(({ place, identity }) => placeStatus(place, identity)).toSorted(byRole)
  } finally {
    mover.end()
  }
}

function placeStatus(place: Place, identity: Identity): PlaceStatus {
  const { name, role, site, address } = place
  const online = identity.kind === 'online' ? identity : null
  return {
    name,
    role,
    site,
    address,
    online: online !== null,
    sentence: identity.kind === 'online' ? null : identity.sentence,
    device: online?.device.id ?? null,
    deviceHow: online?.device.how ?? 'unknown',
    freeBytes: online?.freeBytes ?? null,
    totalBytes: online?.totalBytes ?? null,
    readBack: online?.readBack ?? null,
  }
}
