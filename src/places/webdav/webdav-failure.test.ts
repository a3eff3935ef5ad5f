import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unreachable } from '../cloud/cloud-failure.ts'
import { certificateFailure, webdavFailure } from './webdav-failure.ts'

test('a certificate that is not trusted is told as that, and every other cut of the line is not', () => {
  for (const cause of [
    'DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate',
    'ERR_TLS_CERT_ALTNAME_INVALID: Hostname/IP does not match',
    'CERT_HAS_EXPIRED: certificate has expired',
  ])
    assert.equal(certificateFailure('Nas', unreachable('Nas', cause)).code, 'host-unknown', cause)
  for (const cause of ['ECONNREFUSED: connect', 'ENOTFOUND: getaddrinfo'])
    assert.equal(certificateFailure('Nas', unreachable('Nas', cause)).code, 'service-unreachable', cause)
})

test('Nextcloud’s word for a name that it does not take is heard', () => {
  const told = webdavFailure(
    'Cloud',
    'a:b.jpg',
    new Response(null, { status: 400 }),
    '<s:exception>…\\InvalidPath</s:exception>',
  )
  assert.equal(told.code, 'name-refused')
  assert.equal(webdavFailure('Cloud', 'a.jpg', new Response(null, { status: 400 }), 'no').code, 'service-error')
})
