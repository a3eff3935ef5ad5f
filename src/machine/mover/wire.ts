/**
 * What parent and child say to each other: one JSON object a line. Both ends are the same program of the same version, so the
 * lines are trusted as they are.
 */
import type { CardListing, CardSigns } from '../../domain/card.ts'
import type { Presence } from '../../domain/copy.ts'
import type { Result } from '../../domain/failure.ts'
import type { Readability } from '../../domain/metadata.ts'
import type { Identity } from '../../domain/place.ts'
import type { PlaceListing } from '../../domain/place-listing.ts'
import type {
  CaseResult,
  CopyOrder,
  CopyReport,
  MoverEnd,
  NoteOrder,
  Origin,
  PermittedEmptyTrashOrder,
  PermittedTrashOrder,
  PlaceAddress,
  Progress,
  ProveOrder,
  ProveReport,
  ReadOrder,
  ReadReport,
  TrashReport,
  Whereabouts,
} from '../../engine/contracts.ts'

export type Ask =
  | { readonly ask: 'identify'; readonly place: PlaceAddress }
  | { readonly ask: 'mark'; readonly place: PlaceAddress; readonly marker: string }
  | { readonly ask: 'signs'; readonly cardRoot: string }
  | { readonly ask: 'glance'; readonly root: string }
  | { readonly ask: 'where-is'; readonly path: string }
  | { readonly ask: 'list'; readonly cardRoot: string }
  | {
      readonly ask: 'copy'
      readonly from: Origin
      readonly places: readonly PlaceAddress[]
      readonly orders: readonly CopyOrder[]
    }
  | { readonly ask: 'read-again'; readonly cardRoot: string; readonly orders: readonly ReadOrder[] }
  | { readonly ask: 'prove'; readonly place: PlaceAddress; readonly orders: readonly ProveOrder[] }
  | { readonly ask: 'list-place'; readonly place: PlaceAddress; readonly folder: string }
  | { readonly ask: 'check-paths'; readonly place: PlaceAddress; readonly paths: readonly string[] }
  | {
      readonly ask: 'set-aside'
      readonly place: PlaceAddress
      readonly files: readonly { readonly path: string; readonly asidePath: string }[]
    }
  | { readonly ask: 'trash'; readonly place: PlaceAddress; readonly orders: readonly PermittedTrashOrder[] }
  | { readonly ask: 'empty-trash'; readonly place: PlaceAddress; readonly orders: readonly PermittedEmptyTrashOrder[] }
  | { readonly ask: 'note'; readonly place: PlaceAddress; readonly notes: readonly NoteOrder[] }
  | { readonly ask: 'read-note'; readonly place: PlaceAddress; readonly path: string }
  | { readonly ask: 'sweep'; readonly place: PlaceAddress; readonly everything: boolean }
  | { readonly ask: 'try-out'; readonly place: PlaceAddress }
  | { readonly ask: 'look'; readonly paths: readonly string[] }

/** Parent to child. */
export type Order = (Ask & { readonly id: number }) | { readonly cancel: number }

export type Answer =
  | { readonly answer: 'identity'; readonly identity: Identity }
  | { readonly answer: 'marked'; readonly result: Result<Identity> }
  | { readonly answer: 'signs'; readonly result: Result<CardSigns> }
  | { readonly answer: 'glanced'; readonly result: Result<readonly string[]> }
  | { readonly answer: 'whereabouts'; readonly result: Result<Whereabouts> }
  | { readonly answer: 'listing'; readonly result: Result<CardListing> }
  | { readonly answer: 'place-listing'; readonly result: Result<PlaceListing> }
  | { readonly answer: 'checked-paths'; readonly result: Result<readonly Presence[]> }
  | { readonly answer: 'set-aside'; readonly result: Result<readonly Result<'set-aside' | 'absent'>[]> }
  | { readonly answer: 'end'; readonly end: MoverEnd }
  | { readonly answer: 'noted'; readonly result: Result<void> }
  | { readonly answer: 'note'; readonly result: Result<string | null> }
  | { readonly answer: 'swept'; readonly result: Result<number> }
  | { readonly answer: 'tried'; readonly result: Result<readonly CaseResult[]> }
  | { readonly answer: 'looked'; readonly result: Result<readonly Readability[]> }

/** Child to parent. */
export type Saying =
  | ({ readonly id: number } & Answer)
  | { readonly id: number; readonly copied: readonly CopyReport[] }
  | { readonly id: number; readonly readAgain: readonly ReadReport[] }
  | { readonly id: number; readonly proved: readonly ProveReport[] }
  | { readonly id: number; readonly trashed: readonly TrashReport[] }
  | { readonly id: number; readonly progress: Progress }
  /** A heartbeat: the longest open wait, if any. */
  | { readonly beat: { readonly where: string; readonly verb: string; readonly forMs: number } | null }
  /** A bug: the child ends after this. */
  | { readonly bug: string }

/** Splits a stream of text into whole lines. A line of many megabytes comes in many chunks, which are joined once. */
export function makeLineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let pieces: string[] = []
  return (chunk) => {
    const end = chunk.lastIndexOf('\n')
    if (end === -1) {
      pieces.push(chunk)
      return
    }
    pieces.push(chunk.slice(0, end))
    const whole = pieces.join('')
    pieces = [chunk.slice(end + 1)]
    for (const line of whole.split('\n')) if (line !== '') onLine(line)
  }
}

export const heartbeatMs = 500

/** The places of a piece of copying in the order in which both ends count them: those that are written, then the one that is read. */
export const placesOfCopy = ({
  from,
  places,
}: {
  readonly from: Origin
  readonly places: readonly PlaceAddress[]
}): readonly PlaceAddress[] => (from.kind === 'place' ? [...places, from.place] : places)

/**
 * The child notes here, in one byte, at whose door it knocked last: 0 nobody, 1 the card, 2 and up the places of the work in their
 * order. When a call that returns at once does not return, the child can't speak any more, but the byte is there (J2).
 */
export const knockingAtNobody = 0
export const knockingAtCard = 1
export const knockingAtFirstPlace = 2
