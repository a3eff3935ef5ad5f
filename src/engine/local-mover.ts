/**
 * The mover itself: opens cards and places and lets the engine work on them. In the program it runs in a child process,
 * behind `machine/mover`; in the simulator it runs where the simulator is.
 */
import type { CardSigns } from '../domain/card.ts'
import type { Presence } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { PlaceId } from '../domain/ids.ts'
import type { Readability } from '../domain/metadata.ts'
import type { Identity } from '../domain/place.ts'
import type {
  Blocks,
  Cancel,
  CaseResult,
  CardSource,
  Hands,
  MoverEnd,
  Origin,
  PlaceAddress,
  Progress,
  StartHash,
  Watch,
  Whereabouts,
  WritablePlace,
} from './contracts.ts'
import type { CopyLimits } from './copy-card.ts'
import { copyCard, copyLimits } from './copy-card.ts'
import type { NoteTools } from './lay-note.ts'
import { layNote, readNote } from './lay-note.ts'
import { assertVersionPath } from './own-folders.ts'
import { readAgain } from './read-again.ts'
import { sourceOfPlace } from './source-of-place.ts'
import { emptyTrash, trashCopies } from './trash-copies.ts'
import { verifyCopies } from './verify-copies.ts'
import { duringAt, watchedCard, watchedPlace } from './watched.ts'

/** What the mover needs of the world. */
export interface MoverWorld {
  readonly blocks: Blocks
  readonly startHash: StartHash
  openCard(root: string): Promise<CardSource>
  signs(root: string): Promise<Result<CardSigns>>
  glance(root: string): Promise<Result<readonly string[]>>
  whereIs(path: string): Promise<Result<Whereabouts>>
  openPlace(address: PlaceAddress): Promise<Result<WritablePlace>>
  /** A place that is no folder, as a source of copies; null when this origin is none. */
  openFarSource?(from: Origin, cancel: Cancel): Promise<Result<CardSource>> | null
  identify(address: PlaceAddress): Promise<Identity>
  mark(address: PlaceAddress, marker: string): Promise<Result<Identity>>
  /** A watch that also counts: `progress` is told at most a few times a second. */
  watch(progress: (progress: Progress) => void): Watch
  tryOut(address: PlaceAddress): Promise<Result<readonly CaseResult[]>>
  lookInside(path: string): Promise<Readability>
  encodeText(text: string): Uint8Array
  decodeText(bytes: Uint8Array): string
  /** Wall clock: a permit may end while the work goes on (D1). */
  nowMs(): number
}

export function makeLocalMover(world: MoverWorld, limits: CopyLimits = copyLimits): Hands {
  const noteTools: NoteTools = world
  return {
    identify: (address) => world.identify(address),
    mark: (address, marker) => world.mark(address, marker),
    signs: (cardRoot) => duringAt(quietWatch(world), 'card')('signs', () => world.signs(cardRoot)),
    glance: (root) => duringAt(quietWatch(world), 'card')('glance', () => world.glance(root)),
    whereIs: (path) => world.whereIs(path),
    list: async (cardRoot, cancel) => (await openCard(world, cardRoot, quietWatch(world))).list(cancel),
    copy: async (work, report, progress, cancel) => {
      const watch = world.watch(progress)
      const places = await openPlaces(world, work.places, watch)
      if (!places.ok) return ended(places)
      const source = await openOrigin(world, work.from, watch, cancel)
      if (!source.ok) return ended(source)
      const tools = { ...world, source: source.value, places: places.value, watch }
      return ended(await copyCard(work.orders, tools, report, cancel, limits))
    },
    readAgain: async (work, report, progress, cancel) => {
      const watch = world.watch(progress)
      const card = await openCard(world, work.cardRoot, watch)
      return ended(await readAgain(work.orders, { ...world, card, watch }, report, cancel))
    },
    prove: async (work, report, progress, cancel) => {
      const watch = world.watch(progress)
      const place = await openPlace(world, work.place, watch)
      if (!place.ok) return ended(place)
      const tools = { ...world, place: place.value, watch }
      return ended(await verifyCopies(work.orders, tools, report, cancel))
    },
    ...handsAtPlace(world),
    note: async (address, notes) => {
      const place = await openPlace(world, address, quietWatch(world))
      if (!place.ok) return place
      for (const note of notes) {
        const laid = await layNote(place.value, note, noteTools)
        if (!laid.ok) return laid
      }
      return done(undefined)
    },
    readNote: async (address, path) => {
      const place = await openPlace(world, address, quietWatch(world))
      return place.ok ? readNote(place.value, path, noteTools) : place
    },
    sweep: async (address, everything) => {
      const place = await openPlace(world, address, quietWatch(world))
      return place.ok ? place.value.sweep(everything) : place
    },
    tryOut: (address) => world.tryOut(address),
    look: async (paths) => {
      const looks: Readability[] = []
      for (const path of paths) looks.push(await world.lookInside(path))
      return done(looks)
    },
  }
}

/** What is asked and done at one place beside copying: looking, making way, and letting go. */
function handsAtPlace(
  world: MoverWorld,
): Pick<Hands, 'listPlace' | 'checkPaths' | 'setAside' | 'trash' | 'emptyTrash'> {
  return {
    listPlace: async (address, folder, cancel) => {
      const place = await openPlace(world, address, quietWatch(world))
      return place.ok ? place.value.list(folder, cancel) : place
    },
    checkPaths: async (address, paths) => {
      const place = await openPlace(world, address, quietWatch(world))
      if (!place.ok) return place
      const answers: Presence[] = []
      for (const path of paths) answers.push(await place.value.check(path))
      const here = await place.value.confirm()
      return here.ok ? done(answers) : here
    },
    setAside: async (address, files) => {
      for (const { asidePath } of files) assertVersionPath(asidePath)
      const place = await openPlace(world, address, quietWatch(world))
      if (!place.ok) return place
      const answers: Result<'set-aside' | 'absent'>[] = []
      for (const { path, asidePath } of files) answers.push(await place.value.setAside(path, asidePath))
      return done(answers)
    },
    trash: async (work, report, progress, cancel) => {
      const watch = world.watch(progress)
      const place = await openPlace(world, work.place, watch)
      if (!place.ok) return ended(place)
      return ended(await trashCopies(work.orders, { ...world, place: place.value, watch }, report, cancel))
    },
    emptyTrash: async (work, report, cancel) => {
      const place = await openPlace(world, work.place, quietWatch(world))
      if (!place.ok) return ended(place)
      return ended(await emptyTrash(work.orders, { ...world, place: place.value }, report, cancel))
    },
  }
}

/** For work that is too short to be counted; what it waits for is told all the same. */
const quietWatch = (world: MoverWorld): Watch => world.watch(() => undefined)

async function openCard(world: MoverWorld, root: string, watch: Watch): Promise<CardSource> {
  return watchedCard(await duringAt(watch, 'card')('open', () => world.openCard(root)), watch)
}

/** A card or a place, to be read from. */
export async function openOrigin(
  world: MoverWorld,
  from: Origin,
  watch: Watch,
  cancel: Cancel,
): Promise<Result<CardSource>> {
  if (from.kind === 'card') return done(await openCard(world, from.root, watch))
  const far = world.openFarSource?.(from, cancel) ?? null
  if (far !== null) return far
  const place = await openPlace(world, from.place, watch)
  return place.ok ? done(sourceOfPlace(place.value)) : place
}

async function openPlace(world: MoverWorld, address: PlaceAddress, watch: Watch): Promise<Result<WritablePlace>> {
  const opened = await duringAt(watch, address.id)('open', () => world.openPlace(address))
  return opened.ok ? done(watchedPlace(opened.value, watch)) : opened
}

async function openPlaces(
  world: MoverWorld,
  addresses: readonly PlaceAddress[],
  watch: Watch,
): Promise<Result<ReadonlyMap<PlaceId, WritablePlace>>> {
  const places = new Map<PlaceId, WritablePlace>()
  let first: Failure | null = null
  for (const address of addresses) {
    const opened = await openPlace(world, address, watch)
    if (opened.ok) places.set(address.id, opened.value)
    else first ??= opened.failure
  }
  return first === null ? done(places) : failed(first)
}

function ended(result: Result<unknown>): MoverEnd {
  if (!result.ok) return { kind: 'failed', failure: result.failure }
  return result.value === 'cancelled' ? { kind: 'cancelled' } : { kind: 'finished' }
}
