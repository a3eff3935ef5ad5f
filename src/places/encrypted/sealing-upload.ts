/**
 * An upload that takes a file and sends it sealed. The engine hands it plain chunks and thinks in plain positions; the service gets
 * chunks of the length that it likes and thinks in sealed ones. The two lengths never fit, so what was sealed and makes no full chunk yet
 * waits here, at most one chunk of the service. The same bytes are sealed the same way each time: after a cut, or a kill, the upload goes
 * on from wherever the service has it.
 *
 * Each byte is sealed twice, once for the digest and once to be sent: that costs less than a hash, and nothing has to be kept in between.
 */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { ServiceDigest, StoredFile, Upload, UploadState } from '../../engine/cloud-contract.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import { blockAt, blockBytes, plainSize, sealedOffset } from './age-payload.ts'
import type { SealedFile } from './block-sealer.ts'
import { BlockSealer } from './block-sealer.ts'

/** The service's own digest, over what it gets. */
class SealingDigest implements ServiceDigest {
  readonly #inner: ServiceDigest
  readonly #sealer: BlockSealer

  constructor(file: SealedFile, inner: ServiceDigest) {
    this.#inner = inner
    this.#sealer = new BlockSealer(file, 0, (sealed) => inner.update(sealed))
    inner.update(file.bytes)
    if (file.plainBytes === 0) this.#sealer.take(new Uint8Array(0))
  }

  update(bytes: Uint8Array): void {
    this.#sealer.take(bytes)
  }

  end(): { readonly algorithm: string; readonly digest: string } {
    return this.#inner.end()
  }
}

export const inPlain = (file: StoredFile): StoredFile => ({ ...file, bytes: plainSize(file.bytes) })

export class SealingUpload implements Upload {
  readonly session: string | null
  readonly committedBytes: number
  readonly chunkBytes: number
  readonly digest: ServiceDigest
  readonly #place: string
  readonly #file: SealedFile
  readonly #inner: Upload
  readonly #base: number
  /** Sealed bytes that the service has from the start. What waits begins there. */
  #has = 0
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** Where the next sealed bytes belong. */
  #sealedTo = 0
  #sealer: BlockSealer
  /** Plain bytes that were sealed, and those whose chunk was answered: what the engine need not send again. */
  #taken = 0
  #answered = 0

  constructor(place: string, file: SealedFile, inner: Upload, session: string | null) {
    this.#place = place
    this.#file = file
    this.#inner = inner
    this.session = session
    this.#base = inner.committedBytes
    this.chunkBytes = Math.max(1, Math.floor(inner.chunkBytes / blockBytes)) * blockBytes
    this.digest = new SealingDigest(file, inner.digest)
    this.#sealer = this.#goOnFrom(inner.committedBytes)
    this.committedBytes = this.#answered
  }

  /** From the block in which the service stands; the bytes of it that are there already are sealed again, and not sent. */
  #goOnFrom(has: number): BlockSealer {
    const block = blockAt(has, this.#file.plainBytes)
    this.#has = has
    this.#waiting = []
    this.#waitingBytes = 0
    this.#taken = this.#answered = block * blockBytes
    this.#sealedTo = block === 0 ? 0 : sealedOffset(block)
    if (block === 0) this.#wait(this.#file.bytes)
    return new BlockSealer(this.#file, block, (sealed) => this.#wait(sealed))
  }

  #wait(sealed: Uint8Array): void {
    const fresh = sealed.subarray(Math.max(0, Math.min(sealed.length, this.#has - this.#sealedTo)))
    this.#sealedTo += sealed.length
    if (fresh.length === 0) return
    this.#waiting.push(fresh)
    this.#waitingBytes += fresh.length
  }

  /** A chunk that comes again was sealed already, and is not sealed twice. */
  #take(chunk: Uint8Array, position: number): void {
    if (position > this.#taken) throw new Error(`A piece is missing: ${this.#taken} bytes came, and then ${position}.`)
    const fresh = chunk.subarray(Math.min(chunk.length, this.#taken - position))
    if (fresh.length === 0 && this.#file.plainBytes > 0) return
    this.#sealer.take(fresh)
    this.#taken += fresh.length
  }

  async send(chunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<number>> {
    const isNew = position + chunk.length > this.#taken
    this.#take(chunk, position)
    // All of it was sent before: whoever sends it again wants to know whether the service has it.
    if (!isNew && this.#waitingBytes < this.#chunkLeft()) {
      const state = await this.#inner.state()
      if (!state.ok) return state
    }
    // More follows, the last block at least: a full chunk is never the last one.
    const sent = await this.#sendFull(cancel, () => this.#waitingBytes >= this.#chunkLeft())
    if (!sent.ok) return sent
    this.#answered = this.#taken
    return done(this.#taken)
  }

  async finish(lastChunk: Uint8Array, position: number, cancel: Cancel): Promise<Result<'taken' | StoredFile>> {
    this.#take(lastChunk, position)
    if (this.#taken !== this.#file.plainBytes)
      throw new Error(`${this.#taken} of ${this.#file.plainBytes} bytes came, and the file was finished.`)
    const sent = await this.#sendFull(cancel, () => this.#waitingBytes > this.#chunkLeft())
    if (!sent.ok) return sent
    const finished = await this.#inner.finish(this.#next(this.#waitingBytes), this.#has, cancel)
    return finished.ok && finished.value !== 'taken' ? done(inPlain(finished.value)) : finished
  }

  /** From where the service stands to the end of its chunk: after a cut in a chunk only the rest of that one is sent. */
  #chunkLeft(): number {
    const { chunkBytes } = this.#inner
    return chunkBytes - ((this.#has - this.#base) % chunkBytes)
  }

  async #sendFull(cancel: Cancel, isFull: () => boolean): Promise<Result<void>> {
    while (isFull()) {
      const before = this.#has
      const reached = await this.#inner.send(this.#next(this.#chunkLeft()), before, cancel)
      if (!reached.ok) return reached
      if (reached.value <= before) return failed(serviceError(this.#place, `it took nothing at ${before}`))
      this.#drop(reached.value)
    }
    return done(undefined)
  }

  /** The next bytes for the service, in one piece. */
  #next(bytes: number): Uint8Array {
    const next = new Uint8Array(bytes)
    let filled = 0
    for (const piece of this.#waiting) {
      const some = piece.subarray(0, bytes - filled)
      next.set(some, filled)
      filled += some.length
      if (filled === bytes) break
    }
    return next
  }

  /** The service has the file up to here: what waited for that is let go of. */
  #drop(has: number): void {
    let over = has - this.#has
    this.#has = has
    while (over > 0) {
      const [first] = this.#waiting
      if (first === undefined) return
      const some = Math.min(over, first.length)
      if (some === first.length) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(some)
      this.#waitingBytes -= some
      over -= some
    }
  }

  async state(): Promise<Result<UploadState>> {
    const state = await this.#inner.state()
    if (!state.ok || state.value.kind === 'gone') return state
    if (state.value.kind === 'stored') return done({ kind: 'stored', file: inPlain(state.value.file) })
    const { committedBytes } = state.value
    // It has lost what it had: from there on it is sealed anew.
    if (committedBytes < this.#has) this.#sealer = this.#goOnFrom(committedBytes)
    else this.#drop(committedBytes)
    if (this.#waitingBytes < this.#chunkLeft()) this.#answered = this.#taken
    return done({ kind: 'open', committedBytes: this.#answered })
  }

  abandon(): Promise<void> {
    return this.#inner.abandon()
  }
}
