/**
 * The report of one job, gathered once into a frozen record. Whatever is printed (HTML, PDF, CSV, JSON) comes from this record alone,
 * so that no two forms can disagree. It only looks: at the catalog, never at a place.
 */
import type { Card, RollRecord } from '../catalog/catalog.ts'
import type { SecondRead } from '../domain/card.ts'
import type { Finding, Strength } from '../domain/copy.ts'
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { CardId } from '../domain/ids.ts'
import type { Job, JobState } from '../domain/job.ts'
import type { Capture } from '../domain/metadata.ts'
import { foldName } from '../domain/path-parts.ts'
import type { Device, Role } from '../domain/place.ts'
import { byRole } from '../domain/place.ts'
import { dayMs, rolesStillRequired } from '../domain/policy.ts'
import type { SaidOfReport } from '../domain/report-sentence.ts'
import { sayReport } from '../domain/report-sentence.ts'
import type { JobFacts } from './gather-job-facts.ts'
import { gatherJobFacts } from './gather-job-facts.ts'
import type { Program } from './program.ts'
import type { Counts } from './report-files.ts'
import { countFiles, reportFiles } from './report-files.ts'
import type { ReportRemark } from './report-remarks.ts'
import { remarksOn } from './report-remarks.ts'

/** All moments are ISO 8601 with the offset of the computer that made the report: `2026-11-20T14:03:11+01:00`. */
export interface JobReport {
  readonly schema: 'fivefold.report/1'
  readonly madeAt: string
  readonly fivefoldVersion: string
  /** The least that is true of every file. */
  readonly sentence: string
  /** True only when nothing is owed. */
  readonly safe: boolean
  /** What the sentence leaves out and a reader must know. */
  readonly remarks: readonly ReportRemark[]
  readonly job: ReportJob
  readonly cards: readonly ReportCard[]
  readonly cameras: readonly ReportCamera[]
  readonly places: readonly ReportPlace[]
  readonly totals: ReportTotals
  readonly files: readonly ReportFile[]
  /** Files that lie on a card of the job and were never read whole: they have no hash and no copy. */
  readonly notRead: readonly ReportNotRead[]
}

export interface ReportJob {
  readonly id: string
  readonly name: string
  readonly client: string
  readonly state: JobState
  /** `YYYY-MM-DD`. */
  readonly shotOn: string
  readonly deliveredAt: string | null
  /** Below each place's root. */
  readonly folder: string
}

export interface ReportCard {
  readonly id: string
  readonly label: string
  readonly maker: string | null
  readonly volumeBytes: number | null
  /** Why it is suspect (V4), or null. */
  readonly suspect: string | null
  /** Only the rolls that hold files of this job. */
  readonly rolls: readonly {
    readonly name: string
    readonly startedAt: string
    readonly secondRead: SecondRead
    /** Of this job; culled ones and those that were not read are not counted. */
    readonly files: number
    readonly bytes: number
    readonly notRead: number
    /** Left out by rule, such as the system's own files. */
    readonly leftOut: number
  }[]
}

export interface ReportCamera {
  readonly make: string | null
  readonly model: string | null
  readonly serial: string | null
  readonly files: number
}

export interface ReportPlace {
  readonly name: string
  readonly role: Role
  /** What burns together. */
  readonly site: string
  /** The physical device as it was last seen (V2); null when the place never answered. */
  readonly device: string | null
  readonly deviceHow: Device['how']
  /** No longer in use: its copies count for nothing. */
  readonly retired: boolean
  /** Files of this job that are proven there. */
  readonly proven: number
  readonly oldestProofAt: string | null
}

export interface ReportTotals {
  /** Files that count: those that were never read whole are among them, culled ones are not. */
  readonly files: number
  readonly bytes: number
  readonly shots: number
  readonly culled: number
  readonly notRead: number
  /** Without a proven copy at any place in use. */
  readonly unproven: number
  /** Over the files, the least number of proven copies on independent devices; the card never counts. */
  readonly provenCopiesMin: number
  /** How many independent devices the policy wants. */
  readonly atLeast: number
  /** Where the policy wants a proven copy, and how many files lack it there. */
  readonly missing: readonly { readonly role: Role; readonly files: number }[]
  readonly oldestProofAt: string | null
  /** Read from their card only once, or with two different answers. */
  readonly readOnce: number
}

export interface ReportFile {
  /** Below the job's folder; where no copy has such a path, below the roll's name as it is on the card. */
  readonly path: string
  readonly bytes: number
  readonly hash: string
  readonly hashKind: 'xxh128'
  /** What its shot has in common; null for what is no picture or recording. */
  readonly shot: string | null
  readonly captured: Capture | null
  readonly camera: {
    readonly make: string | null
    readonly model: string | null
    readonly serial: string | null
  } | null
  /** Why, when it was culled on purpose: it is listed and does not count. */
  readonly culled: string | null
  readonly copies: readonly ReportCopy[]
  readonly onCards: readonly {
    readonly card: string
    readonly roll: string
    readonly path: string
    /** V4: of this file. */
    readonly secondRead: SecondRead
    readonly secondReadAt: string | null
  }[]
  readonly warnings: readonly { readonly code: string; readonly sentence: string }[]
}

export interface ReportCopy {
  readonly place: string
  readonly role: Role
  /** No longer in use: the copy counts for nothing. */
  readonly placeRetired: boolean
  /** Below the place's root. */
  readonly path: string
  readonly strength: Strength
  readonly finding: Finding
  readonly checkedAt: string
  /** When it was last proven (V1); null when the newest evidence proves nothing, or the place is retired. */
  readonly provenAt: string | null
  readonly device: string
}

export interface ReportNotRead {
  readonly path: string
  readonly card: string
  readonly roll: string
  /** How many files it stands for. */
  readonly files: number
  readonly because: string
}

/** Fails with `not-found`, and with `wrong-usage` when several jobs have that name: a report of the wrong job would be worse than none. */
export async function makeReport(program: Program, idOrName: string): Promise<Result<JobReport>> {
  const chosen = await findJob(program, idOrName)
  if (!chosen.ok) return chosen
  const job = chosen.value
  const nowMs = program.clock.nowMs()
  const facts = await gatherJobFacts(program, job)
  const at = (atMs: number): string => moment(program, atMs)
  const files = reportFiles(facts, at)
  const counts = countFiles(facts, rolesStillRequired(program.settings.policy, job, nowMs))
  const cards = reportCards(facts, at)
  const places = reportPlaces(facts, counts, at)
  const totals = totalsOf(program, counts, files, at)
  return done({
    schema: 'fivefold.report/1',
    madeAt: at(nowMs),
    fivefoldVersion: program.version,
    ...say(program, facts, counts, cards, nowMs),
    remarks: remarksOn({ cards, places, totals, files }, facts),
    job: reportJob(job, at),
    cards,
    cameras: counts.cameras,
    places,
    totals,
    files,
    notRead: facts.notRead,
  })
}

/** Names are compared without regard to case and to how accents are composed, as people do. */
async function findJob(program: Program, idOrName: string): Promise<Result<Job>> {
  const jobs = await program.catalog.jobs()
  const byId = jobs.find(({ id }) => id === idOrName)
  const found = byId === undefined ? jobs.filter(({ name }) => foldName(name) === foldName(idOrName)) : [byId]
  const [job] = found
  if (job === undefined)
    return failed({
      code: 'not-found',
      sentence: `There is no job called “${idOrName}”.`,
      advice: 'See “fivefold job list”.',
    })
  if (found.length === 1) return done(job)
  const ids = found.map(({ id, shotOn, client }) => `${shotOn} ${client}: ${id}`)
  return failed({
    code: 'wrong-usage',
    sentence: `${found.length} jobs are called “${idOrName}” (${ids.join('; ')}).`,
    advice: 'Run the command again with the id of the one you mean.',
  })
}

/** ISO 8601 in the computer's own zone, so that a day in the report is the day that the photographer remembers. */
function moment(program: Program, atMs: number): string {
  const minutes = program.offsetMinutes(atMs)
  const two = (part: number): string => String(Math.floor(part)).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${program.localTime(atMs)}${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`
}

function say(
  program: Program,
  facts: JobFacts,
  counts: Counts,
  cards: readonly ReportCard[],
  nowMs: number,
): SaidOfReport {
  const { copies, cards: cardPolicy, verify } = program.settings.policy
  const { oldestProofAtMs } = counts
  const isOverdue = oldestProofAtMs !== null && nowMs - oldestProofAtMs > verify.everyMs
  return sayReport({
    jobName: facts.job.name,
    files: counts.files,
    unproven: counts.unproven,
    missing: counts.missing,
    fewestDevices: counts.fewestDevices,
    atLeast: copies.atLeast,
    oldestProofOn: oldestProofAtMs === null ? null : program.localTime(oldestProofAtMs).slice(0, 10),
    overdueAfterDays: isOverdue ? Math.round(verify.everyMs / dayMs) : null,
    readOnce: cardPolicy.secondRead ? counts.readOnce : 0,
    suspectCards: cards.filter(({ suspect }) => suspect !== null).map(({ label }) => label),
  })
}

const reportJob = (job: Job, at: (atMs: number) => string): ReportJob => ({
  id: job.id,
  name: job.name,
  client: job.client,
  state: job.state,
  shotOn: job.shotOn,
  deliveredAt: job.deliveredAtMs === null ? null : at(job.deliveredAtMs),
  folder: job.folder,
})

function totalsOf(
  program: Program,
  counts: Counts,
  files: readonly ReportFile[],
  at: (atMs: number) => string,
): ReportTotals {
  const shots = new Set(files.filter(({ culled }) => culled === null).flatMap(({ shot }) => shot ?? []))
  return {
    files: counts.files,
    bytes: counts.bytes,
    shots: shots.size,
    culled: counts.culled,
    notRead: counts.notRead,
    unproven: counts.unproven,
    provenCopiesMin: counts.fewestDevices,
    atLeast: program.settings.policy.copies.atLeast,
    missing: counts.missing,
    oldestProofAt: counts.oldestProofAtMs === null ? null : at(counts.oldestProofAtMs),
    readOnce: counts.readOnce,
  }
}

/** A place that was not asked since it was set up: the evidence tells, in the words of the machine. */
function deviceIn(deviceId: string | null): Device | null {
  if (deviceId === null) return null
  const how = deviceId.startsWith('unknown:') ? 'unknown' : deviceId.startsWith('declared:') ? 'declared' : 'measured'
  return { id: deviceId, how }
}

function reportPlaces(facts: JobFacts, counts: Counts, at: (atMs: number) => string): readonly ReportPlace[] {
  const notes = new Map(facts.placeNotes.map((note) => [note.placeId, note.device]))
  return facts.places
    .filter(({ id, retiredAtMs }) => retiredAtMs === null || counts.byPlace.has(id))
    .map((place): ReportPlace => {
      const device = notes.get(place.id) ?? deviceIn(counts.byPlace.get(place.id)?.latestDevice ?? null)
      const tally = counts.byPlace.get(place.id)
      return {
        name: place.name,
        role: place.role,
        site: place.site,
        device: device?.id ?? null,
        deviceHow: device?.how ?? 'unknown',
        retired: place.retiredAtMs !== null,
        proven: tally?.proven ?? 0,
        oldestProofAt: tally?.oldestProofAtMs == null ? null : at(tally.oldestProofAtMs),
      }
    })
    .toSorted((a, b) => Number(a.retired) - Number(b.retired) || byRole(a, b))
}

function reportCards(facts: JobFacts, at: (atMs: number) => string): readonly ReportCard[] {
  const rollsOf = (id: CardId): readonly RollRecord[] => facts.rolls.filter(({ cardId }) => cardId === id)
  return facts.cards.map((card: Card): ReportCard => ({
    id: card.id,
    label: card.label,
    maker: card.maker,
    volumeBytes: card.volumeBytes,
    suspect: card.suspect?.why ?? null,
    rolls: rollsOf(card.id).map((roll) => {
      const files = facts.files.filter(
        ({ culled, onCards }) => culled === null && onCards.some(({ rollId }) => rollId === roll.id),
      )
      const unread = facts.notRead.filter((one) => one.roll === roll.name)
      return {
        name: roll.name,
        startedAt: at(roll.startedAtMs),
        secondRead: roll.secondRead,
        files: files.length,
        bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        notRead: unread.reduce((sum, one) => sum + one.files, 0),
        leftOut: facts.leftOut.get(roll.id) ?? 0,
      }
    }),
  }))
}
