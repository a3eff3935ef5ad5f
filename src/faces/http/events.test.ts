/** One window at a time, over the very stream that goes to a browser; what is counted is what came, and no time is measured. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { events } from './events.ts'
import { keptSaid, Runs } from './runs.ts'

/** What never comes would be waited for without end. */
const patience = { timeout: 60_000 }

interface Told {
  readonly event: string
  readonly id: string | null
  readonly data: unknown
}

/** A window that reads only when it is asked to. */
interface Window extends AsyncDisposable {
  /** Reads on until an event fits, and answers all that came before it, with it. */
  until(fits: (told: Told) => boolean): Promise<Told[]>
}

async function openWindow(runs: Runs, lastEventId: string | null = null): Promise<Window> {
  const ended = new AbortController()
  const page = new Hono().get('/', (context) => events(context, runs, ended.signal))
  const answer = await page.request('/', { headers: lastEventId === null ? {} : { 'last-event-id': lastEventId } })
  assert.ok(answer.body)
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  const came: Told[] = []
  let rest = ''
  return {
    async until(fits) {
      for (;;) {
        const at = came.findIndex(fits)
        if (at !== -1) return came.splice(0, at + 1)
        const { value, done } = await reader.read()
        if (done) throw new Error('The stream ended.')
        const parts = `${rest}${value}`.split('\n\n')
        rest = parts.pop() ?? ''
        came.push(...parts.filter((part) => !part.startsWith(':')).map(parse))
      }
    },
    async [Symbol.asyncDispose]() {
      ended.abort()
      await reader.cancel()
    },
  }
}

function parse(part: string): Told {
  const line = (name: string): string | null =>
    part
      .split('\n')
      .find((one) => one.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? null
  return { event: line('event') ?? '', id: line('id'), data: JSON.parse(line('data') ?? 'null') }
}

const sentenceOf = ({ data }: Told): string => String(Reflect.get(Object(data), 'sentence'))
const isSaid =
  (sentence: string) =>
  (told: Told): boolean =>
    told.event === 'said' && sentenceOf(told) === sentence
const said = (told: readonly Told[]): string[] => told.filter(({ event }) => event === 'said').map(sentenceOf)

test('a window that comes back is told what it missed, and that alone', patience, async () => {
  const runs = new Runs()
  for (const sentence of ['a', 'b', 'c']) runs.say('said', sentence)
  await using first = await openWindow(runs)
  const came = await first.until(isSaid('b'))
  assert.deepEqual(said(came), ['a', 'b'])
  await using second = await openWindow(runs, came.at(-1)?.id)
  const after = await second.until(isSaid('c'))
  assert.deepEqual(
    after.map(({ event }) => event),
    ['said'],
  )
})

test(
  'a window that comes back to another start of the program is told to look again, and every sentence of it',
  patience,
  async () => {
    const before = new Runs()
    for (const sentence of ['a', 'b', 'c']) before.say('said', sentence)
    await using first = await openWindow(before)
    const id = (await first.until(isSaid('c'))).at(-1)?.id ?? ''
    const now = new Runs()
    for (const sentence of ['A', 'B', 'C']) now.say('said', sentence)
    await using second = await openWindow(now, id)
    const came = await second.until(isSaid('C'))
    assert.equal(came[0]?.event, 'again')
    assert.deepEqual(said(came), ['A', 'B', 'C'])
    now.say('said', 'D')
    assert.deepEqual(
      (await second.until(isSaid('D'))).filter(({ event }) => event === 'again'),
      [],
      'once is enough',
    )
  },
)

test(
  'a window that stops reading is told how much it missed: never silently fewer, and nothing heaps up for it',
  patience,
  async () => {
    const runs = new Runs()
    await using window = await openWindow(runs)
    await window.until(({ event }) => event === 'changed')
    const total = 20 * keptSaid
    for (let count = 1; count <= total; count += 1) {
      runs.say('said', String(count))
      // The stream gets its turn, as it does beside real work.
      if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const came = await window.until(isSaid(String(total)))
    let next = 1
    let missed = 0
    for (const told of came) {
      if (told.event === 'again') {
        const jumped = Number(Reflect.get(Object(told.data), 'missed'))
        missed += jumped
        next += jumped
      }
      if (told.event !== 'said') continue
      assert.equal(sentenceOf(told), String(next), 'no sentence is left out without a word')
      next += 1
    }
    assert.equal(said(came).length + missed, total)
    // What is kept for all, and the few that were on their way when it stopped.
    assert.ok(said(came).length <= keptSaid + 300, `${said(came).length} sentences waited for it`)
    assert.ok(missed > 0)
  },
)

test('a window that reads is told every one of ten thousand, in their order', patience, async () => {
  const runs = new Runs()
  await using window = await openWindow(runs)
  const all: string[] = []
  const wanted: string[] = []
  for (let hundred = 0; hundred < 100; hundred += 1) {
    for (let count = 0; count < 100; count += 1) wanted.push(`${hundred}.${count}`)
    for (const sentence of wanted.slice(-100)) runs.say('said', sentence)
    const came = await window.until(isSaid(`${hundred}.99`))
    assert.deepEqual(
      came.filter(({ event }) => event === 'again'),
      [],
    )
    all.push(...said(came))
  }
  assert.deepEqual(all, wanted)
})
