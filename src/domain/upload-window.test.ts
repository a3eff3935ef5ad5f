import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { UploadHours } from './upload-window.ts'
import { clockText, minutesUntilClosed, minutesUntilOpen } from './upload-window.ts'

const at = (minute: number): string => `2026-11-20T${clockText(minute)}:30`
const nights: UploadHours = { fromMinute: 22 * 60, toMinute: 6 * 60 }

test('nights only: open before and after midnight, closed in the day', () => {
  assert.deepEqual(
    [21 * 60 + 59, 22 * 60, 23 * 60 + 59, 0, 5 * 60 + 59, 6 * 60, 12 * 60].map((m) => minutesUntilOpen(nights, at(m))),
    [1, 0, 0, 0, 0, 960, 600],
  )
  assert.deepEqual(
    [22 * 60, 0, 5 * 60 + 59].map((minute) => minutesUntilClosed(nights, at(minute))),
    [480, 360, 1],
  )
})

test('at any time: open, and never closed', () => {
  assert.deepEqual([minutesUntilOpen('any', at(5)), minutesUntilClosed('any', at(5))], [0, null])
})

test('after the minutes that are said, it is open; at the end of those, it is closed', () => {
  const minute = fc.integer({ min: 0, max: 1439 })
  fc.assert(
    fc.property(minute, minute, minute, (fromMinute, toMinute, now) => {
      fc.pre(fromMinute !== toMinute)
      const hours = { fromMinute, toMinute }
      const opens = (now + minutesUntilOpen(hours, at(now))) % 1440
      assert.equal(minutesUntilOpen(hours, at(opens)), 0)
      const left = minutesUntilClosed(hours, at(opens)) ?? 0
      assert.ok(left > 0)
      assert.notEqual(minutesUntilOpen(hours, at((opens + left) % 1440)), 0)
    }),
  )
})
