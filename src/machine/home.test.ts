import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { homeAt, homeFolder, makeHome } from './home.ts'

test('each system has its usual place for the home', () => {
  const linux = { platform: 'linux', userFolder: '/home/ada' } as const
  assert.equal(homeFolder({ ...linux, env: {} }), '/home/ada/.local/share/fivefold')
  assert.equal(homeFolder({ ...linux, env: { XDG_DATA_HOME: '/data' } }), '/data/fivefold')
  assert.equal(homeFolder({ ...linux, env: { XDG_DATA_HOME: 'data' } }), '/home/ada/.local/share/fivefold')
  const mac = { platform: 'darwin', userFolder: '/Users/ada', env: {} } as const
  assert.equal(homeFolder(mac), '/Users/ada/Library/Application Support/Fivefold')
  const windows = { platform: 'win32', userFolder: 'C:\\Users\\ada' } as const
  assert.equal(homeFolder({ ...windows, env: { APPDATA: 'D:\\Roaming' } }), 'D:\\Roaming\\Fivefold')
  assert.equal(homeFolder({ ...windows, env: {} }), 'C:\\Users\\ada\\AppData\\Roaming\\Fivefold')
  assert.equal(homeAt('D:\\Fivefold', 'win32').catalog, 'D:\\Fivefold\\catalog.db')
})

test('FIVEFOLD_HOME goes before all else, and an empty one is none', () => {
  const facts = { platform: 'linux', userFolder: '/home/ada' } as const
  assert.equal(homeFolder({ ...facts, env: { FIVEFOLD_HOME: '/srv/five' } }), '/srv/five')
  assert.equal(homeFolder({ ...facts, env: { FIVEFOLD_HOME: '' } }), '/home/ada/.local/share/fivefold')
})

test(
  '[S1] a new home is for this user alone',
  { skip: process.platform === 'win32' ? 'no modes on Windows' : false },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fivefold-home-'))
    try {
      const made = await makeHome(join(folder, 'a', 'b'))
      assert.ok(made.ok)
      for (const path of [join(folder, 'a'), made.value.folder, made.value.log]) {
        assert.equal((await stat(path)).mode & 0o777, 0o700, path)
      }
      assert.deepEqual(await makeHome(join(folder, 'a', 'b')), made)
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)

test('a home that can not be made is a sentence and an advice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-home-'))
  try {
    await writeFile(join(folder, 'file'), '')
    const made = await makeHome(join(folder, 'file', 'home'))
    assert.ok(!made.ok)
    assert.equal(made.failure.code, 'settings-wrong')
    assert.match(made.failure.advice, /FIVEFOLD_HOME/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
