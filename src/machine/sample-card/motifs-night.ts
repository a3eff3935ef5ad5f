import { disc, fillBelow, glow, mirror, paintSky, ridge, span, spruce, star } from './brushes.ts'
import { blend, colour, cover, ease, lighten, type Canvas, type Colour } from './canvas.ts'
import type { Dice } from './dice.ts'
import { clouds } from './motifs-day.ts'
import { noiseField, noiseLine } from './noise.ts'

/** The sun on the sea, and its road on the water. */
export function sunsetSea(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  const horizon = Math.floor(height * 0.52)
  const sunX = width * dice.between(0.3, 0.7)
  const sunY = horizon - 70 * unit
  paintSky(canvas, 0, horizon, [
    [0, colour(0x2c3a68)],
    [0.4, colour(0x8a5a86)],
    [0.7, colour(0xe8825c)],
    [0.92, colour(0xffb35a)],
    [1, colour(0xffc673)],
  ])
  clouds(canvas, dice, horizon * 0.92, 0.6, 0xff9d78)
  glow(canvas, sunX, sunY, 130 * unit, colour(0xffb070), 0.42)
  disc(canvas, sunX, sunY, 44 * unit, colour(0xfff0b8), 0.95, 1.6 * unit)
  const rows = height - horizon
  const waves = noiseField(dice, width, rows, { cell: 20 * unit, octaves: 3, rough: 0.65 }, 7)
  const ripples = noiseField(dice, width, rows, { cell: 7 * unit, octaves: 2, rough: 0.7 }, 6)
  const [far, near, crest, sparkle] = [colour(0xd98a66), colour(0x14203f), colour(0xa9607a), colour(0xffc074)]
  for (let y = 0; y < rows; y += 1) {
    const depth = y / rows
    const body = blend(far, near, ease(-0.12, 0.85, depth))
    const road = (46 + 170 * depth) * unit
    // Waves stand closer together the farther away they are.
    const waveRow = Math.floor((rows - 1) * (Math.log(1 + depth * 10) / Math.log(11))) * width
    for (let x = 0; x < width; x += 1) {
      const small = (ripples[waveRow + x] ?? 0) - 0.5
      const wave = ((waves[waveRow + x] ?? 0) - 0.5) * (0.25 + 0.75 * depth) + small * (0.75 - 0.35 * depth)
      const pixel = (y + horizon) * width + x
      cover(canvas, pixel, blend(body, crest, Math.max(0, wave) * 1.3 * (1 - 0.5 * depth)), 1)
      const aside = (x - sunX + wave * 60 * unit) / road
      const glitter =
        Math.exp(-aside * aside) * ease(0.02 + 0.04 * depth, 0.13 + 0.05 * depth, wave + 0.03 * (1 - depth))
      lighten(canvas, pixel, sparkle, glitter * (0.95 - 0.35 * depth))
    }
  }
}

/** Ridge behind ridge after the sun is gone. */
export function duskMountains(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  paintSky(canvas, 0, height * 0.75, [
    [0, colour(0x27305e)],
    [0.3, colour(0x6d5690)],
    [0.55, colour(0xd47f86)],
    [0.78, colour(0xffb277)],
    [1, colour(0xffd9a0)],
  ])
  clouds(canvas, dice, height * 0.42, 0.4, 0xf29a98)
  glow(canvas, width * dice.between(0.25, 0.75), height * 0.5, 170 * unit, colour(0xffb066), 0.4)
  const rows = 7
  for (let row = 0; row < rows; row += 1) {
    const near = row / (rows - 1)
    const base = height * (0.47 + 0.45 * near)
    const line = ridge(dice, width, base, (60 + 55 * near) * unit, (300 + 260 * near) * unit, 0.47)
    const peak = blend(colour(0xc98a93), colour(0x120f26), near ** 0.8)
    const foot = blend(colour(0xf3b08e), colour(0x1d1836), near ** 0.85)
    fillBelow(canvas, line, { top: peak, bottom: foot, fromY: base - 60 * unit, toY: base + 150 * unit })
    if (row < rows - 2) continue
    const wood = blend(colour(0x1f1a38), colour(0x0a0917), row - rows + 2)
    const wash = { top: wood, bottom: wood, fromY: 0, toY: height }
    for (let x = 0; x < width; x += dice.between(4, 26) * unit) {
      spruce(canvas, dice, x, (line[Math.floor(x)] ?? 0) + 10 * unit, dice.between(18, 46 + 40 * near) * unit, wash)
    }
  }
}

/** A town across the water at the blue hour. */
export function blueHourCity(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  const shore = Math.floor(height * 0.66)
  paintSky(canvas, 0, shore, [
    [0, colour(0x0d1a3f)],
    [0.45, colour(0x2f4f8c)],
    [0.78, colour(0xa98aa0)],
    [1, colour(0xffb37c)],
  ])
  clouds(canvas, dice, shore * 0.7, 0.35, 0x8a88b8)
  for (let layer = 0; layer < 3; layer += 1) {
    const wall = blend(colour(0x55608c), colour(0x10142b), layer / 2)
    let x = -20 * unit
    while (x < width) {
      const wide = dice.between(34, 88) * unit
      const middle = 1 - Math.abs(x / width - 0.5) * 1.2
      const tall = (dice.between(60, 150) + 260 * dice.next() ** 2.2 * middle) * unit * (1.15 - 0.25 * layer)
      building(canvas, dice, x, shore - tall, wide, shore, wall, layer)
      x += wide * dice.between(0.75, 1.25)
    }
  }
  mirror(canvas, dice, { horizonY: shore, tint: colour(0x0c1733), tintShare: 0.3, ripple: 44 * unit })
}

function building(
  canvas: Canvas,
  dice: Dice,
  left: number,
  top: number,
  wide: number,
  shore: number,
  wall: Colour,
  layer: number,
): void {
  const { unit } = canvas
  const firstY = Math.max(0, Math.floor(top))
  for (let y = firstY; y < shore; y += 1)
    span(canvas, y, left, left + wide, blend(wall, colour(0x6a5a72), ease(top, shore, y) * 0.25))
  if (dice.next() < 0.25) {
    for (let y = Math.max(0, firstY - Math.floor(40 * unit)); y < firstY; y += 1) {
      span(canvas, y, left + wide / 2 - unit, left + wide / 2 + unit, wall)
    }
  }
  const lampsLit = dice.between(0.18, 0.55) * (0.45 + 0.3 * layer)
  const [pitchX, pitchY] = [8.5 * unit, 11 * unit]
  for (let y = top + pitchY * 0.8; y < shore - pitchY; y += pitchY) {
    for (let x = left + pitchX * 0.6; x < left + wide - pitchX * 0.8; x += pitchX) {
      if (dice.next() > lampsLit) continue
      const lamp = blend(colour(0xffb35c), colour(0xfff0cf), dice.next())
      const bright = dice.between(0.35, 1)
      for (let row = Math.round(y); row < y + 5 * unit; row += 1) {
        span(canvas, row, Math.max(0, x), x + 4 * unit, blend(wall, lamp, bright))
      }
    }
  }
}

/** Strings of lamps over the dance floor. */
export function partyLights(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  paintSky(canvas, 0, height, [
    [0, colour(0x0a1026)],
    [0.5, colour(0x1f2450)],
    [0.8, colour(0x4a2d55)],
    [1, colour(0x2a1830)],
  ])
  const warm = [colour(0xffb45e), colour(0xff8a4a), colour(0xffd9a0), colour(0xff6f8a), colour(0x7fb2ff)]
  for (let spot = 0; spot < 80; spot += 1) {
    const light = warm[Math.floor(dice.next() ** 1.6 * warm.length)] ?? [1, 1, 1]
    const y = height * (0.3 + 0.62 * dice.next() ** 0.8)
    disc(canvas, dice.next() * width, y, dice.between(18, 74) * unit, light, dice.between(0.05, 0.3), 2.5 * unit, 0.5)
  }
  for (let string = 0; string < 3; string += 1) {
    const [fromY, toY] = [height * dice.between(-0.05, 0.4), height * dice.between(-0.05, 0.4)]
    const sag = dice.between(90, 220) * unit
    const lamps = 7 + string * 3
    let lampDue = 0.5
    for (let x = 0; x < width; x += 1) {
      const along = x / width
      const y = fromY + (toY - fromY) * along + sag * 4 * along * (1 - along)
      for (let row = Math.max(0, Math.round(y)); row < y + 2 * unit; row += 1)
        cover(canvas, row * width + x, [0.02, 0.02, 0.04], 0.8)
      if (along * lamps < lampDue) continue
      lampDue += 1
      glow(canvas, x, y + 16 * unit, 24 * unit, colour(0xffa850), 0.55)
      disc(canvas, x, y + 16 * unit, 8.5 * unit, colour(0xffe6b5), 1, 2 * unit)
    }
  }
}

/** Fireworks over the water. */
export function fireworks(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  const shore = Math.floor(height * 0.76)
  paintSky(canvas, 0, shore, [
    [0, colour(0x05070f)],
    [0.7, colour(0x131b38)],
    [1, colour(0x3a2b48)],
  ])
  const hues = [0xffc463, 0xff6a5a, 0x6fb8ff, 0xff8fd0, 0xb6ffb0, 0xfff1c9]
  for (let burst = 0; burst < 6; burst += 1) {
    const light = colour(hues[Math.floor(dice.next() * hues.length)] ?? 0xffffff)
    const x = width * (0.12 + (0.76 * (burst + dice.between(0.1, 0.9))) / 6)
    shell(canvas, dice, x, height * dice.between(0.16, 0.5), dice.between(130, 290) * unit, light)
  }
  const hills = { top: colour(0x07080f), bottom: colour(0x07080f), fromY: 0, toY: shore }
  fillBelow(canvas, ridge(dice, width, shore - 26 * unit, 22 * unit, 320 * unit, 0.5), hills, shore)
  for (let lamp = 0; lamp < 60; lamp += 1) {
    const paint = blend(colour(0xffb050), colour(0xfff0d0), dice.next())
    star(canvas, dice.next() * width, shore - dice.between(3, 22) * unit, paint, dice.between(0.4, 1.1), 1.5 * unit)
  }
  mirror(canvas, dice, { horizonY: shore, tint: colour(0x070b18), tintShare: 0.2, ripple: 120 * unit, reach: 2.7 })
}

/** One shell: sparks that fly out, slow down and sink, each leaving a trail. */
function shell(canvas: Canvas, dice: Dice, cx: number, cy: number, radius: number, light: Colour): void {
  const { unit } = canvas
  glow(canvas, cx, cy, radius * 0.5, light, 0.13)
  const sparks = 90
  for (let spark = 0; spark < sparks; spark += 1) {
    const angle = (spark / sparks) * 6.283 + dice.between(-0.05, 0.05)
    const reach = radius * dice.between(0.35, 1) ** 0.5
    const steps = Math.ceil(reach / (1.6 * unit))
    for (let step = Math.floor(steps * 0.18); step <= steps; step += 1) {
      const way = step / steps
      const out = reach * (1 - (1 - way) ** 2)
      const x = cx + Math.cos(angle) * out
      const y = cy + Math.sin(angle) * out * 0.95 + radius * 0.16 * way * way
      star(
        canvas,
        x,
        y,
        blend([1, 0.95, 0.85], light, ease(0, 0.5, way)),
        0.08 + 0.3 * way * way,
        (0.9 + 0.5 * way) * unit,
      )
    }
    star(
      canvas,
      cx + Math.cos(angle) * reach,
      cy + Math.sin(angle) * reach * 0.95 + radius * 0.16,
      [1, 1, 0.95],
      0.6,
      1.7 * unit,
    )
  }
}

/** The Milky Way over black spruces. */
export function milkyWay(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  paintSky(canvas, 0, height, [
    [0, colour(0x070b1c)],
    [0.6, colour(0x152445)],
    [0.85, colour(0x3a4a63)],
    [1, colour(0x5a5a58)],
  ])
  const dust = noiseField(dice, width, height, { cell: 230 * unit, octaves: 5, rough: 0.58 }, 1)
  const lean = dice.between(0.45, 0.8) * (dice.next() < 0.5 ? -1 : 1)
  const middleX = width * dice.between(0.4, 0.6)
  const scale = 1 / Math.hypot(1, lean)
  const [cold, warm] = [colour(0x6f83c4), colour(0xffd9b5)]
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const pixel = y * width + x
      const cloud = dust[pixel] ?? 0
      const across = ((x - middleX - (y - height * 0.5) * lean) * scale) / (150 * unit) + (cloud - 0.5) * 1.4
      const band = Math.exp(-across * across * 0.55)
      const lane = 1 - 0.72 * Math.exp(-((across - 0.15) ** 2) * 9) * ease(0.38, 0.62, cloud)
      const light = band * lane * (0.3 + 0.7 * ease(0.25, 0.75, cloud)) * (0.7 + 0.5 * ease(0.1, 0.9, y / height))
      lighten(canvas, pixel, blend(cold, warm, ease(0.1, 0.55, light)), light * 0.62)
    }
  }
  stars(canvas, dice, 3400, height * 0.95)
  treeLine(canvas, dice, height * 0.93, 260)
}

function stars(canvas: Canvas, dice: Dice, count: number, untilY: number): void {
  const { width, unit } = canvas
  for (let point = 0; point < count; point += 1) {
    const bright = dice.next() ** 9
    const tint = blend(colour(0xa9c4ff), colour(0xffe1b8), dice.next())
    star(canvas, dice.next() * width, dice.next() * untilY, tint, 0.22 + 1.1 * bright, (0.75 + 1.1 * bright) * unit)
  }
}

/** Black spruces along the lower edge; `tall` is the tallest in thousandths of the shorter side. */
function treeLine(canvas: Canvas, dice: Dice, base: number, tall: number): void {
  const { width, height, unit } = canvas
  const ink = colour(0x04060a)
  const wash = { top: ink, bottom: ink, fromY: 0, toY: height }
  const ground = ridge(dice, width, base, 26 * unit, 420 * unit, 0.45)
  fillBelow(canvas, ground, wash)
  const groves = noiseLine(dice, width, { cell: 330 * unit, octaves: 2, rough: 0.5 })
  for (let x = 0; x < width; x += dice.between(9, 40) * unit) {
    const at = Math.floor(x)
    const high = tall * (0.42 + 0.5 * (groves[at] ?? 0)) * dice.between(0.55, 1.1)
    spruce(canvas, dice, x, (ground[at] ?? base) + 8 * unit, Math.max(24, high) * unit, wash)
  }
}

/** Northern lights. */
export function aurora(canvas: Canvas, dice: Dice): void {
  const { width, height, unit } = canvas
  const shore = Math.floor(height * 0.72)
  paintSky(canvas, 0, shore, [
    [0, colour(0x060a1e)],
    [0.7, colour(0x0f2a44)],
    [1, colour(0x1f4a58)],
  ])
  stars(canvas, dice, 1100, shore)
  const [green, violet] = [colour(0x39f0a0), colour(0x9a4fe0)]
  for (let curtain = 0; curtain < 2; curtain += 1) {
    const foot = noiseLine(dice, width, { cell: 480 * unit, octaves: 3, rough: 0.45 })
    const rays = noiseLine(dice, width, { cell: 46 * unit, octaves: 3, rough: 0.6 })
    const drift = noiseLine(dice, width, { cell: 400 * unit, octaves: 2, rough: 0.5 })
    const base = height * (0.36 + 0.1 * curtain)
    for (let y = 0; y < shore; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const up = base - (foot[x] ?? 0) * 130 * unit - (rays[x] ?? 0) * 26 * unit - y
        const tall = (150 + 120 * (1 + (rays[x] ?? 0))) * unit
        const fall =
          up > 0 ? Math.exp(-up / tall) * (0.55 + 0.45 * ease(0, 40 * unit, up)) : 0.55 * Math.exp(up / (34 * unit))
        const light = fall * (0.5 + 0.5 * (rays[x] ?? 0)) * ease(-0.7, 0.6, drift[x] ?? 0)
        if (light < 0.004) continue
        lighten(canvas, y * width + x, blend(green, violet, ease(0, 2.1 * tall, up)), light * (0.8 - 0.25 * curtain))
      }
    }
  }
  const hills = { top: colour(0x08131f), bottom: colour(0x0b1b28), fromY: shore - 120 * unit, toY: shore }
  fillBelow(canvas, ridge(dice, width, shore - 60 * unit, 70 * unit, 380 * unit, 0.48), hills, shore)
  mirror(canvas, dice, { horizonY: shore, tint: colour(0x06121d), tintShare: 0.28, ripple: 30 * unit })
}
