/** Starts a process of the lab's own that runs as long as the test needs it. */
import { spawn } from 'node:child_process'
import { claim } from './janitor.ts'
import { knownProcess } from './processes.ts'
import type { KnownProcess } from './processes.ts'

/**
 * Starts it in a session of its own and lets `undo` end it, by its id. What it says on stderr is shown, for it should say nothing;
 * `quiet` is for those that complain when they are ended on purpose.
 */
export function startDaemon(
  undo: AsyncDisposableStack,
  command: string,
  args: readonly string[],
  voice: 'shown' | 'quiet' = 'shown',
): KnownProcess {
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', voice === 'shown' ? 'inherit' : 'ignore'],
    detached: true,
  })
  child.unref()
  const known = child.pid === undefined ? null : knownProcess(child.pid)
  if (known === null) throw new Error(`${command} does not start`)
  undo.use(claim({ kind: 'process', ...known }))
  return known
}
