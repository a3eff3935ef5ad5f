import { seededRandom } from '../lab/seeded-random.ts'

/** Every choice of a simulated world, from its seed. A fork has a stream of its own, so that one choice more here moves none there. */
export class Chance {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seededRandom(seed)
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit)
  }

  from(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True as often as `share` says, from 0 to 1. */
  happens(share: number): boolean {
    return this.#next() < share
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new Error('There is nothing to pick from.')
    return value
  }

  fork(): Chance {
    return new Chance(this.below(2 ** 31))
  }
}
