/** The thumbnails of a report, read from the nearest copy of each shot. Cards are not touched, and a place that is not here gives none. */
import type { KnownCopy } from '../catalog/catalog.ts'
import { parseContentHash } from '../domain/ids.ts'
import type { Role } from '../domain/place.ts'
import type { JobReport, ReportFile } from './job-report.ts'
import type { Program } from './program.ts'

/** Absolute paths in, one JPEG or null a path, in the same order. Never rejects. */
export type ReadThumbnails = (paths: readonly string[]) => Promise<readonly (Uint8Array | null)[]>

/** A page with more would be a burden to open and to send; the shots after that stand without a picture. */
export const thumbnailsBytesMax: number = 32 * 1024 * 1024

/** Of a raw file and its JPEG one is enough; some raw files have none to give. */
const triesAShot = 3
const filesAtOnce = 96

/** A folder on the PC is nearer than a NAS, a drive is only sometimes here. */
const nearness: Readonly<Partial<Record<Role, number>>> = { second: 0, library: 1, drive: 2, cloud: 3 }

/** Gives at most one thumbnail a shot, by the hash of the file that it was read from. */
export async function gatherThumbnails(
  program: Program,
  report: Pick<JobReport, 'files'>,
  read: ReadThumbnails,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const inShots = report.files.filter(({ shot }) => shot !== null)
  const paths = await nearestPaths(program, inShots)
  const thumbnails = new Map<string, Uint8Array>()
  let room = thumbnailsBytesMax
  let waiting = [...Map.groupBy(inShots, ({ shot }) => shot).values()].map((files) =>
    files.flatMap(({ hash }): Source[] => {
      const path = paths.get(hash)
      return path === undefined ? [] : [{ hash, path }]
    }),
  )
  for (let round = 0; round < triesAShot; round += 1) {
    const without: Source[][] = []
    for (const some of inPages(waiting.filter((files) => files.length > round))) {
      if (room === 0) break
      const jpegs = await read(some.map((files) => files[round]?.path ?? ''))
      some.forEach((files, index) => {
        const jpeg = jpegs[index] ?? null
        const hash = files[round]?.hash
        if (jpeg === null || hash === undefined) without.push(files)
        // The first one that no longer fits ends it: the shots after it stand without a picture.
        else if (jpeg.length > room) room = 0
        else {
          thumbnails.set(hash, jpeg)
          room -= jpeg.length
        }
      })
    }
    waiting = without
  }
  return thumbnails
}

interface Source {
  readonly hash: string
  readonly path: string
}

const inPages = <One>(all: readonly One[]): readonly (readonly One[])[] =>
  Array.from({ length: Math.ceil(all.length / filesAtOnce) }, (_, page) =>
    all.slice(page * filesAtOnce, (page + 1) * filesAtOnce),
  )

async function nearestPaths(program: Program, files: readonly ReportFile[]): Promise<ReadonlyMap<string, string>> {
  const places = new Map(program.settings.places.map((place) => [place.id, place]))
  const known = await program.catalog.knownByHash(files.map(({ hash }) => parseContentHash(hash)))
  const far = Number.MAX_SAFE_INTEGER
  const farness = ({ placeId }: KnownCopy): number => nearness[places.get(placeId)?.role ?? 'card'] ?? far
  const paths = new Map<string, string>()
  for (const [hash, { copies }] of known) {
    const [nearest] = copies
      .filter((copy) => copy.latest.finding === 'agreed' && farness(copy) < far)
      .toSorted((a, b) => farness(a) - farness(b))
    const place = nearest === undefined ? undefined : places.get(nearest.placeId)
    if (nearest !== undefined && place !== undefined) paths.set(hash, program.paths.join(place.address, nearest.path))
  }
  return paths
}
