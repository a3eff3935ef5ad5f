/** Opens a home: settings, lock and catalog, joined with the machine into what the use cases are given. */
import { hostname } from 'node:os'
import { isAbsolute, join, relative, resolve } from 'node:path'
import type { Catalog } from './catalog/catalog.ts'
import { openCatalog } from './catalog/open.ts'
import type { Failure, Result } from './domain/failure.ts'
import { done, failed } from './domain/failure.ts'
import type { Place } from './domain/place.ts'
import { makeCameraMetadataReader } from './machine/camera-metadata/read-metadata.ts'
import { examineMachine } from './machine/examine-machine.ts'
import { homeFolder, makeHome } from './machine/home.ts'
import { startMover } from './machine/mover/mover-process.ts'
import type { LockHolder } from './machine/one-writer-lock.ts'
import { acquireLock, isHeld } from './machine/one-writer-lock.ts'
import { systemClock } from './machine/power-and-clock.ts'
import { newPlaceId } from './machine/settings/new-place-id.ts'
import { addPlaceTo, removePlaceFrom } from './machine/settings/edit-places.ts'
import type { Edit } from './machine/settings/settings-file.ts'
import { editSettings, readSettings } from './machine/settings/settings-file.ts'
import { toSettings } from './machine/settings/to-settings.ts'
import { makeHashingMemory } from './machine/xxh128/xxh128.ts'
import { manifestsNamed } from './places/ascmhl/manifests-named.ts'
import type { PictureReader, Program, SettingsEditor } from './usecases/program.ts'
import type { OpenProgram } from './usecases/requests.ts'
import { version } from './version.ts'

/** How long a card or a place may leave a call unanswered before it counts as hung (J2). */
const stallMs = Number(process.env['FIVEFOLD_STALL_MS'] ?? 40_000)

/** The child that moves the bytes, run by the same runtime as this process, with a young generation as small as its needs. */
const moverCommand = [
  process.execPath,
  '--max-semi-space-size=1',
  join(import.meta.dirname, `mover${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`),
]

export const openProgramAt =
  (homeWish: string | null): OpenProgram =>
  async (access, what) => {
    const home = await makeHome(homeWish === null ? homeFolder() : resolve(homeWish))
    if (!home.ok) return home
    const settings = await readSettings(home.value.settings)
    if (!settings.ok) return settings
    const lock = access === 'write' ? await acquireLock(home.value.folder, what) : null
    if (lock?.ok === false) return failed(homeBusy(lock.heldBy))
    const release = (): void => {
      if (lock?.ok === true) lock.release()
    }
    const catalog = await openOrMakeCatalog(home.value.catalog, access, home.value.folder)
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
      get settings() {
        return current
      },
      editor,
      isAtWork: async () => access === 'look' && (await isHeld(home.value.folder)),
      examineMachine: () => examineMachine(home.value),
      startMover: () => startMover({ command: moverCommand, stallMs }),
      startPictureReader,
      manifests: {
        named: manifestsNamed,
        // Loaded when it is needed: reading XML takes time and memory that the start has better use for.
        next: async (wish) => {
          const { nextRollManifest } = await import('./places/ascmhl/roll-manifest.ts')
          return nextRollManifest(wish, { hostname: hostname(), toolVersion: version, hashBytes: smallHash() })
        },
      },
      paths: { isInside, join, absolute: (path) => resolve(path) },
      clock: systemClock,
      localTime,
      offsetMinutes: (atMs) => -new Date(atMs).getTimezoneOffset(),
      version,
      hostname: hostname(),
    }
    if (access === 'write') await tellCatalog(catalog.value, current.places)
    const close = async (): Promise<void> => {
      await catalog.value.close()
      release()
    }
    return done({ program, close })
  }

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

/** Whoever only looks takes no lock; but where nothing was ever written, the catalog is made first. */
async function openOrMakeCatalog(file: string, access: 'look' | 'write', home: string): ReturnType<typeof openCatalog> {
  if (access === 'write') return openCatalog(file)
  const looking = await openCatalog(file, { readOnly: true })
  if (looking.ok || looking.failure.code !== 'not-found') return looking
  const lock = await acquireLock(home, 'making the catalog')
  if (!lock.ok) return failed(homeBusy(lock.heldBy))
  try {
    const made = await openCatalog(file)
    if (made.ok) await made.value.close()
    return made.ok ? await openCatalog(file, { readOnly: true }) : made
  } finally {
    lock.release()
  }
}

const homeBusy = ({ pid, what, sinceMs }: LockHolder): Failure => ({
  code: 'home-busy',
  sentence: `Another Fivefold is at work here: ${what}${sinceMs === null ? '' : `, since ${localTime(sinceMs).slice(11, 16)}`}${pid === null ? '' : ` (process ${pid})`}.`,
  advice:
    'Wait until it is done, or stop it, then run the same command again. “fivefold status” can be asked meanwhile.',
})

function startPictureReader(): PictureReader {
  const reader = makeCameraMetadataReader()
  return {
    metadata: async (paths) => (await reader.read(paths)).map(({ metadata }) => metadata),
    close: () => reader.close(),
  }
}

/** True for the folder itself and everything below it. */
function isInside(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

function localTime(atMs: number): string {
  const shifted = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19)
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
