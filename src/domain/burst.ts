/**
 * Is this a library, or what malware or an empty mount left of one? (M1, D3). Pure. A few damaged files are an accident, and the
 * rest is carried on; many at once are not, and then nothing is, until a person has looked.
 */

export interface LibraryCounts {
  /** Originals that should lie in the library, in the jobs that are to be carried. */
  readonly originals: number
  /** Of these: not there, or of another size. */
  readonly originalsGone: number
  /** Of these: the right size, but written to since they were copied. */
  readonly originalsTouched: number
  /** Besides these: originals of which the library had no good copy when it was last read. */
  readonly originalsBad: number
  /** Working files that were there at the last update. */
  readonly working: number
  readonly workingChanged: number
  readonly workingVanished: number
  /** How many working files changed or vanished before earlier updates: what is usual for this person. */
  readonly usualWorking: readonly number[]
}

export interface Burst {
  readonly sentence: string
  /** Many changed edits may be a day's work; originals never change. */
  readonly about: 'originals' | 'working-files'
}

/** So few are never a burst: an accident, or a small job. */
const originalsAlways = 4
const originalsShare = 0.01
const originalsMost = 50
const touchedAlways = 50
const touchedShare = 0.2
const workingAlways = 20
const workingShare = 0.5
const workingTimesUsual = 3

/** Null when nothing is out of the ordinary. */
export function judgeBurst(counts: LibraryCounts): Burst | null {
  const {
    originals,
    originalsGone,
    originalsBad,
    originalsTouched,
    working,
    workingChanged,
    workingVanished,
    usualWorking,
  } = counts
  // Also when an earlier run has seen it already: what is known to be lost is no less lost.
  const all = originals + originalsBad
  if (originalsGone === originals && (originalsGone > 0 || originalsBad > originalsAlways))
    return {
      about: 'originals',
      sentence: `None of the ${all} originals that should be in the library is there and good.`,
    }
  if (originalsGone > Math.min(originalsMost, Math.max(originalsAlways, originals * originalsShare)))
    return {
      about: 'originals',
      sentence: `${originalsGone} of ${originals} originals in the library are gone or changed.`,
    }
  if (originalsGone + originalsTouched >= originals && originals > originalsAlways)
    return {
      about: 'originals',
      sentence:
        originalsGone === 0
          ? `All ${originals} originals in the library were written to by another program.`
          : `Of ${originals} originals in the library, ${originalsGone} are gone or changed, and all others were written to by another program.`,
    }
  if (originalsTouched > Math.max(touchedAlways, originals * touchedShare))
    return {
      about: 'originals',
      sentence: `${originalsTouched} of ${originals} originals in the library were written to by another program.`,
    }
  const restless = workingChanged + workingVanished
  const usual = Math.max(0, ...usualWorking)
  if (restless > Math.max(workingAlways, working * workingShare, usual * workingTimesUsual))
    return {
      about: 'working-files',
      sentence: `${restless} of ${working} working files changed or vanished since the last update, far more than usual.`,
    }
  return null
}
