/** What the one sentence of a report leaves out, and a reader must know all the same. Pure. */
import { independentDevices } from '../domain/card-verdict.ts'
import type { JobFacts } from './gather-job-facts.ts'
import type { JobReport, ReportCopy, ReportFile } from './job-report.ts'

export interface ReportRemark {
  readonly code:
    | 'not-read'
    | 'not-listed'
    | 'unproven'
    | 'changed'
    | 'gone'
    | 'only-cached'
    | 'missing'
    | 'suspect-card'
    | 'read-once'
    | 'not-from-card'
    | 'device-declared'
    | 'device-unknown'
    | 'retired-place'
    | 'of-other-jobs'
    | 'culled'
    | 'warnings'
  readonly sentence: string
}

type Told = Pick<JobReport, 'cards' | 'places' | 'totals' | 'files'>

const many = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`
const quoted = (names: readonly string[]): string => names.map((name) => `“${name}”`).join(', ')

const roleWords = { card: 'card', library: 'library', second: 'second folder', cloud: 'cloud', drive: 'safe drive' }

/** Gravest first. */
export function remarksOn(told: Told, facts: Pick<JobFacts, 'ofOtherJobs' | 'notListed'>): readonly ReportRemark[] {
  const remarks: ReportRemark[] = []
  const say = (code: ReportRemark['code'], count: number, sentence: (count: number) => string): void => {
    if (count > 0) remarks.push({ code, sentence: sentence(count) })
  }
  const { totals, places } = told
  const files = told.files.filter(({ culled }) => culled === null)
  say(
    'not-read',
    totals.notRead,
    (n) => `${many(n, 'file', 'files')} of the cards could not be read whole yet: no copy of them is known.`,
  )
  say(
    'not-listed',
    facts.notListed,
    (n) => `${many(n, 'file is', 'files are')} in the catalog without any copy or card that could be named here.`,
  )
  say(
    'unproven',
    totals.unproven - totals.notRead - facts.notListed,
    (n) => `${many(n, 'file that was read has', 'files that were read have')} no proven copy at any place in use.`,
  )
  sayOfCopies(files, totals, say)
  for (const { role, files: lacking } of totals.missing)
    say(
      'missing',
      lacking,
      (n) =>
        `${many(n, 'file lacks', 'files lack')} a proven copy in the role ${roleWords[role]}, where one is wanted.`,
    )
  for (const { label, suspect } of told.cards)
    if (suspect !== null) remarks.push({ code: 'suspect-card', sentence: `Card “${label}” is suspect: ${suspect}` })
  say(
    'read-once',
    totals.readOnce,
    (n) =>
      `${many(n, 'file was', 'files were')} read from the card only once: the copies equal that reading, and nothing confirms the reading itself.`,
  )
  say(
    'not-from-card',
    files.filter(({ onCards }) => onCards.length === 0).length,
    (n) =>
      `${many(n, 'file was', 'files were')} never seen on a card: the hash is that of the file as it was first found.`,
  )
  sayOfPlaces(places, say)
  say(
    'of-other-jobs',
    facts.ofOtherJobs,
    (n) =>
      `${many(n, 'file of its cards was', 'files of its cards were')} first seen in another job, and stand${n === 1 ? 's' : ''} in the report of that job.`,
  )
  say(
    'culled',
    totals.culled,
    (n) => `${many(n, 'file was', 'files were')} culled on purpose: listed, and not counted.`,
  )
  say(
    'warnings',
    files.filter(({ warnings }) => warnings.length > 0).length,
    (n) =>
      `${many(n, 'file was', 'files were')} noticed when the pictures were looked at; the reason stands beside the file.`,
  )
  return remarks
}

type Say = (code: ReportRemark['code'], count: number, sentence: (count: number) => string) => void

/** A copy that is not where it was says something only of a file that lacks one: what was moved, or pruned by rule, lies elsewhere. */
function isWanted({ copies }: ReportFile, gone: ReportCopy, { atLeast, missing }: Told['totals']): boolean {
  const proven = copies.filter(({ provenAt }) => provenAt !== null)
  const devices = independentDevices(
    proven.map(({ role, device }) => ({ role, deviceId: device, standing: 'proven' as const })),
  )
  const lacksRole = missing.some(({ role }) => role === gone.role) && !proven.some(({ role }) => role === gone.role)
  return devices < atLeast || lacksRole
}

function sayOfCopies(files: readonly ReportFile[], totals: Told['totals'], say: Say): void {
  const copies = files.flatMap((file) => file.copies.filter(({ placeRetired }) => !placeRetired))
  const where = (some: readonly ReportCopy[]): string => quoted([...new Set(some.map(({ place }) => place))])
  const changed = copies.filter(({ finding }) => finding === 'differed')
  say(
    'changed',
    changed.length,
    (n) =>
      `${many(n, 'copy', 'copies')} at ${where(changed)} no longer ${n === 1 ? 'holds' : 'hold'} what was read from the card; ${n === 1 ? 'it counts' : 'they count'} for nothing.`,
  )
  const gone = files.flatMap((file) =>
    file.copies.filter((copy) => !copy.placeRetired && copy.finding === 'absent' && isWanted(file, copy, totals)),
  )
  say(
    'gone',
    gone.length,
    (n) =>
      `${many(n, 'copy was', 'copies were')} not found at ${where(gone)} when looked for last; ${n === 1 ? 'it counts' : 'they count'} for nothing.`,
  )
  const weak = copies.filter(({ finding, provenAt }) => finding === 'agreed' && provenAt === null)
  say(
    'only-cached',
    weak.length,
    (n) =>
      `${many(n, 'copy', 'copies')} at ${where(weak)} ${n === 1 ? 'was' : 'were'} written and not read back past the memory of the computer, which proves nothing.`,
  )
}

function sayOfPlaces(places: Told['places'], say: Say): void {
  const used = places.filter(({ retired, proven }) => !retired && proven > 0)
  const declared = used.filter(({ deviceHow }) => deviceHow === 'declared').map(({ name }) => name)
  say(
    'device-declared',
    declared.length,
    (n) =>
      `That ${quoted(declared)} ${n === 1 ? 'lies' : 'lie'} on ${n === 1 ? 'a device' : 'devices'} of ${n === 1 ? 'its' : 'their'} own was declared by a person; the computer could not tell.`,
  )
  const unknown = used.filter(({ deviceHow }) => deviceHow === 'unknown').map(({ name }) => name)
  say(
    'device-unknown',
    unknown.length,
    () =>
      `On which device ${quoted(unknown)} ${unknown.length === 1 ? 'lies' : 'lie'} could not be told, so nothing is added to the number of independent devices.`,
  )
  const retired = places.filter((place) => place.retired).map(({ name }) => name)
  say(
    'retired-place',
    retired.length,
    (n) => `${quoted(retired)} ${n === 1 ? 'is' : 'are'} no longer in use: what lies there counts for nothing.`,
  )
}
