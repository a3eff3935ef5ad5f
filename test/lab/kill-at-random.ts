/**
 * Runs a command and kills it, with all its children, at a moment of one's choice: after a time, at a line it prints, or at the n-th
 * call of the kernel. Children are found by the family tree and by a mark in their environment, so that a mover in a session
 * of its own does not get away.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { claim } from './janitor.ts'
import { family, killFamily } from './processes.ts'
import type { FamilyEnd, KnownProcess } from './processes.ts'
import { toolPath } from './run-tool.ts'

const MARK = 'FIVEFOLD_LAB_RUN'

export type KillMoment =
  /** After so many milliseconds, counted from the start of the process. */
  | { readonly afterMs: number }
  /** As soon as this is true; asked every few milliseconds. */
  | { readonly when: () => boolean }
  /** As soon as a line of its stdout matches, the n-th time (default 1). */
  | { readonly line: RegExp; readonly nth?: number }
  /**
   * Just before the n-th call of this name in one thread (the counter is per thread: fsync of libuv's pool comes in four of them), by
   * strace; the rest of the family a moment later. With `path`, only calls that touch that path. Slows the command down.
   */
  | { readonly syscall: string; readonly nth: number; readonly path?: string }
  /** Not at all: the command runs to its end. */
  | 'never'

export interface RunWish {
  readonly command: string
  readonly args?: readonly string[]
  readonly kill?: KillMoment
  readonly cwd?: string
  /** Added to the environment of the test. */
  readonly env?: Readonly<Record<string, string>>
  /** The whole family is killed then, and `timedOut` is true. Default 60000. */
  readonly timeoutMs?: number
  /** Gets each line of stdout as it comes, for example to acknowledge it to a recorder. Awaited before the run resolves. */
  readonly onLine?: (line: string) => Promise<void> | void
  /** Is called when the first process has started. */
  readonly onStart?: (pid: number) => void
}

export interface RunOutcome {
  /** Whether it was killed at the wished moment; false when it had ended before. */
  readonly killed: boolean
  readonly timedOut: boolean
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly ranMs: number
  /** How many processes were killed: the command and its children. */
  readonly victims: number
  /** Those that SIGKILL did not end within five seconds: stuck in the kernel. */
  readonly survivors: readonly KnownProcess[]
  /** Children that were still there when the command ended by itself; they are killed before the run resolves. */
  readonly leftBehind: readonly KnownProcess[]
}

function underStrace(wish: RunWish): { command: string; args: string[] } {
  const { command, args = [], kill = 'never' } = wish
  if (kill === 'never' || !('syscall' in kill)) return { command, args: [...args] }
  const strace = toolPath('strace')
  if (strace === null) throw new Error('strace is not installed; ask canKillAtSyscall() first')
  // Descriptor 3 is a socket, which can't be opened by its name in /dev/fd; a shell can hand it on.
  const where = kill.path === undefined ? [] : ['-P', kill.path]
  const inject = ['-e', `trace=${kill.syscall}`, '-e', `inject=${kill.syscall}:signal=SIGKILL:when=${kill.nth}`]
  return { command: strace, args: ['-f', '-qq', '-o', '|cat >&3', ...where, ...inject, command, ...args] }
}

function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input: stream }).on('line', onLine).on('close', resolve)
  })
}

/** Runs the command and kills it as wished. Throws only when the lab fails; whatever the command does is in the outcome. */
export async function runAndKill(wish: RunWish): Promise<RunOutcome> {
  const { kill = 'never', timeoutMs = 60_000 } = wish
  const run = randomUUID()
  const mark = `${MARK}=${run}`
  await using claimed = claim({ kind: 'family', mark })
  void claimed
  const { command, args } = underStrace(wish)
  const traced = kill !== 'never' && 'syscall' in kill
  const startedAt = performance.now()
  const child = spawn(command, args, {
    cwd: wish.cwd,
    env: { ...process.env, ...wish.env, [MARK]: run },
    // In a group of its own, as a shell would start it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', traced ? 'pipe' : 'ignore'],
  })
  const [, out, errors, trace] = child.stdio
  if (child.pid === undefined || out === null || errors === null) {
    const [error] = await once(child, 'error')
    throw error
  }
  wish.onStart?.(child.pid)
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>

  const end = Promise.withResolvers<FamilyEnd>()
  let struck: 'wish' | 'timeout' | null = null
  const strike = (why: 'wish' | 'timeout'): void => {
    if (struck !== null) return
    struck = why
    killFamily(mark).then(end.resolve, end.reject)
  }
  const timers = [setTimeout(() => strike('timeout'), timeoutMs)]
  if (kill !== 'never' && 'afterMs' in kill) timers.push(setTimeout(() => strike('wish'), kill.afterMs))
  if (kill !== 'never' && 'when' in kill) timers.push(setInterval(() => (kill.when() ? strike('wish') : undefined), 2))

  const told: Promise<unknown>[] = []
  let [stdout, stderr, matches] = ['', '', 0]
  errors.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const outRead = readLines(out, (line) => {
    stdout += `${line}\n`
    const answer = (async () => wish.onLine?.(line))()
    // Awaited at the end; until then its failure is not "unhandled".
    answer.catch(() => {})
    told.push(answer)
    if (kill !== 'never' && 'line' in kill && kill.line.test(line) && ++matches === (kill.nth ?? 1)) strike('wish')
  })
  if (trace instanceof Readable) {
    void readLines(trace, (line) => {
      if (line.includes('killed by SIGKILL')) strike('wish')
    })
  }

  // A process that is stuck in the kernel never exits: then the end of the killing is the end of the run.
  const stuck: [null, null] = [null, null]
  const [exitCode, signal] = await Promise.race([
    exited,
    end.promise.then(({ survivors }) => (survivors.some(({ pid }) => pid === child.pid) ? stuck : exited)),
  ])
  const ranMs = performance.now() - startedAt
  for (const timer of timers) clearTimeout(timer)
  const { victims, survivors } = struck === null ? { victims: 0, survivors: [] } : await end.promise
  const leftBehind = struck === null ? family(mark) : []
  await Promise.race([outRead, new Promise((resolve) => setTimeout(resolve, 1_000).unref())])
  for (const stream of [out, errors, trace]) if (stream instanceof Readable) stream.destroy()
  await Promise.all(told)
  const killed = struck === 'wish' && (victims > 0 || signal === 'SIGKILL')
  return {
    killed,
    timedOut: struck === 'timeout',
    exitCode,
    signal,
    stdout,
    stderr,
    ranMs,
    victims,
    survivors,
    leftBehind,
  }
}
