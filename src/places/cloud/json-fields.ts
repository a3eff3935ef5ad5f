/** What services answer is unknown until it was looked at: fields are taken out of it one by one, each with its type. */
export type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** No fields at all for a text that is no JSON object. */
export function parseFields(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : {}
  } catch {
    return {}
  }
}

/** Null when it is not there, or is no text. */
export function textIn(fields: Fields, name: string): string | null {
  const value = fields[name]
  return typeof value === 'string' ? value : null
}

export function numberIn(fields: Fields, name: string): number | null {
  const value = fields[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

export function fieldsIn(fields: Fields, name: string): Fields | null {
  const value = fields[name]
  return isFields(value) ? value : null
}

/** Null when there is no list; what in it is no object is left out. */
export function listIn(fields: Fields, name: string): readonly Fields[] | null {
  const value: unknown = fields[name]
  return Array.isArray(value) ? value.filter((one: unknown) => isFields(one)) : null
}

/** A time as services write it (ISO 8601), in ms; null when there is none. */
export function timeIn(fields: Fields, name: string): number | null {
  const ms = Date.parse(textIn(fields, name) ?? '')
  return Number.isFinite(ms) ? ms : null
}
