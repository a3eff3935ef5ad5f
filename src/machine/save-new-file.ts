import { open, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'

/**
 * Writes a file for the person, such as a report. Never replaces one (W2): fails with `name-taken`; with `place-error` when it
 * can't be written, and then nothing half-written is left.
 */
export async function saveNewFile(path: string, bytes: Uint8Array): Promise<Result<string>> {
  const whole = resolve(path)
  try {
    const file = await open(whole, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } catch (error) {
      await rm(whole, { force: true })
      throw error
    } finally {
      await file.close()
    }
    return done(whole)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      return failed({
        code: 'name-taken',
        sentence: `There is already a file ${whole}.`,
        advice: 'Choose another name with --to FILE.',
        path: whole,
      })
    return failed({
      code: 'place-error',
      sentence: `${whole} could not be written: ${error instanceof Error ? error.message : String(error)}.`,
      advice: 'Choose another folder with --to FILE.',
      path: whole,
    })
  }
}
