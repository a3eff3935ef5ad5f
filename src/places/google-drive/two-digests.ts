/**
 * Drive tells SHA-256, SHA-1 and MD5 of nearly every file; of a small share only MD5. Which one it is shows when the file is stored, so
 * both are computed on the way. Both are Drive's own, over the whole file.
 */
import type { ServiceDigest } from '../../engine/cloud-contract.ts'
import { startMd5Digest, startSha256Digest } from '../cloud/digests.ts'

type Sum = ReturnType<ServiceDigest['end']>

export class TwoDigests implements ServiceDigest {
  readonly #strong = startSha256Digest()
  readonly #usual = startMd5Digest()
  #isUsual = false
  #ended: { readonly sha256: Sum; readonly md5: Sum } | null = null

  update(bytes: Uint8Array): void {
    this.#strong.update(bytes)
    this.#usual.update(bytes)
  }

  /** What the service told of the stored file. */
  prefer(told: Readonly<Record<string, string>>): void {
    this.#isUsual = told['sha256'] === undefined && told['md5'] !== undefined
  }

  end(): Sum {
    this.#ended ??= { sha256: this.#strong.end(), md5: this.#usual.end() }
    return this.#isUsual ? this.#ended.md5 : this.#ended.sha256
  }
}
