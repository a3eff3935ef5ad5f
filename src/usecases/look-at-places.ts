/** Which places are there now, and what the books say of each: when it was seen, brought up to date, rehearsed and checked. */
import type { PlaceEvent, PlaceNote } from '../catalog/catalog.ts'
import type { Identity, Place } from '../domain/place.ts'
import { byRole } from '../domain/place.ts'
import { identifyPlaces } from './identify-places.ts'
import type { Program } from './program.ts'

export interface SeenPlace {
  readonly place: Place
  readonly identity: Identity
  /** What was seen when it last answered; null when it never did. */
  readonly note: PlaceNote | null
  /** Now, for one that is there; null when it was never seen. */
  readonly lastSeenAtMs: number | null
  readonly lastUpdatedAtMs: number | null
  readonly lastDrilledAtMs: number | null
  readonly lastCheck: { readonly isFine: boolean; readonly looksWiped: boolean; readonly atMs: number } | null
}

/** The page and the command answer within a second: a place that needs longer is unknown for now (J2). */
const askPlacesMs = 800

/** In the order of the workflow. */
export async function lookAtPlaces(program: Program, nowMs: number): Promise<readonly SeenPlace[]> {
  const mover = program.startMover()
  try {
    const asked = await identifyPlaces(program, mover, program.settings.places, askPlacesMs)
    const notes = new Map((await program.catalog.placeNotes()).map((note) => [note.placeId, note]))
    const seen: SeenPlace[] = []
    for (const { place, identity } of asked)
      seen.push(await seePlace(program, place, identity, notes.get(place.id) ?? null, nowMs))
    return seen.toSorted((a, b) => byRole(a.place, b.place))
  } finally {
    mover.end()
  }
}

async function seePlace(
  program: Program,
  place: Place,
  identity: Identity,
  note: PlaceNote | null,
  nowMs: number,
): Promise<SeenPlace> {
  const lastMs = async (kind: PlaceEvent['kind']): Promise<number | null> => {
    const [newest] = await program.catalog.placeEvents({ placeId: place.id, kind, limit: 1 })
    return newest?.atMs ?? null
  }
  const lastUpdatedAtMs = await lastMs('updated')
  const lastDrilledAtMs = await lastMs('drilled')
  const checkedMs = await lastMs('checked')
  const [failed] = await program.catalog.placeEvents({ placeId: place.id, kind: 'check-failed', limit: 1 })
  const moments = [note?.atMs ?? null, lastUpdatedAtMs, lastDrilledAtMs, checkedMs].filter((atMs) => atMs !== null)
  return {
    place,
    identity,
    note,
    lastUpdatedAtMs,
    lastDrilledAtMs,
    lastCheck: newestCheck(checkedMs, failed),
    lastSeenAtMs: identity.kind === 'online' ? nowMs : moments.length === 0 ? null : Math.max(...moments),
  }
}

/** Of two at the same moment the bad one counts. */
function newestCheck(checkedMs: number | null, failed: PlaceEvent | undefined): SeenPlace['lastCheck'] {
  if (failed !== undefined && (checkedMs === null || failed.atMs >= checkedMs))
    return { isFine: false, looksWiped: failed.detail['code'] === 'library-suspect', atMs: failed.atMs }
  return checkedMs === null ? null : { isFine: true, looksWiped: false, atMs: checkedMs }
}
