/** What an earlier restore left of big files that it could not finish: it is gone on with, and need not be fetched again (J1). */
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { WantedFile } from '../domain/restore-plan.ts'
import { onTheWayOf } from '../domain/temporary-name.ts'
import type { Cancel, Mover, PlaceAddress } from '../engine/contracts.ts'

const partialFolder = '.fivefold/partial'

/** True when nothing lies there that another restore would go on with: “this job first” must not cost the film that was begun. */
export async function isAllOurs(
  wantedFiles: readonly WantedFile[],
  mover: Mover,
  folder: PlaceAddress,
  cancel: Cancel,
): Promise<boolean> {
  const listing = await mover.listPlace(folder, partialFolder, cancel)
  if (!listing.ok || !listing.value.complete) return false
  const ours = new Set(wantedFiles.map(({ sources }) => sources[0]?.expected))
  return listing.value.files.every(({ path }) => {
    const what = onTheWayOf(nameOf(path))
    return what === null || what.keptBytes === 0 || ours.has(what.hash)
  })
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Of each of these files that was begun: how many bytes lie there. Of the same bytes under two names only one is gone on with. */
export async function keptOnTheWay(
  wantedFiles: readonly WantedFile[],
  mover: Mover,
  folder: PlaceAddress,
  cancel: Cancel,
): Promise<Result<ReadonlyMap<WantedFile, number>>> {
  const kept = new Map<WantedFile, number>()
  const listing = await mover.listPlace(folder, partialFolder, cancel)
  if (!listing.ok) return listing
  for (const { path } of listing.value.files) {
    const what = onTheWayOf(nameOf(path))
    if (what === null || what.keptBytes === 0) continue
    const wanted = wantedFiles.find(({ bytes, sources }) => bytes === what.bytes && sources[0]?.expected === what.hash)
    if (wanted !== undefined) kept.set(wanted, Math.max(what.keptBytes, kept.get(wanted) ?? 0))
  }
  return done(kept)
}
