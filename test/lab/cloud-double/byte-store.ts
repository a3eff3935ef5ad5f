/**
 * The bytes that the double was sent, one sparse file each in a scratch folder: zeros take no room, so that a file above 5 GiB can be
 * sent in full. Hashes are computed as the bytes come in, never of the whole file afterwards (but after a byte was flipped).
 */
import { createReadStream } from 'node:fs'
import { open, readdir, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { HashSet } from './hashes.ts'

const zeros = Buffer.alloc(1024 * 1024)

const isZero = (bytes: Buffer): boolean => {
  if (bytes[0] !== 0 || bytes.at(-1) !== 0) return false
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length)
    if (part.compare(zeros, 0, part.length) !== 0) return false
  }
  return true
}

/** What is stored of one file, or of one unfinished upload. */
export class Blob {
  readonly path: string
  readonly #names: readonly string[]
  #hashes: HashSet
  #bytes = 0
  #tail: Promise<unknown> = Promise.resolve()
  #keptBytes: Readonly<Record<string, string>> | null = null

  constructor(path: string, names: readonly string[]) {
    this.path = path
    this.#names = names
    this.#hashes = HashSet.of(names)
  }

  get bytes(): number {
    return this.#bytes
  }

  hashes(): Readonly<Record<string, string>> {
    this.#keptBytes ??= this.#hashes.read()
    return this.#keptBytes
  }

  /** One at a time: two requests on one upload wait for each other. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#tail
    let end = (): void => {}
    this.#tail = new Promise<void>((resolve) => (end = resolve))
    await before
    try {
      return await work()
    } finally {
      end()
    }
  }

  /** Adds to the end. Nothing counts until one of the `keep…` verbs is called. */
  async append(): Promise<Append> {
    const handle = await open(this.path, this.#bytes === 0 ? 'w' : 'r+')
    if (this.#bytes > 0) await handle.truncate(this.#bytes)
    return new Append(handle, this.#bytes, this.#hashes.copy(), (bytes, hashes) => {
      this.#bytes = bytes
      this.#hashes = hashes
      this.#keptBytes = null
    })
  }

  read(from = 0, to = this.#bytes - 1): AsyncIterable<Buffer> {
    if (to < from) return (async function* () {})()
    return createReadStream(this.path, { start: from, end: to, highWaterMark: 256 * 1024 })
  }

  /** Whether the service notices (its hash is that of the changed bytes), or its disk rots and its records stay as they were. */
  async flip(position: number, noticed: boolean): Promise<void> {
    const handle = await open(this.path, 'r+')
    try {
      const one = Buffer.alloc(1)
      await handle.read(one, 0, 1, position)
      one[0] = (one[0] ?? 0) ^ 0x01
      await handle.write(one, 0, 1, position)
    } finally {
      await handle.close()
    }
    if (noticed) await this.#rehash()
  }

  async grow(bytes: number): Promise<void> {
    const append = await this.append()
    await append.write(Buffer.alloc(bytes))
    await append.keep()
  }

  async #rehash(): Promise<void> {
    const hashes = HashSet.of(this.#names)
    for await (const chunk of this.read()) hashes.update(chunk)
    this.#hashes = hashes
    this.#keptBytes = null
  }

  remove(): Promise<void> {
    return rm(this.path, { force: true })
  }
}

/** Bytes on their way into a blob. */
class Append {
  readonly #handle: FileHandle
  readonly #from: number
  readonly #commit: (bytes: number, hashes: HashSet) => void
  #hashes: HashSet
  #bytes: number
  /** As it was at the last multiple of 256 KiB. */
  #mark: { readonly bytes: number; readonly hashes: HashSet }
  static readonly #markEvery = 256 * 1024

  constructor(handle: FileHandle, from: number, hashes: HashSet, commit: (bytes: number, hashes: HashSet) => void) {
    this.#handle = handle
    this.#from = from
    this.#bytes = from
    this.#hashes = hashes
    this.#commit = commit
    this.#mark = { bytes: from, hashes: hashes.copy() }
  }

  get received(): number {
    return this.#bytes - this.#from
  }

  async write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return
    if (!isZero(bytes)) await this.#handle.write(bytes, 0, bytes.length, this.#bytes)
    for (let at = 0; at < bytes.length;) {
      const take = Math.min(bytes.length - at, Append.#markEvery - (this.#bytes % Append.#markEvery))
      this.#hashes.update(bytes.subarray(at, at + take))
      at += take
      this.#bytes += take
      if (this.#bytes % Append.#markEvery === 0) this.#mark = { bytes: this.#bytes, hashes: this.#hashes.copy() }
    }
  }

  /** What the bytes of this append alone would make with one of the hashes is not known here; see `hashOf`. */
  async keep(): Promise<void> {
    await this.#close(this.#bytes)
    this.#commit(this.#bytes, this.#hashes)
  }

  /** Whole multiples of 256 KiB (counted from the start of the file), as a Google server keeps them of a request that was cut. */
  async keepWholeBlocks(): Promise<void> {
    await this.#close(this.#mark.bytes)
    this.#commit(this.#mark.bytes, this.#mark.hashes)
  }

  async drop(): Promise<void> {
    await this.#close(this.#from)
  }

  async #close(bytes: number): Promise<void> {
    try {
      await this.#handle.truncate(bytes)
    } finally {
      await this.#handle.close()
    }
  }
}

export type { Append }

export class ByteStore {
  readonly #folder: string
  #last = 0
  constructor(folder: string) {
    this.#folder = folder
  }

  /** What it takes of the disk; zeros take nothing. */
  async diskBytes(): Promise<number> {
    let sum = 0
    for (const name of await readdir(this.#folder)) sum += (await stat(join(this.#folder, name))).blocks * 512
    return sum
  }

  make(hashNames: readonly string[]): Blob {
    return new Blob(join(this.#folder, `blob-${++this.#last}`), hashNames)
  }
  async of(hashNames: readonly string[], bytes: Buffer): Promise<Blob> {
    const blob = this.make(hashNames)
    const append = await blob.append()
    await append.write(bytes)
    await append.keep()
    return blob
  }
}
