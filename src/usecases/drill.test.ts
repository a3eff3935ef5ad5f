import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Failure } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { proves } from '../domain/copy.ts'
import type { CopyOrder, Mover } from '../engine/contracts.ts'
import type { DrillOutcome, DrillWish } from './drill.ts'
import { drillPlaces } from './drill.ts'
import type { Program } from './program.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, moverWith, nas, never, pc, trouble } from './sample.test.ts'

interface Ground {
  readonly desk: Desk
  readonly asked: string[]
  /** What the read of a path ends with. */
  readonly wrong: Map<string, Failure['code']>
  readonly away: Set<string>
  freeBytes: number
  removed: number
  readonly drill: (wish?: Partial<DrillWish>) => Promise<DrillOutcome>
}

async function makeGround(context: TestContext, files: number): Promise<Ground> {
  const asked: string[] = []
  const wrong = new Map<string, Failure['code']>()
  const away = new Set<string>()
  const plain = moverWith({})
  const copy = (order: CopyOrder, place: string, report: Parameters<Mover['copy']>[1]): void => {
    asked.push(`${place} ${order.path}`)
    const { number, expected } = order
    assert.ok(expected !== null, 'a rehearsal compares with the hash')
    const code = wrong.get(order.path)
    if (code !== undefined) report({ kind: 'unread', number, failure: trouble(code) })
    else {
      const [to] = order.to
      const copied = {
        kind: 'copied',
        placeId: to!.placeId,
        path: to!.path,
        deviceId: 'd',
        strength: 'medium',
      } as const
      const outcomes = [{ ...copied, alreadyThere: false }]
      report({ kind: 'read', number, hash: expected, bytesRead: 1, bytesWritten: 1, outcomes })
    }
  }
  const desk = await makeDesk(context, files, {
    identify: async (address, timeoutMs) => {
      if (away.has(address.id)) return { kind: 'unknown', sentence: 'It lies in the safe.' }
      const identity = await plain.identify(address, timeoutMs)
      assert.ok(identity.kind === 'online')
      return address.guard === 'folder'
        ? { ...identity, folder: address.folder, freeBytes: ground.freeBytes }
        : identity
    },
    checkPaths: async (_place, paths) => done(paths.map(() => ({ kind: 'present', bytes: 1, mtimeMs: 1 }))),
    copy: async ({ from, places, orders }, report) => {
      assert.ok(from.kind === 'place')
      assert.equal(places[0]?.folder, '/home/drill-1')
      for (const order of orders) copy(order, from.place.id, report)
      return { kind: 'finished' }
    },
  })
  await desk.catalog.recordReports({ runId: desk.runId, reads: desk.reads, copies: desk.copies })
  const program: Program = {
    ...desk.program,
    scratchFolder: async () =>
      done({
        folder: '/home/drill-1',
        remove: async () => {
          ground.removed += 1
        },
      }),
  }
  const ground: Ground = {
    desk,
    asked,
    wrong,
    away,
    freeBytes: 1e12,
    removed: 0,
    drill: async (wish = {}) => {
      const drilled = await drillPlaces(program, { place: null, sample: null, seed: null, ...wish }, desk.hear, never)
      assert.ok(drilled.ok, drilled.ok ? '' : drilled.failure.sentence)
      return drilled.value
    },
  }
  return ground
}

test('a sample of each place is restored and compared, the scratch folder is taken away, and the rehearsal is in the books', async (context) => {
  const ground = await makeGround(context, 50)
  const outcome = await ground.drill()
  assert.equal(outcome.outcome, 'done')
  assert.deepEqual(
    outcome.places.map(({ name, drilled, sample, good, copies }) => [name, drilled, sample, good, copies]),
    [
      ['nas', true, 20, 20, 50],
      ['pc', true, 20, 20, 50],
    ],
  )
  assert.equal(new Set(ground.asked).size, 40)
  assert.equal(ground.removed, 1)
  const [event] = await ground.desk.catalog.placeEvents({ placeId: nas.id, kind: 'drilled', limit: 1 })
  assert.deepEqual([event?.detail['files'], event?.detail['good'], event?.detail['bad']], [20, 20, 0])
  assert.match(outcome.sentence, /^40 copies from “nas” and “pc” were restored and compared: all as they should be\.$/)
})

test('the same seed draws the same files again, another one others; each page of the catalog can be drawn from', async (context) => {
  const ground = await makeGround(context, 300)
  const draw = async (seed: number): Promise<string[]> => {
    ground.asked.length = 0
    await ground.drill({ place: 'nas', seed })
    return ground.asked.toSorted()
  }
  const first = await draw(7)
  assert.deepEqual(await draw(7), first)
  assert.notDeepEqual(await draw(8), first)
})

test('[M1] what can’t be restored is named, written down, and the rehearsal is not done', async (context) => {
  const ground = await makeGround(context, 4)
  const paths = ground.desk.reads.map(({ path }) => `${ground.desk.roll.folder}/${path}`)
  ground.wrong.set(paths[0]!, 'copy-differs')
  ground.wrong.set(paths[1]!, 'copy-missing')
  ground.wrong.set(paths[2]!, 'place-error')
  const outcome = await ground.drill({ place: 'nas' })
  const [place] = outcome.places
  assert.deepEqual([place?.good, place?.damaged, place?.missing], [1, [paths[0]], [paths[1]]])
  assert.deepEqual(
    place?.unreadable.map(({ path }) => path),
    [paths[2]],
  )
  assert.equal(outcome.outcome, 'incomplete')
  assert.match(outcome.sentence, /^3 of 4 copies from “nas” could NOT be restored/)
  const findings = (await ground.desk.catalog.copyPathsUnder(nas.id, ground.desk.roll.folder)).map(
    ({ latest }) => latest.finding,
  )
  assert.deepEqual(findings, ['differed', 'absent', 'agreed', 'agreed'])
  const [event] = await ground.desk.catalog.placeEvents({ placeId: nas.id, kind: 'drilled', limit: 1 })
  assert.deepEqual([event?.detail['good'], event?.detail['bad']], [1, 3])
})

test('[V1] a rehearsal takes no proof away, and adds none', async (context) => {
  const ground = await makeGround(context, 2)
  await ground.drill()
  const [copy] = await ground.desk.catalog.copiesAt(nas.id, { limit: 1 })
  assert.deepEqual([copy?.latest.atMs, proves(copy?.latest ?? null)], [30, true])
})

test('a place that is away, or that holds nothing, is said to be not rehearsed, and it is not done', async (context) => {
  const ground = await makeGround(context, 3)
  ground.away.add(pc.id)
  const outcome = await ground.drill()
  assert.deepEqual(
    outcome.places.map(({ name, drilled, sentence }) => [name, drilled, sentence]),
    [
      ['nas', true, null],
      ['pc', false, 'It lies in the safe.'],
    ],
  )
  assert.equal(outcome.outcome, 'incomplete')
  assert.match(outcome.sentence, /“pc” could not be drilled\.$/)
  assert.deepEqual(await ground.desk.catalog.placeEvents({ placeId: pc.id, limit: 9 }), [])
  const nowhere = await ground.drill({ place: 'pc' })
  assert.match(nowhere.sentence, /^Nothing could be rehearsed: “pc” could not be drilled\.$/)
  const empty = await makeGround(context, 0)
  const nothing = await empty.drill({ place: 'nas' })
  assert.deepEqual([nothing.outcome, nothing.places[0]?.sentence], ['incomplete', 'It holds no copies yet.'])
})

test('a sample that does not fit is not begun; the folder goes all the same', async (context) => {
  const ground = await makeGround(context, 3)
  ground.freeBytes = 10
  const outcome = await ground.drill()
  assert.deepEqual([outcome.outcome, ground.asked.length, ground.removed], ['incomplete', 0, 1])
  assert.match(outcome.places[0]?.sentence ?? '', /does not fit into \/home\/drill-1.*--sample/)
})

test('a share of a place is that share; a place that nobody knows is refused', async (context) => {
  const ground = await makeGround(context, 50)
  assert.equal((await ground.drill({ place: 'nas', sample: { percent: 10 } })).places[0]?.sample, 5)
  const { program } = ground.desk
  const wish = { place: 'nowhere', sample: null, seed: null }
  const refused = await drillPlaces(
    { ...program, scratchFolder: async () => failed(trouble('place-error')) },
    wish,
    () => undefined,
    never,
  )
  assert.equal(refused.ok ? '' : refused.failure.code, 'not-found')
})
