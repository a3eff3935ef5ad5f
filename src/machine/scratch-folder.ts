import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'

export interface ScratchFolder {
  readonly folder: string
  /** Removes it with all that is in it; what can't be removed now goes with the next one. */
  remove(): Promise<void>
}

/** What a run that was killed left behind is nobody's any more after so long. */
const leftOverMs = 24 * 60 * 60 * 1000

/** A new empty folder below the home, for a rehearsal or a copy that is looked into. Fails with `place-error`. */
export async function makeScratchFolder(home: string): Promise<Result<ScratchFolder>> {
  const above = join(home, 'scratch')
  try {
    await mkdir(above, { recursive: true, mode: 0o700 })
    await sweep(above)
    const folder = await mkdtemp(join(above, 'fivefold-'))
    return done({ folder, remove: () => rm(folder, { recursive: true, force: true }) })
  } catch (error) {
    return failed({
      code: 'place-error',
      sentence: `No folder for the work in between could be made in ${above}: ${error instanceof Error ? error.message : String(error)}.`,
      advice: 'Make room on the disk that holds the home of Fivefold, then run the same command again.',
      path: above,
    })
  }
}

async function sweep(above: string): Promise<void> {
  for (const name of await readdir(above)) {
    const folder = join(above, name)
    const { mtimeMs } = await stat(folder)
    if (name.startsWith('fivefold-') && Date.now() - mtimeMs > leftOverMs)
      await rm(folder, { recursive: true, force: true })
  }
}
