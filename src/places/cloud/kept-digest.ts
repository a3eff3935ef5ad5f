/**
 * The digest of a file on its way, which the upload itself may look at too: when the answer to the last chunk is lost, only this tells
 * whether the file that has the name now is the one that was sent, or somebody else's (W2).
 */
import type { ServiceDigest, StoredFile } from '../../engine/cloud-contract.ts'

export class KeptDigest implements ServiceDigest {
  readonly #inner: ServiceDigest
  #bytes = 0
  #ended: { readonly algorithm: string; readonly digest: string } | null = null

  constructor(inner: ServiceDigest) {
    this.#inner = inner
  }

  update(bytes: Uint8Array): void {
    this.#bytes += bytes.length
    this.#inner.update(bytes)
  }

  end(): { readonly algorithm: string; readonly digest: string } {
    this.#ended ??= this.#inner.end()
    return this.#ended
  }

  /**
   * Is this the file that was sent? By the service's own hash; where it has not computed one yet, by size and time (in whole seconds,
   * as it keeps them). Only after every byte went by.
   */
  isOf(file: StoredFile, sent: { readonly bytes: number; readonly mtimeMs: number }): boolean {
    if (this.#bytes !== sent.bytes || file.bytes !== sent.bytes) return false
    const { algorithm, digest } = this.end()
    const told = file.digests[algorithm]
    if (told !== undefined) return told === digest
    return Math.floor(file.mtimeMs / 1000) === Math.floor(sent.mtimeMs / 1000)
  }
}
