/** What the tests of a job's whole life stand on: a shoot from real cards, drives for the safe, and damage of every kind. */
import assert from 'node:assert/strict'
import { cp, lstat, mkdir, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { SQLInputValue } from 'node:sqlite'
import { canMakeLoopDisk, canUseTestCards, testCardsFolder } from '../lab/can-run.ts'
import { claim } from '../lab/janitor.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import type { LoopDisk } from '../lab/loop-disk.ts'
import { unmount } from '../lab/mounts.ts'
import { runTool } from '../lab/run-tool.ts'
import { bytesOf, ground, sha256 } from './ground.ts'
import type { Ground } from './ground.ts'
import { filesAt } from './raw-facts.ts'
import { runCommand, story } from './the-command.ts'
import type { CommandWish, Line, SaidFailure } from './the-command.ts'

export const skipDisks: string | false = canMakeLoopDisk('ext4') ?? false
export const skipCards: string | false = canMakeLoopDisk('ext4') ?? canUseTestCards() ?? false

export const dayMs = 24 * 60 * 60 * 1000

/** Runs a command with `--json` that must end with this code; gives its last line. */
export const command = async <Result extends Line = Line>(
  home: string,
  args: readonly string[],
  exitCode = 0,
  wish: CommandWish = {},
): Promise<Result> => {
  const ended = await runCommand([...args, '--home', home, '--json'], wish)
  assert.equal(ended.exitCode, exitCode, `fivefold ${args.join(' ')}: ${story(ended)}`)
  return ended.last as unknown as Result
}

/** Copies of cards as they came from the camera, so that nothing can be written to the real ones; one job for all of them. */
export async function ingestCards(world: Ground, cards: readonly string[], job = 'Wedding'): Promise<void> {
  for (const card of cards) {
    const root = join(world.root, 'reader', card)
    await cp(join(testCardsFolder() ?? '', card), root, { recursive: true, preserveTimestamps: true })
    await ingestFolder(world, root, job)
  }
}

/** Cards with damaged pictures warn, and are ingested all the same. */
export async function ingestFolder({ home }: Ground, root: string, job = 'Wedding'): Promise<void> {
  const ended = await runCommand(['ingest', root, '--home', home, '--job', job, '--json'])
  assert.ok(ended.exitCode === 0 || ended.exitCode === 3, story(ended))
  await rm(root, { recursive: true })
}

export async function shoot(cards: readonly string[], megabytes = 300): Promise<Ground> {
  const made = await ground({ megabytes })
  await ingestCards(made, cards)
  return made
}

/* Drives. */

/** Makes a drive, and adds it as a person does. */
export async function makeDrive({ home }: Ground, name: string, megabytes = 200): Promise<LoopDisk> {
  await using undo = new AsyncDisposableStack()
  const disk = undo.use(await loopDisk({ fs: 'ext4', megabytes }))
  await addDrive(home, disk.mountPoint, name)
  undo.move()
  return disk
}

/** Loop disks lie on one disk; declared, each is a device of its own, as drives are. */
export async function addDrive(home: string, folder: string, name: string): Promise<void> {
  await command(home, ['place', 'add', 'drive', folder, '--name', name, '--device', `device of ${name}`])
}

/** Mounts the disk elsewhere than at its own mount point, which must be free of it. */
export async function mountAt(disk: LoopDisk, folder: string): Promise<AsyncDisposable> {
  const claimed = claim({ kind: 'mount', path: folder })
  await runTool('mount', [disk.device, folder])
  return {
    [Symbol.asyncDispose]: async () => {
      await unmount(folder)
      await claimed[Symbol.asyncDispose]()
    },
  }
}

export interface DriveUpdate extends Line {
  readonly outcome: string
  readonly sentence: string
  readonly drives: readonly {
    readonly drive: string
    readonly sentence: string
    readonly originals: { there: number; provenAgain: number; carried: number; mended: number; left: number }
    readonly working: { carried: number; keptAsVersions: number; failed: number }
    readonly notInLibrary: readonly { path: string; why: string }[]
    readonly noRoomFor: readonly { name: string; bytes: number }[]
    readonly couldGo: readonly { name: string; files: number }[]
    readonly failures: readonly SaidFailure[]
    readonly nextDue: string | null
  }[]
}

export const update = (home: string, exitCode: number, ...more: readonly string[]): Promise<DriveUpdate> =>
  command<DriveUpdate>(home, ['drive', 'update', ...more], exitCode)

/* What lies where. */

const isHistory = (path: string): boolean => path.split('/').includes('ascmhl')

/** Path and sha256 of everything a person would call theirs: no histories, nothing of Fivefold's own. */
export const treeOf = async (place: string): Promise<Map<string, string>> =>
  new Map((await filesAt(place)).filter(({ path }) => !isHistory(path)).map((file) => [file.path, file.sha256]))

/** Everything below a folder, also what Fivefold keeps for itself: path, sha256 and time. `except` names what it may rewrite. */
export async function everythingAt(place: string, except: readonly string[] = []): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(place, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (path === 'lost+found' || except.includes(path)) continue
      if (entry.isDirectory()) await walk(path)
      else {
        const { mtimeMs } = await lstat(join(place, path))
        found.set(path, `${sha256(await readFile(join(place, path)))} ${mtimeMs}`)
      }
    }
  }
  await walk('')
  return found
}

/** What is kept below `.fivefold/versions` or `.fivefold/trash`: the path below the day, and sha256. */
export async function keptAt(place: string, kind: 'versions' | 'trash'): Promise<Map<string, string>> {
  const kept = new Map<string, string>()
  const everything = await everythingAt(join(place, '.fivefold', kind)).catch(() => new Map<string, string>())
  for (const [path, seen] of everything) kept.set(path.slice(path.indexOf('/') + 1), seen.split(' ')[0] ?? '')
  return kept
}

/* What happens to files. */

/** One bit, with the time put back: what a medium does by itself. Gives the sha256 of what lies there now. */
export async function flipBit(path: string, at = 0.5): Promise<string> {
  const { atime, mtime } = await stat(path)
  const bytes = await readFile(path)
  const index = Math.floor(at * (bytes.length - 1))
  bytes[index] = (bytes[index] ?? 0) ^ 4
  await writeFile(path, bytes)
  await utimes(path, atime, mtime)
  return sha256(bytes)
}

/** A file of a person, with bytes like no other's. */
export async function write(path: string, bytes: number, seed: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  const content = bytesOf(seed, bytes)
  await writeFile(path, content)
  return sha256(content)
}

/** Does something with every file of a place that is not Fivefold's own, histories too: malware knows no difference. */
export async function toEveryFile(place: string, act: (path: string, bytes: Buffer) => Promise<void>): Promise<void> {
  for (const { path } of await filesAt(place)) await act(join(place, path), await readFile(join(place, path)))
}

/* The books, and the time. */

/** Writes into the catalog as it lies on disk: what a hundred days do, in a moment. */
export function inCatalog(home: string, statement: string, ...values: readonly SQLInputValue[]): number {
  const database = new DatabaseSync(join(home, 'catalog.db'), { timeout: 5000 })
  try {
    return Number(database.prepare(statement).run(...values).changes)
  } finally {
    database.close()
  }
}

export function askCatalog(home: string, query: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(join(home, 'catalog.db'), { timeout: 5000 })
  try {
    return database.prepare(query).all()
  } finally {
    database.close()
  }
}

/** The variable in which Node takes options from whoever starts it. */
const runtimeOptions = 'Node options'.toUpperCase().replace(' ', '_')

/** The command believes that it is so much later, or earlier; what the disks say of the time stays as it is. */
export function clockOff(ms: number): CommandWish {
  const moved = `const now = Date.now; Date.now = () => now() + ${ms}`
  return { env: { [runtimeOptions]: `--import=data:text/javascript,${encodeURIComponent(moved)}` } }
}
