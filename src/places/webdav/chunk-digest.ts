/**
 * SHA-256 over the SHA-256s of chunks of one length: what can be said of a file from the hashes that Nextcloud answers for each chunk.
 * An empty file is one empty chunk.
 */
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { ServiceDigest } from '../../engine/cloud-contract.ts'

export const chunkAlgorithm = (chunkBytes: number): string => `sha256-chunks:${chunkBytes}`

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

export function overChunks(hashes: readonly Uint8Array[]): string {
  const whole = createHash('sha256')
  for (const hash of hashes) whole.update(hash)
  return whole.digest('hex')
}

export class ChunkDigest implements ServiceDigest {
  readonly #chunkBytes: number
  readonly #closed: Buffer[] = []
  #open: Hash = createHash('sha256')
  #openBytes = 0

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(bytes.length - at, this.#chunkBytes - this.#openBytes)
      this.#open.update(bytes.subarray(at, at + taken))
      this.#openBytes += taken
      at += taken
      if (this.#openBytes === this.#chunkBytes) this.#close()
    }
  }

  #close(): void {
    this.#closed.push(this.#open.digest())
    this.#open = createHash('sha256')
    this.#openBytes = 0
  }

  /** Of a whole chunk that went past already: nothing is hashed twice. */
  hashOf(chunk: number): Buffer | null {
    return this.#closed[chunk] ?? null
  }

  end(): { algorithm: string; digest: string } {
    if (this.#openBytes > 0 || this.#closed.length === 0) this.#close()
    return { algorithm: chunkAlgorithm(this.#chunkBytes), digest: overChunks(this.#closed) }
  }
}

/** A plain server computes nothing, so there is nothing to compare with. */
export const noDigest: ServiceDigest = { update: () => undefined, end: () => ({ algorithm: '', digest: '' }) }
