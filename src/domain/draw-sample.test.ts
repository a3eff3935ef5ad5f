import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { drawSample } from './draw-sample.ts'

test('a sample has as many different numbers as were asked for, in order, and all of them when there are no more', () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.nat(100), fc.nat(), (count, wanted, seed) => {
      const drawn = drawSample(count, wanted, seed)
      assert.equal(drawn.length, Math.min(count, wanted))
      assert.deepEqual(
        drawn,
        [...new Set(drawn)].toSorted((a, b) => a - b),
      )
      assert.ok(drawn.every((number) => Number.isInteger(number) && number >= 0 && number < count))
    }),
  )
})

test('the same seed draws the same sample; two moments that follow each other draw others', () => {
  const atMs = 1_795_457_387_476
  assert.deepEqual(drawSample(10_000, 20, atMs), drawSample(10_000, 20, atMs))
  assert.notDeepEqual(drawSample(10_000, 20, atMs), drawSample(10_000, 20, atMs + 1))
  assert.notDeepEqual(drawSample(10_000, 20, atMs), drawSample(10_000, 20, atMs + 0x1_00_00_00_00))
})

test('every file has its turn: over many drills each is drawn about as often as the others', () => {
  const times = Array.from({ length: 50 }, () => 0)
  for (let seed = 0; seed < 5000; seed += 1)
    for (const number of drawSample(50, 5, seed * 7919)) times[number] = (times[number] ?? 0) + 1
  // 500 are to be expected, with a deviation of 21: five of those either way.
  assert.ok(
    times.every((count) => count > 390 && count < 610),
    times.join(' '),
  )
})
