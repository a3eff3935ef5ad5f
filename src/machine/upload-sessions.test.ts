import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePlaceId } from '../domain/ids.ts'
import { openUploadSessions, signOfHome } from './upload-sessions.ts'

const drive = parsePlaceId('drive')
const bucket = parsePlaceId('bucket')

async function freshHome(context: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'fivefold-uploads-'))
  context.after(() => rm(home, { recursive: true, force: true }))
  return home
}

test('[J1] a session is there again for the next run, by place and key', async (context) => {
  const home = await freshHome(context)
  await openUploadSessions(home).save(drive, '2026/é.raf', 'https://there/?upload=1')
  await openUploadSessions(home).save(drive, '2026/é.raf', 'https://there/?upload=2')
  await openUploadSessions(home).save(bucket, '2026/é.raf', 'part 7')
  const shelf = openUploadSessions(home)
  assert.equal(await shelf.read(drive, '2026/é.raf'), 'https://there/?upload=2')
  assert.equal(await shelf.read(bucket, '2026/é.raf'), 'part 7')
  assert.equal(await shelf.read(drive, 'another'), null)
  assert.deepEqual(await shelf.all(drive), ['https://there/?upload=2'])
  await shelf.drop(drive, '2026/é.raf')
  await shelf.drop(drive, '2026/é.raf')
  assert.equal(await shelf.read(drive, '2026/é.raf'), null)
  assert.deepEqual(await shelf.all(drive), [])
  assert.deepEqual(await shelf.all(parsePlaceId('never-used')), [])
})

test('[S1] sessions are files for this user alone, and their names tell nothing', async (context) => {
  if (process.platform === 'win32') return context.skip('Windows has no such rights')
  const home = await freshHome(context)
  const before = process.umask(0)
  context.after(() => process.umask(before))
  await openUploadSessions(home, () => 7).save(drive, 'Wedding Smith/IMG_1.CR3', 'https://there/?upload=1')
  const rights = async (path: string): Promise<number> => (await stat(path)).mode & 0o777
  assert.equal(await rights(join(home, 'uploads')), 0o700)
  assert.equal(await rights(join(home, 'uploads', 'drive')), 0o700)
  const [name = ''] = await readdir(join(home, 'uploads', 'drive'))
  assert.match(name, /^[0-9a-f]{64}\.json$/)
  const file = join(home, 'uploads', 'drive', name)
  assert.equal(await rights(file), 0o600)
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
    key: 'Wedding Smith/IMG_1.CR3',
    session: 'https://there/?upload=1',
    savedAtMs: 7,
  })
})

test('a damaged session is none, and the others are still there', async (context) => {
  const home = await freshHome(context)
  const shelf = openUploadSessions(home)
  const folder = join(home, 'uploads', 'drive')
  await shelf.save(drive, 'a/b', 'session b')
  const [fileOfB = ''] = await readdir(folder)
  await shelf.save(drive, 'a', 'session a')
  const [fileOfA = ''] = (await readdir(folder)).filter((name) => name !== fileOfB)
  for (const damage of ['', '{"key":"a","session":"ses', '{"key":"a"}', 'null', '[]']) {
    await writeFile(join(folder, fileOfA), damage)
    assert.equal(await shelf.read(drive, 'a'), null)
    assert.deepEqual(await shelf.all(drive), ['session b'])
  }
  // A file of another key under this name, as a careless hand might put it.
  await writeFile(join(folder, fileOfA), await readFile(join(folder, fileOfB)))
  assert.equal(await shelf.read(drive, 'a'), null)
  await shelf.save(drive, 'a', 'session a again')
  assert.equal(await shelf.read(drive, 'a'), 'session a again')
})

test('[J1] what a power cut left beside a session is not one', async (context) => {
  const home = await freshHome(context)
  const shelf = openUploadSessions(home)
  await shelf.save(drive, 'a', 'session a')
  const folder = join(home, 'uploads', 'drive')
  const [name = ''] = await readdir(folder)
  await writeFile(join(folder, `${name}.new`), '{"key":"a","session":"not yet","savedAtMs":1}')
  assert.deepEqual(await shelf.all(drive), ['session a'])
  await shelf.save(drive, 'a', 'session b')
  assert.deepEqual(await readdir(folder), [name])
})

test('[D3] a shelf that can not be listed is not an empty one', async (context) => {
  const home = await freshHome(context)
  await writeFile(join(home, 'uploads'), 'a file where the folder should be')
  await assert.rejects(openUploadSessions(home).all(drive), { code: 'ENOTDIR' })
})

test('[J1] a home has a sign of its own that stays', async (context) => {
  const [home, other] = [await freshHome(context), await freshHome(context)]
  const [sign, again] = await Promise.all([signOfHome(home), signOfHome(home)])
  assert.match(sign, /^[0-9a-f]{12}$/)
  assert.equal(again, sign)
  assert.equal(await readFile(join(home, 'uploads', 'sign'), 'utf8'), `${sign}\n`)
  assert.notEqual(await signOfHome(other), sign)
  await writeFile(join(home, 'not a folder'), '')
  assert.match(await signOfHome(join(home, 'not a folder')), /^[0-9a-f]{12}$/, 'where nothing can be written')
})
