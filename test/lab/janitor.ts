/**
 * Clears up after a test, whatever becomes of it. Each leftover is claimed before it comes into being; it is cleared when its claim
 * is disposed of. Should this process die first (SIGKILL, a crash, a timeout of the test runner), a small process of our own, which
 * notices by the end of its stdin, clears all that was claimed, last first.
 */
import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { ChildProcess } from 'node:child_process'
import { tidy } from './leftovers.ts'
import type { Leftover } from './leftovers.ts'

export type JanitorOrder = { readonly claim: number; readonly leftover: Leftover } | { readonly release: number }

let janitor: ChildProcess | undefined
let lastClaim = 0

function tellJanitor(order: JanitorOrder): void {
  if (janitor === undefined) {
    // In a session of its own: Ctrl-C on the tests must not end the one who clears up after them.
    janitor = spawn(process.execPath, [fileURLToPath(new URL('./janitor-process.ts', import.meta.url))], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    janitor.unref()
    if (janitor.stdin instanceof Socket) janitor.stdin.unref()
    janitor.stdin?.on('error', () => {})
  }
  janitor.stdin?.write(`${JSON.stringify(order)}\n`)
}

/** Takes responsibility for a leftover. Disposing of the claim clears it away, once. */
export function claim(leftover: Leftover): AsyncDisposable {
  const number = ++lastClaim
  tellJanitor({ claim: number, leftover })
  let cleared: Promise<void> | undefined
  return {
    [Symbol.asyncDispose]: () => {
      cleared ??= tidy(leftover).then(
        () => tellJanitor({ release: number }),
        (error: unknown) => {
          // The test fails with it too, but several such errors come wrapped into each other, and the first says why.
          process.stderr.write(`The lab could not clear away ${JSON.stringify(leftover)}: ${String(error)}\n`)
          throw error
        },
      )
      return cleared
    },
  }
}
