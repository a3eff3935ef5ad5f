import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { ChunkMemory } from './chunk-memory.ts'
import type { Upload } from './cloud-contract.ts'

/** Gathers the pieces of the read into chunks; while one is sent, the next one is gathered. The last one is held back. */
export class ChunkSender {
  readonly #bytes: number
  readonly #chunkBytes: number
  readonly #from: number
  readonly #memory: ChunkMemory
  readonly #send: (chunk: Uint8Array, position: number) => Promise<Result<void>>
  #buffer: Uint8Array | null = null
  #isSending = false
  #hasSpare = false
  #filled = 0
  #position: number
  #sending: Promise<Result<void>> = Promise.resolve(done(undefined))

  constructor(
    upload: Upload,
    bytes: number,
    memory: ChunkMemory,
    send: (chunk: Uint8Array, position: number) => Promise<Result<void>>,
  ) {
    this.#bytes = bytes
    this.#chunkBytes = Math.max(1, upload.chunkBytes)
    // What the service has already is read and hashed, and not sent.
    this.#from = Math.min(upload.committedBytes, bytes)
    this.#position = this.#from
    this.#memory = memory
    this.#send = send
  }

  async take(piece: Uint8Array, position: number): Promise<Result<void>> {
    let rest = piece.subarray(Math.max(0, Math.min(piece.length, this.#from - position)))
    while (rest.length > 0) {
      if (this.#filled === this.#chunkBytes) {
        const flushed = await this.#flush()
        if (!flushed.ok) return flushed
      }
      if (this.#buffer === null) {
        const free = await this.#mayGather()
        if (!free.ok) return free
        this.#buffer = this.#memory.take(Math.min(this.#chunkBytes, this.#bytes - this.#position))
      }
      const some = rest.subarray(0, this.#chunkBytes - this.#filled)
      this.#buffer.set(some, this.#filled)
      this.#filled += some.length
      rest = rest.subarray(some.length)
    }
    return done(undefined)
  }

  /** Ahead of the chunk that is being sent, or when it is sent. */
  async #mayGather(): Promise<Result<void>> {
    if (!this.#isSending) return done(undefined)
    this.#hasSpare = this.#memory.takeSpare()
    return this.#hasSpare ? done(undefined) : this.#sending
  }

  /** Called only when more bytes follow, so a full chunk that is the last one stays here. */
  async #flush(): Promise<Result<void>> {
    const before = await this.#sending
    if (!before.ok) return before
    const buffer = this.#buffer
    this.#buffer = null
    if (buffer !== null) {
      this.#isSending = true
      this.#sending = this.#send(buffer.subarray(0, this.#filled), this.#position).finally(() => this.#sent(buffer))
    }
    this.#position += this.#filled
    this.#filled = 0
    return done(undefined)
  }

  #sent(buffer: Uint8Array): void {
    this.#isSending = false
    this.#memory.give(buffer)
    if (this.#hasSpare) this.#memory.giveSpare()
    this.#hasSpare = false
  }

  settle(): Promise<Result<void>> {
    return this.#sending
  }

  get last(): Uint8Array {
    return this.#buffer?.subarray(0, this.#filled) ?? new Uint8Array(0)
  }

  get lastPosition(): number {
    return this.#position
  }

  /** When the last chunk is sent, or will not be. */
  [Symbol.dispose](): void {
    if (this.#buffer !== null) this.#memory.give(this.#buffer)
    this.#buffer = null
  }
}
