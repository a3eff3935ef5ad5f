/**
 * The sample card is the same for the same seed, byte for byte, so that a film of the demo can be made again and a
 * test can compare. All chance in this folder comes from here (32-bit mixing after the published mulberry32 recipe).
 */
export interface Dice {
  /** A number from 0 (with) to 1 (without). */
  next(): number
  /** A number from `low` (with) to `high` (without). */
  between(low: number, high: number): number
  /** A 32-bit whole number, to seed something else. */
  seed(): number
}

/** One number out of several, so that each picture, each file and each frame has dice of its own. */
export function mixSeeds(...parts: readonly number[]): number {
  let mixed = 0x9e3779b9
  for (const part of parts) {
    mixed = Math.imul(mixed ^ (part | 0), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    mixed ^= mixed >>> 16
  }
  return mixed >>> 0
}

export function makeDice(seed: number): Dice {
  let state = seed | 0
  const roll = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const next = (): number => roll() / 0x1_0000_0000
  return { next, between: (low, high) => low + (high - low) * next(), seed: roll }
}

/** Bell-shaped noise with mean 0 and a spread of about 1, `length` values; drawn once and read at many offsets. */
export function bellNoise(dice: Dice, length: number): Float32Array {
  const noise = new Float32Array(length)
  for (let at = 0; at < length; at += 1) noise[at] = (dice.next() + dice.next() + dice.next() + dice.next() - 2) * 1.732
  return noise
}
