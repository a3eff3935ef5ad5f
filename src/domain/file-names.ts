import { compareText, foldName, joinPath, pathParts } from './path-parts.ts'
import type { FileSystemLimits } from './place.ts'
import { forbiddenOnWindows, isReservedOnWindows } from './reserved-names.ts'
import { cutToBytes, isControlCharacter, utf8Bytes } from './text-bytes.ts'

/**
 * What a name can't do at a place, known before the first byte. A character that doesn't fit is written as `%` and two
 * hexadecimal digits for each of its bytes (`a:b` becomes `a%3Ab`), so that anyone can turn it back without Fivefold.
 */

/** Where a path of a card goes at a place. */
export interface PlacedPath {
  readonly path: string
  readonly changed: boolean
  /** True when `originalPath` gives the card's path back; false only when a name had to be shortened. */
  readonly reversible: boolean
  /** A sentence for the report, or null when nothing changed. */
  readonly why: string | null
}

/** Paths of a card that would be one file at a place. */
export interface Collision {
  /** What they have in common there; see `collisionKey`. */
  readonly key: string
  readonly paths: readonly string[]
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code < 0x80 ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : encodeURIComponent(character)
}

/** A place that forbids what Windows forbids follows its rules for devices and endings too. */
function followsWindows(limits: FileSystemLimits): boolean {
  return Array.from(forbiddenOnWindows).some((character) => limits.forbidden.includes(character))
}

/** A `%` stays as it is unless what follows would be read as an escape. */
function encodeName(name: string, limits: FileSystemLimits): string {
  let encoded = ''
  let rest = name
  for (const character of name) {
    rest = rest.slice(character.length)
    const looksEscaped = character === '%' && /^[0-9A-F]{2}/.test(rest)
    const mustGo = looksEscaped || isControlCharacter(character) || limits.forbidden.includes(character)
    encoded += mustGo ? escaped(character) : character
  }
  if (!followsWindows(limits)) return encoded
  if (isReservedOnWindows(encoded)) encoded = escaped(encoded.slice(0, 1)) + encoded.slice(1)
  return encoded.replace(/[. ]$/, escaped)
}

/** Eight hexadecimal digits that stand for a name (FNV-1a over its UTF-16 code units): not a proof, only a difference. */
function fingerprint(name: string): string {
  let state = 0x81_1c_9d_c5
  for (let index = 0; index < name.length; index += 1) {
    state = Math.imul(state ^ name.charCodeAt(index), 0x01_00_01_93)
  }
  return (state >>> 0).toString(16).padStart(8, '0')
}

/** Cuts the stem so that stem, `ending` and extension fit; an extension too long to keep counts as part of the stem. */
function withEnding(name: string, ending: string, bytesMax: number): string {
  const parts = pathParts(name)
  const whole = parts.extension === '' ? '' : `.${parts.extension}`
  const keepsExtension = utf8Bytes(whole) <= bytesMax / 3
  const stem = keepsExtension ? parts.stem : name
  const extension = keepsExtension ? whole : ''
  const room = bytesMax - utf8Bytes(ending) - utf8Bytes(extension)
  const cut = cutToBytes(stem, room)
  // Half an escape would be read as something else.
  return (cut === stem ? stem : cut.replace(/%[0-9A-F]?$/, '').trimEnd()) + ending + extension
}

/**
 * Takes a path below a card's root and what the place can't do; gives the path to write there. A name that is too long even
 * so keeps its beginning, `~`, eight digits of its own, and its extension; the catalog then knows which original it is.
 *
 * Throws for a path that no listing gives: absolute, climbing, with an empty segment, or not Unicode.
 */
export function placePath(path: string, limits: FileSystemLimits): PlacedPath {
  const names = path.split('/')
  if (!path.isWellFormed() || names.some((name) => name === '' || name === '.' || name === '..')) {
    throw new Error(`Not a path below a card: ${JSON.stringify(path)}`)
  }
  const encoded = names.map((name) => encodeName(name, limits))
  const placed = encoded.map((name, index) =>
    utf8Bytes(name) <= limits.nameBytesMax
      ? name
      : withEnding(name, `~${fingerprint(names[index] ?? name)}`, limits.nameBytesMax),
  )
  const result = placed.join('/')
  const reversible = result === encoded.join('/')
  const changed = result !== path
  return { path: result, changed, reversible, why: changed ? whyChanged(path, result, reversible) : null }
}

function whyChanged(path: string, placed: string, reversible: boolean): string {
  const because = reversible
    ? 'has a character or a name that this place can not hold'
    : 'is longer than this place can hold'
  return `${JSON.stringify(path)} ${because}, so it is written there as "${placed}".`
}

function decodeName(name: string): string {
  const decoded = name.replaceAll(/(?:%[0-9A-F]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      // Not written by `placePath`: somebody's own name, which stays as it is.
      return run
    }
  })
  // A name that someone else made must not become a path that climbs.
  return decoded.includes('/') || decoded === '.' || decoded === '..' ? name : decoded
}

/** Takes a path at a place and gives the path on the card it was written for, unless the name was shortened. */
export const originalPath = (placed: string): string => placed.split('/').map(decodeName).join('/')

/**
 * Two paths with one key would be one file at this place. Accents are compared in composed form everywhere, although some file
 * systems tell the forms apart, because the copies travel on to others that don't.
 */
export function collisionKey(path: string, limits: FileSystemLimits): string {
  return limits.foldsCase ? foldName(path) : path.normalize('NFC')
}

function addTo(map: Map<string, Set<string>>, key: string, path: string): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, new Set([path]))
  else known.add(path)
}

/**
 * Takes the paths of one card and gives those that can't stand side by side at this place: two spellings of one name, or a file
 * that is named like a folder. Everything else may be written without looking.
 */
export function findCollisions(paths: readonly string[], limits: FileSystemLimits): readonly Collision[] {
  const byKey = new Map<string, Set<string>>()
  const folders = new Map<string, Set<string>>()
  for (const path of paths) {
    const key = collisionKey(placePath(path, limits).path, limits)
    addTo(byKey, key, path)
    for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
      addTo(folders, key.slice(0, slash), path)
    }
  }
  return [...byKey]
    .map(([key, files]): Collision => ({ key, paths: [...new Set([...files, ...(folders.get(key) ?? [])])] }))
    .filter((collision) => collision.paths.length > 1)
    .toSorted((a, b) => compareText(a.key, b.key))
}

/**
 * W2: the name for other bytes where a name is taken, `IMG_0001 (2).JPG`. Takes the path at the place, a number from 2 up, and
 * the place's limits; a long stem is cut so that number and extension fit.
 */
export function numberedName(path: string, number: number, limits: FileSystemLimits): string {
  if (!Number.isSafeInteger(number) || number < 2) throw new RangeError(`Not a number for a second name: ${number}`)
  const { folder, name } = pathParts(path)
  return joinPath(folder, withEnding(name, ` (${number})`, limits.nameBytesMax))
}
