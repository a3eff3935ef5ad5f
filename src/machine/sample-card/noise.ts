import type { Dice } from './dice.ts'

/** How a noise looks: `cell` is the size of its largest bumps in pixels; each octave adds bumps half as large. */
export interface Bumps {
  readonly cell: number
  readonly octaves: number
  /** How much of its size an octave keeps against the one before it: 0.35 is smooth, 0.6 is rugged. */
  readonly rough: number
}

/** A wandering line of `length` values between about -1 and 1: ridges, wave crests, tree lines. */
export function noiseLine(dice: Dice, length: number, bumps: Bumps): Float32Array {
  const line = new Float32Array(length)
  let size = 1
  let total = 0
  let cell = bumps.cell
  for (let octave = 0; octave < bumps.octaves; octave += 1) {
    const knots = Float32Array.from({ length: Math.ceil(length / cell) + 3 }, () => dice.between(-1, 1))
    const offset = dice.next()
    for (let x = 0; x < length; x += 1) {
      const position = x / cell + offset
      const knot = Math.floor(position)
      line[x] = (line[x] ?? 0) + size * between(knots[knot] ?? 0, knots[knot + 1] ?? 0, position - knot)
    }
    total += size
    size *= bumps.rough
    cell = Math.max(1.5, cell / 2)
  }
  return line.map((value) => (value / total) * 1.4)
}

/** The field is worked out on every fourth pixel only and drawn out smoothly: clouds and fog need no more. */
const STEP = 4

/**
 * A cloudy field of `width` × `height` values from 0 to 1, row by row. `stretch` above 1 draws the bumps out sideways,
 * as in water and layered cloud.
 */
export function noiseField(dice: Dice, width: number, height: number, bumps: Bumps, stretch: number): Float32Array {
  const coarseWidth = Math.ceil(width / STEP) + 2
  const coarseHeight = Math.ceil(height / STEP) + 2
  const coarse = new Float32Array(coarseWidth * coarseHeight)
  let size = 1
  let total = 0
  let cell = bumps.cell / STEP
  for (let octave = 0; octave < bumps.octaves; octave += 1) {
    addOctave(dice, coarse, coarseWidth, coarseHeight, cell * stretch, cell, size)
    total += size
    size *= bumps.rough
    cell = Math.max(1, cell / 2)
  }
  return drawOut(coarse, coarseWidth, width, height, total)
}

function addOctave(
  dice: Dice,
  coarse: Float32Array,
  width: number,
  height: number,
  cellX: number,
  cellY: number,
  size: number,
): void {
  const columns = Math.ceil(width / cellX) + 3
  const rows = Math.ceil(height / cellY) + 3
  const knots = Float32Array.from({ length: columns * rows }, () => dice.next())
  const offsetX = dice.next()
  const offsetY = dice.next()
  for (let y = 0; y < height; y += 1) {
    const positionY = y / cellY + offsetY
    const row = Math.floor(positionY)
    for (let x = 0; x < width; x += 1) {
      const positionX = x / cellX + offsetX
      const column = Math.floor(positionX)
      const at = row * columns + column
      const upper = between(knots[at] ?? 0, knots[at + 1] ?? 0, positionX - column)
      const lower = between(knots[at + columns] ?? 0, knots[at + columns + 1] ?? 0, positionX - column)
      const index = y * width + x
      coarse[index] = (coarse[index] ?? 0) + size * between(upper, lower, positionY - row)
    }
  }
}

function drawOut(
  coarse: Float32Array,
  coarseWidth: number,
  width: number,
  height: number,
  total: number,
): Float32Array {
  const field = new Float32Array(width * height)
  for (let y = 0; y < height; y += 1) {
    const row = Math.floor(y / STEP)
    const shareY = y / STEP - row
    for (let x = 0; x < width; x += 1) {
      const column = x >> 2
      const shareX = (x & 3) / STEP
      const at = row * coarseWidth + column
      const upper = (coarse[at] ?? 0) * (1 - shareX) + (coarse[at + 1] ?? 0) * shareX
      const lower = (coarse[at + coarseWidth] ?? 0) * (1 - shareX) + (coarse[at + coarseWidth + 1] ?? 0) * shareX
      field[y * width + x] = (upper * (1 - shareY) + lower * shareY) / total
    }
  }
  return field
}

function between(a: number, b: number, share: number): number {
  return a + (b - a) * share * share * (3 - 2 * share)
}
