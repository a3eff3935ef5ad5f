/** Each roll carries its ASC MHL history at each place: what was proven there, in a form that others can check. */
import type { RollRecord } from '../catalog/catalog.ts'
import type { CardFile } from '../domain/card.ts'
import { proves } from '../domain/copy.ts'
import type { Failure } from '../domain/failure.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import type { Mover } from '../engine/contracts.ts'
import type { IngestResult } from '../engine/run-ingest.ts'
import { addressOf } from './identify-places.ts'
import { layGeneration } from './lay-generation.ts'
import type { PlannedIngest } from './ingest-card.ts'
import type { ManifestAnswer, ManifestWish, ManifestWriter, Program } from './program.ts'

/** Answers what went wrong; a place without a manifest has its copies all the same. */
export async function layManifests(
  program: Program,
  mover: Mover,
  planned: PlannedIngest,
  roll: RollRecord,
  copied: IngestResult,
): Promise<readonly Failure[]> {
  const writer = oncePerContent(program)
  const failures: Failure[] = []
  // One place after the other: the manifest of many thousand files is many megabytes, and each is on its way only once.
  for (const place of planned.places.filter(({ id }) => !copied.lostPlaces.has(id))) {
    const { files, startedAtMs } = await provenIn(program, place.id, roll, copied.files)
    if (files.length === 0) continue
    const { emptyFolders } = planned.card.listing
    const complete = files.length === copied.files.length
    const failure = await layGeneration(mover, writer, addressOf(place), roll, {
      files,
      emptyFolders,
      complete,
      startedAtMs,
    })
    if (failure !== null) failures.push(failure)
  }
  return failures
}

/** The same files at two places have the same manifest; with thousands of them it is worth making once. */
function oncePerContent(program: Program): ManifestWriter {
  let last: { readonly wish: ManifestWish; readonly answer: Promise<ManifestAnswer> } | null = null
  return {
    named: (chain) => program.manifests.named(chain),
    read: (chain, manifests) => program.manifests.read(chain, manifests),
    next: (wish) => {
      if (last === null || !isSameWish(last.wish, wish)) last = { wish, answer: program.manifests.next(wish) }
      return last.answer
    },
  }
}

function isSameWish(one: ManifestWish, other: ManifestWish): boolean {
  if (one.chain !== null || other.chain !== null || one.complete !== other.complete) return false
  if (one.startedAtMs !== other.startedAtMs) return false
  if (one.files.length !== other.files.length) return false
  return one.files.every(
    ({ path, hash }, index) => path === other.files[index]?.path && hash === other.files[index]?.hash,
  )
}

/**
 * The roll's proven copies at one place, with paths below the roll's folder there, and the time of their newest proof. That time
 * goes into the manifest's name and text, so that a run that was cut off between the manifest and its chain is finished by
 * the next one with the very same manifest.
 */
export async function provenIn(
  program: Program,
  placeId: PlaceId,
  roll: RollRecord,
  rollFiles: readonly { readonly file: CardFile; readonly hash: ContentHash | null }[],
): Promise<Pick<ManifestWish, 'files' | 'startedAtMs'>> {
  const inside = `${roll.folder}/`
  const copies = (await program.catalog.copyPathsUnder(placeId, roll.folder)).filter(({ latest }) => proves(latest))
  const byHash = Map.groupBy(copies, ({ hash }) => hash)
  const files = rollFiles.flatMap(({ file, hash }) => {
    const here = hash === null ? [] : (byHash.get(hash) ?? [])
    // The same bytes may lie here twice: a file's own name is meant before another one's.
    const copy = here.find(({ path }) => path === inside + file.path) ?? here[0]
    if (hash === null || copy === undefined || !copy.path.startsWith(inside)) return []
    const path = copy.path.slice(inside.length)
    return [{ path, cardPath: file.path, bytes: file.bytes, mtimeMs: file.mtimeMs, hash }]
  })
  const once = new Map(files.map((file) => [file.path, file]))
  const startedAtMs = copies.reduce((newest, { latest }) => Math.max(newest, latest.atMs), 0)
  return { files: [...once.values()], startedAtMs }
}
