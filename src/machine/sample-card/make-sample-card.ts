import { mkdir, open, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { develop, makeCanvas, turnLeft, type Picture } from './canvas.ts'
import { clipFrames } from './clip.ts'
import { planDay, type Shot } from './day.ts'
import { makeDice, mixSeeds } from './dice.ts'
import { makeDng, rawBytes } from './dng.ts'
import { encodeJpeg, withExif } from './jpeg.ts'
import { systemLeftovers } from './leftovers.ts'
import { clipHead, clipTail, frameBytes, type ClipShape } from './quicktime.ts'

export interface SampleCardOptions {
  /** How much the camera's files weigh together, in bytes; met within 5 %. At least `SMALLEST_SAMPLE_BYTES`. */
  readonly totalBytes: number
  /** The same seed and `nowMs` give the same bytes. */
  readonly seed: number
  /** The shoot is the last Saturday before this moment (UTC). */
  readonly nowMs: number
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void
}

export interface SampleCard {
  readonly root: string
  /** What the camera wrote: files, and their bytes together. What a computer left behind is not counted. */
  readonly files: number
  readonly bytes: number
  /** A RAW with its JPEG is one shot; so is a clip. */
  readonly shots: number
  /** Files that a computer left on the card. */
  readonly leftovers: number
}

export const SMALLEST_SAMPLE_BYTES = 24_000_000

/** From this size on, pictures and clip are as large as a camera's; below it all is smaller, for quick tests. */
const FULL_SIZE_BYTES = 200_000_000
const FULL = { width: 1632, height: 1088, clipWidth: 1280, clipHeight: 720, jpegBytes: 450_000 }
const SMALL = { width: 672, height: 448, clipWidth: 640, clipHeight: 360, jpegBytes: 90_000 }

const CLIP_SHARE = 0.25
const LARGEST_CLIP_BYTES = 115_000_000
const FEWEST_FRAMES = 12
const FRAMES_PER_SECOND = 24
const GRAIN = 0.016
const FOLDER = 'DCIM/100LEICA'

/**
 * Makes a memory card as a camera would have filled it, in `folder` (which is made; files that are there already are
 * an error and stay as they are): pairs of DNG and JPEG, one clip, and what a computer left behind. All pictures are
 * drawn here and now. The layout is Leica's, because that maker writes DNG; the EXIF says `Fivefold Sample Camera`.
 *
 * Throws what the file system throws, and a RangeError when `totalBytes` is too small.
 */
export async function makeSampleCard(folder: string, options: SampleCardOptions): Promise<SampleCard> {
  const { totalBytes, seed, nowMs } = options
  if (!(totalBytes >= SMALLEST_SAMPLE_BYTES)) {
    throw new RangeError(`a sample card needs at least ${SMALLEST_SAMPLE_BYTES} bytes, not ${totalBytes}`)
  }
  const size = totalBytes >= FULL_SIZE_BYTES ? FULL : SMALL
  const clipBytes = Math.min(totalBytes * CLIP_SHARE, LARGEST_CLIP_BYTES)
  const pairBytes = rawBytes(size.width, size.height) + 2 * size.jpegBytes
  const day = planDay(Math.max(1, Math.round((totalBytes - clipBytes) / pairBytes)), seed, nowMs)
  let bytes = 0
  let number = 0
  const report = (written: number): void => {
    bytes += written
    options.onProgress?.(Math.min(bytes, totalBytes), totalBytes)
  }
  for (const shot of day) {
    number += 1
    for (const [extension, content] of developShot(shot, size.width, size.height)) {
      await writeFile(join(folder, frameName(number, extension)), [content], shot.takenAtMs)
      report(content.length)
    }
  }
  const takenAtMs = (day.at(-1)?.takenAtMs ?? nowMs) + 95_000
  const shape = {
    width: size.clipWidth,
    height: size.clipHeight,
    framesPerSecond: FRAMES_PER_SECOND,
    takenAtMs,
    frames: 0,
  }
  const frames = Math.max(FEWEST_FRAMES, Math.round((totalBytes - bytes) / frameBytes(shape)))
  const clip = clipParts({ ...shape, frames }, mixSeeds(seed, 3), report)
  await writeFile(join(folder, frameName(number + 1, 'MOV')), clip, takenAtMs)
  const leftovers = systemLeftovers(makeDice(mixSeeds(seed, 4)), frameName(1, 'DNG'))
  for (const [path, content] of leftovers) await writeFile(join(folder, path), [content], nowMs)
  return { root: folder, files: day.length * 2 + 1, bytes, shots: day.length + 1, leftovers: leftovers.size }
}

function frameName(number: number, extension: string): string {
  return `${FOLDER}/L100${String(number).padStart(4, '0')}.${extension}`
}

/** Draws one shot and gives its two files, RAW first, as the camera writes them. */
function developShot(shot: Shot, width: number, height: number): readonly (readonly [string, Uint8Array])[] {
  const picture = drawShot(shot, width, height)
  const jpeg = encodeJpeg(picture)
  return [
    ['DNG', makeDng(picture, jpeg, shot, makeDice(mixSeeds(shot.seed, 5)))],
    ['JPG', withExif(jpeg, picture, shot)],
  ]
}

/** The picture as it is stored: always wide; an upright one lies on its left side. */
function drawShot(shot: Shot, width: number, height: number): Picture {
  const dice = makeDice(shot.seed)
  const canvas = shot.upright ? makeCanvas(height, width) : makeCanvas(width, height)
  shot.draw(canvas, dice)
  const picture = develop(canvas, dice, GRAIN)
  return shot.upright ? turnLeft(picture) : picture
}

function* clipParts(shape: ClipShape, seed: number, report: (written: number) => void): Generator<Uint8Array> {
  const head = clipHead(shape)
  const tail = clipTail(shape)
  report(head.length + tail.length)
  yield head
  for (const frame of clipFrames(shape, seed)) {
    yield frame
    report(frame.length)
  }
  yield tail
}

/**
 * Writes a new file, part by part, flushed: what the demo then reads comes from the disk as from a card, and not from
 * memory. The file gets the camera's time.
 */
async function writeFile(path: string, parts: Iterable<Uint8Array>, writtenAtMs: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'wx')
  try {
    for (const part of parts) await file.writeFile(part)
    await file.sync()
  } finally {
    await file.close()
  }
  await utimes(path, writtenAtMs / 1000, writtenAtMs / 1000)
}
