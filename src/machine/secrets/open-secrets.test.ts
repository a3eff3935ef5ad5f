import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { parsePlaceId } from '../../domain/ids.ts'
import { openSecrets } from './open-secrets.ts'
import { SecretsRefused } from './secrets-refused.ts'
import { secretsFile } from './secrets-file.ts'

const drive = parsePlaceId('drive')
const bucket = parsePlaceId('bucket')

async function freshHome(context: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'fivefold-secrets-'))
  context.after(() => rm(home, { recursive: true, force: true }))
  return home
}

const rights = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

test('what was kept for a place is there for the next run, and goes with the place', async (context) => {
  const home = join(await freshHome(context), 'not', 'made', 'yet')
  const secrets = openSecrets(home)
  assert.equal(await secrets.credentialsOf(drive).read(), null)
  await secrets.credentialsOf(drive).write({ refreshToken: 'one', clientSecret: '' })
  await secrets.credentialsOf(bucket).write({ secretAccessKey: 'two' })
  assert.deepEqual(await openSecrets(home).credentialsOf(drive).read(), { refreshToken: 'one', clientSecret: '' })
  await secrets.credentialsOf(drive).write({ refreshToken: 'three' })
  assert.deepEqual(await openSecrets(home).credentialsOf(drive).read(), { refreshToken: 'three' })
  await secrets.remove(drive)
  await secrets.remove(drive)
  assert.equal(await openSecrets(home).credentialsOf(drive).read(), null)
  assert.deepEqual(await openSecrets(home).credentialsOf(bucket).read(), { secretAccessKey: 'two' })
})

test('[S1] the file is for this user alone, whatever the umask says, and nothing else is left', async (context) => {
  if (process.platform === 'win32') return context.skip('Windows has no such rights')
  const home = await freshHome(context)
  const before = process.umask(0)
  context.after(() => process.umask(before))
  await openSecrets(home).credentialsOf(drive).write({ refreshToken: 'one' })
  for (const name of await readdir(home)) assert.equal(await rights(join(home, name)), 0o600, name)
  assert.deepEqual((await readdir(home)).toSorted(), ['secrets', 'secrets.lock'])
})

test('[S1] a file that others can read is refused, and left as it is', async (context) => {
  if (process.platform === 'win32') return context.skip('Windows has no such rights')
  const home = await freshHome(context)
  const credentials = openSecrets(home).credentialsOf(drive)
  await credentials.write({ refreshToken: 'SECRET' })
  const file = join(home, 'secrets')
  const text = await readFile(file, 'utf8')
  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    await chmod(file, mode)
    for (const attempt of [credentials.read(), credentials.write({ refreshToken: 'SECRET two' })])
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof SecretsRefused)
        assert.match(error.message, /Other users of this computer may read .*secrets/)
        assert.match(error.advice, /chmod 600/)
        assert.equal(error.failure.code, 'settings-wrong')
        return true
      })
    assert.equal(await readFile(file, 'utf8'), text)
  }
  await chmod(file, 0o600)
  assert.deepEqual(await credentials.read(), { refreshToken: 'SECRET' })
})

test('on Windows, where the mode says nothing, it is not asked', async (context) => {
  const home = await freshHome(context)
  const file = join(home, 'secrets')
  await writeFile(file, '{"version":1,"places":{"drive":{"refreshToken":"one"}}}', { mode: 0o666 })
  assert.deepEqual(await secretsFile(file, 'win32').read('drive'), { refreshToken: 'one' })
  await secretsFile(file, 'win32').write('drive', { refreshToken: 'two' })
  assert.deepEqual(await secretsFile(file, 'win32').read('drive'), { refreshToken: 'two' })
})

test('[S1] a damaged file is refused without a word of it, and never written over', async (context) => {
  const home = await freshHome(context)
  const file = join(home, 'secrets')
  const credentials = openSecrets(home).credentialsOf(drive)
  const damaged = [
    '',
    'SECRET',
    '{"version":1,"places":{"drive":{"refreshToken":"SECRET',
    '{"version":1,"places":{"drive":{"refreshToken":{"SECRET":1}}}}',
    '{"version":2,"places":{"drive":{"refreshToken":"SECRET"}}}',
  ]
  for (const text of damaged) {
    await writeFile(file, text, { mode: 0o600 })
    for (const attempt of [credentials.read(), credentials.write({ refreshToken: 'new' })])
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof SecretsRefused)
        assert.match(error.message, /damaged/)
        assert.doesNotMatch(`${error.stack} ${error.advice} ${JSON.stringify(error)} ${String(error.cause)}`, /SECRET/)
        return true
      })
    assert.equal(await readFile(file, 'utf8'), text)
  }
})

test('[S1] what the system says to a write that fails is told by its word only', async (context) => {
  const home = await freshHome(context)
  await mkdir(join(home, 'secrets'), { mode: 0o700 })
  await assert.rejects(openSecrets(home).credentialsOf(drive).write({ refreshToken: 'SECRET' }), (error) => {
    assert.ok(error instanceof SecretsRefused)
    assert.equal(error.failure.cause, 'EISDIR')
    assert.doesNotMatch(JSON.stringify(error.failure), /SECRET/)
    return true
  })
})

test('[J1] what a power cut left beside the file is no hindrance', async (context) => {
  const home = await freshHome(context)
  const credentials = openSecrets(home).credentialsOf(drive)
  await credentials.write({ refreshToken: 'one' })
  await writeFile(join(home, 'secrets.new'), '{"version":1,"pla')
  assert.deepEqual(await credentials.read(), { refreshToken: 'one' })
  await credentials.write({ refreshToken: 'two' })
  assert.deepEqual(await credentials.read(), { refreshToken: 'two' })
  assert.deepEqual((await readdir(home)).toSorted(), ['secrets', 'secrets.lock'])
})

test('a link to a file on an encrypted disk stays a link', async (context) => {
  if (process.platform === 'win32') return context.skip('links need a right of their own on Windows')
  const home = await freshHome(context)
  const elsewhere = join(await freshHome(context), 'kept')
  await writeFile(elsewhere, '{"version":1,"places":{}}', { mode: 0o600 })
  await symlink(elsewhere, join(home, 'secrets'))
  await openSecrets(home).credentialsOf(drive).write({ refreshToken: 'one' })
  assert.match(await readFile(elsewhere, 'utf8'), /"one"/)
})

test('[J1] two processes that write at the same time lose nothing of each other', async (context) => {
  const home = await freshHome(context)
  const times = 25
  const program = `
    import { openSecrets } from ${JSON.stringify(new URL('open-secrets.ts', import.meta.url).href)}
    const [, home, who] = process.argv
    for (let time = 0; time < ${times}; time += 1)
      await openSecrets(home).credentialsOf(who + '-' + time).write({ token: who + time })
  `
  const write = (who: string): Promise<number | null> =>
    new Promise((resolve) => {
      const args = ['--input-type=module', '--eval', program, home, who]
      spawn(process.execPath, args, { stdio: 'inherit' }).on('close', resolve)
    })
  const together = Array.from({ length: times }, (_, time) =>
    openSecrets(home)
      .credentialsOf(parsePlaceId(`here-${time}`))
      .write({ token: `here${time}` }),
  )
  assert.deepEqual(await Promise.all([write('one'), write('two'), ...together]), [
    0,
    0,
    ...together.map(() => undefined),
  ])
  for (const who of ['one', 'two', 'here'])
    for (let time = 0; time < times; time += 1) {
      const secret = await openSecrets(home)
        .credentialsOf(parsePlaceId(`${who}-${time}`))
        .read()
      assert.deepEqual(secret, { token: `${who}${time}` })
    }
})
