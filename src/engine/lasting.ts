/**
 * A big file that goes into the folder of a restore: what is there of it outlives a killed run, a cut line, and the end of a day's
 * limit (J1). What lies there from before is read and hashed like the rest, and the whole is proven as always (V1): a wrong beginning
 * is thrown away, and can't become a wrong picture.
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Blocks, CardSource, CopyOrder, LastingWriting, StreamingHash } from './contracts.ts'
import { readStream } from './read-stream.ts'

const mebibyte = 1024 * 1024

/**
 * How much of a file may have to be fetched a second time. Each step is a flush: over a line that costs nothing beside the fetching,
 * while a NAS is faster than a disk likes to be flushed.
 */
const stepBytes = ({ isFar }: Pick<CardSource, 'isFar'>): number => (isFar === true ? 16 : 256) * mebibyte

/** Of a copy that is fetched, and longer than one step. To one destination alone: two could have come to different places in the file. */
export const isWorthKeeping = ({ bytes, to }: CopyOrder, source: CardSource): boolean =>
  source.kind === 'place' && to.length === 1 && bytes > stepBytes(source)

/** Feeds the hash with what lies there from before. False when it can't be read as it was kept. */
export async function takeUp(lasting: LastingWriting, hash: StreamingHash, blocks: Blocks): Promise<boolean> {
  if (lasting.keptBytes === 0) return true
  const opened = await lasting.openKept()
  if (!opened.ok) return false
  const block = await blocks.take()
  try {
    const half = block.bytes.length / 2
    const read = await readStream(
      opened.value,
      lasting.keptBytes,
      [block.bytes.subarray(0, half), block.bytes.subarray(half)],
      (filled) => {
        hash.update(filled)
        return Promise.resolve(done(undefined))
      },
    )
    return read.ok && read.value === lasting.keptBytes
  } finally {
    blocks.give(block)
    await opened.value.close()
  }
}

/** Keeps what was written of one file, step by step. Two pieces are on their way at once and may come to their end in any order. */
export class Keeper {
  readonly #lasting: LastingWriting
  readonly #stepBytes: number
  readonly #written = new Map<number, number>()
  #whole: number
  #kept: number
  #turn: Promise<Result<void>> = Promise.resolve(done(undefined))

  constructor(lasting: LastingWriting, source: Pick<CardSource, 'isFar'>) {
    this.#lasting = lasting
    this.#stepBytes = stepBytes(source)
    this.#whole = lasting.keptBytes
    this.#kept = lasting.keptBytes
  }

  wrote(position: number, bytes: number): Promise<Result<void>> {
    this.#written.set(position, bytes)
    for (let next = this.#written.get(this.#whole); next !== undefined; next = this.#written.get(this.#whole)) {
      this.#written.delete(this.#whole)
      this.#whole += next
    }
    const upTo = this.#whole
    if (upTo - this.#kept < this.#stepBytes || upTo >= this.#lasting.bytes) return Promise.resolve(done(undefined))
    this.#kept = upTo
    this.#turn = this.#turn.then((before) => (before.ok ? this.#lasting.keepUpTo(upTo) : before))
    return this.#turn
  }
}

/** Bytes that are not the original's are worth nothing to a later run; those of a line that was cut are. */
export const mayBeGoneOnWith = ({ code }: Failure): boolean => code !== 'copy-differs'
