/**
 * A random sample without chance (domain/ has none): the seed comes in, and the same seed draws the same files again, so that a
 * rehearsal that failed can be repeated.
 */

/** A stream of numbers from 0 up to 1 (SplitMix32): evenly spread, quick, and nothing that must be kept secret. */
export function seededNumbers(seed: number): () => number {
  // The upper half of a time in milliseconds would be lost in 32 bits.
  let state = (Math.trunc(seed) ^ Math.trunc(seed / 0x1_00_00_00_00)) | 0
  return () => {
    state = (state + 0x9e_37_79_b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21_f0_aa_ad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x73_5a_2d_97)
    mixed ^= mixed >>> 15
    return (mixed >>> 0) / 0x1_00_00_00_00
  }
}

/**
 * Draws `wanted` different numbers from 0 to `count` - 1, in ascending order; all of them when there are no more. Every number
 * has the same chance (Floyd’s algorithm, Communications of the ACM 30/9, 1987), and the memory is that of the sample.
 */
export function drawSample(count: number, wanted: number, seed: number): readonly number[] {
  const drawn = new Set<number>()
  const next = seededNumbers(seed)
  for (let last = Math.max(0, count - wanted); last < count; last += 1) {
    const at = Math.floor(next() * (last + 1))
    drawn.add(drawn.has(at) ? last : at)
  }
  return [...drawn].toSorted((a, b) => a - b)
}
