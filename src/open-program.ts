/** Opens a home: settings, lock and catalog, joined with the machine into what the use cases are given. */
import { hostname } from 'node:os'
import { isAbsolute, join, posix, relative, resolve } from 'node:path'
import type { Catalog } from './catalog/catalog.ts'
import { openCatalog } from './catalog/open.ts'
import type { Result } from './domain/failure.ts'
import { done, failed } from './domain/failure.ts'
import { parseContentHash } from './domain/ids.ts'
import type { Place } from './domain/place.ts'
import { demandPermits } from './engine/demand-permits.ts'
import { makeCameraMetadataReader } from './machine/camera-metadata/read-metadata.ts'
import { examineMachine } from './machine/examine-machine.ts'
import type { Home } from './machine/home.ts'
import { homeFolder, makeHome } from './machine/home.ts'
import { startMover } from './machine/mover/mover-process.ts'
import { makeScratchFolder } from './machine/scratch-folder.ts'
import { localTime, systemClock } from './machine/power-and-clock.ts'
import { newPlaceId } from './machine/settings/new-place-id.ts'
import { addPlaceTo, removePlaceFrom } from './machine/settings/edit-places.ts'
import type { Edit } from './machine/settings/settings-file.ts'
import { editSettings, readSettings } from './machine/settings/settings-file.ts'
import { toSettings } from './machine/settings/to-settings.ts'
import { makeHashingMemory } from './machine/xxh128/xxh128.ts'
import { readServiceAddress } from './places/cloud/cloud-address.ts'
import { servicesOf } from './clouds-of-home.ts'
import { manifestsNamed } from './places/ascmhl/manifests-named.ts'
import type { Lightroom, PictureReader, Program, SettingsEditor } from './usecases/program.ts'
import type { Access, OpenProgram } from './usecases/requests.ts'
import { makeTurns, makeTurnsOf } from './usecases/take-turns.ts'
import { withReceipts } from './usecases/with-receipts.ts'
import { version } from './version.ts'
import type { Writers } from './who-may-write.ts'
import { byLock, homeBusy, lookingOnly } from './who-may-write.ts'

/** How long a card or a place may leave a call unanswered before it counts as hung (J2). */
const stallMs = Number(process.env['FIVEFOLD_STALL_MS'] ?? 40_000)

/** The child that moves the bytes, run by the same runtime as this process, with a young generation as small as its needs. */
const moverCommand = [
  process.execPath,
  '--max-semi-space-size=1',
  join(import.meta.dirname, `mover${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`),
]

export const openProgramAt =
  (homeWish: string | null, writers: Writers = byLock): OpenProgram =>
  async (access, what, wish = {}) => {
    const home = await makeHome(homeWish === null ? homeFolder() : resolve(homeWish))
    if (!home.ok) return home
    const mayWrite = access !== 'look'
    const locked = mayWrite ? await writers.forWrite(home.value.folder, what, access, wish) : done(lookingOnly)
    if (!locked.ok) return locked
    const { release, wanted } = locked.value
    const settings = await readSettings(home.value.settings)
    if (!settings.ok) {
      release()
      return settings
    }
    const places = toSettings(settings.value.settings).places
    const catalog = await openOrMakeCatalog(home.value, access, writers, places)
    if (!catalog.ok) {
      release()
      return catalog
    }
    let current = toSettings(settings.value.settings)
    const editor: SettingsEditor = {
      newPlaceId,
      addPlace: (place) => change((document) => addPlaceTo(document, place)),
      removePlace: (id) => change((document) => removePlaceFrom(document, id)),
    }
    const change = async (edit: Edit): Promise<Result<void>> => {
      const edited = await editSettings(home.value.settings, edit)
      if (!edited.ok) return edited
      const again = await readSettings(home.value.settings)
      if (!again.ok) return again
      current = toSettings(again.value.settings)
      return done(undefined)
    }
    const program: Program = {
      catalog: catalog.value,
      services: servicesOf(home.value.folder),
      get settings() {
        return current
      },
      editor,
      isAtWork: async () => !mayWrite && (await writers.isAtWork(home.value.folder)),
      examineMachine: () => examineMachine(home.value, throughRclone(current.places)),
      startMover: () => {
        const command = [...moverCommand, home.value.folder, String(current.weakSampleEvery)]
        return startMoverWith(command, catalog.value, mayWrite)
      },
      startPictureReader,
      readThumbnails: async (paths) => (await import('./machine/camera-metadata/thumbnails.ts')).readThumbnails(paths),
      manifests,
      lightroom: lightroomAt(home.value.folder),
      scratchFolder: () => makeScratchFolder(home.value.folder),
      hashText: (text) => parseContentHash(smallHash()(new TextEncoder().encode(text))),
      paths: { isInside, join, absolute: (path) => resolve(path), fitsPattern },
      takeTurn: makeTurns(),
      turnOfCard: makeTurnsOf(),
      clock: systemClock,
      localTime,
      offsetMinutes: (atMs) => -new Date(atMs).getTimezoneOffset(),
      version,
      hostname: hostname(),
    }
    if (mayWrite) await tellCatalog(catalog.value, current.places)
    const close = async (): Promise<void> => {
      await catalog.value.close()
      release()
    }
    return done({ program, wanted, close })
  }

const manifests: Program['manifests'] = {
  named: manifestsNamed,
  read: async (chain, texts) => {
    const { readRollContents } = await import('./places/ascmhl/roll-contents.ts')
    return readRollContents(chain, texts)
  },
  // Loaded when it is needed: reading XML takes time and memory that the start has better use for.
  next: async (wish) => {
    const { nextRollManifest } = await import('./places/ascmhl/roll-manifest.ts')
    return nextRollManifest(wish, { hostname: hostname(), toolVersion: version, hashBytes: smallHash() })
  },
}

/** The hands in a process of their own, with the permits and the receipts that stay on this side. */
function startMoverWith(
  command: readonly string[],
  catalog: Catalog,
  mayWrite: boolean,
): ReturnType<Program['startMover']> {
  const nowMs = (): number => systemClock.nowMs()
  const hands = startMover({ command, stallMs })
  const mover = withReceipts(demandPermits(hands, nowMs), { catalog, mayWrite, isService: isServiceAddress, nowMs })
  return { ...mover, end: () => hands.end() }
}

const throughRclone = (places: readonly Place[]): readonly string[] =>
  places.filter(({ address }) => readServiceAddress(address)?.kind === 'rclone').map(({ name }) => name)

const isServiceAddress = (text: string): boolean => readServiceAddress(text) !== null

/** The settings say which places there are; the catalog takes over what was changed by hand. */
async function tellCatalog(catalog: Catalog, places: readonly Place[]): Promise<void> {
  const known = new Map((await catalog.places()).map((place) => [place.id, JSON.stringify(inOrder(place))]))
  for (const place of places)
    if (known.get(place.id) !== JSON.stringify(inOrder(place))) await catalog.addPlace(place, systemClock.nowMs())
  const kept = new Set(places.map(({ id }) => id))
  for (const id of known.keys()) if (!kept.has(id)) await catalog.removePlace(id, systemClock.nowMs())
}

const inOrder = ({ id, name, role, site, address, declaredDevice }: Place): readonly unknown[] => [
  id,
  name,
  role,
  site,
  address,
  declaredDevice,
]

/** Whoever only looks takes no lock; but where nothing was ever written, or by an older version, the catalog is made ready first. */
async function openOrMakeCatalog(
  home: Home,
  access: Access,
  writers: Writers,
  places: readonly Place[],
): ReturnType<typeof openCatalog> {
  const file = home.catalog
  if (access !== 'look') return openCatalog(file)
  const looking = await openCatalog(file, { readOnly: true })
  if (looking.ok && (await isBehind(looking.value, places))) return catchUp(looking.value, home, writers, places)
  // An older catalog is brought up to date by whoever may write, and a look may do that too when nobody else writes.
  if (looking.ok || (looking.failure.code !== 'not-found' && looking.failure.code !== 'home-busy')) return looking
  const lock = await writers.inPassing(home.folder, 'bringing the catalog up to date')
  if (!lock.ok) return failed(homeBusy(lock.heldBy))
  try {
    const made = await openCatalog(file)
    if (made.ok) await made.value.close()
    return made.ok ? await openCatalog(file, { readOnly: true }) : made
  } finally {
    lock.release()
  }
}

/** Was the settings file changed by hand since the catalog took it over? Another device there is another verdict (V2). */
async function isBehind(catalog: Catalog, places: readonly Place[]): Promise<boolean> {
  const texts = (some: readonly Place[]): string =>
    some
      .map((place) => JSON.stringify(inOrder(place)))
      .toSorted()
      .join('\n')
  return texts(await catalog.places()) !== texts(places)
}

/** As long as somebody else writes, the look is at what there is; that one takes the settings over when it begins. */
async function catchUp(
  looking: Catalog,
  { catalog: file, folder }: Home,
  writers: Writers,
  places: readonly Place[],
): ReturnType<typeof openCatalog> {
  const lock = await writers.inPassing(folder, 'taking over the settings')
  if (!lock.ok) return done(looking)
  await looking.close()
  try {
    const writing = await openCatalog(file)
    if (!writing.ok) return writing
    await tellCatalog(writing.value, places)
    await writing.value.close()
    return await openCatalog(file, { readOnly: true })
  } finally {
    lock.release()
  }
}

function startPictureReader(): PictureReader {
  const reader = makeCameraMetadataReader()
  return {
    metadata: async (paths) => (await reader.read(paths)).map(({ metadata }) => metadata),
    close: () => reader.close(),
  }
}

/** Loaded when it is needed: most commands have nothing to do with Lightroom. */
function lightroomAt(home: string): Lightroom {
  const scratchFolder: Lightroom['scratchFolder'] = async () => {
    const { makeCatalogueScratch } = await import('./machine/lightroom/scratch-for-catalogues.ts')
    return makeCatalogueScratch(home)
  }
  return {
    scratchFolder,
    read: async (path) => {
      const scratch = await scratchFolder()
      if (!scratch.ok) return scratch
      try {
        const { readLightroomCatalogue } = await import('./machine/lightroom/read-catalogue.ts')
        return await readLightroomCatalogue(path, scratch.value.path)
      } finally {
        await scratch.value.remove()
      }
    },
    snapshot: async (path, toFile) => {
      const { snapshotLightroomCatalogue } = await import('./machine/lightroom/snapshot-catalogue.ts')
      return snapshotLightroomCatalogue(path, toFile)
    },
  }
}

/** True for the folder itself and everything below it. */
export function isInside(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

/** A pattern without a slash is for the name alone, in whatever folder it lies; a person types it as the card shows it, in any case. */
function fitsPattern(path: string, pattern: string): boolean {
  const [text, wanted] = [path.toLowerCase(), pattern.toLowerCase()]
  return posix.matchesGlob(wanted.includes('/') ? text : posix.basename(text), wanted)
}

/** XXH128 of a few bytes, for the folder hashes of a manifest. */
function smallHash(): (bytes: Uint8Array) => string {
  const memory = makeHashingMemory({ blockBytes: 4096, blocks: 0, streams: 1 })
  return (bytes) => {
    const hash = memory.startHash()
    hash.update(bytes)
    return hash.digest()
  }
}
