import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, integer, property } from 'fast-check'
import { isPlausibleCapture, offsetMinutes, offsetText, wallClockMs, wallClockText } from './camera-clock.ts'

const NOW_MS = Date.UTC(2026, 10, 23)

test('a wall clock text becomes milliseconds and comes back, as the calendar of the runtime has it', () => {
  const first = Date.UTC(1900, 0, 1)
  check(
    property(integer({ min: 0, max: (Date.UTC(2400, 0, 1) - first) / 1000 }), (second) => {
      const ms = first + second * 1000
      const text = new Date(ms).toISOString().slice(0, 19)
      assert.equal(wallClockText(ms), text)
      assert.equal(wallClockMs(text), ms)
    }),
    { numRuns: 500 },
  )
})

test('sub-seconds are a fraction, not a number: 5 is half a second, 050 a twentieth', () => {
  assert.equal(wallClockMs('1970-01-01T00:00:01.5'), 1500)
  assert.equal(wallClockMs('1970-01-01T00:00:01.050'), 1050)
})

test('moments that no calendar and no clock has are null', () => {
  for (const text of [
    '0000-00-00T00:00:00',
    '2021-02-30T11:00:00',
    '2023-02-29T11:00:00',
    '2021-13-01T11:00:00',
    '2021-02-03T25:61:00',
    '2021-02-03T23:59:60',
    '2021-02-03',
    '',
  ]) {
    assert.equal(wallClockMs(text), null, text)
  }
  assert.notEqual(wallClockMs('2024-02-29T11:00:00'), null)
})

test('offsets are read and written, and nonsense is refused', () => {
  const known: [string, number][] = [
    ['+02:00', 120],
    ['-03:30', -210],
    ['+00:00', 0],
    ['+14:00', 840],
  ]
  for (const [text, minutes] of known) {
    assert.equal(offsetMinutes(text), minutes)
    assert.equal(offsetText(minutes), text)
  }
  assert.equal(offsetMinutes('Z'), 0)
  assert.equal(offsetMinutes('-00:00'), 0)
  for (const text of ['', '   :  ', '+15:00', '+02:75', '2']) assert.equal(offsetMinutes(text), null, text)
})

test('epochs, factory dates and the future are implausible, fireworks are not', () => {
  assert.equal(isPlausibleCapture('1970-01-01T00:00:07', NOW_MS, false), false)
  assert.equal(isPlausibleCapture('1980-01-01T00:00:00', NOW_MS, false), false)
  assert.equal(isPlausibleCapture('2000-01-01T00:02:11', NOW_MS, false), false)
  assert.equal(isPlausibleCapture('2016-01-01T00:01:07', NOW_MS, true), false)
  assert.equal(isPlausibleCapture('2016-01-01T00:01:07', NOW_MS, false), true)
  assert.equal(isPlausibleCapture('2016-01-01T11:00:00', NOW_MS, true), true)
  assert.equal(isPlausibleCapture('2026-11-23T13:59:00', NOW_MS, false), true)
  assert.equal(isPlausibleCapture('2026-11-24T00:00:01', NOW_MS, false), false)
  assert.equal(isPlausibleCapture('2107-01-01T00:00:00', NOW_MS, false), false)
})
