/** The process that clears up when the tests' own process has died; see janitor.ts. */
import { createInterface } from 'node:readline'
import type { JanitorOrder } from './janitor.ts'
import { tidy } from './leftovers.ts'
import type { Leftover } from './leftovers.ts'

const claimed = new Map<number, Leftover>()
for await (const line of createInterface({ input: process.stdin })) {
  const order: JanitorOrder = JSON.parse(line)
  if ('claim' in order) claimed.set(order.claim, order.leftover)
  else claimed.delete(order.release)
}
for (const leftover of [...claimed.values()].toReversed()) {
  // One thing that can't be cleared must not keep the rest.
  await tidy(leftover).catch(() => {})
}
