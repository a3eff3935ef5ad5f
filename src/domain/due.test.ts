import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Due, DueFacts } from './due.ts'
import { whatIsDue } from './due.ts'
import type { Role } from './place.ts'

const nowMs = 1_000_000
const none: DueFacts = {
  hasPlaces: true,
  jobs: [],
  required: ['library', 'second'],
  cards: [],
  places: [],
  interrupted: [],
}
const proven = (library: number, second: number): Record<Role, number> => ({
  card: 0,
  library,
  second,
  cloud: 0,
  drive: 0,
})
const card = { label: 'EOS_1', notReadTwice: false, suspect: false, lastSeenAtMs: 5 }
const codes = (facts: Partial<DueFacts>): readonly Due['code'][] =>
  whatIsDue({ ...none, ...facts }, nowMs).map(({ code }) => code)

test('where nothing is owed, nothing is due', () => {
  const jobs = [{ name: 'Wedding', files: 5, provenAt: proven(5, 5), createdAtMs: 1 }]
  const places = [{ name: 'NAS', online: true, lastSeenAtMs: 1 }]
  assert.deepEqual(codes({ jobs, places, cards: [card] }), [])
})

test('each job says what it lacks in each required role, and nothing of the others', () => {
  const jobs = [{ name: 'Wedding', files: 5, provenAt: proven(3, 0), createdAtMs: 7 }]
  const due = whatIsDue({ ...none, jobs }, nowMs)
  assert.deepEqual(
    due.map(({ code, sinceMs }) => [code, sinceMs]),
    [
      ['copies-missing', 7],
      ['copies-missing', 7],
    ],
  )
  assert.match(due[0]?.sentence ?? '', /^2 of 5 files of “Wedding” have no proven copy in the library\./)
  assert.match(due[1]?.sentence ?? '', /^5 of 5 files of “Wedding” have no proven copy in the second folder\./)
})

test('[V4] a card that was read once is to be read again; a suspect one is to be kept, and that comes first', () => {
  assert.deepEqual(codes({ cards: [{ ...card, notReadTwice: true }] }), ['second-read'])
  assert.deepEqual(codes({ cards: [{ ...card, notReadTwice: true, suspect: true }] }), ['card-suspect'])
})

test('a place that never answered is missed since now, another one since it was last seen', () => {
  const places = [
    { name: 'NAS', online: false, lastSeenAtMs: 3 },
    { name: 'PC', online: false, lastSeenAtMs: null },
  ]
  assert.deepEqual(
    whatIsDue({ ...none, places }, nowMs).map(({ code, sinceMs }) => [code, sinceMs]),
    [
      ['place-offline', 3],
      ['place-offline', nowMs],
    ],
  )
})

const sinceMs = fc.nat(100)
const anyFacts: fc.Arbitrary<DueFacts> = fc.record({
  hasPlaces: fc.boolean(),
  required: fc.subarray<Role>(['library', 'second', 'cloud', 'drive']),
  jobs: fc.array(
    fc.record({
      name: fc.string(),
      files: fc.nat(9),
      provenAt: fc.tuple(fc.nat(9), fc.nat(9)).map(([library, second]) => proven(library, second)),
      createdAtMs: sinceMs,
    }),
  ),
  cards: fc.array(
    fc.record({ label: fc.string(), notReadTwice: fc.boolean(), suspect: fc.boolean(), lastSeenAtMs: sinceMs }),
  ),
  places: fc.array(fc.record({ name: fc.string(), online: fc.boolean(), lastSeenAtMs: fc.option(sinceMs) })),
  interrupted: fc.array(fc.record({ kind: fc.constant('ingest'), startedAtMs: sinceMs })),
})

const order: readonly Due['code'][] = [
  'card-suspect',
  'interrupted',
  'copies-missing',
  'second-read',
  'setup',
  'place-offline',
]

test('the most urgent comes first, and what has waited longest among equals', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const due = whatIsDue(facts, nowMs)
      for (const [index, one] of due.entries()) {
        const before = due[index - 1]
        if (before === undefined) continue
        const step = order.indexOf(one.code) - order.indexOf(before.code)
        assert.ok(step > 0 || (step === 0 && one.sinceMs >= before.sinceMs))
      }
    }),
  )
})

test('everything that is owed is due, once', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const due = whatIsDue(facts, nowMs).map(({ code }) => code)
      const times = (code: Due['code']): number => due.filter((one) => one === code).length
      assert.equal(times('setup'), facts.hasPlaces ? 0 : 1)
      assert.equal(times('interrupted'), facts.interrupted.length)
      assert.equal(times('card-suspect'), facts.cards.filter(({ suspect }) => suspect).length)
      assert.equal(times('second-read'), facts.cards.filter((one) => one.notReadTwice && !one.suspect).length)
      assert.equal(times('place-offline'), facts.places.filter(({ online }) => !online).length)
      const lacking = facts.jobs.flatMap((job) => facts.required.filter((role) => job.provenAt[role] < job.files))
      assert.equal(times('copies-missing'), lacking.length)
    }),
  )
})
