/** Opens what a service hands out, block by block: a block that is not what was sealed is never handed on. */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { Download, ServicePlace } from '../../engine/cloud-contract.ts'
import { DownloadDamaged } from '../../engine/cloud-contract.ts'
import { unreachable } from '../cloud/cloud-failure.ts'
import { stopped } from '../cloud/http-request.ts'
import type { Head } from './age-header.ts'
import { openHead } from './age-header.ts'
import { blockBytes, headBytes, openBlock, plainSize, sealedBlockBytes, sealedOffset } from './age-payload.ts'
import { notOpened } from './encrypted-failure.ts'

export interface SealedSource {
  readonly service: ServicePlace
  /** As the place calls the file, and as the service does. */
  readonly path: string
  readonly sealedPath: string
  readonly secretKey: string
}

export async function downloadOpened(source: SealedSource, from: number, cancel: Cancel): Promise<Result<Download>> {
  const { service, path, sealedPath, secretKey } = source
  const damaged = notOpened(service.name, path)
  const first = await service.download(sealedPath, 0, cancel)
  if (!first.ok) return first
  const start = new Pieces(first.value.chunks)
  try {
    const head = await openHead(await start.take(headBytes), secretKey)
    if (head === null) {
      await start.close()
      return failed(damaged)
    }
    const bytes = plainSize(first.value.bytes)
    const reading = { head, sealedBytes: first.value.bytes, damaged }
    const block = Math.floor(from / blockBytes)
    const lead = from - block * blockBytes
    if (block === 0) return done({ bytes, chunks: opened(start, reading, 0, lead) })
    await start.close()
    const offset = Math.min(sealedOffset(block), first.value.bytes)
    const rest = await service.download(sealedPath, offset, cancel)
    return rest.ok ? done({ bytes, chunks: opened(new Pieces(rest.value.chunks), reading, block, lead) }) : rest
  } catch (error) {
    await start.close()
    const cause = error instanceof Error ? error.message : String(error)
    return failed(cancel.aborted ? stopped(service.name) : unreachable(service.name, cause))
  }
}

interface SealedReading {
  readonly head: Head
  readonly sealedBytes: number
  readonly damaged: Failure
}

async function* opened(
  pieces: Pieces,
  { head, sealedBytes, damaged }: SealedReading,
  fromBlock: number,
  lead: number,
): AsyncGenerator<Uint8Array> {
  try {
    for (let block = fromBlock; block === 0 || sealedOffset(block) < sealedBytes; block += 1) {
      const length = Math.min(sealedBlockBytes, sealedBytes - sealedOffset(block))
      const sealed = await pieces.take(length)
      // It ended too early: the line was cut, and asking again from here may help.
      if (sealed.length < length) throw new Error(`the file ended ${length - sealed.length} bytes too early`)
      const isLast = sealedOffset(block) + length >= sealedBytes
      const plain = openBlock(head.key, block, isLast, sealed)
      if (plain === null) throw new DownloadDamaged(damaged)
      const wanted = block === fromBlock ? plain.subarray(lead) : plain
      if (wanted.length > 0) yield wanted
    }
  } finally {
    await pieces.close()
  }
}

/** Pieces of any length, as pieces of the length that is asked for. */
class Pieces {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Fewer only at the end. */
  async take(bytes: number): Promise<Uint8Array> {
    const taken = new Uint8Array(Math.max(0, bytes))
    let filled = 0
    while (filled < taken.length) {
      if (this.#rest.length === 0) {
        const { value, done: isOver } = await this.#chunks.next()
        if (isOver === true) break
        this.#rest = value
      }
      const some = this.#rest.subarray(0, taken.length - filled)
      taken.set(some, filled)
      filled += some.length
      this.#rest = this.#rest.subarray(some.length)
    }
    return taken.subarray(0, filled)
  }

  /** What a half-read answer says when it is let go of is of no interest. */
  async close(): Promise<void> {
    await this.#chunks.return?.().catch(() => undefined)
  }
}
