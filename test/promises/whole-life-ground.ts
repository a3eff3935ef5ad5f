/**
 * Three jobs in the middle of their life, on one real file system: in the library, in the second folder, two of them on the drive for
 * the safe, one in the trash of the second folder; and the accidents that the commands after the ingest are there for.
 */
import { mkdir, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { runTool } from '../lab/run-tool.ts'
import { MovedClock, requestsWith } from '../year/moved-clock.ts'
import { dayMs, hearNothing, neverCancelled, value } from '../year/studio.ts'
import { bytesOf, fillCard, ground, pictures, sha256, thorough } from './ground.ts'
import type { CardFileWish, Ground } from './ground.ts'
import { filesAt } from './raw-facts.ts'

export const placeNames = ['library', 'second', 'Safe A'] as const
export type PlaceName = (typeof placeNames)[number]

/** Path below a place's root → sha256. */
export type Tree = ReadonlyMap<string, string>

export const jobNames = ['Wedding', 'Harbour', 'Portraits'] as const
export type JobName = (typeof jobNames)[number]

const megabyte = 1_000_000
const small = (number: number): number => 15_000 + number * 487

/** Each job is one card. Many small files for many steps; some big ones, so that a kill falls into one. */
const cards: Readonly<Record<JobName, readonly CardFileWish[]>> = {
  /** On the drive already, and delivered long ago: its second copy may go. */
  Wedding: [...pictures(60, small), ...pictures(thorough ? 6 : 3, () => 3 * megabyte, 100)],
  /** The same, and its second copy lies in the trash for long enough to be deleted. */
  Harbour: pictures(40, small, 200),
  /** New: not on the drive yet. */
  Portraits: [...pictures(80, small, 300), ...pictures(thorough ? 12 : 5, () => 5 * megabyte, 500)],
}
const diskMegabytes = 1200

export interface WholeLife extends Ground {
  readonly places: Readonly<Record<PlaceName, string>>
  /** Every original: its path, which is the same at every place, and its bytes. */
  readonly originals: Tree
  /** Bytes of each original, by its sha256. */
  readonly sizes: ReadonlyMap<string, number>
  /** Paths of the edits and exports in the library. */
  readonly workingFiles: readonly string[]
  /** Paths of the job's originals. */
  readonly originalsOf: (job: JobName) => readonly string[]
  /** Puts all of it back to how it was when the ground was made. */
  startAgain(): Promise<void>
}

/**
 * Lives four months in a few seconds: the program is the real one, in this process, and only its clock is passed in. `aside` is a
 * folder on another disk, for what everything is put back from.
 */
export async function wholeLife(aside: string): Promise<WholeLife> {
  await using undo = new AsyncDisposableStack()
  const made = undo.use(await ground({ megabytes: diskMegabytes }))
  const { home, root, library, second } = made
  const places = { library, second, 'Safe A': join(root, 'safe-a') }
  await mkdir(places['Safe A'])
  const clock = new MovedClock()
  const requests = requestsWith(home, clock)
  const startMs = Date.now()
  const moveTo = (daysAgo: number): void => clock.moveTo(startMs - daysAgo * dayMs)
  const truth = new Map<JobName, ReadonlySet<string>>()
  const ingestJob = async (job: JobName, daysAgo: number): Promise<void> => {
    moveTo(daysAgo)
    const card = join(root, 'cards', job)
    truth.set(job, new Set((await fillCard(card, cards[job], job)).values()))
    for (const [index, { path }] of cards[job].entries()) {
      const shotAt = Math.floor((startMs - daysAgo * dayMs) / 1000) - 7200 + index * 2
      await utimes(join(card, path), shotAt, shotAt)
    }
    const [answer] = value(await requests.ingest([{ card, job, client: null }], hearNothing, neverCancelled))
    if (answer?.ok !== true || answer.value.outcome !== 'done') throw new Error(`ingest: ${JSON.stringify(answer)}`)
  }
  const jobOf = (path: string): JobName => jobNames.find((job) => path.includes(` ${job}/`)) ?? 'Wedding'
  const originalsIn = async (): Promise<Tree> =>
    new Map(
      (await filesAt(library))
        .filter((file) => truth.get(jobOf(file.path))?.has(file.sha256) === true)
        .map((file) => [file.path, file.sha256]),
    )

  moveTo(130)
  const drive = { role: 'drive', address: places['Safe A'], name: 'Safe A', site: null, device: 'usb' } as const
  value(await requests.addPlace(drive))
  for (const job of ['Wedding', 'Harbour'] as const) await ingestJob(job, 130)
  const workingFiles = await layWorkingFiles(
    library,
    [...(await originalsIn()).keys()].filter((path) => jobOf(path) === 'Wedding'),
  )
  moveTo(125)
  value(await requests.stepJob('Harbour', 'deliver'))
  const update = { name: null, acceptChanges: false, proveAll: false }
  const updated = value(await requests.updateDrives(update, hearNothing, neverCancelled))
  if (updated.outcome !== 'done') throw new Error(updated.sentence)
  await ingestJob('Portraits', 3)
  // What asks for a permit looks at the computer's own clock, so this is done today, and moved back afterwards.
  moveTo(0)
  const prune = { place: null, apply: true, clockIsRight: true, emptyTrash: false }
  const pruned = value(await requests.prune(prune, hearNothing, neverCancelled))
  if (pruned.intoTrash.files !== cards.Harbour.length) throw new Error(pruned.sentence)
  inTrashSinceEarlier(home, 20 * dayMs)
  moveTo(100)
  value(await requests.stepJob('Wedding', 'deliver'))

  const originals = await originalsIn()
  const all = jobNames.reduce((sum, job) => sum + cards[job].length, 0)
  if (originals.size !== all) throw new Error(`${originals.size} of ${all} originals are in the library`)
  const startAgain = await keepAll([home, ...Object.values(places)], aside)
  const done = undo.move()
  return {
    ...made,
    places,
    originals,
    sizes: new Map((await filesAt(library)).map((file) => [file.sha256, file.bytes])),
    workingFiles,
    originalsOf: (job) => [...originals.keys()].filter((path) => jobOf(path) === job),
    startAgain,
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  }
}

function inTrashSinceEarlier(home: string, earlierMs: number): void {
  const database = new DatabaseSync(join(home, 'catalog.db'))
  try {
    database.prepare('update removal set changed_at_ms = changed_at_ms - ?').run(earlierMs)
  } finally {
    database.close()
  }
}

/** An edit beside every fifth picture, and two exports in a folder of the job's own. */
async function layWorkingFiles(library: string, pictures: readonly string[]): Promise<readonly string[]> {
  const [job = ''] = /^[^/]+\/[^/]+/.exec(pictures[0] ?? '') ?? []
  const edits = pictures.filter((_, index) => index % 5 === 0).map((path) => `${path}.xmp`)
  const exports = [1, 2].map((number) => `${job}/Exports/${number}.tif`)
  for (const path of edits) await writeAt(library, path, bytesOf(path, 4000))
  for (const path of exports) await writeAt(library, path, bytesOf(path, 900_000))
  return [...edits, ...exports]
}

async function writeAt(place: string, path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(join(place, path)), { recursive: true })
  await writeFile(join(place, path), bytes)
}

/** With all times to the nanosecond, as they were. */
async function keepAll(folders: readonly string[], aside: string): Promise<() => Promise<void>> {
  const kept = folders.map((folder, index) => ({ folder, copy: join(aside, `kept-${index}`) }))
  for (const { folder, copy } of kept) {
    await mkdir(copy)
    await runTool('cp', ['-a', `${folder}/.`, copy])
  }
  return async () => {
    for (const { folder, copy } of kept) {
      for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
      await runTool('cp', ['-a', `${copy}/.`, folder])
    }
  }
}

/** One bit, with the time put back: what a medium does by itself. Gives the sha256 of the bad bytes. */
export async function flipBit(path: string, chance: () => number): Promise<string> {
  const { atime, mtime } = await stat(path)
  const bytes = await readFile(path)
  const at = Math.floor(chance() * bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(chance() * 8))
  await writeFile(path, bytes)
  await utimes(path, atime, mtime)
  return sha256(bytes)
}

/** What an editor does: new bytes under the same name, or a new name. Gives their sha256. */
export async function editAt(place: string, path: string, chance: () => number): Promise<string> {
  const bytes = bytesOf(`edited ${path} ${chance()}`, 3000 + Math.floor(chance() * 50_000))
  await writeAt(place, path, bytes)
  return sha256(bytes)
}

/** So many of them, by chance, each once. */
export function pick<Value>(values: readonly Value[], count: number, chance: () => number): Value[] {
  const left = [...values]
  return Array.from({ length: count }, () => left.splice(Math.floor(chance() * left.length), 1)).flat()
}
