/** Read-only: what of this folder do we have, how often, and where? Works for any folder or card; records nothing. */
import { convertedFrom, rawNames } from '../domain/adopt-plan.ts'
import type { RawNames } from '../domain/adopt-plan.ts'
import { proves } from '../domain/copy.ts'
import { independentDevices } from '../domain/card-verdict.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { isMedia, kindOfExtension } from '../domain/file-kinds.ts'
import type { ContentHash } from '../domain/ids.ts'
import { pathParts } from '../domain/path-parts.ts'
import type { Place } from '../domain/place.ts'
import { byRole } from '../domain/place.ts'
import type { Cancel } from '../engine/contracts.ts'
import type { Hear, Program } from './program.ts'
import { cardPathsOf } from './take-in-files.ts'

export interface CheckedFile {
  readonly path: string
  readonly bytes: number
  readonly hash: ContentHash | null
  /** Proven copies on independent devices. */
  readonly copies: number
  readonly places: readonly string[]
  readonly culled: boolean
  /** Set for a DNG that was made from that raw file: other bytes, so no copy of it. */
  readonly convertedFrom: string | null
  readonly failure: Failure | null
}

export interface CheckOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.check/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly files: readonly CheckedFile[]
  /** Pictures and movies, without companions, and how many of them have a proven copy somewhere. */
  readonly frames: { readonly total: number; readonly known: number }
  readonly conversions: number
  /** What a computer’s system keeps there. */
  readonly leftOut: number
  /** What Fivefold itself keeps at a place (`.fivefold`, `ascmhl`): no files of a person’s. */
  readonly ownFiles: number
}

export async function checkFolder(
  program: Program,
  folder: string,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<CheckOutcome>> {
  const mover = program.startMover()
  try {
    const root = program.paths.absolute(folder)
    const there = await mover.signs(root)
    if (!there.ok)
      return failed({
        ...there.failure,
        sentence: `There is no folder ${root}.`,
        advice: 'Give a folder or a card that is there.',
      })
    const listing = await mover.list(root, cancel)
    if (!listing.ok) return listing
    const { leftOut } = listing.value
    const files = listing.value.files.filter(({ path }) => !isOurOwn(program, root, path))
    const ownFiles = listing.value.files.length - files.length
    const hashes = new Map<number, ContentHash>()
    const failures = new Map<number, Failure>()
    hear({
      type: 'phase',
      card: root,
      phase: 'verify',
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    })
    await mover.copy(
      {
        from: { kind: 'card', root },
        places: [],
        orders: files.map((file, number) => ({ number, ...file, to: [], expected: null })),
      },
      (report) => {
        if (report.kind === 'read') hashes.set(report.number, report.hash)
        else failures.set(report.number, report.failure)
      },
      (progress) => hear({ type: 'progress', card: root, phase: 'verify', ...progress }),
      cancel,
    )
    const originals = await program.catalog.knownByHash([...new Set(hashes.values())])
    const raws = await rawsAround(program, root, files)
    const placeOf = new Map((await program.catalog.places()).map((place) => [place.id, place]))
    const checked = files.map(({ path, bytes }, number): CheckedFile => {
      const hash = hashes.get(number) ?? null
      const original = hash === null ? undefined : originals.get(hash)
      const proven = (original?.copies ?? []).filter(({ latest }) => proves(latest))
      const copies = proven.flatMap(({ placeId, latest }) => {
        const place = placeOf.get(placeId)
        return place === undefined ? [] : [{ role: place.role, deviceId: latest.deviceId, standing: 'proven' as const }]
      })
      return {
        path,
        bytes,
        hash,
        copies: independentDevices(copies),
        places: namesInOrder(proven.flatMap(({ placeId }) => placeOf.get(placeId) ?? [])),
        culled: original?.culledAtMs != null,
        convertedFrom: original === undefined ? convertedFrom(path, raws) : null,
        failure: failures.get(number) ?? null,
      }
    })
    const left = { leftOut: leftOut.length, ownFiles }
    return done(conclude(checked, left, listing.value.complete, cancel.aborted))
  } finally {
    mover.end()
  }
}

const ownFolders = new Set(['.fivefold', 'ascmhl'])

/** Only at a place: elsewhere a folder of that name is somebody else's, and looked at like any other. */
function isOurOwn({ paths, settings }: Program, root: string, path: string): boolean {
  if (!path.split('/').some((name) => ownFolders.has(name))) return false
  return settings.places.some(({ address }) => paths.isInside(paths.join(root, path), address))
}

/** Raw files that a DNG here may have been made from: those in the folder, and those of the jobs whose folder this is. */
async function rawsAround(
  program: Program,
  root: string,
  files: readonly { readonly path: string }[],
): Promise<RawNames> {
  const { catalog, paths, settings } = program
  const jobs = (await catalog.jobs()).filter(({ folder }) =>
    settings.places.some(({ address }) => {
      const jobFolder = paths.join(address, folder)
      return paths.isInside(root, jobFolder) || paths.isInside(jobFolder, root)
    }),
  )
  const onCards = await cardPathsOf(
    program,
    jobs.map(({ id }) => id),
  )
  return rawNames([...files.map(({ path }) => path), ...onCards])
}

const namesInOrder = (places: readonly Place[]): readonly string[] => [
  ...new Set(places.toSorted(byRole).map(({ name }) => name)),
]

function conclude(
  files: readonly CheckedFile[],
  left: Pick<CheckOutcome, 'leftOut' | 'ownFiles'>,
  complete: boolean,
  stopped: boolean,
): CheckOutcome {
  const unread = files.filter(({ hash }) => hash === null).length
  const frames = files.filter(({ path, bytes }) => bytes > 0 && isMedia(kindOfExtension(pathParts(path).extension)))
  const known = frames.filter(({ copies, culled }) => copies > 0 || culled).length
  const checked = {
    files,
    frames: { total: frames.length, known },
    conversions: files.filter((file) => file.convertedFrom !== null).length,
  }
  const outcome = stopped ? 'stopped' : unread > 0 || !complete ? 'incomplete' : 'done'
  return {
    type: 'result',
    schema: 'fivefold.check/1',
    outcome,
    sentence: say(checked, complete),
    ...checked,
    ...left,
  }
}

type Checked = Pick<CheckOutcome, 'files' | 'frames' | 'conversions'>

function say({ files, frames, conversions }: Checked, complete: boolean): string {
  const counted = files.filter(({ culled }) => !culled)
  const unknown = counted.filter(({ copies }) => copies === 0).length
  if (files.length === 0) return 'There are no files in this folder.'
  if (counted.length === 0) return `All ${files.length} files were culled on purpose.`
  if (!complete) return 'The folder could not be listed to the end, so nothing is certain of it.'
  if (unknown === 0) {
    const fewest = Math.min(...counted.map(({ copies }) => copies))
    return `${files.length === 1 ? 'The one file is' : `All ${files.length} files are`} known, with proven copies on at least ${fewest} independent ${fewest === 1 ? 'device' : 'devices'}.`
  }
  const parts = [`${unknown} of ${files.length} files ${unknown === 1 ? 'has' : 'have'} NO proven copy anywhere.`]
  if (frames.total > 0 && frames.known > 0)
    parts.push(`Of ${frames.total} pictures and movies ${frames.known} ${frames.known === 1 ? 'is' : 'are'} known.`)
  if (conversions === 1) parts.push('1 DNG was converted from an original: it is NOT the same file.')
  if (conversions > 1) parts.push(`${conversions} DNGs were converted from originals: they are NOT the same files.`)
  return parts.join(' ')
}
