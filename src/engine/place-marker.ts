/** The marker by which a place is known (W4), as text: `.fivefold/place.json` at a service as in a folder. */
export const markerPath = '.fivefold/place.json'

export interface PlaceMarker {
  readonly id: string
  readonly name: string
  /** For whom all else at the place is sealed; null when it is plain. */
  readonly encryptedFor: string | null
}

/** Null for a text that is no marker: a damaged one is not taken for none. Unknown fields are left alone. */
export function parseMarker(text: string): PlaceMarker | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Reflect.get(value, 'schema') !== 'fivefold.place/1') return null
    const id: unknown = Reflect.get(value, 'id')
    const name: unknown = Reflect.get(value, 'name')
    const encryptedFor: unknown = Reflect.get(value, 'encryptedFor') ?? null
    const isWhole = typeof id === 'string' && typeof name === 'string'
    // Whom it is sealed for is not guessed: that of a damaged marker would be taken for nobody.
    return isWhole && (encryptedFor === null || typeof encryptedFor === 'string') ? { id, name, encryptedFor } : null
  } catch {
    return null
  }
}
