import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { LibraryCounts } from './burst.ts'
import { judgeBurst } from './burst.ts'

const quiet: LibraryCounts = {
  originals: 1000,
  originalsGone: 0,
  originalsBad: 0,
  originalsTouched: 0,
  working: 100,
  workingChanged: 0,
  workingVanished: 0,
  usualWorking: [],
}
const isBurst = (change: Partial<LibraryCounts>): boolean => judgeBurst({ ...quiet, ...change }) !== null
const sentence = (change: Partial<LibraryCounts>): string => judgeBurst({ ...quiet, ...change })?.sentence ?? 'quiet'

const most = 3000

/** The biggest number that is not a burst yet: one more is. */
function edge(of: (count: number) => Partial<LibraryCounts>, from = 0): number {
  let count = from
  while (count < most && !isBurst(of(count + 1))) count += 1
  return count
}

test('[D3] an empty library is always one, however small it was; none at all is not', () => {
  for (const originals of [1, 2, 4, 40_000])
    assert.match(sentence({ originals, originalsGone: originals }), new RegExp(`None of the ${originals} originals`))
  assert.equal(sentence({ originals: 0, originalsGone: 0 }), 'quiet')
  // Seen by an earlier run, it is empty all the same; a few that nobody mended yet are not all there is.
  assert.match(sentence({ originals: 0, originalsBad: 5 }), /None of the 5 originals/)
  assert.match(sentence({ originals: 1, originalsGone: 1, originalsBad: 900 }), /None of the 901 originals/)
  assert.equal(sentence({ originals: 0, originalsBad: 4 }), 'quiet')
  assert.equal(sentence({ originals: 1, originalsBad: 900 }), 'quiet')
})

test('[M1] originals that are gone: a few are an accident, one in a hundred or fifty are not', () => {
  const gone = (originals: number): number => edge((originalsGone) => ({ originals, originalsGone }))
  assert.deepEqual([10, 100, 400, 500, 1000, 5000, 6000, 1_000_000].map(gone), [4, 4, 4, 5, 10, 50, 50, 50])
  assert.equal(sentence({ originalsGone: 11 }), '11 of 1000 originals in the library are gone or changed.')
})

test('[M1] originals that another program wrote to: more than fifty, and more than one in five', () => {
  const touched = (originals: number): number => edge((originalsTouched) => ({ originals, originalsTouched }))
  assert.deepEqual([100, 250, 1000, 10_000].map(touched), [50, 50, 200, 2000])
  assert.match(sentence({ originalsTouched: 201 }), /written to by another program/)
  assert.match(sentence({ originals: 10, originalsTouched: 10 }), /^All 10 originals/)
  assert.match(
    sentence({ originals: 10, originalsGone: 2, originalsTouched: 8 }),
    /2 are gone .* all others were written/,
  )
  assert.equal(sentence({ originals: 10, originalsGone: 2, originalsTouched: 7 }), 'quiet')
})

test('[M2] working files: more than twenty, more than half, and more than three times the usual', () => {
  const changed = (working: number, usualWorking: readonly number[] = []): number =>
    edge((workingChanged) => ({ working, workingChanged, usualWorking }))
  assert.deepEqual([changed(0), changed(40), changed(41), changed(100)], [20, 20, 20, 50])
  assert.equal(changed(100, [5, 30, 2]), 90, 'the busiest earlier update is the measure')
  assert.equal(changed(100, [1]), 50)
  assert.equal(
    edge((workingVanished) => ({ workingChanged: 10, workingVanished })),
    40,
    'changed and vanished are counted together',
  )
  assert.match(sentence({ workingChanged: 51 }), /^51 of 100 working files changed or vanished/)
})

test('[D3] more damage never makes it quiet again', () => {
  // Small ones as often as big ones: the edges where all of few are damaged lie there.
  const count = fc.oneof(fc.nat(8), fc.nat(60), fc.nat(300))
  const counts = fc.record({
    originals: count,
    originalsGone: count,
    originalsBad: count,
    originalsTouched: count,
    working: count,
    workingChanged: count,
    workingVanished: count,
    usualWorking: fc.array(count, { maxLength: 3 }),
  })
  const damage = fc.constantFrom('originalsGone', 'originalsTouched', 'workingChanged', 'workingVanished')
  fc.assert(
    fc.property(counts, damage, fc.integer({ min: 1, max: 100 }), (before, what, more) => {
      if (judgeBurst(before) === null) return
      const after = { ...before, [what]: before[what] + more }
      // Counts beyond what there is do not happen.
      if (after.originalsGone + after.originalsTouched > after.originals) return
      assert.notEqual(judgeBurst(after), null)
    }),
    { numRuns: 10_000 },
  )
})
