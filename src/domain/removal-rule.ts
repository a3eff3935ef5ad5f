/**
 * May this copy go? (promises D1 and D2). Pure: facts that were asked just now in, a permit or every reason against it out.
 * It is the only place where a permit to remove something can be made.
 */
import { independentDevices } from './card-verdict.ts'
import type { ContentHash, PlaceId } from './ids.ts'
import type { JobState } from './job.ts'
import type { Role } from './place.ts'
import type { Policy } from './policy.ts'
import { keptUntilMs, rolesStillRequired } from './policy.ts'

/** What was found of another copy of the same original when it was asked just now. Unknown counts for nothing (D3). */
export interface OtherCopy {
  readonly placeName: string
  readonly role: Role
  readonly deviceId: string
  readonly standing: 'proven' | 'not-proven' | 'differed' | 'absent' | 'unknown'
  /** True where it goes when the copy in question goes: a cloud that is filled from that very folder. Then it counts for nothing. */
  readonly goesToo?: boolean
}

export interface RemovalFacts {
  readonly act: RemovalAct
  readonly hash: ContentHash
  readonly placeId: PlaceId
  /** Where the copy lies now, below the place's root. */
  readonly path: string
  /** A long film takes its time to be read once more before it goes. */
  readonly bytes: number
  readonly role: Role
  /** The name of the folder from which somebody else's program fills this cloud; null or absent for every other place. */
  readonly filledFrom?: string | null
  readonly job: { readonly name: string; readonly state: JobState; readonly deliveredAtMs: number | null }
  /** For a drive: true when the job was shot before the drive's window. */
  readonly outOfWindow: boolean
  readonly others: readonly OtherCopy[]
  /** For what lies in the trash already: since when. */
  readonly inTrashSinceMs: number | null
  /** A person said that the trash shall be emptied now; it is the only thing that a person's word waives. */
  readonly graceWaived: boolean
}

export type RemovalAct = 'into-trash' | 'out-of-trash'

export type StayCode =
  | 'role'
  | 'not-delivered'
  | 'too-early'
  | 'in-window'
  | 'room-not-needed'
  | 'required-copy'
  | 'copy-damaged'
  | 'too-few-left'
  | 'last-copy'
  | 'in-grace'

export interface StayReason {
  readonly code: StayCode
  readonly sentence: string
}

/**
 * The only value that lets a copy go. No other file can make one: the constructor is private to this module, and what is exported
 * is its type alone. It names one file at one place and one act, and ends soon.
 */
class RemovalPermitOf {
  readonly #made = true
  readonly act: RemovalAct
  readonly hash: ContentHash
  readonly placeId: PlaceId
  readonly path: string
  readonly validUntilMs: number
  constructor({ act, hash, placeId, path }: RemovalFacts, validUntilMs: number) {
    this.act = act
    this.hash = hash
    this.placeId = placeId
    this.path = path
    this.validUntilMs = validUntilMs
  }
  /** For exactly this act on this file, and not ended. A look-alike object has no such method that the compiler accepts. */
  allows(act: RemovalAct, placeId: PlaceId, path: string, nowMs: number): boolean {
    return (
      this.#made && this.act === act && this.placeId === placeId && this.path === path && nowMs <= this.validUntilMs
    )
  }
}
export type RemovalPermit = RemovalPermitOf

export type RemovalVerdict =
  | { readonly kind: 'may-go'; readonly permit: RemovalPermit }
  | { readonly kind: 'stays'; readonly because: readonly StayReason[] }

/** What was asked a moment ago may not be true in an hour. */
const permitMs = 30 * 60 * 1000
/** 10 MB a second: a NAS on a bad day. */
const slowestBytesPerMs = 10_000

/** D1, D2. Every doubt is a reason, and one reason keeps the copy. */
export function judgeRemoval(facts: RemovalFacts, policy: Policy, nowMs: number): RemovalVerdict {
  const because = reasonsToStay(facts, policy, nowMs)
  if (because.length > 0) return { kind: 'stays', because }
  return { kind: 'may-go', permit: new RemovalPermitOf(facts, nowMs + permitMs + facts.bytes / slowestBytesPerMs) }
}

/** What the rule looks at: the same for one file that is about to go, and for a list of what could. */
export type RuleFacts = Omit<RemovalFacts, 'hash' | 'placeId' | 'path' | 'bytes'>

/** Every reason against it; a list of what could go is made with this, and no permit. */
export const reasonsToStay = (facts: RuleFacts, policy: Policy, nowMs: number): readonly StayReason[] => [
  ...judgeOwnRule(facts, policy, nowMs),
  ...judgeWhatGoesToo(facts, policy, nowMs),
  ...judgeOthers(facts, policy, nowMs),
]

/** Does the rule of this place let it go, whatever the other copies are? Nothing is asked of any place for this. */
function judgeOwnRule(
  { act, role, filledFrom = null, job, outOfWindow, inTrashSinceMs, graceWaived }: RuleFacts,
  policy: Policy,
  nowMs: number,
): readonly StayReason[] {
  const because: StayReason[] = []
  if (role === 'card' || role === 'library')
    because.push({ code: 'role', sentence: `Nothing is ever removed from a ${role}.` })
  else if (filledFrom !== null)
    because.push({
      code: 'role',
      sentence: `It goes when it goes from “${filledFrom}”, from which this cloud is filled.`,
    })
  else if (role === 'drive') {
    if (!outOfWindow) because.push({ code: 'in-window', sentence: 'It was shot lately enough to belong on the drive.' })
  } else because.push(...judgeKeepRule(role, job, policy, nowMs))
  const isInGrace = inTrashSinceMs === null || (!graceWaived && nowMs - inTrashSinceMs < policy.prune.graceMs)
  if (act === 'out-of-trash' && isInGrace)
    because.push({ code: 'in-grace', sentence: 'It is not in the trash for long enough yet.' })
  return because
}

function judgeKeepRule(
  role: 'second' | 'cloud',
  job: RemovalFacts['job'],
  policy: Policy,
  nowMs: number,
): readonly StayReason[] {
  if (job.state === 'open') return [{ code: 'not-delivered', sentence: `The job “${job.name}” is not delivered yet.` }]
  const until = keptUntilMs(policy, role, job)
  if (until === null) return [{ code: 'too-early', sentence: 'The settings keep these copies for ever.' }]
  if (nowMs < until)
    return [{ code: 'too-early', sentence: `The job “${job.name}” was not delivered long enough ago.` }]
  return []
}

/** What goes with it is to be kept by a rule of its own: as long as that says so, both stay. */
function judgeWhatGoesToo({ role, job, others }: RuleFacts, policy: Policy, nowMs: number): readonly StayReason[] {
  const joined = others.find(({ goesToo = false, standing }) => goesToo && standing !== 'absent')
  const until = keptUntilMs(policy, 'cloud', job)
  if (role !== 'second' || joined === undefined || (until !== null && nowMs >= until)) return []
  const sentence = `“${joined.placeName}” is filled from here, and its copies are to be kept for longer.`
  return [{ code: 'too-early', sentence }]
}

function judgeOthers({ role, job, others }: RuleFacts, policy: Policy, nowMs: number): readonly StayReason[] {
  const because: StayReason[] = []
  const proven = others.filter(({ standing, goesToo = false }) => standing === 'proven' && !goesToo)
  const damaged = others.find(({ standing }) => standing === 'differed')
  if (damaged !== undefined)
    because.push({
      code: 'copy-damaged',
      sentence: `The copy at “${damaged.placeName}” is damaged: run “fivefold repair” first.`,
    })
  for (const required of rolesStillRequired(policy, job, nowMs))
    if (required !== role && !proven.some((copy) => copy.role === required))
      because.push({
        code: 'required-copy',
        sentence: `There is no copy in the ${required === 'second' ? 'second folder' : required} that could be proven just now.`,
      })
  const devices = independentDevices(proven.map(({ role, deviceId }) => ({ role, deviceId, standing: 'proven' })))
  const leave = Math.max(1, policy.prune.leave)
  if (devices === 0)
    because.push({ code: 'last-copy', sentence: 'No other proven copy could be reached: it would be the last one.' })
  else if (devices < leave)
    because.push({
      code: 'too-few-left',
      sentence: `Only ${devices} of ${leave} independent devices with a proven copy could be reached: connect the others, such as the drive from the safe.`,
    })
  return because
}
