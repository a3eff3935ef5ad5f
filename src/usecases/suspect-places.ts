/**
 * A place that looked wiped or encrypted when it was last looked at. The alarm is kept in the books until the place was read whole:
 * until then no card is free on the word of what lies there (D3).
 */
import type { Place } from '../domain/place.ts'
import type { Program } from './program.ts'

export interface SuspectPlace {
  readonly placeId: Place['id']
  readonly name: string
  readonly sinceMs: number
}

const suspectCode = 'library-suspect'

export async function suspectPlaces({ catalog, settings }: Program): Promise<readonly SuspectPlace[]> {
  const suspects: SuspectPlace[] = []
  for (const { id, name } of settings.places) {
    const [failed] = await catalog.placeEvents({ placeId: id, kind: 'check-failed', limit: 1 })
    if (failed?.detail['code'] !== suspectCode) continue
    const [checked] = await catalog.placeEvents({ placeId: id, kind: 'checked', limit: 1 })
    if (checked === undefined || checked.atMs <= failed.atMs) suspects.push({ placeId: id, name, sinceMs: failed.atMs })
  }
  return suspects
}

/** Written down before anybody is told: whoever asks for the status next has to read it. */
export async function noteSuspect(program: Program, place: Place, sentence: string): Promise<void> {
  const atMs = program.clock.nowMs()
  await program.catalog.notePlaceEvent({
    placeId: place.id,
    kind: 'check-failed',
    atMs,
    detail: { code: suspectCode, sentence },
  })
}
