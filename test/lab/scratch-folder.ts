/** A folder for one test, in memory (fast, and no wear) or on the disk; gone afterwards. */
import { mkdtemp } from 'node:fs/promises'
import { existsSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claim } from './janitor.ts'

const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 512 * 1024 * 1024

export type Medium = 'memory' | 'disk'

export interface ScratchFolder extends AsyncDisposable {
  readonly path: string
}

function parentFor(medium: Medium): string {
  if (medium === 'disk' || !existsSync(MEMORY)) return tmpdir()
  const space = statfsSync(MEMORY)
  return space.bavail * space.bsize >= ENOUGH_BYTES ? MEMORY : tmpdir()
}

/** `memory` falls back to the disk where there is no memory file system with half a gigabyte free. */
export async function scratchFolder(medium: Medium = 'memory'): Promise<ScratchFolder> {
  const path = await mkdtemp(join(parentFor(medium), 'fivefold-lab-'))
  const claimed = claim({ kind: 'folder', path })
  return { path, [Symbol.asyncDispose]: () => claimed[Symbol.asyncDispose]() }
}
