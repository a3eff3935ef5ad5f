import assert from 'node:assert/strict'
import { test } from 'node:test'
import { done, failed } from '../domain/failure.ts'
import type { Program } from './program.ts'
import { never, trouble } from './sample.test.ts'
import { seenFrom, SharedHome } from './share-home.ts'

/** A home that counts how often it is open, and is slow to close. */
function countingHome() {
  const open = { now: 0, most: 0, times: 0 }
  const shared = new SharedHome(async (access) => {
    if (access === 'look') return done({ program: {} as Program, wanted: never, close: async () => undefined })
    open.now += 1
    open.times += 1
    open.most = Math.max(open.most, open.now)
    const close = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve))
      open.now -= 1
    }
    return done({ program: {} as Program, wanted: never, close })
  })
  return { shared, open }
}

type Answer = Awaited<ReturnType<SharedHome['open']>>
const close = async (answer: Promise<Answer>): Promise<void> => {
  const opened = await answer
  assert.ok(opened.ok)
  await opened.value.close()
}
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  const late = Symbol('late')
  const first = await Promise.race([promise, new Promise((resolve) => setTimeout(() => resolve(late), 5))])
  return first !== late
}

test('whoever writes is alone, and those who wait come in their order', async () => {
  const { shared, open } = countingHome()
  const order: string[] = []
  const one = shared.open('write', 'verify')
  await one
  const rest = ['repair', 'drill'].map(async (what) => {
    const opened = await shared.open('write', what)
    order.push(what)
    assert.ok(opened.ok)
    await opened.value.close()
  })
  assert.equal(await settled(Promise.all(rest)), false)
  assert.equal(shared.atWork, 'verify')
  await close(one)
  await Promise.all(rest)
  assert.deepEqual(order, ['repair', 'drill'])
  assert.equal(open.most, 1)
  assert.equal(shared.atWork, null)
})

test('a card goes beside another card, with the same catalog, and before all others that wait', async () => {
  const { shared, open } = countingHome()
  const first = shared.open('beside', 'card A')
  await first
  const second = shared.open('beside', 'card B')
  assert.equal(await settled(second), true)
  assert.equal(open.times, 1)
  await close(first)
  assert.equal(open.now, 1, 'closed under the second card')
  await close(second)
  assert.equal(open.now, 0)

  const upload = shared.open('write', 'upload')
  await upload
  const later = shared.open('write', 'drill')
  const cards = [shared.open('beside', 'card C'), shared.open('beside', 'card D')]
  await close(upload)
  assert.equal(await settled(Promise.all(cards)), true)
  assert.equal(await settled(later), false)
  for (const card of cards) await close(card)
  await close(later)
  assert.equal(open.most, 1)
})

test('a card that comes while the catalog is being closed gets it opened anew', async () => {
  const { shared, open } = countingHome()
  const first = shared.open('beside', 'card A')
  const opened = await first
  assert.ok(opened.ok)
  const closing = opened.value.close()
  const second = shared.open('beside', 'card B')
  await closing
  await second
  assert.deepEqual([open.now, open.times, open.most], [1, 2, 1])
  await close(second)
})

test('what is at work hears that somebody waits, also when they waited before it listened', async () => {
  const { shared } = countingHome()
  const upload = shared.open('write', 'upload')
  await upload
  let heard = 0
  const release = shared.onWanted(() => (heard += 1))
  assert.equal(heard, 0)
  const card = shared.open('beside', 'card')
  assert.equal(heard, 1)
  shared.onWanted(() => (heard += 10))()
  assert.equal(heard, 11)
  release()
  const more = shared.open('write', 'drill')
  assert.equal(heard, 11)
  await close(upload)
  await close(card)
  await close(more)
})

test('a restore, which may take days, goes beside cards', async () => {
  const { shared, open } = countingHome()
  const restore = shared.open('beside', 'restore')
  await restore
  const card = shared.open('beside', 'card')
  assert.equal(await settled(card), true)
  await close(card)
  assert.equal(open.now, 1)
  await close(restore)
})

test('what gives way is told that somebody waits, goes last, and two of them leave each other alone', async () => {
  const { shared } = countingHome()
  const upload = await shared.open('give-way', 'upload')
  assert.ok(upload.ok)
  const other = shared.open('give-way', 'another upload')
  assert.equal(upload.value.wanted.aborted, false)
  const drill = shared.open('write', 'drill')
  assert.equal(upload.value.wanted.aborted, true)
  const card = shared.open('beside', 'card')
  await upload.value.close()
  assert.equal(await settled(card), true)
  assert.equal(await settled(drill), false)
  await close(card)
  assert.equal(await settled(other), false)
  await close(drill)
  assert.equal(await settled(other), true)
  await close(other)
})

test('who waits is told once for what, and may stop waiting', async () => {
  const { shared } = countingHome()
  const verify = shared.open('write', 'verify')
  await verify
  const told: string[] = []
  const stop = new AbortController()
  const upload = shared.open('give-way', 'upload', { tell: (sentence) => told.push(sentence), inTurn: stop.signal })
  assert.deepEqual(told, ['Waiting until this is done: verify.'])
  stop.abort()
  const answer = await upload
  assert.ok(!answer.ok)
  assert.equal(answer.failure.code, 'stopped-by-person')
  await close(verify)
  assert.equal(shared.atWork, null)
})

test('a home that can’t be opened is nobody’s afterwards', async () => {
  const shared = new SharedHome(async () => failed(trouble('catalog-damaged')))
  assert.equal((await shared.open('write', 'verify')).ok, false)
  assert.equal(shared.atWork, null)
  assert.equal((await shared.open('beside', 'card')).ok, false)
})

test('a turn in passing is only taken when nobody has it', async () => {
  const { shared } = countingHome()
  const release = shared.tryTurn('settings')
  assert.ok(release !== null)
  assert.equal(shared.tryTurn('settings'), null)
  const waiting = shared.open('write', 'verify')
  assert.equal(await settled(waiting), false)
  release()
  assert.equal(await settled(waiting), true)
  await close(waiting)
})

test('paths are meant from where the person stands, and settings stay those of now', () => {
  let version = '1'
  const program = {
    get settings() {
      return version
    },
    paths: { absolute: (path: string) => `/home/${path}`, join: () => 'joined' },
  } as unknown as Program
  const seen = seenFrom(program, (path) => `/elsewhere/${path}`)
  assert.equal(seen.paths.absolute('card'), '/elsewhere/card')
  assert.equal(seen.paths.join('a'), 'joined')
  version = '2'
  assert.deepEqual(seen.settings, '2')
})
