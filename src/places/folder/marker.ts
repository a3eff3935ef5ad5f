/**
 * The marker file by which a place is known (W4): `.fivefold/place.json`. A folder without it is not the place, whatever
 * its path says: an unmounted NAS leaves an empty folder behind.
 */
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod/mini'
import type { PlaceId } from '../../domain/ids.ts'
import { hasSystemCode } from './system-failure.ts'

export const systemFolder = '.fivefold'
export const partialFolder = '.fivefold/partial'
const markerPath = '.fivefold/place.json'

const markerShape = z.looseObject({
  schema: z.literal('fivefold.place/1'),
  id: z.string(),
  role: z.string(),
  name: z.string(),
  madeAt: z.string(),
})
export type Marker = z.infer<typeof markerShape>

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
    const parsed = markerShape.safeParse(JSON.parse(await readFile(join(root, markerPath), 'utf8')))
    if (parsed.success) return { kind: 'marker', marker: parsed.data }
    return { kind: 'unreadable', because: 'the marker file .fivefold/place.json is damaged' }
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT')) return { kind: 'none' }
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
}

export const isMarkerOf = (marker: Marker, id: PlaceId): boolean => marker.id === id
