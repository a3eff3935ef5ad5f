/** What a test of a promise stands on: a card with known bytes, a home, and two places. */
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loopDisk } from '../lab/loop-disk.ts'
import type { LoopDisk } from '../lab/loop-disk.ts'
import { runCommand, story } from './the-command.ts'

/** The big figures, once before a release: FIVEFOLD_THOROUGH=1. */
export const thorough = process.env['FIVEFOLD_THOROUGH'] === '1'

/** How often: the everyday number, or the one for a release. */
export const times = (everyday: number, release: number): number => (thorough ? release : everyday)

export interface PlaceFolders {
  readonly home: string
  readonly library: string
  readonly second: string
}

/** Sets Fivefold up as a person does; both places count as devices of their own unless `devices` says otherwise. */
export async function setUp(
  { home, library, second }: PlaceFolders,
  devices: readonly [string, string] | null = ['nas', 'pc'],
): Promise<void> {
  const named = devices === null ? [] : ['--library-device', devices[0], '--second-device', devices[1]]
  const ended = await runCommand(['setup', '--home', home, '--library', library, '--second', second, ...named])
  if (ended.exitCode !== 0) throw new Error(`setup: ${story(ended)}`)
}

export interface Ground extends PlaceFolders, AsyncDisposable {
  /** The root of the disk, for a card that needs no disk of its own. */
  readonly root: string
  readonly disk: LoopDisk
}

/**
 * Home and both places on one real file system, set up; two devices by declaration. A folder in memory would not do: what is
 * there can't be read back past the cache, and so is never proven (V1).
 */
export async function ground(
  wish: { megabytes?: number; devices?: readonly [string, string] | null } = {},
): Promise<Ground> {
  await using undo = new AsyncDisposableStack()
  const disk = undo.use(await loopDisk({ fs: 'ext4', megabytes: wish.megabytes ?? 200 }))
  const root = disk.mountPoint
  const places = { home: join(root, 'home'), library: join(root, 'library'), second: join(root, 'second') }
  for (const path of Object.values(places)) await mkdir(path)
  await setUp(places, wish.devices === undefined ? ['nas', 'pc'] : wish.devices)
  const made = undo.move()
  return { ...places, root, disk, [Symbol.asyncDispose]: () => made.disposeAsync() }
}

/** Bytes that are the same for the same name, and like no others. */
export function bytesOf(name: string, length: number): Buffer {
  return length === 0 ? Buffer.alloc(0) : createHash('shake128', { outputLength: length }).update(name).digest()
}

export interface CardFileWish {
  /** Relative to the card's root. */
  readonly path: string
  readonly bytes: number
}

/** `count` pictures as a camera names them. */
export function pictures(count: number, bytes: (number: number) => number, first = 1): CardFileWish[] {
  return Array.from({ length: count }, (_, index) => ({
    path: `DCIM/100EOSR5/IMG_${String(first + index).padStart(4, '0')}.CR3`,
    bytes: bytes(index),
  }))
}

/** What is on a card: path and sha256. */
export type Truth = ReadonlyMap<string, string>

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const shotAtSeconds = 1_790_000_000

/** Writes the files of a card into a folder; `seed` makes this card differ from another one with the same names. */
export async function fillCard(root: string, files: readonly CardFileWish[], seed = 'card'): Promise<Truth> {
  const truth = new Map<string, string>()
  for (const [index, { path, bytes }] of files.entries()) {
    const content = bytesOf(`${seed}/${path}`, bytes)
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
    await utimes(join(root, path), shotAtSeconds + index * 2, shotAtSeconds + index * 2)
    truth.set(path, sha256(content))
  }
  return truth
}

/** A ground that can be put back to how it was, which is quicker than setting it up anew. */
export async function keepForLater(
  { home, library, second }: PlaceFolders,
  folder: string,
): Promise<() => Promise<void>> {
  const kept = [home, library, second].map((path, index) => ({ path, copy: join(folder, `kept-${index}`) }))
  for (const { path, copy } of kept) await cp(path, copy, { recursive: true, preserveTimestamps: true })
  return async () => {
    for (const { path, copy } of kept) {
      await emptyFolder(path)
      await cp(copy, path, { recursive: true, preserveTimestamps: true })
    }
  }
}

async function emptyFolder(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name !== 'lost+found') await rm(join(path, name), { recursive: true, force: true })
  }
}
