import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { makeScratchFolder } from './scratch-folder.ts'

async function makeHome(context: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'fivefold-home-'))
  context.after(() => rm(home, { recursive: true, force: true }))
  return home
}

test('a scratch folder is empty, for this user alone, and goes with all that is in it', async (context) => {
  const home = await makeHome(context)
  const made = await makeScratchFolder(home)
  assert.ok(made.ok)
  const { folder } = made.value
  assert.deepEqual(await readdir(folder), [])
  if (process.platform !== 'win32') assert.equal((await stat(folder)).mode & 0o077, 0)
  await mkdir(join(folder, 'nas'))
  await writeFile(join(folder, 'nas/1'), 'bytes')
  await made.value.remove()
  assert.deepEqual(await readdir(dirname(folder)), [])
})

test('what a killed run left long ago is taken away, and nothing else', async (context) => {
  const home = await makeHome(context)
  const above = join(home, 'scratch')
  const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 60 * 60
  for (const name of ['fivefold-old', 'fivefold-young', 'mine']) {
    await mkdir(join(above, name, 'deep'), { recursive: true })
    if (name !== 'fivefold-young') await utimes(join(above, name), twoDaysAgo, twoDaysAgo)
  }
  const made = await makeScratchFolder(home)
  assert.ok(made.ok)
  await made.value.remove()
  assert.deepEqual((await readdir(above)).toSorted(), ['fivefold-young', 'mine'])
})

test('where no folder can be made, that is a failure with an advice', async (context) => {
  const home = await makeHome(context)
  await writeFile(join(home, 'file'), 'x')
  const made = await makeScratchFolder(join(home, 'file'))
  assert.equal(made.ok ? '' : made.failure.code, 'place-error')
})
