/**
 * The marker file by which a place is known (W4): `.fivefold/place.json`. A folder without it is not the place, whatever
 * its path says: an unmounted NAS leaves an empty folder behind.
 */
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlaceId } from '../../domain/ids.ts'
import { flushFolder } from './flush-folder.ts'
import { hasSystemCode } from './system-failure.ts'

export const partialFolder = '.fivefold/partial'
const markerPath = '.fivefold/place.json'

export interface Marker {
  readonly schema: 'fivefold.place/1'
  readonly id: string
  readonly role: string
  readonly name: string
  /** ISO 8601, UTC. */
  readonly madeAt: string
}

const textFields = ['id', 'role', 'name', 'madeAt'] as const

/** Read by hand and not by a schema: the mover starts often, and should start small. Unknown fields are left alone. */
function isMarker(value: unknown): value is Marker {
  if (typeof value !== 'object' || value === null || Reflect.get(value, 'schema') !== 'fivefold.place/1') return false
  return textFields.every((field) => typeof Reflect.get(value, field) === 'string')
}

export type MarkerReading =
  | { readonly kind: 'marker'; readonly marker: Marker }
  | { readonly kind: 'none' }
  | { readonly kind: 'no-folder' }
  | { readonly kind: 'unreadable'; readonly because: string }

/** Reads the marker below `root`. Never guesses: what can't be read is `unreadable`, not `none`. */
export async function readMarker(root: string): Promise<MarkerReading> {
  try {
    if (!(await stat(root)).isDirectory()) return { kind: 'no-folder' }
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT', 'ENOTDIR')) return { kind: 'no-folder' }
    return { kind: 'unreadable', because: describe(error) }
  }
  try {
    const value: unknown = JSON.parse(await readFile(join(root, markerPath), 'utf8'))
    if (isMarker(value)) return { kind: 'marker', marker: value }
    return { kind: 'unreadable', because: 'the marker file .fivefold/place.json is damaged' }
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT')) return { kind: 'none' }
    if (error instanceof SyntaxError)
      return { kind: 'unreadable', because: 'the marker file .fivefold/place.json is damaged' }
    return { kind: 'unreadable', because: describe(error) }
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Marks a folder as a place. The folder itself must exist: nothing is ever made above a place's root. */
export async function writeMarker(root: string, marker: Marker): Promise<void> {
  await mkdir(join(root, partialFolder), { recursive: true })
  const temporary = join(root, `${markerPath}.new`)
  const file = await open(temporary, 'w', 0o644)
  try {
    await file.writeFile(`${JSON.stringify(marker, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(root, markerPath))
  // Without these a power cut takes the marker away again, and the place is a stranger to us ever after (W4).
  await flushFolder(join(root, '.fivefold'))
  await flushFolder(root)
}

export const isMarkerOf = (marker: Marker, id: PlaceId): boolean => marker.id === id
