import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import * as fc from 'fast-check'

import type { Evidence, Finding, Strength } from '../domain/copy.ts'
import type { CopyRecord } from './catalog.ts'
import { disconnect } from './connection.ts'
import { openStore } from './open-store.ts'
import { catalogOn } from './open.ts'
import { counter, hashOf, inMemory, placeId, seen, studio, valueOf } from './sample.test.ts'

/* One name of a place holds one file. */

interface Look {
  readonly place: 'nas' | 'pc'
  readonly path: string
  readonly original: number
  readonly atMs: number
  readonly strength: Strength
  readonly finding: Finding
}

const look: fc.Arbitrary<Look> = fc.record({
  place: fc.constantFrom('nas', 'pc'),
  path: fc.constantFrom('A', 'B'),
  original: fc.nat(2),
  atMs: fc.integer({ min: 100, max: 110 }),
  strength: fc.constantFrom<Strength>('written', 'cached', 'medium', 'provider'),
  finding: fc.constantFrom<Finding>('agreed', 'agreed', 'agreed', 'differed', 'absent'),
})

const recordOf = ({ place, path, original, ...evidence }: Look): CopyRecord => ({
  hash: hashOf(original),
  placeId: placeId(place),
  path,
  evidence: seen(evidence.atMs, evidence),
})

test('[C2] whatever was seen, in whatever order: under one name at one place at most one original stands', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(look, { maxLength: 4 }), { maxLength: 6 }), async (batches) => {
      const store = valueOf(await openStore(':memory:', { newId: counter() }))
      const catalog = catalogOn(store, ':memory:')
      const { runId, reads } = await studio(catalog, 3)
      await catalog.recordReports({ runId, reads, copies: [] })
      for (const batch of batches) {
        await catalog.recordReports({ runId, reads: [], copies: batch.map(recordOf) })
        const crowded = store.sqlite
          .prepare(
            `select place_id, path from copy where latest_finding = 'agreed' group by place_id, path having count(*) > 1`,
          )
          .all()
        assert.deepEqual(crowded, [])
      }
      // What stands is always a fact in the books (W3).
      const unfounded = store.sqlite
        .prepare(
          `select number from copy where not exists (select 1 from evidence where copy_number = copy.number and
           at_ms = latest_at_ms and strength = latest_strength and finding = latest_finding and device_id = latest_device_id)`,
        )
        .all()
      assert.deepEqual(unfounded, [])
      await disconnect(store)
    }),
    { numRuns: 150 },
  )
})

/** What is in the books of two originals that were both seen under the name B, one after the other. */
async function underB(context: TestContext, ...looks: readonly (readonly [original: number, evidence: Evidence])[]) {
  const catalog = await inMemory(context)
  const { runId, reads } = await studio(catalog, 2)
  await catalog.recordReports({ runId, reads, copies: [] })
  for (const [original, evidence] of looks) {
    const copy = { hash: hashOf(original), placeId: placeId('nas'), path: 'B', evidence }
    await catalog.recordReports({ runId, reads: [], copies: [copy] })
    // Kept, so that what is not marked stays as it was.
    await catalog.jobTallies()
  }
  const known = await catalog.knownByHash([hashOf(0), hashOf(1)])
  const [tally] = await catalog.jobTallies()
  const histories = []
  for (const original of [0, 1]) {
    const [facts] = await catalog.fileFacts(hashOf(original))
    histories.push(facts?.copies[0]?.history.map(({ finding, atMs }) => [finding, atMs]))
  }
  return {
    standing: [0, 1].map((original) => known.get(hashOf(original))?.copies[0]?.latest),
    proven: tally?.copies.library.proven,
    histories,
  }
}

test('[C2] a file that took the name of another: the other differs as of that look, as a fact in the books', async (context) => {
  const renamed = seen(60, { strength: 'cached', deviceId: 'disk-2' })
  const books = await underB(context, [0, seen(50)], [1, renamed])
  assert.deepEqual(books.standing, [{ ...renamed, finding: 'differed' }, renamed])
  const history = [
    ['agreed', 50],
    ['differed', 60],
  ]
  assert.deepEqual(books.histories, [history, [['agreed', 60]]])
  assert.equal(books.proven, 0)
  const mended = await underB(context, [0, seen(50)], [1, seen(60)], [0, seen(70)])
  assert.deepEqual(mended.standing, [seen(70), seen(70, { finding: 'differed' })])
  assert.equal(mended.proven, 1)
})

test('[C2] an older look that is recorded late does not bring back what a newer one saw gone', async (context) => {
  const late = await underB(context, [0, seen(60)], [1, seen(50)])
  assert.deepEqual(late.standing, [seen(60), seen(60, { finding: 'differed' })])
  const known = await underB(context, [0, seen(50)], [1, seen(60)], [0, seen(55)])
  assert.deepEqual(known.standing, [seen(60, { finding: 'differed' }), seen(60)])
})

test('[C2] the other original may belong to another job: its kept answers are counted again', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, job, card } = await studio(catalog, 1)
  const other = await catalog.createJob({ ...job, name: 'Concert', folder: '2026/Concert' })
  await catalog.recordReports({ runId, reads, copies: [] })
  const place = { placeId: placeId('nas'), path: 'B' }
  await catalog.recordReports({ runId, reads: [], copies: [{ ...place, hash: hashOf(0), evidence: seen(50) }] })
  const proven = async () => (await catalog.jobTallies()).find(({ jobId }) => jobId === job.id)?.copies.library.proven
  const standing = async () => (await catalog.cardFacts(card.id, 0))?.groups[0]?.copies[0]?.standing
  assert.deepEqual([await proven(), await standing()], [1, 'proven'])
  await catalog.recordAdopted({
    runId,
    originals: [{ hash: hashOf(9), bytes: 5, name: 'B', jobId: other.id, atMs: 60 }],
    copies: [{ ...place, hash: hashOf(9), evidence: seen(60) }],
  })
  assert.deepEqual([await proven(), await standing()], [0, 'differed'])
})
