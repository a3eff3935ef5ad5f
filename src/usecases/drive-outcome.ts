/** What a drive update came to: the value behind `fivefold.drive-update/1`, and the sentences a person reads. */
import type { Failure } from '../domain/failure.ts'

/** A job that lies on the drive and was shot before its window: its room is there to be had, when a person says so. */
export interface OutOfWindowJob {
  readonly id: string
  readonly name: string
  readonly client: string
  readonly shotOn: string
  readonly files: number
  readonly bytes: number
}

export interface DriveUpdated {
  readonly drive: string
  readonly outcome: 'done' | 'incomplete' | 'stopped' | 'refused'
  readonly sentence: string
  /** Jobs in the window, and the first day of it, `YYYY-MM-DD`. */
  readonly jobs: number
  readonly windowFrom: string
  readonly originals: {
    readonly there: number
    readonly provenAgain: number
    readonly carried: number
    readonly bytesCarried: number
    /** Bad copies on the drive whose bytes were kept aside, and which were carried anew. */
    readonly mended: number
    readonly left: number
  }
  readonly working: { readonly carried: number; readonly keptAsVersions: number; readonly failed: number }
  /** Originals that the library could not give, each with the reason (M1). */
  readonly notInLibrary: readonly { readonly path: string; readonly why: 'never-copied' | 'gone' | 'differs' }[]
  /** Jobs that had no room, newest first, and what could make room for them. */
  readonly noRoomFor: readonly { readonly name: string; readonly bytes: number }[]
  readonly couldGo: readonly OutOfWindowJob[]
  readonly failures: readonly Failure[]
  /** When it should come out of the safe again; null when this update did not end well. */
  readonly nextDue: string | null
  readonly seconds: number
}

export interface DriveUpdateOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.drive-update/1'
  readonly outcome: DriveUpdated['outcome']
  readonly sentence: string
  readonly drives: readonly DriveUpdated[]
}

export function sayDriveUpdated(updated: Omit<DriveUpdated, 'sentence'>, nextDueDay: string): string {
  const { drive, originals, working, jobs, notInLibrary, noRoomFor, outcome } = updated
  const name = `“${drive}”`
  if (outcome === 'stopped') return `Stopped. What is on ${name} stays proven; run the same command again to go on.`
  if (notInLibrary.some(({ why }) => why !== 'never-copied'))
    return `${name} is NOT complete: ${count(notInLibrary.length, 'original')} in the library ${notInLibrary.length === 1 ? 'is' : 'are'} damaged or gone and ${notInLibrary.length === 1 ? 'was' : 'were'} not carried on. Run “fivefold repair”, then update the drive again.`
  if (notInLibrary.length > 0)
    return `${name} is NOT complete: ${count(notInLibrary.length, 'original')} ${notInLibrary.length === 1 ? 'has' : 'have'} no copy in the library yet. Ingest the card again, then update the drive again.`
  if (noRoomFor.length > 0)
    return `${name} is full: ${count(noRoomFor.length, 'job')} did not fit. See the list of what could go; “fivefold prune --place "${drive}"” tells more, and with --apply --empty-trash it makes room.`
  if (outcome !== 'done')
    return `${name} is NOT complete: ${count(originals.left + working.failed, 'file')} could not be carried. Run the same command again.`
  if (jobs === 0)
    return `Nothing was shot in the window of ${name}, so there is nothing to carry. Put it back into the safe.`
  const carried =
    originals.carried + working.carried === 0
      ? 'nothing was missing'
      : `${count(originals.carried, 'camera file')} and ${count(working.carried, 'working file')} carried and proven`
  return `${name} is up to date: ${count(originals.there + originals.provenAgain + originals.carried, 'camera file')} of ${count(jobs, 'job')}, ${carried}. Put it back into the safe; it is due again on ${nextDueDay}.`
}

export const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`
