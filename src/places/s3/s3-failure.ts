/** What the service and the network say, as failures of ours: the one place where the words of S3 are known. */
import { S3ServiceException } from '@aws-sdk/client-s3'
import type { Failure } from '../../domain/failure.ts'
import { causeOf } from '../cloud/http-request.ts'
import {
  busy,
  clockWrong,
  damagedOnTheWay,
  fileMissing,
  nameRefused,
  refused,
  serviceError,
  serviceFull,
  signInNeeded,
  tooLarge,
  unreachable,
  uploadGone,
  usedUpToday,
} from '../cloud/cloud-failure.ts'

/** What went wrong as the service names it; '' and 0 where nothing came back from it. */
export interface S3Word {
  readonly word: string
  readonly status: number
}

type Meaning =
  | 'archived'
  | 'bucket'
  | 'busy'
  | 'clock'
  | 'cut'
  | 'damaged'
  | 'day'
  | 'full'
  | 'large'
  | 'missing'
  | 'name'
  | 'refused'
  | 'region'
  | 'sign-in'
  | 'trouble'
  | 'upload'

const words: readonly (readonly [Meaning, readonly string[]])[] = [
  ['clock', ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']],
  [
    'sign-in',
    [
      'InvalidAccessKeyId',
      'SignatureDoesNotMatch',
      'InvalidToken',
      'ExpiredToken',
      'TokenRefreshRequired',
      'CredentialsProviderError',
      'InvalidSecurity',
      'Unauthorized',
      'AuthFailure',
    ],
  ],
  ['bucket', ['NoSuchBucket', 'InvalidBucketName']],
  [
    'region',
    ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException', 'TemporaryRedirect'],
  ],
  [
    'busy',
    [
      'SlowDown',
      'SlowDownRead',
      'SlowDownWrite',
      'ServiceUnavailable',
      'RequestLimitExceeded',
      'Throttling',
      'ThrottlingException',
      'TooManyRequests',
      'TooManyRequestsException',
      'BandwidthLimitExceeded',
      'ReducedRedundancy',
      'OperationAborted',
      'ConditionalRequestConflict',
    ],
  ],
  [
    'full',
    [
      'QuotaExceeded',
      'XMinioStorageFull',
      'XMinioAdminBucketQuotaExceeded',
      'InsufficientStorage',
      'StorageCapExceeded',
    ],
  ],
  ['large', ['EntityTooLarge', 'MaxMessageLengthExceeded']],
  [
    'damaged',
    ['BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch', 'ContentSHA256Mismatch'],
  ],
  // A part that was listed and is not there, or is too short to be one, will not become better by asking again.
  ['upload', ['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall']],
  ['missing', ['NoSuchKey', 'NotFound', 'NoSuchVersion']],
  [
    'name',
    [
      'KeyTooLongError',
      'KeyTooLong',
      'InvalidURI',
      'InvalidObjectName',
      'XMinioInvalidObjectName',
      'XMinioInvalidResourceName',
    ],
  ],
  // Also in an answer that began as “200”, whose status the SDK then makes up.
  ['trouble', ['InternalError', 'InternalServerError']],
  ['archived', ['InvalidObjectState']],
  ['cut', ['RequestTimeout', 'IncompleteBody', 'TimeoutError']],
]

const meaningOf = new Map(words.flatMap(([meaning, names]) => names.map((name) => [name, meaning] as const)))

const byStatus: Readonly<Record<number, Meaning>> = {
  301: 'region',
  307: 'region',
  401: 'sign-in',
  403: 'refused',
  404: 'missing',
  408: 'cut',
  413: 'large',
  429: 'busy',
  503: 'busy',
  507: 'full',
}

export function wordOf(error: unknown): S3Word {
  if (error instanceof S3ServiceException) {
    const status = error.$metadata.httpStatusCode ?? 0
    // An answer to HEAD has no text, so no word either.
    const word = ['Unknown', 'UnknownError'].includes(error.name) ? '' : error.name
    return { word, status }
  }
  const metadata: unknown = error instanceof Error ? Reflect.get(error, '$metadata') : undefined
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : 0
  return {
    word: error instanceof Error && error.name === 'TimeoutError' ? 'TimeoutError' : '',
    status: typeof status === 'number' ? status : 0,
  }
}

/** Never throws, whatever it is given. */
export function s3Failure(place: string, error: unknown, path: string): Failure {
  const { word, status } = wordOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (status === 0 && word === '') return networkFailure(place, error)
  const cause = `${status === 0 ? '' : `HTTP ${status} `}${word} ${message}`.trim().slice(0, 300)
  switch (meaning(word, status, message)) {
    case 'clock':
      return clockWrong(place, cause)
    case 'sign-in':
      return signInNeeded(place, cause)
    case 'bucket':
      return bucketGone(place, cause)
    case 'region':
      return elsewhere(place, cause)
    case 'busy':
      return busy(place, waitOf(error), cause)
    case 'day':
      return usedUpToday(place, waitOf(error), cause)
    case 'full':
      return serviceFull(place, cause)
    case 'large':
      return tooLarge(place, path, cause)
    case 'damaged':
      return damagedOnTheWay(place, path, cause)
    case 'upload':
      return uploadGone(place, path, cause)
    case 'missing':
      return { ...fileMissing(place, path), cause }
    case 'name':
      return nameRefused(place, path, cause)
    case 'archived':
      return archived(place, path, cause)
    case 'cut':
      return unreachable(place, cause)
    case 'refused':
      return refused(place, cause)
    case 'trouble':
      return serviceError(place, cause)
  }
}

function meaning(word: string, status: number, message: string): Meaning {
  // Backblaze says it in the text only, beside the word for everything that is not allowed.
  if (status === 403 && /storage.cap|quota/i.test(message)) return 'full'
  if (status === 403 && /\bcap exceeded/i.test(message)) return 'day'
  const known = meaningOf.get(word) ?? byStatus[status]
  if (known !== undefined) return known
  return status >= 400 && status < 500 ? 'refused' : 'trouble'
}

function waitOf(error: unknown): number | null {
  const response = error instanceof S3ServiceException ? error.$response : undefined
  const text = response?.headers['retry-after']
  if (text === undefined) return null
  const seconds = Number(text)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - Date.now()
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 24 * 60 * 60 * 1000) : null
}

const certificate = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER))/

function networkFailure(place: string, error: unknown): Failure {
  const cause = causeOf(error)
  return certificate.test(cause) ? notTheServer(place, cause) : unreachable(place, cause)
}

/** A bucket that is not there tells nothing of the files: it counts as a place that is gone, never as an empty one (D3). */
const bucketGone = (place: string, cause: string): Failure => ({
  code: 'place-gone',
  sentence: `The bucket of “${place}” is not there.`,
  advice:
    'Look in the console of the service whether it still exists, and whether bucket, endpoint and region in the settings are right.',
  place,
  cause,
})

const elsewhere = (place: string, cause: string): Failure => ({
  code: 'service-refused',
  sentence: `The bucket of “${place}” is in another region.`,
  advice:
    'Set region=… (and the endpoint that belongs to it) in the address of the place, as the console of the service shows it.',
  place,
  cause,
})

const archived = (place: string, path: string, cause: string): Failure => ({
  code: 'service-refused',
  sentence: `${path} lies in the archive of “${place}”.`,
  advice: 'Ask the service to restore it first; that takes hours. Then run the same command again.',
  place,
  path,
  cause,
})

const notTheServer = (place: string, cause: string): Failure => ({
  code: 'host-unknown',
  sentence: `The certificate of “${place}” is not one that this computer trusts.`,
  advice:
    'Do not go on if this is a network that you do not know. For a server of your own, give this computer the certificate that it was made with.',
  place,
  cause,
})

export const fileLocked = (place: string, path: string, untilMs: number): Failure => ({
  code: 'file-locked',
  sentence: `${path} is locked at “${place}” until ${new Date(untilMs).toISOString().slice(0, 10)}, so it stays.`,
  advice: 'Nobody can remove it before, as its lock was made for. “fivefold prune --apply” takes it after that day.',
  path,
  place,
})
