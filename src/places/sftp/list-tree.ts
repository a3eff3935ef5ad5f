/**
 * Walks a folder at the server. Links are neither followed nor listed. A folder that can't be read, and a name that is no Unicode, make
 * the listing incomplete (D3): what lies there is unknown, not absent.
 */
import { isLeftOut } from '../../domain/left-out.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { FileEntryWithStats, Stats } from 'ssh2'
import { isMissing, statusOf } from './sftp-failure.ts'
import { closeFile, isFolder, isRegular, lookAt, lookThrough, mtimeOf, openFolder, readFolder } from './verbs.ts'
import type { Wire } from './wire.ts'

const foldersAtOnce = 8
/** Some servers do not tell what a thing is; it is asked for, so many at a time. */
const asksAtOnce = 32
const ownFolder = '.fivefold'
const lostAndFound = 'lost+found'

interface Walk {
  readonly wire: Wire
  /** Absolute, without a slash at its end. */
  readonly root: string
  readonly cancel: Cancel
  readonly onward: () => void
  readonly files: PlaceFile[]
  readonly unreadable: string[]
}

/** Rejects when the folder itself can't be read, or the connection is lost. A folder that is not there is empty. */
export async function listTree(
  wire: Wire,
  root: string,
  folder: string,
  cancel: Cancel,
  onward: () => void,
): Promise<PlaceListing> {
  const walk: Walk = { wire, root: root === '/' ? '' : root, cancel, onward, files: [], unreadable: [] }
  // A root that is reached by a link is a choice of the person; a link inside the place is nobody's copy.
  const top = folder === '' ? await lookThrough(wire, root) : await lookAt(wire, `${walk.root}/${folder}`)
  if (top === null || !isFolder(top)) return sorted(walk)
  let waiting = [folder]
  while (waiting.length > 0 && !cancel.aborted) {
    const some = waiting.slice(0, foldersAtOnce)
    const found = await Promise.all(some.map((one) => readOne(walk, one, one === folder)))
    waiting = [...waiting.slice(foldersAtOnce), ...found.flat()]
  }
  return cancel.aborted ? { ...sorted(walk), complete: false } : sorted(walk)
}

function sorted({ files, unreadable }: Walk): PlaceListing {
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { complete: unreadable.length === 0, files, unreadable: unreadable.toSorted() }
}

async function readOne(walk: Walk, folder: string, isTop: boolean): Promise<readonly string[]> {
  const folders: string[] = []
  try {
    const handle = await openFolder(walk.wire, folder === '' ? walk.root || '/' : `${walk.root}/${folder}`)
    try {
      for (;;) {
        const page = await readFolder(walk.wire, handle)
        if (page === null || walk.cancel.aborted) return folders
        folders.push(...(await readPage(walk, folder, page)))
        walk.onward()
      }
    } finally {
      await closeFile(walk.wire, handle)
    }
  } catch (error) {
    if (isTop || statusOf(error) === null) throw error
    // Removed since its name was read: then there is nothing in it.
    if (!isMissing(error) && folder !== lostAndFound) walk.unreadable.push(folder)
    return folders
  }
}

async function readPage(walk: Walk, folder: string, page: readonly FileEntryWithStats[]): Promise<string[]> {
  const folders: string[] = []
  for (let first = 0; first < page.length; first += asksAtOnce) {
    const some = page.slice(first, first + asksAtOnce)
    const found = await Promise.all(some.map((entry) => lookAtEntry(walk, folder, entry)))
    for (const path of found) if (path !== null) folders.push(path)
  }
  return folders
}

/** Takes a file into the listing; answers the path of a folder that is to be listed too. */
async function lookAtEntry(walk: Walk, folder: string, entry: FileEntryWithStats): Promise<string | null> {
  const name = entry.filename
  if (name === '.' || name === '..' || isLeftOut(name)) return null
  const path = folder === '' ? name : `${folder}/${name}`
  if (path === ownFolder) return null
  // A server that tells such names is broken, or wants to be written to elsewhere.
  if (name === '' || name.includes('/')) {
    walk.unreadable.push(folder)
    return null
  }
  const stats = await statsOf(walk, path, entry)
  if (stats === 'unreadable') walk.unreadable.push(path)
  if (stats === null || stats === 'unreadable') return null
  if (isRegular(stats)) walk.files.push({ path, bytes: stats.size, mtimeMs: mtimeOf(stats) })
  return isFolder(stats) ? path : null
}

async function statsOf(walk: Walk, path: string, entry: FileEntryWithStats): Promise<Stats | null | 'unreadable'> {
  const { attrs, filename } = entry
  // Where bytes are no Unicode this sign stands for them, and that is then the name of nothing.
  const isDoubtful = filename.includes('\u{fffd}')
  if (!isDoubtful && [attrs.mode, attrs.size, attrs.mtime].every(Number.isFinite)) return attrs
  try {
    const found = await lookAt(walk.wire, `${walk.root}/${path}`)
    return found === null && isDoubtful ? 'unreadable' : found
  } catch (error) {
    if (statusOf(error) === null) throw error
    return 'unreadable'
  }
}
