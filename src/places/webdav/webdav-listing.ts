/** All files below a folder, one folder at a time: many servers refuse to list everything at once (`Depth: infinity`). */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { stopped } from '../cloud/http-request.ts'
import type { DavEntry } from './multistatus.ts'
import type { WebdavServer } from './webdav-server.ts'
import { partialFolder } from './webdav-server.ts'

/** A link at the server that leads to a folder above itself has no end of its own. */
const depthMax = 64

/** These are about one folder; every other failure is about the server. */
const ofOneFolder = new Set<string>(['service-refused', 'copy-missing', 'name-refused'])

export async function listBelow(
  server: WebdavServer,
  folder: string,
  cancel: Cancel,
  onward: () => void,
): Promise<Result<PlaceListing>> {
  const files: PlaceFile[] = []
  const unreadable: string[] = []
  const waiting = [folder]
  for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
    if (cancel.aborted) return failed(stopped(server.place))
    const entries = await server.entries(`${server.at(here)}/`, here, '1')
    if (!entries.ok) {
      if (here === folder || !ofOneFolder.has(entries.failure.code)) return entries
      unreadable.push(here)
      continue
    }
    const inside = entries.value === null ? [] : belowOf(server, here, entries.value)
    if (inside === null) unreadable.push(here === '' ? '/' : here)
    for (const entry of inside ?? []) {
      const name = entry.path?.split('/').at(-1) ?? ''
      const path = here === '' ? name : `${here}/${name}`
      if (name === '') unreadable.push(`${here}/?`)
      else if (!entry.isFolder) files.push({ path, bytes: entry.bytes, mtimeMs: entry.mtimeMs })
      else if (path.split('/').length > depthMax) unreadable.push(path)
      else if (path !== '.fivefold') waiting.push(path)
    }
    onward()
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return done({ complete: unreadable.length === 0, files, unreadable })
}

/**
 * What lies in a folder, without the folder itself, which answers too. A server behind another one may know itself by another path than
 * we do: then the folder is the one whose path is shorter than all others. Null when that can't be told: a listing that took a folder
 * for its own child, or left a file out, would be believed (D3).
 */
function belowOf(server: WebdavServer, folder: string, entries: readonly DavEntry[]): readonly DavEntry[] | null {
  const own = `/${[...server.root, ...folder.split('/').filter((part) => part !== '')].join('/')}`
  const byName = entries.filter(({ path }) => path !== own)
  if (byName.length === entries.length - 1) return byName
  const depths = entries.map(({ path }) => path?.split('/').length ?? Number.MAX_SAFE_INTEGER)
  const shallowest = depths.reduce((least, depth) => Math.min(least, depth), Number.MAX_SAFE_INTEGER)
  const self = entries.filter((entry, index) => depths[index] === shallowest && entry.isFolder)
  if (self.length !== 1 || depths.filter((depth) => depth === shallowest).length !== 1) return null
  return entries.filter((entry) => entry !== self[0])
}

/**
 * Does the server list names that begin with a dot? nginx leaves them out, and then nothing may be stored under such a name: no listing
 * would ever show it. Asked with the folder that we have for ourselves.
 */
export async function listsHidden(server: WebdavServer): Promise<Result<boolean>> {
  const made = await server.makeFoldersFor(`${partialFolder}/any`)
  if (!made.ok) return made
  const entries = await server.entries(`${server.at('')}/`, '', '1')
  if (!entries.ok) return entries
  return done((entries.value ?? []).some(({ path }) => path?.endsWith('/.fivefold') === true))
}

/** Below our own folder everything is listed by whoever knows that it is there. */
export const isHidden = (path: string): boolean =>
  !path.startsWith('.fivefold/') && path.split('/').some((name) => name.startsWith('.'))
