/** What is done to the places of a settings file, as edits for `editSettings`: each changes the document, or says why not. */
import { isMap, isScalar, isSeq, YAMLSeq } from 'yaml'
import type { Document, YAMLMap } from 'yaml'
import type { Failure } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
import type { Place } from '../../domain/place.ts'
import { clashOf, nameKey } from './settings-schema.ts'
import type { PlaceNames } from './settings-schema.ts'

function textAt(entry: YAMLMap, key: string): string {
  const value: unknown = entry.get(key)
  return typeof value === 'string' ? value : ''
}

/** The places in the document, in its order; entries that are no places are left to the schema. */
function entriesOf(document: Document): readonly { readonly index: number; readonly entry: YAMLMap }[] {
  const list: unknown = document.get('places')
  if (!isSeq(list)) return []
  return list.items.flatMap((entry: unknown, index) => (isMap(entry) ? [{ index, entry }] : []))
}

const namesOf = (document: Document) =>
  entriesOf(document).map(({ entry }) => ({
    id: textAt(entry, 'id'),
    name: textAt(entry, 'name'),
    address: textAt(entry, 'address'),
    role: textAt(entry, 'role'),
  }))

const entryOf = (document: Document, id: PlaceId) => entriesOf(document).find(({ entry }) => textAt(entry, 'id') === id)

function notFound(document: Document, id: PlaceId): Failure {
  const setUp = namesOf(document).map((place) => `“${place.name}” (${place.id})`)
  return {
    code: 'not-found',
    sentence: `There is no place with the id ${id} in the settings.`,
    advice:
      setUp.length === 0
        ? 'No place is set up yet: see `fivefold place add --help`.'
        : `These are set up: ${setUp.join(', ')}.`,
    place: id,
  }
}

const placeExists = (sentence: string, name: string, advice: string): Failure => ({
  code: 'place-exists',
  sentence: `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`,
  advice,
  place: name,
})

/**
 * Why a place can't be added to these (`place-exists`: its id, name or folder is taken), or null. Worth asking before a
 * folder is marked; `addPlaceTo` asks it again.
 */
export function whyNotAdd(place: Place, places: readonly PlaceNames[]): Failure | null {
  const clash = clashOf(place, places)
  if (clash === null) return null
  const advice =
    clash.field === 'address'
      ? 'Each place needs a folder of its own. `fivefold place list` shows what is set up.'
      : 'Choose another name with --name. `fivefold place list` shows what is set up.'
  return placeExists(clash.sentence, place.name, advice)
}

/** Adds a place after the last one. Fails with `place-exists`. */
export function addPlaceTo(document: Document, place: Place): Failure | undefined {
  const refused = whyNotAdd(place, namesOf(document))
  if (refused !== null) return refused
  const { id, name, role, site, address, declaredDevice } = place
  const device = declaredDevice === null ? {} : { device: declaredDevice }
  const entry = document.createNode({ id, name, role, site, address, ...device })
  const list: unknown = document.get('places', true)
  if (isSeq(list)) {
    list.flow = false
    list.add(entry)
    return undefined
  }
  const places = new YAMLSeq()
  places.add(entry)
  // A comment behind an empty `places:` belongs to the nothing that stood there.
  if (isScalar(list)) places.commentBefore = list.comment ?? list.commentBefore ?? null
  document.set('places', places)
  return undefined
}

/** Takes a place out of the settings; its folder is not touched. Fails with `not-found`. */
export function removePlaceFrom(document: Document, id: PlaceId): Failure | undefined {
  const found = entryOf(document, id)
  if (found === undefined) return notFound(document, id)
  document.deleteIn(['places', found.index])
  return undefined
}

/** Gives a place another name; its id stays, so it is still the same place. Fails with `not-found` or `place-exists`. */
export function renamePlaceIn(document: Document, id: PlaceId, newName: string): Failure | undefined {
  const found = entryOf(document, id)
  if (found === undefined) return notFound(document, id)
  const others = namesOf(document).filter((place) => place.id !== id)
  if (others.some(({ name }) => nameKey(name) === nameKey(newName))) {
    return placeExists(`a place is already called “${newName}”`, newName, 'Choose another name.')
  }
  const written: unknown = found.entry.get('name', true)
  if (isScalar(written)) written.value = newName
  else found.entry.set('name', newName)
  return undefined
}
