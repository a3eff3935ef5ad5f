import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { clearDaemonNote, newDaemonNote, readDaemonNote, saveDaemonNote } from './daemon-note.ts'

const skip = process.platform === 'win32' ? 'sockets are named pipes here' : false

async function home(t: TestContext, name = 'home'): Promise<string> {
  const above = await mkdtemp(join(tmpdir(), 'fivefold-note-'))
  t.after(() => rm(above, { recursive: true, force: true }))
  const folder = join(above, name)
  await mkdir(folder)
  return folder
}

test('[S1] the note can be read by this user alone, and says what was saved', { skip }, async (t) => {
  const folder = await home(t)
  const note = await newDaemonNote(folder, '1.2.3')
  assert.equal(dirname(note.socketPath), folder)
  assert.ok(note.token.length >= 40)
  assert.notEqual((await newDaemonNote(folder, '1.2.3')).token, note.token)
  await saveDaemonNote(folder, note)
  assert.deepEqual(await readDaemonNote(folder), note)
  assert.equal((await stat(join(folder, 'daemon.json'))).mode & 0o777, 0o600)
})

test(
  'where the home’s path is too long for a socket, it lies in a folder of its own, which goes with it',
  { skip },
  async (t) => {
    const folder = await home(t, 'h'.repeat(120))
    const note = await newDaemonNote(folder, '1.2.3')
    assert.ok(Buffer.byteLength(note.socketPath) <= 103)
    assert.equal((await stat(dirname(note.socketPath))).mode & 0o777, 0o700)
    await saveDaemonNote(folder, note)
    await writeFile(note.socketPath, '')
    await clearDaemonNote(folder)
    assert.equal(existsSync(dirname(note.socketPath)), false)
    assert.equal(await readDaemonNote(folder), null)
  },
)

test('what a killed one left is cleared, and nothing else; a note that can’t be read is none', { skip }, async (t) => {
  const folder = await home(t)
  await clearDaemonNote(folder)
  const note = await newDaemonNote(folder, '1.2.3')
  await saveDaemonNote(folder, note)
  await writeFile(note.socketPath, '')
  await writeFile(join(folder, 'catalog.db'), 'kept')
  await clearDaemonNote(folder)
  assert.equal(existsSync(note.socketPath), false)
  assert.ok(existsSync(join(folder, 'catalog.db')))
  for (const text of ['', '{', '{"pid":"x"}', '[]']) {
    await writeFile(join(folder, 'daemon.json'), text)
    assert.equal(await readDaemonNote(folder), null)
  }
})
