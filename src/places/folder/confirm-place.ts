import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceAddress } from '../../engine/contracts.ts'
import { isMarkerOf, readMarker } from './marker.ts'
import { confirmRestoreFolder } from './restore-folder.ts'

/**
 * Is this folder the place that it should be (W4), or, for the folder of a restore, no place at all? Read anew each time. Fails with
 * `place-unmarked`, `place-is-another` or `place-unknown`.
 */
export async function confirmPlace(address: PlaceAddress): Promise<Result<void>> {
  if (address.guard === 'folder') return confirmRestoreFolder(address)
  const reading = await readMarker(address.folder)
  const advice = 'Mount or connect it, then run the same command again.'
  switch (reading.kind) {
    case 'marker':
      if (isMarkerOf(reading.marker, address.id)) return done(undefined)
      return failed({
        code: 'place-is-another',
        sentence: `At ${address.folder} lies “${reading.marker.name}”, not “${address.name}”.`,
        advice: 'Look which drive or share is mounted there. Nothing was written.',
        place: address.name,
      })
    case 'none':
    case 'no-folder':
      return failed({
        code: 'place-unmarked',
        sentence: `“${address.name}” is not at ${address.folder}: there is no marker, as when a NAS or drive is not mounted.`,
        advice: `${advice} Nothing was written.`,
        place: address.name,
      })
    case 'unreadable':
      return failed({
        code: 'place-unknown',
        sentence: `“${address.name}” can't be asked: ${reading.because}.`,
        advice,
        place: address.name,
      })
  }
}
