/** All files below a folder, one folder at a time: many servers refuse to list everything at once (`Depth: infinity`). */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { stopped } from '../service/http-request.ts'
import type { DavEntry } from './multistatus.ts'
import type { WebdavServer } from './webdav-server.ts'

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
    for (const entry of entries.value ?? []) {
      const name = nameIn(server, here, entry)
      if (name === '') continue
      if (name === null) {
        unreadable.push(`${here}/?`)
        continue
      }
      const path = here === '' ? name : `${here}/${name}`
      if (!entry.isFolder) files.push({ path, bytes: entry.bytes, mtimeMs: entry.mtimeMs })
      else if (path.split('/').length > depthMax) unreadable.push(path)
      else if (name !== '.fivefold') waiting.push(path)
    }
    onward()
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return done({ complete: unreadable.length === 0, files, unreadable })
}

/**
 * The name of what lies in a folder: `''` for the folder itself, null for a name that is no Unicode. By the last part of the path
 * alone, since a server behind another one may know itself by another path than we do; the folder is the one that is shortest.
 */
function nameIn(server: WebdavServer, folder: string, { path }: DavEntry): string | null {
  if (path === null) return null
  const own = [...server.root, ...folder.split('/').filter((part) => part !== '')]
  const parts = path.split('/').filter((part) => part !== '')
  if (parts.length === own.length && parts.every((part, index) => part === own[index])) return ''
  return parts.at(-1) ?? ''
}
