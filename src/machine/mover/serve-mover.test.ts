import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePlaceId } from '../../domain/ids.ts'
import type { CopyReport, Hands, MoverEnd, PlaceAddress, Watch } from '../../engine/contracts.ts'
import type { MoverProcess } from './mover-process.ts'
import { startMover } from './mover-process.ts'

/* Both sides together: the real parent, and the real child around a mover that plays a short script. */

const nas: PlaceAddress = { id: parsePlaceId('nas'), name: 'NAS', folder: '/nas', declaredDevice: null }
const pc: PlaceAddress = { id: parsePlaceId('pc'), name: 'PC', folder: '/pc', declaredDevice: null }
const never = new AbortController().signal

/** Made in the child, so it sees nothing but what it is given. */
type Make = (watch: Watch) => Partial<Hands>

function started(context: TestContext, make: Make, stallMs = 30_000): MoverProcess {
  const serve = new URL('serve-mover.ts', import.meta.url).href
  const code = `
    import { serveMover } from ${JSON.stringify(serve)}
    const make = ${make.toString()}
    serveMover((watch) => make(watch(() => undefined)))`
  const mover = startMover({ command: [process.execPath, '--input-type=module', '--eval', code], stallMs })
  context.after(() => mover.end())
  return mover
}

const copy = (mover: MoverProcess, heard: CopyReport[], cancel = never): Promise<MoverEnd> =>
  mover.copy(
    { from: { kind: 'card', root: '/card' }, places: [nas, pc], orders: [] },
    (report) => heard.push(report),
    () => undefined,
    cancel,
  )

test('every report arrives once, in its order, and before the end', async (context) => {
  const mover = started(context, () => ({
    copy: async (_, report) => {
      for (let number = 0; number < 1000; number += 1) {
        report({ kind: 'unread', number, failure: { code: 'card-unreadable', sentence: 'é'.repeat(300), advice: '' } })
        if (number % 300 === 0) await new Promise((resolve) => setTimeout(resolve, 120))
      }
      return { kind: 'finished' }
    },
  }))
  const heard: CopyReport[] = []
  assert.deepEqual(await copy(mover, heard), { kind: 'finished' })
  assert.deepEqual(
    heard.map(({ number }) => number),
    Array.from({ length: 1000 }, (_, number) => number),
  )
})

test('a bug in the child ends it, and is told with where it happened', async (context) => {
  const mover = started(context, () => ({
    copy: () => Promise.reject(new TypeError('nothing is something')),
  }))
  const end = await copy(mover, [])
  assert.ok(end.kind === 'failed')
  assert.equal(end.failure.code, 'mover-died')
  assert.match(end.failure.cause ?? '', /^TypeError: nothing is something\n +at \S*copy/)
})

test('a stop reaches the work, and what is reported until it ends arrives', async (context) => {
  const mover = started(context, () => ({
    copy: (_work, report, _progress, cancel) =>
      new Promise((resolve) => {
        const say = (number: number): void =>
          report({ kind: 'unread', number, failure: { code: 'card-unreadable', sentence: '', advice: '' } })
        say(7)
        cancel.addEventListener('abort', () => {
          say(8)
          resolve({ kind: 'cancelled' })
        })
      }),
  }))
  const cancel = new AbortController()
  const heard: CopyReport[] = []
  const copying = copy(mover, heard, cancel.signal)
  cancel.abort()
  assert.deepEqual(await copying, { kind: 'cancelled' })
  assert.deepEqual(
    heard.map(({ number }) => number),
    [7, 8],
  )
})

test('[J2] what is waited for is told by a child that can still speak, and by its byte when it can not', async (context) => {
  const speaks = started(
    context,
    (watch) => ({
      copy: (work) => {
        const [, second] = work.places
        if (second !== undefined) watch.begin(second.id, 'flush')
        return new Promise(() => undefined)
      },
    }),
    800,
  )
  assert.deepEqual(await copy(speaks, []), { kind: 'hung', where: 'pc' })
  const silent = started(
    context,
    (watch) => ({
      copy: async (work) => {
        const [, second] = work.places
        if (second !== undefined) watch.begin(second.id, 'flush')
        for (;;);
      },
    }),
    800,
  )
  assert.deepEqual(await copy(silent, []), { kind: 'hung', where: 'pc' })
})
