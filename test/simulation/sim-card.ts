/** A card in a reader that may fail: every call is a step, and the faults of this life strike here. */
import type { Failure, Result } from '../../src/domain/failure.ts'
import { done, failed } from '../../src/domain/failure.ts'
import type { CardSource, Reading } from '../../src/engine/contracts.ts'
import { openMemoryCard } from '../../src/places/memory/memory-card.ts'
import type { Chance } from './chance.ts'
import type { FaultPlan } from './faults.ts'
import type { SimCard, World } from './world.ts'
import { flipBit, hashOf } from './world.ts'

export interface CardSetting {
  readonly world: World
  readonly card: SimCard
  readonly faults: FaultPlan
  readonly chance: Chance
  readonly step: (what: string) => Promise<void>
}

export function openSimCard(setting: CardSetting): CardSource {
  const { card, step } = setting
  const inner = openMemoryCard(card)
  return {
    name: inner.name,
    kind: inner.kind,
    list: async (cancel) => {
      await step('card list')
      return inner.list(cancel)
    },
    open: async (path, how, expectedBytes) => {
      await step(`card open ${how} ${path}`)
      card.openedLast = path
      const failure = unreadable(setting, path)
      if (failure !== null) return failed(failure)
      const opened = await inner.open(path, how, expectedBytes)
      return opened.ok ? done(new SimReading(opened.value, setting, path, how)) : opened
    },
    forgetCached: () => inner.forgetCached(),
  }
}

function unreadable({ card, faults, world }: CardSetting, path: string): Failure | null {
  const once = faults.strikes('unreadable-once', card.index, world.cards.length)
  if (faults.strikes('unreadable', card.index, world.cards.length)) card.unreadable.add(path)
  if (!once && !card.unreadable.has(path)) return null
  return {
    code: 'card-unreadable',
    sentence: `${path} can't be read.`,
    advice: 'Try another reader.',
    path,
    cause: 'EIO',
  }
}

class SimReading implements Reading {
  readonly bytes: number
  readonly mtimeMs: number
  readonly strength: 'cached' | 'medium'
  readonly #inner: Reading
  readonly #setting: CardSetting
  readonly #path: string
  readonly #flip: number | null
  readonly #endsAt: number

  constructor(inner: Reading, setting: CardSetting, path: string, how: 'fast' | 'past-cache') {
    const { card, faults, chance, world } = setting
    this.#inner = inner
    this.#setting = setting
    this.#path = path
    this.bytes = inner.bytes
    this.mtimeMs = inner.mtimeMs
    this.strength = inner.strength
    const kind = how === 'fast' ? 'first-read-flips' : 'second-read-flips'
    const flips = faults.strikes(kind, card.index, world.cards.length) && inner.bytes > 0
    this.#flip = flips ? chance.below(inner.bytes * 8) : null
    if (this.#flip !== null) this.#remember(this.#flip)
    const short = faults.strikes('read-ends-early', card.index, world.cards.length)
    this.#endsAt = short ? chance.below(inner.bytes + 1) : Number.MAX_SAFE_INTEGER
  }

  /** The oracle must know which wrong bytes the program was handed as good ones. */
  #remember(bit: number): void {
    const wrong = this.#setting.card.files.get(this.#path)?.bytes.slice()
    if (wrong === undefined) return
    flipBit(wrong, bit)
    this.#setting.world.misread.add(hashOf(wrong))
  }

  async readInto(into: Uint8Array, position: number): Promise<Result<number>> {
    await this.#setting.step(`card read ${this.#path} at ${position}`)
    const got = await this.#inner.readInto(into, position)
    if (!got.ok) return got
    const bytes = Math.max(0, Math.min(got.value, this.#endsAt - position))
    const at = this.#flip === null ? -1 : Math.floor(this.#flip / 8) - position
    if (this.#flip !== null && at >= 0 && at < bytes) into[at] = (into[at] ?? 0) ^ (1 << (this.#flip % 8))
    return done(bytes)
  }

  async stat(): Promise<Result<{ bytes: number; mtimeMs: number }>> {
    await this.#setting.step(`card stat ${this.#path}`)
    return this.#inner.stat()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
