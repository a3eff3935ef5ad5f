import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { DueCode } from './due-facts.ts'
import { dueCodes } from './due-facts.ts'
import { dayMs, defaultPolicy } from './policy.ts'
import type { StatusFacts } from './status-sentence.ts'
import { devicesWanted, sayStatus } from './status-sentence.ts'

const wedding = { name: 'Wedding', files: 42, missing: 0, provenCopiesMin: 3, devicesWanted: 3 }
const fine: StatusFacts = { hasPlaces: true, jobs: [wedding], suspectCards: [], due: [] }
const due = (...codes: readonly DueCode[]): Partial<StatusFacts> => ({
  due: codes.map((code) => ({ code, sentence: `It is ${code}.` })),
})

/** What is due and yet takes nothing from what is safe; everything else does. */
const harmless: ReadonlySet<DueCode> = new Set<DueCode>([
  ...(['place-offline', 'sign-in', 'space', 'card-owed', 'place-not-seen', 'drill-due'] as const),
  ...(['more-places', 'trash-waiting', 'prune-possible', 'job-not-delivered'] as const),
])

/** Mostly the first: with every trouble at once, no single one would be seen. */
const often = <Value>(usual: Value, seldom: Value): fc.Arbitrary<Value> =>
  fc.constantFrom(usual, usual, usual, usual, seldom)

const job = fc.nat(200).chain((files) =>
  fc.record({
    name: fc.string(),
    files: fc.constant(files),
    missing: fc.oneof(fc.constant(0), fc.nat(Math.min(files, 2)), fc.nat(files)),
    provenCopiesMin: fc.oneof(fc.constant(5), fc.nat(5)),
    devicesWanted: fc.integer({ min: 1, max: 4 }),
  }),
)
const anyFacts: fc.Arbitrary<StatusFacts> = fc.record({
  hasPlaces: often(true, false),
  jobs: fc.array(job, { maxLength: 4 }),
  suspectCards: often<readonly string[]>([], ['EOS_1']),
  due: fc
    .oneof(fc.subarray([...harmless]), fc.subarray([...dueCodes], { maxLength: 2 }))
    .map((codes) => codes.map((code) => ({ code, sentence: `It is ${code}.` }))),
})

test('[C2] the sentence never says safe while anything is owed', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { sentence, safe } = sayStatus(facts)
      const filled = facts.jobs.filter(({ files }) => files > 0)
      const owed =
        !facts.hasPlaces ||
        facts.suspectCards.length > 0 ||
        filled.length === 0 ||
        facts.jobs.some(({ missing }) => missing > 0) ||
        filled.some(({ provenCopiesMin, devicesWanted }) => provenCopiesMin < devicesWanted) ||
        facts.due.some(({ code }) => !harmless.has(code))
      assert.equal(safe, !owed)
      if (!safe) assert.doesNotMatch(sentence, /are safe/)
    }),
    { numRuns: 2000 },
  )
})

test('each line of the table makes it unsafe, and is what the sentence speaks of', () => {
  const table: readonly (readonly [Partial<StatusFacts>, RegExp])[] = [
    [{ hasPlaces: false }, /not every place is set up/],
    [due('setup'), /not every place is set up/],
    [{ jobs: [] }, /^No card was copied yet/],
    [due('card-alarm'), /^NOT safe: It is card-alarm\.$/],
    [due('check-failed'), /^NOT safe: It is check-failed\.$/],
    [{ jobs: [{ ...wedding, missing: 5 }] }, /^NOT safe: 5 of 42 files lack a proven copy, most of them in “Wedding”/],
    [due('copies-missing'), /^It is copies-missing\.$/],
    [{ suspectCards: ['EOS_1'] }, /^Keep card “EOS_1” as it is/],
    [due('card-suspect'), /^It is card-suspect\.$/],
    [due('interrupted'), /^It is interrupted\.$/],
    [{ jobs: [{ ...wedding, devicesWanted: 4 }] }, /are proven on 3 independent devices so far; 4 are wanted/],
    ...(['second-read', 'drive-update', 'cloud-behind', 'evidence-stale'] as const).map(
      (code) =>
        [
          due(code),
          new RegExp(
            `^All 42 files of “Wedding” are proven on at least 3 .*, but something is owed\\. It is ${code}\\.$`,
          ),
        ] as const,
    ),
  ]
  assert.equal(sayStatus(fine).safe, true)
  for (const [trouble, says] of table) {
    const said = sayStatus({ ...fine, ...trouble })
    assert.equal(said.safe, false)
    assert.match(said.sentence, says)
  }
})

test('what only makes life better, and a place that is away just now, leave it safe', () => {
  for (const code of harmless) assert.equal(sayStatus({ ...fine, ...due(code) }).safe, true, code)
})

test('when nothing is owed, it says how many files and on how many devices', () => {
  assert.deepEqual(sayStatus(fine), {
    sentence: 'All 42 files of “Wedding” are safe: proven on at least 3 independent devices.',
    safe: true,
  })
  const two = sayStatus({ ...fine, jobs: [wedding, { ...wedding, name: 'Portrait', provenCopiesMin: 4 }] })
  assert.match(two.sentence, /^All 84 files of 2 jobs are safe: proven on at least 3 /)
})

test('what matters most is said first', () => {
  const steps: readonly (readonly [Partial<StatusFacts>, RegExp])[] = [
    [{ hasPlaces: false }, /not every place is set up/],
    [due('card-alarm', 'check-failed', 'interrupted', 'drive-update'), /card-alarm/],
    [due('check-failed', 'interrupted', 'drive-update'), /check-failed/],
    [{ jobs: [{ ...wedding, missing: 5 }], ...due('interrupted', 'drive-update') }, /^NOT safe: 5 of 42 files/],
    [{ suspectCards: ['EOS_1'], ...due('interrupted') }, /^Keep card “EOS_1” as it is/],
    [due('interrupted', 'drive-update'), /interrupted/],
    [
      { jobs: [{ ...wedding, devicesWanted: 4 }], ...due('drive-update') },
      /are proven on 3 independent devices so far/,
    ],
    [due('drive-update', 'evidence-stale'), /drive-update/],
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

test('after copies were let go by rule, as many devices are wanted as a prune leaves', () => {
  const delivered = { state: 'delivered', deliveredAtMs: 0 } as const
  assert.equal(devicesWanted(defaultPolicy, delivered, 89 * dayMs), 3)
  assert.equal(devicesWanted(defaultPolicy, delivered, 90 * dayMs), 2)
  assert.equal(devicesWanted(defaultPolicy, { state: 'open', deliveredAtMs: null }, 900 * dayMs), 3)
  const prune = { ...defaultPolicy.prune, leave: 0 }
  assert.equal(devicesWanted({ ...defaultPolicy, prune }, delivered, 90 * dayMs), 1)
})
