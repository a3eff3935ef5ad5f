/** Read-only: what of this folder do we have, how often, and where? Works for any folder or card; records nothing. */
import { proves } from '../domain/copy.ts'
import { independentDevices } from '../domain/card-verdict.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import { byRole } from '../domain/place.ts'
import type { Cancel } from '../engine/contracts.ts'
import type { Hear, Program } from './program.ts'

export interface CheckedFile {
  readonly path: string
  readonly bytes: number
  readonly hash: ContentHash | null
  /** Proven copies on independent devices. */
  readonly copies: number
  readonly places: readonly string[]
  readonly culled: boolean
  readonly failure: Failure | null
}

export interface CheckOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.check/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly files: readonly CheckedFile[]
  readonly leftOut: number
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
    const { files, leftOut } = listing.value
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
        cardRoot: root,
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
        failure: failures.get(number) ?? null,
      }
    })
    return done(conclude(checked, leftOut.length, listing.value.complete, cancel.aborted))
  } finally {
    mover.end()
  }
}

const namesInOrder = (places: readonly Place[]): readonly string[] => [
  ...new Set(places.toSorted(byRole).map(({ name }) => name)),
]

function conclude(files: readonly CheckedFile[], leftOut: number, complete: boolean, stopped: boolean): CheckOutcome {
  const unknown = files.filter(({ copies, culled }) => copies === 0 && !culled).length
  const unread = files.filter(({ hash }) => hash === null).length
  const counted = files.filter(({ culled }) => !culled)
  const fewest = counted.length === 0 ? 0 : Math.min(...counted.map(({ copies }) => copies))
  const outcome = stopped ? 'stopped' : unread > 0 || !complete ? 'incomplete' : 'done'
  let sentence = `${files.length === 1 ? 'The one file is' : `All ${files.length} files are`} known, with proven copies on at least ${fewest} independent ${fewest === 1 ? 'device' : 'devices'}.`
  if (files.length === 0) sentence = 'There are no files in this folder.'
  else if (counted.length === 0) sentence = `All ${files.length} files were culled on purpose.`
  else if (!complete) sentence = 'The folder could not be listed to the end, so nothing is certain of it.'
  else if (unknown > 0)
    sentence = `${unknown} of ${files.length} files ${unknown === 1 ? 'has' : 'have'} NO proven copy anywhere.`
  return { type: 'result', schema: 'fivefold.check/1', outcome, sentence, files, leftOut }
}
