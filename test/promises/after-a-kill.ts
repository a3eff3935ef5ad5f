/**
 * What must be true after a kill and after the command that finished the work, worked out from the files on the disks. The catalog is
 * asked for one thing only: whether it claims something that the files do not bear out.
 */
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { filesAt, leftPartial } from './raw-facts.ts'
import type { FoundFile } from './raw-facts.ts'
import type { PlaceName, Tree, WholeLife } from './whole-life-ground.ts'
import { placeNames } from './whole-life-ground.ts'

export type Trees = Readonly<Record<PlaceName, Tree>>

/** One command on the ground as it lies there, and what it must make of it. */
export interface Expected {
  /** Files under names that a person sees, without the histories. */
  readonly before: Trees
  readonly after: Trees
  /** What lies below `.fivefold/versions` and `.fivefold/trash`, before. Only what is in `mayGo` may leave it. */
  readonly aside: Trees
  readonly mayGo: ReadonlySet<string>
  /** sha256 of bytes that an accident made, with the places where it did: they stay there. */
  readonly bad: ReadonlyMap<string, ReadonlySet<PlaceName>>
  /** `place path` where the books and the disk differ because of an accident that nobody has noticed yet. */
  readonly accidents: ReadonlySet<string>
  /** A folder that a restore fills, and what must be in it in the end, histories too. */
  readonly restored?: { readonly folder: string; readonly tree: Tree }
}

export interface Facts {
  readonly files: Readonly<Record<PlaceName, readonly FoundFile[]>>
  readonly trees: Trees
  readonly aside: Trees
  readonly restored: readonly FoundFile[]
  /** By `place path`: differs when the file was written anew, and not when it only got another name. */
  readonly makings: ReadonlyMap<string, string>
}

const isHistory = (path: string): boolean => path.split('/').includes('ascmhl')
const treeOf = (files: readonly FoundFile[]): Tree => new Map(files.map(({ path, sha256 }) => [path, sha256]))
const ofEach = <Value>(value: (name: PlaceName) => Value): Readonly<Record<PlaceName, Value>> => ({
  library: value('library'),
  second: value('second'),
  'Safe A': value('Safe A'),
})

export async function lookAtDisks(world: WholeLife, restored?: string): Promise<Facts> {
  const found = new Map<PlaceName, readonly FoundFile[]>()
  const aside = new Map<PlaceName, Tree>()
  for (const name of placeNames) {
    const root = world.places[name]
    found.set(name, await filesAt(root, true))
    const kept: (readonly [string, string])[] = []
    for (const folder of ['.fivefold/versions', '.fivefold/trash'])
      if (existsSync(join(root, folder)))
        for (const { path, sha256 } of await filesAt(join(root, folder), true)) kept.push([`${folder}/${path}`, sha256])
    aside.set(name, new Map(kept))
  }
  const files = ofEach((name) => found.get(name) ?? [])
  const inRestored = restored !== undefined && existsSync(restored) ? await filesAt(restored, true) : []
  const makings = new Map<string, string>()
  const noteMaking = (name: string, root: string, path: string): void => {
    const { ino, birthtimeNs } = lstatSync(join(root, path), { bigint: true })
    makings.set(`${name} ${path}`, `${ino} ${birthtimeNs}`)
  }
  for (const name of placeNames) for (const { path } of files[name]) noteMaking(name, world.places[name], path)
  for (const { path } of inRestored) noteMaking('restored', restored ?? '', path)
  return {
    files,
    trees: ofEach((name) => treeOf(files[name].filter(({ path }) => !isHistory(path)))),
    aside: ofEach((name) => aside.get(name) ?? new Map<string, string>()),
    restored: inRestored,
    makings,
  }
}

/** At any moment: one sentence for each thing that is not as promised. */
export function wrongAnytime(world: WholeLife, expected: Expected, facts: Facts): string[] {
  return [
    ...placeNames.flatMap((name) => [
      ...wrongNames(name, expected, facts),
      ...lostOrReplaced(name, expected, facts),
      ...wrongAside(name, expected, facts),
      ...badElsewhere(name, expected, facts),
      ...brokenOwnFiles(name, world, facts),
    ]),
    ...wrongRestored(expected, facts),
    ...falseClaims(world, expected, facts),
  ]
}

/** W1: what has a name that a person sees is whole: what was there before, or what the command is to put there. */
function wrongNames(name: PlaceName, { before, after }: Expected, { trees }: Facts): string[] {
  return [...trees[name]].flatMap(([path, hash]) => {
    if (hash === before[name].get(path) || hash === after[name].get(path)) return []
    return [`[W1] ${path} at ${name} has bytes that nobody asked for`]
  })
}

/** J1, W2, M2, D1: what was to stay is there as it was; what made way lies aside. */
function lostOrReplaced(name: PlaceName, { before, after }: Expected, { trees, aside }: Facts): string[] {
  const kept = new Set(aside[name].values())
  return [...before[name]].flatMap(([path, hash]) => {
    if (trees[name].get(path) === hash) return []
    if (after[name].get(path) === hash) return [`[J1] ${path} at ${name} was to stay, and is gone or changed`]
    return kept.has(hash) ? [] : [`[M2] [D1] ${path} at ${name} made way, and lies nowhere aside`]
  })
}

function wrongAside(name: PlaceName, { aside, mayGo, before, after }: Expected, facts: Facts): string[] {
  const sentences: string[] = []
  for (const [path, hash] of aside[name]) {
    const now = facts.aside[name].get(path)
    if (now === undefined ? !mayGo.has(path) : now !== hash)
      sentences.push(`[D1] ${path} at ${name} was kept aside, and is gone or changed`)
  }
  const madeWay = new Set(
    [...before[name]].filter(([path, hash]) => after[name].get(path) !== hash).map(([, hash]) => hash),
  )
  for (const [path, hash] of facts.aside[name])
    if (!aside[name].has(path) && !madeWay.has(hash))
      sentences.push(`[D1] ${path} at ${name} lies aside, and had no reason to make way`)
  return sentences
}

/** M1: bad bytes are where the accident made them, or aside there. */
function badElsewhere(name: PlaceName, { bad }: Expected, { trees, aside, restored }: Facts): string[] {
  const there = [...trees[name], ...aside[name]].filter(
    ([, hash]) => bad.has(hash) && bad.get(hash)?.has(name) !== true,
  )
  const taken = restored.filter(({ sha256 }) => bad.has(sha256)).map(({ path }) => [path] as const)
  return [...there, ...taken].map(([path]) => `[M1] the damaged bytes of another place lie in ${path} at ${name}`)
}

/** Our own small files are whole as well. */
function brokenOwnFiles(name: PlaceName, { places }: WholeLife, { files }: Facts): string[] {
  return files[name].flatMap(({ path }) => {
    if (!isHistory(path)) return []
    const text = readFileSync(join(places[name], path), 'utf8').trimEnd()
    const isWhole = text.startsWith('<?xml') && /<\/(?:\w+:)?(?:hashlist|ascmhldirectory)>$/.test(text)
    return isWhole ? [] : [`[W1] the history ${path} at ${name} is not whole`]
  })
}

function wrongRestored({ restored }: Expected, facts: Facts): string[] {
  return facts.restored.flatMap(({ path, sha256 }) =>
    restored?.tree.get(path) === sha256 ? [] : [`[R1] ${path} was restored with bytes that nobody asked for`],
  )
}

interface Row {
  readonly place: PlaceName
  readonly path: string
  readonly hash: string
  readonly finding: string
  readonly strength: string
}

interface RemovalRow {
  readonly place: PlaceName
  readonly path: string
  readonly trashPath: string
  readonly state: string
}

interface Books {
  readonly copies: readonly Row[]
  readonly removals: readonly RemovalRow[]
  readonly damage: readonly string[]
}

function readBooks(home: string): Books {
  const database = new DatabaseSync(join(home, 'catalog.db'), { timeout: 5000 })
  const all = (query: string): unknown[] => database.prepare(query).all()
  try {
    const check = all('pragma integrity_check') as { integrity_check: string }[]
    return {
      copies: all(
        `select place.name as place, copy.path, copy.hash, latest_finding as finding, latest_strength as strength
           from copy join place on place.id = copy.place_id`,
      ) as Row[],
      removals: all(
        `select place.name as place, removal.path, trash_path as trashPath, state
           from removal join place on place.id = removal.place_id order by number`,
      ) as RemovalRow[],
      damage: [
        ...check.filter(({ integrity_check: line }) => line !== 'ok').map(({ integrity_check: line }) => line),
        ...all('pragma foreign_key_check').map((row) => `dangling ${JSON.stringify(row)}`),
      ],
    }
  } finally {
    database.close()
  }
}

/**
 * V1, W3: what the books call proven is so on the disk; but for accidents that nobody has noticed yet, and removals that were
 * written down. What a killed run mended and did not come to write down is called bad until the next one: that is no false claim.
 */
function falseClaims(world: WholeLife, { accidents }: Expected, { files }: Facts): string[] {
  const { copies, removals, damage } = readBooks(world.home)
  const planned = new Set(
    removals.filter(({ state }) => state === 'planned').map(({ place, path }) => `${place} ${path}`),
  )
  const hashes = ofEach((name) => new Map(files[name].map(({ path, xxh128 }) => [path, xxh128])))
  const sentences = damage.map((line) => `the catalog is damaged: ${line}`)
  for (const { place, path, hash, finding, strength } of copies) {
    const isExcused = accidents.has(`${place} ${path}`) || planned.has(`${place} ${path}`)
    if (finding === 'agreed' && strength === 'medium' && hashes[place].get(path) !== hash && !isExcused)
      sentences.push(`[W3] the catalog calls ${path} at ${place} proven, and it is not so on the disk`)
  }
  return sentences
}

function wronglyCalledBad(world: WholeLife, { files }: Facts): string[] {
  const hashes = ofEach((name) => new Map(files[name].map(({ path, xxh128 }) => [path, xxh128])))
  return readBooks(world.home).copies.flatMap(({ place, path, hash, finding }) =>
    finding === 'agreed' || hashes[place].get(path) !== hash
      ? []
      : [`the catalog calls ${path} at ${place} ${finding}, and it is whole on the disk`],
  )
}

/** When the same command has run to its end: nothing is left to do, and nothing of ours lies about. */
export function wrongInTheEnd(world: WholeLife, expected: Expected, facts: Facts): string[] {
  // Whoever ran to the end has noticed every accident that it came across.
  const sentences = wrongAnytime(world, { ...expected, accidents: new Set() }, facts)
  for (const name of placeNames) {
    sentences.push(...differences(`at ${name}`, expected.after[name], facts.trees[name]))
    for (const path of expected.mayGo)
      if (facts.aside[name].has(path)) sentences.push(`${path} at ${name} was to leave the trash`)
    const partial = leftPartial(world.places[name])
    if (partial.length > 0) sentences.push(`temporary files are left at ${name}: ${partial.join(', ')}`)
  }
  const { restored } = expected
  if (restored !== undefined) {
    sentences.push(...differences('restored', restored.tree, treeOf(facts.restored)))
    if (existsSync(join(restored.folder, '.fivefold'))) sentences.push('[R1] .fivefold is left in the restored tree')
  }
  return [...sentences, ...wronglyCalledBad(world, facts), ...unaccounted(world, facts)]
}

const differences = (where: string, wanted: Tree, found: Tree): string[] => [
  ...[...wanted]
    .filter(([path, hash]) => found.get(path) !== hash)
    .map(([path]) => `${path} is not as it must be ${where}`),
  ...[...found.keys()].filter((path) => !wanted.has(path)).map((path) => `${path} is too much ${where}`),
]

/** D1: the books of what was removed say what is on the disk. */
function unaccounted({ home }: WholeLife, { trees, aside }: Facts): string[] {
  const newest = new Map(readBooks(home).removals.map((row) => [`${row.place} ${row.path}`, row]))
  return [...newest.values()].flatMap(({ place, path, trashPath, state }) => {
    const is = { atHome: trees[place].has(path), inTrash: aside[place].has(trashPath) }
    const must = { planned: null, kept: [true, false], 'in-trash': [false, true], gone: [false, false] }[state] ?? null
    if (must !== null && must[0] === is.atHome && must[1] === is.inTrash) return []
    return [`[D1] the books say ${state} of ${path} at ${place}; on the disk it is ${JSON.stringify(is)}`]
  })
}

/** Files of the wanted end that are there as they must be, by `place path`; and the bytes of those that are not. */
export function soFar(
  { after, restored }: Expected,
  facts: Facts,
): { readonly right: readonly string[]; readonly wanting: readonly string[] } {
  const right: string[] = []
  const wanting: string[] = []
  const compare = (name: string, wanted: Tree, found: Tree): void => {
    for (const [path, hash] of wanted)
      if (found.get(path) === hash) right.push(`${name} ${path}`)
      else wanting.push(hash)
  }
  for (const name of placeNames) compare(name, after[name], facts.trees[name])
  if (restored !== undefined) compare('restored', restored.tree, treeOf(facts.restored))
  return { right, wanting }
}
