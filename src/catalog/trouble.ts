import { done, type Failure, type FailureCode, failed, type Result } from '../domain/failure.ts'

const restore =
  'Bring back the newest snapshot, or rebuild the catalog from a place; the copies themselves are not touched.'

/** The failure for a catalog that can't be believed; `why` is a clause that follows the file's name. */
export const damaged = (file: string, why: string, cause?: string): Failure => ({
  code: 'catalog-damaged',
  sentence: `The catalog ${file} ${why}.`,
  advice: restore,
  ...(cause === undefined ? {} : { cause }),
})

interface Trouble {
  readonly code: FailureCode
  readonly sentence: string
  readonly advice: string
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that a person can do something about. */
const troubles: ReadonlyMap<number, Trouble> = new Map([
  [
    3,
    { code: 'place-read-only', sentence: 'The catalog may not be written.', advice: 'Check who owns the home folder.' },
  ],
  [
    5,
    { code: 'home-busy', sentence: 'Another program is using the catalog.', advice: 'End it, or wait, and try again.' },
  ],
  [
    6,
    { code: 'home-busy', sentence: 'Another program is using the catalog.', advice: 'End it, or wait, and try again.' },
  ],
  [
    8,
    {
      code: 'place-read-only',
      sentence: 'The catalog may not be written.',
      advice: 'Check the disk with the home folder.',
    },
  ],
  [
    10,
    { code: 'place-error', sentence: 'The disk with the catalog answers with errors.', advice: 'Check that disk now.' },
  ],
  [11, { code: 'catalog-damaged', sentence: 'The catalog is damaged.', advice: restore }],
  [
    13,
    { code: 'place-full', sentence: 'The disk with the catalog is full.', advice: 'Make room on it and try again.' },
  ],
  [
    14,
    {
      code: 'place-error',
      sentence: 'The catalog can not be opened.',
      advice: 'Check the home folder and who owns it.',
    },
  ],
  [26, { code: 'catalog-damaged', sentence: 'The catalog is not a database.', advice: restore }],
])

/** SQLite puts details above the lowest byte of a result code. */
const primaryCode = (code: number): number => code & 0xff

/** What a person can mend about an exception from the catalog; null for everything else, which is a bug of ours. */
export function catalogTrouble(error: unknown): Failure | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  const trouble = troubles.get(primaryCode(error.errcode))
  return trouble === undefined ? null : { ...trouble, cause: error.message }
}

/** Runs something that may meet a broken disk or database; bugs stay exceptions. */
export async function troubleAsFailure<Value>(work: () => Promise<Result<Value>>): Promise<Result<Value>> {
  try {
    return await work()
  } catch (error) {
    const trouble = catalogTrouble(error)
    if (trouble === null) throw error
    return failed(trouble)
  }
}

/** Shorthand for work that answers nothing. */
export const allWell: Result<void> = done(undefined)
