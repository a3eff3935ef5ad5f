import assert from 'node:assert/strict'
import { test } from 'node:test'
import { done, failed } from '../domain/failure.ts'
import type { Message, NewsNow } from '../domain/news-rules.ts'
import { trouble } from './sample.test.ts'
import type { Channel, NewsBook } from './tell-news.ts'
import { NewsDesk } from './tell-news.ts'

const minuteMs = 60_000
const rules = { quiet: 'none', digest: 'off' } as const
const wiped = { key: 'check-failed nas', code: 'check-failed', sentence: 'It looks wiped.', sinceMs: 0 } as const
const now = (...facts: NewsNow['facts']): NewsNow => ({ facts, sentence: '', localTime: '2026-11-24T12:00:00' })

/** A book that outlives the desk, as the file of the home does. */
function office() {
  const disk: { book: NewsBook } = { book: { told: { facts: [], digestAtMs: null }, waiting: [] } }
  const clock = { atMs: 1_000_000, nowMs: () => clock.atMs }
  const keeper = {
    read: async () => structuredClone(disk.book),
    save: async (book: NewsBook) => {
      disk.book = structuredClone(book)
    },
  }
  return { disk, clock, open: () => new NewsDesk(keeper, clock) }
}

function channel(name: string, sent: string[], wish: Partial<Channel> & { fails?: () => boolean } = {}): Channel {
  return {
    name,
    levels: new Set(['alarm', 'notice', 'digest']),
    triesAgain: true,
    send: async ({ text }) => {
      sent.push(`${name}: ${text}`)
      return wish.fails?.() === true ? failed(trouble('news-not-sent')) : done(undefined)
    },
    ...wish,
  }
}

test('what is told goes by every way once, also after a restart', async () => {
  const { open } = office()
  const sent: string[] = []
  const channels = [channel('mail', sent), channel('ntfy', sent)]
  for (let life = 0; life < 3; life += 1) {
    const desk = open()
    for (let look = 0; look < 3; look += 1) {
      await desk.look(now(wiped), rules, channels)
      await desk.send(channels)
    }
  }
  assert.deepEqual(sent, ['mail: It looks wiped.', 'ntfy: It looks wiped.'])
})

test('a process that is killed in the very moment of sending sends nothing twice', async () => {
  const { open } = office()
  const sent: string[] = []
  const killed = channel('mail', sent, {
    send: ({ text }) => {
      sent.push(text)
      return new Promise(() => undefined)
    },
  })
  const desk = open()
  await desk.look(now(wiped), rules, [killed])
  void desk.send([killed])
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(sent.length, 1)
  const again = open()
  await again.look(now(wiped), rules, [killed])
  await again.send([channel('mail', sent)])
  assert.equal(sent.length, 1)
})

test('what was put down before a kill is sent by the next one', async () => {
  const { open } = office()
  const sent: string[] = []
  const mail = channel('mail', sent)
  await open().look(now(wiped), rules, [mail])
  assert.deepEqual(sent, [])
  await open().send([mail])
  assert.equal(sent.length, 1)
})

test('a way that does not answer is tried again, ever more seldom, and holds up no other', async () => {
  const { open, clock, disk } = office()
  const sent: string[] = []
  let isDown = true
  const channels = [channel('mail', sent, { fails: () => isDown }), channel('ntfy', sent)]
  const desk = open()
  await desk.look(now(wiped), rules, channels)
  const tries: number[] = []
  for (let minute = 0; minute < 120; minute += 1) {
    const before = sent.length
    await desk.send(channels)
    if (sent.length > before) tries.push(minute)
    clock.atMs += minuteMs
  }
  assert.deepEqual(tries, [0, 1, 3, 7, 15, 31, 63])
  assert.equal(sent.filter((one) => one.startsWith('ntfy')).length, 1)
  isDown = false
  clock.atMs += 60 * minuteMs
  assert.equal(await desk.send(channels), null)
  assert.deepEqual(disk.book.waiting, [])
  // And nobody tries for ever.
  isDown = true
  await desk.look(now(), rules, channels)
  for (let hour = 0; hour < 100; hour += 1) {
    await desk.send(channels)
    clock.atMs += 60 * minuteMs
  }
  assert.deepEqual(disk.book.waiting, [])
})

test('each way gets what it is for; a window on the screen is not shown days later', async () => {
  const { open, disk } = office()
  const sent: string[] = []
  const mail = channel('mail', sent, { levels: new Set(['alarm']) })
  const screen = channel('desktop', sent, { triesAgain: false, fails: () => true })
  const desk = open()
  const notice: Message = { id: '1', level: 'notice', atMs: 0, title: '', text: 'Card done.', details: null }
  await desk.tell(notice, [mail, screen])
  await desk.tell(notice, [mail, screen])
  await desk.send([mail, screen])
  assert.deepEqual(sent, ['desktop: Card done.'])
  assert.deepEqual(disk.book.waiting, [])
})

test('a way that was taken out of the settings keeps nothing waiting', async () => {
  const { open, disk } = office()
  const desk = open()
  await desk.look(now(wiped), rules, [channel('mail', [])])
  assert.equal(await desk.send([]), null)
  assert.deepEqual(disk.book.waiting, [])
})
