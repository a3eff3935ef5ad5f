/**
 * What a restore brings back, from which copy, and under which name (R1). Pure: what the catalog and the places said in, an order
 * of copies for each file out. Every original is compared with its hash on the way, so a copy is only ever a candidate.
 */
import type { Copy } from './copy.ts'
import { proves } from './copy.ts'
import { placePath } from './file-names.ts'
import type { ContentHash, PlaceId } from './ids.ts'
import { compareText } from './path-parts.ts'
import type { FileSystemLimits, Role } from './place.ts'
import { roles } from './place.ts'
import type { PlaceFile } from './place-listing.ts'
import { utf8Bytes } from './text-bytes.ts'

/** A place that answered just now. */
export interface RestorePlace {
  readonly id: PlaceId
  readonly name: string
  readonly role: Role
}

export interface RestoreOriginal {
  readonly hash: ContentHash
  readonly bytes: number
  readonly name: string
  /** As the card had it; null for an original that was never on a card. */
  readonly mtimeMs: number | null
  /** Culled on purpose: brought back where it is left, and not missed where it is not. */
  readonly isCulled: boolean
  /** The folders of its jobs. A copy that also lies elsewhere is brought back from here alone. */
  readonly folders: readonly string[]
  readonly copies: readonly Copy[]
}

/** What a card held: where a place keeps the same bytes under one name only, this tells the other names. */
export interface RestoreRoll {
  readonly folder: string
  readonly files: readonly { readonly path: string; readonly mtimeMs: number; readonly hash: ContentHash | null }[]
}

/** Anything else in a job's folder: edits, exports, sidecars, and the manifests. */
export interface RestoreWorkingFile extends PlaceFile {
  readonly placeId: PlaceId
  /** Known when it was carried there by Fivefold. */
  readonly expected: ContentHash | null
}

export interface RestoreFacts {
  readonly originals: readonly RestoreOriginal[]
  readonly rolls: readonly RestoreRoll[]
  /** Files at reachable places that are in the books as no copy; the first of a path is where it is fetched from. */
  readonly workingFiles: readonly RestoreWorkingFile[]
  /** Those that answered. */
  readonly places: readonly RestorePlace[]
  /** The place that a person named: it comes before the others. */
  readonly firstPlace: PlaceId | null
  /** What the file system of the restore's folder can't hold. */
  readonly limits: FileSystemLimits
  /** Does a person want this path? Takes a path as it is at a place. */
  readonly wants: (path: string) => boolean
}

export interface RestoreSource {
  readonly placeId: PlaceId
  readonly path: string
  readonly expected: ContentHash | null
}

export interface WantedFile {
  readonly kind: 'original' | 'working-file'
  /** Below the restore's folder: the path below the place's root, job folder and all. */
  readonly path: string
  readonly bytes: number
  /** Null when only the place knows it. */
  readonly mtimeMs: number | null
  /** Nearest first, never empty. */
  readonly sources: readonly RestoreSource[]
}

export interface OutOfReach {
  readonly hash: ContentHash
  readonly name: string
  readonly bytes: number
  /** Places that are said to hold a copy and did not answer; empty when there is no copy at all. */
  readonly at: readonly PlaceId[]
}

export interface RestorePlan {
  /** By path. */
  readonly wantedFiles: readonly WantedFile[]
  readonly outOfReach: readonly OutOfReach[]
  /** Of all of them, also those that may be there already. */
  readonly bytes: number
}

export function planRestore(facts: RestoreFacts): RestorePlan {
  const places = new Map(facts.places.map((place) => [place.id, place]))
  const wantedFiles = new Map<string, WantedFile>()
  const outOfReach: OutOfReach[] = []
  // The same bytes under one name are one file, whichever job asked for them.
  const add = (wanted: WantedFile): void => {
    const key = `${wanted.path}\0${wanted.sources[0]?.expected ?? ''}`
    if (!wantedFiles.has(key)) wantedFiles.set(key, wanted)
  }
  const cardTimes = cardTimesOf(facts.rolls)
  for (const original of facts.originals) {
    const inOrder = copiesInOrder(original.copies, places, facts.firstPlace)
    for (const wanted of wantedFilesOf(original, inOrder, facts, cardTimes)) add(wanted)
    if (inOrder.length > 0 || original.isCulled) continue
    if (!original.copies.some(({ path }) => facts.wants(path)) && !facts.wants(original.name)) continue
    const left = original.copies.filter(({ latest }) => latest?.finding !== 'absent')
    const at = [...new Set(left.map(({ placeId }) => placeId))]
    outOfReach.push({ hash: original.hash, name: original.name, bytes: original.bytes, at })
  }
  const byRoll = groupByRoll(facts.rolls, [...wantedFiles.values()])
  for (const roll of facts.rolls)
    for (const wanted of otherNames(roll, byRoll.get(roll.folder) ?? [], facts)) add(wanted)
  for (const wanted of wantedWorkingFiles(facts)) add(wanted)
  const inOrder = [...wantedFiles.values()].toSorted((a, b) => compareText(a.path, b.path))
  return { wantedFiles: inOrder, outOfReach, bytes: inOrder.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/**
 * Nearest first: the place that was named, then library, second, cloud, drive; at equal distance proven before only seen. What was
 * found changed or gone comes last: it is tried when nothing else is left, and believed only if its hash agrees.
 */
export function copiesInOrder(
  copies: readonly Copy[],
  places: ReadonlyMap<PlaceId, RestorePlace>,
  firstPlace: PlaceId | null,
): readonly Copy[] {
  const rank = (copy: Copy): readonly number[] => [
    copy.latest?.finding === 'absent' ? 2 : copy.latest?.finding === 'differed' ? 1 : 0,
    copy.placeId === firstPlace ? 0 : 1,
    distance(places.get(copy.placeId)?.role ?? 'card'),
    proves(copy.latest) ? 0 : 1,
  ]
  return copies
    .filter(({ placeId }) => places.has(placeId))
    .toSorted(
      (a, b) =>
        compareRanks(rank(a), rank(b)) ||
        compareText(places.get(a.placeId)?.name ?? '', places.get(b.placeId)?.name ?? '') ||
        compareText(a.path, b.path),
    )
}

/** A drive is in the reader when it answers at all, and a cloud is a download: so the drive is nearer. */
const nearness: readonly Role[] = ['library', 'second', 'drive', 'cloud']
export const distance = (role: Role): number => {
  const at = nearness.indexOf(role)
  return at < 0 ? roles.length : at
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, rank] of a.entries()) {
    const difference = rank - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The nearest place says what the file is called: once for each name that it bears in the job's folder there. */
function wantedFilesOf(
  original: RestoreOriginal,
  inOrder: readonly Copy[],
  facts: RestoreFacts,
  cardTimes: ReadonlyMap<string, number>,
): readonly WantedFile[] {
  const [nearest] = inOrder
  if (nearest === undefined) return []
  const isGone = nearest.latest?.finding === 'absent'
  const there = inOrder.filter(
    ({ placeId, latest }) => placeId === nearest.placeId && (latest?.finding === 'absent') === isGone,
  )
  const inside = there.filter(({ path }) => original.folders.some((folder) => path.startsWith(`${folder}/`)))
  const named = inside.length > 0 ? inside : [nearest]
  return named
    .filter(({ path }) => facts.wants(path))
    .map(({ path: name }) => ({
      kind: 'original',
      path: nameAt(name, facts.limits),
      bytes: original.bytes,
      mtimeMs: cardTimes.get(bytesUnderName(original.hash, name)) ?? original.mtimeMs,
      sources: ownNameFirst(inOrder, nearest.placeId, name).map(({ placeId, path }) => ({
        placeId,
        path,
        expected: original.hash,
      })),
    }))
}

/** The same bytes under two names have a time for each name. */
function cardTimesOf(rolls: readonly RestoreRoll[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const { folder, files } of rolls)
    for (const { path, mtimeMs, hash } of files)
      if (hash !== null) times.set(bytesUnderName(hash, `${folder}/${path}`), mtimeMs)
  return times
}

const bytesUnderName = (hash: ContentHash, path: string): string => `${hash} ${path}`

/** Where the same bytes lie at one place twice, each name is brought back from its own file. */
function ownNameFirst(inOrder: readonly Copy[], placeId: PlaceId, path: string): readonly Copy[] {
  const own = inOrder.find((copy) => copy.placeId === placeId && copy.path === path)
  if (own === undefined || own.latest?.finding === 'differed') return inOrder
  return [own, ...inOrder.filter((copy) => copy !== own)]
}

/**
 * A camera writes the same bytes under several names, and a video package needs each of them. What the roll held more often than it
 * would come back is brought back under the names of the card, from the same copies.
 */
function otherNames(roll: RestoreRoll, inside: readonly WantedFile[], facts: RestoreFacts): readonly WantedFile[] {
  const byHash = Map.groupBy(inside, ({ sources }) => sources[0]?.expected ?? null)
  return [...Map.groupBy(roll.files, ({ hash }) => hash)].flatMap(([hash, files]) => {
    const there = hash === null ? [] : (byHash.get(hash) ?? [])
    const [first] = there
    if (first === undefined || there.length >= files.length) return []
    const names = new Set(there.map(({ path }) => path))
    return files
      .map((file) => ({ ...first, path: nameAt(`${roll.folder}/${file.path}`, facts.limits), mtimeMs: file.mtimeMs }))
      .filter(({ path }) => !names.has(path) && facts.wants(path))
      .slice(0, files.length - there.length)
  })
}

/** By the folder of their roll; a million files are gone through once, and not once for each roll. */
function groupByRoll(
  rolls: readonly RestoreRoll[],
  wantedFiles: readonly WantedFile[],
): ReadonlyMap<string, readonly WantedFile[]> {
  const byRoll = new Map(rolls.map(({ folder }): [string, WantedFile[]] => [folder, []]))
  for (const wanted of wantedFiles)
    for (let slash = wanted.path.indexOf('/'); slash >= 0; slash = wanted.path.indexOf('/', slash + 1))
      byRoll.get(wanted.path.slice(0, slash))?.push(wanted)
  return byRoll
}

function wantedWorkingFiles(facts: RestoreFacts): readonly WantedFile[] {
  const wanted = facts.workingFiles.filter(({ path }) => facts.wants(path))
  return [...Map.groupBy(wanted, ({ path }) => path)].flatMap(([path, found]): WantedFile[] => {
    const [first] = found
    if (first === undefined) return []
    const sources = found.map(({ placeId, path, expected }) => ({ placeId, path, expected }))
    const { bytes, mtimeMs } = first
    return [{ kind: 'working-file', path: nameAt(path, facts.limits), bytes, mtimeMs, sources }]
  })
}

/** A name is only changed where the folder's file system can't hold it; what was spelled out at the place stays as it is. */
function nameAt(path: string, limits: FileSystemLimits): string {
  const fits = path
    .split('/')
    .every(
      (name) =>
        utf8Bytes(name) <= limits.nameBytesMax &&
        !Array.from(limits.forbidden).some((character) => name.includes(character)),
    )
  return fits ? path : placePath(path, limits).path
}

/** A pattern such as `DCIM/**` may begin at any folder: a person does not type the job's folder. */
export function fitsAnywhere(path: string, fits: (path: string) => boolean): boolean {
  for (let rest = path; ;) {
    if (fits(rest)) return true
    const slash = rest.indexOf('/')
    if (slash < 0) return false
    rest = rest.slice(slash + 1)
  }
}

/** Kept free, because a full disk harms more than this restore. */
export const restoreReserveBytes: number = 64 * 1024 * 1024
