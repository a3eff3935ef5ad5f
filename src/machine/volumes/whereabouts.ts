import { lstat, realpath, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Whereabouts } from '../../engine/contracts.ts'
import type { Volumes } from './volume.ts'

/**
 * On which volume something written under this path would end up; by reading only (C1). What is not there yet is asked for at the
 * deepest folder that is, links and all. Fails with `place-unknown` when that can't be told.
 */
export async function readWhereabouts(path: string, volumes: Volumes): Promise<Result<Whereabouts>> {
  const wished = resolve(path)
  let folder: { readonly real: string; readonly isWhole: boolean }
  try {
    folder = await deepestFolder(wished)
  } catch (error) {
    return failed(notTold(path, error))
  }
  const volume = await volumes.find(folder.real)
  const root = volume?.mountPoint ?? folder.real
  const isVolume = volume !== null && root !== '/'
  return done({
    folder: folder.real,
    isWhole: folder.isWhole,
    volume: {
      label: (isVolume ? volume.label : null) ?? basename(root),
      fileSystemUuid: isVolume ? volume.uuid : null,
      fileSystem: volume?.fsTypeReal ?? null,
      volumeBytes: isVolume ? volume.totalBytes : null,
      root,
      isVolume,
    },
  })
}

async function deepestFolder(path: string): Promise<{ readonly real: string; readonly isWhole: boolean }> {
  for (let here = path; ; here = dirname(here)) {
    if (await isThere(here)) {
      // A link that leads nowhere rejects here: where it would lead one day, nobody knows.
      const real = await realpath(here)
      if ((await stat(real)).isDirectory()) return { real, isWhole: here === path }
    }
    if (dirname(here) === here) throw new Error('no folder at all')
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return false
    throw error
  }
}

const notTold = (path: string, error: unknown): Failure => ({
  code: 'place-unknown',
  sentence: `Where ${path} lies could not be told (${error instanceof Error && 'code' in error ? String(error.code) : 'no folder there'}).`,
  advice: 'Look whether the disk is connected and the folder may be read, then run the same command again.',
  path,
})
