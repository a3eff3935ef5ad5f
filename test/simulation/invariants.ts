/**
 * What must be true of the world after every life of the program. Looks at the raw disks and at the raw rows of the catalog, and
 * asks nothing of the program: its own judgement is what is on trial.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { IngestOutcome } from '../../src/usecases/ingest-outcome.ts'
import type { SimCard, SimPlace, World } from './world.ts'
import { hashOf, versionKey } from './world.ts'

interface CopyRow {
  readonly hash: string
  readonly place: string
  readonly path: string
  readonly proven: boolean
}

interface RollFileRow {
  readonly root: string
  readonly second: string
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
  readonly hash: string | null
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function copyRows(sqlite: DatabaseSync): readonly CopyRow[] {
  return sqlite
    .prepare('select hash, place_id, path, latest_finding, latest_strength from copy')
    .all()
    .map((row) => ({
      hash: text(row['hash']),
      place: text(row['place_id']),
      path: text(row['path']),
      proven: row['latest_finding'] === 'agreed' && row['latest_strength'] === 'medium',
    }))
}

/** The files of the last roll of the card that was seen last in each reader: another one may have been there before. */
function rollFileRows(sqlite: DatabaseSync): readonly RollFileRow[] {
  const last = '(select max(number) from roll other where other.card_id = roll.card_id)'
  return sqlite
    .prepare(
      `select card.root, roll.second_read, roll_file.path, roll_file.bytes, roll_file.mtime_ms, roll_file.hash
       from roll_file join roll on roll.id = roll_id join card on card.id = roll.card_id where roll.number = ${last}
       and card.last_seen_at_ms = (select max(last_seen_at_ms) from card other where other.root = card.root)`,
    )
    .all()
    .map((row) => ({
      root: text(row['root']),
      second: text(row['second_read']),
      path: text(row['path']),
      bytes: Number(row['bytes']),
      mtimeMs: Number(row['mtime_ms']),
      hash: typeof row['hash'] === 'string' ? row['hash'] : null,
    }))
}

/** Everything that must hold whatever happened, as sentences about what does not. */
export function brokenPromises(world: World, sqlite: DatabaseSync): readonly string[] {
  return [
    ...wrongFiles(world),
    ...strangersHarmed(world),
    ...writtenBelowMounts(world),
    ...falselyProven(world, sqlite),
    ...falselyAgreed(world, sqlite),
    ...cardsTouched(world),
    ...picturesCulled(world, sqlite),
  ]
}

/** W1: under a final name lie the whole bytes of a file that the camera wrote, or somebody else's. */
function wrongFiles(world: World): string[] {
  const whole = wholeFiles(world)
  return world.places.flatMap((place) => {
    const strangers = new Set(place.strangers.map(({ path }) => path))
    return place.disk.files().flatMap(({ path, file }) => {
      if (path.startsWith('.fivefold/') || strangers.has(path) || place.rotten.has(file)) return []
      const hash = hashOf(file.medium.bytes)
      const fine = path.includes('/ascmhl/') ? world.manifests.has(hash) : whole.has(hash) || world.misread.has(hash)
      return fine && !file.dirty
        ? []
        : [`[W1] ${place.place.name} shows ${path}, and what lies on the medium is no whole file of any card`]
    })
  })
}

/** W2: a file that somebody else laid there is as it was. */
const strangersHarmed = (world: World): string[] =>
  world.places.flatMap(({ place, disk, strangers }) =>
    strangers
      .filter(({ path, hash }) => {
        const file = disk.file(path)
        return file === null || hashOf(file.bytes) !== hash
      })
      .map(({ path }) => `[W2] somebody else’s ${path} at ${place.name} is not as it was`),
  )

/** W4: nothing is written into the folder that an unmounted place leaves behind. */
const writtenBelowMounts = (world: World): string[] =>
  world.places.flatMap(({ place, below }) =>
    below.files().map(({ path }) => `[W4] ${path} was written where ${place.name} is mounted, while it was not`),
  )

/** W3, V1: what the catalog calls proven would be there with these bytes after a power cut at this moment. */
function falselyProven(world: World, sqlite: DatabaseSync): string[] {
  return copyRows(sqlite).flatMap(({ hash, place: id, path, proven }) => {
    const place = world.places.find((one) => one.place.id === id)
    if (!proven || place === undefined) return []
    return isSafe(place, path, hash)
      ? []
      : [`[W3] the catalog calls ${path} at ${place.place.name} proven, and it is not`]
  })
}

function isSafe(place: SimPlace, path: string, hash: string): boolean {
  const file = place.disk.settledFile(path)
  if (file === null || file.dirty) return false
  return place.rotten.has(file) || hashOf(file.medium.bytes) === hash
}

/** V4: when two reads agreed, every hash of that roll is that of a file as the camera wrote it. */
const falselyAgreed = (world: World, sqlite: DatabaseSync): string[] =>
  rollFileRows(sqlite)
    .filter(({ root, second, path, bytes, mtimeMs, hash }) => {
      const card = world.cards.find(({ signs }) => signs.root === root)
      return second === 'agreed' && !card?.versions.has(versionKey(path, bytes, mtimeMs, hash ?? ''))
    })
    .map(({ path }) => `[V4] both reads of the card are said to agree, and the hash of ${path} is wrong`)

/** Nobody in this world culls anything, so an original that counts no more must be one that only a wrong read made. */
function picturesCulled(world: World, sqlite: DatabaseSync): string[] {
  const whole = wholeFiles(world)
  return sqlite
    .prepare('select hash, culled_why from original where culled_at_ms is not null')
    .all()
    .filter((row) => whole.has(text(row['hash'])))
    .map((row) => `[V4] a picture that the camera wrote counts no more, as ${text(row['culled_why'])}`)
}

const wholeFiles = (world: World): ReadonlySet<string> =>
  new Set(world.cards.flatMap(({ versions }) => [...versions].map((version) => version.slice(-32))))

/** C1: the card is as the camera left it. */
const cardsTouched = (world: World): string[] =>
  world.cards.flatMap((card) =>
    [...card.files]
      .filter(
        ([path, { bytes, mtimeMs }]) => !card.versions.has(versionKey(path, bytes.length, mtimeMs, hashOf(bytes))),
      )
      .map(([path]) => `[C1] ${path} on ${card.signs.root} is not as the camera wrote it`),
  )

/** What a result told the person, against the disks. Called right after the result, before anything else breaks. */
export function falseOutcome(world: World, sqlite: DatabaseSync, card: SimCard, outcome: IngestOutcome): string[] {
  const wrong: string[] = []
  const proven = new Map(world.places.map(({ place }) => [place.id as string, new Set<string>()]))
  for (const row of copyRows(sqlite)) if (row.proven) proven.get(row.place)?.add(row.hash)
  const rows = rollFileRows(sqlite).filter(({ root }) => root === card.signs.root)
  for (const { place } of world.places) {
    const told = outcome.places.find(({ name }) => name === place.name)?.proven ?? 0
    const true_ = rows.filter(({ hash }) => hash !== null && proven.get(place.id)?.has(hash)).length
    if (told > true_ && outcome.secondRead !== 'differed')
      wrong.push(`the result says ${told} files are proven at ${place.name}, and ${true_} are`)
    if (outcome.outcome === 'done' && true_ < rows.length)
      wrong.push(`the result says done, and ${rows.length - true_} files are not proven at ${place.name}`)
  }
  if (outcome.outcome === 'done' && outcome.secondRead === 'agreed')
    wrong.push(...notSafe(world, sqlite, card, rows).map((sentence) => `the result says done, but ${sentence}`))
  return wrong
}

/**
 * Which files that are on the card now, as the camera wrote them, lack a proven copy at which place. With `listed`, only files
 * that are as they were listed: a result says nothing of what the camera wrote since.
 */
export function notSafe(
  world: World,
  sqlite: DatabaseSync,
  card: SimCard,
  listed?: readonly { readonly path: string; readonly bytes: number; readonly mtimeMs: number }[],
): readonly string[] {
  const rows = copyRows(sqlite).filter(({ proven }) => proven)
  const missing: string[] = []
  for (const [path, { bytes, mtimeMs }] of card.files) {
    const asListed = listed?.some(
      (file) => file.path === path && file.bytes === bytes.length && file.mtimeMs === mtimeMs,
    )
    if (path === '.DS_Store' || asListed === false) continue
    const hash = hashOf(bytes)
    for (const place of world.places)
      if (!rows.some((row) => row.hash === hash && row.place === place.place.id && isSafe(place, row.path, hash)))
        missing.push(`${path} of ${card.signs.root} has no proven copy at ${place.place.name}`)
  }
  return missing
}

/** What is known when a life begins, to tell a copy that is made again from one that is made for the first time (J1). */
export interface ProvenBefore {
  /** How many proven copies there are, by `place hash`. */
  readonly copies: ReadonlyMap<string, number>
  /** `root path size time hash` of every file of a card that was read whole. */
  readonly files: ReadonlySet<string>
}

export function provenBefore(sqlite: DatabaseSync): ProvenBefore {
  const files = rollFileRows(sqlite).map(({ root, path, bytes, mtimeMs, hash }) =>
    [root, versionKey(path, bytes, mtimeMs, hash ?? '')].join(' '),
  )
  const copies = new Map<string, number>()
  for (const { place, hash, proven } of copyRows(sqlite))
    if (proven) copies.set(`${place} ${hash}`, (copies.get(`${place} ${hash}`) ?? 0) + 1)
  return { copies, files: new Set(files) }
}

/**
 * J1: were these bytes proven there before, and written all the same? Files with the same bytes on one card each have a copy of
 * their own; and the first copy of a file that was not read before is none, since that it is the same shows only when it is read.
 */
export function isWrittenAgain(world: World, before: ProvenBefore, place: SimPlace, hash: string): boolean {
  const proven = before.copies.get(`${place.place.id} ${hash}`) ?? 0
  return world.cards.every(({ signs, versions }) => {
    // Also what a file was until a moment ago: it may have been read just before somebody changed it.
    const same = [...versions].filter((version) => version.endsWith(hash))
    const known = same.every((version) => before.files.has([signs.root, version].join(' ')))
    return known && proven > 0 && proven >= same.length
  })
}
