import { blend, cover, ease, lighten, type Canvas, type Colour } from './canvas.ts'
import type { Dice } from './dice.ts'
import { noiseLine } from './noise.ts'

/** A colour that changes from `top` at row `fromY` to `bottom` at row `toY`: how haze lies on hills and trees. */
export interface Wash {
  readonly top: Colour
  readonly bottom: Colour
  readonly fromY: number
  readonly toY: number
}

function washAt(wash: Wash, y: number): Colour {
  return blend(wash.top, wash.bottom, ease(wash.fromY, wash.toY, y))
}

/** Paints all rows from `fromY` to `toY` with colours at given shares of the way (0 top, 1 bottom). */
export function paintSky(
  canvas: Canvas,
  fromY: number,
  toY: number,
  stops: readonly (readonly [share: number, paint: Colour])[],
): void {
  for (let y = Math.max(0, Math.floor(fromY)); y < Math.min(canvas.height, toY); y += 1) {
    const paint = colourAt(stops, (y - fromY) / (toY - fromY))
    fillRow(canvas, y, paint)
  }
}

/** One whole row in one colour. */
function fillRow(canvas: Canvas, y: number, paint: Colour): void {
  const from = y * canvas.width * 3
  const to = from + canvas.width * 3
  const { rgb } = canvas
  for (let at = from; at < to; at += 3) {
    rgb[at] = paint[0]
    rgb[at + 1] = paint[1]
    rgb[at + 2] = paint[2]
  }
}

function colourAt(stops: readonly (readonly [number, Colour])[], share: number): Colour {
  let [below, paint] = stops[0] ?? [0, [0, 0, 0]]
  for (const [at, next] of stops) {
    if (share < at) return blend(paint, next, ease(below, at, share) * 0.5 + 0.5 * ((share - below) / (at - below)))
    below = at
    paint = next
  }
  return paint
}

/** Light that falls off softly around a point, over the whole picture. */
export function glow(canvas: Canvas, cx: number, cy: number, radius: number, light: Colour, strength: number): void {
  const { width, height } = canvas
  const reach = radius * 7
  const scale = 1 / (radius * radius)
  const lastX = Math.min(width, Math.ceil(cx + reach))
  for (let y = Math.max(0, Math.floor(cy - reach)); y < Math.min(height, cy + reach); y += 1) {
    for (let x = Math.max(0, Math.floor(cx - reach)); x < lastX; x += 1) {
      const away = ((x - cx) * (x - cx) + (y - cy) * (y - cy)) * scale
      const fall = 1 / (1 + away)
      lighten(canvas, y * width + x, light, strength * Math.max(0, fall * fall - 0.0004))
    }
  }
}

/** A round spot of light; `soft` is the width of its edge in pixels, `rim` how much brighter its border is (0 none). */
export function disc(
  canvas: Canvas,
  cx: number,
  cy: number,
  radius: number,
  light: Colour,
  amount: number,
  soft: number,
  rim = 0,
): void {
  const { width, height } = canvas
  const reach = radius + soft
  for (let y = Math.max(0, Math.floor(cy - reach)); y <= Math.min(height - 1, cy + reach); y += 1) {
    for (let x = Math.max(0, Math.floor(cx - reach)); x <= Math.min(width - 1, cx + reach); x += 1) {
      const away = Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy))
      const inside = 1 - ease(radius - soft, radius + soft, away)
      if (inside <= 0) continue
      const border = rim === 0 ? 1 : 1 + rim * ease(radius * 0.6, radius, away)
      lighten(canvas, y * width + x, light, amount * inside * border)
    }
  }
}

/** Fills everything below a line (one height a column, in rows from the top), with a smooth edge. */
export function fillBelow(canvas: Canvas, line: Float32Array, wash: Wash, untilY = canvas.height): void {
  const { width } = canvas
  const first = Math.max(0, Math.floor(line.reduce((least, y) => Math.min(least, y), canvas.height)))
  const lowest = line.reduce((most, y) => Math.max(most, y), 0)
  for (let y = first; y < untilY; y += 1) {
    const paint = washAt(wash, y)
    if (y > lowest) {
      fillRow(canvas, y, paint)
      continue
    }
    for (let x = 0; x < width; x += 1) {
      const covered = y + 1 - (line[x] ?? 0)
      if (covered > 0) cover(canvas, y * width + x, paint, Math.min(1, covered))
    }
  }
}

/** A ridge across the picture: `base` row, `rise` in rows above and below it. */
export function ridge(
  dice: Dice,
  width: number,
  base: number,
  rise: number,
  cell: number,
  rough: number,
): Float32Array {
  return noiseLine(dice, width, { cell, octaves: 9, rough }).map((value) => base - value * rise)
}

/** The silhouette of a spruce that stands on row `base`. */
export function spruce(canvas: Canvas, dice: Dice, x: number, base: number, height: number, wash: Wash): void {
  const top = base - height
  const tiers = 7 + Math.floor(dice.next() * 5)
  const slender = dice.between(0.13, 0.2)
  const lean = dice.between(-0.02, 0.02)
  const bias = dice.next()
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(canvas.height, base); y += 1) {
    const down = (y - top) / height
    if (down < 0) continue
    const tier = (down ** 0.8 * tiers + bias) % 1
    const ragged = 0.85 + 0.3 * dice.next()
    const half = height * slender * (0.012 + down ** 0.9 * (0.42 + 0.58 * tier)) * ragged
    const middle = x + lean * (base - y)
    span(canvas, y, middle - half * dice.between(0.85, 1.1), middle + half * dice.between(0.85, 1.1), washAt(wash, y))
  }
}

/** One row of paint from `fromX` to `toX`, with smooth ends. */
export function span(canvas: Canvas, y: number, fromX: number, toX: number, paint: Colour): void {
  const first = Math.max(0, Math.floor(fromX))
  const last = Math.min(canvas.width - 1, Math.floor(toX))
  for (let x = first; x <= last; x += 1) {
    const covered = Math.min(x + 1, toX) - Math.max(x, fromX)
    if (covered > 0) cover(canvas, y * canvas.width + x, paint, covered)
  }
}

/** A star: one bright point with a hint of a halo. */
export function star(canvas: Canvas, x: number, y: number, light: Colour, amount: number, radius: number): void {
  const { width, height } = canvas
  const reach = radius * 3
  for (let row = Math.max(0, Math.ceil(y - reach)); row <= Math.min(height - 1, y + reach); row += 1) {
    for (let column = Math.max(0, Math.ceil(x - reach)); column <= Math.min(width - 1, x + reach); column += 1) {
      const away = ((column - x) * (column - x) + (row - y) * (row - y)) / (radius * radius)
      lighten(canvas, row * width + column, light, amount * Math.exp(-away))
    }
  }
}

/** How water mirrors what is above it. */
export interface Water {
  readonly horizonY: number
  readonly tint: Colour
  /** Share of the tint: 0 a perfect mirror, 1 no mirror. */
  readonly tintShare: number
  /** Height of the ripples close to the eye, in rows. */
  readonly ripple: number
  /** How far up the mirrored rows come from: 1 is a true mirror, more draws tall things in. */
  readonly reach?: number
}

/** Mirrors the upper part of the picture into the lower one, broken by ripples that grow towards the eye. */
export function mirror(canvas: Canvas, dice: Dice, water: Water): void {
  const { width, height, rgb } = canvas
  const reach = water.reach ?? 1
  const horizon = Math.floor(water.horizonY)
  const ripples = noiseLine(dice, width * 4, { cell: 60 * canvas.unit, octaves: 4, rough: 0.6 })
  for (let y = horizon; y < height; y += 1) {
    const depth = (y - horizon + 1) / (height - horizon)
    const shift = Math.floor(dice.next() * width * 2.9)
    const drift = Math.sin((y - horizon) * (0.9 - 0.6 * depth)) * 0.6 + dice.between(-0.4, 0.4)
    for (let x = 0; x < width; x += 1) {
      const wave = ((ripples[shift + x] ?? 0) * 0.7 + drift * 0.6) * water.ripple * depth
      const fromY = Math.min(horizon - 1, Math.max(0, Math.round(horizon - 1 - (y - horizon) * reach + wave)))
      const fromX = Math.min(width - 1, Math.max(0, Math.round(x + wave * 0.35)))
      const from = (fromY * width + fromX) * 3
      const to = (y * width + x) * 3
      for (let channel = 0; channel < 3; channel += 1) {
        const seen = rgb[from + channel] ?? 0
        rgb[to + channel] = seen + ((water.tint[channel] ?? 0) - seen) * water.tintShare
      }
    }
  }
}
