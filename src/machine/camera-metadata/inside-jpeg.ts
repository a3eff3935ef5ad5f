import { decode } from 'jpeg-js'
import type { BoundedFile } from './bounded-file.ts'
import { cutOff, fine, previewBroken, unknownContent, type Finding } from './findings.ts'

const HEAD_BYTES = 256 * 1024
const TAIL_BYTES = 64 * 1024

/** Larger previews are not decoded: 0.4 megapixels take some 50 ms of this processor, and thumbnails are 160 by 120. */
const LARGEST_PREVIEW_MEGAPIXELS = 0.4

/**
 * A JPEG from its first marker to its end marker. A picture whose writing was interrupted has a whole head and no end marker; the thumbnail in
 * its EXIF, which has an end marker of its own, lies before the picture's scan and is not mistaken for it.
 */
export async function lookInsideJpeg(file: BoundedFile): Promise<Finding> {
  const head = await file.read(0, HEAD_BYTES)
  const scan = findScan(head)
  if (scan.kind === 'broken') return unknownContent(file.name)
  // The head ends inside its own segments: either the file does, or there are more than 256 kB of metadata, and only the end is looked at.
  if (scan.kind === 'beyond' && scan.offset >= file.size) return cutOff(file.name)
  const hasEnd = await hasEndMarker(file, scan.offset)
  if (!hasEnd) return cutOff(file.name)
  const thumbnail = thumbnailInExif(head)
  return thumbnail === null || decodes(thumbnail) ? fine : previewBroken(file.name)
}

type Scan = { readonly kind: 'found' | 'beyond'; readonly offset: number } | { readonly kind: 'broken' }

/** Walks the segments up to the start of the first scan. */
function findScan(head: Buffer): Scan {
  if (head.length < 4) return { kind: 'beyond', offset: head.length }
  let offset = 2
  while (offset + 4 <= head.length) {
    if (head[offset] !== 0xff) return { kind: 'broken' }
    const marker = head[offset + 1] ?? 0
    if (marker === 0xff) offset += 1
    else if (marker === 0xda) return { kind: 'found', offset }
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) offset += 2
    else if (marker === 0x00 || marker === 0xd9) return { kind: 'broken' }
    else offset += 2 + Math.max(2, head.readUInt16BE(offset + 2))
  }
  return { kind: 'beyond', offset }
}

/** In a scan every 0xFF is followed by a zero, so an end marker after the scan's start is one. Most stand in the last bytes; a phone's motion
 * picture appends a whole movie, so a file without one there is read through, as far as the budget goes, before it is called cut off. */
async function hasEndMarker(file: BoundedFile, scanOffset: number): Promise<boolean> {
  const tailOffset = Math.max(scanOffset, file.size - TAIL_BYTES)
  if ((await file.read(tailOffset, TAIL_BYTES)).includes(END_MARKER)) return true
  for (let offset = scanOffset; offset < tailOffset;) {
    const piece = await file.read(offset, TAIL_BYTES * 8)
    if (piece.length < 2) return piece.length === 0 && offset < tailOffset
    if (piece.includes(END_MARKER)) return true
    offset += piece.length - 1
  }
  return false
}

const END_MARKER = Buffer.from([0xff, 0xd9])

/** The thumbnail that EXIF keeps in its second directory, as the bytes of a JPEG; null when there is none or it is out of reach. */
function thumbnailInExif(head: Buffer): Buffer | null {
  const exif = head.indexOf('Exif\0\0', 0, 'latin1')
  if (exif < 0 || exif > 4096 || exif + 14 > head.length) return null
  const tiff = head.subarray(exif + 6)
  const isLittleEndian = tiff.toString('latin1', 0, 2) === 'II'
  const uint16 = (at: number): number =>
    at + 2 > tiff.length ? 0 : isLittleEndian ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at)
  const uint32 = (at: number): number =>
    at + 4 > tiff.length ? 0 : isLittleEndian ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at)
  const first = uint32(4)
  const second = uint32(first + 2 + uint16(first) * 12)
  if (second === 0) return null
  const values = new Map<number, number>()
  for (let entry = 0; entry < Math.min(uint16(second), 64); entry += 1) {
    values.set(uint16(second + 2 + entry * 12), uint32(second + 10 + entry * 12))
  }
  const [start = 0, length = 0] = [values.get(0x0201), values.get(0x0202)]
  return start > 0 && length > 0 && start + length <= tiff.length ? tiff.subarray(start, start + length) : null
}

/**
 * Whether an embedded preview can be drawn. True also for what this decoder does not know (lossless, twelve bits, large): only a small baseline
 * or progressive JPEG that fails speaks against the file.
 */
export function decodes(jpeg: Buffer): boolean {
  if (!isSmallPlainJpeg(jpeg)) return true
  try {
    decode(jpeg, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: LARGEST_PREVIEW_MEGAPIXELS,
      maxMemoryUsageInMB: 64,
    })
    return true
  } catch {
    return false
  }
}

/** Eight bits, one or three colours, baseline or progressive, and few pixels. What doesn't begin as a JPEG is plainly broken, so it is tried. */
function isSmallPlainJpeg(jpeg: Buffer): boolean {
  let offset = 2
  while (offset + 10 <= jpeg.length && jpeg[offset] === 0xff) {
    const marker = jpeg[offset + 1] ?? 0
    if (marker >= 0xc0 && marker <= 0xc2) {
      const pixels = jpeg.readUInt16BE(offset + 5) * jpeg.readUInt16BE(offset + 7)
      const colours = jpeg[offset + 9] ?? 0
      return (
        jpeg[offset + 4] === 8 &&
        pixels > 0 &&
        pixels <= LARGEST_PREVIEW_MEGAPIXELS * 1e6 &&
        (colours === 1 || colours === 3)
      )
    }
    if (marker >= 0xc3 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) return false
    offset += 2 + jpeg.readUInt16BE(offset + 2)
  }
  return true
}
