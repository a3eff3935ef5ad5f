/** Each roll carries its ASC MHL history at each place: what was proven there, in a form that others can check. */
import type { RollRecord } from '../catalog/catalog.ts'
import { proves } from '../domain/copy.ts'
import type { Failure } from '../domain/failure.ts'
import type { PlaceId } from '../domain/ids.ts'
import type { Mover, NoteOrder, PlaceAddress } from '../engine/contracts.ts'
import type { IngestResult } from '../engine/run-ingest.ts'
import { addressOf } from './identify-places.ts'
import type { PlannedIngest } from './ingest-card.ts'
import type { ManifestAnswer, ManifestWish, ManifestWriter, Program } from './program.ts'

const historyFolder = 'ascmhl'
const chainName = 'ascmhl_chain.xml'

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
    const { files, startedAtMs } = await provenIn(program, place.id, roll, copied)
    if (files.length === 0) continue
    const { emptyFolders } = planned.card.listing
    const complete = files.length === copied.files.length
    const failure = await layAt(mover, writer, addressOf(place), roll, { files, emptyFolders, complete, startedAtMs })
    if (failure !== null) failures.push(failure)
  }
  return failures
}

/** The same files at two places have the same manifest; with thousands of them it is worth making once. */
function oncePerContent(program: Program): ManifestWriter {
  let last: { readonly wish: ManifestWish; readonly answer: Promise<ManifestAnswer> } | null = null
  return {
    named: (chain) => program.manifests.named(chain),
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

type RollFiles = Pick<ManifestWish, 'files' | 'emptyFolders' | 'complete' | 'startedAtMs'>

async function layAt(
  mover: Mover,
  writer: ManifestWriter,
  address: PlaceAddress,
  roll: RollRecord,
  rollFiles: RollFiles,
): Promise<Failure | null> {
  const folder = `${roll.folder}/${historyFolder}`
  const chain = await mover.readNote(address, `${folder}/${chainName}`)
  if (!chain.ok) return chain.failure
  const manifests = new Map<string, string>()
  for (const name of chain.value === null ? [] : writer.named(chain.value)) {
    const text = await mover.readNote(address, `${folder}/${name}`)
    if (!text.ok) return text.failure
    if (text.value !== null) manifests.set(name, text.value)
  }
  const next = await writer.next({
    ...rollFiles,
    rollFolderName: roll.folder.slice(roll.folder.lastIndexOf('/') + 1),
    chain: chain.value,
    manifests,
    cardId: roll.cardId,
    jobId: roll.jobId,
  })
  if (next.kind === 'nothing-new') return null
  if (next.kind === 'trouble') return manifestTrouble(address, next.sentence)
  const notes: NoteOrder[] = [
    { path: `${folder}/${next.manifestName}`, text: next.manifest, replace: false },
    { path: `${folder}/${chainName}`, text: next.chain, replace: true },
  ]
  const laid = await mover.note(address, notes)
  return laid.ok ? null : laid.failure
}

const manifestTrouble = (address: PlaceAddress, sentence: string): Failure => ({
  code: 'place-error',
  sentence: `The manifest (ASC MHL) at “${address.name}” could not be continued: ${sentence}`,
  advice: 'The copies are proven all the same. Look into the folder “ascmhl” of that roll.',
  place: address.name,
})

/**
 * The roll's proven copies at one place, with paths below the roll's folder there, and the time of their newest proof. That time
 * goes into the manifest's name and text, so that a run that was cut off between the manifest and its chain is finished by
 * the next one with the very same manifest.
 */
async function provenIn(
  program: Program,
  placeId: PlaceId,
  roll: RollRecord,
  copied: IngestResult,
): Promise<Pick<ManifestWish, 'files' | 'startedAtMs'>> {
  const inside = `${roll.folder}/`
  const copies = (await program.catalog.copyPathsUnder(placeId, roll.folder)).filter(({ latest }) => proves(latest))
  const byHash = Map.groupBy(copies, ({ hash }) => hash)
  const files = copied.files.flatMap(({ file, hash }) => {
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
