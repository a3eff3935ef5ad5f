/**
 * From which copy is a bad one mended? (M1). Pure: what is bad and what else there is in, steps and what has to be left out. A copy
 * that is known to be damaged is never a source; that a source is still good is asked once more on the way, by its hash.
 */
import type { Evidence } from './copy.ts'
import { proves } from './copy.ts'
import type { ContentHash, PlaceId } from './ids.ts'
import type { Role } from './place.ts'
import type { ChangeKind } from './tell-change.ts'

/** One copy that is not what it should be, as it was found just now. */
export interface BadCopy {
  readonly placeId: PlaceId
  readonly placeName: string
  readonly path: string
  readonly hash: ContentHash
  readonly bytes: number
  readonly kind: Exclude<ChangeKind, 'moved'>
  /**
   * The other original whose bytes lie under its name, as after a swap of names; null when nothing known lies there. `isSpare` when
   * another copy of that one was proven at this place just now.
   */
  readonly holds: { readonly hash: ContentHash; readonly isSpare: boolean } | null
}

/** Another copy of the same original, as the books have it. */
export interface OtherCopy {
  readonly placeId: PlaceId
  readonly placeName: string
  readonly role: Role
  readonly path: string
  readonly latest: Evidence
  /** Did its place answer just now? */
  readonly reachable: boolean
}

export interface MendFacts {
  readonly bad: BadCopy
  /** All copies in the books of that original, the bad one too. */
  readonly copies: readonly OtherCopy[]
  /** Cards that still hold it, when they were seen last. */
  readonly onCards: readonly { readonly label: string; readonly rollName: string }[]
}

/** What to do for one bad copy. */
export interface MendStep {
  readonly bad: BadCopy
  /** The best first; when one turns out to be bad, the next is taken. Never empty. */
  readonly sources: readonly OtherCopy[]
  /** Where what lies there now is kept; null when nothing has to make way, or may: then a taken name stays taken (W2). */
  readonly setAsideTo: string | null
}

export type LeftCode = 'edited' | 'unknown' | 'connect' | 'card' | 'nothing-good'

/** A bad copy that can't be mended now, and what would help. */
export interface LeftCopy {
  readonly bad: BadCopy
  readonly code: LeftCode
  /** What a person has to connect or put in: names of places, or cards with their rolls. */
  readonly needs: readonly string[]
}

export interface RepairPlan {
  readonly steps: readonly MendStep[]
  readonly left: readonly LeftCopy[]
}

export interface RepairWishes {
  /** Proofs since then are fresh: such a copy is asked first. */
  readonly freshSinceMs: number
  /** Put originals back beside what an editor made of them. */
  readonly besideEdited: boolean
  /** Folder below a place's root in which bad bytes are kept. */
  readonly asideFolder: string
}

export function planRepair(facts: readonly MendFacts[], wishes: RepairWishes): RepairPlan {
  const steps: MendStep[] = []
  const left: LeftCopy[] = []
  for (const one of facts) {
    const made = planOne(one, wishes)
    if ('sources' in made) steps.push(made)
    else left.push(made)
  }
  return { steps, left }
}

function planOne({ bad, copies, onCards }: MendFacts, wishes: RepairWishes): MendStep | LeftCopy {
  const { kind } = bad
  if (kind === 'unknown') return { bad, code: kind, needs: [] }
  if (kind === 'edited' && !wishes.besideEdited) return { bad, code: 'edited', needs: [] }
  const good = copies.filter((copy) => mayBeSource(copy, bad))
  const sources = good.filter(({ reachable }) => reachable).toSorted(bestFirst(wishes.freshSinceMs))
  if (sources.length > 0) {
    return { bad, sources, setAsideTo: makesWay(bad) ? `${wishes.asideFolder}/${bad.path}` : null }
  }
  if (good.length > 0) return { bad, code: 'connect', needs: [...new Set(good.map(({ placeName }) => placeName))] }
  if (onCards.length > 0)
    return { bad, code: 'card', needs: onCards.map(({ label, rollName }) => `“${label}” (${rollName})`) }
  return { bad, code: 'nothing-good', needs: [] }
}

/**
 * Must what lies there make way? A missing file has nothing that could, an edit stays where it is, and so does the only copy of another
 * original: the mended one gets a numbered name (W2).
 */
function makesWay({ kind, holds }: BadCopy): boolean {
  if (holds !== null && !holds.isSpare) return false
  return kind === 'rot' || kind === 'overwritten' || kind === 'unreadable'
}

/** M1: what differed or was missing when it was looked at last is no source, and neither is the bad copy itself. */
const mayBeSource = (copy: OtherCopy, bad: BadCopy): boolean =>
  copy.latest.finding === 'agreed' && !(copy.placeId === bad.placeId && copy.path === bad.path)

/** Near means quick and free of charge. */
const nearest: readonly Role[] = ['library', 'second', 'drive', 'cloud', 'card']

/** Proven lately, then proven once, then seen; among equals the nearest, and then the one that was looked at last. */
function bestFirst(freshSinceMs: number): (a: OtherCopy, b: OtherCopy) => number {
  const rank = ({ latest }: OtherCopy): number => (proves(latest) ? (latest.atMs >= freshSinceMs ? 0 : 1) : 2)
  return (a, b) =>
    rank(a) - rank(b) ||
    nearest.indexOf(a.role) - nearest.indexOf(b.role) ||
    b.latest.atMs - a.latest.atMs ||
    (a.path < b.path ? -1 : 1)
}

/** Why a copy is left as it is, and what to do, for a person. */
export function leftSentence({ code, needs }: Pick<LeftCopy, 'code' | 'needs'>): string {
  const named = needs.map((name) => (name.startsWith('“') ? name : `“${name}”`)).join(' or ')
  switch (code) {
    case 'edited':
      return 'An editor saved its work over it, so it stays. “fivefold repair --edited” puts the original back beside it, under a numbered name.'
    case 'unknown':
      return 'Its place could not be asked for it, or not be looked through to the end. Look at the folders there, then run “fivefold repair” again.'
    case 'connect':
      return `Connect ${named}: a good copy lies there. Then run “fivefold repair” again.`
    case 'card':
      return `No place has a good copy any more, but card ${named} still holds it: put it in, run “fivefold ingest”, then “fivefold repair” again.`
    case 'nothing-good':
      return 'There is no good copy of it anywhere that Fivefold knows.'
  }
}
