/** One more generation of a roll's ASC MHL history at one place, and the history that travels with the files to another place. */
import type { RollRecord } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Mover, NoteOrder, PlaceAddress } from '../engine/contracts.ts'
import type { ManifestWish, ManifestWriter } from './program.ts'

const historyFolder = 'ascmhl'
const chainName = 'ascmhl_chain.xml'

export type RollFiles = Pick<ManifestWish, 'files' | 'emptyFolders' | 'complete' | 'startedAtMs' | 'alsoVerified'>

interface HistoryTexts {
  readonly chain: string | null
  readonly manifests: ReadonlyMap<string, string>
}

/** Null when the generation is laid, or nothing is new; else what went wrong. The copies are proven all the same. */
export async function layGeneration(
  mover: Mover,
  writer: ManifestWriter,
  address: PlaceAddress,
  roll: RollRecord,
  rollFiles: RollFiles,
): Promise<Failure | null> {
  const texts = await readTexts(mover, writer, address, roll)
  if (!texts.ok) return texts.failure
  const next = await writer.next({
    ...rollFiles,
    ...texts.value,
    rollFolderName: roll.folder.slice(roll.folder.lastIndexOf('/') + 1),
    cardId: roll.cardId,
    jobId: roll.jobId,
  })
  if (next.kind === 'nothing-new') return null
  if (next.kind === 'trouble') return manifestTrouble(address, next.sentence)
  const laid = await mover.note(address, [
    { path: `${roll.folder}/${historyFolder}/${next.manifestName}`, text: next.manifest, replace: false },
    { path: `${roll.folder}/${historyFolder}/${chainName}`, text: next.chain, replace: true },
  ])
  return laid.ok ? null : laid.failure
}

/**
 * Where a place has no history of a roll yet, it gets the one of the place that the files came from, so that its next
 * generation goes on from there.
 */
export async function carryHistory(
  mover: Mover,
  writer: ManifestWriter,
  from: PlaceAddress,
  to: PlaceAddress,
  roll: RollRecord,
): Promise<Failure | null> {
  const folder = `${roll.folder}/${historyFolder}`
  const there = await mover.readNote(to, `${folder}/${chainName}`)
  if (!there.ok) return there.failure
  if (there.value !== null) return null
  const texts = await readTexts(mover, writer, from, roll)
  if (!texts.ok) return texts.failure
  const { chain, manifests } = texts.value
  if (chain === null) return null
  const notes: NoteOrder[] = [...manifests].map(([name, text]) => ({ path: `${folder}/${name}`, text, replace: false }))
  // The chain last: until it is there, the manifests are not believed.
  const laid = await mover.note(to, [...notes, { path: `${folder}/${chainName}`, text: chain, replace: true }])
  return laid.ok ? null : laid.failure
}

async function readTexts(
  mover: Mover,
  writer: ManifestWriter,
  address: PlaceAddress,
  roll: RollRecord,
): Promise<Result<HistoryTexts>> {
  const folder = `${roll.folder}/${historyFolder}`
  const chain = await mover.readNote(address, `${folder}/${chainName}`)
  if (!chain.ok) return chain
  const manifests = new Map<string, string>()
  for (const name of chain.value === null ? [] : writer.named(chain.value)) {
    const text = await mover.readNote(address, `${folder}/${name}`)
    if (!text.ok) return text
    if (text.value !== null) manifests.set(name, text.value)
  }
  return done({ chain: chain.value, manifests })
}

const manifestTrouble = (address: PlaceAddress, sentence: string): Failure => ({
  code: 'place-error',
  sentence: `The manifest (ASC MHL) at “${address.name}” could not be continued: ${sentence}`,
  advice: 'The copies are proven all the same. Look into the folder “ascmhl” of that roll.',
  place: address.name,
})
