/**
 * All files below a folder. Drive has no paths: it is walked folder by folder, some at the same time. Every path is listed once. Two
 * files of one name and the same bytes are one file; where the bytes differ nobody can tell what lies at that path, so the listing says
 * so and is not complete (D3).
 */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { stopped } from '../cloud/http-request.ts'
import type { DriveFile } from './drive-file.ts'
import { filesInOrder, sameBytes } from './drive-file.ts'
import type { DriveFolders } from './drive-folders.ts'
import { allIn } from './drive-look-up.ts'
import type { DriveClient } from './drive-request.ts'

/** Each question takes a while and costs Drive little. */
const foldersAtOnce = 6
const ownFolder = '.fivefold'

interface Walk {
  readonly client: DriveClient
  readonly cancel: Cancel
  readonly onward: () => void
  readonly files: PlaceFile[]
  readonly unreadable: string[]
}

/** A folder of the place; more than one of Drive's when several have its name. */
interface Folder {
  readonly path: string
  readonly ids: readonly string[]
}

export async function listDrive(
  client: DriveClient,
  folders: DriveFolders,
  folder: string,
  cancel: Cancel,
  onward: () => void,
): Promise<Result<PlaceListing>> {
  const start = await folders.find(folder)
  if (!start.ok) return start
  const walk: Walk = { client, cancel, onward, files: [], unreadable: [] }
  let waiting: readonly Folder[] = start.value.length === 0 ? [] : [{ path: folder, ids: start.value }]
  while (waiting.length > 0) {
    if (cancel.aborted) return failed(stopped(client.place))
    const read = await Promise.all(waiting.slice(0, foldersAtOnce).map((one) => readOne(walk, one)))
    const next: Folder[] = []
    for (const found of read) {
      if (!found.ok) return found
      next.push(...found.value)
    }
    waiting = [...next, ...waiting.slice(foldersAtOnce)]
  }
  const { files, unreadable } = walk
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return done({ complete: unreadable.length === 0, files, unreadable: unreadable.toSorted() })
}

/** Lists one folder, and answers the folders in it. */
async function readOne(walk: Walk, { path, ids }: Folder): Promise<Result<readonly Folder[]>> {
  const { client, cancel, onward } = walk
  const named = new Map<string, DriveFile[]>()
  for (const id of ids) {
    const found = await allIn(client, id, { cancel, onward })
    if (!found.ok) return found
    if (!found.value.complete) walk.unreadable.push(path)
    for (const file of found.value.files) {
      const same = named.get(file.name)
      if (same === undefined) named.set(file.name, [file])
      else same.push(file)
    }
  }
  const below: Folder[] = []
  for (const [name, all] of named) {
    const here = path === '' ? name : `${path}/${name}`
    if (here === ownFolder) continue
    const folderIds = all.filter(({ isFolder }) => isFolder).map(({ id }) => id)
    if (folderIds.length > 0) below.push({ path: here, ids: folderIds })
    takeFile(walk, here, all)
  }
  return done(below)
}

function takeFile(walk: Walk, path: string, all: readonly DriveFile[]): void {
  const [first, ...twins] = filesInOrder(all, path)
  if (first === undefined) return
  // A name with a slash in it is no name of ours, and would be taken for a path.
  if (first.name.includes('/')) {
    walk.unreadable.push(path)
    return
  }
  walk.files.push({ path, bytes: first.bytes ?? 0, mtimeMs: first.mtimeMs })
  if (twins.some((twin) => !sameBytes(first, twin))) walk.unreadable.push(path)
}
