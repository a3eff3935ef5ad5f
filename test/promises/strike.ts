/**
 * Kills a command at a moment of one's choice, in one of the ways that happen in life: with all its children, as a power switch
 * does, or alone, so that its mover is left behind as an orphan.
 */
import { randomUUID } from 'node:crypto'
import { lstatSync, readFileSync, readdirSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { family, killFamily } from '../lab/processes.ts'
import { waitUntil } from '../lab/run-tool.ts'
import { startCommand } from './the-command.ts'
import type { RunningCommand } from './the-command.ts'

export type Victims = 'the whole family' | 'the parent alone'

export interface Strike {
  readonly victims: Victims
  /**
   * When: so many milliseconds from its start, or from the moment when it has its first child, the mover; or at the n-th change that it
   * makes below `watched`, which hits the work itself, however busy the machine is.
   */
  readonly at: { readonly from: 'start' | 'mover'; readonly ms: number } | { readonly change: number }
  /** The places, the home, and what else the command writes to. */
  readonly watched: string
}

export interface Struck extends AsyncDisposable {
  /** False when it had ended before. */
  readonly killed: boolean
  readonly exitCode: number | null
  /** Waits until the orphans have ended by themselves; throws when they do not. */
  orphansEnded(): Promise<void>
}

const orphanTimeoutMs = 15_000

const hasChild = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') !== ''
  } catch {
    return false
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs `fivefold args…` and kills it as wished, unless it ends before. Dispose of it when whatever came after has ended as well. */
export async function runAndStrike(args: readonly string[], { victims, at, watched }: Strike): Promise<Struck> {
  const mark = `FIVEFOLD_STRIKE=${randomUUID()}`
  const [name = '', text = ''] = mark.split('=')
  await using undo = new AsyncDisposableStack()
  const { promise: isChanged, resolve: changed } = Promise.withResolvers<void>()
  let changes = 0
  if ('change' in at)
    undo.use(
      watchChanges(watched, () => {
        changes += 1
        if (changes === at.change) changed()
      }),
    )
  const running = undo.use(startCommand(args, { env: { [name]: text }, timeoutMs: 120_000 }))
  if ('change' in at) await Promise.race([isChanged, running.ended])
  else {
    if (at.from === 'mover') await moverOf(running)
    await Promise.race([sleep(at.ms), running.ended])
  }
  const wasRunning = !running.hasEnded()
  if (wasRunning) running.signal('SIGKILL')
  if (wasRunning && victims === 'the whole family') await killFamily(mark)
  const { exitCode } = await running.ended
  const made = undo.move()
  return {
    killed: wasRunning && exitCode === null,
    exitCode,
    orphansEnded: () => waitUntil('the orphans end', () => family(mark).length === 0, orphanTimeoutMs),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}

const moverOf = (running: RunningCommand): Promise<void> =>
  waitUntil('the mover starts', () => running.hasEnded() || hasChild(running.pid), 60_000)

export interface Measured {
  /** From the start of the command until its mover is there, in milliseconds. */
  readonly startMs: number
  /** From there to its end. */
  readonly workMs: number
  /** So many changes were seen below `watched`. */
  readonly changes: number
}

/** Runs the command, not killed; it has to end with one of `exitCodes`. */
export async function measureWork(
  args: readonly string[],
  exitCodes: readonly number[],
  watched: string,
): Promise<Measured> {
  let changes = 0
  using watching = watchChanges(watched, () => (changes += 1))
  void watching
  const startedAt = performance.now()
  await using running = startCommand(args, { timeoutMs: 120_000 })
  await moverOf(running)
  const startMs = performance.now() - startedAt
  const ended = await running.ended
  if (!exitCodes.includes(ended.exitCode ?? -1))
    throw new Error(`${args.join(' ')}: exit ${ended.exitCode} ${ended.stderr}`)
  return { startMs, workMs: performance.now() - startedAt - startMs, changes }
}

/** Tells of each change to a file or a folder below `root`, as the kernel tells it; also in folders that are made meanwhile. */
function watchChanges(root: string, tell: () => void): Disposable {
  const watchers = new Map<string, FSWatcher>()
  const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const add = (folder: string): void => {
    if (watchers.has(folder) || folder.endsWith('/lost+found')) return
    const watcher = watch(folder, (_, name) => {
      tell()
      if (name !== null && isFolder(join(folder, name))) add(join(folder, name))
    })
    watcher.on('error', () => watcher.close())
    watchers.set(folder, watcher)
    for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
      add(join(folder, name))
  }
  add(root)
  return {
    [Symbol.dispose]: () => {
      for (const watcher of watchers.values()) watcher.close()
    },
  }
}
