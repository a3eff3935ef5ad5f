import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { Blocks, Reading, StartHash } from './contracts.ts'
import { readStream } from './read-stream.ts'

export interface HashedReading {
  readonly hash: ContentHash
  readonly bytesRead: number
}

/** Reads a whole file and hashes it, with two halves of one block in turn. The reading is not closed. */
export async function hashReading(
  reading: Reading,
  bytes: number,
  blocks: Blocks,
  startHash: StartHash,
  moved: (bytes: number) => void,
): Promise<Result<HashedReading>> {
  const block = await blocks.take()
  const hash = startHash()
  try {
    const half = block.bytes.length / 2
    const buffers = [block.bytes.subarray(0, half), block.bytes.subarray(half)]
    const read = await readStream(reading, bytes, buffers, (filled) => {
      hash.update(filled)
      moved(filled.length)
      return Promise.resolve(done(undefined))
    })
    return read.ok ? done({ hash: hash.digest(), bytesRead: read.value }) : read
  } finally {
    hash.release()
    blocks.give(block)
  }
}
