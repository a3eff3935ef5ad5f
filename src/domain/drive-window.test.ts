import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { JobDays } from './drive-window.ts'
import { isInWindow, windowStart } from './drive-window.ts'

const months = (count: number, today: string): string => windowStart({ count, unit: 'months' }, today)
const days = (count: number, today: string): string => windowStart({ count, unit: 'days' }, today)

test('months of the window end with their months, and know leap years', () => {
  assert.equal(months(12, '2026-11-23'), '2025-11-23')
  assert.equal(months(12, '2024-02-29'), '2023-02-28')
  assert.equal(months(48, '2024-02-29'), '2020-02-29')
  assert.equal(months(48, '2104-02-29'), '2100-02-28', '2100 has no leap day')
  assert.equal(months(1, '2026-03-31'), '2026-02-28')
  assert.equal(months(1, '2024-03-30'), '2024-02-29')
  assert.equal(months(1, '2026-01-31'), '2025-12-31')
  assert.equal(months(6, '2026-12-31'), '2026-06-30')
  assert.equal(months(11, '2026-11-23'), '2025-12-23')
  assert.equal(months(13, '2026-01-05'), '2024-12-05')
})

test('days of the window are counted over month ends and leap days', () => {
  assert.equal(days(1, '2026-03-01'), '2026-02-28')
  assert.equal(days(1, '2024-03-01'), '2024-02-29')
  assert.equal(days(366, '2025-03-01'), '2024-02-29')
  assert.equal(days(365, '2026-01-01'), '2025-01-01')
  assert.equal(days(7, '2026-01-03'), '2025-12-27')
})

const day = fc
  .date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date('2150-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10))

test('days agree with a calendar of another making, and a longer window never begins later', () => {
  fc.assert(
    fc.property(day, fc.integer({ min: 1, max: 4000 }), (today, count) => {
      const ms = Date.parse(`${today}T00:00:00Z`) - count * 24 * 60 * 60 * 1000
      assert.equal(days(count, today), new Date(ms).toISOString().slice(0, 10))
      assert.ok(days(count + 1, today) < days(count, today))
    }),
  )
  fc.assert(
    fc.property(day, fc.integer({ min: 1, max: 240 }), (today, count) => {
      const start = months(count, today)
      assert.equal(new Date(`${start}T00:00:00Z`).toISOString().slice(0, 10), start, 'a day that exists')
      assert.ok(start < today)
      assert.ok(months(count + 1, today) < start)
      const [year = 0, month = 0] = start.split('-').map(Number)
      const [yearNow = 0, monthNow = 0] = today.split('-').map(Number)
      assert.equal((yearNow - year) * 12 + monthNow - month, count)
    }),
  )
})

const long = { shotOn: '2015-06-01', lastShotOn: '2015-06-02', createdOn: '2015-06-03', state: 'delivered' } as const
const inside = (change: Partial<JobDays> = {}): boolean => isInWindow({ ...long, ...change }, '2025-11-23')

test('a job goes whole, as long as one reason puts it into the window', () => {
  assert.equal(inside(), false)
  assert.equal(inside({ state: 'closed' }), false)
  assert.equal(inside({ lastShotOn: null }), false)
  assert.equal(inside({ state: 'open' }), true, 'what is not delivered belongs on the drive whenever it was shot')
  assert.equal(inside({ shotOn: '2025-11-23' }), true)
  assert.equal(inside({ shotOn: '2025-11-22' }), false)
  assert.equal(inside({ lastShotOn: '2025-11-23' }), true, 'one picture on the first day of the window')
  assert.equal(inside({ createdOn: '2025-11-23' }), true, 'a camera whose clock was lost')
})
