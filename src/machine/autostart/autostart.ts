/** Fivefold starts when its person signs in: a systemd user unit, a launch agent, or a scheduled task. Needs no administrator. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, posix, win32 } from 'node:path'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { RunCommand } from '../run-command.ts'
import type { StartWish } from './autostart-files.ts'
import { agentLabel, launchAgent, systemdUnit, taskName, unitName, windowsTask } from './autostart-files.ts'

export interface AutostartWorld {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly userFolder: string
  readonly userName: string
  /** Number of the user; null on Windows. */
  readonly uid: number | null
  readonly run: RunCommand
}

export type AutostartState = 'absent' | 'running' | 'stopped'

export interface Autostart {
  /** Also starts it. Again is as good as once. Fails with `autostart-refused`. */
  install(wish: StartWish): Promise<Result<void>>
  /** Also stops it. Nothing there is no error. */
  remove(): Promise<Result<void>>
  state(): Promise<AutostartState>
}

const commandTimeoutMs = 20_000

/** Null where Fivefold knows no way. */
export function autostartHere(world: AutostartWorld): Autostart | null {
  if (world.platform === 'linux') return onLinux(world)
  if (world.platform === 'darwin') return onMac(world)
  return world.platform === 'win32' ? onWindows(world) : null
}

function onLinux(world: AutostartWorld): Autostart {
  const { env, userFolder } = world
  const config = env['XDG_CONFIG_HOME']
  const above = config !== undefined && posix.isAbsolute(config) ? config : posix.join(userFolder, '.config')
  const file = posix.join(above, 'systemd', 'user', unitName)
  const systemctl = (...args: readonly string[]) => ask(world, 'systemctl', ['--user', ...args])
  return {
    install: async (wish) => {
      const put = await save(file, systemdUnit(wish))
      if (!put.ok) return put
      const loaded = await systemctl('daemon-reload')
      if (!loaded.ok) return loaded
      const enabled = await systemctl('enable', unitName)
      // What runs already is of the old file.
      return enabled.ok ? systemctl('restart', unitName) : enabled
    },
    remove: async () => {
      if ((await textOf(file)) === null) return done(undefined)
      const stopped = await systemctl('disable', '--now', unitName)
      await rm(file, { force: true })
      if (!stopped.ok) return stopped
      return systemctl('daemon-reload')
    },
    state: async () => {
      if ((await textOf(file)) === null) return 'absent'
      const end = await world.run('systemctl', ['--user', 'is-active', unitName], commandTimeoutMs)
      return end.kind === 'ended' && end.stdout.trim() === 'active' ? 'running' : 'stopped'
    },
  }
}

function onMac(world: AutostartWorld): Autostart {
  const file = posix.join(world.userFolder, 'Library', 'LaunchAgents', `${agentLabel}.plist`)
  const domain = `gui/${world.uid ?? 0}`
  const launchctl = (...args: readonly string[]) => ask(world, 'launchctl', args)
  return {
    install: async (wish) => {
      const put = await save(file, launchAgent(wish))
      if (!put.ok) return put
      // One that is loaded has to go first; that there was none is no trouble.
      await launchctl('bootout', `${domain}/${agentLabel}`)
      return launchctl('bootstrap', domain, file)
    },
    remove: async () => {
      if ((await textOf(file)) === null) return done(undefined)
      const stopped = await launchctl('bootout', `${domain}/${agentLabel}`)
      await rm(file, { force: true })
      return stopped
    },
    state: async () => {
      if ((await textOf(file)) === null) return 'absent'
      const end = await world.run('launchctl', ['print', `${domain}/${agentLabel}`], commandTimeoutMs)
      return end.kind === 'ended' && /^\s*state = running$/m.test(end.stdout) ? 'running' : 'stopped'
    },
  }
}

function onWindows(world: AutostartWorld): Autostart {
  const schtasks = (...args: readonly string[]) => ask(world, 'schtasks.exe', args)
  return {
    install: async (wish) => {
      const file = win32.join(world.env['TEMP'] ?? tmpdir(), `fivefold-task-${process.pid}.xml`)
      const put = await save(file, windowsTask(wish, world.userName), 'utf16le')
      if (!put.ok) return put
      try {
        const made = await schtasks('/Create', '/F', '/TN', taskName, '/XML', file)
        return made.ok ? await schtasks('/Run', '/TN', taskName) : made
      } finally {
        await rm(file, { force: true })
      }
    },
    remove: async () => {
      const there = await world.run('schtasks.exe', ['/Query', '/TN', taskName], commandTimeoutMs)
      if (there.kind === 'ended' && there.code !== 0) return done(undefined)
      await schtasks('/End', '/TN', taskName)
      return schtasks('/Delete', '/F', '/TN', taskName)
    },
    // The words of schtasks are those of the system's language, so the state is asked as a number: 4 is running.
    state: async () => {
      const script = `[int](Get-ScheduledTask -TaskName ${taskName} -ErrorAction Stop).State`
      const end = await world.run(
        'powershell.exe',
        ['-NoProfile', '-NonInteractive', '-Command', script],
        commandTimeoutMs,
      )
      if (end.kind !== 'ended' || end.code !== 0) return 'absent'
      return end.stdout.trim() === '4' ? 'running' : 'stopped'
    },
  }
}

async function ask({ run }: AutostartWorld, command: string, args: readonly string[]): Promise<Result<void>> {
  const end = await run(command, args, commandTimeoutMs)
  if (end.kind === 'ended' && end.code === 0) return done(undefined)
  const said = end.kind === 'ended' ? end.stderr.trim().split('\n')[0] : undefined
  const why =
    end.kind === 'missing'
      ? `${command} is not there`
      : end.kind === 'hung'
        ? `${command} did not answer`
        : said === undefined || said === ''
          ? `${command} ended with exit code ${end.code}`
          : said
  return failed(refused(why))
}

async function save(file: string, text: string, encoding: 'utf8' | 'utf16le' = 'utf8'): Promise<Result<void>> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, encoding === 'utf16le' ? `\uFEFF${text}` : text, { encoding })
    return done(undefined)
  } catch (error) {
    return failed(refused(error instanceof Error ? error.message : String(error)))
  }
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return null
  }
}

const refused = (why: string): Failure => ({
  code: 'autostart-refused',
  sentence: `This system did not take Fivefold up among what starts by itself: ${why}.`,
  advice:
    'Start it yourself with “fivefold start”; on a server without a desktop, see the guide “Let it run by itself”.',
})
