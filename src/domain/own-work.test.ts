import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OwnWork, OwnWorkFacts, Tried } from './own-work.ts'
import { nextOwnWork } from './own-work.ts'
import { dayMs } from './policy.ts'

const nowMs = 1_000 * dayMs
const hourMs = dayMs / 24
const noon = '2026-11-20T12:00:00'
const night = '2026-11-20T03:00:00'
const quiet: OwnWorkFacts = {
  due: [],
  driveWaits: false,
  hasCloud: false,
  cloudMayLack: false,
  keepsLightroom: false,
  prunes: false,
  nights: { fromMinute: 60, toMinute: 360 },
  localTime: noon,
  tried: new Map(),
}
const tried = (work: OwnWork, one: Partial<Tried>): OwnWorkFacts['tried'] =>
  new Map([[work, { atMs: nowMs, undone: 0, retryAtMs: null, ...one }]])

test('where nothing waits nothing is done', () => {
  assert.equal(nextOwnWork(quiet, nowMs), null)
})

test('a drive goes first: a person stands beside it and waits', () => {
  const all: OwnWorkFacts = {
    ...quiet,
    localTime: night,
    driveWaits: true,
    hasCloud: true,
    keepsLightroom: true,
    due: [
      { code: 'drill-due', sinceMs: nowMs },
      { code: 'evidence-stale', sinceMs: nowMs },
    ],
  }
  const order: OwnWork[] = []
  const done = new Map<OwnWork, Tried>()
  for (;;) {
    const work = nextOwnWork({ ...all, driveWaits: !done.has('drive update'), tried: done }, nowMs)
    if (work === null) break
    order.push(work)
    done.set(work, { atMs: nowMs, undone: 0, retryAtMs: null })
  }
  assert.deepEqual(order, ['drive update', 'upload', 'lightroom keep', 'verify', 'drill'])
})

test('reading again waits for the night, but not for ever: some computers are off at night', () => {
  const due = (sinceMs: number): OwnWorkFacts => ({ ...quiet, due: [{ code: 'evidence-stale', sinceMs }] })
  assert.equal(nextOwnWork(due(nowMs - hourMs), nowMs), null)
  assert.equal(nextOwnWork({ ...due(nowMs - hourMs), localTime: night }, nowMs), 'verify')
  assert.equal(nextOwnWork(due(nowMs - 31 * hourMs), nowMs), 'verify')
})

test('the night’s budget is used once a night', () => {
  const facts: OwnWorkFacts = { ...quiet, localTime: night, due: [{ code: 'evidence-stale', sinceMs: 0 }] }
  const after = { ...facts, tried: tried('verify', {}) }
  assert.equal(nextOwnWork(after, nowMs + hourMs), null)
  assert.equal(nextOwnWork(after, nowMs + dayMs), 'verify')
})

test('nothing is cleared unless a person allowed it', () => {
  const due: OwnWorkFacts = { ...quiet, localTime: night, due: [{ code: 'prune-possible', sinceMs: nowMs }] }
  assert.equal(nextOwnWork(due, nowMs), null)
  assert.equal(nextOwnWork({ ...due, prunes: true }, nowMs), 'prune')
  assert.equal(nextOwnWork({ ...due, prunes: true, localTime: noon }, nowMs), null)
})

test('what did not come to its end is tried ever more seldom, and never before the service wants it', () => {
  const cloud: OwnWorkFacts = { ...quiet, hasCloud: true, cloudMayLack: true }
  const minutes = (undone: number, retryAtMs: number | null = null): number => {
    for (let minute = 0; minute < 24 * 60; minute += 1)
      if (nextOwnWork({ ...cloud, tried: tried('upload', { undone, retryAtMs }) }, nowMs + minute * 60_000) !== null)
        return minute
    return Number.POSITIVE_INFINITY
  }
  assert.deepEqual(
    [1, 2, 3, 4, 8, 50].map((undone) => minutes(undone)),
    [5, 10, 20, 40, 360, 360],
  )
  assert.equal(minutes(1, nowMs + 3 * hourMs), 180)
})

test('what came in goes to the cloud at once; without news it is asked every hour', () => {
  const asked: OwnWorkFacts = { ...quiet, hasCloud: true, tried: tried('upload', {}) }
  assert.equal(nextOwnWork({ ...asked, cloudMayLack: true }, nowMs + 1), 'upload')
  assert.equal(nextOwnWork(asked, nowMs + hourMs - 1), null)
  assert.equal(nextOwnWork(asked, nowMs + hourMs), 'upload')
})
