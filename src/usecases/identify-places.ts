import type { Identity, Place } from '../domain/place.ts'
import type { Mover, PlaceAddress } from '../engine/contracts.ts'
import type { Program } from './program.ts'

/** A place that doesn't answer in this time counts as unknown for now; the command does not wait for it (J2). */
export const identifyTimeoutMs = 8000

export const addressOf = (place: Place): PlaceAddress => ({
  id: place.id,
  name: place.name,
  folder: place.address,
  declaredDevice: place.declaredDevice,
})

/** Asks each place who it is, one after the other being no help when one hangs: all at once. */
export async function identifyPlaces(
  _program: Program,
  mover: Mover,
  places: readonly Place[],
  timeoutMs: number = identifyTimeoutMs,
): Promise<readonly { readonly place: Place; readonly identity: Identity }[]> {
  return Promise.all(
    places.map(async (place) => ({ place, identity: await mover.identify(addressOf(place), timeoutMs) })),
  )
}
