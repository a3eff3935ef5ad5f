import { basename } from 'node:path'
import type { Failure } from '../../domain/failure.ts'

/* What can go wrong with somebody else's catalogue, in sentences. In none of these cases was anything changed. */

const sayAgain = 'Then ask again; nothing was changed.'

export const notFound = (path: string): Failure => ({
  code: 'not-found',
  sentence: `There is no Lightroom catalogue at ${path}.`,
  advice: 'Look in Lightroom under Catalog Settings for its folder, and give the file that ends in .lrcat.',
  path,
})

export const notACatalogue = (path: string, cause: string): Failure => ({
  code: 'lightroom-unreadable',
  sentence: `“${basename(path)}” is not a Lightroom Classic catalogue.`,
  advice: 'Give the file that ends in .lrcat; Lightroom shows its folder under Catalog Settings.',
  path,
  cause,
})

export const damaged = (path: string, cause: string): Failure => ({
  code: 'lightroom-unreadable',
  sentence: `The Lightroom catalogue “${basename(path)}” is damaged.`,
  advice: `Close Lightroom and open the catalogue in it: it offers to repair it. Keep a copy of the file. ${sayAgain}`,
  path,
  cause,
})

export const unknownForm = (path: string, lightroom: string, cause: string): Failure => ({
  code: 'lightroom-unreadable',
  sentence: `“${basename(path)}” was written by ${lightroom}, in a form that this Fivefold does not know.`,
  advice: 'A newer Fivefold may know it. A snapshot of it can be made all the same; nothing was changed.',
  path,
  cause,
})

export const copyUnreadable = (path: string, cause: string): Failure => ({
  code: 'lightroom-unreadable',
  sentence: `A copy of the Lightroom catalogue “${basename(path)}” was made, but could not be looked into.`,
  advice: `See whether the disk for temporary files is well. ${sayAgain}`,
  path,
  cause,
})

export const keepsChanging = (path: string, cause: string): Failure => ({
  code: 'lightroom-unreadable',
  sentence: `Lightroom is writing to “${basename(path)}” so busily that no whole copy of it could be made.`,
  advice: `Wait until Lightroom is done with what it is doing, or close it. ${sayAgain}`,
  path,
  cause,
})

export const nameTaken = (toFile: string): Failure => ({
  code: 'name-taken',
  sentence: `There is already a file ${toFile}.`,
  advice: 'Choose another name for the snapshot. The file that is there was left alone.',
  path: toFile,
})

/** The promise that nothing appears beside a catalogue holds only when its own folder is not where we write. */
export const besideTheCatalogue = (path: string, folder: string): Failure => ({
  code: 'wrong-usage',
  sentence: `${folder} is the folder of the Lightroom catalogue “${basename(path)}” itself.`,
  advice:
    'Choose a folder on another disk: Fivefold writes nothing beside a catalogue, and a copy there would be lost with it.',
  path,
})

/** SQLite's word for a full disk (sqlite.org/rescode.html). */
const sqliteFull = 13

/** The system's own word for an error, or its message. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('errcode' in error && error.errcode === sqliteFull) return 'ENOSPC'
  return 'code' in error && typeof error.code === 'string' && error.code !== 'ERR_SQLITE_ERROR'
    ? error.code
    : error.message
}

/** An error of the system while the catalogue was read. */
export function readFailure(error: unknown, path: string): Failure {
  const cause = causeOf(error)
  if (cause === 'ENOENT' || cause === 'ENOTDIR') return notFound(path)
  if (cause === 'EISDIR') return notACatalogue(path, cause)
  return {
    code: 'lightroom-unreadable',
    sentence: `The Lightroom catalogue “${basename(path)}” can not be read.`,
    advice:
      cause === 'EACCES' || cause === 'EPERM'
        ? `Allow this user to read it (on a Mac: System Settings, Privacy, Files and Folders). ${sayAgain}`
        : `See whether its disk is plugged in and answers. ${sayAgain}`,
    path,
    cause,
  }
}

/** An error of the system while a copy was written to `folder`. */
export function writeFailure(error: unknown, folder: string): Failure {
  const cause = causeOf(error)
  const isFull = cause === 'ENOSPC' || cause === 'EDQUOT'
  if (isFull) {
    return {
      code: 'place-full',
      sentence: `There is no room in ${folder} for a copy of the Lightroom catalogue.`,
      advice: 'Free some space there. The catalogue needs as much room again as it has itself, twice for a snapshot.',
      path: folder,
      cause,
    }
  }
  const isReadOnly = cause === 'EROFS' || cause === 'EACCES' || cause === 'EPERM'
  return {
    code: isReadOnly ? 'place-read-only' : 'place-error',
    sentence: `A copy of the Lightroom catalogue can not be written to ${folder}.`,
    advice: 'See whether the folder is there, and whether this user may write to it.',
    path: folder,
    cause,
  }
}
