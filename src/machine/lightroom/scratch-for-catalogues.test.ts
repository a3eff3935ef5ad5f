import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeCatalogueScratch } from './scratch-for-catalogues.ts'

function aHome(context: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'fivefold-scratch-'))
  context.after(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** The number of a process that was there and is not any more. */
const endedPid = (): number => spawnSync(process.execPath, ['--version']).pid

test('[J1] what a killed command left is taken away, what another one works in is not', async (context) => {
  const home = aHome(context)
  const left = join(home, `lightroom-${endedPid()}-abc`)
  mkdirSync(left)
  writeFileSync(join(left, 'copy.lrcat'), 'gigabytes')
  const atWork = `lightroom-${process.ppid}-def`
  mkdirSync(join(home, atWork))
  writeFileSync(join(home, 'lightroom-notes.txt'), 'not ours')
  const made = await makeCatalogueScratch(home)
  assert.ok(made.ok)
  const names = readdirSync(home)
  assert.ok(!names.includes(left.slice(home.length + 1)))
  assert.ok(names.includes(atWork) && names.includes('lightroom-notes.txt'))
  await made.value.remove()
  assert.deepEqual(readdirSync(home).toSorted(), [atWork, 'lightroom-notes.txt'].toSorted())
})

test('a home that is not there is a failure of that folder', async (context) => {
  const made = await makeCatalogueScratch(join(aHome(context), 'nowhere'))
  assert.equal(!made.ok && made.failure.code, 'place-error')
})
