import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { hashOf } from '../catalog/sample.test.ts'
import { done } from '../domain/failure.ts'
import type { PlaceListing } from '../domain/place-listing.ts'
import type { Mover, MoverEnd, ProveReport } from '../engine/contracts.ts'
import type { AdoptOutcome } from './adopt-folder.ts'
import { adoptFolder } from './adopt-folder.ts'
import type { Program } from './program.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, moverWith, nas, never } from './sample.test.ts'

/* A library in which somebody else put pictures; each file's hash is its number. */

interface Shelf {
  /** Hash of each file, by path. */
  readonly files: ReadonlyMap<string, number>
  readonly complete?: boolean
  /** Of each file as it is listed; 1000 when it is not said. */
  readonly bytes?: number
  readonly strength?: 'cached' | 'medium'
  /** How the mover ends after so many reads, instead of finishing. */
  readonly endsAfter?: { readonly reads: number; readonly end: MoverEnd }
}

interface Table extends Desk {
  readonly asked: string[]
  readonly adopt: (shelf: Shelf, job?: string) => ReturnType<typeof adoptFolder>
}

async function table(context: TestContext): Promise<Table> {
  const desk = await makeDesk(context, 3)
  const asked: string[] = []
  const adopt: Table['adopt'] = (shelf, job = 'Wedding') => {
    const parts: Partial<Program> = {
      startMover: () => moverWith(verbs(shelf, asked)),
      startPictureReader: () => ({ metadata: async (paths) => paths.map(() => null), close: async () => undefined }),
      paths: {
        absolute: (path) => path,
        isInside: (inner, outer) => inner === outer || inner.startsWith(`${outer}/`),
        join: (...segments) => segments.join('/'),
        fitsPattern: () => false,
      },
      localTime: (atMs) => new Date(atMs).toISOString().slice(0, 19),
      offsetMinutes: () => 0,
      version: '0',
    }
    const program = Object.assign({}, desk.program, parts)
    return adoptFolder(program, { folder: `${nas.address}/Photos`, job, client: null }, desk.hear, never)
  }
  return { ...desk, asked, adopt }
}

function verbs(shelf: Shelf, asked: string[]): Partial<Mover> {
  const listing: PlaceListing = {
    complete: shelf.complete ?? true,
    files: [...shelf.files.keys()].map((path) => ({
      path,
      bytes: shelf.bytes ?? 1000,
      mtimeMs: Date.UTC(2026, 10, 20),
    })),
    unreadable: [],
  }
  let reads = 0
  return {
    listPlace: async () => done(listing),
    prove: async ({ orders }, report) => {
      for (const { number, path } of orders) {
        if (reads === shelf.endsAfter?.reads) return shelf.endsAfter.end
        reads += 1
        asked.push(path)
        report(checked(number, shelf.files.get(path) ?? 0, shelf.strength ?? 'medium'))
      }
      return { kind: 'finished' }
    },
    readNote: async () => done(null),
    note: async () => done(undefined),
  }
}

const checked = (number: number, content: number, strength: 'cached' | 'medium'): ProveReport => ({
  kind: 'checked',
  number,
  finding: 'differed',
  strength,
  deviceId: 'raid',
  bytesRead: 1000,
  found: { hash: hashOf(content), bytes: 1000, mtimeMs: 1 },
})

const outcomeOf = (answer: Awaited<ReturnType<typeof adoptFolder>>): AdoptOutcome => {
  assert.ok(answer.ok, JSON.stringify(answer))
  return answer.value
}

const pictures = (count: number): ReadonlyMap<string, number> =>
  new Map(Array.from({ length: count }, (_, index) => [`Photos/2026-${String(index).padStart(4, '0')}.cr3`, index]))

test('what a card showed before is a copy of it; what none did is an original of the job', async (context) => {
  const { adopt, catalog, runId, reads, job } = await table(context)
  await catalog.recordReports({ runId, reads, copies: [] })
  const outcome = outcomeOf(await adopt({ files: pictures(5) }, job.name))
  assert.deepEqual([outcome.outcome, outcome.files.copies, outcome.files.newOriginals], ['done', 3, 2])
  assert.deepEqual(
    outcome.cards.map(({ frames, proven }) => [frames, proven]),
    [[3, 3]],
  )
  const other = outcomeOf(await adopt({ files: new Map([['Photos/other.cr3', 9]]) }, job.name))
  assert.deepEqual(other.cards, [], 'a card of which this run took in nothing is not spoken of')
  const known = await catalog.knownByHash([hashOf(0), hashOf(4)])
  assert.deepEqual(
    known.get(hashOf(0))?.copies.map(({ path }) => path),
    ['Photos/2026-0000.cr3'],
  )
  assert.equal(known.get(hashOf(4))?.jobId, job.id)
})

test('[J1] where the place hangs, what was read is taken in, and the next run reads only the rest', async (context) => {
  const { adopt, asked, catalog } = await table(context)
  const files = pictures(700)
  const endsAfter = { reads: 600, end: { kind: 'hung', where: nas.id } } as const
  const first = outcomeOf(await adopt({ files, endsAfter }))
  assert.deepEqual([first.outcome, first.files.newOriginals, first.files.unread], ['incomplete', 600, 100])
  assert.equal((await catalog.knownByHash([hashOf(599), hashOf(600)])).size, 1)
  asked.length = 0
  const second = outcomeOf(await adopt({ files }))
  assert.deepEqual([second.outcome, second.files.copies, second.files.newOriginals], ['done', 600, 100])
  assert.deepEqual([asked.length, asked[0]], [100, 'Photos/2026-0600.cr3'])
})

test('[V1] what could be read back only from memory is said, and proves nothing', async (context) => {
  const { adopt, catalog } = await table(context)
  const outcome = outcomeOf(await adopt({ files: pictures(2), strength: 'cached' }))
  assert.equal(outcome.outcome, 'incomplete')
  assert.match(outcome.sentence, /2 could be read back only from memory/)
  const [tally] = (await catalog.jobTallies()).filter(({ files }) => files === 2)
  assert.deepEqual(tally?.copies.library, { proven: 0, present: 2 })
})

test('[D3] a folder that can’t be listed to the end is not taken in, not even in part', async (context) => {
  const { adopt, asked, catalog } = await table(context)
  const answer = await adopt({ files: pictures(2), complete: false })
  assert.equal(!answer.ok && answer.failure.code, 'listing-incomplete')
  assert.deepEqual([asked, (await catalog.jobs()).length], [[], 1])
})

test('a folder that is the folder of one job does not become that of another', async (context) => {
  const { adopt } = await table(context)
  outcomeOf(await adopt({ files: pictures(2) }, 'First'))
  const answer = await adopt({ files: pictures(2) }, 'Second')
  assert.match(answer.ok ? '' : answer.failure.sentence, /belongs to the job “First” already/)
})

test('[M1] bytes under the name of another original are never a new one: that copy is damaged, and is named', async (context) => {
  const { adopt, catalog, runId, reads, job } = await table(context)
  await catalog.recordReports({ runId, reads, copies: [] })
  outcomeOf(await adopt({ files: pictures(3) }, job.name))
  const files = new Map([...pictures(3)].map(([path, content]) => [path, content === 1 ? 77 : content]))
  const again = await adopt({ files, bytes: 900 }, job.name)
  const outcome = outcomeOf(again)
  const damaged = 'Photos/2026-0001.cr3'
  assert.deepEqual(
    [outcome.outcome, outcome.files.damaged, outcome.files.newOriginals, outcome.damaged],
    ['incomplete', 1, 0, [damaged]],
  )
  assert.match(outcome.sentence, /1 file is NOT what the camera wrote \(.*\): run “fivefold repair”/)
  assert.equal((await catalog.knownByHash([hashOf(77)])).size, 0)
  const [copy] = (await catalog.copiesOf(hashOf(1))).filter(({ path }) => path === damaged)
  assert.equal(copy?.latest.finding, 'differed')
  assert.deepEqual(
    outcome.cards.map(({ frames, proven }) => [frames, proven]),
    [[3, 2]],
  )
})
