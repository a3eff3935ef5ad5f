/**
 * May this card be formatted? (promise C2). Pure: facts in, verdict out, always with its reasons. One doubt keeps the card.
 */
import type { SecondRead } from './card.ts'
import type { CardId } from './ids.ts'
import type { JobState } from './job.ts'
import type { Role } from './place.ts'
import type { Policy } from './policy.ts'
import { rolesStillRequired } from './policy.ts'

/** A copy that was proven: recently enough, or too long ago. */
export interface ProvenCopy {
  readonly role: Role
  readonly deviceId: string
  readonly standing: 'proven' | 'stale'
}

/** A copy of a file, and what was found of it last. Only `proven` counts; the others tell a person what to do. */
export interface CopyOnRecord {
  /** Tells places apart; two copies at one place are a file and its numbered name, or one that was moved. */
  readonly placeId: string
  readonly role: Role
  readonly deviceId: string
  readonly standing: ProvenCopy['standing'] | 'not-proven' | 'differed' | 'absent'
}

/** Files of a card's last seen roll that are in the same position. */
export interface FilesAlike {
  readonly files: number
  /** False when they were never read whole. */
  readonly hashed: boolean
  /** Seen on the card after it had been read, and not read since. */
  readonly isNew: boolean
  readonly culled: boolean
  readonly copies: readonly CopyOnRecord[]
  readonly job: JobOfFiles | null
}

export interface JobOfFiles {
  readonly name: string
  readonly state: JobState
  /** Null while it is open. */
  readonly deliveredAtMs: number | null
}

export interface CardFacts {
  readonly cardId: CardId
  readonly groups: readonly FilesAlike[]
  /** The job that the roll was shot for; its files may be known from an earlier one. */
  readonly rollJob: JobOfFiles | null
  readonly secondRead: SecondRead
  /** Files that lie on the card and could not be copied at all: their names are damaged. */
  readonly notCopied: number
  readonly suspect: boolean
  readonly retired: boolean
  /** False when it is known from a note only: what lies on it now nobody saw since the catalog was rebuilt. */
  readonly seenHere: boolean
  /** Files of earlier rolls that were formatted without leave, as long as no person has seen that alarm. */
  readonly unseenAlarmFiles: number
  /** Places at which so much changed or vanished at once that nothing there is believed until it was read whole (D3). */
  readonly suspectPlaces: readonly { readonly placeId: string; readonly name: string }[]
}

export type KeepCode =
  | 'never-read'
  | 'not-read-twice'
  | 'reads-differ'
  | 'not-copied'
  | 'new-files'
  | 'not-read-whole'
  | 'copy-missing'
  | 'copy-damaged'
  | 'too-few-devices'
  | 'evidence-old'
  | 'job-not-delivered'
  | 'earlier-roll'
  | 'not-seen'
  | 'place-suspect'
  | 'retired'

export interface Reason {
  readonly code: KeepCode
  readonly sentence: string
  readonly files: number
}

/**
 * The only value that says a card may be formatted. No other file can make one: the constructor is private to this module, and
 * what is exported is its type alone (docs/style.md: dangerous acts take a permit).
 */
class FormatPermitOf {
  readonly #made = true
  readonly cardId: CardId
  readonly validUntilMs: number
  constructor(cardId: CardId, validUntilMs: number) {
    this.cardId = cardId
    this.validUntilMs = validUntilMs
  }
  isGenuine(): boolean {
    return this.#made
  }
}
export type FormatPermit = FormatPermitOf

export type CardVerdict =
  | { readonly kind: 'may-format'; readonly permit: FormatPermit }
  | { readonly kind: 'keep'; readonly because: readonly Reason[] }

/** A permit ends soon: what was true an hour ago may not be true now. */
const permitMs = 60 * 60 * 1000

export function judgeCard(facts: CardFacts, policy: Policy, nowMs: number): CardVerdict {
  const because = [...judgeCardItself(facts, policy), ...judgeFiles(facts.groups, policy, nowMs), ...judgeJobs(facts)]
  if (because.length > 0) return { kind: 'keep', because }
  return { kind: 'may-format', permit: new FormatPermitOf(facts.cardId, nowMs + permitMs) }
}

export const filesIn = (groups: readonly FilesAlike[]): number => groups.reduce((sum, { files }) => sum + files, 0)

function judgeCardItself(facts: CardFacts, policy: Policy): Reason[] {
  const because: Reason[] = []
  const files = filesIn(facts.groups)
  if (files === 0) because.push({ code: 'never-read', sentence: 'Nothing was read from this card yet.', files })
  if (facts.retired) because.push({ code: 'retired', sentence: 'This card is retired: don’t use it any more.', files })
  if (!facts.seenHere)
    because.push({
      code: 'not-seen',
      sentence: 'This card was not seen by this computer since its catalog was rebuilt: put it in once.',
      files,
    })
  for (const { name, placeId } of facts.suspectPlaces) {
    const there = filesIn(facts.groups.filter(({ copies }) => copies.some((copy) => copy.placeId === placeId)))
    if (there > 0)
      because.push({
        code: 'place-suspect',
        sentence: `“${name}” looked wiped or encrypted when it was last looked at: ${count(there, 'file of this card has', 'files of this card have')} a copy there.`,
        files: there,
      })
  }
  if (facts.notCopied > 0)
    because.push({
      code: 'not-copied',
      sentence: `${count(facts.notCopied, 'file with a damaged name was', 'files with damaged names were')} not copied.`,
      files: facts.notCopied,
    })
  if (facts.unseenAlarmFiles > 0)
    because.push({
      code: 'earlier-roll',
      sentence: `An earlier roll of ${count(facts.unseenAlarmFiles, 'file', 'files')} was formatted without leave: see “fivefold card show”, then say “fivefold card seen”.`,
      files: facts.unseenAlarmFiles,
    })
  if (facts.secondRead === 'differed' || facts.suspect)
    because.push({
      code: 'reads-differ',
      sentence: 'Two reads of this card gave different bytes: the card or its reader is suspect. Keep it as it is.',
      files,
    })
  else if (facts.secondRead === 'not-done' && policy.cards.secondRead && files > 0)
    because.push({ code: 'not-read-twice', sentence: 'The card was not read a second time yet.', files })
  return because
}

/** What speaks against letting go of these files: their reading and their copies, not their jobs. Each reason with its files. */
export function judgeFiles(groups: readonly FilesAlike[], policy: Policy, nowMs: number): readonly Reason[] {
  const because: Reason[] = []
  const add = (code: KeepCode, alike: readonly FilesAlike[], say: (files: number) => string): void => {
    const files = filesIn(alike)
    if (files > 0) because.push({ code, sentence: say(files), files })
  }
  const counted = groups.filter(({ culled }) => !culled)
  const unread = counted.filter(({ hashed }) => !hashed)
  add(
    'new-files',
    unread.filter(({ isNew }) => isNew),
    (files) => `${count(files, 'file is', 'files are')} new on the card since it was read: ingest it again.`,
  )
  add(
    'not-read-whole',
    unread.filter(({ isNew }) => !isNew),
    (files) => `${count(files, 'file was', 'files were')} not read whole from the card yet.`,
  )
  const stood = counted
    .filter(({ hashed }) => hashed)
    .map((alike) => ({ alike, standing: copiesStand(alike, policy, nowMs) }))
  const where = (is: (standing: CopiesStanding) => boolean): readonly FilesAlike[] =>
    stood.filter(({ standing }) => is(standing)).map(({ alike }) => alike)
  for (const role of policy.copies.required)
    add(
      'copy-missing',
      where(({ missing }) => missing.has(role)),
      (files) => `${count(files, 'file has', 'files have')} no proven copy in the ${placeOf(role)}.`,
    )
  for (const role of policy.copies.required)
    add(
      'copy-damaged',
      where(({ damaged }) => damaged.has(role)),
      (files) =>
        `${count(files, 'file has a damaged copy', 'files have damaged copies')} in the ${placeOf(role)}: run “fivefold repair”.`,
    )
  const few = stood.filter(({ standing }) => standing.tooFewDevices)
  const fewest = Math.min(...few.map(({ standing }) => standing.devices))
  add(
    'too-few-devices',
    few.map(({ alike }) => alike),
    (files) =>
      `${count(files, 'file has', 'files have')} proven copies on ${fewest} of ${policy.copies.atLeast} independent devices.`,
  )
  add(
    'evidence-old',
    where(({ onlyTooOld }) => onlyTooOld),
    (files) =>
      `${count(files, 'file has', 'files have')} too few copies that were proven lately: run “fivefold verify” to prove the older ones again.`,
  )
  return because
}

interface CopiesStanding {
  readonly missing: ReadonlySet<Role>
  readonly damaged: ReadonlySet<Role>
  /** Even if every proof that has grown old were fresh. */
  readonly tooFewDevices: boolean
  /** Counted with the old proofs, for the sentence. */
  readonly devices: number
  /** Something is missed that would not be, were the old proofs fresh. */
  readonly onlyTooOld: boolean
}

/**
 * Only fresh proofs count; a proof that has grown old on a copy more than is asked for takes nothing away. What only old proofs
 * would fill is told apart from what is not there at all: a check mends the one, a new copy the other.
 *
 * A copy whose bytes differ keeps the card when it is at a role that is still required, even beside good ones at other places of
 * that role: somebody relies on that place. It is mended, and no doubt any more, once the same place has a proven copy of the file.
 * A copy that is gone is simply not there: it may have been moved, and is then proven under its new name.
 */
function copiesStand({ copies, job }: FilesAlike, policy: Policy, nowMs: number): CopiesStanding {
  const placed = copies.filter(({ role }) => role !== 'card')
  const fresh = placed.filter(({ standing }) => standing === 'proven')
  const everProven = placed.filter(({ standing }) => standing === 'proven' || standing === 'stale')
  const mended = new Set(everProven.map(({ placeId }) => placeId))
  const missing = new Set<Role>()
  const damaged = new Set<Role>()
  let onlyTooOld = false
  for (const role of rolesStillRequired(policy, job ?? { state: 'open', deliveredAtMs: null }, nowMs)) {
    const here = ofRole(role)
    if (placed.some((copy) => here(copy) && copy.standing === 'differed' && !mended.has(copy.placeId)))
      damaged.add(role)
    if (fresh.some(here)) continue
    if (everProven.some(here)) onlyTooOld = true
    else if (!damaged.has(role)) missing.add(role)
  }
  const { atLeast } = policy.copies
  const devices = independentDevices(everProven)
  const tooFewDevices = devices < atLeast
  if (!tooFewDevices && independentDevices(fresh) < atLeast) onlyTooOld = true
  return { missing, damaged, tooFewDevices, devices, onlyTooOld }
}

const ofRole =
  (wanted: Role) =>
  ({ role }: { readonly role: Role }): boolean =>
    role === wanted

const placeOf = (role: Role): string => (role === 'second' ? 'second folder' : role)

/** The jobs of its files, and the one that the roll was shot for; `closed` is delivered and done. */
function judgeJobs({ groups, rollJob }: CardFacts): Reason[] {
  const isOpen = (job: JobOfFiles | null): job is JobOfFiles => job !== null && job.state === 'open'
  const open = Map.groupBy(
    groups.filter(({ job }) => isOpen(job)),
    ({ job }) => job?.name ?? '',
  )
  const reasons = [...open].map(([name, alike]) => notDelivered(name, filesIn(alike)))
  if (isOpen(rollJob) && !open.has(rollJob.name)) reasons.push(notDelivered(rollJob.name, filesIn(groups)))
  return reasons
}

const notDelivered = (name: string, files: number): Reason => ({
  code: 'job-not-delivered',
  sentence: `The job “${name}” is not delivered yet.`,
  files,
})

/**
 * V2: two folders on one device are one device, and the card itself never counts. A device that could not be told may be any of
 * the others, so it adds nothing; alone it is one.
 */
export function independentDevices(copies: readonly { readonly role: Role; readonly deviceId: string }[]): number {
  const devices = new Set(copies.filter(({ role }) => role !== 'card').map(({ deviceId }) => deviceId))
  const known = [...devices].filter((id) => !id.startsWith('unknown:')).length
  return known === 0 ? Math.min(devices.size, 1) : known
}

const count = (files: number, one: string, many: string): string => `${files} ${files === 1 ? one : many}`
