/** One file of a memory place, open for reading or being written. They hold the caller to what the contract asks of it. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Reading, Writing } from '../../engine/contracts.ts'
import type { MemoryDisk, MemoryFile } from './memory-disk.ts'
import { pageBytes } from './memory-disk.ts'
import { memoryFailure } from './memory-failures.ts'

export interface ReadingFacts {
  readonly mtimeMs: number
  readonly strength: 'cached' | 'medium'
  readonly place: string
}

export class MemoryReading implements Reading {
  readonly bytes: number
  readonly mtimeMs: number
  readonly strength: 'cached' | 'medium'
  readonly #disk: MemoryDisk
  readonly #content: Uint8Array
  readonly #place: string
  #open = true

  constructor(disk: MemoryDisk, content: Uint8Array, facts: ReadingFacts) {
    this.#disk = disk
    this.#content = content
    this.#place = facts.place
    this.bytes = content.length
    this.mtimeMs = facts.mtimeMs
    this.strength = facts.strength
  }

  async readInto(into: Uint8Array, position: number): Promise<Result<number>> {
    assertPages(into, position)
    if (into.length % pageBytes !== 0) throw new Error('A buffer to read into is whole pages long.')
    if (!this.#open) throw new Error('This file was closed.')
    if (!this.#disk.reachable) return failed(memoryFailure('place-gone', this.#place))
    const piece = this.#content.subarray(position, position + into.length)
    into.set(piece)
    return done(piece.length)
  }

  async stat(): Promise<Result<{ bytes: number; mtimeMs: number }>> {
    if (!this.#disk.reachable) return failed(memoryFailure('place-gone', this.#place))
    return done({ bytes: this.bytes, mtimeMs: this.mtimeMs })
  }

  async close(): Promise<void> {
    this.#open = false
  }
}

/** A first error poisons the file: what follows answers the same failure. */
export class MemoryWriting implements Writing {
  readonly bytes: number
  readonly path: string
  readonly file: MemoryFile
  readonly disk: MemoryDisk
  readonly #place: string
  readonly #strength: 'cached' | 'medium'
  #poison: Result<never> | null = null
  /** Pieces may come in any order; the one that ends within a page is the end of the file. */
  #endsAt = Number.MAX_SAFE_INTEGER

  constructor(
    disk: MemoryDisk,
    path: string,
    file: MemoryFile,
    facts: { bytes: number; place: string; strength: 'cached' | 'medium' },
  ) {
    this.disk = disk
    this.path = path
    this.file = file
    this.bytes = facts.bytes
    this.#place = facts.place
    this.#strength = facts.strength
  }

  async write(from: Uint8Array, position: number): Promise<Result<void>> {
    assertPages(from, position)
    if (position >= this.#endsAt) throw new Error('Nothing comes after the piece of a file that ends within a page.')
    if (from.length % pageBytes !== 0) this.#endsAt = position + from.length
    const growth = position + from.length - this.file.bytes.length
    if (growth > this.disk.freeBytes()) return this.#poisonWith('place-full')
    return this.#unlessPoisoned(() => this.file.write(from, position))
  }

  async finish(mtimeMs: number | null): Promise<Result<void>> {
    const step = this.disk.limits.mtimeStepMs
    return this.#unlessPoisoned(() => {
      if (mtimeMs !== null) this.file.setTime(Math.floor(mtimeMs / step) * step)
    })
  }

  flushSelf(): Result<void> {
    return this.#unlessPoisoned(() => this.disk.flush(this.file))
  }

  async openBack(): Promise<Result<Reading>> {
    if (!this.disk.reachable) return failed(memoryFailure('place-gone', this.#place))
    if (this.disk.file(this.path) !== this.file) return failed(memoryFailure('place-error', this.#place))
    const facts = { mtimeMs: this.file.mtimeMs, strength: this.#strength, place: this.#place }
    return done(new MemoryReading(this.disk, this.file.bytesPastCache(), facts))
  }

  async discard(): Promise<void> {
    if (this.disk.reachable && this.disk.file(this.path) === this.file) this.disk.removeName(this.path)
  }

  #unlessPoisoned(act: () => void): Result<void> {
    if (this.#poison !== null) return this.#poison
    if (!this.disk.reachable) return this.#poisonWith('place-gone')
    act()
    return done(undefined)
  }

  #poisonWith(code: 'place-full' | 'place-gone'): Result<never> {
    this.#poison ??= failed(memoryFailure(code, this.#place))
    return this.#poison
  }
}

/** The real places read and write past the cache, and that needs whole pages: a caller that forgets it is found here. */
function assertPages(bytes: Uint8Array, position: number): void {
  if (bytes.byteOffset % pageBytes !== 0) throw new Error('A buffer begins on a page.')
  if (position % pageBytes !== 0) throw new Error('A position in a file is a multiple of a page.')
}
