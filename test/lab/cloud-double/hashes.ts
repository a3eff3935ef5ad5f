/**
 * What the three services compute of the bytes they store, fed piece by piece. Written apart from `src/places/cloud/digests.ts`, so
 * that a mistake there is not repeated here. Each can be copied in the middle: a fragment that is dropped must leave no trace.
 */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'

export interface RunningHash {
  update(bytes: Buffer): void
  copy(): RunningHash
  /** Once. */
  end(): string
}

class CryptoHash implements RunningHash {
  readonly #hash: Hash
  constructor(hash: Hash) {
    this.#hash = hash
  }
  update(bytes: Buffer): void {
    this.#hash.update(bytes)
  }
  copy(): RunningHash {
    return new CryptoHash(this.#hash.copy())
  }
  end(): string {
    return this.#hash.digest('hex')
  }
}

const BLOCK_BYTES = 4 * 1024 * 1024

/** Dropbox: SHA-256 over the SHA-256 of every 4 MiB. */
class ContentHash implements RunningHash {
  #outer: Hash
  #block: Hash | null
  #blockBytes: number
  constructor(outer: Hash = createHash('sha256'), block: Hash | null = null, blockBytes = 0) {
    this.#outer = outer
    this.#block = block
    this.#blockBytes = blockBytes
  }
  update(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      this.#block ??= createHash('sha256')
      const take = Math.min(bytes.length - at, BLOCK_BYTES - this.#blockBytes)
      this.#block.update(bytes.subarray(at, at + take))
      at += take
      this.#blockBytes += take
      if (this.#blockBytes === BLOCK_BYTES) this.#closeBlock()
    }
  }
  #closeBlock(): void {
    if (this.#block !== null) this.#outer.update(this.#block.digest())
    this.#block = null
    this.#blockBytes = 0
  }
  copy(): RunningHash {
    return new ContentHash(this.#outer.copy(), this.#block?.copy() ?? null, this.#blockBytes)
  }
  end(): string {
    this.#closeBlock()
    return this.#outer.digest('hex')
  }
}

const WIDTH_BITS = 160

/**
 * Microsoft's quickXorHash: byte `i` is XORed in at bit `11 i mod 160`, so that it repeats after 160 bytes: what has the same place
 * is XORed together first (40 words at a time), and turned only once at the end.
 */
class QuickXorHash implements RunningHash {
  readonly #columns: Uint8Array
  #length: number
  constructor(columns = new Uint8Array(WIDTH_BITS), length = 0) {
    this.#columns = columns
    this.#length = length
  }
  update(bytes: Buffer): void {
    let at = 0
    const columns = this.#columns
    while (at < bytes.length && (this.#length + at) % WIDTH_BITS !== 0) {
      const column = (this.#length + at) % WIDTH_BITS
      columns[column] = (columns[column] ?? 0) ^ (bytes[at] ?? 0)
      at++
    }
    at = xorWholeRounds(columns, bytes, at)
    for (let column = 0; at < bytes.length; at++, column++) columns[column] = (columns[column] ?? 0) ^ (bytes[at] ?? 0)
    this.#length += bytes.length
  }
  copy(): RunningHash {
    return new QuickXorHash(this.#columns.slice(), this.#length)
  }
  end(): string {
    const out = new Uint8Array(WIDTH_BITS / 8)
    for (const [index, byte] of this.#columns.entries()) {
      const bit = (index * 11) % WIDTH_BITS
      const wide = byte << (bit % 8)
      const low = Math.floor(bit / 8)
      const high = (low + 1) % out.length
      out[low] = (out[low] ?? 0) ^ (wide & 0xff)
      out[high] = (out[high] ?? 0) ^ (wide >> 8)
    }
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(this.#length))
    for (const [index, byte] of length.entries()) out[12 + index] = (out[12 + index] ?? 0) ^ byte
    return Buffer.from(out).toString('base64')
  }
}

function xorWholeRounds(columns: Uint8Array, bytes: Buffer, from: number): number {
  const rounds = Math.floor((bytes.length - from) / WIDTH_BITS)
  if (rounds === 0) return from
  const start = bytes.byteOffset + from
  // A view in words needs an address that is a multiple of four.
  const words =
    start % 4 === 0
      ? new Int32Array(bytes.buffer, start, (rounds * WIDTH_BITS) / 4)
      : new Int32Array(new Uint8Array(bytes.buffer, start, rounds * WIDTH_BITS).slice().buffer)
  const sums = new Int32Array(columns.buffer, columns.byteOffset, WIDTH_BITS / 4)
  const perRound = WIDTH_BITS / 4
  for (let column = 0; column < perRound; column++) {
    let sum = sums[column] ?? 0
    for (let at = column; at < words.length; at += perRound) sum ^= words[at] ?? 0
    sums[column] = sum
  }
  return from + rounds * WIDTH_BITS
}

const makers: Readonly<Record<string, () => RunningHash>> = {
  md5: () => new CryptoHash(createHash('md5')),
  sha1: () => new CryptoHash(createHash('sha1')),
  sha256: () => new CryptoHash(createHash('sha256')),
  'dropbox-content-hash': () => new ContentHash(),
  'quick-xor': () => new QuickXorHash(),
}

/** Several hashes over the same bytes. */
export class HashSet {
  readonly #running: ReadonlyMap<string, RunningHash>
  constructor(running: ReadonlyMap<string, RunningHash>) {
    this.#running = running
  }
  static of(names: readonly string[]): HashSet {
    return new HashSet(
      new Map(
        names.map((name) => {
          const make = makers[name]
          if (make === undefined) throw new Error(`The double knows no hash ${name}.`)
          return [name, make()]
        }),
      ),
    )
  }
  update(bytes: Buffer): void {
    for (const hash of this.#running.values()) hash.update(bytes)
  }
  copy(): HashSet {
    return new HashSet(new Map([...this.#running].map(([name, hash]) => [name, hash.copy()])))
  }
  /** Leaves the running ones as they are. */
  read(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#running].map(([name, hash]) => [name, hash.copy().end()]))
  }
}

/** Of bytes at hand. */
export function hashOf(name: string, bytes: Buffer): string {
  const set = HashSet.of([name])
  set.update(bytes)
  return set.read()[name] ?? ''
}
