/**
 * May this card be formatted? (promise C2). Pure: facts in, verdict out, always with its reasons. One doubt keeps the card.
 */
import type { SecondRead } from './card.ts'
import type { CardId } from './ids.ts'
import type { JobState } from './job.ts'
import type { Role } from './place.ts'
import type { Policy } from './policy.ts'

/** A copy that was proven: recently enough, or too long ago. */
export interface ProvenCopy {
  readonly role: Role
  readonly deviceId: string
  readonly standing: 'proven' | 'stale'
}

/** Files of a card's last seen roll that are in the same position. */
export interface FilesAlike {
  readonly files: number
  /** False when they were never read whole. */
  readonly hashed: boolean
  readonly culled: boolean
  readonly copies: readonly ProvenCopy[]
  readonly job: { readonly name: string; readonly state: JobState } | null
}

export interface CardFacts {
  readonly cardId: CardId
  readonly groups: readonly FilesAlike[]
  readonly secondRead: SecondRead
  /** Files that lie on the card and could not be copied at all: their names are damaged. */
  readonly notCopied: number
  readonly suspect: boolean
  readonly retired: boolean
}

export type KeepCode =
  | 'never-read'
  | 'not-read-twice'
  | 'reads-differ'
  | 'not-copied'
  | 'not-read-whole'
  | 'copy-missing'
  | 'too-few-devices'
  | 'evidence-old'
  | 'job-not-delivered'
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
  const because = [...judgeCardItself(facts, policy), ...judgeFiles(facts, policy), ...judgeJobs(facts)]
  if (because.length > 0) return { kind: 'keep', because }
  return { kind: 'may-format', permit: new FormatPermitOf(facts.cardId, nowMs + permitMs) }
}

const filesIn = (groups: readonly FilesAlike[]): number => groups.reduce((sum, { files }) => sum + files, 0)

function judgeCardItself(facts: CardFacts, policy: Policy): Reason[] {
  const because: Reason[] = []
  const files = filesIn(facts.groups)
  if (files === 0) because.push({ code: 'never-read', sentence: 'Nothing was read from this card yet.', files })
  if (facts.retired) because.push({ code: 'retired', sentence: 'This card is retired: don’t use it any more.', files })
  if (facts.notCopied > 0)
    because.push({
      code: 'not-copied',
      sentence: `${count(facts.notCopied, 'file with a damaged name was', 'files with damaged names were')} not copied.`,
      files: facts.notCopied,
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

function judgeFiles(facts: CardFacts, policy: Policy): Reason[] {
  const because: Reason[] = []
  const add = (code: KeepCode, groups: readonly FilesAlike[], say: (files: number) => string): void => {
    const files = filesIn(groups)
    if (files > 0) because.push({ code, sentence: say(files), files })
  }
  const counted = facts.groups.filter(({ culled }) => !culled)
  const read = counted.filter(({ hashed }) => hashed)
  add(
    'not-read-whole',
    counted.filter(({ hashed }) => !hashed),
    (files) => `${count(files, 'file was', 'files were')} not read whole from the card yet.`,
  )
  for (const role of policy.copies.required)
    add(
      'copy-missing',
      read.filter(({ copies }) => !copies.some((copy) => copy.role === role)),
      (files) =>
        `${count(files, 'file has', 'files have')} no proven copy in the ${role === 'second' ? 'second folder' : role}.`,
    )
  const few = read.filter(({ copies }) => independentDevices(copies) < policy.copies.atLeast)
  const fewest = Math.min(...few.map(({ copies }) => independentDevices(copies)))
  add(
    'too-few-devices',
    few,
    (files) =>
      `${count(files, 'file has', 'files have')} proven copies on ${fewest} of ${policy.copies.atLeast} independent devices.`,
  )
  add(
    'evidence-old',
    read.filter(({ copies }) => copies.some(({ role, standing }) => role !== 'card' && standing === 'stale')),
    (files) =>
      `${count(files, 'file has a copy', 'files have copies')} that ${files === 1 ? 'was' : 'were'} last proven too long ago.`,
  )
  return because
}

function judgeJobs(facts: CardFacts): Reason[] {
  const open = Map.groupBy(
    facts.groups.filter(({ job }) => job !== null && job.state === 'open'),
    ({ job }) => job?.name ?? '',
  )
  return [...open].map(([name, groups]) => ({
    code: 'job-not-delivered',
    sentence: `The job “${name}” is not delivered yet.`,
    files: filesIn(groups),
  }))
}

/**
 * V2: two folders on one device are one device, and the card itself never counts. A device that could not be told may be any of
 * the others, so it adds nothing; alone it is one.
 */
export function independentDevices(copies: readonly ProvenCopy[]): number {
  const devices = new Set(copies.filter(({ role }) => role !== 'card').map(({ deviceId }) => deviceId))
  const known = [...devices].filter((id) => !id.startsWith('unknown:')).length
  return known === 0 ? Math.min(devices.size, 1) : known
}

const count = (files: number, one: string, many: string): string => `${files} ${files === 1 ? one : many}`
