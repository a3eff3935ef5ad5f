/**
 * Moving a file out of the way, below a folder that Fivefold keeps for itself, and deleting from the trash: the two acts that take
 * a name away from bytes. The paths are looked at here, at the last moment (M2, D1).
 */
import { linkSync, lstatSync, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { posix } from 'node:path'
import type { Failure } from '../../domain/failure.ts'
import { absolutePath, assertInside } from './folder-names.ts'
import { hasSystemCode } from './system-failure.ts'

const ownFolder = '.fivefold/'
const versionsFolder = '.fivefold/versions/'
const trashFolder = '.fivefold/trash/'

/** Into which of our folders this would go. Every other path, and moving what is ours already, is a bug of the caller. */
export function asideKindOf(path: string, asidePath: string): 'version' | 'trash' {
  assertInside(path)
  assertInside(asidePath)
  if (path.startsWith(ownFolder)) throw new Error(`Not a file that may be set aside: ${path}`)
  if (asidePath.startsWith(versionsFolder)) return 'version'
  if (asidePath.startsWith(trashFolder)) return 'trash'
  throw new Error(`Not a path to set a file aside to: ${asidePath}`)
}

export function assertInTrash(path: string): void {
  assertInside(path)
  if (!path.startsWith(trashFolder)) throw new Error(`Not a file in the trash: ${path}`)
}

/** What lies under a name: `other` is a folder, a link or a device, which is never moved or deleted. */
export function kindAt(root: string, path: string): 'file' | 'other' | 'absent' {
  try {
    return lstatSync(absolutePath(root, path)).isFile() ? 'file' : 'other'
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT', 'ENOTDIR')) return 'absent'
    throw error
  }
}

/**
 * Gives a file another name and takes the old one away; never replaces. Where a run was killed between the two, both names lead to
 * the same file, and only the old one is left to be taken away (J1).
 */
export function renameAside(from: string, to: string): 'set-aside' | 'taken' {
  try {
    linkSync(from, to)
  } catch (error) {
    if (hasSystemCode(error, 'EEXIST')) {
      if (!areOneFile(from, to)) return 'taken'
    } else {
      if (!hasSystemCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'EACCES')) throw error
      // No second names here (FAT, exFAT, many shares): the look and the rename are two steps; Fivefold has one writer.
      if (isTaken(to)) return 'taken'
      renameSync(from, to)
      return 'set-aside'
    }
  }
  unlinkSync(from)
  return 'set-aside'
}

function areOneFile(a: string, b: string): boolean {
  const [first, second] = [lstatSync(a, { bigint: true }), lstatSync(b, { bigint: true })]
  return first.isFile() && first.dev === second.dev && first.ino === second.ino && first.nlink > 1n
}

/** Does anything lie under this absolute path, a link that leads nowhere among it? */
export function isTaken(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Deletes one file of the trash and the folders of the trash that are empty then. Answers the folders that are gone. */
export function removeTrashed(
  root: string,
  path: string,
): 'absent' | 'other' | { readonly folders: readonly string[] } {
  const folders = foldersBelowTrash(path)
  // A link on the way would lead out of the trash.
  for (const folder of ['.fivefold', '.fivefold/trash', ...folders])
    if (!isFolder(root, folder)) return kindAt(root, folder) === 'absent' ? 'absent' : 'other'
  const kind = kindAt(root, path)
  if (kind !== 'file') return kind
  unlinkSync(absolutePath(root, path))
  const gone: string[] = []
  for (const folder of folders.toReversed()) {
    try {
      rmdirSync(absolutePath(root, folder))
      gone.push(folder)
    } catch {
      // Not empty, or somebody put something there just now: it stays.
      break
    }
  }
  return { folders: gone }
}

function isFolder(root: string, path: string): boolean {
  try {
    return lstatSync(absolutePath(root, path)).isDirectory()
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

/** The folders on the way to a file, below the trash itself, outermost first. */
function foldersBelowTrash(path: string): readonly string[] {
  const folders: string[] = []
  for (let folder = posix.dirname(path); folder.startsWith(trashFolder); folder = posix.dirname(folder))
    folders.push(folder)
  return folders.toReversed()
}

export const notAFile = (place: string, path: string): Failure => ({
  code: 'name-taken',
  sentence: `${path} at “${place}” is a folder or a link, and no file: it stays as it is.`,
  advice: 'Look into that folder of the place, move away what does not belong there, and run the same command again.',
  path,
  place,
})

export const asideTaken = (place: string, asidePath: string): Failure => ({
  code: 'name-taken',
  sentence: `At “${place}” something else lies at ${asidePath} already.`,
  advice: 'Run the same command again.',
  path: asidePath,
  place,
})

/** D1: what the settings say of a place does not count here, only what it says of itself. */
export const keepsAll = (place: string, role: string): Failure => ({
  code: 'place-is-another',
  sentence: `By its marker “${place}” is a ${role}, and nothing is ever removed from a ${role}.`,
  advice: 'Look which drive or share is mounted there, and what its settings say. Nothing was removed.',
  place,
})
