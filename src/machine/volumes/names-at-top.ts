import { opendir } from 'node:fs/promises'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'

/** More than a card or a drive has at its top; a folder of a million files is not read to its end for a first look. */
const namesMax = 1000

/** The names at the top of a folder, folders with a slash at their end. Fails with `not-found` when it can't be read. */
export async function namesAtTop(folder: string): Promise<Result<readonly string[]>> {
  const names: string[] = []
  try {
    for await (const entry of await opendir(folder)) {
      names.push(entry.isDirectory() ? `${entry.name}/` : entry.name)
      if (names.length === namesMax) break
    }
    return done(names)
  } catch (error) {
    const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return failed({
      code: 'not-found',
      sentence: `What is mounted at ${folder} could not be looked at.`,
      advice: 'Take it out and put it in again.',
      path: folder,
      cause,
    })
  }
}
