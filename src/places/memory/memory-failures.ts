import type { Failure, FailureCode } from '../../domain/failure.ts'

const words: Readonly<Record<string, { readonly says: (where: string) => string; readonly advice: string }>> = {
  'place-gone': {
    says: (where) => `“${where}” vanished while it was in use.`,
    advice: 'Connect or mount it again, then run the same command again.',
  },
  'place-full': {
    says: (where) => `“${where}” is full.`,
    advice: 'Free some space there, then run the same command again: what is proven is not copied twice.',
  },
  'place-unmarked': {
    says: (where) => `“${where}” is not there: there is no marker, as when a NAS or drive is not mounted.`,
    advice: 'Mount or connect it, then run the same command again. Nothing was written.',
  },
  'place-is-another': {
    says: (where) => `Where “${where}” should be lies another place.`,
    advice: 'Look which drive or share is mounted there. Nothing was written.',
  },
  'copy-missing': {
    says: (where) => `This file is not at “${where}” any more.`,
    advice: 'Run “fivefold verify” to see what is missing, and where the other copies are.',
  },
  'name-taken': {
    says: (where) => `At “${where}” something else lies there already.`,
    advice: 'Move that file away, then run the same command again.',
  },
  'name-refused': {
    says: (where) => `“${where}” refuses the name of this file.`,
    advice: 'Choose a shorter job or folder name, or another file system for that place.',
  },
  'file-too-large': {
    says: (where) => `“${where}” can't hold a file of this size.`,
    advice: 'FAT file systems end at 4 GiB a file. Format the drive as exFAT, or use another place.',
  },
}

/** A failure of a place, in the words that a folder would use. */
export function memoryFailure(code: FailureCode, place: string, path?: string): Failure {
  const { says, advice } = words[code] ?? {
    says: (where) => `“${where}” answered with an error.`,
    advice: 'Look at the drive and its cable, then run the same command again.',
  }
  return { code, sentence: says(place), advice, place, ...(path === undefined ? {} : { path }) }
}
