/**
 * Looks for a drive that is mounted elsewhere than the settings say: a USB drive gets another folder or letter each time. It is known
 * by its marker (W4), at the root of a volume or under the last folders of its address.
 */
import { join, parse, sep } from 'node:path'
import type { PlaceId } from '../../domain/ids.ts'
import type { PlaceAddress } from '../../engine/contracts.ts'
import { isMarkerOf, readMarker } from './marker.ts'

/** A volume that does not answer in this time is left out: the others must not wait for it (J2). */
const answerMs = 3000

/** Does this folder hold the place of that id? */
export type AskFolder = (folder: string, id: PlaceId) => Promise<boolean>

/**
 * Where the place is now, an absolute path; null when none of the volumes holds it. `roots` are the folders at which volumes are
 * mounted. All are asked at once; of several that hold it (one drive, mounted twice) the first in the list is taken.
 */
export async function findMovedFolder(
  address: PlaceAddress,
  roots: readonly string[],
  ask: AskFolder = isPlaceAt,
  limitMs: number = answerMs,
): Promise<string | null> {
  const found = await Promise.all(roots.map((root) => inTime(findBelow(root, address, ask), limitMs)))
  return found.find((folder) => folder !== null) ?? null
}

async function findBelow(root: string, { id, folder }: PlaceAddress, ask: AskFolder): Promise<string | null> {
  for (const candidate of candidatesBelow(root, folder)) if (await ask(candidate, id)) return candidate
  return null
}

/** `/mnt/x` and `/media/me/SAFE/Fivefold` give `/mnt/x`, `/mnt/x/Fivefold`, `/mnt/x/SAFE/Fivefold` and so on. */
export function candidatesBelow(root: string, address: string): readonly string[] {
  const segments = address
    .slice(parse(address).root.length)
    .split(sep)
    .filter((segment) => segment !== '')
  const endings = segments.map((_, index) => join(root, ...segments.slice(segments.length - 1 - index)))
  return [root, ...endings]
}

async function isPlaceAt(folder: string, id: PlaceId): Promise<boolean> {
  const reading = await readMarker(folder)
  return reading.kind === 'marker' && isMarkerOf(reading.marker, id)
}

function inTime(asked: Promise<string | null>, limitMs: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), limitMs)
    asked.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
