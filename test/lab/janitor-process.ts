/** The process that clears up when the tests' own process has died; see janitor.ts. */
import { createInterface } from 'node:readline'
import type { JanitorOrder } from './janitor.ts'
import { tidy } from './leftovers.ts'
import type { Leftover } from './leftovers.ts'
import { isAlive, knownProcess } from './processes.ts'

const WATCH_MS = 250

const claimed = new Map<number, Leftover>()
const master = knownProcess(process.ppid)

function obey(line: string): void {
  const order: JanitorOrder = JSON.parse(line)
  if ('claim' in order) claimed.set(order.claim, order.leftover)
  else claimed.delete(order.release)
}

async function tidyAll(): Promise<void> {
  for (const leftover of [...claimed.values()].toReversed()) {
    // One thing that can't be cleared must not keep the rest.
    await tidy(leftover).catch(() => {})
  }
  process.exit(0)
}

// The end of stdin is the end of the tests. But a process with one thread stuck in the kernel, say on a reader that hangs, can be
// killed and still hold its end of the pipe, until its reader is cleared away: so it is looked at as well.
const watch = setInterval(() => {
  if (master === null || !isAlive(master)) end()
}, WATCH_MS)

function end(): void {
  clearInterval(watch)
  lines.off('close', end)
  void tidyAll()
}

const lines = createInterface({ input: process.stdin }).on('line', obey).on('close', end)
