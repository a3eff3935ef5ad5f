/** The failures that all kinds of services have in common, in one voice. What is special to a kind is said by the kind. */
import type { Failure } from '../../domain/failure.ts'

export const unreachable = (place: string, cause: string): Failure => ({
  code: 'service-unreachable',
  sentence: `“${place}” can’t be reached.`,
  advice: 'Look whether this computer is online. It goes on by itself when the service answers again.',
  place,
  cause,
})

/** `retryAfterMs` is null when the service did not say when. */
export const busy = (place: string, retryAfterMs: number | null, cause: string): Failure => ({
  code: 'service-busy',
  sentence: `“${place}” asks to be left alone for a while${retryAfterMs === null ? '' : ` (${Math.ceil(retryAfterMs / 1000)} s)`}.`,
  advice: 'Nothing needs to be done: it goes on later by itself.',
  place,
  cause,
  ...(retryAfterMs === null ? {} : { retryAfterMs }),
})

/** Services that have a limit of a day say when it ends nowhere; so it is tried again now and then, at the cost of one request. */
const dayLimitMs = 60 * 60 * 1000

/** A limit of a day is used up. `retryAfterMs` is null when the service did not say when. */
export const usedUpToday = (place: string, retryAfterMs: number | null, cause: string): Failure => ({
  code: 'service-busy',
  sentence: `“${place}” has given or taken as much as it allows in one day.`,
  advice:
    'What is done stays done. With “--wait” it goes on by itself when the service allows more; else run the same command again later.',
  place,
  cause,
  retryAfterMs: retryAfterMs ?? dayLimitMs,
})

export const serviceError = (place: string, cause: string): Failure => ({
  code: 'service-error',
  sentence: `“${place}” has trouble of its own.`,
  advice: 'It is tried again. If it stays like this, look at the status page of the service.',
  place,
  cause,
})

export const refused = (place: string, cause: string): Failure => ({
  code: 'service-refused',
  sentence: `“${place}” does not allow what Fivefold has to do there.`,
  advice: `Look whether the key or account may read, write, list and delete there; “fivefold place check "${place}"” tells what is missing.`,
  place,
  cause,
})

export const signInNeeded = (place: string, cause: string): Failure => ({
  code: 'sign-in-needed',
  sentence: `The sign-in at “${place}” is missing, has ended or was revoked.`,
  advice: `Sign in again with “fivefold place sign-in "${place}"”. What was sent stays; the rest goes on after that.`,
  place,
  cause,
})

export const serviceFull = (place: string, cause: string): Failure => ({
  code: 'place-full',
  sentence: `“${place}” has no room left.`,
  advice:
    'Buy more room there or delete something of your own; emptying the service’s trash may help. “fivefold prune” shows what may go.',
  place,
  cause,
  retryAfterMs: 6 * 60 * 60 * 1000,
})

export const clockWrong = (place: string, cause: string): Failure => ({
  code: 'clock-wrong',
  sentence: `“${place}” refuses to work because the clock of this computer is wrong.`,
  advice: 'Set the clock (let the system set it by itself), then run the same command again.',
  place,
  cause,
})

export const nameRefused = (place: string, path: string, cause: string): Failure => ({
  code: 'name-refused',
  sentence: `“${place}” refuses the name ${path}.`,
  advice: 'Rename the job or the file in the library; letters, digits, spaces and dashes are taken everywhere.',
  place,
  path,
  cause,
})

export const tooLarge = (place: string, path: string, cause: string): Failure => ({
  code: 'file-too-large',
  sentence: `${path} is larger than “${place}” can hold.`,
  advice: 'It needs another cloud, or another plan there. Its other copies are not touched by this.',
  place,
  path,
  cause,
})

export const fileMissing = (place: string, path: string): Failure => ({
  code: 'copy-missing',
  sentence: `${path} is not at “${place}”.`,
  advice: 'Run “fivefold verify”, then “fivefold repair”.',
  place,
  path,
})

export const uploadGone = (place: string, path: string, cause: string): Failure => ({
  code: 'upload-gone',
  sentence: `“${place}” has forgotten the half-finished upload of ${path}.`,
  advice: 'It begins anew by itself.',
  place,
  path,
  cause,
})

/** The service refused bytes that arrived changed (a per-part hash did not fit). */
export const damagedOnTheWay = (place: string, path: string, cause: string): Failure => ({
  code: 'service-error',
  sentence: `Part of ${path} reached “${place}” changed, and was refused there.`,
  advice: 'It is sent again. If this happens more than once, look for a failing router, cable or memory.',
  place,
  path,
  cause,
})
