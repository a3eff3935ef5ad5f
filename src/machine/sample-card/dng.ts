import type { Picture } from './canvas.ts'
import type { Shot } from './day.ts'
import { bellNoise, type Dice } from './dice.ts'
import { ascii, BODY_SERIAL, cameraFields, exifDirectory, long, MAKE, MODEL, rational, short } from './exif.ts'
import { layOutTiff, type TiffDirectory, type TiffValue } from './tiff.ts'

const BLACK = 512
const WHITE = 16_383
/** What the imagined sensor sees of a white card in daylight, red and blue against green. */
const NEUTRAL = { red: 0.5, blue: 0.65 }

/** The sensor has this many photosites for each pixel of the drawn picture, along each side. */
export const SENSOR_SCALE = 2.5

/** How many bytes the RAW of a picture of this size has, without its preview and directories. */
export function rawBytes(width: number, height: number): number {
  return width * SENSOR_SCALE * height * SENSOR_SCALE * 2
}

/**
 * A camera RAW of the picture: a DNG 1.4 with a JPEG preview and one uncompressed strip of 16-bit Bayer data (RGGB).
 * It can be developed: what comes out is the picture, with the noise of a sensor. Width and height of the picture are
 * multiples of four.
 */
export function makeDng(picture: Picture, preview: Uint8Array, shot: Shot, dice: Dice): Uint8Array {
  const width = picture.width * SENSOR_SCALE
  const height = picture.height * SENSOR_SCALE
  const tiff = layOutTiff(dngDirectory(picture, preview.length, shot, width, height))
  tiff.bytes.set(preview, tiff.blocks.get('preview'))
  const sensor = new Uint16Array(tiff.bytes.buffer, tiff.blocks.get('sensor') ?? 0, width * height)
  exposeSensor(sensor, width, height, picture, dice)
  return tiff.bytes
}

function dngDirectory(
  picture: Picture,
  previewBytes: number,
  shot: Shot,
  width: number,
  height: number,
): TiffDirectory {
  const fields: readonly (readonly [number, TiffValue])[] = [
    ...cameraFields(shot),
    [0x00fe, long(1)],
    [0x0100, long(picture.width)],
    [0x0101, long(picture.height)],
    [0x0102, short(8, 8, 8)],
    [0x0103, short(7)],
    [0x0106, short(6)],
    [0x0111, { kind: 'block', block: 'preview', byteLength: previewBytes }],
    [0x0115, short(3)],
    [0x0116, long(picture.height)],
    [0x0117, long(previewBytes)],
    [0x011c, short(1)],
    [0x014a, { kind: 'directory', directory: sensorDirectory(width, height) }],
    [0x0212, short(1, 1)],
    [0x0214, rational([0, 1], [255, 1], [128, 1], [255, 1], [128, 1], [255, 1])],
    [0x8769, { kind: 'directory', directory: exifDirectory(shot, width, height) }],
    [0xc612, { kind: 'byte', bytes: [1, 4, 0, 0] }],
    [0xc613, { kind: 'byte', bytes: [1, 1, 0, 0] }],
    [0xc614, ascii(`${MAKE} ${MODEL}`)],
    [0xc621, { kind: 'signed-rational', pairs: colourMatrix() }],
    [0xc628, rational([NEUTRAL.red * 10_000, 10_000], [1, 1], [NEUTRAL.blue * 10_000, 10_000])],
    [0xc62f, ascii(BODY_SERIAL)],
    [0xc65a, short(21)],
  ]
  return { fields: new Map(fields) }
}

function sensorDirectory(width: number, height: number): TiffDirectory {
  const fields: readonly (readonly [number, TiffValue])[] = [
    [0x00fe, long(0)],
    [0x0100, long(width)],
    [0x0101, long(height)],
    [0x0102, short(16)],
    [0x0103, short(1)],
    [0x0106, short(32_803)],
    [0x0111, { kind: 'block', block: 'sensor', byteLength: width * height * 2 }],
    [0x0115, short(1)],
    [0x0116, long(height)],
    [0x0117, long(width * height * 2)],
    [0x011c, short(1)],
    [0x828d, short(2, 2)],
    [0x828e, { kind: 'byte', bytes: [0, 1, 1, 2] }],
    [0xc616, { kind: 'byte', bytes: [0, 1, 2] }],
    [0xc617, short(1)],
    [0xc619, short(1, 1)],
    [0xc61a, long(BLACK)],
    [0xc61d, long(WHITE)],
    [0xc61f, long(0, 0)],
    [0xc620, long(width, height)],
    [0xc68d, long(0, 0, height, width)],
  ]
  return { fields: new Map(fields) }
}

/** From XYZ (D65) to the sensor: the sRGB matrix of IEC 61966-2-1, its rows scaled by what the sensor sees of white. */
function colourMatrix(): readonly (readonly [number, number])[] {
  const toLinear = [
    [3.2406, -1.5372, -0.4986],
    [-0.9689, 1.8758, 0.0415],
    [0.0557, -0.204, 1.057],
  ]
  const scales = [NEUTRAL.red, 1, NEUTRAL.blue]
  return toLinear.flatMap((row, index) =>
    row.map((value): readonly [number, number] => [Math.round(value * (scales[index] ?? 1) * 10_000), 10_000]),
  )
}

const NOISE_LENGTH = 1 << 16
const MAPS = 8

/**
 * Fills the photosites. Each takes one colour of the picture pixel below it; where a photosite lies between two
 * pixels, chance chooses, so that the enlarged picture has grain and no stairs. The noise grows with the light, as
 * photons do.
 */
function exposeSensor(sensor: Uint16Array, width: number, height: number, picture: Picture, dice: Dice): void {
  const levels = [sensorLevels(NEUTRAL.red), sensorLevels(1), sensorLevels(NEUTRAL.blue)]
  const noise = Int16Array.from(bellNoise(dice, NOISE_LENGTH), (value) => value * 256)
  const spread = Int16Array.from({ length: (WHITE >> 6) + 1 }, (_, level) => 9 + Math.sqrt(level * 64) * 1.4)
  const maps = Array.from({ length: MAPS }, () => columnMap(dice, width, picture.width))
  for (let y = 0; y < height; y += 1) {
    const row = Math.min(picture.height - 1, Math.floor(y / SENSOR_SCALE + dice.next() * 0.6)) * picture.width * 4
    const columns = maps[Math.floor(dice.next() * MAPS)] ?? new Uint16Array(0)
    const oddRow = y & 1
    const [evenLevels, oddLevels] = oddRow === 0 ? [levels[0], levels[1]] : [levels[1], levels[2]]
    if (evenLevels === undefined || oddLevels === undefined) return
    let noiseAt = Math.floor(dice.next() * NOISE_LENGTH)
    let at = y * width
    for (let x = 0; x < width; x += 2) {
      const even = evenLevels[picture.rgba[row + (columns[x] ?? 0) * 4 + oddRow] ?? 0] ?? 0
      const odd = oddLevels[picture.rgba[row + (columns[x + 1] ?? 0) * 4 + 1 + oddRow] ?? 0] ?? 0
      noiseAt = (noiseAt + 2) & (NOISE_LENGTH - 1)
      sensor[at] = even + (((noise[noiseAt] ?? 0) * (spread[even >> 6] ?? 0)) >> 8)
      sensor[at + 1] = odd + (((noise[noiseAt + 1] ?? 0) * (spread[odd >> 6] ?? 0)) >> 8)
      at += 2
    }
  }
}

function columnMap(dice: Dice, width: number, pictureWidth: number): Uint16Array {
  const map = new Uint16Array(width)
  for (let x = 0; x < width; x += 1) {
    map[x] = Math.min(pictureWidth - 1, Math.floor(x / SENSOR_SCALE + dice.next() * 0.6))
  }
  return map
}

/** From a shown value (sRGB, 0 to 255) to what the sensor counts; headroom is left for the noise. */
function sensorLevels(sensitivity: number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, shown) => {
    const value = shown / 255
    const linear = value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    return BLACK + linear * sensitivity * (WHITE - BLACK) * 0.94
  })
}
