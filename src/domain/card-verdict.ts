/**
 * May this card be formatted? (promise C2). Pure: facts in, verdict out, always with its reasons. One doubt keeps the card.
 */
import type { SecondRead } from './card.ts'
import type { CardId } from './ids.ts'
import type { JobState } from './job.ts'
import type { Role } from './place.ts'
import type { Policy } from './policy.ts'

/** One proven copy of a file, with where it lies and when it was proven. */
export interface ProvenCopy {
  readonly role: Role
  readonly deviceId: string
  readonly provenAtMs: number
}

/** What is known of one file of a card's last seen roll. */
export interface CardFileFacts {
  readonly path: string
  /** Null when it was never read whole. */
  readonly hashed: boolean
  readonly culled: boolean
  readonly copies: readonly ProvenCopy[]
}

export interface CardFacts {
  readonly cardId: CardId
  readonly label: string
  readonly files: readonly CardFileFacts[]
  readonly secondRead: SecondRead
  /** The jobs that files of this roll belong to. */
  readonly jobs: readonly { readonly name: string; readonly state: JobState }[]
  /** Files seen on the card later than the roll's last complete ingest. */
  readonly unseenFiles: number
  readonly retired: boolean
}

export type KeepCode =
  | 'never-read'
  | 'new-files'
  | 'not-read-twice'
  | 'reads-differ'
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
 * what is exported is its type alone (HOUSE: dangerous acts take a permit).
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
  const because = [
    ...judgeCardItself(facts, policy),
    ...judgeFiles(facts, policy, nowMs),
    ...facts.jobs
      .filter(({ state }) => state === 'open')
      .map(({ name }): Reason => ({
        code: 'job-not-delivered',
        sentence: `The job “${name}” is not delivered yet.`,
        files: facts.files.length,
      })),
  ]
  if (because.length > 0) return { kind: 'keep', because }
  return { kind: 'may-format', permit: new FormatPermitOf(facts.cardId, nowMs + permitMs) }
}

function judgeCardItself(facts: CardFacts, policy: Policy): Reason[] {
  const because: Reason[] = []
  const files = facts.files.length
  if (files === 0) because.push({ code: 'never-read', sentence: 'Nothing was read from this card yet.', files: 0 })
  if (facts.retired)
    because.push({ code: 'retired', sentence: 'This card is retired: don’t use it any more.', files: 0 })
  if (facts.unseenFiles > 0)
    because.push({
      code: 'new-files',
      sentence: `${count(facts.unseenFiles, 'file was', 'files were')} seen on the card that ${facts.unseenFiles === 1 ? 'is' : 'are'} not copied yet.`,
      files: facts.unseenFiles,
    })
  if (facts.secondRead === 'differed')
    because.push({
      code: 'reads-differ',
      sentence: 'Two reads of this card gave different bytes: the card or its reader is suspect. Keep it as it is.',
      files,
    })
  if (facts.secondRead === 'not-done' && policy.cards.secondRead && files > 0)
    because.push({ code: 'not-read-twice', sentence: 'The card was not read a second time yet.', files })
  return because
}

function judgeFiles(facts: CardFacts, policy: Policy, nowMs: number): Reason[] {
  const because: Reason[] = []
  const counted = facts.files.filter(({ culled }) => !culled)
  const add = (code: KeepCode, files: number, sentence: string): void => {
    if (files > 0) because.push({ code, sentence, files })
  }
  const unread = counted.filter(({ hashed }) => !hashed).length
  add('not-read-whole', unread, `${count(unread, 'file', 'files')} could not be read from the card.`)
  const read = counted.filter(({ hashed }) => hashed)
  for (const role of policy.copies.required) {
    const lacking = read.filter((file) => !file.copies.some((copy) => copy.role === role)).length
    add(
      'copy-missing',
      lacking,
      `${count(lacking, 'file has', 'files have')} no proven copy in the ${role === 'second' ? 'second folder' : role}.`,
    )
  }
  const few = read.filter((file) => independentDevices(file.copies) < policy.copies.atLeast)
  const fewest = Math.min(...few.map((file) => independentDevices(file.copies)))
  add(
    'too-few-devices',
    few.length,
    `${count(few.length, 'file has', 'files have')} proven copies on ${fewest} of ${policy.copies.atLeast} independent devices.`,
  )
  const oldest = nowMs - policy.cards.evidenceMaxAgeMs
  const stale = read.filter(
    (file) => file.copies.length > 0 && file.copies.every(({ provenAtMs }) => provenAtMs < oldest),
  ).length
  add('evidence-old', stale, `${count(stale, 'file was', 'files were')} last proven too long ago.`)
  return because
}

/** V2: two folders on one device are one device. The card itself never counts. */
export function independentDevices(copies: readonly ProvenCopy[]): number {
  return new Set(copies.filter(({ role }) => role !== 'card').map(({ deviceId }) => deviceId)).size
}

const count = (files: number, one: string, many: string): string => `${files} ${files === 1 ? one : many}`
