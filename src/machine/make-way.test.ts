import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Cancel } from '../engine/contracts.ts'
import { acquireByAsking, acquireGivingWay, acquireInTurn } from './make-way.ts'
import type { LockHolder } from './one-writer-lock.ts'
import { acquireLock } from './one-writer-lock.ts'

let home = ''

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fivefold-make-way-'))
})

afterEach(() => rm(home, { recursive: true }))

const request = (): string => join(home, 'lock-wanted.json')
const isThere = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  )

async function giving(what = 'upload'): Promise<{ readonly wanted: Cancel; readonly release: () => void }> {
  const answer = await acquireGivingWay(home, what)
  assert.ok(answer.ok)
  return answer
}

const wantedOf = ({ wanted }: { readonly wanted: Cancel }): Promise<void> =>
  new Promise((resolve) => wanted.addEventListener('abort', resolve))

const leavesRequest = (atMs: number): Promise<void> =>
  writeFile(request(), JSON.stringify({ pid: process.pid, what: 'ingest /card', atMs }))

const never = new AbortController().signal
const neverTold = (): void => assert.fail('nobody has to wait')

test('who gives way is told that he is wanted, leaves, and the other one has the lock', async () => {
  const upload = await giving()
  const told: LockHolder[] = []
  const asking = acquireByAsking(home, 'ingest', (holder) => told.push(holder))
  await wantedOf(upload)
  upload.release()
  const ingest = await asking
  assert.ok(ingest.ok)
  assert.deepEqual(
    told.map(({ what }) => what),
    ['upload'],
  )
  assert.equal(await isThere(request()), false, 'the request is taken back')
  assert.equal((await acquireGivingWay(home, 'upload')).ok, false)
  ingest.release()
})

test('a holder who is on his way out is waited for longer than one who does not even notice', async () => {
  const upload = await giving()
  const asking = acquireByAsking(home, 'ingest', () => undefined, { noticeMs: 1500, leaveMs: 30_000 })
  await wantedOf(upload)
  await wait(2500)
  upload.release()
  const ingest = await asking
  assert.ok(ingest.ok)
  ingest.release()
})

test('one who does not answer, as a stopped process does not, is named after a while', async () => {
  // The note of one who gives way, and nobody behind it that looks for requests.
  const lock = await acquireLock(home, 'upload', { givesWay: true })
  assert.ok(lock.ok)
  const answer = await acquireByAsking(home, 'ingest', () => undefined, { noticeMs: 1500, leaveMs: 30_000 })
  assert.ok(!answer.ok)
  assert.deepEqual([answer.heldBy.pid, answer.heldBy.what, answer.heldBy.givesWay], [process.pid, 'upload', true])
  assert.equal(await isThere(request()), false)
  lock.release()
})

test('one who does not give way is never asked', async () => {
  const ingest = await acquireLock(home, 'ingest')
  assert.ok(ingest.ok)
  const answer = await acquireByAsking(home, 'verify', neverTold)
  assert.ok(!answer.ok)
  assert.equal(answer.heldBy.what, 'ingest')
  assert.equal(await isThere(request()), false)
  ingest.release()
})

test('work that gives way asks nobody to make way', async () => {
  const upload = await giving()
  const second = await acquireGivingWay(home, 'upload')
  assert.ok(!second.ok)
  await wait(1000)
  assert.equal(upload.wanted.aborted, false)
  upload.release()
})

test('of two who ask one gets it, and the other is told by whom it is held', async () => {
  const upload = await giving()
  const asking = ['ingest', 'verify'].map((what) => acquireByAsking(home, what, () => undefined))
  await wantedOf(upload)
  upload.release()
  const answers = await Promise.all(asking)
  assert.equal(answers.filter(({ ok }) => ok).length, 1)
  for (const answer of answers) {
    if (answer.ok) answer.release()
    else assert.notEqual(answer.heldBy.what, 'upload')
  }
  assert.equal(await isThere(request()), false)
})

test('who asks goes first; a request that nobody renews keeps nobody waiting', async () => {
  await leavesRequest(Date.now())
  const now = await acquireGivingWay(home, 'upload')
  assert.ok(!now.ok)
  assert.equal(now.heldBy.what, 'ingest /card')
  let waited = 0
  const turn = await acquireInTurn(home, 'upload', never, () => (waited += 1))
  assert.ok(turn !== null)
  assert.equal(waited, 1)
  await wait(1000)
  assert.equal(turn.wanted.aborted, false, 'the old request is still there, and means nothing')
  turn.release()
})

test('a request from the future, of a clock that was set back, means nothing', async () => {
  await leavesRequest(Date.now() + 60 * 60 * 1000)
  const upload = await giving()
  await wait(1000)
  assert.equal(upload.wanted.aborted, false)
  upload.release()
})

test('a turn comes when the lock is free, and not after a person said stop', async () => {
  const ingest = await acquireLock(home, 'ingest')
  assert.ok(ingest.ok)
  const stop = new AbortController()
  const stopped = acquireInTurn(home, 'upload', stop.signal, () => undefined)
  const told = Promise.withResolvers<string>()
  const turn = acquireInTurn(home, 'upload', never, ({ what }) => told.resolve(what))
  stop.abort()
  assert.equal(await stopped, null)
  // Only while it holds the lock its note says who it is.
  assert.equal(await told.promise, 'ingest')
  ingest.release()
  const upload = await turn
  assert.ok(upload !== null)
  upload.release()
})
