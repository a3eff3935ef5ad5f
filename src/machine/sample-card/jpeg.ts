import { encode } from 'jpeg-js'
import { shrink, type Picture } from './canvas.ts'
import type { Shot } from './day.ts'
import { cameraFields, exifDirectory, long, short } from './exif.ts'
import { layOutTiff, type TiffDirectory } from './tiff.ts'

const QUALITY = 90
const THUMBNAIL_WIDTH = 160

/** The bare JPEG of a picture, without any metadata. */
export function encodeJpeg(picture: Picture, quality: number = QUALITY): Uint8Array {
  return encode({ width: picture.width, height: picture.height, data: picture.rgba }, quality).data
}

/**
 * Puts a shot's EXIF block in front of a bare JPEG: date with fractions and zone, camera, serial, size, orientation,
 * and a thumbnail in the second directory, as cameras write it.
 */
export function withExif(jpeg: Uint8Array, picture: Picture, shot: Shot): Uint8Array {
  const thumbnail = encodeJpeg(
    shrink(picture, Math.ceil(Math.max(picture.width, picture.height) / THUMBNAIL_WIDTH)),
    80,
  )
  const thumbnailDirectory: TiffDirectory = {
    fields: new Map([
      [0x0103, short(6)],
      [0x011a, { kind: 'rational', pairs: [[72, 1]] }],
      [0x011b, { kind: 'rational', pairs: [[72, 1]] }],
      [0x0128, short(2)],
      [0x0201, { kind: 'block', block: 'thumbnail', byteLength: thumbnail.length }],
      [0x0202, long(thumbnail.length)],
    ]),
  }
  const exif = layOutTiff({
    fields: new Map([
      ...cameraFields(shot),
      [0x8769, { kind: 'directory', directory: exifDirectory(shot, picture.width, picture.height) }],
    ]),
    next: thumbnailDirectory,
  })
  exif.bytes.set(thumbnail, exif.blocks.get('thumbnail'))
  const segmentLength = 2 + 6 + exif.bytes.length
  const start = Buffer.from([0xff, 0xd8, 0xff, 0xe1, segmentLength >> 8, segmentLength & 255])
  return Buffer.concat([start, Buffer.from('Exif\0\0'), exif.bytes, jpeg.subarray(afterJfif(jpeg))])
}

/** The encoder writes a JFIF segment first; EXIF takes its place, as in camera files. */
function afterJfif(jpeg: Uint8Array): number {
  const isJfif = jpeg[2] === 0xff && jpeg[3] === 0xe0
  return isJfif ? 4 + (jpeg[4] ?? 0) * 256 + (jpeg[5] ?? 0) : 2
}
