import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { StatusFacts } from './status-sentence.ts'
import { sayStatus } from './status-sentence.ts'

const wedding = { name: 'Wedding', files: 42, shots: 30, missing: 0, provenCopiesMin: 3 }
const fine: StatusFacts = { hasPlaces: true, jobs: [wedding], atLeast: 3, suspectCards: [], interrupted: false }

/** Mostly the first: with every trouble at once, no single one would be seen. */
const often = <Value>(usual: Value, seldom: Value): fc.Arbitrary<Value> =>
  fc.constantFrom(usual, usual, usual, usual, seldom)

const job = fc.nat(200).chain((files) =>
  fc.record({
    name: fc.string(),
    files: fc.constant(files),
    shots: fc.nat(files),
    missing: fc.oneof(fc.constant(0), fc.nat(Math.min(files, 2)), fc.nat(files)),
    provenCopiesMin: fc.oneof(fc.constant(5), fc.nat(5)),
  }),
)
const anyFacts: fc.Arbitrary<StatusFacts> = fc.record({
  hasPlaces: often(true, false),
  jobs: fc.array(job, { maxLength: 4 }),
  atLeast: fc.integer({ min: 1, max: 4 }),
  suspectCards: often<readonly string[]>([], ['EOS_1']),
  interrupted: often(false, true),
})

test('[C2] the sentence never says safe while anything is missing, suspect, interrupted, or on too few devices', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { sentence, safe } = sayStatus(facts)
      const filled = facts.jobs.filter(({ files }) => files > 0)
      const owed =
        !facts.hasPlaces ||
        facts.interrupted ||
        facts.suspectCards.length > 0 ||
        filled.length === 0 ||
        facts.jobs.some(({ missing }) => missing > 0) ||
        filled.some(({ provenCopiesMin }) => provenCopiesMin < facts.atLeast)
      assert.equal(safe, !owed)
      if (!safe) assert.doesNotMatch(sentence, /are safe/)
    }),
    { numRuns: 1000 },
  )
})

test('when nothing is owed, it says how many files and on how many devices', () => {
  assert.deepEqual(sayStatus(fine), {
    sentence: 'All 42 files of “Wedding” are safe: proven on at least 3 independent devices.',
    safe: true,
  })
  const two = sayStatus({ ...fine, jobs: [wedding, { ...wedding, name: 'Portrait', provenCopiesMin: 4 }] })
  assert.match(two.sentence, /^All 84 files of 2 jobs are safe: proven on at least 3 /)
})

test('what matters most is said first: places, a first card, what is missing, a suspect card, what was cut off', () => {
  const steps: readonly (readonly [Partial<StatusFacts>, RegExp])[] = [
    [{ hasPlaces: false }, /^Nothing is protected yet/],
    [{ jobs: [] }, /^No card was copied yet/],
    [{ jobs: [{ ...wedding, missing: 5 }] }, /^NOT safe: 5 of 42 files lack a proven copy, most of them in “Wedding”/],
    [{ suspectCards: ['EOS_1'] }, /^Keep card “EOS_1” as it is/],
    [{ interrupted: true }, /^The last ingest was interrupted/],
    [{ atLeast: 4 }, /are proven on 3 independent devices so far; 4 are wanted/],
  ]
  for (const [index, [, says]] of steps.entries()) {
    let facts = fine
    // This trouble and every lesser one at once.
    for (const [trouble] of steps.slice(index).toReversed()) facts = { ...facts, ...trouble }
    assert.match(sayStatus(facts).sentence, says)
  }
})

test('the job that lacks most is named', () => {
  const jobs = [
    { ...wedding, name: 'A', missing: 1 },
    { ...wedding, name: 'B', missing: 9 },
    { ...wedding, name: 'C', missing: 4 },
  ]
  assert.match(sayStatus({ ...fine, jobs }).sentence, /14 of 126 files .* “B”/)
})
