import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cookieFor, isCookie, KeyRing, makeKey } from './page-key.ts'

const nowMs = Date.UTC(2026, 10, 24)
const minuteMs = 60_000

test('[S2] a key opens once, for five minutes, and only where its secret is known', () => {
  const ring = new KeyRing('one')
  const key = makeKey('one', nowMs)
  assert.equal(ring.admit(key, nowMs + minuteMs), true)
  assert.equal(ring.admit(key, nowMs + minuteMs), false)
  assert.equal(ring.admit(makeKey('one', nowMs), nowMs + 6 * minuteMs), false)
  assert.equal(ring.admit(makeKey('one', nowMs + 6 * minuteMs), nowMs), false)
  assert.equal(ring.admit(makeKey('another', nowMs), nowMs), false)
})

test('[S2] a key that was changed in any part opens nothing', () => {
  const ring = new KeyRing('one')
  const [made = '', chance = '', signature = ''] = makeKey('one', nowMs).split('.')
  const later = (nowMs + minuteMs).toString(36)
  for (const key of [
    `${later}.${chance}.${signature}`,
    `${made}.x${chance}.${signature}`,
    `${made}.${chance}`,
    '',
    '...',
  ])
    assert.equal(ring.admit(key, nowMs), false, key)
  assert.equal(ring.admit(`${made}.${chance}.${signature}`, nowMs), true)
})

test('[S1] the cookie gives the secret away as little as a key does', () => {
  assert.equal(isCookie('one', cookieFor('one')), true)
  assert.equal(isCookie('one', cookieFor('another')), false)
  assert.equal(isCookie('one', ''), false)
  assert.ok(!cookieFor('one').includes('one'))
  assert.ok(!makeKey('one', nowMs).includes(cookieFor('one')))
})
