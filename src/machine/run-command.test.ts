import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputOf, runCommand } from './run-command.ts'

const node = process.execPath

test('a command gives its output and its exit code', async () => {
  const end = await runCommand(node, ['-e', 'console.log("out"); console.error("err"); process.exitCode = 3'], 20_000)
  assert.deepEqual(end, { kind: 'ended', code: 3, stdout: 'out\n', stderr: 'err\n' })
})

test('a missing command is an answer, not an error', async () => {
  assert.deepEqual(await runCommand('fivefold-no-such-command', [], 5_000), { kind: 'missing' })
  assert.equal(await outputOf(runCommand, 'fivefold-no-such-command', [], 5_000), null)
})

test('[J2] a command that never answers is abandoned', async () => {
  assert.deepEqual(await runCommand(node, ['-e', 'setInterval(() => {}, 1000)'], 300), { kind: 'hung' })
})

test(
  '[J2] an abandoned command that ignores every signal does not keep the program alive',
  { skip: process.platform === 'win32' ? 'needs a POSIX shell' : false },
  async () => {
    // The grandchild holds the pipes open and survives the kill, as a process stuck in the kernel does.
    const program = `
    import { runCommand } from ${JSON.stringify(new URL('run-command.ts', import.meta.url).href)}
    const end = await runCommand('sh', ['-c', 'sleep 30 & wait'], 300)
    console.log(end.kind)`
    const end = await runCommand(node, ['--input-type=module', '-e', program], 15_000)
    assert.equal(end.kind === 'ended' ? end.stdout : end.kind, 'hung\n')
  },
)

test('a command that prints without end is abandoned', async () => {
  const end = await runCommand(
    node,
    ['-e', 'const s = "x".repeat(1 << 20); (function f() { process.stdout.write(s, f) })()'],
    60_000,
  )
  assert.equal(end.kind, 'hung')
})
