import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ClockFacts, ClockTrust } from './clock-trust.ts'
import { judgeClock } from './clock-trust.ts'
import { dayMs } from './policy.ts'

const nowMs = Date.UTC(2026, 10, 23, 14, 5)
const minuteMs = 60_000
const yearMs = 365 * dayMs

const judged = (change: Partial<ClockFacts>): ClockTrust =>
  judgeClock({ nowMs, newestRecordedMs: nowMs - dayMs, places: [], isConfirmed: false, ...change })
const said = (change: Partial<ClockFacts>): string => {
  const trust = judged(change)
  return trust.kind === 'trusted' ? 'trusted' : `${trust.canBeConfirmed ? 'ask' : 'no'}: ${trust.sentence}`
}

test('[D3] a clock that agrees with the books and with the places is trusted', () => {
  assert.equal(said({}), 'trusted')
  assert.equal(said({ newestRecordedMs: null }), 'trusted', 'an empty catalog has nothing to remove')
  assert.equal(said({ places: [{ name: 'NAS', atMs: nowMs - dayMs }] }), 'trusted')
  assert.equal(said({ newestRecordedMs: nowMs + 10 * minuteMs }), 'trusted', 'small corrections are usual')
  assert.equal(said({ newestRecordedMs: nowMs - 30 * dayMs }), 'trusted')
})

test('[D3] a clock that was set back, that jumped ahead, or that a place contradicts is not', () => {
  assert.match(said({ newestRecordedMs: nowMs + 10 * minuteMs + 1 }), /^no: .*set back/)
  assert.match(said({ newestRecordedMs: nowMs - 30 * dayMs - 1 }), /^ask: .*2026-11-23.*2026-10-24.*jumped ahead/)
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
      if (!one.isConfirmed) assert.ok(one.newestRecordedMs === null || nowMs - one.newestRecordedMs <= 30 * dayMs)
      for (const { atMs } of one.places) assert.ok(Math.abs(atMs - nowMs) <= dayMs)
    }),
    { numRuns: 2000 },
  )
})

test('[D3] a jump by up to twenty years, either way, is seen by the books alone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 31 * dayMs, max: 20 * yearMs }), fc.boolean(), (lengthMs, ahead) => {
      const trust = judged({ nowMs: ahead ? nowMs + lengthMs : nowMs - lengthMs })
      assert.ok(trust.kind === 'doubtful')
      assert.equal(trust.canBeConfirmed, ahead)
    }),
  )
})
