import { bellNoise, type Dice } from './dice.ts'

/** Red, green and blue as they are shown, 0 to 1; light that is added may go above 1 and is bent back when developed. */
export type Colour = readonly [red: number, green: number, blue: number]

export interface Canvas {
  readonly width: number
  readonly height: number
  /** Three numbers a pixel, row by row from the top. */
  readonly rgb: Float32Array
  /** One thousandth of the shorter side, in pixels: motifs measure with it, so that every size looks the same. */
  readonly unit: number
}

export function makeCanvas(width: number, height: number): Canvas {
  return { width, height, rgb: new Float32Array(width * height * 3), unit: Math.min(width, height) / 1000 }
}

/** A colour from the way designers write it: `0xff8800`. */
export function colour(code: number): Colour {
  return [((code >> 16) & 255) / 255, ((code >> 8) & 255) / 255, (code & 255) / 255]
}

/** From `a` (share 0) to `b` (share 1). */
export function blend(a: Colour, b: Colour, share: number): Colour {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share]
}

/** 0 below `from`, 1 above `to`, an S between them. */
export function ease(from: number, to: number, value: number): number {
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)))
  return share * share * (3 - 2 * share)
}

/** Covers one pixel with a colour; `alpha` 0 leaves it, 1 replaces it. */
export function cover(canvas: Canvas, pixel: number, paint: Colour, alpha: number): void {
  const at = pixel * 3
  const { rgb } = canvas
  const [red, green, blue] = paint
  const r = rgb[at] ?? 0
  const g = rgb[at + 1] ?? 0
  const b = rgb[at + 2] ?? 0
  rgb[at] = r + (red - r) * alpha
  rgb[at + 1] = g + (green - g) * alpha
  rgb[at + 2] = b + (blue - b) * alpha
}

/** Adds light to one pixel. */
export function lighten(canvas: Canvas, pixel: number, light: Colour, amount: number): void {
  const at = pixel * 3
  const { rgb } = canvas
  rgb[at] = (rgb[at] ?? 0) + light[0] * amount
  rgb[at + 1] = (rgb[at + 1] ?? 0) + light[1] * amount
  rgb[at + 2] = (rgb[at + 2] ?? 0) + light[2] * amount
}

/** A picture as a JPEG encoder wants it: four bytes a pixel, the fourth always 255. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly rgba: Uint8Array
}

const GRAIN_LENGTH = 1 << 16

/**
 * Develops a canvas: highlights roll off instead of clipping, corners fall off a little as in a lens, and a fine grain
 * lies over all of it (which also hides the steps of 8-bit gradients). `grain` is its spread, 0 to about 0.03.
 */
export function develop(canvas: Canvas, dice: Dice, grain: number): Picture {
  const { width, height, rgb } = canvas
  const rgba = new Uint8Array(width * height * 4)
  const noise = bellNoise(dice, GRAIN_LENGTH)
  const middleX = width / 2
  const middleY = height / 2
  const corner = 0.3 / (middleX * middleX + middleY * middleY)
  for (let y = 0; y < height; y += 1) {
    let grainAt = Math.floor(dice.next() * GRAIN_LENGTH)
    const fromMiddleY = (y - middleY) * (y - middleY)
    for (let x = 0; x < width; x += 1) {
      const pixel = y * width + x
      const light = 1 - corner * ((x - middleX) * (x - middleX) + fromMiddleY)
      grainAt = (grainAt + 1) & (GRAIN_LENGTH - 1)
      const speck = (noise[grainAt] ?? 0) * grain
      for (let channel = 0; channel < 3; channel += 1) {
        const value = (rgb[pixel * 3 + channel] ?? 0) * light
        // Grain is strongest in the middle tones, as on film; black and white stay clean.
        const shown = rollOff(value) + speck * (0.35 + 2.6 * Math.max(0, value * (1 - value)))
        rgba[pixel * 4 + channel] = shown <= 0 ? 0 : shown >= 1 ? 255 : shown * 255 + 0.5
      }
      rgba[pixel * 4 + 3] = 255
    }
  }
  return { width, height, rgba }
}

const SHOULDER = 0.72

function rollOff(value: number): number {
  return value <= SHOULDER ? value : 1 - (1 - SHOULDER) * Math.exp((SHOULDER - value) / (1 - SHOULDER))
}

/** Turned a quarter to the left, as a camera held upright stores it (EXIF orientation 6 turns it back). */
export function turnLeft(picture: Picture): Picture {
  const { width, height } = picture
  const source = new Uint32Array(picture.rgba.buffer, picture.rgba.byteOffset, width * height)
  const turned = new Uint32Array(width * height)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) turned[(width - 1 - x) * height + y] = source[y * width + x] ?? 0
  }
  return { width: height, height: width, rgba: new Uint8Array(turned.buffer) }
}

/** A quarter of the pixels or fewer: every block of `factor` × `factor` becomes its mean. */
export function shrink(picture: Picture, factor: number): Picture {
  const width = Math.floor(picture.width / factor)
  const height = Math.floor(picture.height / factor)
  const rgba = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      rgba[(y * width + x) * 4 + 3] = 255
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0
        for (let dy = 0; dy < factor; dy += 1) {
          const row = ((y * factor + dy) * picture.width + x * factor) * 4 + channel
          for (let dx = 0; dx < factor; dx += 1) sum += picture.rgba[row + dx * 4] ?? 0
        }
        rgba[(y * width + x) * 4 + channel] = sum / (factor * factor)
      }
    }
  }
  return { width, height, rgba }
}
