import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { CommandEnd } from '../run-command.ts'
import { launchAgent, systemdUnit, windowsTask } from './autostart-files.ts'
import type { Autostart, AutostartWorld } from './autostart.ts'
import { autostartHere } from './autostart.ts'

/** A path as a person may have it, with all that systems take for a sign of their own. */
const wild = `/home/a "b" $HOME %h \\x & <c> 'd'/main.js`
const wish = { command: ['/opt/node', wild, 'start', '--home', '/home/me/My Fivefold'], logFolder: '/home/me/log' }

const ended = (stdout = '', code = 0, stderr = ''): CommandEnd => ({ kind: 'ended', code, stdout, stderr })

interface Computer {
  readonly autostart: Autostart
  readonly asked: string[]
  readonly folder: string
  answer: (line: string) => CommandEnd
}

async function computer(t: TestContext, platform: NodeJS.Platform): Promise<Computer> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-autostart-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const asked: string[] = []
  const world: AutostartWorld = {
    platform,
    env: { TEMP: folder },
    userFolder: folder,
    userName: 'STUDIO\\me',
    uid: 501,
    run: async (command, args) => {
      const line = [command, ...args].join(' ').replaceAll(folder, '~')
      asked.push(line)
      return made.answer(line)
    },
  }
  const autostart = autostartHere(world)
  assert.ok(autostart !== null)
  const made: Computer = { autostart, asked, folder, answer: () => ended() }
  return made
}

test('on Linux a unit of the user is written, enabled and started, and goes again', async (t) => {
  const { autostart, asked, folder } = await computer(t, 'linux')
  assert.equal(await autostart.state(), 'absent')
  assert.ok((await autostart.install(wish)).ok)
  const file = join(folder, '.config/systemd/user/fivefold.service')
  assert.equal(await readFile(file, 'utf8'), systemdUnit(wish))
  assert.ok((await autostart.remove()).ok)
  assert.equal(existsSync(file), false)
  assert.ok((await autostart.remove()).ok)
  assert.deepEqual(asked, [
    'systemctl --user daemon-reload',
    'systemctl --user enable fivefold.service',
    'systemctl --user restart fivefold.service',
    'systemctl --user disable --now fivefold.service',
    'systemctl --user daemon-reload',
  ])
})

test('on Linux the state is what systemd says', async (t) => {
  const here = await computer(t, 'linux')
  await here.autostart.install(wish)
  here.answer = () => ended('active\n')
  assert.equal(await here.autostart.state(), 'running')
  here.answer = () => ended('inactive\n', 3)
  assert.equal(await here.autostart.state(), 'stopped')
})

test('a system that refuses is told of, in its own words', async (t) => {
  const here = await computer(t, 'linux')
  here.answer = () => ended('', 1, 'Failed to connect to bus: No medium found\n')
  const answer = await here.autostart.install(wish)
  assert.ok(!answer.ok)
  assert.equal(answer.failure.code, 'autostart-refused')
  assert.match(answer.failure.sentence, /Failed to connect to bus/)
  here.answer = () => ({ kind: 'missing' })
  const missing = await here.autostart.install(wish)
  assert.ok(!missing.ok)
  assert.match(missing.failure.sentence, /systemctl is not there/)
})

test('on macOS an agent is written and loaded; one that is loaded goes first', async (t) => {
  const here = await computer(t, 'darwin')
  // launchctl bootout of what is not loaded: exit code 3 (No such process).
  here.answer = (line) => (line.includes('bootout') ? ended('', 3, 'Boot-out failed: 3: No such process') : ended())
  assert.ok((await here.autostart.install(wish)).ok)
  const file = join(here.folder, 'Library/LaunchAgents/app.fivefold.start.plist')
  assert.equal(await readFile(file, 'utf8'), launchAgent(wish))
  assert.deepEqual(here.asked, [
    'launchctl bootout gui/501/app.fivefold.start',
    'launchctl bootstrap gui/501 ~/Library/LaunchAgents/app.fivefold.start.plist',
  ])
  // The form of `launchctl print` of macOS 14, shortened.
  here.answer = () => ended('gui/501/app.fivefold.start = {\n\tactive count = 1\n\tstate = running\n\n\tpid = 812\n}\n')
  assert.equal(await here.autostart.state(), 'running')
  here.answer = () => ended('', 113, 'Could not find service')
  assert.equal(await here.autostart.state(), 'stopped')
})

test('on Windows a task is made and run, and its state is asked as a number', async (t) => {
  const here = await computer(t, 'win32')
  assert.ok((await here.autostart.install(wish)).ok)
  assert.match(here.asked[0] ?? '', /^schtasks\.exe \/Create \/F \/TN Fivefold \/XML .*fivefold-task-\d+\.xml$/)
  assert.equal(here.asked[1], 'schtasks.exe /Run /TN Fivefold')
  for (const [output, state] of [
    ['4\r\n', 'running'],
    ['3\r\n', 'stopped'],
  ] as const) {
    here.answer = () => ended(output)
    assert.equal(await here.autostart.state(), state)
  }
  here.answer = () => ended('', 1, 'Get-ScheduledTask : No MSFT_ScheduledTask objects found')
  assert.equal(await here.autostart.state(), 'absent')
  here.asked.length = 0
  assert.ok((await here.autostart.remove()).ok)
  assert.deepEqual(here.asked, ['schtasks.exe /Query /TN Fivefold'])
})

test('the unit names the very words of the command, whatever is in them', () => {
  const line = systemdUnit(wish)
    .split('\n')
    .find((one) => one.startsWith('ExecStart='))
  assert.equal(
    line,
    `ExecStart="/opt/node" "/home/a \\"b\\" $$HOME %%h \\\\x & <c> 'd'/main.js" "start" "--home" "/home/me/My Fivefold"`,
  )
})

const systemd = existsSync('/usr/bin/systemd-analyze')
  ? false
  : 'needs systemd-analyze, which this machine does not have'

test('systemd itself finds nothing wrong with the unit', { skip: systemd }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-autostart-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'fivefold.service')
  await writeFile(file, systemdUnit({ ...wish, command: [process.execPath, wild] }))
  const verified = spawnSync('/usr/bin/systemd-analyze', ['--user', 'verify', file], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
  })
  const all = `${verified.stdout}${verified.stderr}`
  assert.doesNotMatch(all, /Failed to initialize/)
  // What it says of other units of the machine is not ours.
  const ours = all.split('\n').filter((line) => line.includes('fivefold.service'))
  assert.deepEqual(ours, [])
})

const python = process.platform === 'win32' ? 'python3 has another name here' : false

test('Python reads the agent and the task, with the very words of the command', { skip: python }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-autostart-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const run = (script: string, file: string): unknown =>
    JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }))
  const plist = join(folder, 'agent.plist')
  await writeFile(plist, launchAgent(wish))
  const agent = run('import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))', plist)
  assert.deepEqual((agent as { ProgramArguments: unknown }).ProgramArguments, wish.command)
  const task = join(folder, 'task.xml')
  await writeFile(task, `\uFEFF${windowsTask(wish, 'STUDIO\\me & you')}`, 'utf16le')
  const read = run(
    'import json,sys,xml.etree.ElementTree as e; r=e.parse(sys.argv[1]).getroot(); n="{http://schemas.microsoft.com/windows/2004/02/mit/task}"; print(json.dumps([r.find(f".//{n}UserId").text, r.find(f".//{n}Arguments").text]))',
    task,
  )
  assert.deepEqual(read, [
    'STUDIO\\me & you',
    `-NoProfile -NonInteractive -WindowStyle Hidden -Command "& '/opt/node' '/home/a "b" $HOME %h \\x & <c> ''d''/main.js' 'start' '--home' '/home/me/My Fivefold'; exit $LASTEXITCODE"`,
  ])
})

test('elsewhere there is no way', () => {
  const world = { platform: 'aix', env: {}, userFolder: '/', userName: 'me', uid: 1, run: async () => ended() } as const
  assert.equal(autostartHere(world), null)
})
