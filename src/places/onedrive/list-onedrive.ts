/** Lists folder by folder, page after page: Graph has no listing of a whole tree below a folder for accounts of both kinds. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceFile, PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { stopped } from '../cloud/http-request.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { fieldsIn, listIn, textIn } from '../cloud/json-fields.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import type { OnedriveApi } from './onedrive-api.ts'
import { answerFailure } from './onedrive-api.ts'
import type { Whereabouts } from './onedrive-entries.ts'
import { fileIn } from './onedrive-entries.ts'

const ownFolder = '.fivefold'
const query = '?$top=200&$select=id,name,size,file,folder,fileSystemInfo,lastModifiedDateTime'

export async function listOnedrive(
  api: OnedriveApi,
  whereabouts: Whereabouts,
  folder: string,
  cancel: Cancel,
  onward: () => void,
): Promise<Result<PlaceListing>> {
  const files: PlaceFile[] = []
  const unreadable: string[] = []
  const folders = [folder]
  for (let here = folders.pop(); here !== undefined; here = folders.pop()) {
    const listed = await entriesOf(api, whereabouts.at(here, `/children${query}`), here, cancel, onward)
    if (!listed.ok) return listed
    if (listed.value === null) {
      // The folder that was asked for may be absent: that is an empty place. One that was named a moment ago may not.
      if (here !== folder) unreadable.push(here)
      continue
    }
    for (const entry of listed.value) {
      const name = textIn(entry, 'name') ?? ''
      const path = here === '' ? name : `${here}/${name}`
      if (fieldsIn(entry, 'folder') !== null && path !== ownFolder) folders.push(path)
      const file = fileIn(entry)
      if (file !== null) files.push({ path, bytes: file.bytes, mtimeMs: file.mtimeMs })
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return done({ complete: unreadable.length === 0, files, unreadable })
}

/** All entries of one folder; null when there is no such folder. */
async function entriesOf(
  api: OnedriveApi,
  first: string,
  folder: string,
  cancel: Cancel,
  onward: () => void,
): Promise<Result<readonly Fields[] | null>> {
  const entries: Fields[] = []
  for (let at: string | null = first; at !== null;) {
    if (cancel.aborted) return failed(stopped(api.place))
    const asked: Awaited<ReturnType<OnedriveApi['ask']>> = await api.ask({ method: 'GET', at, cancel })
    if (!asked.ok) return asked
    if (asked.value.status === 404) return done(null)
    if (!asked.value.isOk) return failed(answerFailure(api.place, folder, asked.value))
    const page = listIn(asked.value.fields, 'value')
    if (page === null) return failed(serviceError(api.place, 'a page of a listing without entries'))
    entries.push(...page)
    onward()
    at = textIn(asked.value.fields, '@odata.nextLink')
  }
  return done(entries)
}
