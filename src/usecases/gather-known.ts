/** What the catalog knows of the files on a card, in the form that the plan wants. */
import type { KnownCopy, KnownOriginal } from '../catalog/catalog.ts'
import type { CardFile } from '../domain/card.ts'
import { isInPackage } from '../domain/card-structure.ts'
import { proves } from '../domain/copy.ts'
import { collisionKey } from '../domain/file-names.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import { pathParts } from '../domain/path-parts.ts'
import type { KnownFile, MaybeTwins, PlanPlace } from '../domain/plan.ts'
import { groupShots } from '../domain/shots.ts'
import type { LookAtCopies } from './look-before-believing.ts'
import type { Program } from './program.ts'
import type { RecognisedCard } from './recognise-card.ts'

/** FAT counts in steps of two seconds, and some readers shift by them. */
const twinToleranceMs = 2000

const believeAll: LookAtCopies = () => Promise.resolve([])

/** `look` says of copies in the books which are not there any more: those are not believed. */
export async function gatherKnown(
  program: Program,
  card: RecognisedCard,
  look: LookAtCopies = believeAll,
): Promise<ReadonlyMap<string, KnownFile>> {
  const known = new Map<string, KnownFile>()
  const hashes = hashesOfThisRoll(card)
  const originals = await knownAndThere(program, [...new Set(hashes.values())], look)
  const folder = card.last?.roll.folder ?? ''
  const ownPaths = new Set(card.listing.files.map(({ path }) => `${folder}/${path}`))
  for (const [path, hash] of hashes) {
    const original = originals.get(hash)
    // Two files of one card with the same bytes each have a copy of their own: the tree is kept whole.
    const copies = (original?.copies ?? []).filter(
      (copy) => copy.path === `${folder}/${path}` || !ownPaths.has(copy.path),
    )
    const culled = original?.culledAtMs != null
    known.set(path, { hash, culled, provenAt: provenAt(copies), namedAt: namedAt(copies), maybeTwins: null })
  }
  for (const [path, twins] of await findTwins(program, mayBeTwins(card, known), look))
    known.set(path, { hash: null, culled: false, provenAt: new Set(), namedAt: new Map(), maybeTwins: twins })
  return known
}

/** The originals without the copies that are not as the books have them. */
async function knownAndThere(
  program: Program,
  hashes: readonly ContentHash[],
  look: LookAtCopies,
): Promise<ReadonlyMap<ContentHash, KnownOriginal>> {
  const originals = await program.catalog.knownByHash(hashes)
  const all = [...originals.values()].flatMap(({ copies, bytes }) => copies.map((copy) => ({ copy, bytes })))
  const gone = new Set((await look(all)).map(({ copy }) => copy))
  if (gone.size === 0) return originals
  return new Map(
    [...originals].map(([hash, original]) => [
      hash,
      { ...original, copies: original.copies.filter((copy) => !gone.has(copy)) },
    ]),
  )
}

/** Files of the card's last roll that are still the same: their hash is known from the first read. */
function hashesOfThisRoll(card: RecognisedCard): Map<string, ContentHash> {
  const hashes = new Map<string, ContentHash>()
  if (card.told.kind !== 'same') return hashes
  const before = new Map(card.last?.files.map((file) => [file.path, file]))
  for (const file of card.listing.files) {
    const earlier = before.get(file.path)
    if (earlier?.hash != null && earlier.bytes === file.bytes && earlier.mtimeMs === file.mtimeMs)
      hashes.set(file.path, earlier.hash)
  }
  return hashes
}

const provenAt = (copies: readonly KnownCopy[]): ReadonlySet<PlaceId> =>
  new Set(copies.filter(({ latest }) => proves(latest)).map(({ placeId }) => placeId))

const namedAt = (copies: readonly KnownCopy[]): ReadonlyMap<PlaceId, string> =>
  new Map(copies.filter(({ latest }) => !proves(latest)).map(({ placeId, path }) => [placeId, path]))

/**
 * Only pictures outside video packages: a package without one of its files can't be opened, and what a camera keeps for itself
 * is small and often the same on every card.
 */
function mayBeTwins(card: RecognisedCard, known: ReadonlyMap<string, KnownFile>): readonly CardFile[] {
  const pictures = new Set(groupShots(card.listing.files).flatMap(({ isPicture, files }) => (isPicture ? files : [])))
  return card.listing.files.filter(
    ({ path, bytes }) =>
      bytes > 0 && !known.has(path) && pictures.has(path) && !isInPackage(path, card.structure.packages),
  )
}

/**
 * A culled original has no copies that matter: its twin is hashed first too, so that it is not copied again. What somebody else copied
 * into a place was renamed and sorted, so only its size tells that a file may be it: uncompressed raws of one camera all may.
 */
async function findTwins(
  program: Program,
  files: readonly CardFile[],
  look: LookAtCopies,
): Promise<ReadonlyMap<string, MaybeTwins>> {
  const keys = files.map(({ path, bytes, mtimeMs }) => ({ name: pathParts(path).name, bytes, mtimeMs }))
  const candidates = await program.catalog.knownByCheapKey(keys, twinToleranceMs)
  const adopted = await program.catalog.adoptedOfSizes([...new Set(files.map(({ bytes }) => bytes))])
  const hashes = new Set([...candidates.flatMap(([first]) => first?.hash ?? []), ...adopted.map(({ hash }) => hash)])
  const known = await knownAndThere(program, [...hashes], look)
  const candidateOf = ({ hash }: { readonly hash: ContentHash }): readonly [ContentHash, ReadonlySet<PlaceId>] => [
    hash,
    provenAt(known.get(hash)?.copies ?? []),
  ]
  // One map for all files of a size: a thousand files that may be any of a thousand are not a million facts.
  const ofSize = new Map(
    [...Map.groupBy(adopted, ({ bytes }) => bytes)].map(([bytes, some]) => [bytes, new Map(some.map(candidateOf))]),
  )
  const twins = new Map<string, MaybeTwins>()
  files.forEach(({ path, bytes }, index) => {
    const first = candidates[index]?.[0]
    const alike = first === undefined ? ofSize.get(bytes) : new Map([candidateOf(first), ...(ofSize.get(bytes) ?? [])])
    if (alike !== undefined) twins.set(path, alike)
  })
  return twins
}

/** The names that are taken in a roll's folder, as keys of the place's own way to tell names apart. */
export async function takenNames(
  program: Program,
  places: readonly PlanPlace[],
  folder: string,
): Promise<ReadonlyMap<PlaceId, ReadonlySet<string>>> {
  const taken = new Map<PlaceId, ReadonlySet<string>>()
  for (const place of places) {
    const copies = await program.catalog.copyPathsUnder(place.id, folder)
    taken.set(place.id, new Set(copies.map(({ path }) => collisionKey(path, place.limits))))
  }
  return taken
}
