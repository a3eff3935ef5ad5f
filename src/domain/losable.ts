/** What can be lost at one blow, and what a person calls it. Pure. */
import type { Result } from './failure.ts'
import { done, failed } from './failure.ts'
import type { CardId, PlaceId } from './ids.ts'
import type { SamePosition } from './whereabouts.ts'
import { isUnknownDevice } from './whereabouts.ts'

export type Loss =
  | { readonly kind: 'place'; readonly id: PlaceId; readonly name: string }
  | { readonly kind: 'card'; readonly id: CardId; readonly name: string }
  | { readonly kind: 'device'; readonly id: string; readonly name: string }
  /** All that burns together: its places, and the cards that lie there. */
  | { readonly kind: 'site'; readonly id: string; readonly name: string }

export interface LosableFacts {
  readonly groups: readonly Pick<SamePosition, 'copies'>[]
  readonly places: readonly {
    readonly id: PlaceId
    readonly name: string
    readonly site: string
    /** The device it lies on, as it was last seen; null when it never answered. */
    readonly deviceId: string | null
  }[]
  readonly cards: readonly { readonly id: CardId; readonly label: string; readonly site: string }[]
}

/** A smaller loss stands first: when it hurts as much as a larger one, it is the one to speak of. */
const kinds: readonly Loss['kind'][] = ['place', 'device', 'card', 'site']
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const byKindAndName = (a: Loss, b: Loss): number =>
  kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || byText(a.name, b.name) || byText(a.id, b.id)

/** Which places lie on which device, as the places say now and as the evidence of the copies says. Unknown devices are no device. */
function placesOnDevices(facts: LosableFacts): ReadonlyMap<string, ReadonlySet<PlaceId>> {
  const places = new Map<string, Set<PlaceId>>()
  const add = (deviceId: string | null, placeId: PlaceId): void => {
    if (deviceId === null || isUnknownDevice(deviceId)) return
    const on = places.get(deviceId)
    if (on === undefined) places.set(deviceId, new Set([placeId]))
    else on.add(placeId)
  }
  for (const { id, deviceId } of facts.places) add(deviceId, id)
  for (const { copies } of facts.groups) for (const { deviceId, placeId } of copies) add(deviceId, placeId)
  return places
}

const deviceName = (id: string): string => id.replace(/^declared:/, '')

/** Everything that can be named, in a fixed order whatever the order of the facts. */
function losable(facts: LosableFacts, devices: readonly string[]): readonly Loss[] {
  const sites = new Set([...facts.places.map(({ site }) => site), ...facts.cards.map(({ site }) => site)])
  const losses: Loss[] = [
    ...facts.places.map(({ id, name }): Loss => ({ kind: 'place', id, name })),
    ...facts.cards.map(({ id, label }): Loss => ({ kind: 'card', id, name: label })),
    ...devices.map((id): Loss => ({ kind: 'device', id, name: deviceName(id) })),
    ...[...sites].map((site): Loss => ({ kind: 'site', id: site, name: site })),
  ]
  return losses.toSorted(byKindAndName)
}

/** Every single loss: each place, each card, each site, and each device that several places share. */
export function singleLosses(facts: LosableFacts): readonly Loss[] {
  const shared = [...placesOnDevices(facts)].filter(([, places]) => places.size > 1)
  return losable(
    facts,
    shared.map(([id]) => id),
  )
}

/**
 * What a person means by these names: places, sites, cards by label, devices by the name that was given to them or that the system
 * has, or the id of any of them; upper and lower case are alike. One name may mean several things, and then all of them are lost.
 * Fails with `not-found`, and says what can be named.
 */
export function nameLosses(names: readonly string[], facts: LosableFacts): Result<readonly Loss[]> {
  const known = losable(facts, [...placesOnDevices(facts).keys()])
  const meant = new Set<Loss>()
  for (const name of names) {
    const wanted = name.toLowerCase()
    const found = known.filter((loss) => loss.name.toLowerCase() === wanted || loss.id.toLowerCase() === wanted)
    if (found.length === 0)
      return failed({
        code: 'not-found',
        sentence: `There is no place, site, card or device called “${name}”.`,
        advice: sayKnown(known),
      })
    for (const loss of found) meant.add(loss)
  }
  return done([...meant].toSorted(byKindAndName))
}

const plural: Readonly<Record<Loss['kind'], string>> = {
  place: 'places',
  card: 'cards',
  device: 'devices',
  site: 'sites',
}

function sayKnown(known: readonly Loss[]): string {
  const parts = kinds.flatMap((kind) => {
    const names = new Set(known.filter((loss) => loss.kind === kind).map(({ name }) => `“${name}”`))
    return names.size === 0 ? [] : [`${plural[kind]} ${[...names].join(', ')}`]
  })
  if (parts.length === 0) return 'Nothing can be lost yet: set your places up with “fivefold setup”.'
  return `You can name ${parts.join('; ')}. Without --lose, “fivefold what-if” shows every single loss.`
}
