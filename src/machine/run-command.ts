import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'

/**
 * How a command of the system ended. `missing`: there is no such command here. `hung`: it did not answer in time and
 * was left to itself. Neither is an error: the caller knows less then, and says so.
 */
export type CommandEnd =
  | { readonly kind: 'ended'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'hung' }

export type RunCommand = (command: string, args: readonly string[], timeoutMs: number) => Promise<CommandEnd>

/** Far more than any of our commands prints; a command that prints more is taken for broken. */
const outputBytesMax = 16 * 1024 * 1024

type Child = ChildProcessByStdio<null, Readable, Readable>

/**
 * A process stuck in the kernel ignores SIGKILL (measured with a frozen file system), so nobody may wait for its end:
 * its pipes are closed and the event loop forgets it (J2).
 */
function abandon(child: Child): void {
  child.kill('SIGKILL')
  child.stdout.destroy()
  child.stderr.destroy()
  child.unref()
}

const text = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString('utf8')

/**
 * Runs a command of the system without a shell and answers within `timeoutMs`, whatever the command does. Never throws
 * and never rejects. The language is set to C, so that numbers and words are what our parsers expect.
 */
export const runCommand: RunCommand = (command, args, timeoutMs) =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      env: { ...process.env, LC_ALL: 'C', LANG: 'C' },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let bytes = 0
    const collect = (into: Buffer[]) => (piece: Buffer) => {
      bytes += piece.length
      if (bytes <= outputBytesMax) into.push(piece)
      else giveUp()
    }
    const timer = setTimeout(giveUp, timeoutMs)
    function giveUp(): void {
      clearTimeout(timer)
      abandon(child)
      resolve({ kind: 'hung' })
    }
    child.stdout.on('data', collect(out))
    child.stderr.on('data', collect(err))
    child.on('error', () => {
      clearTimeout(timer)
      resolve({ kind: 'missing' })
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ kind: 'ended', code: code ?? -1, stdout: text(out), stderr: text(err) })
    })
  })

/** What the command printed when it ended well; null when it failed, is missing or hung. */
export async function outputOf(
  run: RunCommand,
  command: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<string | null> {
  const end = await run(command, args, timeoutMs)
  return end.kind === 'ended' && end.code === 0 ? end.stdout : null
}
