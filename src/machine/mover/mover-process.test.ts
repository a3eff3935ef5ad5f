import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { parseContentHash, parsePlaceId } from '../../domain/ids.ts'
import type { CopyOrder, CopyReport, MoverEnd, PlaceAddress, ProveReport } from '../../engine/contracts.ts'
import type { MoverProcess } from './mover-process.ts'
import { startMover } from './mover-process.ts'

/*
 * Against children that play a short script. What is asserted is what comes out, never how long it takes; the limits are short so
 * that nobody waits long.
 */

const address = (name: string): PlaceAddress => ({
  id: parsePlaceId(name),
  name: name.toUpperCase(),
  folder: `/${name}`,
  declaredDevice: null,
})
const nas = address('nas')
const pc = address('pc')
const never = new AbortController().signal
const hash = parseContentHash('0'.repeat(32))
const orders: readonly CopyOrder[] = [0, 1].map((number) => ({
  number,
  path: `${number}.jpg`,
  bytes: 1,
  mtimeMs: 1,
  to: [],
  expected: null,
}))

interface Heard {
  readonly id: number
  readonly ask?: string
  readonly cancel?: number
  readonly place?: { readonly id: string }
  readonly paths?: readonly string[]
}
/** Plays in the child, so it sees nothing but what it is given. `stuck` never returns, and nothing in the child goes on. */
type Script = (order: Heard, say: (saying: object) => void, stuck: (knock: number) => void) => void

const commandOf = (script: Script): readonly string[] => [
  process.execPath,
  '--input-type=module',
  '--eval',
  `import { writeSync } from 'node:fs'
   import { createInterface } from 'node:readline'
   const say = (saying) => writeSync(1, JSON.stringify(saying) + '\\n')
   const stuck = (knock) => {
     writeSync(3, new Uint8Array([knock]), 0, 1, 0)
     Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
   }
   const script = ${script.toString()}
   say({ beat: null })
   const beating = setInterval(() => say({ beat: null }), 100)
   createInterface({ input: process.stdin })
     .on('line', (line) => script(JSON.parse(line), say, stuck))
     .on('close', () => process.exit(0))`,
]

function started(context: TestContext, script: Script, stallMs = 30_000): MoverProcess {
  const mover = startMover({ command: commandOf(script), stallMs })
  context.after(() => mover.end())
  return mover
}

const copy = (mover: MoverProcess, heard: CopyReport[] = [], cancel = never): Promise<MoverEnd> =>
  mover.copy(
    { from: { kind: 'card', root: '/card' }, places: [nas, pc], orders },
    (report) => heard.push(report),
    () => undefined,
    cancel,
  )
const failureOf = (end: MoverEnd): string =>
  end.kind === 'failed' ? `${end.failure.code} ${end.failure.cause}` : end.kind

/** The child says which process it is: how many answered can be told from it. */
const sayPid: Script = ({ id, ask }, say) => {
  if (ask === 'sweep') say({ id, answer: 'swept', result: { ok: true, value: process.pid } })
}
const pidOf = async (mover: MoverProcess): Promise<number> => {
  const swept = await mover.sweep(nas)
  assert.ok(swept.ok, swept.ok ? '' : swept.failure.sentence)
  return swept.value
}

test('what is asked is answered, each question with its own answer, by one child', async (context) => {
  const mover = started(context, ({ id, ask, place }, say) => {
    const result = { ok: true, value: `${ask} ${place?.id}` }
    const answers = {
      mark: 'marked',
      note: 'noted',
      'read-note': 'note',
      'try-out': 'tried',
      sweep: 'swept',
      'list-place': 'place-listing',
      'set-aside': 'set-aside',
    }
    const [, answer] = Object.entries(answers).find(([name]) => name === ask) ?? []
    // In another order than they were asked in.
    setTimeout(() => say({ id, answer, result }), ask === 'mark' ? 50 : 0)
  })
  const answers = await Promise.all([
    mover.mark(nas, '{}'),
    mover.note(pc, []),
    mover.readNote(nas, 'x'),
    mover.tryOut(pc),
    mover.sweep(nas),
    mover.listPlace(pc, 'job', never),
    mover.setAside(nas, []),
  ])
  assert.deepEqual(
    answers.map((one) => (one.ok ? one.value : one.failure.code)),
    ['mark nas', 'note pc', 'read-note nas', 'try-out pc', 'sweep nas', 'list-place pc', 'set-aside nas'],
  )
})

test('reports and progress are heard before the end is told', async (context) => {
  const mover = started(context, ({ id }, say) => {
    say({ id, progress: { bytesRead: 1, bytesWritten: 2, bytesProven: 3, path: '0.jpg' } })
    say({ id, proved: [{ kind: 'checked', number: 0 }] })
    say({ id, proved: [{ kind: 'checked', number: 1 }] })
    say({ id, answer: 'end', end: { kind: 'finished' } })
  })
  const heard: ProveReport[] = []
  const paths: string[] = []
  const end = await mover.prove(
    { place: nas, orders: [{ number: 0, path: '0.jpg', expected: hash }] },
    (report) => heard.push(report),
    ({ path }) => paths.push(path),
    never,
  )
  assert.deepEqual([end.kind, heard.map(({ number }) => number), paths], ['finished', [0, 1], ['0.jpg']])
})

test('[J1] a child that dies in the middle ends the work with what it said; the next request gets a new child', async (context) => {
  const mover = started(context, ({ id, ask }, say) => {
    if (ask === 'sweep') say({ id, answer: 'swept', result: { ok: true, value: process.pid } })
    else {
      say({ id, copied: [{ kind: 'read', number: 0 }] })
      process.exit(3)
    }
  })
  const first = await pidOf(mover)
  const heard: CopyReport[] = []
  assert.equal(failureOf(await copy(mover, heard)), 'mover-died It ended by exit code 3.')
  assert.deepEqual(
    heard.map(({ number }) => number),
    [0],
  )
  assert.notEqual(await pidOf(mover), first)
})

test('the bug that a child dies of is told in its own words', async (context) => {
  const mover = started(context, (_, say) => {
    say({ bug: 'TypeError: nothing is something' })
    process.exit(1)
  })
  assert.equal(failureOf(await copy(mover)), 'mover-died TypeError: nothing is something')
})

test('a child that can not even be started is a mover that died', async (context) => {
  const mover = startMover({ command: ['/there/is/no/such/program'], stallMs: 30_000 })
  context.after(() => mover.end())
  assert.match(failureOf(await copy(mover)), /^mover-died .*ENOENT/)
})

test('[J2] a child that hangs so hard that it is silent is let go; the byte it left tells where it knocked', async (context) => {
  const cases: readonly (readonly [Script, string])[] = [
    [
      ({ id, ask }, say, stuck) =>
        ask === 'sweep' ? say({ id, answer: 'swept', result: { ok: true, value: process.pid } }) : stuck(1),
      'card',
    ],
    [
      ({ id, ask }, say, stuck) =>
        ask === 'sweep' ? say({ id, answer: 'swept', result: { ok: true, value: process.pid } }) : stuck(3),
      'pc',
    ],
  ]
  for (const [script, where] of cases) {
    const mover = started(context, script, 900)
    const first = await pidOf(mover)
    assert.deepEqual(await copy(mover), { kind: 'hung', where })
    assert.notEqual(await pidOf(mover), first, 'the next request gets a new child')
  }
})

test('[J2] a child that says for how long it has been waiting is let go when that is too long, with all that it was asked', async (context) => {
  const mover = started(context, ({ ask }, say) => {
    if (ask === 'note') say({ beat: { where: 'nas', verb: 'flush', forMs: 99_999 } })
  })
  const copying = copy(mover)
  const noted = await mover.note(pc, [])
  assert.equal(noted.ok ? 'noted' : noted.failure.code, 'place-hung')
  assert.deepEqual(await copying, { kind: 'hung', where: 'nas' })
})

test('a wait that is not too long harms nobody', async (context) => {
  const mover = started(context, ({ id }, say) => {
    say({ beat: { where: 'nas', verb: 'flush', forMs: 20_000 } })
    say({ id, answer: 'end', end: { kind: 'finished' } })
  })
  assert.deepEqual(await copy(mover), { kind: 'finished' })
})

test('[J2] a place that does not say who it is in its time is unknown; the others answer, and the next request gets a new child', async (context) => {
  const mover = started(context, ({ id, ask, place }, say) => {
    if (ask === 'sweep') say({ id, answer: 'swept', result: { ok: true, value: process.pid } })
    else if (place?.id === 'pc')
      setTimeout(() => say({ id, answer: 'identity', identity: { kind: 'unmarked', sentence: 'No marker.' } }), 600)
  })
  const first = await pidOf(mover)
  const others = mover.identify(pc, 20_000)
  assert.deepEqual(await mover.identify(nas, 200), { kind: 'unknown', sentence: '“NAS” does not answer.' })
  assert.notEqual(await pidOf(mover), first)
  assert.equal((await others).kind, 'unmarked')
})

test('a person who says stop is heard by the child, also when it was said before the work began', async (context) => {
  const script: Script = ({ cancel }, say) => {
    if (cancel !== undefined) say({ id: cancel, answer: 'end', end: { kind: 'cancelled' } })
  }
  const cancel = new AbortController()
  const copying = copy(started(context, script), [], cancel.signal)
  cancel.abort()
  assert.deepEqual(await copying, { kind: 'cancelled' })
  assert.deepEqual(await copy(started(context, script), [], AbortSignal.abort()), { kind: 'cancelled' })
})

test('[J2] a child that does not stop when a person says so is let go, and nobody waits for it any more', async (context) => {
  const mover = started(context, () => undefined)
  const cancel = new AbortController()
  const copying = copy(mover, [], cancel.signal)
  const sweeping = mover.sweep(nas)
  // A card that is still being listed was stopped then; it does not count as hung.
  const listing = started(context, () => undefined).list('/card', cancel.signal)
  cancel.abort()
  const codes = [await sweeping, await listing].map((one) => (one.ok ? 'done' : one.failure.code))
  assert.deepEqual([await copying, ...codes], [{ kind: 'cancelled' }, 'mover-died', 'stopped-by-person'])
})

test('whoever is let go in the middle is told so, and nothing keeps waiting', async (context) => {
  const mover = started(context, () => undefined, 700)
  const copying = copy(mover)
  const noting = mover.note(nas, [])
  mover.end()
  assert.match(failureOf(await copying), /^mover-died .*let go/)
  assert.equal((await noting).ok, false)
})

test('after the end nothing is begun any more', async (context) => {
  const mover = started(context, sayPid)
  await pidOf(mover)
  mover.end()
  assert.match(failureOf(await copy(mover)), /^mover-died .*let go/)
  assert.equal((await mover.note(nas, [])).ok, false)
})

test('[J2] the place that copies are carried on from has a name too when it hangs', async (context) => {
  const mover = started(context, (_, _say, stuck) => stuck(4), 900)
  const from = { kind: 'place', place: address('library') } as const
  const work = { from, places: [nas, pc], orders }
  const end = await mover.copy(
    work,
    () => undefined,
    () => undefined,
    never,
  )
  assert.deepEqual(end, { kind: 'hung', where: 'library' })
})

test('what became of each copy on its way out is heard before the end, of both acts', async (context) => {
  const mover = started(context, ({ id, ask }, say) => {
    say({ id, trashed: [{ kind: ask === 'trash' ? 'in-trash' : 'removed', number: 0 }] })
    say({ id, answer: 'end', end: { kind: 'finished' } })
  })
  const heard: string[] = []
  const add = ({ kind }: { readonly kind: string }): unknown => heard.push(kind)
  await mover.trash({ place: pc, orders: [] }, add, () => undefined, never)
  await mover.emptyTrash({ place: pc, orders: [] }, add, never)
  assert.deepEqual(heard, ['in-trash', 'removed'])
})

test('many paths are asked for in portions, and the answers come in their order; one portion that fails is the answer', async (context) => {
  const mover = started(context, ({ id, paths = [] }, say) => {
    const value = paths.map((path) => ({ kind: 'unknown', because: path }))
    const failure = { code: 'place-gone', sentence: `after ${paths.length}`, advice: '' }
    say({ id, answer: 'checked-paths', result: paths.includes('bad') ? { ok: false, failure } : { ok: true, value } })
  })
  const paths = Array.from({ length: 1201 }, (_, index) => `${index}.jpg`)
  const answers = await mover.checkPaths(nas, paths)
  assert.ok(answers.ok)
  assert.deepEqual(
    answers.value.map((one) => one.kind === 'unknown' && one.because),
    paths,
  )
  assert.deepEqual(await mover.checkPaths(nas, []), { ok: true, value: [] })
  const failing = await mover.checkPaths(nas, [...paths, 'bad'])
  assert.equal(failing.ok ? '' : failing.failure.sentence, 'after 202')
})
