import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { seen } from '../catalog/sample.test.ts'
import type { Failure } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Mover } from '../engine/contracts.ts'
import type { IngestResult } from '../engine/run-ingest.ts'
import type { PlannedIngest } from './ingest-card.ts'
import { layManifests } from './lay-manifests.ts'
import type { ManifestWish, Program } from './program.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, moverWith, nas, pc, readyPlaces, recognised, trouble } from './sample.test.ts'

/** What lies at the places, by `place path`, and how a note may go wrong there. */
interface Shelf {
  readonly notes: Map<string, string>
  fails: (place: string, path: string) => Failure | null
  readonly mover: Mover
}

function makeShelf(): Shelf {
  const notes = new Map<string, string>()
  const shelf: Shelf = {
    notes,
    fails: () => null,
    mover: moverWith({
      readNote: async ({ id }, path) => done(notes.get(`${id} ${path}`) ?? null),
      note: async ({ id }, orders) => {
        for (const { path, text, replace } of orders) {
          const failure = shelf.fails(id, path)
          if (failure !== null) return failed(failure)
          const there = notes.get(`${id} ${path}`)
          if (there !== undefined && there !== text && !replace) return failed(trouble('name-taken'))
          notes.set(`${id} ${path}`, text)
        }
        return done(undefined)
      },
    }),
  }
  return shelf
}

interface Ground extends Desk {
  readonly wishes: ManifestWish[]
  lay(copied?: Partial<IngestResult>): Promise<readonly Failure[]>
}

/** A writer whose manifest says what it was made of; with a chain there is nothing new to say. */
async function makeGround(context: TestContext, shelf: Shelf, files = 3): Promise<Ground> {
  const desk = await makeDesk(context, files)
  const wishes: ManifestWish[] = []
  const program: Program = {
    ...desk.program,
    manifests: {
      named: (chain) => [chain],
      read: () => assert.fail('nothing is read back here'),
      next: async (wish) => {
        wishes.push(wish)
        if (wish.chain !== null) return { kind: 'nothing-new' }
        const manifestName = `0001_${wish.startedAtMs}.mhl`
        return { kind: 'write', manifestName, manifest: JSON.stringify(wish.files), chain: manifestName }
      },
    },
  }
  const card = await recognised(desk, desk.listing)
  const planned = { card, places: readyPlaces } as unknown as PlannedIngest
  const copied: IngestResult = {
    files: desk.reads.map(({ hash }, index) => ({
      file: desk.listing[index]!,
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
  return {
    ...desk,
    wishes,
    lay: (change = {}) => layManifests(program, shelf.mover, planned, desk.roll, { ...copied, ...change }),
  }
}

const names = (shelf: Shelf): readonly string[] =>
  [...shelf.notes.keys()].map((key) => key.replace(/ .*\//, ' ')).toSorted()

test('the same files at two places have one manifest, which is made once', async (context) => {
  const shelf = makeShelf()
  const ground = await makeGround(context, shelf)
  await ground.catalog.recordReports({ runId: ground.runId, reads: ground.reads, copies: ground.copies })
  assert.deepEqual(await ground.lay(), [])
  assert.equal(ground.wishes.length, 1)
  assert.deepEqual(names(shelf), ['nas 0001_30.mhl', 'nas ascmhl_chain.xml', 'pc 0001_30.mhl', 'pc ascmhl_chain.xml'])
  assert.deepEqual(
    ground.wishes[0]?.files.map(({ path }) => path),
    ground.listing.map(({ path }) => path),
  )
  assert.equal(ground.wishes[0]?.complete, true)
})

test('[J1] a run that was cut off between a manifest and its chain is finished with the very same manifest', async (context) => {
  const shelf = makeShelf()
  const ground = await makeGround(context, shelf)
  await ground.catalog.recordReports({ runId: ground.runId, reads: ground.reads, copies: ground.copies })
  shelf.fails = (place, path) => (place === 'pc' && path.endsWith('chain.xml') ? trouble('place-gone') : null)
  assert.deepEqual(
    (await ground.lay()).map(({ code }) => code),
    ['place-gone'],
  )
  const before = new Map(shelf.notes)
  shelf.fails = () => null
  ground.clock.nowMs += 1_000_000
  assert.deepEqual(await ground.lay(), [])
  for (const [key, text] of before) assert.equal(shelf.notes.get(key), text)
  assert.deepEqual(names(shelf), ['nas 0001_30.mhl', 'nas ascmhl_chain.xml', 'pc 0001_30.mhl', 'pc ascmhl_chain.xml'])
})

test('[V1] only what is proven at a place stands in its manifest, and a part of a roll is not called complete', async (context) => {
  const shelf = makeShelf()
  const ground = await makeGround(context, shelf)
  const { catalog, runId, reads, copies, copyOf } = ground
  await catalog.recordReports({ runId, reads, copies })
  const rotten = { ...copyOf(reads[1]!, 'pc', 'ssd'), evidence: seen(99, { finding: 'differed', deviceId: 'ssd' }) }
  await catalog.recordReports({ runId, reads: [], copies: [rotten] })
  await ground.lay()
  assert.deepEqual(
    ground.wishes.map(({ files, complete }) => [files.length, complete]),
    [
      [3, true],
      [2, false],
    ],
  )
})

test('[J2] a place that was lost is not asked, and one where nothing is proven gets no manifest', async (context) => {
  const shelf = makeShelf()
  const ground = await makeGround(context, shelf)
  const { catalog, runId, reads, copies } = ground
  await catalog.recordReports({ runId, reads, copies: copies.filter(({ placeId }) => placeId === nas.id) })
  await ground.lay()
  assert.deepEqual(names(shelf), ['nas 0001_30.mhl', 'nas ascmhl_chain.xml'])
  shelf.notes.clear()
  await ground.lay({ lostPlaces: new Map([[nas.id, trouble('place-hung')]]) })
  assert.deepEqual(names(shelf), [])
})

test('a place that refuses its manifest is told, and the others get theirs', async (context) => {
  const shelf = makeShelf()
  const ground = await makeGround(context, shelf)
  await ground.catalog.recordReports({ runId: ground.runId, reads: ground.reads, copies: ground.copies })
  shelf.fails = (place) => (place === 'nas' ? trouble('place-full') : null)
  assert.deepEqual(
    (await ground.lay()).map(({ code }) => code),
    ['place-full'],
  )
  assert.deepEqual(names(shelf), [`${pc.id} 0001_30.mhl`, `${pc.id} ascmhl_chain.xml`])
})
