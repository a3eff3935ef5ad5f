/** Uploads through rclone that are killed, locked out, or sent where they would prove nothing, with the real command. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canKill, canMakeLoopDisk } from '../lab/can-run.ts'
import type { CuttingProxy } from '../lab/cutting-proxy.ts'
import { startCuttingProxy } from '../lab/cutting-proxy.ts'
import { commandLine, family, kill } from '../lab/processes.ts'
import type { RcloneConfig } from '../lab/rclone-here.ts'
import { rcloneConfig, rcloneHere, sftpRemote, webdavRemote } from '../lab/rclone-here.ts'
import { waitUntil } from '../lab/run-tool.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { sshHere, sshServer } from '../lab/ssh-server.ts'
import { apacheHere, webdavServer } from '../lab/webdav-servers.ts'
import { fillCard, ground, pictures, sha256, thorough } from './ground.ts'
import { ingest, runCommand, startCommand, statusOf, story } from './the-command.ts'
import { treeOf } from './whole-life.ts'

const mebibyte = 1024 * 1024
const isRclone = (pid: number): boolean => commandLine(pid)[0]?.endsWith('rclone') === true

interface Behind extends AsyncDisposable {
  readonly line: CuttingProxy
  readonly config: RcloneConfig
  /** The folder of the place, as a path of rclone and as it lies here. */
  readonly path: string
  readonly root: string
  /** What a cut leaves of a file can be seen. */
  readonly keepsParts: boolean
}

async function behindApache(): Promise<Behind> {
  await using undo = new AsyncDisposableStack()
  const server = undo.use(await webdavServer('apache'))
  const line = undo.use(await startCuttingProxy(server.port))
  const config = undo.use(await rcloneConfig())
  await config.add('box', await webdavRemote(server, line.port))
  const made = undo.move()
  const root = join(server.storage, 'Fivefold')
  return { line, config, path: 'Fivefold', root, keepsParts: false, [Symbol.asyncDispose]: () => made.disposeAsync() }
}

async function behindSsh(): Promise<Behind> {
  await using undo = new AsyncDisposableStack()
  const server = undo.use(await sshServer({ form: 'sftp-only' }))
  const line = undo.use(await startCuttingProxy(server.port))
  const config = undo.use(await rcloneConfig())
  await config.add('box', await sftpRemote(server, `${config.path}.key`, line.port))
  const made = undo.move()
  const root = join(server.storage, 'Fivefold')
  return { line, config, path: root, root, keepsParts: true, [Symbol.asyncDispose]: () => made.disposeAsync() }
}

/** A program for each step, and over SSH a new sign-in for each: that takes its time on a busy machine. */
const timeoutMs = 240_000

async function killAllButRclone(cloud: Behind): Promise<void> {
  await using world = await ground({ megabytes: 300 })
  const { line, config, root } = cloud
  const card = join(world.root, 'EOS_DIGITAL')
  await fillCard(
    card,
    pictures(1, () => 12 * mebibyte + 7),
  )
  assert.equal((await ingest(world.home, card)).exitCode, 0)
  const mark = `FIVEFOLD_RCLONE_RUN=${randomUUID()}`
  const [name = '', value = ''] = mark.split('=')
  const env = { RCLONE_CONFIG: config.path, [name]: value }
  const run = (...args: readonly string[]) => runCommand([...args, '--home', world.home, '--json'], { env, timeoutMs })
  const added = await run('place', 'add', 'cloud', `rclone:box:${cloud.path}`, '--name', 'Box')
  assert.equal(added.exitCode, 0, story(added))

  line.delay(5)
  line.forget()
  const partial = join(root, '.fivefold/partial')
  {
    await using running = startCommand(['upload', '--home', world.home, '--json'], { env, timeoutMs })
    const isHalf = (): boolean => line.bytesSent > 4 * mebibyte || running.hasEnded()
    await waitUntil('the file is half on its way', isHalf, timeoutMs)
    assert.ok(!running.hasEnded(), 'the upload ends before it can be killed')
    const ours = family(mark).filter(({ pid }) => !isRclone(pid))
    assert.ok(ours.length > 0 && family(mark).length > ours.length, 'rclone runs')
    for (const one of ours) await kill(one)
  }
  line.delay(0)
  await waitUntil('no rclone is left behind', () => family(mark).length === 0, 60_000)
  const sent = [...(await treeOf(root)).keys()].filter((path) => path.endsWith('.CR3'))
  assert.deepEqual(sent, [], 'half a file has its name')
  if (cloud.keepsParts) assert.equal((await readdir(partial)).length, 1, 'what was half sent lies where only we look')
  assert.equal((await statusOf(world.home, env)).jobs[0]?.copies['cloud']?.proven, 0)

  const again = await run('upload')
  assert.equal(again.exitCode, 0, story(again))
  assert.deepEqual(await readdir(partial), [])
  assert.deepEqual((await statusOf(world.home, env)).jobs[0]?.copies['cloud'], { proven: 1, present: 1 })
  const [big = ''] = [...(await treeOf(world.library)).keys()].filter((path) => path.endsWith('IMG_0001.CR3'))
  assert.equal(sha256(await readFile(join(root, big))), sha256(await readFile(join(world.library, big))))
  assert.deepEqual(family(mark), [])
  const doctor = await run('doctor')
  assert.match(JSON.stringify(doctor.last), /rclone \d+\.\d+\S* is there, for “Box”/)
}

const canStand = canKill() ?? canMakeLoopDisk('ext4') ?? rcloneHere()

for (const [name, missing, stand] of [
  ['Apache', apacheHere(), behindApache],
  ['OpenSSH', thorough ? sshHere() : 'runs with FIVEFOLD_THOROUGH=1', behindSsh],
] as const)
  test(
    `[J1] [W1] all but rclone is killed in mid-file to ${name}: it ends by itself, nothing has a name, and the next upload clears up`,
    { skip: canStand ?? missing ?? false },
    async () => {
      await using cloud = await stand()
      await killAllButRclone(cloud)
    },
  )

test(
  '[V1] [S1] a folder behind a remote, a remote that is not there, a locked configuration and a wrong password are refused at once',
  { skip: rcloneHere() ?? apacheHere() ?? false },
  async () => {
    await using scratch = await scratchFolder()
    await using server = await webdavServer('apache')
    await using config = await rcloneConfig()
    const storage = join(scratch.path, 'storage')
    const home = join(scratch.path, 'home')
    for (const folder of [storage, home]) await mkdir(folder)
    const remote = await webdavRemote(server)
    await config.add('disk', { type: 'alias', remote: storage })
    await config.add('dav', remote)
    const add = (address: string, env: Record<string, string> = {}) =>
      runCommand(['place', 'add', 'cloud', address, '--name', 'Box', '--home', home, '--json'], {
        env: { RCLONE_CONFIG: config.path, ...env },
      })
    const settings = (): string =>
      existsSync(join(home, 'fivefold.yaml')) ? readFileSync(join(home, 'fivefold.yaml'), 'utf8') : ''

    const folder = await add('rclone:disk:a')
    assert.equal(folder.exitCode, 2, story(folder))
    assert.match(story(folder), /prove nothing/)
    const nowhere = await add('rclone:nowhere:a')
    assert.match(story(nowhere), /knows no remote called “nowhere”/)
    // No terminal is there to ask for the password, and nobody waits for one.
    const locked = join(scratch.path, 'locked.conf')
    await writeFile(locked, `RCLONE_ENCRYPT_V0:\n${'A'.repeat(84)}\n`)
    assert.match(story(await add('rclone:dav:a', { RCLONE_CONFIG: locked })), /locked with a password/)
    await server.changePassword()
    const wrong = await add('rclone:dav:a')
    assert.match(story(wrong), /rclone is not let in/)
    for (const secret of [server.password, remote['pass'] ?? '-']) assert.ok(!JSON.stringify(wrong).includes(secret))
    assert.ok(!settings().includes('rclone:'), 'what can’t be used is set down')
    assert.deepEqual(await readdir(storage), [])
  },
)
