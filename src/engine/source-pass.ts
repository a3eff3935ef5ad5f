import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash } from '../domain/ids.ts'
import type { Blocks, CardSource, CopyOrder, Reading, StartHash, Watch } from './contracts.ts'
import { readStream } from './read-stream.ts'
import { changedWhileRead, differsFromOriginal } from './source-failures.ts'

export interface SourceTools {
  readonly source: CardSource
  readonly blocks: Blocks
  readonly startHash: StartHash
  readonly watch: Watch
}

/** The one read of the source: hash, size and time are looked at before anybody believes it. */
export class SourcePass {
  readonly #order: CopyOrder
  readonly #reading: Reading
  readonly #tools: SourceTools

  constructor(order: CopyOrder, reading: Reading, tools: SourceTools) {
    this.#order = order
    this.#reading = reading
    this.#tools = tools
  }

  async run(
    use: (filled: Uint8Array, position: number) => Promise<Result<void>>,
  ): Promise<Result<{ readonly hash: ContentHash; readonly bytesRead: number }>> {
    const { blocks, startHash, watch, source } = this.#tools
    const order = this.#order
    const block = await blocks.take()
    const hash = startHash()
    try {
      const half = block.bytes.length / 2
      const buffers = [block.bytes.subarray(0, half), block.bytes.subarray(half)]
      let turn: Promise<Result<void>> = Promise.resolve(done(undefined))
      const read = await readStream(this.#reading, order.bytes, buffers, (filled, position) => {
        hash.update(filled)
        watch.moved({ read: filled.length, path: order.path })
        // One after the other: the next buffer is filled meanwhile, but its bytes are used in their order.
        turn = turn.then((before) => (before.ok ? use(filled, position) : before))
        return turn
      })
      if (!read.ok) return read
      const after = await this.#reading.stat()
      if (!after.ok) return after
      const { bytes, mtimeMs } = after.value
      if (read.value !== order.bytes || bytes !== order.bytes || mtimeMs !== this.#reading.mtimeMs)
        return failed(changedWhileRead(order, source))
      const digest = hash.digest()
      if (order.expected !== null && order.expected !== digest) return failed(differsFromOriginal(order, source))
      return done({ hash: digest, bytesRead: read.value })
    } finally {
      hash.release()
      blocks.give(block)
    }
  }
}
