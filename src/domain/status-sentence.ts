/** The one sentence that a person reads first. Pure, and never more hopeful than the facts. */
import type { Due, DueCode } from './due-facts.ts'
import type { JobState } from './job.ts'
import type { Policy } from './policy.ts'
import { keptUntilMs } from './policy.ts'

export interface StatusFacts {
  readonly hasPlaces: boolean
  readonly jobs: readonly {
    readonly name: string
    readonly files: number
    /** Files without a proven copy at a role that is still required of the job. */
    readonly missing: number
    readonly provenCopiesMin: number
    /** Independent devices that are wanted of this job; see `devicesWanted`. */
    readonly devicesWanted: number
  }[]
  /** Suspect cards by their labels. */
  readonly suspectCards: readonly string[]
  /** What is due, most urgent first. */
  readonly due: readonly Pick<Due, 'code' | 'sentence'>[]
}

/**
 * `safe` is true only when nothing is owed. Each line of this table makes it false; the sentence speaks of the first that holds.
 *
 * | what is owed                                       | known by                               |
 * | -------------------------------------------------- | -------------------------------------- |
 * | a place for every required role                    | `hasPlaces` is false, or due `setup`   |
 * | a first card                                       | no job has files                       |
 * | an answer to an alarm of a card                    | due `card-alarm`                       |
 * | mending of damaged copies, or of the check itself  | due `check-failed`                     |
 * | proven copies where the policy requires them       | `missing`, or due `copies-missing`     |
 * | a true read of a suspect card                      | `suspectCards`, or due `card-suspect`  |
 * | the end of work that was cut off                   | due `interrupted`                      |
 * | enough independent devices                         | `provenCopiesMin` < `devicesWanted`    |
 * | the second read of a card (V4)                     | due `second-read`                      |
 * | an update of the safe drive                        | due `drive-update`                     |
 * | what the cloud lacks                               | due `cloud-behind`                     |
 * | a new proof of copies last looked at long ago      | due `evidence-stale`                   |
 *
 * Not in it: what only makes life better or easier (a rehearsal, room, a place to be added, a job to be called delivered), and a
 * place that is away just now; its copies count by their proof as long as that is not too old.
 */
export function sayStatus(facts: StatusFacts): { readonly sentence: string; readonly safe: boolean } {
  const filled = facts.jobs.filter(({ files }) => files > 0)
  if (!facts.hasPlaces || has(facts, 'setup')) return no(sayWithoutPlaces(filled))
  if (filled.length === 0) return no('No card was copied yet: put one in, and run “fivefold ingest” with its folder.')
  return sayTrouble(facts) ?? sayCopies(facts, filled)
}

/** On a new computer everything that is known may lie on one drive from the safe. */
function sayWithoutPlaces(filled: StatusFacts['jobs']): string {
  const setup = 'tell Fivefold where your copies go with “fivefold setup”.'
  if (filled.length === 0) return `Nothing is protected yet: ${setup}`
  const files = filled.reduce((sum, job) => sum + job.files, 0)
  return `NOT safe: ${files} ${files === 1 ? 'file' : 'files'} of ${filled.length === 1 ? `“${filled[0]?.name ?? ''}”` : `${filled.length} jobs`} are known, but not every place is set up: ${setup}`
}

const no = (sentence: string): { sentence: string; safe: false } => ({ sentence, safe: false })
const has = ({ due }: StatusFacts, code: DueCode): boolean => due.some((one) => one.code === code)

/** What is wrong, as long as it is; null when nothing is. */
function sayTrouble(facts: StatusFacts): ReturnType<typeof no> | null {
  const alarm =
    facts.due.find(({ code }) => code === 'card-alarm') ?? facts.due.find(({ code }) => code === 'check-failed')
  if (alarm !== undefined) return no(`NOT safe: ${alarm.sentence}`)
  const missing = facts.jobs.reduce((sum, job) => sum + job.missing, 0)
  const total = facts.jobs.reduce((sum, job) => sum + job.files, 0)
  if (missing > 0) {
    const worst = facts.jobs.toSorted((a, b) => b.missing - a.missing)[0]
    return no(
      `NOT safe: ${missing} of ${total} files lack a proven copy, most of them in “${worst?.name ?? ''}”. Keep the cards, and do what is due.`,
    )
  }
  const [suspect] = facts.suspectCards
  if (suspect !== undefined)
    return no(
      `Keep card “${suspect}” as it is: two reads of it gave different bytes. Read it again with another reader.`,
    )
  const trouble = facts.due.find(({ code }) => troubles.has(code))
  return trouble === undefined ? null : no(trouble.sentence)
}

const troubles: ReadonlySet<DueCode> = new Set<DueCode>(['copies-missing', 'card-suspect', 'interrupted'])
/** Owed, although every copy that is asked for is proven. */
const stillOwed: ReadonlySet<DueCode> = new Set<DueCode>([
  'second-read',
  'drive-update',
  'cloud-behind',
  'evidence-stale',
])

function sayCopies(facts: StatusFacts, filled: StatusFacts['jobs']): { sentence: string; safe: boolean } {
  const total = filled.reduce((sum, job) => sum + job.files, 0)
  const all = `All ${total} ${total === 1 ? 'file' : 'files'} of ${filled.length === 1 ? `“${filled[0]?.name ?? ''}”` : `${filled.length} jobs`}`
  const [thin] = filled
    .filter(({ provenCopiesMin, devicesWanted }) => provenCopiesMin < devicesWanted)
    .toSorted((a, b) => a.provenCopiesMin - b.provenCopiesMin || b.devicesWanted - a.devicesWanted)
  if (thin !== undefined)
    return no(
      `${all} are proven on ${thin.provenCopiesMin} independent ${devices(thin.provenCopiesMin)} so far; ${thin.devicesWanted} are wanted, so keep the cards as they are.`,
    )
  const fewest = Math.min(...filled.map(({ provenCopiesMin }) => provenCopiesMin))
  const proven = `proven on at least ${fewest} independent ${devices(fewest)}`
  const owed = facts.due.find(({ code }) => stillOwed.has(code))
  if (owed !== undefined) return no(`${all} are ${proven}, but something is owed. ${owed.sentence}`)
  return { sentence: `${all} are safe: ${proven}.`, safe: true }
}

const devices = (count: number): string => (count === 1 ? 'device' : 'devices')

/**
 * How many independent devices are wanted of a job: as many as the policy says, and after copies were let go by their keep rule, as
 * many as a prune leaves (D2).
 */
export function devicesWanted(
  policy: Policy,
  job: { readonly state: JobState; readonly deliveredAtMs: number | null },
  nowMs: number,
): number {
  const { atLeast } = policy.copies
  const letGo = (['second', 'cloud'] as const).some((role) => nowMs >= (keptUntilMs(policy, role, job) ?? Infinity))
  return letGo ? Math.min(atLeast, Math.max(1, policy.prune.leave)) : atLeast
}
