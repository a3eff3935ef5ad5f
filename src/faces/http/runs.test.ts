import assert from 'node:assert/strict'
import { test } from 'node:test'
import { done, failed } from '../../domain/failure.ts'
import type { Requests } from '../../usecases/requests.ts'
import type { Unheard } from './runs.ts'
import { keptSaid, Runs } from './runs.ts'

/** Requests of which only those that a test gives are there. */
const only = (given: Partial<Record<keyof Requests, unknown>>): Requests => given as Requests
const noOne = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }

test('what is heard of a card becomes one line that moves, and stays when it is over', async () => {
  const runs = new Runs('mark')
  const heard: string[] = []
  const requests = only({
    verify: async (_wish: unknown, hear: (happening: object) => void) => {
      hear({ type: 'phase', card: 'nas', phase: 'verify', files: 2, bytes: 100 })
      hear({
        type: 'progress',
        card: 'nas',
        phase: 'verify',
        bytesRead: 40,
        bytesWritten: 0,
        bytesProven: 0,
        path: 'a',
      })
      heard.push(JSON.stringify(runs.all))
      hear({ type: 'said', card: 'nas', code: 'x', sentence: 'Half of it.' })
      return done({ outcome: 'done', sentence: 'All good.' })
    },
  })
  let told = 0
  runs.listen({ runs: () => (told += 1), said: () => undefined, changed: () => undefined })
  await runs
    .watch(requests)
    .verify({ place: 'nas', job: null, samplePercent: null, budgetMs: null }, () => undefined, noOne)
  assert.match(heard[0] ?? '', /"state":"running".*"phase":"verify","doneBytes":40,"totalBytes":100/)
  assert.deepEqual(
    runs.all.map(({ request, subject, state, sentence }) => ({ request, subject, state, sentence })),
    [{ request: 'verify', subject: 'nas', state: 'done', sentence: 'All good.' }],
  )
  assert.deepEqual(
    runs.after('mark-0').said.map(({ sentence }) => sentence),
    ['Half of it.'],
  )
  assert.deepEqual(runs.after('mark-1').said, [])
  assert.ok(told >= 3)
})

test('what did not come to its end is not called done', async () => {
  const runs = new Runs()
  const failure = { code: 'place-full', sentence: 'Full.', advice: 'Make room.' } as const
  const requests = only({
    drill: async () => failed(failure),
    upload: async () => done({ outcome: 'incomplete', sentence: 'One is left.' }),
    ingest: async () => done([done({ outcome: 'done', sentence: 'One card.' }), failed(failure)]),
    repair: async () => {
      throw new Error('a bug')
    },
  })
  const watched = runs.watch(requests)
  await watched.drill({ place: null, sample: null, seed: null }, () => undefined, noOne)
  await watched.upload({ place: null, job: null, now: false, wait: false }, () => undefined, noOne)
  await watched.ingest([{ card: '/a', job: null, client: null }], () => undefined, noOne)
  const wish = { place: null, job: null, dryRun: false, edited: false, evenSo: false }
  await assert.rejects(
    watched.repair(wish, () => undefined, noOne),
    /a bug/,
  )
  assert.deepEqual(
    runs.all.map(({ state, sentence }) => `${state}: ${sentence}`),
    ['failed: a bug', 'failed: One card. Full. Make room.', 'failed: One is left.', 'failed: Full. Make room.'],
  )
})

test('a run is stopped from the page, or by whoever asked, and leaves no listener behind', async () => {
  const runs = new Runs()
  const listeners = new Set<() => void>()
  const theirs = {
    aborted: false,
    addEventListener: (_type: 'abort', listener: () => void) => void listeners.add(listener),
    removeEventListener: (_type: 'abort', listener: () => void) => void listeners.delete(listener),
  }
  const requests = only({
    drill: (_wish: unknown, _hear: unknown, cancel: AbortSignal) =>
      new Promise((resolve) => {
        cancel.addEventListener('abort', () => resolve(done({ outcome: 'stopped', sentence: 'Stopped.' })), {
          once: true,
        })
      }),
  })
  for (const stop of [(id: string) => runs.stop(id), () => listeners.forEach((listener) => listener())]) {
    let id = ''
    const watched = runs.watch(requests, (begun) => (id = begun))
    const running = watched.drill({ place: null, sample: null, seed: null }, () => undefined, theirs)
    stop(id)
    await running
    assert.equal(runs.all[0]?.sentence, 'Stopped.')
    assert.equal(listeners.size, 0)
    assert.equal(runs.stop(id), false)
  }
})

test('a short request that changes something is told, one that looks is not', async () => {
  const runs = new Runs()
  let changed = 0
  runs.listen({ runs: () => undefined, said: () => undefined, changed: () => (changed += 1) })
  const watched = runs.watch(only({ stepJob: async () => done({}), listJobs: async () => done([]) }))
  await watched.listJobs()
  assert.equal(changed, 0)
  await watched.stepJob('a', 'deliver')
  assert.equal(changed, 1)
  assert.equal(runs.all.length, 0)
})

test('whoever heard a sentence is told those after it; another start counts anew, and is told from its beginning', () => {
  const [before, now] = [new Runs(), new Runs()]
  for (const sentence of ['a', 'b', 'c']) for (const runs of [before, now]) runs.say('said', sentence)
  const [first, , last] = before.after(before.beginning).said
  assert.deepEqual(
    before.after(first?.id ?? '').said.map(({ sentence }) => sentence),
    ['b', 'c'],
  )
  assert.deepEqual(before.after(last?.id ?? ''), { again: false, missed: 0, said: [] })
  for (const id of [last?.id ?? '', '', '3', 'nothing-3', `${now.beginning.split('-')[0]}-4`]) {
    const { again, missed, said } = now.after(id)
    assert.deepEqual([again, missed, said.map(({ sentence }) => sentence).join('')], [true, 0, 'abc'], id)
  }
})

test('only so many sentences are kept, and whoever is further behind is told how many there were', () => {
  const runs = new Runs('mark')
  for (let count = 1; count <= keptSaid + 20; count += 1) runs.say('said', String(count))
  assert.deepEqual(count(runs.after('mark-5')), [true, 15, keptSaid, '21'])
  assert.deepEqual(count(runs.after('mark-20')), [false, 0, keptSaid, '21'])
  assert.deepEqual(count(runs.after('mark-21')), [false, 0, keptSaid - 1, '22'])
  assert.deepEqual(count(runs.after(runs.beginning)), [false, 0, keptSaid, '21'])
  assert.deepEqual(count(runs.after('other-510')), [true, 20, keptSaid, '21'])
})

const count = ({ again, missed, said }: Unheard): unknown[] => [again, missed, said.length, said[0]?.sentence]
