/**
 * Lists folder by folder, not the whole tree in one question: only the last name of a path is spelled right in Dropbox's answers (the
 * folders above it may come in another case), Dropbox itself advises against it for large trees, and what Fivefold keeps for itself
 * need not be paged through.
 */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { stopped } from '../cloud/http-request.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { listIn, textIn } from '../cloud/json-fields.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import type { DropboxApi } from './dropbox-api.ts'
import { refusalFailure } from './dropbox-api.ts'
import { dropboxPath, fileIn } from './dropbox-files.ts'

const ownFolder = '.fivefold'
/** A folder that changes while it is paged through is begun anew so often. */
const beginningsMax = 3
const entriesPerPage = 2000

export async function listDropbox(
  api: DropboxApi,
  root: string,
  folder: string,
  cancel: Cancel,
  onward: () => void,
): Promise<Result<PlaceListing>> {
  const files: PlaceFile[] = []
  const unreadable: string[] = []
  const folders = [folder]
  for (let here = folders.pop(); here !== undefined; here = folders.pop()) {
    const listed = await entriesOf(api, root, here, cancel, onward)
    if (!listed.ok) return listed
    if (listed.value === null) {
      // The folder that was asked for may be absent: that is an empty place. One that was named a moment ago may not.
      if (here !== folder) unreadable.push(here)
      continue
    }
    for (const entry of listed.value) {
      const name = textIn(entry, 'name') ?? ''
      const path = here === '' ? name : `${here}/${name}`
      if (textIn(entry, '.tag') === 'folder' && path !== ownFolder) folders.push(path)
      const file = fileIn(entry)
      if (file !== null) files.push({ path, bytes: file.bytes, mtimeMs: file.mtimeMs })
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return done({ complete: unreadable.length === 0, files, unreadable })
}

/** All entries of one folder; null when there is no such folder. */
async function entriesOf(
  api: DropboxApi,
  root: string,
  folder: string,
  cancel: Cancel,
  onward: () => void,
): Promise<Result<readonly Fields[] | null>> {
  for (let beginning = 1; beginning <= beginningsMax; beginning += 1) {
    const entries: Fields[] = []
    let cursor: string | null = null
    for (;;) {
      if (cancel.aborted) return failed(stopped(api.place))
      const asked = await (cursor === null
        ? api.ask('files/list_folder', { path: dropboxPath(root, folder), limit: entriesPerPage })
        : api.ask('files/list_folder/continue', { cursor }))
      if (!asked.ok) return asked
      const { value } = asked
      if (value.kind === 'refused') {
        if (value.tags.includes('reset')) break
        if (value.tags.includes('not_found')) return done(null)
        return failed(refusalFailure(api.place, folder, value))
      }
      const page = listIn(value.fields, 'entries')
      if (page === null) return failed(serviceError(api.place, 'a page of a listing without entries'))
      entries.push(...page)
      onward()
      if (value.fields['has_more'] !== true) return done(entries)
      cursor = textIn(value.fields, 'cursor')
      if (cursor === null) return failed(serviceError(api.place, 'a page of a listing without the way to the next'))
    }
  }
  return failed(serviceError(api.place, 'a folder changes faster than it can be listed'))
}
