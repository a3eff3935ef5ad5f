import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Reading } from '../../engine/contracts.ts'
import type { OpenFile } from './direct-file.ts'
import { closeQuietly, openForReading, readFully, sizeAndTime } from './direct-file.ts'

export interface ReadingWish {
  /** Past the cache, or as the system likes it. */
  readonly how: 'fast' | 'past-cache'
  readonly atOnce: boolean
  /** What a direct read reaches here: `cached` where a layer below the file system keeps bytes of its own. */
  readonly directReaches: 'medium' | 'cached'
  /** Turns an error of the system into the failure of the one who asked: a card or a place. */
  readonly explain: (error: unknown) => Failure
}

/** Opens a regular file for reading; links are never followed. */
export async function openReading(path: string, wish: ReadingWish): Promise<Result<Reading>> {
  // Big files go past the cache in any case: it is faster, and leaves the memory to the other programs.
  const direct = wish.how === 'past-cache' || !wish.atOnce
  let file: OpenFile | undefined
  try {
    file = await openForReading(path, { direct, atOnce: wish.atOnce })
    const { bytes, mtimeMs, regular } = await sizeAndTime(file)
    if (!regular) throw Object.assign(new Error('not a regular file'), { code: 'EISDIR' })
    return done(new FileReading(file, bytes, mtimeMs, wish))
  } catch (error) {
    if (file !== undefined) await closeQuietly(file)
    return failed(wish.explain(error))
  }
}

class FileReading implements Reading {
  readonly bytes: number
  readonly mtimeMs: number
  readonly strength: 'cached' | 'medium'
  readonly #file: OpenFile
  readonly #explain: (error: unknown) => Failure

  constructor(file: OpenFile, bytes: number, mtimeMs: number, wish: ReadingWish) {
    this.#file = file
    this.#explain = wish.explain
    this.bytes = bytes
    this.mtimeMs = mtimeMs
    this.strength = file.direct ? wish.directReaches : 'cached'
  }

  async readInto(into: Uint8Array, position: number): Promise<Result<number>> {
    try {
      return done(await readFully(this.#file, into, position))
    } catch (error) {
      return failed(this.#explain(error))
    }
  }

  async stat(): Promise<Result<{ bytes: number; mtimeMs: number }>> {
    try {
      return done(await sizeAndTime(this.#file))
    } catch (error) {
      return failed(this.#explain(error))
    }
  }

  close(): Promise<void> {
    return closeQuietly(this.#file)
  }
}
