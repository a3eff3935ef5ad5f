/**
 * What lets us in, read and written so that a file with wrong rights, or a locked keychain, is an answer and not a crash. What is
 * thrown there carries a sentence and an advice of its own, and nothing of a secret (S1).
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Credentials } from '../../engine/cloud-contract.ts'
import { signInNeeded } from './cloud-failure.ts'

/** Fails with `sign-in-needed` when nothing was stored for the place, with `settings-wrong` when it can't be read. */
export async function readCredentials(
  place: string,
  credentials: Credentials,
): Promise<Result<Readonly<Record<string, string>>>> {
  try {
    const secret = await credentials.read()
    return secret === null ? failed(signInNeeded(place, 'nothing is stored for this place')) : done(secret)
  } catch (error) {
    return failed(notKept(place, error, 'read'))
  }
}

/** Fails with `settings-wrong` when it can't be kept. */
export async function writeCredentials(
  place: string,
  credentials: Credentials,
  secret: Readonly<Record<string, string>>,
): Promise<Result<null>> {
  try {
    await credentials.write(secret)
    return done(null)
  } catch (error) {
    return failed(notKept(place, error, 'kept'))
  }
}

function notKept(place: string, error: unknown, what: string): Failure {
  const advice = textOf(error, 'advice')
  const code = textOf(error, 'code')
  // Only what was written for people is repeated: other words of an error may quote what was being read.
  const known = advice !== '' && error instanceof Error
  return {
    code: 'settings-wrong',
    sentence: known ? error.message : `What lets Fivefold in at “${place}” could not be ${what}.`,
    advice: known
      ? advice
      : 'Look whether the disk with Fivefold’s own folder is full or read-only, then run it again.',
    place,
    ...(code === '' ? {} : { cause: code }),
  }
}

function textOf(error: unknown, name: string): string {
  const value: unknown = error instanceof Error ? Reflect.get(error, name) : ''
  return typeof value === 'string' ? value : ''
}
