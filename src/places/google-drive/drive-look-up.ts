/** What lies in a folder: page after page, or only what has one name. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { listIn, textIn } from '../cloud/json-fields.ts'
import type { DriveFile } from './drive-file.ts'
import { fileFields, readDriveFile } from './drive-file.ts'
import type { DriveClient } from './drive-request.ts'

const pageFiles = 1000
/** A service that hands out page after page for ever is not followed. */
const pagesMax = 10_000

export interface Found {
  readonly files: readonly DriveFile[]
  /** False when Drive itself says that it did not search everywhere, or there was no end. */
  readonly complete: boolean
}

/** Quotes and backslashes as the query language wants them. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/**
 * Everything in one folder that is not in the trash. One folder a question: asked for several at once, Drive has been seen to answer
 * with nothing at all (Google's issue 149522397), and a listing that is short without saying so is the worst there is (D3).
 */
export async function allIn(
  client: DriveClient,
  folderId: string,
  more: { readonly name?: string; readonly cancel?: Cancel; readonly onward?: () => void } = {},
): Promise<Result<Found>> {
  const { name, cancel, onward } = more
  const q = `${quoted(folderId)} in parents and trashed = false${name === undefined ? '' : ` and name = ${quoted(name)}`}`
  const fields = `nextPageToken,incompleteSearch,files(${fileFields})`
  const files: DriveFile[] = []
  let complete = true
  let pageToken = ''
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const query = { q, fields, pageSize: String(pageFiles), spaces: 'drive' }
    const told = await client.json({
      method: 'GET',
      url: '/drive/v3/files',
      query: pageToken === '' ? query : { ...query, pageToken },
      ...(cancel === undefined ? {} : { cancel }),
    })
    if (!told.ok) return told
    // The folder itself is not there (any more): then nothing is in it.
    if (told.value === null) return done({ files: [], complete: pages === 0 })
    const page = listIn(told.value, 'files')
    if (page === null) return failed(client.nonsense('no files'))
    for (const one of page) {
      const file = readDriveFile(one)
      if (file === null) complete = false
      else if (!file.trashed) files.push(file)
    }
    if (told.value['incompleteSearch'] === true) complete = false
    onward?.()
    pageToken = textIn(told.value, 'nextPageToken') ?? ''
    if (pageToken === '') return done({ files, complete })
  }
  return done({ files, complete: false })
}

/** Everything of one name in these folders. Drive's `=` does not look at capitals, so it is looked at here. */
export async function allNamed(
  client: DriveClient,
  folderIds: readonly string[],
  name: string,
): Promise<Result<readonly DriveFile[]>> {
  const named: DriveFile[] = []
  for (const folderId of folderIds) {
    const found = await allIn(client, folderId, { name })
    if (!found.ok) return found
    named.push(...found.value.files.filter((file) => file.name === name))
  }
  return done(named)
}

/** Null when there is nothing of that id, or it is in the trash. */
export async function fileById(client: DriveClient, id: string): Promise<Result<DriveFile | null>> {
  const told = await client.json({
    method: 'GET',
    url: `/drive/v3/files/${encodeURIComponent(id)}`,
    query: { fields: fileFields },
  })
  if (!told.ok || told.value === null) return told.ok ? done(null) : told
  const file = readDriveFile(told.value)
  if (file === null) return failed(client.nonsense('no file'))
  return done(file.trashed ? null : file)
}
