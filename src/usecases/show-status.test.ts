import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Catalog, WhereGroup } from '../catalog/catalog.ts'
import { placeNamed } from '../catalog/sample.test.ts'
import type { Identity, Place } from '../domain/place.ts'
import { dayMs, defaultPolicy } from '../domain/policy.ts'
import type { Program } from './program.ts'
import { makeDesk, moverWith, nas, pc } from './sample.test.ts'
import type { Desk } from './sample.test.ts'
import { showStatus } from './show-status.ts'

const nowMs = 1000 * dayMs
const safe: Place = { ...placeNamed('safe-a', 'drive'), site: 'safe' }
const unmounted: Identity = { kind: 'unmarked', sentence: 'It has no marker.' }

interface Books {
  readonly standing?: WhereGroup['copies'][number]['standing']
  readonly provenAtMs?: number
  readonly updatedAtMs?: number | null
  readonly more?: Partial<Catalog>
}

/** Five files, proven at library, second and drive; the drive lies in the safe. Then one thing is changed. */
async function deskWith(context: TestContext, books: Books = {}): Promise<{ desk: Desk; program: Program }> {
  const desk = await makeDesk(context, 5)
  const { standing = 'proven', provenAtMs = nowMs - dayMs, updatedAtMs = nowMs - 3 * dayMs } = books
  desk.clock.nowMs = nowMs
  const all = { proven: 5, present: 5 }
  const copies = [nas, pc, safe].map(({ id }) => ({
    placeId: id,
    deviceId: `disk-${id}`,
    standing: id === nas.id ? standing : ('proven' as const),
    oldestAtMs: provenAtMs,
  }))
  const job = { ...desk.job, createdAtMs: nowMs - 20 * dayMs }
  const of = { jobId: job.id, files: 5, bytes: 5e9 }
  const catalog: Catalog = {
    ...desk.catalog,
    jobs: async () => [job],
    jobTallies: async () => [
      {
        ...of,
        shots: 5,
        culledFiles: 0,
        provenCopiesMin: 3,
        oldestProofAtMs: provenAtMs,
        firstShotOn: null,
        lastShotOn: null,
        copies: { card: all, library: all, second: all, cloud: { proven: 0, present: 0 }, drive: all },
      },
    ],
    filesWithoutOriginal: async () => new Map(),
    whereabouts: async () => [{ ...of, exampleName: 'A', newestFirstSeenAtMs: job.createdAtMs, cards: [], copies }],
    cardFacts: async () => ({
      card: desk.card,
      roll: { ...desk.roll, secondRead: 'agreed' },
      job,
      groups: [],
    }),
    cardEvents: async () => [],
    removals: async () => [],
    placeEvents: async ({ placeId, kind }) =>
      placeId === safe.id && kind === 'updated' && updatedAtMs !== null
        ? [{ placeId, kind, atMs: updatedAtMs, detail: {} }]
        : [],
    interruptedRuns: async () => [],
    ...books.more,
  }
  const program: Program = {
    ...desk.program,
    catalog,
    settings: { ...desk.program.settings, places: [safe, pc, nas], policy: defaultPolicy },
    isAtWork: async () => false,
    startMover: () => {
      const mover = moverWith({})
      return { ...mover, identify: async (at, ms) => (at.id === safe.id ? unmounted : mover.identify(at, ms)) }
    },
  }
  return { desk, program }
}

test('all is well: safe, nothing due, and a drive in the safe is no trouble', async (t) => {
  const { program } = await deskWith(t)
  const status = await showStatus(program)
  assert.equal(status.sentence, 'All 5 files of “Wedding” are safe: proven on at least 3 independent devices.')
  assert.deepEqual([status.safe, status.due], [true, []])
  assert.deepEqual(
    status.places.map(({ name, online, away, sentence }) => [name, online, away, sentence]),
    [
      ['nas', true, false, null],
      ['pc', true, false, null],
      ['safe-a', false, true, 'In the safe, last updated 3 days ago.'],
    ],
  )
  const drive = status.places.find(({ role }) => role === 'drive')
  assert.equal(drive?.lastUpdated, new Date(nowMs - 3 * dayMs).toISOString())
  assert.equal(drive.lastSeen, drive.lastUpdated, 'an update is a sight of it')
  assert.equal(status.places[0]?.lastSeen, new Date(nowMs).toISOString())
})

const alarm = (kind: 'formatted' | 'formatted-without-leave' | 'was-another-card'): Partial<Catalog> => ({
  cardEvents: async () => [
    { number: 1, cardId: 'card-1' as never, atMs: 5, rollId: null, seenAtMs: null, kind, sentence: 'It was.' },
  ],
})
const unsafe: readonly (readonly [string, Books, string])[] = [
  ['damage', { standing: 'differed' }, 'check-failed'],
  ['old proofs', { provenAtMs: nowMs - 91 * dayMs }, 'evidence-stale'],
  ['a drive that is overdue', { updatedAtMs: nowMs - 15 * dayMs }, 'drive-update'],
  ['a drive that was never updated', { updatedAtMs: null }, 'drive-update'],
  ['an alarm that nobody saw', { more: alarm('formatted-without-leave') }, 'card-alarm'],
  ['another card than was thought', { more: alarm('was-another-card') }, 'card-alarm'],
  [
    'work that was cut off',
    {
      more: {
        interruptedRuns: async () => [
          { id: 'r' as never, kind: 'verify', arguments: null, startedAtMs: 5, endedAtMs: null, outcome: null },
        ],
      },
    },
    'interrupted',
  ],
]
for (const [what, books, code] of unsafe)
  test(`${what} is due, and makes it unsafe`, async (t) => {
    const { program } = await deskWith(t, books)
    const status = await showStatus(program)
    assert.equal(status.safe, false)
    assert.ok(status.due.some((due) => due.code === code))
    assert.doesNotMatch(status.sentence, /are safe/)
  })

test('a card that was formatted with leave is no alarm; what is at work was not cut off', async (t) => {
  const { program } = await deskWith(t, {
    more: { ...alarm('formatted'), interruptedRuns: () => assert.fail('Nobody asks for runs while one is at work.') },
  })
  const status = await showStatus({ ...program, isAtWork: async () => true })
  assert.deepEqual([status.safe, status.due], [true, []])
})

test('a delivered job past its time misses nothing at the second folder, and wants fewer devices', async (t) => {
  const { desk, program } = await deskWith(t)
  const [tally] = await program.catalog.jobTallies()
  assert.ok(tally)
  const gone = { proven: 0, present: 0 }
  const pruned = { ...tally, provenCopiesMin: 2, copies: { ...tally.copies, second: gone } }
  const delivered = { ...desk.job, state: 'delivered' as const, deliveredAtMs: nowMs - 91 * dayMs }
  const catalog: Catalog = {
    ...program.catalog,
    jobTallies: async () => [pruned],
    jobs: async () => [delivered],
    whereabouts: async () => [],
    cards: async () => [],
  }
  assert.equal((await showStatus({ ...program, catalog })).safe, true)
  const early = { ...delivered, deliveredAtMs: nowMs - 89 * dayMs }
  const status = await showStatus({ ...program, catalog: { ...catalog, jobs: async () => [early] } })
  assert.match(status.sentence, /^NOT safe: 5 of 5 files lack a proven copy/)
})
