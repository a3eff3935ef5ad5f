import { chmod } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'

const pauseMsMin = 10
const pauseMsMax = 40

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === 5

function tryLock(file: string): DatabaseSync | null {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (isBusy(error)) return null
    throw error
  }
}

/**
 * Does something that no other process does at the same time: under an exclusive lock on the empty database `lockFile`, as in
 * one-writer-lock.ts. The system takes the lock back when its holder dies, so none is ever stale. Null when it could not be had
 * within `patienceMs`.
 */
export async function oneAtATime<Value>(
  lockFile: string,
  patienceMs: number,
  act: () => Promise<Value>,
): Promise<{ readonly value: Value } | null> {
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const lock = tryLock(lockFile)
    if (lock !== null) {
      try {
        // It holds nothing; but a home has no files that are open to others.
        await chmod(lockFile, 0o600).catch(() => undefined)
        return { value: await act() }
      } finally {
        lock.exec('ROLLBACK')
        lock.close()
      }
    }
    if (performance.now() >= untilMs) return null
    await wait(pauseMsMin + Math.random() * (pauseMsMax - pauseMsMin))
  }
}
