import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ClockFacts, ClockTrust } from './clock-trust.ts'
import { clockGapMaxMs, judgeClock } from './clock-trust.ts'
import { dayMs, defaultPolicy } from './policy.ts'

const nowMs = Date.UTC(2026, 10, 23, 14, 5)
const minuteMs = 60_000
const yearMs = 365 * dayMs

const judged = (change: Partial<ClockFacts>): ClockTrust =>
  judgeClock({ nowMs, newestRecordedMs: nowMs - dayMs, places: [], openGap: null, isConfirmed: false, ...change })
const said = (change: Partial<ClockFacts>): string => {
  const trust = judged(change)
  return trust.kind === 'trusted' ? 'trusted' : `${trust.canBeConfirmed ? 'ask' : 'no'}: ${trust.sentence}`
}

test('[D3] a clock that agrees with the books and with the places is trusted', () => {
  assert.equal(said({}), 'trusted')
  assert.equal(said({ newestRecordedMs: null }), 'trusted', 'an empty catalog has nothing to remove')
  assert.equal(said({ places: [{ name: 'NAS', atMs: nowMs - dayMs }] }), 'trusted')
  assert.equal(said({ newestRecordedMs: nowMs + 10 * minuteMs }), 'trusted', 'small corrections are usual')
})

test('[D3] a clock that was set back, that jumped ahead, or that a place contradicts is not', () => {
  assert.match(said({ newestRecordedMs: nowMs + 10 * minuteMs + 1 }), /^no: .*set back/)
  const openGap = { fromMs: nowMs - 30 * dayMs, toMs: nowMs }
  assert.match(said({ openGap }), /^ask: .*2026-10-24 to 2026-11-23.*jumped ahead/)
  assert.equal(said({ openGap, isConfirmed: true }), 'trusted')
  assert.match(said({ places: [{ name: 'NAS', atMs: nowMs + dayMs + 1 }] }), /^no: .*“NAS” says 2026-11-24/)
  assert.match(said({ places: [{ name: 'NAS', atMs: nowMs - dayMs - 1 }] }), /^no: .*“NAS”/)
  const places = [
    { name: 'NAS', atMs: nowMs },
    { name: 'Safe A', atMs: nowMs - yearMs },
  ]
  assert.match(said({ places }), /“Safe A”/, 'one that disagrees is enough')
})

const jump = fc.oneof(
  fc.integer({ min: -20 * yearMs, max: 20 * yearMs }),
  fc.integer({ min: -2 * dayMs, max: 2 * dayMs }),
)
const facts: fc.Arbitrary<ClockFacts> = fc.record({
  nowMs: fc.constant(nowMs),
  newestRecordedMs: fc.option(jump.map((ms) => nowMs + ms)),
  places: fc.array(fc.record({ name: fc.constantFrom('NAS', 'PC'), atMs: jump.map((ms) => nowMs + ms) }), {
    maxLength: 3,
  }),
  openGap: fc.option(fc.constant({ fromMs: nowMs - 20 * dayMs, toMs: nowMs - dayMs })),
  isConfirmed: fc.boolean(),
})

test('[D3] a person’s word settles only a long pause, never clocks that disagree', () => {
  fc.assert(
    fc.property(facts, (one) => {
      const [plain, confirmed] = [judgeClock({ ...one, isConfirmed: false }), judgeClock({ ...one, isConfirmed: true })]
      if (plain.kind === 'trusted') assert.equal(confirmed.kind, 'trusted')
      else assert.equal(confirmed.kind, plain.canBeConfirmed ? 'trusted' : 'doubtful')
    }),
    { numRuns: 2000 },
  )
})

test('[D3] whatever the clocks say, one that is trusted is near all the others', () => {
  fc.assert(
    fc.property(facts, (one) => {
      if (judgeClock(one).kind === 'doubtful') return
      assert.ok(one.newestRecordedMs === null || one.newestRecordedMs <= nowMs + 10 * minuteMs)
      if (!one.isConfirmed) assert.equal(one.openGap, null)
      for (const { atMs } of one.places) assert.ok(Math.abs(atMs - nowMs) <= dayMs)
    }),
    { numRuns: 2000 },
  )
})

test('[D3] a pause that is a doubt is always shorter than the time of grace', () => {
  assert.equal(clockGapMaxMs(defaultPolicy), 7 * dayMs)
  fc.assert(
    fc.property(fc.integer({ min: 60_000, max: yearMs }), (graceMs) => {
      const policy = { ...defaultPolicy, prune: { ...defaultPolicy.prune, graceMs } }
      assert.ok(clockGapMaxMs(policy) < graceMs)
    }),
  )
})
