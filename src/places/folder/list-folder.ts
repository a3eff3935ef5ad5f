/**
 * Walks a folder of a place by `lstat`: links are neither followed nor listed. A folder that can't be read, one on another file
 * system that is mounted inside the place, and a name that is no Unicode make the listing incomplete (D3): what lies there is
 * unknown, not absent.
 */
import type { Dirent, Stats } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { isLeftOut } from '../../domain/left-out.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { hasSystemCode, isVanished } from './system-failure.ts'

/** On a share every question is a journey, so some are under way at once. */
const asksAtOnce = 32
const ownFolder = '.fivefold'
/** The file system's own folder for what a disk check found; as a rule only the administrator may read it. */
const lostAndFound = 'lost+found'

interface Walk {
  readonly root: string
  /** The file system that the listed folder is on. */
  readonly dev: number
  readonly cancel: Cancel
  readonly onward: () => void
  readonly files: PlaceFile[]
  readonly unreadable: string[]
}

/** Rejects with the system's error when the folder itself, or the whole file system, can't be asked. */
export async function listFolder(
  root: string,
  folder: string,
  cancel: Cancel,
  onward: () => void,
): Promise<PlaceListing> {
  // A root that is reached by a link is a choice of the person; a link inside the place is nobody's copy.
  const start = folder === '' ? await stat(root) : await orNull(lstat(absolute(root, folder)))
  if (start === null || (!start.isDirectory() && !start.isSymbolicLink()))
    return { complete: true, files: [], unreadable: [] }
  if (!start.isDirectory()) return { complete: false, files: [], unreadable: [folder] }
  const walk: Walk = { root, dev: start.dev, cancel, onward, files: [], unreadable: [] }
  const waiting = [folder]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (cancel.aborted) return { ...sorted(walk), complete: false }
    waiting.push(...(await readOne(walk, next, next === folder)))
  }
  return sorted(walk)
}

function sorted({ files, unreadable }: Walk): PlaceListing {
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { complete: unreadable.length === 0, files, unreadable: unreadable.toSorted() }
}

/** Lists one folder, and answers the folders in it. */
async function readOne(walk: Walk, folder: string, isTop: boolean): Promise<readonly string[]> {
  walk.onward()
  let entries: Dirent<Buffer>[]
  try {
    entries = await readdir(absolute(walk.root, folder), { withFileTypes: true, encoding: 'buffer' })
  } catch (error) {
    if (isTop || isVanished(error)) throw error
    // Removed since its name was read: then there is nothing in it.
    if (!hasSystemCode(error, 'ENOENT') && folder !== lostAndFound) walk.unreadable.push(folder)
    return []
  }
  const folders: string[] = []
  for (let first = 0; first < entries.length; first += asksAtOnce) {
    if (walk.cancel.aborted) break
    const some = entries.slice(first, first + asksAtOnce)
    const found = await Promise.all(some.map((entry) => lookAt(walk, folder, entry)))
    for (const path of found) if (path !== null) folders.push(path)
    walk.onward()
  }
  return folders
}

/** Takes a file into the listing; answers the path of a folder that is to be listed too. */
async function lookAt(walk: Walk, folder: string, entry: Dirent<Buffer>): Promise<string | null> {
  const name = unicodeName(entry.name)
  if (name === null) {
    walk.unreadable.push(join(folder, entry.name.toString('latin1')))
    return null
  }
  if (name === ownFolder || isLeftOut(name)) return null
  const path = folder === '' ? name : `${folder}/${name}`
  if (!entry.isFile() && !entry.isDirectory() && !isUntold(entry)) return null
  let found: Stats | null
  try {
    found = await orNull(lstat(absolute(walk.root, path)))
  } catch (error) {
    if (isVanished(error)) throw error
    if (path !== lostAndFound) walk.unreadable.push(path)
    return null
  }
  if (found?.isFile() === true) walk.files.push({ path, bytes: found.size, mtimeMs: Math.round(found.mtimeMs) })
  if (found?.isDirectory() !== true) return null
  if (found.dev === walk.dev) return path
  walk.unreadable.push(path)
  return null
}

/** Some shares do not tell in a listing what an entry is; then only `lstat` does. */
const isUntold = (entry: Dirent<Buffer>): boolean =>
  !entry.isSymbolicLink() &&
  !entry.isSocket() &&
  !entry.isFIFO() &&
  !entry.isBlockDevice() &&
  !entry.isCharacterDevice()

const absolute = (root: string, path: string): string =>
  path === '' ? root : join(root, sep === '/' ? path : path.replaceAll('/', sep))

const decoder = new TextDecoder('utf-8', { fatal: true })

function unicodeName(name: Buffer): string | null {
  try {
    return decoder.decode(name)
  } catch {
    return null
  }
}

async function orNull<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT', 'ENOTDIR')) return null
    throw error
  }
}
