import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Device, FileSystemLimits, Identity } from '../../domain/place.ts'
import type { PlaceAddress } from '../../engine/contracts.ts'
import { isMarkerOf, readMarker, writeMarker } from './marker.ts'
import { placeFailure } from './system-failure.ts'

/** What the machine found out about the ground a folder stands on. */
export interface GroundFacts {
  readonly device: Device
  readonly limits: FileSystemLimits
  readonly readBack: 'medium' | 'cached'
}

/** Asks a folder who it is (W4). Four answers; only `online` may be written to. */
export async function identifyFolder(
  address: PlaceAddress,
  groundOf: (folder: string) => Promise<GroundFacts>,
): Promise<Identity> {
  if (address.guard === 'folder') return identifyRestoreFolder(address, groundOf)
  const reading = await readMarker(address.folder)
  switch (reading.kind) {
    case 'no-folder':
      return { kind: 'unmarked', sentence: `There is no folder ${address.folder}.` }
    case 'none':
      return { kind: 'unmarked', sentence: `${address.folder} has no marker, as when a NAS or drive is not mounted.` }
    case 'unreadable':
      return { kind: 'unknown', sentence: `${address.folder} can't be asked: ${reading.because}.` }
    case 'marker': {
      if (!isMarkerOf(reading.marker, address.id))
        return {
          kind: 'someone-else',
          foundId: reading.marker.id,
          sentence: `At ${address.folder} lies “${reading.marker.name}”, not “${address.name}”.`,
        }
      return online(address, address.folder, groundOf)
    }
  }
}

/** The folder of a restore is there as soon as it can be made; nothing is made by asking. */
async function identifyRestoreFolder(
  address: PlaceAddress,
  groundOf: (folder: string) => Promise<GroundFacts>,
): Promise<Identity> {
  const reading = await readMarker(address.folder)
  switch (reading.kind) {
    case 'marker':
      return {
        kind: 'someone-else',
        foundId: reading.marker.id,
        sentence: `${address.folder} is the place “${reading.marker.name}”.`,
      }
    case 'unreadable':
      return { kind: 'unknown', sentence: `${address.folder} can't be asked: ${reading.because}.` }
    case 'none':
      return online(address, address.folder, groundOf)
    case 'no-folder': {
      const above = dirname(address.folder)
      const aboveIsThere = (await readMarker(above)).kind !== 'no-folder' && !existsSync(address.folder)
      if (aboveIsThere) return online(address, above, groundOf)
      return { kind: 'unmarked', sentence: `There is no folder ${address.folder}, and none to make it in.` }
    }
  }
}

/** `ground` is an existing folder on the same file system. */
async function online(
  { id, folder }: PlaceAddress,
  ground: string,
  groundOf: (folder: string) => Promise<GroundFacts>,
): Promise<Identity> {
  const { device, limits, readBack } = await groundOf(ground)
  const room = await statfs(ground)
  return {
    kind: 'online',
    id,
    folder,
    device,
    freeBytes: room.bavail * room.bsize,
    totalBytes: room.blocks * room.bsize,
    limits,
    readBack,
  }
}

/** Makes a folder a place. A folder that is one already keeps its marker, and its id must be the one asked for. */
export async function markFolder(
  address: PlaceAddress,
  marker: string,
  groundOf: (folder: string) => Promise<GroundFacts>,
): Promise<Result<Identity>> {
  try {
    const reading = await readMarker(address.folder)
    if (reading.kind === 'no-folder')
      return failed({
        code: 'not-found',
        sentence: `There is no folder ${address.folder}.`,
        advice: 'Mount the drive or make the folder first: Fivefold never makes the root of a place by itself.',
        place: address.name,
      })
    if (reading.kind === 'none') await writeMarker(address.folder, JSON.parse(marker))
    return done(await identifyFolder(address, groundOf))
  } catch (error) {
    return failed(placeFailure(error, address.name))
  }
}
