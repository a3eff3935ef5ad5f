import type { Canvas } from './canvas.ts'
import { makeDice, mixSeeds, type Dice } from './dice.ts'
import { dunes, fogForest, goldenBokeh, lavender, morningLake } from './motifs-day.ts'
import { aurora, blueHourCity, duskMountains, fireworks, milkyWay, partyLights, sunsetSea } from './motifs-night.ts'

/** One shot of the sample shoot: what is drawn, when it was "taken", and the exposure that would fit. */
export interface Shot {
  readonly draw: (canvas: Canvas, dice: Dice) => void
  readonly seed: number
  /** UTC. */
  readonly takenAtMs: number
  readonly upright: boolean
  readonly exposure: readonly [number, number]
  readonly fNumberTenths: number
  readonly iso: number
  readonly focalLengthMm: number
}

/** The zone that the sample camera's clock is set to. Fixed, so that the same seed gives the same card anywhere. */
export const OFFSET: { readonly text: string; readonly minutes: number } = { text: '+02:00', minutes: 120 }

/** The day's motifs in their order: hour and minute of the first frame, and exposure. */
const DAY: readonly (readonly [Shot['draw'], string, readonly [number, number], number, number, number])[] = [
  [fogForest, '05:52', [1, 160], 56, 400, 70],
  [morningLake, '06:38', [1, 250], 80, 100, 28],
  [dunes, '09:15', [1, 640], 80, 100, 50],
  [goldenBokeh, '15:24', [1, 1000], 28, 100, 90],
  [lavender, '19:47', [1, 320], 56, 100, 35],
  [sunsetSea, '20:58', [1, 400], 80, 100, 50],
  [duskMountains, '21:21', [1, 80], 56, 200, 70],
  [blueHourCity, '21:49', [4, 1], 80, 100, 35],
  [partyLights, '22:17', [1, 125], 28, 1600, 75],
  [fireworks, '23:00', [6, 1], 110, 100, 28],
  [aurora, '23:26', [8, 1], 28, 1600, 24],
  [milkyWay, '23:41', [15, 1], 28, 3200, 24],
]

const DAY_MS = 86_400_000

/**
 * The shots of one long Saturday, the last one that is over at `nowMs`. With more shots than motifs each motif is
 * taken several times in a row, a few seconds apart and never the same; every fifth shot is upright.
 */
export function planDay(count: number, seed: number, nowMs: number): readonly Shot[] {
  const midnightMs = lastSaturday(nowMs)
  return Array.from({ length: count }, (_, index): Shot => {
    const motif = Math.floor((index * DAY.length) / count)
    const take = index - Math.ceil((motif * count) / DAY.length)
    const [draw, clock, exposure, fNumberTenths, iso, focalLengthMm] = DAY[motif] ?? DAY_START
    const dice = makeDice(mixSeeds(seed, index, 1))
    const [hours = 0, minutes = 0] = clock.split(':').map(Number)
    const sinceMidnightMs = (hours * 60 + minutes) * 60_000
    const delayMs = take * 14_000 + Math.floor(dice.between(1_000, 12_000))
    return {
      draw,
      seed: mixSeeds(seed, index, 2),
      takenAtMs: midnightMs + sinceMidnightMs + delayMs,
      upright: index % 5 === 4,
      exposure,
      fNumberTenths,
      iso,
      focalLengthMm,
    }
  })
}

const DAY_START = DAY[0] ?? [fogForest, '05:52', [1, 160], 56, 400, 70]

/** Midnight (in the camera's zone) of the last Saturday that is wholly past, in UTC milliseconds. */
function lastSaturday(nowMs: number): number {
  const zoneMs = OFFSET.minutes * 60_000
  const today = Math.floor((nowMs + zoneMs) / DAY_MS)
  // Day 0 of the Unix calendar was a Thursday, so that Saturdays leave the rest 2.
  const sinceSaturday = ((today - 2 - 1) % 7) + 1
  return (today - sinceSaturday) * DAY_MS - zoneMs
}
