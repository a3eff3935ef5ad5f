/** What Dropbox tells of a file, and where in the account our files are. */
import type { StoredFile } from '../../engine/cloud-contract.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { numberIn, textIn, timeIn } from '../cloud/json-fields.ts'

/** As Dropbox's own rules say: 2^41 - 2^22 bytes. */
export const fileBytesMax = 2 ** 41 - 2 ** 22
export const nameBytesMax = 255
export const forbidden = '\\\0\u007F'

/** A path of ours as Dropbox names it; its own root is the empty text. */
export function dropboxPath(root: string, path: string): string {
  const whole = [root, path].filter((part) => part !== '').join('/')
  return whole === '' ? '' : `/${whole}`
}

/** Why Dropbox would refuse the name, said before gigabytes are sent; null when nothing speaks against it. */
export function whyRefused(path: string): string | null {
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..') return 'it has an empty name, or dots for one'
    if (Array.from(forbidden).some((letter) => name.includes(letter)))
      return 'a backslash or a control character is in it'
    if (name.endsWith(' ')) return 'a name ends with a space'
    if (new TextEncoder().encode(name).length > nameBytesMax) return `a name is longer than ${nameBytesMax} bytes`
  }
  return null
}

export interface DropboxFile extends StoredFile {
  /** Of this state of the file. */
  readonly revision: string
}

export const withoutRevision = ({ bytes, mtimeMs, digests, objectId }: DropboxFile): StoredFile => ({
  bytes,
  mtimeMs,
  digests,
  objectId,
})

/** Null for what is no file. */
export function fileIn(metadata: Fields): DropboxFile | null {
  const tag = textIn(metadata, '.tag')
  const bytes = numberIn(metadata, 'size')
  if ((tag !== null && tag !== 'file') || bytes === null) return null
  const hash = textIn(metadata, 'content_hash')
  return {
    bytes,
    mtimeMs: timeIn(metadata, 'client_modified') ?? timeIn(metadata, 'server_modified') ?? 0,
    digests: hash === null ? {} : { dropbox: hash },
    objectId: textIn(metadata, 'id') ?? '',
    revision: textIn(metadata, 'rev') ?? '',
  }
}

/** What a file's commit says. Never replaces: also equal content under that name is a conflict, so that it is known whose it is (W2). */
export const commitOf = (path: string, mtimeMs: number): Fields => ({
  path,
  mode: 'add',
  autorename: false,
  strict_conflict: true,
  // No word on the desktop of the photographer for each of a thousand files.
  mute: true,
  client_modified: secondsOf(mtimeMs),
})

/** Dropbox takes whole seconds. A camera without a clock begins in 1980, never before 1970. */
const secondsOf = (mtimeMs: number): string =>
  `${new Date(Math.max(0, Math.floor(mtimeMs / 1000) * 1000)).toISOString().slice(0, 19)}Z`
