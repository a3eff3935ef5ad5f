/**
 * The mover of the simulated program: the real engine, in a child process that is only played. Like the real one it is abandoned
 * when a place doesn't answer (J2), it may die, and the next request gets a new one.
 */
import type { Failure } from '../../src/domain/failure.ts'
import { failed } from '../../src/domain/failure.ts'
import { parseContentHash } from '../../src/domain/ids.ts'
import type { PlaceId } from '../../src/domain/ids.ts'
import { makeBlockPool } from '../../src/engine/block-pool.ts'
import type { Blocks, Mover, MoverEnd, PlaceAddress, StartHash } from '../../src/engine/contracts.ts'
import type { CopyLimits } from '../../src/engine/copy-card.ts'
import { copyLimits } from '../../src/engine/copy-card.ts'
import { demandPermits } from '../../src/engine/demand-permits.ts'
import type { MoverWorld } from '../../src/engine/local-mover.ts'
import { makeLocalMover } from '../../src/engine/local-mover.ts'
import { memoryCardSigns } from '../../src/places/memory/memory-card.ts'
import { identifyMemory, openMemoryPlace } from '../../src/places/memory/memory-place.ts'
import { createHash } from 'node:crypto'
import type { Chance } from './chance.ts'
import type { FaultPlan } from './faults.ts'
import { never } from './life.ts'
import type { Life } from './life.ts'
import type { Plant } from './plants.ts'
import { openSimCard } from './sim-card.ts'
import { faultyPlace } from './sim-place.ts'
import type { SimCard, SimPlace, World } from './world.ts'

export interface MoverSetting {
  readonly world: World
  readonly life: Life
  readonly faults: FaultPlan
  readonly chance: Chance
  readonly plant: Plant
  readonly published: (place: SimPlace, path: string) => void
}

type Lost = { readonly kind: 'hung'; readonly where: PlaceId } | { readonly kind: 'died' }

/** One child process. What runs in it is held for ever once it is gone. */
class Child {
  gone = false
  waitsAt: PlaceId | null = null
  readonly mover: Mover
  readonly lost: Promise<Lost>
  #lose: (lost: Lost) => void = () => undefined

  constructor(setting: MoverSetting) {
    this.lost = new Promise((resolve) => {
      this.#lose = resolve
    })
    this.mover = makeChildMover(setting, this)
  }

  lose(lost: Lost): void {
    if (this.gone) return
    this.gone = true
    this.#lose(lost)
  }
}

export interface SimMover extends Mover {
  end(): void
  /** Everything rests: if it is because a place doesn't answer, the child is abandoned. Answers whether it was. */
  noticeHang(): boolean
  die(): void
}

export function startSimMover(setting: MoverSetting): SimMover {
  let child = new Child(setting)
  const ask = async <Value>(act: (mover: Mover) => Promise<Value>, lost: (lost: Lost) => Value): Promise<Value> => {
    if (child.gone) child = new Child(setting)
    return Promise.race([act(child.mover), child.lost.then(lost)])
  }
  return {
    end: () => {
      child.gone = true
    },
    noticeHang: () => {
      if (child.gone || child.waitsAt === null) return false
      child.lose({ kind: 'hung', where: child.waitsAt })
      return true
    },
    die: () => child.lose({ kind: 'died' }),
    identify: (place, timeoutMs) =>
      ask(
        (mover) => mover.identify(place, timeoutMs),
        () => ({ kind: 'unknown', sentence: `“${place.name}” does not answer.` }),
      ),
    mark: (place, marker) =>
      ask(
        (mover) => mover.mark(place, marker),
        () => failed(hung(place)),
      ),
    signs: (root) =>
      ask(
        (mover) => mover.signs(root),
        () => failed(moverDied),
      ),
    glance: (root) =>
      ask(
        (mover) => mover.glance(root),
        () => failed(moverDied),
      ),
    whereIs: (path) =>
      ask(
        (mover) => mover.whereIs(path),
        () => failed(moverDied),
      ),
    list: (root, cancel) =>
      ask(
        (mover) => mover.list(root, cancel),
        () => failed(moverDied),
      ),
    copy: (work, report, progress, cancel) => ask((mover) => mover.copy(work, report, progress, cancel), asEnd),
    readAgain: (work, report, progress, cancel) =>
      ask((mover) => mover.readAgain(work, report, progress, cancel), asEnd),
    prove: (work, report, progress, cancel) => ask((mover) => mover.prove(work, report, progress, cancel), asEnd),
    listPlace: (place, folder, cancel) =>
      ask(
        (mover) => mover.listPlace(place, folder, cancel),
        () => failed(hung(place)),
      ),
    checkPaths: (place, paths) =>
      ask(
        (mover) => mover.checkPaths(place, paths),
        () => failed(hung(place)),
      ),
    setAside: (place, files) =>
      ask(
        (mover) => mover.setAside(place, files),
        () => failed(hung(place)),
      ),
    trash: (work, report, progress, cancel) => ask((mover) => mover.trash(work, report, progress, cancel), asEnd),
    emptyTrash: (work, report, cancel) => ask((mover) => mover.emptyTrash(work, report, cancel), asEnd),
    note: (place, notes) =>
      ask(
        (mover) => mover.note(place, notes),
        () => failed(hung(place)),
      ),
    readNote: (place, path) =>
      ask(
        (mover) => mover.readNote(place, path),
        () => failed(hung(place)),
      ),
    tryOut: (place) =>
      ask(
        (mover) => mover.tryOut(place),
        () => failed(hung(place)),
      ),
    look: (paths) =>
      ask(
        (mover) => mover.look(paths),
        () => failed(moverDied),
      ),
    sweep: (place) =>
      ask(
        (mover) => mover.sweep(place),
        () => failed(hung(place)),
      ),
  }
}

const moverDied: Failure = {
  code: 'mover-died',
  sentence: 'The part of Fivefold that moves the files ended unexpectedly.',
  advice: 'Run the same command again: what is proven is not copied twice.',
}

const hung = (place: PlaceAddress): Failure => ({
  code: 'place-hung',
  sentence: `“${place.name}” does not answer.`,
  advice: 'Look whether it is switched on and connected, then run the same command again.',
  place: place.name,
})

const asEnd = (lost: Lost): MoverEnd => (lost.kind === 'hung' ? lost : { kind: 'failed', failure: moverDied })

/** Small, so that the files of a small world fill many blocks and batches. */
const blockBytes = 8192

const startHash: StartHash = () => {
  const hash = createHash('md5')
  return {
    update: (bytes) => {
      hash.update(bytes)
    },
    digest: () => parseContentHash(hash.digest('hex')),
    release: () => undefined,
  }
}

function makeBlocks(chance: Chance): Blocks {
  // Two lanes hold two blocks each; with fewer than three blocks they would wait for each other.
  const count = chance.from(3, 8)
  const memory = new ArrayBuffer(count * blockBytes)
  return makeBlockPool(
    Array.from({ length: count }, (_, index) => new Uint8Array(memory, index * blockBytes, blockBytes)),
  )
}

function makeChildMover(setting: MoverSetting, child: Child): Mover {
  const { world, life, faults, plant } = setting
  const chance = setting.chance.fork()
  const limits: CopyLimits = {
    filesAtOnce: chance.from(1, 3),
    batchesBehind: chance.from(1, 2),
    batchFilesMax: chance.from(1, 5),
    batchBytesMax: chance.pick([1, 10_000, 40_000]),
    loneFileBytes: chance.pick([5000, 100_000]),
  }
  const step = async (what: string): Promise<void> => {
    if (child.gone) return never
    await life.step(what)
    if (child.gone) return never
  }
  const openPlace: MoverWorld['openPlace'] = async (address) => {
    const place = placeAt(world, address)
    const at = placeSteps(place, child, step, chance)
    return at('open the place', async () => {
      const opened = await openMemoryPlace(address, {
        socket: place.socket,
        deviceId: place.deviceId,
        readBack: 'medium',
      })
      if (!opened.ok) return opened
      const inner = plant.place?.(opened.value, place) ?? opened.value
      const published = (path: string): void => setting.published(place, path)
      return { ok: true, value: faultyPlace(inner, { world, place, faults, chance, at, published }) }
    })
  }
  const moverWorld: MoverWorld = {
    blocks: makeBlocks(chance),
    startHash,
    openCard: async (root) => {
      const source = openSimCard({ world, card: cardAt(world, root), faults, chance, step })
      return plant.card?.(source) ?? source
    },
    signs: async (root) => {
      await step('card signs')
      return memoryCardSigns(cardAt(world, root))
    },
    glance: async () => failed(moverDied),
    whereIs: async () => failed(moverDied),
    openPlace,
    identify: async (address) => {
      const place = placeAt(world, address)
      const ground = { socket: place.socket, deviceId: place.deviceId, readBack: 'medium' } as const
      return placeSteps(place, child, step, chance)('identify', async () => identifyMemory(address, ground))
    },
    mark: async (address) => failed(hung(address)),
    tryOut: async (address) => failed(hung(address)),
    lookInside: async () => ({ kind: 'not-a-picture' }),
    watch: () => ({ begin: () => () => undefined, moved: () => undefined }),
    encodeText: (text) => new TextEncoder().encode(text),
    decodeText: (bytes) => new TextDecoder().decode(bytes),
    nowMs: () => world.nowMs,
  }
  // Now and then the real limits, which a small world never reaches.
  const hands = makeLocalMover(moverWorld, limits.batchFilesMax === 5 ? copyLimits : limits)
  const mover = demandPermits(hands, () => world.nowMs)
  return plant.mover?.(mover) ?? mover
}

/** A call at a place that hangs never comes back; whether it was carried out all the same, nobody can know. */
function placeSteps(
  place: SimPlace,
  child: Child,
  step: (what: string) => Promise<void>,
  chance: Chance,
): <Value>(what: string, act: () => Promise<Value>) => Promise<Value> {
  return async (what, act) => {
    await step(`${place.place.name}: ${what}`)
    if (!place.hangs) return act()
    child.waitsAt = place.place.id
    if (chance.happens(0.5)) await act()
    return never
  }
}

function placeAt(world: World, address: PlaceAddress): SimPlace {
  const place = world.places.find(({ place: { id } }) => id === address.id)
  if (place === undefined) throw new Error(`There is no place ${address.id} in this world.`)
  return place
}

function cardAt(world: World, root: string): SimCard {
  const card = world.cards.find(({ signs }) => signs.root === root)
  if (card === undefined) throw new Error(`There is no card at ${root} in this world.`)
  return card
}
