/** A file or folder as Drive tells of it, and which one is meant when several have one name. */
import { createHash } from 'node:crypto'
import type { StoredFile } from '../../engine/cloud-contract.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { fieldsIn, textIn, timeIn } from '../cloud/json-fields.ts'

export interface DriveFile {
  readonly id: string
  readonly name: string
  readonly isFolder: boolean
  /** Null for what has no bytes of its own: folders, shortcuts, documents that live only in Google's editors. */
  readonly bytes: number | null
  readonly mtimeMs: number
  readonly createdMs: number
  readonly parents: readonly string[]
  readonly trashed: boolean
  readonly digests: Readonly<Record<string, string>>
  /** What we noted with it: that we made it, and for which path. Only the client id that wrote this can read it. */
  readonly tag: string
}

export const folderType = 'application/vnd.google-apps.folder'

/** Hashes are told only when they are asked for by name. */
export const fileFields =
  'id,name,mimeType,size,modifiedTime,createdTime,trashed,parents,appProperties,md5Checksum,sha1Checksum,sha256Checksum'

const tagName = 'fivefold'
const folderTag = 'folder'
/** A property may have 124 bytes, a path may be longer. */
const pathTag = (path: string): string => `file-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`

export const folderProperties = { [tagName]: folderTag }
export const fileProperties = (path: string): Readonly<Record<string, string>> => ({ [tagName]: pathTag(path) })

export const isOurFolder = (file: DriveFile): boolean => file.isFolder && file.tag === folderTag
export const isOurFile = (file: DriveFile, path: string): boolean => !file.isFolder && file.tag === pathTag(path)

/** The texts of a list. */
export function textsIn(fields: Fields, name: string): readonly string[] {
  const value: unknown = fields[name]
  return Array.isArray(value) ? value.filter((one: unknown) => typeof one === 'string') : []
}

const digestFields = { sha256: 'sha256Checksum', sha1: 'sha1Checksum', md5: 'md5Checksum' } as const

/** Null when this is no file resource with the fields that were asked for. */
export function readDriveFile(fields: Fields): DriveFile | null {
  const id = textIn(fields, 'id')
  const mimeType = textIn(fields, 'mimeType')
  if (id === null || mimeType === null) return null
  const digests: Record<string, string> = {}
  for (const [algorithm, field] of Object.entries(digestFields)) {
    const digest = textIn(fields, field)
    if (digest !== null) digests[algorithm] = digest.toLowerCase()
  }
  return {
    id,
    name: textIn(fields, 'name') ?? '',
    isFolder: mimeType === folderType,
    bytes: readBytes(textIn(fields, 'size'), digests),
    mtimeMs: timeIn(fields, 'modifiedTime') ?? 0,
    createdMs: timeIn(fields, 'createdTime') ?? 0,
    parents: textsIn(fields, 'parents'),
    trashed: fields['trashed'] === true,
    digests,
    tag: textIn(fieldsIn(fields, 'appProperties') ?? {}, tagName) ?? '',
  }
}

/** An empty file has checksums, and not always a size. */
function readBytes(size: string | null, digests: Readonly<Record<string, string>>): number | null {
  if (size !== null) return Number(size)
  return Object.keys(digests).length === 0 ? null : 0
}

export const toStoredFile = (file: DriveFile): StoredFile => ({
  bytes: file.bytes ?? 0,
  mtimeMs: file.mtimeMs,
  digests: file.digests,
  objectId: file.id,
})

/** Oldest first, and the same for everybody who looks, whenever. */
const byAge = (one: DriveFile, other: DriveFile): number =>
  one.createdMs - other.createdMs || (one.id < other.id ? -1 : 1)

/** Which of several folders of one name gets what is new: the oldest of ours, else the oldest. Read from are all of them. */
export const foldersInOrder = (found: readonly DriveFile[]): readonly DriveFile[] =>
  found
    .filter(({ isFolder }) => isFolder)
    .toSorted((one, other) => Number(isOurFolder(other)) - Number(isOurFolder(one)) || byAge(one, other))

/**
 * Which of several files of one name is the one at a path: the oldest that we made for this very path, else the oldest. Twins with the
 * same bytes are one file to us; another twin never is taken for ours, and is told of in listings.
 */
export function filesInOrder(found: readonly DriveFile[], path: string): readonly DriveFile[] {
  return found
    .filter(({ bytes }) => bytes !== null)
    .toSorted((one, other) => Number(isOurFile(other, path)) - Number(isOurFile(one, path)) || byAge(one, other))
}

/** By what Drive computed of both. Where there is nothing to compare they are not the same. */
export const sameBytes = (one: DriveFile, other: DriveFile): boolean =>
  one.bytes === other.bytes &&
  Object.entries(one.digests).some(([algorithm, digest]) => other.digests[algorithm] === digest) &&
  Object.entries(one.digests).every(([algorithm, digest]) => (other.digests[algorithm] ?? digest) === digest)
