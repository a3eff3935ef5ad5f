import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leftBehind, signerOf, unfinishedName } from './unfinished-name.ts'

const dayMs = 24 * 60 * 60 * 1000
const now = Date.UTC(2026, 10, 24)
const [ours, theirs] = ['0123456789ab', 'ba9876543210']

test('[J1] what this home wrote is known by its name, also inside a longer one', () => {
  const { isOurs } = leftBehind(ours, [now])
  const name = unfinishedName({ sign: ours, nowMs: () => now })
  assert.match(name, /^[0-9a-f-]+$/)
  assert.notEqual(name, unfinishedName({ sign: ours, nowMs: () => now }))
  assert.ok(isOurs(name) && isOurs(`${name}.part`) && isOurs(`fivefold-aabbccddeeff-${name}`))
  for (const other of [
    unfinishedName({ sign: theirs, nowMs: () => now }),
    'c0ffee.part',
    '2b1d5e0e-9f3c-4bd6-8e43-0123456789ab',
    '',
  ])
    assert.ok(!isOurs(other), other)
  const nobody = signerOf({})
  assert.ok(!leftBehind(nobody.sign, [now]).isOurs(unfinishedName(nobody)))
})

test('[J1] a stranger’s is old after a week, by every clock and by its own name', () => {
  const name = unfinishedName({ sign: theirs, nowMs: () => now - 8 * dayMs })
  const old = (touchedMs: number, ...clocks: number[]): boolean => leftBehind(ours, clocks).isOld(name, touchedMs)
  assert.ok(old(now - 8 * dayMs, now, now))
  assert.ok(!old(now - 6 * dayMs, now, now), 'touched since')
  assert.ok(
    !old(now - 8 * dayMs, now + 400 * dayMs, now - 2 * dayMs),
    'our clock is wild, and theirs says that it is young',
  )
  assert.ok(!old(now - 8 * dayMs, now, Number.NaN), 'a server that does not tell the time')
  assert.ok(!old(0, now, now), 'a file without a time')
  // Finished, and given the time of its picture, in the moment before it gets its name.
  assert.ok(!leftBehind(ours, [now]).isOld(unfinishedName({ sign: theirs, nowMs: () => now }), now - 900 * dayMs))
  assert.ok(leftBehind(ours, [now]).isOld('c0ffee.part', now - 8 * dayMs), 'of an older Fivefold')
})
