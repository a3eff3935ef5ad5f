/**
 * One simulated story, from a seed: lives of the program in which things go wrong, then one in which nothing does. After each
 * life the invariants are checked. The same seed tells the same story, step by step.
 */
import { catalogOn } from '../../src/catalog/open.ts'
import { openStore } from '../../src/catalog/open-store.ts'
import type { Store } from '../../src/catalog/store.ts'
import type { Result } from '../../src/domain/failure.ts'
import { ingestCard } from '../../src/usecases/ingest-card.ts'
import type { IngestOutcome } from '../../src/usecases/ingest-outcome.ts'
import type { Chance } from './chance.ts'
import type { Fault } from './faults.ts'
import { chooseFaults, FaultPlan } from './faults.ts'
import type { ProvenBefore } from './invariants.ts'
import { brokenPromises, falseOutcome, isWrittenAgain, notSafe, provenBefore } from './invariants.ts'
import type { LifeEnd } from './life.ts'
import { Life } from './life.ts'
import type { Plant } from './plants.ts'
import { noPlant } from './plants.ts'
import type { SimMover } from './sim-mover.ts'
import { startSimMover } from './sim-mover.ts'
import { makeSimProgram, steppingCatalog } from './sim-program.ts'
import type { SimCard, SimPlace, World } from './world.ts'
import { flipBit, hashOf, makeWorld, randomBytes, roomyBytes } from './world.ts'

export interface Story {
  readonly seed: number
  /** Empty when every promise was kept. */
  readonly broken: readonly string[]
  readonly lives: number
  readonly steps: number
  /** Faults that came. */
  readonly faults: number
  readonly trace: readonly string[]
}

export async function simulate(seed: number, options: { plant?: Plant; trace?: boolean } = {}): Promise<Story> {
  const world = makeWorld(seed)
  let ids = 0
  const opened = await openStore(':memory:', {
    newId: () => {
      ids += 1
      return `id-${String(ids).padStart(6, '0')}`
    },
  })
  if (!opened.ok) throw new Error(opened.failure.sentence)
  const store = opened.value
  try {
    const telling = new Telling(world, store, options.plant ?? noPlant, options.trace ?? false)
    return await telling.tell()
  } finally {
    await catalogOn(store, ':memory:').close()
  }
}

interface Told {
  readonly card: SimCard
  readonly result: Result<IngestOutcome>
}

class Telling {
  readonly #world: World
  readonly #store: Store
  readonly #plant: Plant
  readonly #tracing: boolean
  readonly #trace: string[] = []
  readonly #broken: string[] = []
  #before: ProvenBefore = { copies: new Map(), files: new Set() }
  #lives = 0
  #steps = 0
  #faults = 0

  constructor(world: World, store: Store, plant: Plant, tracing: boolean) {
    this.#world = world
    this.#store = store
    this.#plant = plant
    this.#tracing = tracing
  }

  async tell(): Promise<Story> {
    const { chance, cards, places } = this.#world
    const catalog = catalogOn(this.#store, ':memory:')
    for (const { place } of places) await catalog.addPlace(place, this.#world.nowMs)
    if (this.#plant.markersEverywhere === true) for (const { place, below } of places) below.marker = place.id
    const files = cards.reduce((sum, card) => sum + card.files.size, 0)
    const sizes = { cards: cards.length, places: places.length, files }
    for (let bad = chance.below(4); bad > 0 && this.#broken.length === 0; bad -= 1) {
      await this.#live(chooseFaults(chance, chance.from(1, 4), sizes), chance.fork())
      if (chance.happens(0.6)) this.#heal()
    }
    if (this.#broken.length === 0) await this.#finish(chance.fork())
    const { seed } = this.#world
    return {
      seed,
      broken: this.#broken,
      lives: this.#lives,
      steps: this.#steps,
      faults: this.#faults,
      trace: this.#trace,
    }
  }

  /** J1: with nothing wrong any more, the same commands finish the work, and write nothing that was proven. */
  async #finish(chance: Chance): Promise<void> {
    this.#heal()
    const told = await this.#live([], chance)
    for (const { card, result } of told) {
      if (!result.ok) {
        this.#breaks(`[J1] with nothing wrong, ${card.signs.root} is refused: ${result.failure.sentence}`)
        continue
      }
      const { outcome, secondRead, sentence, failures } = result.value
      if (secondRead !== 'differed' && (outcome !== 'done' || secondRead !== 'agreed'))
        this.#breaks(
          `[J1] with nothing wrong, the result is ${outcome}, second read ${secondRead}: ${sentence} ${failures.map(({ code }) => code).join(' ')}`,
        )
      for (const missing of notSafe(this.#world, this.#store.sqlite, card)) this.#breaks(`[J1] at the end ${missing}`)
    }
  }

  async #live(faults: readonly Fault[], chance: Chance): Promise<readonly Told[]> {
    const world = this.#world
    this.#lives += 1
    this.#before = provenBefore(this.#store.sqlite)
    const plan = new FaultPlan(faults)
    this.#say(
      `— life ${this.#lives}: ${faults.map((fault) => JSON.stringify(fault)).join(' ') || 'nothing goes wrong'}`,
    )
    const cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }
    const movers: SimMover[] = []
    let cut = false
    const life = new Life(chance.fork(), {
      onStep: (number, what) => {
        this.#say(`${number} ${what}`)
        for (const fault of plan.at(number)) {
          this.#say(`  ! ${fault.kind} ${fault.which}`)
          if (fault.kind === 'kill' || fault.kind === 'power-cut') life.dead = true
          if (fault.kind === 'power-cut') cut = true
          if (fault.kind === 'person-stops') cancel.aborted = true
          if (fault.kind === 'mover-dies') movers.at(fault.which % movers.length)?.die()
          this.#strike(fault, chance)
        }
      },
      onIdle: () => movers.some((mover) => mover.noticeHang()),
    })
    for (const { index, disk } of world.places)
      disk.flipsNext = () => (plan.strikes('medium-flips', index, world.places.length) ? chance.below(1_000_000) : null)
    const told: Told[] = []
    const setting = { world, life, faults: plan, chance: chance.fork(), plant: this.#plant, published: this.#published }
    const stepping = steppingCatalog(catalogOn(this.#store, ':memory:'), (what) => life.step(what))
    const program = makeSimProgram({
      world,
      catalog: this.#plant.catalog?.(stepping) ?? stepping,
      startMover: () => {
        const mover = startSimMover(setting)
        movers.push(mover)
        return mover
      },
    })
    const ingest = async (card: SimCard): Promise<void> => {
      const wish = { card: card.signs.root, job: 'Wedding', client: 'Miller' }
      told.push({ card, result: await ingestCard(program, wish, () => undefined, cancel) })
    }
    const together = chance.happens(0.4)
    const end = await life.run(async () => {
      if (together) await Promise.all(world.cards.map(ingest))
      else for (const card of world.cards) await ingest(card)
    })
    this.#afterLife(end, told, plan, life.steps)
    if (cut) this.#cutPower(chance)
    return told
  }

  #afterLife(end: LifeEnd<void>, told: readonly Told[], plan: FaultPlan, steps: number): void {
    this.#steps += steps
    this.#faults += plan.struck
    this.#say(`— it ${end.kind}`)
    if (end.kind === 'stuck') this.#breaks('[J2] everything waits, and nothing ever comes')
    if (end.kind === 'threw')
      this.#breaks(
        `an exception: ${end.error instanceof Error ? (end.error.stack ?? end.error.message) : String(end.error)}`,
      )
    const { sqlite } = this.#store
    for (const { card, result } of told) {
      this.#say(
        `  ${card.signs.root}: ${result.ok ? `${result.value.sentence} ${result.value.failures.map(({ sentence }) => sentence).join(' ')}` : result.failure.sentence}`,
      )
      if (result.ok) for (const wrong of falseOutcome(this.#world, sqlite, card, result.value)) this.#breaks(wrong)
    }
    this.#check()
  }

  #check(): void {
    for (const wrong of brokenPromises(this.#world, this.#store.sqlite)) this.#breaks(wrong)
  }

  #cutPower(chance: Chance): void {
    const survival = chance.pick([0, 0.3, 0.7, 1])
    for (const { disk } of this.#world.places) disk.cutPower(() => chance.happens(survival))
    this.#check()
  }

  readonly #published = (place: SimPlace, path: string): void => {
    const file = place.disk.file(path)
    if (file === null) return
    if (isWrittenAgain(this.#world, this.#before, place, hashOf(file.bytes)))
      this.#breaks(`[J1] ${path} at ${place.place.name} was proven, and written again`)
  }

  #strike(fault: Fault, chance: Chance): void {
    const { places, cards } = this.#world
    const place = places[fault.which % places.length]
    const card = cards[fault.which % cards.length]
    if (place === undefined || card === undefined) throw new Error('A world has a place and a card.')
    const acts: Readonly<Record<string, () => void>> = {
      'place-fills-up': () => {
        place.disk.capacityBytes = place.disk.usedBytes() + chance.below(20_000)
      },
      'place-unmounted': () => {
        place.socket.disk = place.below
      },
      'cable-pulled': () => {
        place.disk.reachable = false
        place.disk.cutPower(() => chance.happens(0.5))
      },
      'place-hangs': () => {
        place.hangs = true
      },
      'copy-rots': () => this.#rot(place, chance),
      'card-pulled': () => {
        card.inserted = false
      },
      'card-file-changes': () => changeFile(card, chance),
    }
    acts[fault.kind]?.()
  }

  /** A copy that the catalog has in its books goes bad on the medium. */
  #rot(place: SimPlace, chance: Chance): void {
    const rows = this.#store.sqlite
      .prepare('select path from copy where place_id = ? order by path')
      .all(place.place.id)
    const files = rows.flatMap((row) => (typeof row['path'] === 'string' ? (place.disk.file(row['path']) ?? []) : []))
    const sound = files.filter((file) => file.medium.bytes.length > 0 && !place.rotten.has(file))
    if (sound.length === 0) return
    const file = chance.pick(sound)
    flipBit(file.medium.bytes, chance.below(file.medium.bytes.length * 8))
    place.rotten.add(file)
  }

  /** The person mends everything: plugs in, mounts, frees space, cleans contacts, puts the card back. */
  #heal(): void {
    for (const place of this.#world.places) {
      place.disk.reachable = true
      place.disk.capacityBytes = roomyBytes + place.index
      place.socket.disk = place.disk
      place.hangs = false
    }
    for (const card of this.#world.cards) {
      card.inserted = true
      card.unreadable.clear()
    }
    this.#say('— everything is mended')
  }

  #breaks(sentence: string): void {
    if (this.#broken.includes(sentence)) return
    this.#broken.push(sentence)
    this.#say(`  BROKEN ${sentence}`)
  }

  #say(line: string): void {
    if (this.#tracing) this.#trace.push(line)
  }
}

function changeFile(card: SimCard, chance: Chance): void {
  // Most of all the file that is just being read.
  const path = chance.happens(0.7) ? card.openedLast : chance.pick([...card.files.keys()])
  const file = card.files.get(path)
  if (file === undefined) return
  const length = chance.happens(0.5) ? file.bytes.length : chance.below(20_000)
  card.cameraWrites(path, { bytes: randomBytes(chance, length), mtimeMs: file.mtimeMs + 4000 })
}
