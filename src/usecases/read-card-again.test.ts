import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { hashOf } from '../catalog/sample.test.ts'
import type { ContentHash } from '../domain/ids.ts'
import { planIngest } from '../domain/plan.ts'
import { defaultPolicy } from '../domain/policy.ts'
import type { CopyOrder, MoverEnd, ReadOrder, ReadReport } from '../engine/contracts.ts'
import type { IngestResult } from '../engine/run-ingest.ts'
import type { BegunIngest } from './ingest-card.ts'
import type { Program } from './program.ts'
import type { SecondReadResult } from './read-card-again.ts'
import { readCardAgain } from './read-card-again.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, moverWith, never, readyPlaces, recognised, trouble } from './sample.test.ts'

/** What a pass over the card gives for a file: another hash, a failure, or null for the hash of the first read. */
type Pass = (order: ReadOrder) => ContentHash | 'unread' | 'cached' | null

interface Ground extends Desk {
  readonly passes: (readonly string[])[]
  readonly copied: CopyOrder[]
  read(passes: readonly Pass[], change?: { program?: Program; end?: MoverEnd }): Promise<SecondReadResult>
  state(): Promise<{ roll: string | undefined; suspect: boolean; hashes: readonly (ContentHash | null)[] }>
}

/** A card whose files were all read once, and copied to both places. */
async function makeGround(context: TestContext, files = 3): Promise<Ground> {
  const desk = await makeDesk(context, files)
  const { catalog, roll, runId, job, reads, copies, listing } = desk
  await catalog.recordReports({ runId, reads, copies })
  const card = await recognised(desk, listing)
  const places = readyPlaces.map(({ id, name, identity }) => ({ id, name, limits: identity.limits }))
  const plan = planIngest({
    folder: roll.folder,
    files: listing,
    leftOut: [],
    known: new Map(),
    places,
    taken: new Map(),
  })
  const planned = { card, places: readyPlaces, plan } as unknown as BegunIngest['planned']
  const result: IngestResult = {
    files: reads.map(({ hash }, index) => ({
      file: listing[index]!,
      hash,
      bytesRead: 0,
      bytesWritten: 0,
      proven: new Set(),
      isTwin: false,
      written: new Set(),
      failures: [],
      renamed: [],
    })),
    cancelled: false,
    lostCard: null,
    lostPlaces: new Map(),
  }
  const passed: (readonly string[])[] = []
  const copied: CopyOrder[] = []
  return {
    ...desk,
    passes: passed,
    copied,
    read: async (passes, { program = desk.program, end } = {}) => {
      const first = passed.length
      const mover = moverWith({
        readAgain: async ({ orders }, report) => {
          const pass = passes[passed.length - first]
          passed.push(orders.map(({ path }) => path))
          for (const order of orders) report(reportOf(order, pass?.(order) ?? null))
          return end ?? { kind: 'finished' }
        },
        copy: async ({ orders }, report) => {
          copied.push(...orders)
          for (const { number, expected, to, bytes } of orders)
            report({
              kind: 'read',
              number,
              hash: expected ?? hashOf(0),
              bytesRead: bytes,
              bytesWritten: bytes,
              outcomes: to.map(({ placeId, path }) => ({
                kind: 'copied',
                placeId,
                path: `${path} again`,
                deviceId: 'disk',
                strength: 'medium',
                alreadyThere: false,
              })),
            })
          return { kind: 'finished' }
        },
      })
      const current = (await catalog.roll(roll.id)) ?? roll
      const [known = null] = await catalog.card(desk.card.id)
      const seenNow = { ...planned, card: { ...card, known } }
      const begun: BegunIngest = { planned: seenNow, runId, roll: current, jobId: job.id, plan }
      return readCardAgain(program, mover, { begun, copied: result }, desk.hear, never)
    },
    state: async () => ({
      roll: (await catalog.roll(roll.id))?.secondRead,
      suspect: (await catalog.card(desk.card.id))[0]?.suspect !== null,
      hashes: (await catalog.rollFiles(roll.id)).map(({ hash }) => hash),
    }),
  }
}

const reportOf = (order: ReadOrder, given: ContentHash | 'unread' | 'cached' | null): ReadReport =>
  given === 'unread'
    ? { kind: 'unread', number: order.number, failure: trouble('card-unreadable') }
    : {
        kind: 'read',
        number: order.number,
        hash: given === null || given === 'cached' ? order.expected : given,
        strength: given === 'cached' ? 'cached' : 'medium',
        bytesRead: order.bytes,
      }

const same: Pass = () => null
const firstIs =
  (given: ReturnType<Pass>): Pass =>
  ({ path }) =>
    path.endsWith('00000.CR3') ? given : null
const firstHashes = [0, 1, 2].map(hashOf)
const other = hashOf(77)

test('[V4] two reads that agree, past the cache, make the roll one that was read twice', async (context) => {
  const ground = await makeGround(context)
  const read = await ground.read([same])
  assert.deepEqual([read.state, read.because, read.suspect], ['agreed', null, []])
  assert.deepEqual(await ground.state(), { roll: 'agreed', suspect: false, hashes: firstHashes })
  assert.equal(read.bytesRead, 1000 + 1001 + 1002)
})

test('[V4] what came from memory, or not at all, leaves the second read not done, with the reason', async (context) => {
  for (const [given, because] of [
    ['cached', /only through its memory/],
    ['unread', /could not be read again/],
  ] as const) {
    const ground = await makeGround(context)
    const read = await ground.read([firstIs(given)])
    assert.equal(read.state, 'not-done')
    assert.match(read.because ?? '', because)
    assert.deepEqual(await ground.state(), { roll: 'not-done', suspect: false, hashes: firstHashes })
  }
  const hung = await makeGround(context)
  const read = await hung.read([firstIs('unread')], { end: { kind: 'hung', where: 'card' } })
  assert.match(read.because ?? '', /stopped answering/)
})

test('[V4] where it is switched off, the card is not read, and is not said to be', async (context) => {
  const ground = await makeGround(context)
  const policy = { ...defaultPolicy, cards: { ...defaultPolicy.cards, secondRead: false } }
  const program: Program = { ...ground.program, settings: { ...ground.program.settings, policy } }
  const read = await ground.read([], { program })
  assert.deepEqual([read.state, ground.passes.length], ['not-done', 0])
  assert.equal((await ground.state()).roll, 'not-done')
})

test('[V4] a third read that sides with the second corrects the books, and the file is copied again to every place', async (context) => {
  const ground = await makeGround(context)
  const read = await ground.read([firstIs(other), firstIs(other)])
  assert.deepEqual([read.state, read.suspect], ['differed', [ground.listing[0]?.path]])
  assert.deepEqual(ground.passes[1], [ground.listing[0]?.path], 'only what differed is read a third time')
  assert.deepEqual(
    ground.copied.map(({ path, expected, to }) => [path, expected, to.map(({ placeId }) => placeId)]),
    [[ground.listing[0]?.path, other, readyPlaces.map(({ id }) => id)]],
  )
  assert.deepEqual(await ground.state(), { roll: 'differed', suspect: true, hashes: [other, hashOf(1), hashOf(2)] })
  assert.equal((await ground.catalog.copiesOf(other)).length, 2)
  assert.ok(ground.heard.some((one) => one.type === 'trouble' && one.failure.code === 'card-reads-differ'))
})

test('[V4] a third read that sides with the first, or with neither, copies nothing; the card is suspect all the same', async (context) => {
  for (const third of [null, hashOf(88), 'unread'] as const) {
    const ground = await makeGround(context)
    const read = await ground.read([firstIs(other), firstIs(third)])
    assert.equal(read.state, 'differed')
    assert.deepEqual(ground.copied, [])
    assert.deepEqual(await ground.state(), { roll: 'differed', suspect: true, hashes: firstHashes })
  }
})

test('[V4] what agreed in an earlier run is not read again; a roll that once differed stays so', async (context) => {
  const ground = await makeGround(context)
  await ground.read([firstIs('unread')])
  assert.equal((await ground.read([same])).state, 'agreed')
  assert.deepEqual(ground.passes[1], [ground.listing[0]?.path])
  const differed = await makeGround(context)
  await differed.read([firstIs(other), same])
  assert.equal((await differed.read([same])).state, 'differed')
  assert.equal((await differed.state()).roll, 'differed')
})

test('[V4] a suspect card is read again whole, so that another reader can show that the card is good', async (context) => {
  const ground = await makeGround(context)
  const all = ground.listing.map(({ path }) => path)
  await ground.read([({ number }) => (number === 1 ? hashOf(99) : null), () => null])
  assert.equal((await ground.state()).suspect, true)
  ground.clock.nowMs += 1000
  await ground.read([() => null])
  assert.deepEqual(ground.passes.at(-1), all)
  ground.clock.nowMs += 1000
  await ground.read([() => null])
  assert.deepEqual(ground.passes.at(-1), [], 'and once is enough')
})
