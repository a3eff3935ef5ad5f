import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readdirSync } from 'node:fs'
import { canKill, canKillAtSyscall } from './can-run.ts'
import { runAndKill } from './kill-at-random.ts'
import { knownProcess } from './processes.ts'
import { scratchFolder } from './scratch-folder.ts'
import { seededRandom } from './seeded-random.ts'

const skip = canKill() ?? false

/** A command with a child in a session of its own, whose parent it does not wait for; prints the child's id. */
const WITH_MOVER = `
  const { spawn } = require('node:child_process')
  const mover = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
  mover.unref()
  console.log(mover.pid)`

async function run(
  program: string,
  wish: Omit<Parameters<typeof runAndKill>[0], 'command' | 'args'>,
): ReturnType<typeof runAndKill> {
  return await runAndKill({ command: process.execPath, args: ['-e', program], ...wish })
}

test('the command and its children are killed at a line', { skip }, async () => {
  const outcome = await run(`${WITH_MOVER}; setInterval(() => {}, 1000)`, { kill: { line: /^\d+$/ } })
  assert.deepEqual([outcome.killed, outcome.signal, outcome.exitCode, outcome.victims], [true, 'SIGKILL', null, 2])
  assert.equal(knownProcess(Number(outcome.stdout)), null)
  assert.deepEqual(outcome.survivors, [])
})

test('a child whose parent has ended does not get away', { skip }, async () => {
  const outcome = await run(WITH_MOVER, {})
  assert.deepEqual([outcome.killed, outcome.exitCode], [false, 0])
  assert.deepEqual(
    outcome.leftBehind.map(({ pid }) => pid),
    [Number(outcome.stdout)],
  )
  assert.equal(knownProcess(Number(outcome.stdout)), null)
})

test('a command that was quicker than the killer was not killed', { skip }, async () => {
  const outcome = await run('process.exitCode = 3; console.log("done"); console.error("oh")', {
    kill: { afterMs: 20_000 },
  })
  assert.deepEqual([outcome.killed, outcome.exitCode, outcome.stdout, outcome.stderr], [false, 3, 'done\n', 'oh\n'])
})

test('a command that does not end is ended, and that is said', { skip }, async () => {
  const outcome = await run('setInterval(() => {}, 1000)', { timeoutMs: 150 })
  assert.deepEqual([outcome.killed, outcome.timedOut, outcome.signal], [false, true, 'SIGKILL'])
})

function momentsOf(seed: number): number[] {
  const chance = seededRandom(seed)
  return Array.from({ length: 3 }, () => 60 + chance() * 100)
}

test('random moments come from a seed, and hit a command in the middle of its work', { skip }, async () => {
  const moments = momentsOf(7)
  assert.deepEqual(moments, momentsOf(7))
  assert.notDeepEqual(moments, momentsOf(8))
  await using folder = await scratchFolder()
  for (const afterMs of moments) {
    const program = `let n = 0; setInterval(() => require('node:fs').writeFileSync('f' + n++, 'x'), 2)`
    const outcome = await run(program, { cwd: folder.path, kill: { afterMs } })
    assert.equal(outcome.killed, true)
  }
  assert.ok(readdirSync(folder.path).length > 0)
})

test('a command is killed just before a call of the kernel', { skip: canKillAtSyscall() ?? false }, async () => {
  await using folder = await scratchFolder()
  const program = `const fs = require('node:fs')
    for (const name of ['a', 'b', 'c']) {
      const fd = fs.openSync(name + '.partial', 'w')
      fs.fsyncSync(fd)
      fs.renameSync(name + '.partial', name)
    }`
  const outcome = await run(program, { cwd: folder.path, kill: { syscall: 'fsync', nth: 2 } })
  assert.equal(outcome.killed, true)
  assert.deepEqual(readdirSync(folder.path).toSorted(), ['a', 'b.partial'])
  const late = await run(program, { cwd: folder.path, kill: { syscall: 'fsync', nth: 100 } })
  assert.deepEqual([late.killed, late.exitCode], [false, 0])
  assert.deepEqual(readdirSync(folder.path).toSorted(), ['a', 'b', 'c'])
})
