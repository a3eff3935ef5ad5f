/** The formats of ASC MHL 2.0, in the order in which the schema wants them inside a record. */
export const hashFormats = ['c4', 'md5', 'sha1', 'xxh128', 'xxh3', 'xxh64'] as const

export type HashFormat = (typeof hashFormats)[number]

/** What a record says of a hash: the first one of a file, equal to an earlier one, or different from it. */
export type HashAction = 'original' | 'verified' | 'failed'

export type Hashes = Readonly<Partial<Record<HashFormat, string>>>

const shapes: Record<HashFormat, RegExp> = {
  c4: /^c4[1-9A-HJ-NP-Za-km-z]{88}$/,
  md5: /^[0-9a-f]{32}$/,
  sha1: /^[0-9a-f]{40}$/,
  xxh128: /^[0-9a-f]{32}$/,
  xxh3: /^[0-9a-f]{16}$/,
  xxh64: /^[0-9a-f]{16}$/,
}

export const isHashFormat = (text: string): text is HashFormat => Object.hasOwn(shapes, text)

export const isHashAction = (text: string): text is HashAction =>
  text === 'original' || text === 'verified' || text === 'failed'

/**
 * A hash as it is compared: hexadecimal in lower case, a C4 id as it stands (its letters differ by case).
 * Null when the text has not the shape of its format, so that a mangled value is never taken for a changed file.
 */
export function canonicalHash(format: HashFormat, text: string): string | null {
  const value = format === 'c4' ? text : text.toLowerCase()
  return shapes[format].test(value) ? value : null
}
