/**
 * A folder that is no place, but is written to with the same care: what a restore or a rehearsal brings back goes there. It gets no marker;
 * what is remembered while the work goes on is the folder itself (W4).
 */
import { rmdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceAddress } from '../../engine/contracts.ts'
import { flushFolder } from './flush-folder.ts'
import { partialFolder, readMarker } from './marker.ts'
import { hasSystemCode, placeFailure } from './system-failure.ts'

/** Makes the folder when only its last part is missing. Fails when it is a place, or can't be made. */
export async function openRestoreFolder(address: PlaceAddress): Promise<Result<void>> {
  try {
    await mkdir(address.folder)
    await flushFolder(dirname(address.folder))
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT')) return failed(noFolder(address))
    if (!hasSystemCode(error, 'EEXIST')) return failed(placeFailure(error, address.name))
  }
  return confirmRestoreFolder(address)
}

/** Is there a folder, and is it no place? */
export async function confirmRestoreFolder(address: PlaceAddress): Promise<Result<void>> {
  const reading = await readMarker(address.folder)
  switch (reading.kind) {
    case 'none':
      return done(undefined)
    case 'no-folder':
      return failed(noFolder(address))
    case 'marker':
      return failed({
        code: 'place-is-another',
        sentence: `${address.folder} is the place “${reading.marker.name}”.`,
        advice: 'Give a folder that is no place of Fivefold. Nothing was written.',
        place: address.name,
      })
    case 'unreadable':
      return failed({
        code: 'place-unknown',
        sentence: `${address.folder} can't be asked: ${reading.because}.`,
        advice: 'Give another folder, or look what is wrong with this one. Nothing was written.',
        place: address.name,
      })
  }
}

const noFolder = ({ folder, name }: PlaceAddress): Failure => ({
  code: 'not-found',
  sentence: `There is no folder ${folder}, and the folder that it should lie in is not there either.`,
  advice: 'Make that folder, or mount the drive, then run the same command again.',
  place: name,
})

/** Takes away what Fivefold made for itself, as far as it is empty. */
export function removeEmptyOwnFolders(root: string): void {
  for (const folder of [partialFolder, dirname(partialFolder)]) {
    try {
      rmdirSync(join(root, folder))
    } catch (error) {
      if (!hasSystemCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error
      return
    }
  }
}
