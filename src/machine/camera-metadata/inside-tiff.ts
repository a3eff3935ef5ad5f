import type { BoundedFile } from './bounded-file.ts'
import { cutOff, fine, previewBroken, unknownContent, type Finding } from './findings.ts'
import { decodes } from './inside-jpeg.ts'

/** The tags that say where a directory's picture lies, and where further directories are. */
const STRIPS = { offsets: 0x0111, lengths: 0x0117 }
const TILES = { offsets: 0x0144, lengths: 0x0145 }
const JPEG = { offsets: 0x0201, lengths: 0x0202 }
const SUB_DIRECTORIES = [0x014a, 0x8769]

/** Newer RW2 files of Panasonic say this instead of an offset, and keep the true one under a tag of their own. */
const ELSEWHERE = 0xffff_ffff

const MOST_DIRECTORIES = 32
const MOST_ENTRIES = 512
const MOST_VALUES = 4096
const LARGEST_PREVIEW_BYTES = 256 * 1024

type Numbers = (at: number, count: number, sizeBytes: number) => Promise<readonly number[]>

/**
 * A TIFF, which most RAW files are (CR2, NEF, ARW, DNG, GPR, ORF, RW2, PEF …): every directory, strip, tile and preview it speaks of must
 * lie inside the file. A RAW whose writing was interrupted has its directories, which stand in front, and lacks what they point to.
 */
export async function lookInsideTiff(file: BoundedFile): Promise<Finding> {
  const head = await file.read(0, 16)
  if (head.length < 8) return cutOff(file.name)
  const numbers = numberReader(file, head.toString('latin1', 0, 2) === 'II')
  const [first = 0] = await numbers(4, 1, 4)
  if (first === 0) return unknownContent(file.name)
  const waiting = [first]
  const chain = new Set([first])
  const seen = new Set<number>()
  let preview: { offset: number; length: number } | null = null
  for (let offset = waiting.shift(); offset !== undefined && seen.size < MOST_DIRECTORIES; offset = waiting.shift()) {
    if (seen.has(offset)) continue
    seen.add(offset)
    if (offset + 2 > file.size) return cutOff(file.name)
    const directory = await readDirectory(offset, numbers)
    if (directory === null) return seen.size === 1 ? unknownContent(file.name) : fine
    if (directory.endOffset > file.size) return cutOff(file.name)
    for (const place of [STRIPS, TILES, JPEG]) {
      const [offsets = [], lengths = []] = [directory.values.get(place.offsets), directory.values.get(place.lengths)]
      if (offsets.some((start, index) => start !== ELSEWHERE && start + (lengths[index] ?? 0) > file.size))
        return cutOff(file.name)
      const [start = 0, length = 0] = [offsets[0], lengths[0]]
      if (place === JPEG && length > 0 && length < (preview?.length ?? LARGEST_PREVIEW_BYTES))
        preview = { offset: start, length }
    }
    // Only the main chain goes on: cameras leave rubbish where an EXIF or sub-directory would name its successor.
    const next = chain.has(offset) ? directory.next : []
    for (const at of next) chain.add(at)
    waiting.push(...SUB_DIRECTORIES.flatMap((tag) => directory.values.get(tag) ?? []), ...next)
  }
  if (preview === null) return fine
  const bytes = await file.read(preview.offset, preview.length)
  // Some makers keep other things than a JPEG under this tag, so only what begins as one is judged.
  return bytes.length < preview.length || bytes.readUInt16BE(0) !== 0xffd8 || decodes(bytes)
    ? fine
    : previewBroken(file.name)
}

interface Directory {
  readonly values: ReadonlyMap<number, readonly number[]>
  readonly next: readonly number[]
  readonly endOffset: number
}

async function readDirectory(offset: number, numbers: Numbers): Promise<Directory | null> {
  const [count = 0] = await numbers(offset, 1, 2)
  if (count === 0 || count > MOST_ENTRIES) return null
  const values = new Map<number, readonly number[]>()
  for (let index = 0; index < count; index += 1) {
    const entry = offset + 2 + index * 12
    const [tag = 0, type = 0] = await numbers(entry, 2, 2)
    if (![...SUB_DIRECTORIES, ...[STRIPS, TILES, JPEG].flatMap(Object.values)].includes(tag)) continue
    const [length = 0] = await numbers(entry + 4, 1, 4)
    const sizeBytes = type === 3 ? 2 : 4
    const isInside = length * sizeBytes <= 4
    const [at = 0] = isInside ? [entry + 8] : await numbers(entry + 8, 1, 4)
    values.set(tag, await numbers(at, Math.min(length, MOST_VALUES), sizeBytes))
  }
  const endOffset = offset + 2 + count * 12
  const next = (await numbers(endOffset, 1, 4)).filter((at) => at > 0)
  return { values, next, endOffset }
}

/** Reads whole numbers of two or four bytes; neighbouring small reads are answered from one piece of 64 kB. */
function numberReader(file: BoundedFile, isLittleEndian: boolean): Numbers {
  let piece: { offset: number; bytes: Buffer } = { offset: 0, bytes: Buffer.alloc(0) }
  return async (at, count, sizeBytes) => {
    const isInside = at >= piece.offset && at + count * sizeBytes <= piece.offset + piece.bytes.length
    if (!isInside) piece = { offset: at, bytes: await file.read(at, 64 * 1024) }
    const start = at - piece.offset
    const readable = Math.max(0, Math.min(count, Math.floor((piece.bytes.length - start) / sizeBytes)))
    return Array.from({ length: readable }, (_, index) => {
      const position = start + index * sizeBytes
      if (sizeBytes === 2)
        return isLittleEndian ? piece.bytes.readUInt16LE(position) : piece.bytes.readUInt16BE(position)
      return isLittleEndian ? piece.bytes.readUInt32LE(position) : piece.bytes.readUInt32BE(position)
    })
  }
}
