import { disc, fillBelow, glow, mirror, paintSky, ridge, spruce } from './brushes.ts'
import { blend, colour, cover, ease, lighten, type Canvas } from './canvas.ts'
import type { Dice } from './dice.ts'
import { noiseField, noiseLine } from './noise.ts'

/** Spruces in the mist before sunrise, row behind row. */
export function fogForest(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  const fog = colour(0xd3d9d2)
  paintSky(canvas, 0, height, [
    [0, colour(0x9fb4ba)],
    [0.35, colour(0xdcd9c8)],
    [0.6, colour(0xe9dcc0)],
    [1, fog],
  ])
  const sunX = width * dice.between(0.25, 0.75)
  glow(canvas, sunX, height * 0.3, 150 * unit, colour(0xffd9a0), 0.3)
  const rows = 6
  for (let row = 0; row < rows; row += 1) {
    const near = row / (rows - 1)
    const paint = blend(colour(0xb4c1bb), colour(0x10231f), near ** 0.75)
    const base = height * (0.46 + 0.52 * near ** 1.25)
    const ground = ridge(dice, width, base, (30 + 70 * near) * unit, 620 * unit, 0.4)
    const tall = (90 + 420 * near ** 1.3) * unit
    const foot = blend(paint, fog, 0.95 - 0.75 * near)
    const wash = { top: paint, bottom: foot, fromY: base - tall * 0.7, toY: base + tall * 0.25 }
    fillBelow(canvas, ground, wash)
    const step = tall * (0.17 + 0.05 * near)
    for (let x = -step; x < width + step; x += step * dice.between(0.4, 1.7)) {
      const standsAt = (ground[Math.min(width - 1, Math.max(0, Math.round(x)))] ?? base) + 6 * unit
      spruce(canvas, dice, x, standsAt, tall * dice.between(0.5, 1.12), wash)
    }
    if (row < rows - 1) layFog(canvas, dice, base + tall * 0.12, tall * 0.55 + 60 * unit, 0.75 - 0.5 * near)
  }
}

/** A bank of fog around one row of the picture. */
function layFog(canvas: Canvas, dice: Dice, middleY: number, spread: number, strength: number): void {
  const { width, height, unit } = canvas
  const top = Math.max(0, Math.floor(middleY - spread))
  const rows = Math.min(height, Math.ceil(middleY + spread)) - top
  if (rows <= 0) return
  const field = noiseField(dice, width, rows, { cell: 130 * unit, octaves: 4, rough: 0.5 }, 3)
  const fog = colour(0xdde0d6)
  for (let y = 0; y < rows; y += 1) {
    const share = 1 - Math.abs(y + top - middleY) / spread
    for (let x = 0; x < width; x += 1) {
      const thick = ease(0.25, 0.85, field[y * width + x] ?? 0)
      cover(canvas, (y + top) * width + x, fog, strength * thick * ease(0, 1, share))
    }
  }
}

/** A still lake between mountains, early. */
export function morningLake(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  const horizon = Math.floor(height * 0.56)
  paintSky(canvas, 0, horizon, [
    [0, colour(0x3f6f9c)],
    [0.45, colour(0x9fbccb)],
    [0.75, colour(0xf4d3b4)],
    [1, colour(0xf8c49a)],
  ])
  clouds(canvas, dice, horizon * 0.75, 0.55, 0xfff0df)
  const peaks = [
    { base: 0.34, rise: 190, cell: 520, top: 0x7f96b2, foot: 0xf0cdb4 },
    { base: 0.42, rise: 150, cell: 430, top: 0x4b6a8c, foot: 0xb9aeb0 },
    { base: 0.49, rise: 90, cell: 360, top: 0x27435f, foot: 0x7d8a94 },
  ]
  for (const peak of peaks) {
    const base = height * peak.base
    const line = ridge(dice, width, base, peak.rise * unit, peak.cell * unit, 0.5)
    const wash = { top: colour(peak.top), bottom: colour(peak.foot), fromY: base - 120 * unit, toY: horizon }
    fillBelow(canvas, line, wash, horizon)
  }
  const shore = ridge(dice, width, height * 0.54, 22 * unit, 300 * unit, 0.5)
  const woods = { top: colour(0x16303a), bottom: colour(0x2c444b), fromY: horizon - 70 * unit, toY: horizon }
  fillBelow(canvas, shore, woods, horizon)
  for (let x = 0; x < width; x += dice.between(5, 22) * unit) {
    spruce(
      canvas,
      dice,
      x,
      Math.min(horizon, (shore[Math.floor(x)] ?? 0) + 8 * unit),
      dice.between(22, 60) * unit,
      woods,
    )
  }
  mirror(canvas, dice, { horizonY: horizon, tint: colour(0x1d3a4d), tintShare: 0.26, ripple: 16 * unit })
  mistOnWater(canvas, dice, horizon)
}

function mistOnWater(canvas: Canvas, dice: Dice, horizon: number): void {
  const { width, unit } = canvas
  const rows = Math.floor(90 * unit)
  const field = noiseField(dice, width, rows, { cell: 50 * unit, octaves: 3, rough: 0.5 }, 6)
  for (let y = 0; y < rows; y += 1) {
    const share = 1 - Math.abs(y - rows / 2) / (rows / 2)
    for (let x = 0; x < width; x += 1) {
      const pixel = (y + horizon - Math.floor(rows * 0.55)) * width + x
      cover(canvas, pixel, [0.96, 0.87, 0.79], 0.55 * share * ease(0.2, 0.9, field[y * width + x] ?? 0))
    }
  }
}

/** Drifting cloud over the upper `untilY` rows. */
export function clouds(canvas: Canvas, dice: Dice, untilY: number, strength: number, light: number): void {
  const { width, unit } = canvas
  const rows = Math.floor(untilY)
  const field = noiseField(dice, width, rows, { cell: 190 * unit, octaves: 5, rough: 0.52 }, 3.2)
  const paint = colour(light)
  for (let y = 0; y < rows; y += 1) {
    const fade = 1 - ease(0.6, 1, y / rows)
    for (let x = 0; x < width; x += 1) {
      const thick = ease(0.48, 0.82, field[y * width + x] ?? 0)
      if (thick > 0) cover(canvas, y * width + x, paint, strength * thick * fade)
    }
  }
}

/** Crests of sand, lit from one side. */
export function dunes(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  paintSky(canvas, 0, height * 0.6, [
    [0, colour(0x5f93b8)],
    [0.6, colour(0xcfd3c4)],
    [1, colour(0xf3d9b0)],
  ])
  const rows = 5
  const side = dice.next() < 0.5 ? -1 : 1
  for (let row = 0; row < rows; row += 1) {
    const near = row / (rows - 1)
    const base = height * (0.4 + 0.45 * near ** 1.2)
    const crest = noiseLine(dice, width, { cell: (330 + 700 * near) * unit, octaves: 2, rough: 0.25 })
    sandBelow(canvas, dice, crest, base, (38 + 130 * near) * unit, near, side)
  }
}

/** One dune: the side that faces the sun glows, the other lies in violet shade, and the wind has drawn ripples on both. */
function sandBelow(
  canvas: Canvas,
  dice: Dice,
  crest: Float32Array,
  base: number,
  rise: number,
  near: number,
  side: number,
): void {
  const { width, height, unit } = canvas
  const lit = blend(colour(0xf3cf9b), colour(0xeaa45a), near)
  const shade = blend(colour(0xb99a8a), colour(0x7a4638), near)
  const ripples = noiseLine(dice, width * 2, { cell: 240 * unit, octaves: 3, rough: 0.5 })
  const reach = Math.round(26 * unit)
  const pitch = 5.5 + 9 * near
  for (let y = Math.max(0, Math.floor(base - rise * 1.5)); y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const line = base - (crest[x] ?? 0) * rise
      const covered = y + 1 - line
      if (covered <= 0) continue
      const down = y - line
      // The shading follows the slope at the crest and bends sideways on the way down, as wind-blown sand does.
      const at = Math.min(width - 1 - reach, Math.max(reach, Math.round(x + side * down * 0.9)))
      const slope = ((crest[at + reach] ?? 0) - (crest[at - reach] ?? 0)) * side
      const facing = ease(-0.06, 0.05, slope + 0.012)
      const wind = Math.sin((down / (pitch * unit) + (ripples[x + Math.floor(width / 3)] ?? 0) * 9) * 2.2)
      const light = Math.min(1, Math.max(0, facing * (0.86 + 0.14 * ease(0, rise, down)) + 0.035 * near * wind))
      cover(canvas, y * width + x, blend(shade, lit, light), Math.min(1, covered))
    }
  }
}

/** Rows of lavender that run to a lone tree on the horizon. */
export function lavender(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  const horizon = Math.floor(height * 0.43)
  paintSky(canvas, 0, horizon, [
    [0, colour(0x6f86b8)],
    [0.5, colour(0xd9b3bd)],
    [0.85, colour(0xffcf9c)],
    [1, colour(0xffe2b0)],
  ])
  clouds(canvas, dice, horizon * 0.9, 0.5, 0xffd7c2)
  const sunX = width * dice.between(0.2, 0.8)
  const hills = { top: colour(0x8d7ba0), bottom: colour(0xc99fa6), fromY: horizon - 80 * unit, toY: horizon }
  fillBelow(canvas, ridge(dice, width, horizon - 45 * unit, 28 * unit, 500 * unit, 0.4), hills, horizon)
  lavenderRows(canvas, dice, horizon, width * dice.between(0.35, 0.65))
  loneTree(canvas, dice, width * (sunX > width / 2 ? 0.3 : 0.68), horizon + 10 * unit)
  glow(canvas, sunX, horizon - 35 * unit, 60 * unit, colour(0xffc47a), 0.75)
}

function lavenderRows(canvas: Canvas, dice: Dice, horizon: number, vanishX: number): void {
  const { width, height, unit } = canvas
  const tufts = noiseField(dice, width, height - horizon, { cell: 14 * unit, octaves: 3, rough: 0.7 }, 1)
  const [bloom, deep, soil, hazy] = [colour(0x9a72c4), colour(0x4f3a74), colour(0x5b5a3a), colour(0xd9a3b0)]
  for (let y = horizon; y < height; y += 1) {
    const depth = (y - horizon + 1) / (height - horizon)
    const haze = (1 - depth) ** 3
    for (let x = 0; x < width; x += 1) {
      const tuft = (tufts[(y - horizon) * width + x] ?? 0) - 0.5
      const lane = (x - vanishX) / (depth * 190 * unit + 4) + tuft * (0.5 + 0.4 * depth)
      const wave = 0.5 + 0.5 * Math.cos(lane * 6.283)
      const paint = blend(
        blend(soil, deep, ease(0.08, 0.5, wave)),
        bloom,
        ease(0.2, 0.95, wave) * (0.8 + 0.9 * tuft) * (0.6 + 0.4 * depth),
      )
      cover(canvas, y * width + x, blend(paint, hazy, haze * 0.85), 1)
    }
  }
}

function loneTree(canvas: Canvas, dice: Dice, x: number, base: number): void {
  const { unit } = canvas
  const leaves = { top: colour(0x3b3550), bottom: colour(0x241f33), fromY: base - 150 * unit, toY: base }
  for (let puff = 0; puff < 240; puff += 1) {
    const angle = dice.between(0, 6.283)
    const away = Math.sqrt(dice.next())
    const cx = x + Math.cos(angle) * away * 62 * unit
    const cy = base - 92 * unit + Math.sin(angle) * away * 50 * unit
    blob(canvas, cx, cy, dice.between(5, 13) * unit, leaves.top)
  }
  for (let y = Math.floor(base - 60 * unit); y < base; y += 1) {
    const half = (3 + 2.5 * ease(base - 20 * unit, base, y)) * unit
    for (let column = Math.ceil(x - half); column <= x + half; column += 1) {
      cover(canvas, y * canvas.width + column, leaves.bottom, 1)
    }
  }
}

/** A soft-edged round spot of paint. */
function blob(canvas: Canvas, cx: number, cy: number, radius: number, paint: readonly [number, number, number]): void {
  const { width, height } = canvas
  for (let y = Math.max(0, Math.floor(cy - radius)); y <= Math.min(height - 1, cy + radius); y += 1) {
    for (let x = Math.max(0, Math.floor(cx - radius)); x <= Math.min(width - 1, cx + radius); x += 1) {
      const away = Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy))
      cover(canvas, y * width + x, paint, 1 - ease(radius - 2, radius, away))
    }
  }
}

/** Sun through leaves, far out of focus. */
export function goldenBokeh(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  const field = noiseField(dice, width, height, { cell: 420 * unit, octaves: 2, rough: 0.4 }, 1.2)
  const [dark, leaf, sun] = [colour(0x1c2a14), colour(0x6b7a25), colour(0xf0b64a)]
  const lightX = width * dice.between(0.55, 0.85)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const pixel = y * width + x
      const away = Math.hypot(x - lightX, y - height * 0.2) / (900 * unit)
      const light = (field[pixel] ?? 0) * 0.9 + 0.45 - away * 0.62
      cover(
        canvas,
        pixel,
        light < 0.5 ? blend(dark, leaf, ease(0, 0.5, light)) : blend(leaf, sun, ease(0.5, 1.1, light)),
        1,
      )
    }
  }
  for (let spot = 0; spot < 110; spot += 1) {
    const near = (spot / 110) ** 2
    const x = dice.between(-0.05, 1.05) * width
    const y = height * (dice.next() * 0.95)
    const warm = blend(colour(0xffd27a), colour(0xc9e070), dice.next())
    const away = Math.hypot(x - lightX, y - height * 0.2) / (1000 * unit)
    const amount = Math.max(0.03, (0.3 - 0.2 * away) * dice.between(0.25, 1))
    disc(canvas, x, y, dice.between(14, 46 + 55 * near) * unit, warm, amount, 3 * unit, 0.45)
  }
  glow(canvas, lightX, height * 0.12, 200 * unit, colour(0xffc96b), 0.35)
  grass(canvas, dice)
}

/** Blades in front of the light; each is a thin curve. */
function grass(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  for (let blade = 0; blade < 70; blade += 1) {
    const rootX = dice.between(-0.05, 1.05) * width
    const tall = dice.between(120, 420) * unit * (0.5 + 0.5 * dice.next())
    const bend = dice.between(-0.55, 0.55)
    const thick = dice.between(2.2, 5) * unit
    for (let y = Math.floor(height - tall); y < height; y += 1) {
      const up = (height - y) / tall
      const x = rootX + bend * tall * up * up
      const half = thick * (1 - up) ** 0.7 + 0.3
      for (
        let column = Math.max(0, Math.floor(x - half - 1));
        column <= Math.min(width - 1, x + half + 1);
        column += 1
      ) {
        const inside = 1 - ease(half - 0.6, half + 0.9, Math.abs(column - x))
        cover(canvas, y * width + column, [0.07, 0.1, 0.035], inside * 0.93)
        if (column > x) lighten(canvas, y * width + column, [0.5, 0.42, 0.12], inside * 0.22 * up)
      }
    }
  }
}
