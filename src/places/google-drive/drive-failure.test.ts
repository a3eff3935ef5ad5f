import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FailureCode } from '../../domain/failure.ts'
import { driveFailure, endsSession } from './drive-failure.ts'

interface Row {
  readonly status: number
  readonly reason: string
  readonly code: FailureCode
  /** Does an upload session end with it? */
  readonly ends: boolean
}

const table: readonly Row[] = [
  { status: 400, reason: 'badRequest', code: 'service-error', ends: true },
  { status: 401, reason: 'authError', code: 'sign-in-needed', ends: false },
  { status: 403, reason: 'userRateLimitExceeded', code: 'service-busy', ends: false },
  { status: 403, reason: 'rateLimitExceeded', code: 'service-busy', ends: false },
  { status: 403, reason: 'dailyLimitExceeded', code: 'service-busy', ends: false },
  { status: 403, reason: 'downloadQuotaExceeded', code: 'service-busy', ends: false },
  { status: 403, reason: 'quotaExceeded', code: 'service-busy', ends: false },
  { status: 403, reason: 'storageQuotaExceeded', code: 'place-full', ends: false },
  { status: 403, reason: 'numChildrenInNonRootLimitExceeded', code: 'place-full', ends: false },
  { status: 403, reason: 'insufficientFilePermissions', code: 'service-refused', ends: true },
  { status: 403, reason: 'appNotAuthorizedToFile', code: 'service-refused', ends: true },
  { status: 403, reason: 'accessNotConfigured', code: 'service-refused', ends: true },
  { status: 404, reason: 'notFound', code: 'service-error', ends: true },
  { status: 410, reason: 'gone', code: 'service-error', ends: true },
  { status: 413, reason: 'uploadTooLarge', code: 'file-too-large', ends: true },
  { status: 429, reason: 'rateLimitExceeded', code: 'service-busy', ends: false },
  { status: 500, reason: 'internalError', code: 'service-error', ends: false },
  { status: 503, reason: 'backendError', code: 'service-error', ends: false },
  { status: 507, reason: '', code: 'place-full', ends: false },
]

test('every reason of Drive has its failure, and says whether an upload session ends with it', () => {
  for (const { status, reason, code, ends } of table) {
    const body = JSON.stringify({ error: { code: status, message: 'Told.', errors: [{ domain: 'global', reason }] } })
    const failure = driveFailure('Drive', new Response(null, { status }), body, 'a/b.raw')
    assert.equal(failure.code, code, `${status} ${reason}`)
    assert.equal(endsSession(status, failure), ends, `${status} ${reason} and the session`)
    assert.equal(failure.place, 'Drive')
  }
})

test('a wait that Drive names is carried on, also with a 403', () => {
  const body = JSON.stringify({ error: { errors: [{ reason: 'userRateLimitExceeded' }] } })
  const headers = { 'retry-after': '7' }
  assert.equal(driveFailure('Drive', new Response(null, { status: 403, headers }), body).retryAfterMs, 7000)
  assert.equal(driveFailure('Drive', new Response(null, { status: 429, headers }), body).retryAfterMs, 7000)
})

test('a 403 without a reason is a wait when its words say so, and else a refusal', () => {
  const of = (text: string): FailureCode => driveFailure('Drive', new Response(null, { status: 403 }), text).code
  assert.equal(of(JSON.stringify({ error: { message: 'User rate limit exceeded.' } })), 'service-busy')
  assert.equal(of('<html>Forbidden by the proxy of this hotel</html>'), 'service-refused')
})

test('a limit of a day says when it is tried again, by the word of Drive or in an hour; the limit of a minute does not', () => {
  const waitOf = (status: number, reason: string, headers = {}): number | undefined => {
    const body = JSON.stringify({ error: { errors: [{ reason }] } })
    return driveFailure('Drive', new Response(null, { status, headers }), body).retryAfterMs
  }
  for (const reason of ['dailyLimitExceeded', 'dailyLimitExceededUnreg', 'downloadQuotaExceeded', 'quotaExceeded'])
    for (const status of [403, 429]) assert.equal(waitOf(status, reason), 3_600_000, `${status} ${reason}`)
  assert.equal(waitOf(403, 'dailyLimitExceeded', { 'retry-after': '60' }), 60_000)
  assert.equal(waitOf(403, 'userRateLimitExceeded'), undefined)
})
