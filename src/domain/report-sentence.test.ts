import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ReportFacts } from './report-sentence.ts'
import { sayReport } from './report-sentence.ts'

const good: ReportFacts = {
  jobName: 'Wedding',
  files: 42,
  unproven: 0,
  missing: [
    { role: 'library', files: 0 },
    { role: 'second', files: 0 },
  ],
  fewestDevices: 3,
  atLeast: 3,
  oldestProofOn: '2026-11-20',
  overdueAfterDays: null,
  readOnce: 0,
  suspectCards: [],
}

test('[V2] a job where nothing is owed is safe, with the least number of devices and the oldest proof', () => {
  assert.deepEqual(sayReport(good), {
    safe: true,
    sentence:
      'All 42 files of “Wedding” are safe: proven on at least 3 independent devices; the oldest proof is from 2026-11-20.',
  })
})

test('the worst that is true is what the sentence says', () => {
  const says = (change: Partial<ReportFacts>): string => sayReport({ ...good, ...change }).sentence
  assert.match(says({ files: 0 }), /nothing to vouch for/)
  assert.equal(says({ unproven: 1 }), 'NOT safe: 1 of 42 files of “Wedding” has no proven copy anywhere.')
  assert.equal(says({ unproven: 2 }), 'NOT safe: 2 of 42 files of “Wedding” have no proven copy anywhere.')
  assert.equal(says({ unproven: 42 }), 'NOT safe: none of the 42 files of “Wedding” has a proven copy anywhere.')
  assert.match(says({ files: 1, unproven: 1 }), /^NOT safe: the one file of “Wedding” has no proven copy anywhere/)
  assert.match(says({ suspectCards: ['A7'] }), /card “A7” gave different bytes/)
  assert.match(
    says({
      missing: [
        { role: 'library', files: 1 },
        { role: 'second', files: 5 },
      ],
      fewestDevices: 1,
    }),
    /^Not complete: 5 of 42 files of “Wedding” lack a proven copy in the second folder; each file is proven on at least 1 independent device,/,
  )
  assert.match(says({ fewestDevices: 2 }), /are proven on at least 2 independent devices, while 3 are wanted/)
  assert.match(says({ readOnce: 7 }), /but 7 were read from the card only once/)
  assert.match(
    says({ overdueAfterDays: 90 }),
    /but the oldest proof is from 2026-11-20, and a proof is to be renewed after 90 days/,
  )
})

test('[C2] whatever the facts are, one doubt and the report is not safe, and no number in it is better than the facts', () => {
  const count = fc.nat({ max: 5 })
  const doubts = fc.record<ReportFacts>({
    jobName: fc.constant('X'),
    files: count,
    unproven: count,
    missing: fc.array(fc.record({ role: fc.constantFrom('library', 'second', 'drive'), files: count }), {
      maxLength: 3,
    }),
    fewestDevices: count,
    atLeast: count,
    oldestProofOn: fc.constantFrom(null, '2026-11-20'),
    overdueAfterDays: fc.constantFrom(null, 90),
    readOnce: count,
    suspectCards: fc.array(fc.constant('A'), { maxLength: 1 }),
  })
  fc.assert(
    fc.property(doubts, (facts) => {
      const isDoubted =
        facts.files === 0 ||
        facts.unproven > 0 ||
        facts.missing.some(({ files }) => files > 0) ||
        facts.fewestDevices < facts.atLeast ||
        facts.overdueAfterDays !== null ||
        facts.readOnce > 0 ||
        facts.suspectCards.length > 0
      const { sentence, safe } = sayReport(facts)
      assert.equal(safe, !isDoubted)
      assert.equal(/are safe:|is safe:/.test(sentence), safe)
      const said = /at least (\d+) independent/.exec(sentence)?.[1]
      if (said !== undefined) assert.equal(Number(said), facts.fewestDevices)
    }),
    { numRuns: 2000 },
  )
})
