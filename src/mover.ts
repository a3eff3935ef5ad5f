/**
 * The back door: the child process that touches cards and places, so that the front door never hangs (J2). Joins the engine with the
 * folders and the machine; knows no catalog, decides nothing.
 */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeBlockPool } from './engine/block-pool.ts'
import { clientOf } from './domain/client-folder.ts'
import type { Result } from './domain/failure.ts'
import type { PlaceId } from './domain/ids.ts'
import type { Identity } from './domain/place.ts'
import type { Hands, PlaceAddress, WritablePlace } from './engine/contracts.ts'
import type { MoverWorld } from './engine/local-mover.ts'
import { makeLocalMover, openOrigin } from './engine/local-mover.ts'
import { OpenServices } from './engine/open-clouds.ts'
import { patienceLimits } from './engine/patience.ts'
import type { ServicePlace, SessionShelf } from './engine/cloud-contract.ts'
import { makeServiceHands } from './engine/cloud-hands.ts'
import type { ReadBack } from './machine/cache-bypass.ts'
import { dropDeviceCache, readBackStrength } from './machine/cache-bypass.ts'
import { serveMover } from './machine/mover/serve-mover.ts'
import { systemClock } from './machine/power-and-clock.ts'
import { limitsOf } from './machine/volumes/limits.ts'
import { mountedFolders } from './machine/volumes/mounted-folders.ts'
import { pickVolumes } from './machine/volumes/pick.ts'
import type { Volume } from './machine/volumes/volume.ts'
import { makeHashingMemory } from './machine/xxh128/xxh128.ts'
import { readCardSigns } from './machine/volumes/card-signs.ts'
import { namesAtTop } from './machine/volumes/names-at-top.ts'
import { readWhereabouts } from './machine/volumes/whereabouts.ts'
import { openCardSource } from './places/card/card-source.ts'
import { findMovedFolder } from './places/folder/find-moved-folder.ts'
import { openFolderPlace } from './places/folder/folder-place.ts'
import type { GroundFacts } from './places/folder/identify-folder.ts'
import { identifyFolder, markFolder } from './places/folder/identify-folder.ts'
import { partialFolder } from './places/folder/marker.ts'
import { readServiceAddress } from './places/cloud/cloud-address.ts'

/** Measured: see docs/adr/0004. Two files of two blocks each, and two places reading back, never wait for memory. */
const memory = makeHashingMemory({ blockBytes: 4 * 1024 * 1024, blocks: 6, streams: 16 })
const volumes = pickVolumes()

interface Ground {
  readonly volume: Volume | null
  readonly readBack: ReadBack
}

const grounds = new Map<string, Promise<Ground>>()

/**
 * What a folder stands on; asked once for each place, because a place that is swapped is noticed by its marker and its device number.
 * Two drives that take turns at one folder are two places, on two devices (V2).
 */
function groundOf(
  folder: string,
  probe: Parameters<typeof readBackStrength>[1] | null,
  who: PlaceId | 'card' = 'card',
): Promise<Ground> {
  const key = `${who} ${folder}`
  const known = grounds.get(key)
  if (known !== undefined) return known
  const asked = (async (): Promise<Ground> => {
    const volume = await volumes.find(folder)
    const unknown: ReadBack = {
      strength: 'cached',
      because: 'The system tells nothing about this folder.',
      dropFirst: false,
    }
    const readBack = volume === null || probe === null ? unknown : await readBackStrength(volume, probe)
    return { volume, readBack }
  })()
  grounds.set(key, asked)
  return asked
}

const forget = async ({ volume, readBack }: Ground): Promise<boolean> =>
  volume === null || !readBack.dropFirst ? readBack.strength === 'medium' : dropDeviceCache(volume)

/** `folder` is one that exists: that of a restore may not be made yet, and then it is the one above it. */
async function placeFacts(address: PlaceAddress, folder = address.folder): Promise<GroundFacts> {
  const probed = address.guard === 'folder' ? folder : join(folder, partialFolder)
  const { volume, readBack } = await groundOf(folder, { writableFolder: probed }, address.id)
  const measured = volume?.deviceHow === 'measured'
  return {
    device:
      address.declaredDevice !== null
        ? { id: `declared:${address.declaredDevice}`, how: 'declared' }
        : { id: volume?.deviceId ?? `unknown:${folder}`, how: measured ? 'measured' : 'unknown' },
    limits: limitsOf(volume?.fsTypeReal ?? 'unknown'),
    readBack: readBack.strength,
  }
}

/** Any file of the card will do to see whether a read can pass the cache; nothing is ever written there (C1). */
function someFileOf(root: string): string | null {
  try {
    const entries = readdirSync(root, { withFileTypes: true, recursive: true })
    const file = entries.find((entry) => entry.isFile())
    return file === undefined ? null : join(file.parentPath, file.name)
  } catch {
    return null
  }
}

/** The folder of a restore is made when it is opened; until then the folder above it tells what it will stand on. */
const standingOn = ({ guard, folder }: PlaceAddress): string =>
  guard === 'folder' && !existsSync(folder) ? dirname(folder) : folder

/**
 * Windows and macOS let a provider's program keep only names in any folder of a disk of this computer; elsewhere the name of the folder is
 * the hint. What a share tells of the room of its files is the server's own matter.
 */
const mayHoldOnlyNames = (folder: string, deviceId: string): boolean =>
  clientOf(folder) !== null || (process.platform !== 'linux' && !deviceId.startsWith('net:'))

async function openPlace(address: PlaceAddress): Promise<Result<WritablePlace>> {
  const folder = standingOn(address)
  const facts = await placeFacts(address, folder)
  const ground = await groundOf(folder, null, address.id)
  return openFolderPlace(address, {
    deviceId: facts.device.id,
    directReaches: facts.readBack,
    mayHoldOnlyNames: mayHoldOnlyNames(address.folder, facts.device.id),
    forgetCached: () => forget(ground),
  })
}

/** Asks at the address first; a drive that may be mounted elsewhere is then looked for by its marker. */
async function identify(address: PlaceAddress): Promise<Identity> {
  const here = await identifyFolder(address, (folder) => placeFacts(address, folder))
  if (here.kind === 'online' || address.mayMove !== true) return here
  const folder = await findMovedFolder(address, await mountedFolders())
  if (folder === null) return here
  const moved = { ...address, folder }
  return identifyFolder(moved, (ground) => placeFacts(moved, ground))
}

/** The home, whose secrets let us in at services; none for a mover that is only to touch folders. */
const [home = null, sampleEvery = '20'] = process.argv.slice(2)
const patience = { clock: systemClock, random: Math.random, limits: patienceLimits }
const texts = {
  encodeText: (text: string): Uint8Array => new TextEncoder().encode(text),
  decodeText: (bytes: Uint8Array): string => new TextDecoder().decode(bytes),
  nowMs: (): number => Date.now(),
}
/** Loaded when it is needed: the mover starts often, and most have nothing to do with a service. */
const loadServices = () => import('./open-cloud.ts')
const services = new OpenServices({
  ...texts,
  patience,
  openService: (place) => {
    const address = home === null ? null : readServiceAddress(place.folder)
    if (home === null || address === null) return null
    return (async () => {
      const { openService, keepingOf } = await loadServices()
      return openService(place, address, keepingOf(home, place.id))
    })()
  },
})

/** As the next run of the program would have it. Whoever asks has it open already, so that it can be opened is known. */
async function reopenService(folder: string, place: PlaceAddress): Promise<ServicePlace> {
  const address = readServiceAddress(place.folder)
  if (address === null) throw new Error('Only services are tried out like this.')
  const { openService, keepingOf } = await loadServices()
  const opened = await openService(place, address, keepingOf(folder, place.id))
  if (!opened.ok) throw new Error(opened.failure.sentence)
  return opened.value
}

const lazyShelf = (folder: string): SessionShelf => {
  const at = async (placeId: PlaceId): Promise<SessionShelf> => (await loadServices()).keepingOf(folder, placeId).shelf
  return {
    read: async (placeId, key) => (await at(placeId)).read(placeId, key),
    save: async (placeId, key, session) => (await at(placeId)).save(placeId, key, session),
    drop: async (placeId, key) => (await at(placeId)).drop(placeId, key),
    all: async (placeId) => (await at(placeId)).all(placeId),
  }
}

function makeHands(watch: Parameters<Parameters<typeof serveMover>[0]>[0]): Hands {
  const world: MoverWorld = {
    ...texts,
    blocks: makeBlockPool(memory.blocks),
    startHash: memory.startHash,
    watch,
    openFarSource: (from, cancel) => services.source(from, cancel),
    identify,
    mark: (address, marker) => markFolder(address, marker, (folder) => placeFacts(address, folder)),
    signs: (root) => readCardSigns(root, volumes),
    glance: namesAtTop,
    whereIs: (path) => readWhereabouts(path, volumes),
    openCard: async (root) => {
      const file = someFileOf(root)
      const ground = await groundOf(root, file === null ? null : { existingFile: file })
      return openCardSource(root, { directReaches: ground.readBack.strength, forgetCached: () => forget(ground) })
    },
    openPlace,
    tryOut: async (address) => (await import('./try-out-place.ts')).tryOutPlace(address, openPlace),
    lookInside: async (path) => (await import('./machine/camera-metadata/look-inside.ts')).lookInside(path),
  }
  const local = makeLocalMover(world)
  if (home === null) return local
  return makeServiceHands(
    {
      ...world,
      patience,
      shelf: lazyShelf(home),
      sampleEvery: Number(sampleEvery),
      openLocal: (from, watching, cancel) => openOrigin(world, from, watching, cancel),
      tryOutService: async (service, address) => {
        const { tryOutService } = await import('./try-out-cloud.ts')
        return tryOutService(service, await lazyShelf(home).all(service.id), () => reopenService(home, address))
      },
    },
    services,
    local,
  )
}

serveMover(makeHands)
