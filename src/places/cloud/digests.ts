/**
 * The sums that services make of what they store, each computed here from the bytes as they go past (V1): only a sum that was not
 * asked of the service can be compared with the service's. Spelled as in `Receipt.digest`.
 */
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { ServiceDigest } from '../../engine/cloud-contract.ts'

class PlainDigest implements ServiceDigest {
  readonly #algorithm: string
  readonly #hash: Hash

  constructor(algorithm: 'md5' | 'sha1' | 'sha256') {
    this.#algorithm = algorithm
    this.#hash = createHash(algorithm)
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  end(): { algorithm: string; digest: string } {
    return { algorithm: this.#algorithm, digest: this.#hash.digest('hex') }
  }
}

export const startMd5Digest = (): ServiceDigest => new PlainDigest('md5')
export const startSha1Digest = (): ServiceDigest => new PlainDigest('sha1')
export const startSha256Digest = (): ServiceDigest => new PlainDigest('sha256')

/** Cuts a stream into stretches of one length and hashes each, whatever the lengths in which it comes. */
class StretchHashes {
  readonly #algorithm: 'md5' | 'sha256'
  readonly #stretchBytes: number
  readonly #closed: Buffer[] = []
  #open: Hash
  #openBytes = 0

  constructor(algorithm: 'md5' | 'sha256', stretchBytes: number) {
    this.#algorithm = algorithm
    this.#stretchBytes = stretchBytes
    this.#open = createHash(algorithm)
  }

  update(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      // A full stretch is closed by the byte after it, so that a file which ends on an edge has no empty stretch behind it.
      if (this.#openBytes === this.#stretchBytes) this.#close()
      const taken = Math.min(bytes.length - at, this.#stretchBytes - this.#openBytes)
      this.#open.update(bytes.subarray(at, at + taken))
      this.#openBytes += taken
      at += taken
    }
  }

  #close(): void {
    this.#closed.push(this.#open.digest())
    this.#open = createHash(this.#algorithm)
    this.#openBytes = 0
  }

  /** None for an empty stream. */
  end(): readonly Buffer[] {
    const last = this.#open.digest()
    return this.#openBytes === 0 ? this.#closed : [...this.#closed, last]
  }
}

const dropboxBlockBytes = 4 * 1024 * 1024

class DropboxDigest implements ServiceDigest {
  readonly #blocks = new StretchHashes('sha256', dropboxBlockBytes)

  update(bytes: Uint8Array): void {
    this.#blocks.update(bytes)
  }

  end(): { algorithm: string; digest: string } {
    const whole = createHash('sha256')
    for (const block of this.#blocks.end()) whole.update(block)
    return { algorithm: 'dropbox', digest: whole.digest('hex') }
  }
}

/** Dropbox's content hash: SHA-256 over the SHA-256s of blocks of 4 MiB. An empty file has no block: SHA-256 of nothing. */
export const startDropboxDigest = (): ServiceDigest => new DropboxDigest()

class S3EtagDigest implements ServiceDigest {
  readonly #algorithm: string
  readonly #parts: StretchHashes

  constructor(partBytes: number) {
    this.#algorithm = `s3-etag:${partBytes}`
    this.#parts = new StretchHashes('md5', partBytes)
  }

  update(bytes: Uint8Array): void {
    this.#parts.update(bytes)
  }

  end(): { algorithm: string; digest: string } {
    const parts = this.#parts.end()
    const [first] = parts
    if (parts.length > 1) {
      const whole = createHash('md5')
      for (const part of parts) whole.update(part)
      return { algorithm: this.#algorithm, digest: `${whole.digest('hex')}-${parts.length}` }
    }
    return { algorithm: this.#algorithm, digest: first?.toString('hex') ?? createHash('md5').digest('hex') }
  }
}

/**
 * The ETag that an S3 service gives a file which was sent in parts of `partBytes`: MD5 of the parts' MD5s, a dash, and their number.
 * A file of at most one part is sent as one plain PUT, so its ETag is the plain MD5.
 */
export function startS3EtagDigest(partBytes: number): ServiceDigest {
  if (!Number.isSafeInteger(partBytes) || partBytes < 1) throw new Error(`Not a length of parts: ${partBytes}`)
  return new S3EtagDigest(partBytes)
}

/** Of the sum, and the number of positions after which the shifts begin again (11 and 160 have no common divisor). */
const quickXorBits = 160
const quickXorShift = 11
const quickXorBytes = quickXorBits / 8

/**
 * Each byte is laid over the sum 11 bits further on than the one before it, so bytes that are 160 apart are laid in the same place.
 * They are therefore gathered first, 160 wide and word by word, and only what was gathered is shifted, once, at the end.
 */
class QuickXorDigest implements ServiceDigest {
  readonly #words = new Int32Array(quickXorBits / 4)
  readonly #gathered = new Uint8Array(this.#words.buffer)
  #bytes = 0

  update(bytes: Uint8Array): void {
    const head = Math.min(bytes.length, (quickXorBits - (this.#bytes % quickXorBits)) % quickXorBits)
    this.#gatherBytes(bytes, 0, head)
    const rounds = Math.floor((bytes.length - head) / quickXorBits)
    const tail = head + rounds * quickXorBits
    if ((bytes.byteOffset + head) % 4 === 0)
      this.#gatherWords(new Int32Array(bytes.buffer, bytes.byteOffset + head, (tail - head) / 4))
    else this.#gatherBytes(bytes, head, tail)
    this.#gatherBytes(bytes, tail, bytes.length)
  }

  #gatherBytes(bytes: Uint8Array, from: number, to: number): void {
    const into = this.#gathered
    let position = this.#bytes % quickXorBits
    for (let index = from; index < to; index += 1) {
      into[position] = (into[position] ?? 0) ^ (bytes[index] ?? 0)
      position = position === quickXorBits - 1 ? 0 : position + 1
    }
    this.#bytes += to - from
  }

  /** Whole rounds only, from the beginning of one. Which end of a word comes first does not matter: both sides have it alike. */
  #gatherWords(words: Int32Array): void {
    const into = this.#words
    const wide = into.length
    for (let round = 0; round < words.length; round += wide)
      for (let index = 0; index < wide; index += 1) into[index] = (into[index] ?? 0) ^ (words[round + index] ?? 0)
    this.#bytes += words.length * 4
  }

  end(): { algorithm: string; digest: string } {
    const sum = new Uint8Array(quickXorBytes)
    const lay = (at: number, byte: number): void => {
      sum[at % quickXorBytes] = (sum[at % quickXorBytes] ?? 0) ^ byte
    }
    for (const [index, byte] of this.#gathered.entries()) {
      const bit = (index * quickXorShift) % quickXorBits
      const at = Math.floor(bit / 8)
      lay(at, (byte << (bit % 8)) & 0xff)
      lay(at + 1, byte >> (8 - (bit % 8)))
    }
    let rest = this.#bytes
    for (let at = quickXorBytes - 8; at < quickXorBytes; at += 1) {
      lay(at, rest % 256)
      rest = Math.floor(rest / 256)
    }
    return { algorithm: 'quickxor', digest: Buffer.from(sum).toString('base64') }
  }
}

/** Microsoft's quickXorHash: made to see accidents, not a proof (grade C). */
export const startQuickXorDigest = (): ServiceDigest => new QuickXorDigest()
