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
  mayMove: place.role === 'drive',
})

export type OnlineIdentity = Extract<Identity, { kind: 'online' }>

export interface AskedPlace {
  /** With the address at which it is now: a drive is known by its marker, wherever it is mounted (W4). */
  readonly place: Place
  readonly identity: Identity
}

export interface OnlinePlace {
  readonly place: Place
  readonly identity: OnlineIdentity
}

/** Asks each place who it is, one after the other being no help when one hangs: all at once. */
export async function identifyPlaces(
  _program: Program | null,
  mover: Pick<Mover, 'identify'>,
  places: readonly Place[],
  timeoutMs: number = identifyTimeoutMs,
): Promise<readonly AskedPlace[]> {
  return Promise.all(
    places.map(async (place) => {
      const identity = await mover.identify(addressOf(place), timeoutMs)
      return { place: identity.kind === 'online' ? { ...place, address: identity.folder } : place, identity }
    }),
  )
}

/** Those that answered that they are what the settings say. */
export const onlineOf = (asked: readonly AskedPlace[]): readonly OnlinePlace[] =>
  asked.flatMap(({ place, identity }) => (identity.kind === 'online' ? [{ place, identity }] : []))
