import type { Failure, FailureCode } from '../../domain/failure.ts'

/** What the system said, as far as it said it in its usual way. */
function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.message : String(error)
}

export const hasSystemCode = (error: unknown, ...codes: readonly string[]): boolean => codes.includes(systemCode(error))

/** A fault of ours must not look like a place that answers badly: it goes on its way as what it is. */
function throwBug(error: unknown): void {
  if (error instanceof ReferenceError || error instanceof TypeError || error instanceof RangeError) {
    if (!('code' in error)) throw error
  }
}

const vanished = [
  'ENOTCONN',
  'ENODEV',
  'ENXIO',
  'ESTALE',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ECONNABORTED',
  'ECONNRESET',
  'ENETDOWN',
]

/** True when the whole disk or share is gone, and not one file or folder on it. */
export const isVanished = (error: unknown): boolean => hasSystemCode(error, ...vanished)

interface Words {
  readonly code: FailureCode
  readonly sentence: (where: string) => string
  readonly advice: string
}

const placeWords: readonly { readonly codes: readonly string[]; readonly words: Words }[] = [
  {
    codes: ['ENOSPC', 'EDQUOT'],
    words: {
      code: 'place-full',
      sentence: (where) => `“${where}” is full.`,
      advice: 'Free some space there, then run the same command again: what is proven is not copied twice.',
    },
  },
  {
    codes: ['EFBIG'],
    words: {
      code: 'file-too-large',
      sentence: (where) => `“${where}” can't hold a file of this size.`,
      advice: 'FAT file systems end at 4 GiB a file. Format the drive as exFAT, or use another place.',
    },
  },
  {
    codes: ['EROFS', 'EACCES', 'EPERM'],
    words: {
      code: 'place-read-only',
      sentence: (where) => `“${where}” may not be written.`,
      advice:
        'Look whether the drive is locked or mounted read-only, and whether the folder belongs to you; then run the same command again.',
    },
  },
  {
    codes: ['ENAMETOOLONG', 'EILSEQ'],
    words: {
      code: 'name-refused',
      sentence: (where) => `“${where}” refuses the name of this file.`,
      advice: 'Choose a shorter job or folder name, or another file system for that place.',
    },
  },
  {
    codes: vanished,
    words: {
      code: 'place-gone',
      sentence: (where) => `“${where}” vanished while it was in use.`,
      advice: 'Connect or mount it again, then run the same command again.',
    },
  },
]

/** What went wrong at a place, in words. Every error of the system becomes exactly one failure. */
export function placeFailure(error: unknown, place: string, path?: string): Failure {
  throwBug(error)
  const cause = systemCode(error)
  const words = placeWords.find((row) => row.codes.includes(cause))?.words
  const about = { place, cause, ...(path === undefined ? {} : { path }) }
  if (words !== undefined) return { code: words.code, sentence: words.sentence(place), advice: words.advice, ...about }
  return {
    code: 'place-error',
    sentence: `“${place}” answered with an error (${cause}).`,
    advice: 'Look at the drive and its cable, then run the same command again: what is proven is not copied twice.',
    ...about,
  }
}

/** What went wrong at the card, in words. */
export function cardFailure(error: unknown, path?: string): Failure {
  const cause = systemCode(error)
  const about = { cause, ...(path === undefined ? {} : { path }) }
  if (vanished.includes(cause) || cause === 'ENOENT')
    return {
      code: 'card-gone',
      sentence: 'The card vanished while it was read.',
      advice: 'Put the card back in, then run the same command again: it goes on where it was.',
      ...about,
    }
  return {
    code: 'card-unreadable',
    sentence: `${path ?? 'A file'} can't be read from the card (${cause}).`,
    advice: 'Keep this card as it is. Clean its contacts, try another reader, then run the same command again.',
    ...about,
  }
}
