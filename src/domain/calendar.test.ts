import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { calendarDay, daysInMonth, daysSince1970 } from './calendar.ts'

test('every day of a thousand years has its number, and the number its day', () => {
  const dayMs = 24 * 60 * 60 * 1000
  fc.assert(
    fc.property(fc.integer({ min: -250_000, max: 250_000 }), (number) => {
      const date = new Date(number * dayMs)
      const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
      assert.deepEqual(calendarDay(number), expected)
      assert.equal(daysSince1970(expected.year, expected.month, expected.day), number)
    }),
    { numRuns: 5000 },
  )
})

test('months have their lengths; a leap day every fourth year, not every hundredth, yet every four hundredth', () => {
  assert.deepEqual(
    Array.from({ length: 12 }, (_, index) => daysInMonth(2026, index + 1)),
    [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31],
  )
  assert.deepEqual(
    [2023, 2024, 2100, 2000].map((year) => daysInMonth(year, 2)),
    [28, 29, 28, 29],
  )
})

test('the leap day that ends a cycle of four hundred years is a day of its own', () => {
  for (const [year, number] of [
    [1600, -135_081],
    [2000, 11_016],
    [2400, 157_113],
  ] as const) {
    assert.equal(daysSince1970(year, 2, 29), number)
    assert.deepEqual(calendarDay(number), { year, month: 2, day: 29 })
    assert.deepEqual(calendarDay(number + 1), { year, month: 3, day: 1 })
  }
})
