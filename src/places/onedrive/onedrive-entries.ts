/** What a drive holds: where ours are, what is told of them, and the folders above a name. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { StoredFile } from '../../engine/cloud-contract.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { fieldsIn, numberIn, textIn, timeIn } from '../cloud/json-fields.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import type { OnedriveApi } from './onedrive-api.ts'
import { answerFailure } from './onedrive-api.ts'

export interface OnedriveFile extends StoredFile {
  /** Of this state of the file. */
  readonly eTag: string
}

/** Where below the drive a path of ours is asked for. */
export class Whereabouts {
  readonly #base: string
  readonly #root: string

  /** `root` is below the app's own folder, or below the whole drive. */
  constructor(isWholeDrive: boolean, root: string) {
    this.#base = isWholeDrive ? '/root' : '/special/approot'
    this.#root = root
  }

  /** `verb` is what is asked of what is there: `/children`, `/content`, …; '' for the thing itself. */
  at(path: string, verb = ''): string {
    const names = [this.#root, path].filter((part) => part !== '').join('/')
    if (names === '') return `${this.#base}${verb}`
    return `${this.#base}:/${names.split('/').map(escaped).join('/')}:${verb}`
  }

  /** Where the whole place is: made, with all above it, when the first file comes. */
  get root(): string {
    return this.#root
  }

  /** The folder from which `root` is counted. */
  above(names: string): string {
    return names === '' ? this.#base : `${this.#base}:/${names.split('/').map(escaped).join('/')}:`
  }
}

/** An apostrophe would end a text in Graph's own language. */
const escaped = (name: string): string =>
  encodeURIComponent(name).replaceAll(/['()!]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)

/** Null for what is no file. */
export function fileIn(entry: Fields): OnedriveFile | null {
  const file = fieldsIn(entry, 'file')
  const bytes = numberIn(entry, 'size')
  if (file === null || bytes === null) return null
  const hash = textIn(fieldsIn(file, 'hashes') ?? {}, 'quickXorHash')
  const given = timeIn(fieldsIn(entry, 'fileSystemInfo') ?? {}, 'lastModifiedDateTime')
  return {
    bytes,
    mtimeMs: given ?? timeIn(entry, 'lastModifiedDateTime') ?? 0,
    digests: hash === null || hash === '' ? {} : { quickxor: hash },
    objectId: textIn(entry, 'id') ?? '',
    eTag: textIn(entry, 'eTag') ?? '',
  }
}

export const withoutTag = ({ bytes, mtimeMs, digests, objectId }: OnedriveFile): StoredFile => ({
  bytes,
  mtimeMs,
  digests,
  objectId,
})

/** OneDrive keeps whole seconds. */
export const timesOf = (mtimeMs: number): Fields => ({
  lastModifiedDateTime: `${new Date(Math.max(0, Math.floor(mtimeMs / 1000) * 1000)).toISOString().slice(0, 19)}Z`,
})

/** The id of a folder by its names below the base; it is made, with all above it, when it is not there. */
export async function makeFolder(api: OnedriveApi, whereabouts: Whereabouts, names: string): Promise<Result<string>> {
  const there = await api.ask({ method: 'GET', at: `${whereabouts.above(names)}?$select=id,folder` })
  if (!there.ok) return there
  const id = textIn(there.value.fields, 'id')
  if (there.value.isOk && id !== null) return done(id)
  if (there.value.status !== 404 || names === '') return failed(answerFailure(api.place, names, there.value))
  const at = names.lastIndexOf('/')
  const parent = await makeFolder(api, whereabouts, names.slice(0, Math.max(0, at)))
  if (!parent.ok) return parent
  const made = await api.ask({
    method: 'POST',
    at: `/items/${encodeURIComponent(parent.value)}/children`,
    json: { name: names.slice(at + 1), folder: {}, '@microsoft.graph.conflictBehavior': 'fail' },
  })
  if (!made.ok) return made
  // Somebody else made it between the question and this.
  if (made.value.status === 409) return folderThere(api, whereabouts, names)
  const newId = textIn(made.value.fields, 'id')
  if (!made.value.isOk) return failed(answerFailure(api.place, names, made.value))
  return newId === null ? failed(serviceError(api.place, 'a folder without its id')) : done(newId)
}

async function folderThere(api: OnedriveApi, whereabouts: Whereabouts, names: string): Promise<Result<string>> {
  const there = await api.ask({ method: 'GET', at: `${whereabouts.above(names)}?$select=id,folder` })
  if (!there.ok) return there
  const id = textIn(there.value.fields, 'id')
  return there.value.isOk && id !== null ? done(id) : failed(answerFailure(api.place, names, there.value))
}
