/** Every answer of Drive that is no success, as a failure: the one place where its reasons are read. */
import type { Failure } from '../../domain/failure.ts'
import { commonFailure, retryAfterMs } from '../cloud/http-request.ts'
import { fieldsIn, listIn, parseFields, textIn } from '../cloud/json-fields.ts'
import {
  busy,
  nameRefused,
  refused,
  serviceError,
  serviceFull,
  signInNeeded,
  tooLarge,
  usedUpToday,
} from '../cloud/cloud-failure.ts'

/** 403 with one of these is no refusal but the limit of a minute. 750 GB sent in a day may look like the first one, too. */
const waitReasons = new Set([
  'userRateLimitExceeded',
  'rateLimitExceeded',
  'sharingRateLimitExceeded',
  'RESOURCE_EXHAUSTED',
])
/** The limit of a day: of requests, of what may be fetched, and, as rclone's drive backend reads it, of the 750 GB that may be sent. */
const dayReasons = new Set(['dailyLimitExceeded', 'dailyLimitExceededUnreg', 'downloadQuotaExceeded', 'quotaExceeded'])
const fullReason = 'storageQuotaExceeded'
/** So many things in one folder, or in all: there is no room for one more either. */
const tooManyReason = /^(?:num|active)\w+LimitExceeded$/
const tooLargeReasons = new Set(['uploadTooLarge', 'maxUploadSizeExceeded'])

/** `{error: {errors: [{reason}], message}}`; a proxy's page has neither. */
function readProblem(text: string): { reason: string; message: string } {
  const error = fieldsIn(parseFields(text), 'error')
  if (error === null) return { reason: '', message: text.slice(0, 200) }
  const [first = {}] = listIn(error, 'errors') ?? []
  return { reason: textIn(first, 'reason') ?? textIn(error, 'status') ?? '', message: textIn(error, 'message') ?? '' }
}

/** Drive's own word that there is no such thing. A 404 of a hotel's or a company's gateway knows nothing of any file (D3). */
export const saysNotFound = (answer: Response, text: string): boolean =>
  answer.status === 404 && readProblem(text).reason === 'notFound'

export function driveFailure(place: string, answer: Response, text: string, path = ''): Failure {
  const { reason, message } = readProblem(text)
  const cause = `HTTP ${answer.status} ${reason === '' ? '' : `${reason}: `}${message}`
  if ((answer.status === 403 || answer.status === 429) && dayReasons.has(reason))
    return usedUpToday(place, retryAfterMs(answer.headers, Date.now()), cause)
  const common = commonFailure(place, answer, text)
  if (common !== null) return common
  if (answer.status === 401) return signInNeeded(place, cause)
  if (answer.status === 413 || tooLargeReasons.has(reason)) return tooLarge(place, path, cause)
  if (answer.status !== 403 && answer.status !== 507) return otherFailure(place, answer.status, path, cause)
  if (answer.status === 507 || reason === fullReason || tooManyReason.test(reason)) return serviceFull(place, cause)
  // The bare text is what a few of Google's own front ends answer with, without any reason.
  if (waitReasons.has(reason) || /rate limit exceeded/i.test(message))
    return busy(place, retryAfterMs(answer.headers, Date.now()), cause)
  if (reason === 'accessNotConfigured')
    return {
      ...refused(place, cause),
      sentence: `The Google Drive API is not switched on in the project that “${place}” signs in with.`,
      advice:
        'Switch it on in the Google Cloud console (APIs & services, Library, Google Drive API), wait five minutes, go on.',
    }
  return refused(place, cause)
}

const otherFailure = (place: string, status: number, path: string, cause: string): Failure =>
  status === 400 && path !== '' && /\bname\b/i.test(cause)
    ? nameRefused(place, path, cause)
    : // What can't be told apart here (a folder that vanished between two questions, most of all) is asked again from the start.
      serviceError(place, cause)

/**
 * Does this answer to an upload session end it? Google says to begin anew after any 4xx, and to go on after those that only mean
 * “wait”; a full Drive and a sign-in that ended are mended by the person, and then the session still has what it has.
 */
export const endsSession = (status: number, failure: Failure): boolean =>
  status >= 400 &&
  status < 500 &&
  failure.code !== 'service-busy' &&
  failure.code !== 'sign-in-needed' &&
  failure.code !== 'place-full'
