import assert from 'node:assert/strict'
import { test } from 'node:test'
import { S3ServiceException } from '@aws-sdk/client-s3'
import type { FailureCode } from '../../domain/failure.ts'
import { s3Failure } from './s3-failure.ts'

function said(name: string, status: number, message = '', headers: Record<string, string> = {}): S3ServiceException {
  const error = new S3ServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: status } })
  Object.assign(error, { $response: { statusCode: status, headers } })
  return error
}

const network = (code: string): Error => Object.assign(new Error('broken'), { code })

const table: readonly (readonly [FailureCode, readonly unknown[]])[] = [
  ['clock-wrong', [said('RequestTimeTooSkewed', 403)]],
  ['sign-in-needed', [said('InvalidAccessKeyId', 403), said('SignatureDoesNotMatch', 403), said('Unknown', 401)]],
  [
    'service-refused',
    [said('AccessDenied', 403), said('Unknown', 403), said('InvalidRequest', 400), said('MethodNotAllowed', 405)],
  ],
  [
    'service-refused',
    [said('PermanentRedirect', 301), said('AuthorizationHeaderMalformed', 400), said('InvalidObjectState', 403)],
  ],
  ['place-gone', [said('NoSuchBucket', 404)]],
  ['service-busy', [said('SlowDown', 503), said('Unknown', 503), said('Unknown', 429), said('TooManyRequests', 429)]],
  // Backblaze, when a person's own cap for the day is reached.
  ['service-busy', [said('AccessDenied', 403, 'download bandwidth or transaction (Class B) cap exceeded.')]],
  ['service-busy', [said('ConditionalRequestConflict', 409), said('OperationAborted', 409)]],
  [
    'place-full',
    [
      said('QuotaExceeded', 403),
      said('Unknown', 507),
      said('AccessDenied', 403, 'storage_cap_exceeded'),
      said('XMinioStorageFull', 507),
    ],
  ],
  ['file-too-large', [said('EntityTooLarge', 400), said('Unknown', 413)]],
  [
    'service-error',
    [said('InternalError', 500), said('Unknown', 500), said('BadDigest', 400), said('XAmzContentSHA256Mismatch', 400)],
  ],
  ['upload-gone', [said('NoSuchUpload', 404), said('InvalidPart', 400), said('EntityTooSmall', 400)]],
  ['copy-missing', [said('NoSuchKey', 404), said('NotFound', 404)]],
  ['name-refused', [said('KeyTooLongError', 400), said('XMinioInvalidObjectName', 400)]],
  [
    'service-unreachable',
    [said('RequestTimeout', 400), network('ECONNREFUSED'), network('ENOTFOUND'), network('ECONNRESET')],
  ],
  ['service-unreachable', [Object.assign(new Error('slow'), { name: 'TimeoutError' }), 'no error at all', undefined]],
  [
    'host-unknown',
    [network('CERT_HAS_EXPIRED'), network('SELF_SIGNED_CERT_IN_CHAIN'), network('ERR_TLS_CERT_ALTNAME_INVALID')],
  ],
]

for (const [code, errors] of table)
  for (const error of errors)
    test(`${error instanceof Error ? `${error.name} ${error.message} ${String(Reflect.get(error, 'code') ?? '')}` : String(error)} is ${code}`, () => {
      const failure = s3Failure('Bucket', error, 'a/b.jpg')
      assert.equal(failure.code, code)
      assert.ok(failure.sentence !== '' && failure.advice !== '' && failure.place === 'Bucket')
    })

test('who says when to come again is asked then', () => {
  assert.equal(s3Failure('Bucket', said('SlowDown', 503, '', { 'retry-after': '7' }), '').retryAfterMs, 7000)
  assert.equal(s3Failure('Bucket', said('SlowDown', 503, '', { 'retry-after': 'soon' }), '').retryAfterMs, undefined)
  assert.equal(s3Failure('Bucket', said('SlowDown', 503), '').retryAfterMs, undefined)
})
