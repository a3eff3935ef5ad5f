import { fillBelow, ridge, spruce } from './brushes.ts'
import { develop, makeCanvas, type Canvas, type Picture } from './canvas.ts'
import { makeDice, type Dice } from './dice.ts'
import { duskMountains } from './motifs-night.ts'
import type { ClipShape } from './quicktime.ts'

/** How far the camera travels in a frame, in pixels: far hills slowly, the trees beside the road fast. */
const FAR_STEP = 2
const NEAR_STEP = 9

/** Near-black in 8-bit video: luma 18, no colour. */
const INK = 18
const NO_COLOUR = 128

/** What one row of the trees covers: whole pixels from `from` to `to`, and single pixels in part. */
interface TreeRow {
  readonly whole: readonly (readonly [from: number, to: number])[]
  readonly edges: readonly (readonly [x: number, share: number])[]
}

/**
 * Draws the frames of a slow drive past dusk mountains. Both layers are drawn once, wider than the frame, and moved
 * past each other, so that a frame costs a few copies. The one buffer is given out again and again: use it before
 * asking for the next frame.
 */
export function* clipFrames(shape: ClipShape, seed: number): Generator<Uint8Array> {
  const { width, height, frames } = shape
  const dice = makeDice(seed)
  const far = makeCanvas(width + FAR_STEP * frames, height)
  duskMountains(far, dice)
  const background = toVideo(develop(far, dice, 0.014))
  const trees = treeRows(dice, width + NEAR_STEP * frames, height)
  const frame = new Uint8Array(width * height * 2)
  for (let index = 0; index < frames; index += 1) {
    for (let y = 0; y < height; y += 1) {
      const from = (y * far.width + index * FAR_STEP) * 2
      frame.set(background.subarray(from, from + width * 2), y * width * 2)
    }
    trees.forEach((row, y) => layTrees(frame, row, y * width, index * NEAR_STEP, width))
    yield frame
  }
}

function layTrees(frame: Uint8Array, row: TreeRow, rowAt: number, travelled: number, width: number): void {
  for (const [from, to] of row.whole) {
    const last = Math.min(width, to - travelled)
    for (let x = Math.max(0, from - travelled); x < last; x += 1) {
      frame[(rowAt + x) * 2] = NO_COLOUR
      frame[(rowAt + x) * 2 + 1] = INK
    }
  }
  for (const [edge, share] of row.edges) {
    const x = edge - travelled
    if (x < 0 || x >= width) continue
    const at = (rowAt + x) * 2 + 1
    frame[at] = (frame[at] ?? 0) * (1 - share) + INK * share
  }
}

/** The trees as a mask: drawn white on black, then read row by row. */
function treeRows(dice: Dice, width: number, height: number): readonly TreeRow[] {
  const mask = makeCanvas(width, height)
  const white = { top: [1, 1, 1], bottom: [1, 1, 1], fromY: 0, toY: height } as const
  const ground = ridge(dice, width, height * 0.93, 0.02 * height, height * 0.5, 0.45)
  fillBelow(mask, ground, white)
  let x = 0
  while (x < width) {
    spruce(mask, dice, x, (ground[Math.floor(x)] ?? height) + 4, height * dice.between(0.1, 0.62), white)
    x += height * (dice.next() < 0.25 ? dice.between(0.25, 0.6) : dice.between(0.03, 0.16))
  }
  return Array.from({ length: height }, (_, y) => readRow(mask, y))
}

function readRow(mask: Canvas, y: number): TreeRow {
  const whole: [number, number][] = []
  const edges: [number, number][] = []
  let from = -1
  for (let x = 0; x <= mask.width; x += 1) {
    const share = x === mask.width ? 0 : (mask.rgb[(y * mask.width + x) * 3] ?? 0)
    if (share > 0.97) {
      if (from < 0) from = x
      continue
    }
    if (from >= 0) whole.push([from, x])
    from = -1
    if (share > 0.02) edges.push([x, share])
  }
  return { whole, edges }
}

/** To 8-bit 4:2:2 video (Cb Y Cr Y) in the ranges and with the weights of ITU-R BT.709. */
function toVideo(picture: Picture): Uint8Array {
  const { rgba } = picture
  const pixels = picture.width * picture.height
  const video = new Uint8Array(pixels * 2)
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const red = rgba[pixel * 4] ?? 0
    const green = rgba[pixel * 4 + 1] ?? 0
    const blue = rgba[pixel * 4 + 2] ?? 0
    const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    const difference = (pixel & 1) === 0 ? (blue - luma) / 1.8556 : (red - luma) / 1.5748
    video[pixel * 2] = 128.5 + difference * (224 / 255)
    video[pixel * 2 + 1] = 16.5 + luma * (219 / 255)
  }
  return video
}
