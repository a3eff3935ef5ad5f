import { closeSync, rmSync } from 'node:fs'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Reading, Writing } from '../../engine/contracts.ts'
import type { OpenFile } from './direct-file.ts'
import {
  closeFile,
  closeQuietly,
  flushFile,
  openForWriting,
  setSizeAndTime,
  smallFileBytesMax,
  writeFully,
} from './direct-file.ts'
import { openReading } from './file-reading.ts'
import { placeFailure } from './system-failure.ts'

/** A file under its temporary name. A first error poisons it: what follows answers the same failure, because pages may be gone. */
export class FileWriting implements Writing {
  readonly bytes: number
  readonly #path: string
  readonly #place: string
  readonly #directReaches: 'medium' | 'cached'
  #file: OpenFile | null
  #poison: Result<never> | null = null

  protected constructor(
    path: string,
    bytes: number,
    place: string,
    directReaches: 'medium' | 'cached',
    file: OpenFile,
  ) {
    this.#path = path
    this.bytes = bytes
    this.#place = place
    this.#directReaches = directReaches
    this.#file = file
  }

  static async create(
    path: string,
    bytes: number,
    place: string,
    directReaches: 'medium' | 'cached',
  ): Promise<Result<FileWriting>> {
    const small = bytes <= smallFileBytesMax
    try {
      const file = await openForWriting(path, { direct: !small, atOnce: small })
      return done(new FileWriting(path, bytes, place, directReaches, file))
    } catch (error) {
      return failed(placeFailure(error, place))
    }
  }

  write(from: Uint8Array, position: number): Promise<Result<void>> {
    return this.unlessPoisoned((file) => writeFully(file, from, position))
  }

  finish(mtimeMs: number | null): Promise<Result<void>> {
    return this.unlessPoisoned(async (file) => {
      await setSizeAndTime(file, this.bytes, mtimeMs)
      // Small files wait for their flush by the hundred; that many can't all stay open.
      if (file.atOnce) {
        this.#file = null
        closeSync(file.fd)
      }
    })
  }

  /**
   * Closes it too: a failed close may be the first word of a failed write (network shares), and the read-back comes after it. Giving
   * the name is then one short call that begins at once, so that a hang is laid at the right door (J2).
   */
  flushSelf(): Promise<Result<void>> {
    return this.unlessPoisoned(async (file) => {
      await flushFile(file.fd)
      this.#file = null
      await closeFile(file.fd)
    })
  }

  openBack(): Promise<Result<Reading>> {
    return openReading(this.path, {
      how: 'past-cache',
      atOnce: false,
      directReaches: this.#directReaches,
      explain: (error) => placeFailure(error, this.#place),
    })
  }

  get path(): string {
    return this.#path
  }

  get isOpen(): boolean {
    return this.#file !== null
  }

  /** For what was not flushed by itself. */
  async closeBeforePublish(): Promise<void> {
    const file = this.#file
    this.#file = null
    if (file !== null) await closeFile(file.fd)
  }

  protected async letGoOfFile(): Promise<void> {
    const file = this.#file
    this.#file = null
    if (file !== null) await closeQuietly(file)
  }

  async discard(): Promise<void> {
    await this.letGoOfFile()
    try {
      rmSync(this.path, { force: true })
    } catch {
      // It stays under its temporary name, invisible, until the next sweep.
    }
  }

  protected async unlessPoisoned(act: (file: OpenFile) => Promise<void>): Promise<Result<void>> {
    if (this.#poison !== null) return this.#poison
    if (this.#file === null) throw new Error('This file was closed.')
    try {
      await act(this.#file)
      return done(undefined)
    } catch (error) {
      this.#poison = failed(placeFailure(error, this.#place))
      return this.#poison
    }
  }
}
