/**
 * The ETag that the service will give, computed as the bytes go past; and the MD5 of each part, which goes with the part, so that the
 * service refuses it when it arrives changed. One pass over the bytes serves both.
 */
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { ServiceDigest } from '../../engine/cloud-contract.ts'

export class PartDigest implements ServiceDigest {
  readonly #partBytes: number | null
  readonly #closed: Buffer[] = []
  #open: Hash = createHash('md5')
  #openBytes = 0
  #bytes = 0

  /** Null for a file that is sent in one go. */
  constructor(partBytes: number | null) {
    this.#partBytes = partBytes
  }

  /** How many went past. */
  get bytes(): number {
    return this.#bytes
  }

  get algorithm(): string {
    return this.#partBytes === null ? 'md5' : `s3-etag:${this.#partBytes}`
  }

  update(bytes: Uint8Array): void {
    const partBytes = this.#partBytes ?? Infinity
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(bytes.length - at, partBytes - this.#openBytes)
      this.#open.update(bytes.subarray(at, at + taken))
      this.#openBytes += taken
      at += taken
      if (this.#openBytes === partBytes) this.#close()
    }
    this.#bytes += bytes.length
  }

  #close(): void {
    this.#closed.push(this.#open.digest())
    this.#open = createHash('md5')
    this.#openBytes = 0
  }

  /** Of a part that went past whole, counted from 1; the last one may be shorter. */
  part(number: number): Buffer | null {
    const closed = this.#closed[number - 1]
    if (closed !== undefined) return closed
    const isOpen = number === this.#closed.length + 1 && (this.#openBytes > 0 || this.#bytes === 0)
    return isOpen ? this.#open.copy().digest() : null
  }

  /** What the ETag will be if nothing more comes. Unlike in other digests this can be asked at any time, and again. */
  end(): { readonly algorithm: string; readonly digest: string } {
    const { algorithm } = this
    const parts = [...this.#closed]
    const last = this.part(parts.length + 1)
    if (last !== null) parts.push(last)
    return {
      algorithm,
      digest: this.#partBytes === null ? (last ?? Buffer.alloc(0)).toString('hex') : etagOfParts(parts),
    }
  }
}

/** MD5 of the parts' MD5s, and how many they are. */
export function etagOfParts(parts: readonly Buffer[]): string {
  const whole = createHash('md5')
  for (const part of parts) whole.update(part)
  return `${whole.digest('hex')}-${parts.length}`
}
