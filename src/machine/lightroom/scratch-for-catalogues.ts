import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { failed, type Result } from '../../domain/failure.ts'
import { writeFailure } from './lightroom-failures.ts'

export interface CatalogueScratch {
  /** An absolute path; the folder is empty and for this user alone. */
  readonly path: string
  /** Takes it away with everything in it. Never fails: what stays is taken by the next one. */
  remove(): Promise<void>
}

const named = /^lightroom-(\d+)-/

/**
 * Makes a folder below `home` for copies of catalogues, which can be gigabytes, so not in the system's folder for temporary files. The
 * number of the process is in its name: what a killed command left is taken away, and what another one is working in right now is
 * not, for a look needs no lock. Fails with `place-full`, `place-read-only` or `place-error`.
 */
export async function makeCatalogueScratch(home: string): Promise<Result<CatalogueScratch>> {
  try {
    for (const name of await readdir(home)) {
      const pid = Number(named.exec(name)?.[1] ?? Number.NaN)
      if (!Number.isNaN(pid) && !isRunning(pid)) await take(join(home, name))
    }
    const path = await mkdtemp(join(home, `lightroom-${process.pid}-`))
    return { ok: true, value: { path, remove: () => take(path) } }
  } catch (error) {
    return failed(writeFailure(error, home))
  }
}

const take = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true }).catch(() => undefined)

/** Signal 0 is no signal, only the question whether that process is there; another user's may not be asked, and is there. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
