import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, test } from 'node:test'
import { acquireLock } from './one-writer-lock.ts'

let home = ''
const children = new Set<ChildProcess>()

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fivefold-lock-'))
})

afterEach(async () => {
  for (const child of children) await end(child)
  await rm(home, { recursive: true })
})

async function end(child: ChildProcess): Promise<void> {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** A process that asks for the lock, tells what it got, and stays. */
async function contender(what: string): Promise<{ child: ChildProcess; won: boolean }> {
  const program = `
    import { acquireLock } from ${JSON.stringify(new URL('one-writer-lock.ts', import.meta.url).href)}
    const answer = await acquireLock(${JSON.stringify(home)}, ${JSON.stringify(what)})
    globalThis.gc?.()
    console.log(answer.ok ? 'won' : 'lost')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const [line] = await once(createInterface(child.stdout), 'line')
  return { child, won: line === 'won' }
}

test('one process at a time: the next one is told who, what and since when', async () => {
  const before = Date.now()
  const { child, won } = await contender('fivefold ingest')
  assert.ok(won)
  const answer = await acquireLock(home, 'fivefold verify')
  assert.ok(!answer.ok)
  assert.equal(answer.heldBy.pid, child.pid)
  assert.equal(answer.heldBy.what, 'fivefold ingest')
  assert.ok((answer.heldBy.sinceMs ?? 0) >= before - 1000)
})

test('[J1] the lock of a killed process is free at once, whatever its note says', async () => {
  const { child } = await contender('fivefold ingest')
  await end(child)
  const answer = await acquireLock(home, 'fivefold ingest')
  assert.ok(answer.ok)
  answer.release()
})

test(
  'a stopped process still holds its lock',
  { skip: process.platform === 'win32' ? 'no SIGSTOP on Windows' : false },
  async () => {
    const { child } = await contender('fivefold ingest')
    child.kill('SIGSTOP')
    const answer = await acquireLock(home, 'fivefold verify')
    assert.ok(!answer.ok)
    assert.equal(answer.heldBy.pid, child.pid)
  },
)

test('of twenty who ask at once exactly one gets it', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, (_all, number) => contender(`contender ${number}`)))
  assert.equal(all.filter(({ won }) => won).length, 1)
})

test('it is exclusive inside one process too, and free again after release', async () => {
  const first = await acquireLock(home, 'first')
  assert.ok(first.ok)
  const second = await acquireLock(home, 'second')
  assert.ok(!second.ok)
  assert.equal(second.heldBy.what, 'first')
  first.release()
  first.release()
  const third = await acquireLock(home, 'third')
  assert.ok(third.ok)
  third.release()
})

test('who asks while the holder is just leaving gets it', async () => {
  const first = await acquireLock(home, 'first')
  assert.ok(first.ok)
  const second = acquireLock(home, 'second')
  first.release()
  const answer = await second
  assert.ok(answer.ok)
  answer.release()
})

test('a note that can not be read hides only who holds it, not that it is held', async () => {
  const first = await acquireLock(home, 'first')
  assert.ok(first.ok)
  await writeFile(join(home, 'lock.json'), '{"pid":')
  const second = await acquireLock(home, 'second')
  assert.deepEqual(second, { ok: false, heldBy: { pid: null, what: 'another Fivefold command', sinceMs: null } })
  first.release()
})
