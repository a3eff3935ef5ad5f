import { realpath, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { CardSigns } from '../../domain/card.ts'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Volumes } from './volume.ts'

/**
 * What a card says of itself, by reading only (C1). A folder that is no volume of its own is known by its path and its name.
 * Fails with `not-found` when there is no such folder.
 */
export async function readCardSigns(path: string, volumes: Volumes): Promise<Result<CardSigns>> {
  let root: string
  try {
    root = await realpath(path)
    if (!(await stat(root)).isDirectory()) throw new Error('not a folder')
  } catch {
    return failed({
      code: 'not-found',
      sentence: `There is no card at ${path}.`,
      advice: 'Put the card in, wait until it is mounted, and give the folder where it appears.',
      path,
    })
  }
  const volume = await volumes.find(root)
  const isVolume = volume !== null && volume.mountPoint === root && root !== '/'
  return done({
    label: (isVolume ? volume.label : null) ?? basename(root),
    fileSystemUuid: isVolume ? volume.uuid : null,
    fileSystem: isVolume ? volume.fsTypeReal : null,
    volumeBytes: isVolume ? volume.totalBytes : null,
    root,
    isVolume,
  })
}
