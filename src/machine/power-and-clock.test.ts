import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from './power-and-clock.ts'

test('the monotonic clock never runs backwards, and the wall clock is that of the system', () => {
  const first = systemClock.monotonicMs()
  assert.ok(systemClock.monotonicMs() >= first)
  assert.ok(Math.abs(systemClock.nowMs() - Date.now()) < 60_000)
})

test('a sleep ends early, and without an error, when a person says stop', async () => {
  const stop = new AbortController()
  const slept = systemClock.sleep(3_600_000, stop.signal)
  stop.abort()
  await slept
  await systemClock.sleep(3_600_000, stop.signal)
})

test('a sleep longer than the timer can count does not end at once', async () => {
  const stop = new AbortController()
  let ended = false
  const slept = systemClock.sleep(2 ** 40, stop.signal).then(() => (ended = true))
  await systemClock.sleep(20)
  assert.equal(ended, false)
  stop.abort()
  await slept
})
