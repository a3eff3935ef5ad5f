/** Cuts a file into blocks as it goes past, in pieces of any length, and seals each. */
import type { Head } from './age-header.ts'
import { blockBytes, sealBlock } from './age-payload.ts'

export interface SealedFile extends Head {
  /** Of the plain file: by that the last block is known. */
  readonly plainBytes: number
}

export class BlockSealer {
  readonly #file: SealedFile
  readonly #emit: (sealed: Uint8Array) => void
  readonly #open = new Uint8Array(blockBytes)
  #openBytes = 0
  #block: number
  #isEnded = false

  /** From the beginning of a block on. */
  constructor(file: SealedFile, fromBlock: number, emit: (sealed: Uint8Array) => void) {
    this.#file = file
    this.#block = fromBlock
    this.#emit = emit
  }

  /** The last block is sealed with the last byte; that of an empty file with an empty piece. */
  take(piece: Uint8Array): void {
    let rest = piece
    // What comes after the end is none of this file: it grew while it was read, and whoever reads it notices.
    while (!this.#isEnded) {
      const left = this.#file.plainBytes - this.#block * blockBytes - this.#openBytes
      const part = rest.subarray(0, Math.min(left, blockBytes - this.#openBytes))
      rest = rest.subarray(part.length)
      const isLast = part.length === left
      if (this.#openBytes === 0 && part.length === blockBytes) {
        this.#seal(part, isLast)
      } else {
        this.#open.set(part, this.#openBytes)
        this.#openBytes += part.length
        if (isLast || this.#openBytes === blockBytes) this.#seal(this.#open.subarray(0, this.#openBytes), isLast)
      }
      if (rest.length === 0) return
    }
  }

  #seal(plain: Uint8Array, isLast: boolean): void {
    this.#emit(sealBlock(this.#file.key, this.#block, isLast, plain))
    this.#isEnded = isLast
    this.#block += 1
    this.#openBytes = 0
  }
}
