/** Looks at, and damages, the bytes of an image below the file system that lies on it. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

const CHUNK_BYTES = 4 * 1024 * 1024

async function readAt(file: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/** The sha256 of the whole image, in hex. */
export async function hashOfImage(image: string): Promise<string> {
  await using file = await open(image)
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(CHUNK_BYTES)
  for (let at = 0; ; at += CHUNK_BYTES) {
    const filled = await readAt(file, buffer, at)
    hash.update(buffer.subarray(0, filled))
    if (filled < CHUNK_BYTES) return hash.digest('hex')
  }
}

/** Where these bytes lie in the image: all offsets, in bytes, ascending, at most `atMost` of them. */
export async function findInImage(image: string, wanted: Uint8Array, atMost = 16): Promise<number[]> {
  await using file = await open(image)
  const found: number[] = []
  const buffer = Buffer.alloc(CHUNK_BYTES + wanted.length - 1)
  for (let at = 0; found.length < atMost; at += CHUNK_BYTES) {
    const filled = await readAt(file, buffer, at)
    const seen = buffer.subarray(0, filled)
    for (let hit = seen.indexOf(wanted); hit >= 0 && found.length < atMost; hit = seen.indexOf(wanted, hit + 1)) {
      found.push(at + hit)
    }
    if (filled < buffer.length) break
  }
  return found
}

/** Where byte `offset` of a file lies in the image: looks for the block of the file that holds it. Throws when that is not certain. */
export async function placeInImage(image: string, path: string, offset: number): Promise<number> {
  const blockStart = offset - (offset % 4096)
  const block = Buffer.alloc(4096)
  await using file = await open(path)
  const size = await readAt(file, block, blockStart)
  if (offset - blockStart >= size) throw new Error(`${path} ends before byte ${offset}`)
  const found = await findInImage(image, block.subarray(0, size), 2)
  if (found.length !== 1) {
    throw new Error(
      `the block of byte ${offset} of ${path} is ${found.length === 0 ? 'not' : 'more than once'} in the image`,
    )
  }
  return (found[0] ?? 0) + offset - blockStart
}

/** Flips one bit (0 to 7) of the byte at `offset`. Doing it twice mends it. */
export async function flipBitInImage(image: string, offset: number, bit = 0): Promise<void> {
  await using file = await open(image, 'r+')
  const byte = Buffer.alloc(1)
  if ((await readAt(file, byte, offset)) !== 1) throw new Error(`${image} ends before byte ${offset}`)
  await file.write(Buffer.of((byte[0] ?? 0) ^ (1 << bit)), 0, 1, offset)
  await file.sync()
}
