/** Chance that can be repeated: the same seed gives the same numbers on every machine. */

/** A source of numbers from 0 to below 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The seed of this run: `FIVEFOLD_LAB_SEED`, so that a failure can be repeated, else the one given. */
export function labSeed(otherwise: number): number {
  const wished = Number(process.env['FIVEFOLD_LAB_SEED'])
  return Number.isInteger(wished) && wished > 0 ? wished : otherwise
}
