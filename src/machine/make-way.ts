/**
 * How one command asks another for the one-writer lock. A person's command leaves a request beside the lock and renews it while it
 * waits; a holder that gives way looks for it twice a second, says in the lock's note that it is leaving, and leaves. Files and no
 * signals, so that it is the same on every system. A request that nobody renews is worth nothing: whoever asked has died, or was
 * stopped, and keeps nobody from going on.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod/mini'
import type { Cancel } from '../engine/contracts.ts'
import type { LockAnswer, LockHolder } from './one-writer-lock.ts'
import { acquireLock, tellHolder } from './one-writer-lock.ts'
import { systemClock } from './power-and-clock.ts'

/** The holder looks so often whether somebody asks. */
const lookEveryMs = 500
/** Who waits renews his request so often. */
const askEveryMs = 250
/** A request that was not renewed for so long is left over. Also one from the future: a clock that was set back must not make it last. */
const requestLastsMs = 3000
/** How long whoever asks waits. */
const patience = {
  /** For the holder to notice. Then it was stopped (Ctrl-Z), and whoever asks is told who it is. */
  noticeMs: 4000,
  /** For it to leave after that: its work is cut off after a few seconds, whatever the network does. */
  leaveMs: 30_000,
}
/** So long it is asked again when another one, who does not give way, was quicker: he may be gone at once. */
const otherMs = 1500
/** Who waits for his turn tries so often. */
const turnEveryMs = 1000

const requestSchema = z.object({ pid: z.int(), what: z.string(), atMs: z.number() })
type Request = z.infer<typeof requestSchema>

const requestFile = (home: string): string => join(home, 'lock-wanted.json')

/** Null when nobody asks just now. */
async function readRequest(home: string): Promise<Request | null> {
  try {
    const request = requestSchema.safeParse(JSON.parse(await readFile(requestFile(home), 'utf8')))
    return request.success && Math.abs(Date.now() - request.data.atMs) <= requestLastsMs ? request.data : null
  } catch {
    return null
  }
}

async function ask(home: string, what: string): Promise<void> {
  const request: Request = { pid: process.pid, what, atMs: Date.now() }
  // Where it can't be written nobody makes way, and the answer is the one without asking.
  await writeFile(requestFile(home), `${JSON.stringify(request)}\n`, { mode: 0o600 }).catch(() => undefined)
}

/** Two may ask at the same time: each takes back only its own, and the other renews what was overwritten. */
async function withdraw(home: string): Promise<void> {
  const request = await readRequest(home)
  if (request === null || request.pid === process.pid)
    await rm(requestFile(home), { force: true }).catch(() => undefined)
}

/** For a command that a person waits for: asks a holder that gives way to do so. `tell` is called once, when it has to wait. */
export async function acquireByAsking(
  home: string,
  what: string,
  tell: (holder: LockHolder) => void,
  { noticeMs, leaveMs } = patience,
): Promise<LockAnswer> {
  let answer = await acquireLock(home, what)
  if (answer.ok || answer.heldBy.givesWay !== true) return answer
  tell(answer.heldBy)
  type Deadline = 'notice' | 'leave' | 'other'
  let deadline: Deadline = 'notice'
  let untilMs = performance.now() + noticeMs
  while (!answer.ok && performance.now() < untilMs) {
    await ask(home, what)
    await wait(askEveryMs)
    answer = await acquireLock(home, what)
    if (answer.ok) break
    const { pid, givesWay, isLeaving } = answer.heldBy
    const next: Deadline = pid !== null && givesWay !== true ? 'other' : isLeaving === true ? 'leave' : deadline
    if (next !== deadline) untilMs = performance.now() + (next === 'other' ? otherMs : leaveMs)
    deadline = next
  }
  await withdraw(home)
  return answer
}

export type GivingWayAnswer =
  | { readonly ok: true; readonly release: () => void; readonly wanted: Cancel }
  | { readonly ok: false; readonly heldBy: LockHolder }

/** For work that gives way: `wanted` is aborted when somebody asks. Whoever asks goes first, so it is not taken while one does. */
export async function acquireGivingWay(home: string, what: string): Promise<GivingWayAnswer> {
  const asking = await readRequest(home)
  if (asking !== null) return { ok: false, heldBy: { pid: asking.pid, what: asking.what, sinceMs: asking.atMs } }
  const answer = await acquireLock(home, what, { givesWay: true })
  if (!answer.ok) return answer
  const wanted = new AbortController()
  let isOver = false
  const look = setInterval(() => {
    void readRequest(home).then((request) => {
      if (request === null || isOver) return
      clearInterval(look)
      tellHolder(home, { ...answer.note, isLeaving: true })
      wanted.abort()
    })
  }, lookEveryMs)
  look.unref()
  return {
    ok: true,
    wanted: wanted.signal,
    release: () => {
      isOver = true
      clearInterval(look)
      answer.release()
    },
  }
}

/** The same, however long it takes until it is free. Null when `cancel` said stop meanwhile. */
export async function acquireInTurn(
  home: string,
  what: string,
  cancel: Cancel,
  tell: (holder: LockHolder) => void,
): Promise<Extract<GivingWayAnswer, { ok: true }> | null> {
  for (let isFirst = true; !cancel.aborted; isFirst = false) {
    const answer = await acquireGivingWay(home, what)
    if (answer.ok) return answer
    if (isFirst) tell(answer.heldBy)
    await systemClock.sleep(turnEveryMs, cancel)
  }
  return null
}
