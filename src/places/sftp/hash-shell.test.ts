import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { HashShell } from './hash-shell.ts'
import type { Wire } from './wire.ts'

/** What the server's shell says to each line that it is told. */
function shellThat(answer: (path: string, say: (text: string) => void) => void): HashShell {
  const exec = (_command: string, onChannel: (error: undefined, channel: unknown) => void): void => {
    const out = new PassThrough()
    const channel = Object.assign(out, {
      stderr: new PassThrough(),
      write: (line: string) => answer(line.trimEnd(), (text) => out.push(text)),
    })
    setImmediate(() => onChannel(undefined, channel))
  }
  return new HashShell({ isAlive: true, onLost: () => () => undefined, client: { exec } } as unknown as Wire)
}

test('[V1] an answer that comes too late is never taken for that of the next file', async () => {
  let sayLate: (() => void) | null = null
  const shell = shellThat((path, say) => {
    if (path === 'slow') sayLate = () => say('aaa  -\n= 0 slow\n')
    else {
      sayLate?.()
      say('bbb  -\n= 0 next\n')
    }
  })
  assert.equal(await shell.ask('slow', 20), 'late')
  assert.deepEqual(await shell.ask('next', 1000), { text: 'bbb  -' })
})

test('[V1] an answer about another file is passed over, and files take their turns', async () => {
  const shell = shellThat((path, say) => {
    say(`Welcome\n`)
    say('aaa  -\n= 0 other\n')
    setImmediate(() => say(path === 'bad' ? '= 1 bad\n' : `bbb of ${path}\n= 0 ${path}\n`))
  })
  const answers = await Promise.all(['one', 'bad', 'two'].map((path) => shell.ask(path, 1000)))
  assert.deepEqual(answers[1], { text: '' })
  assert.match(JSON.stringify(answers[0]), /bbb of one/)
  assert.match(JSON.stringify(answers[2]), /bbb of two/)
})
