/** The real command line, as a person starts it: a process of its own, with a home and two places that are made for the test. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { scratchFolder } from '../lab/scratch-folder.ts'

/** `./fivefold` of this checkout; another one can be named, to see a check fail on a copy that was broken on purpose. */
export const launcher = process.env['FIVEFOLD_LAUNCHER'] ?? fileURLToPath(new URL('../../fivefold', import.meta.url))

export interface Ran {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** On top of the environment without FIVEFOLD_HOME, NO_COLOR and FORCE_COLOR. */
  readonly env?: Readonly<Record<string, string>>
  /** Called with all of stdout so far, each time something new was printed. */
  readonly watch?: (stdout: string, interrupt: () => void) => void
  /** Runs the command as this user (needs root). */
  readonly uid?: number
}

const timeoutMs = 120_000
/** A command that has ended lets go of its output within this time. */
const lingerMs = 10_000

/** A clean environment: what the tester has set for himself must not change what is tested. */
function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { FIVEFOLD_HOME: _home, NO_COLOR: _noColor, FORCE_COLOR: _force, ...rest } = process.env
  return { ...rest, TZ: 'UTC', COLUMNS: '80', ...extra }
}

/** Runs `./fivefold args…` without a terminal, and waits for its end; a command that hangs is killed and has no exit code. */
export async function fivefold(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(launcher, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment(options.env),
    timeout: timeoutMs,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    options.watch?.(stdout, () => child.kill('SIGINT'))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
    // Whoever reads the output through a pipe waits for all that hold it: a child of the command that lives on is a fault.
    child.on('exit', () =>
      setTimeout(() => {
        for (const pipe of [child.stdout, child.stderr]) pipe.destroy()
        reject(new Error(`fivefold ${args.join(' ')} ended, but a process that it started still holds its output`))
      }, lingerMs).unref(),
    )
  })
}

export type Json = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `--json` printed: one object or list a line. */
export function jsonLines(ran: Ran): unknown[] {
  return ran.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
}

/** The lines of one type, such as `result` or `error`. */
export const ofType = (ran: Ran, type: string): Json[] =>
  jsonLines(ran).flatMap((line) => (isObject(line) && line['type'] === type ? [line] : []))

export interface Studio extends AsyncDisposable {
  /** All of it, and room for the test's own folders. */
  readonly folder: string
  readonly home: string
  readonly library: string
  readonly second: string
  run(args: readonly string[], options?: RunOptions): Promise<Ran>
  /** As `run`, and the exit code must be this one; the message of a failure holds all that was printed. */
  expect(exitCode: number, args: readonly string[], options?: RunOptions): Promise<Ran>
}

export interface StudioWish {
  /** Folders for the two places instead of the ones in the studio's own. */
  readonly library?: string
  readonly second?: string
  /** False: the home is clean, nothing was set up. */
  readonly setUp?: boolean
}

/** On a real disk: what lies in memory can't be proven. Two devices are declared, as the test's own disk is one. */
export async function makeStudio(wish: StudioWish = {}): Promise<Studio> {
  const scratch = await scratchFolder('disk')
  const home = join(scratch.path, 'home')
  const library = wish.library ?? join(scratch.path, 'nas')
  const second = wish.second ?? join(scratch.path, 'pc')
  const run: Studio['run'] = (args, options) => fivefold([...args, '--home', home], options)
  const expect: Studio['expect'] = async (exitCode, args, options) => {
    const ran = await run(args, options)
    assert.equal(ran.exitCode, exitCode, `fivefold ${args.join(' ')}\n${ran.stdout}\n${ran.stderr}`)
    return ran
  }
  const studio: Studio = {
    folder: scratch.path,
    home,
    library,
    second,
    run,
    expect,
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  }
  for (const folder of [library, second]) await mkdir(folder, { recursive: true })
  if (wish.setUp === false) return studio
  const devices = ['--library-device', 'nas', '--second-device', 'pc']
  try {
    await expect(0, ['setup', '--library', library, '--second', second, ...devices])
  } catch (error) {
    await scratch[Symbol.asyncDispose]()
    throw error
  }
  return studio
}
