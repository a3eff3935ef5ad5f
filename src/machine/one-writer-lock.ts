import { readFile, rm, writeFile } from 'node:fs/promises'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod/mini'

/** Who works with the home right now. Null where that could not be read: the lock itself is sure, its note is not. */
export interface LockHolder {
  readonly pid: number | null
  readonly what: string
  readonly sinceMs: number | null
  /** It gives the lock away when it is asked to (make-way.ts). */
  readonly givesWay?: boolean | undefined
  /** It was asked, and is on its way out. */
  readonly isLeaving?: boolean | undefined
}

export type LockAnswer =
  | { readonly ok: true; readonly release: () => void; readonly note: LockHolder }
  | { readonly ok: false; readonly heldBy: LockHolder }

const noteSchema = z.object({
  pid: z.int(),
  what: z.string(),
  sinceMs: z.number(),
  givesWay: z.optional(z.boolean()),
  isLeaving: z.optional(z.boolean()),
})
const someoneUnknown: LockHolder = { pid: null, what: 'another Fivefold command', sinceMs: null }

/**
 * SQLite's way to an exclusive lock has several steps, and contenders in step can all be turned away. So each tries
 * again for a moment, at times that differ, before it believes that someone really holds the lock.
 */
const tries = 8
const pauseMsMin = 15
const pauseMsMax = 60

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === 5

/** The locks of this process. Kept here, for a database that nobody refers to is closed, and its lock with it. */
const held = new Set<DatabaseSync>()

/** Takes the lock, or answers null when someone has it. Anything else that goes wrong is thrown. */
function tryLock(file: string): DatabaseSync | null {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    held.add(database)
    return database
  } catch (error) {
    database.close()
    if (isBusy(error)) return null
    throw error
  }
}

async function readHolder(noteFile: string): Promise<LockHolder> {
  try {
    const note = noteSchema.safeParse(JSON.parse(await readFile(noteFile, 'utf8')))
    return note.success ? note.data : someoneUnknown
  } catch {
    return someoneUnknown
  }
}

/** True when the noted process is surely gone, so the note was left by a holder that died. */
function isLeftOver(holder: LockHolder): boolean {
  if (holder.pid === null) return false
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/**
 * The one-writer lock of a home. `home` is its folder, which must exist and lie on a local disk; `what` is the command
 * in a person's words, for the message to the next one.
 *
 * The lock is an open exclusive transaction on the empty database `lock.db`: the operating system holds it for the
 * process (byte-range locks on POSIX, LockFileEx on Windows) and takes it back when the process ends in any way,
 * SIGKILL and power loss included, so there are no stale locks to clean up. A stopped or sleeping process keeps it.
 * `lock.json` beside it only tells who; nothing is decided by it.
 *
 * Nothing else in this process may open `lock.db`: on POSIX, closing any handle of a file drops the locks on it.
 */
export async function acquireLock(
  home: string,
  what: string,
  more: Pick<LockHolder, 'givesWay'> = {},
): Promise<LockAnswer> {
  const lockFile = join(home, 'lock.db')
  const noteFile = join(home, 'lock.json')
  for (let left = tries; left > 0; left -= 1) {
    const database = tryLock(lockFile)
    if (database !== null) {
      const note: LockHolder = { pid: process.pid, what, sinceMs: Date.now(), ...more }
      await writeFile(noteFile, textOf(note), { mode: 0o600 }).catch(() => rm(noteFile, { force: true }))
      return { ok: true, release: releaseOnce(database, noteFile), note }
    }
    await wait(pauseMsMin + Math.random() * (pauseMsMax - pauseMsMin))
  }
  const holder = await readHolder(noteFile)
  return { ok: false, heldBy: isLeftOver(holder) ? someoneUnknown : holder }
}

const textOf = (note: LockHolder): string => `${JSON.stringify(note)}\n`

/** Says anew who holds it; only for the holder, and at once, so that it never writes over the note of the next one. */
export function tellHolder(home: string, note: LockHolder): void {
  try {
    writeFileSync(join(home, 'lock.json'), textOf(note), { mode: 0o600 })
  } catch {
    // A note that can't be written hides only who holds it.
  }
}

function releaseOnce(database: DatabaseSync, noteFile: string): () => void {
  return () => {
    if (!held.delete(database)) return
    rmSync(noteFile, { force: true })
    database.exec('ROLLBACK')
    database.close()
  }
}

/** True when the note beside the lock names a process that lives. Only for what is shown: nothing is decided by it. */
export async function isHeld(home: string): Promise<boolean> {
  const holder = await readHolder(join(home, 'lock.json'))
  return holder.pid !== null && !isLeftOver(holder)
}
