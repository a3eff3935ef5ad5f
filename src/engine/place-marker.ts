/** The marker by which a place is known (W4), as text: `.fivefold/place.json` at a service as in a folder. */
export const markerPath = '.fivefold/place.json'

export interface PlaceMarker {
  readonly id: string
  readonly name: string
}

/** Null for a text that is no marker: a damaged one is not taken for none. Unknown fields are left alone. */
export function parseMarker(text: string): PlaceMarker | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Reflect.get(value, 'schema') !== 'fivefold.place/1') return null
    const id: unknown = Reflect.get(value, 'id')
    const name: unknown = Reflect.get(value, 'name')
    return typeof id === 'string' && typeof name === 'string' ? { id, name } : null
  } catch {
    return null
  }
}
