import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FailureCode } from '../../domain/failure.ts'
import { cleaned, isGood, isNotFound, rcloneFailure } from './rclone-failure.ts'

const asked = { place: 'Box', remote: 'dav', root: 'quota/2026', path: 'Wedding/x.jpg' }
const codeOf = (code: number, words: string, path = asked.path): FailureCode =>
  rcloneFailure({ ...asked, path }, { kind: 'ended', code, words }).code

/** As rclone 1.60.1 printed it, to Apache, OpenSSH and Swift; the last four as the services word it (their documentation). */
const recorded: readonly (readonly [number, string, FailureCode])[] = [
  [
    1,
    '2026/11/24 04:26:23 Failed to create file system for "dav:a": read metadata failed: 401 Unauthorized\n',
    'sign-in-needed',
  ],
  [
    5,
    '2026/11/24 04:26:23 ERROR : x.jpg: Post request put error: Update mkParentDir failed: Mkcol "http://127.0.0.1:43233/dav/a/": dial tcp 127.0.0.1:43233: connect: connection refused\n',
    'service-unreachable',
  ],
  [
    1,
    'Failed to create file system for "nohost:a": read metadata failed: Propfind "https://no.such.host.invalid/dav/a": dial tcp: lookup no.such.host.invalid on 10.0.0.53:53: no such host\n',
    'service-unreachable',
  ],
  [
    1,
    'Failed to create file system for "nas:/x": NewFs: couldn\'t connect SSH: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain\n',
    'sign-in-needed',
  ],
  [
    1,
    'Failed to create file system for "nas:/x": NewFs: couldn\'t connect SSH: ssh: handshake failed: knownhosts: key mismatch\n',
    'host-unknown',
  ],
  [
    1,
    'Failed to lsjson: error in ListJSON: SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.\n\tstatus code: 403, request id: tx1\n',
    'sign-in-needed',
  ],
  [
    1,
    'Failed to create file system for "s3:bucket/a": LoadCustomCABundleError: unable to load custom CA bundle, HTTPClient\'s transport unsupported type\n',
    'settings-wrong',
  ],
  [1, 'Failed to create file system for "nosuch:x": didn\'t find section in config file\n', 'sign-in-needed'],
  [
    1,
    'Failed to load config file "/x/rclone.conf": unable to decrypt configuration and not allowed to ask for password - set RCLONE_CONFIG_PASS to your configuration password\n',
    'sign-in-needed',
  ],
  [1, 'Failed to rcat with 2 errors: last error was: open /srv/x: file name too long\n', 'name-refused'],
  [1, 'Failed to moveto: is a directory not a file\n', 'name-taken'],
  [1, 'Failed to create file system for "dav:a/b": read metadata failed: 400 Bad Request\n', 'service-error'],
  [3, 'Failed to lsjson: directory not found\n', 'copy-missing'],
  [4, 'Failed to cat: object not found\n', 'copy-missing'],
  [5, 'Failed to rcat: temporary error\n', 'service-error'],
  [6, 'Failed to rcat: less serious error\n', 'service-error'],
  [7, 'Failed to rcat: account suspended\n', 'service-refused'],
  [2, 'Error: unknown flag: --size\n', 'settings-wrong'],
  [-1, '', 'service-error'],
  [1, 'googleapi: Error 403: Quota exceeded for quota metric "Queries", rateLimitExceeded\n', 'service-busy'],
  [1, "googleapi: Error 403: The user's Drive storage quota has been exceeded., storageQuotaExceeded\n", 'place-full'],
  [1, 'googleapi: Error 403: The user does not have sufficient permissions, forbidden\n', 'service-refused'],
  [
    1,
    'couldn\'t fetch token: oauth2: cannot fetch token: 400 Bad Request {"error": "invalid_grant"}\n',
    'sign-in-needed',
  ],
]

test('each exit code and each word of rclone means one thing', () => {
  for (const [code, words, means] of recorded) assert.equal(codeOf(code, words), means, words)
})

test('[D3] only the two codes for “not found” say that something is absent', () => {
  for (const code of [-1, 0, 1, 2, 5, 6, 7, 8, 9])
    assert.ok(!isNotFound({ kind: 'ended', code, words: 'object not found' }))
  assert.ok(isNotFound({ kind: 'ended', code: 3, words: '' }) && isNotFound({ kind: 'ended', code: 4, words: '' }))
  assert.ok(!isNotFound({ kind: 'missing' }) && !isGood({ kind: 'missing' }))
})

test('what a file or folder is called is no answer of the service', () => {
  const words = 'ERROR : quota/2026/401/quota 429.jpg: Post request put error: 500 Internal Server Error\n'
  assert.equal(codeOf(1, words, '401/quota 429.jpg'), 'service-error')
  const url = 'Mkcol "http://127.0.0.1:4/dav/quota/403/": 500 Internal Server Error\n'
  assert.equal(codeOf(1, url), 'service-error')
  assert.equal(codeOf(1, 'ERROR : x.jpg: the storage quota is used up\n'), 'place-full')
})

test('[S1] no key, no password and no address of one use is repeated', () => {
  const words = [
    '2026/11/24 04:26:23 ERROR : x: Put "https://ada:hunter2@up.example.net/up/AbCdEf?X-Amz-Signature=0123abcd&tempauth=ey.J": EOF',
    'invalid token: access_token="ya29.a0AfH6SMBx-short" password=hunter2',
    'Authorization: Bearer abc.def refresh eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6',
  ].join('\n')
  const shown = cleaned(words)
  for (const secret of ['hunter2', 'AbCdEf', '0123abcd', 'ya29', 'abc.def', 'eyJ', 'tempauth'])
    assert.ok(!shown.includes(secret), `${secret} in: ${shown}`)
  assert.ok(shown.includes('https://up.example.net/…'), shown)
  const { cause = '' } = rcloneFailure(asked, { kind: 'ended', code: 1, words })
  assert.ok(!cause.includes('hunter2'), cause)
})
