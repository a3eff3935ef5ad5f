/**
 * XXH128 (XXH3, 128 bits, seed 0) inside one WebAssembly memory whose pages are also the buffers for reading and
 * writing. Bytes that were read into a block are hashed where they lie, at memory speed, and because such a memory is
 * page aligned, direct IO works on its blocks. A hash that first copies the bytes into a memory of its own costs about
 * a quarter of the time of the whole copy.
 */

import { parseContentHash } from '../../domain/ids.ts'
import type { StartHash, StreamingHash } from '../../engine/contracts.ts'
import { xxh128Wasm } from './xxh128.wasm.ts'

/** Buffers for reading and writing, and hashes that read them in place. */
export interface HashingMemory {
  /** The buffers; each has `blockBytes` bytes and begins at an address that direct IO accepts. */
  readonly blocks: readonly Uint8Array[]
  /**
   * Begins the hash of one stream of bytes; up to `streams` of them may be fed in turns. Bytes of a block are read in
   * place, any others are copied in first; either way they may be overwritten when `update` returns. `digest` and
   * `release` end the stream and give its room back; after that `update` and `digest` throw, and `release` does
   * nothing. Throws when `streams` of them are running already: a bug of the caller, who forgot to end one.
   */
  readonly startHash: StartHash
}

/** What to set aside. A memory never grows, since growing would detach every block. */
export interface HashingMemorySize {
  /** Size of each block: a multiple of 4096. */
  readonly blockBytes: number
  readonly blocks: number
  /** How many streams may run at the same time. */
  readonly streams: number
}

/** What xxh128.as.ts exports. Addresses and lengths are bytes in the memory. */
interface Xxh128Functions {
  stateBytes(): number
  firstFreeByte(): number
  start(state: number): void
  update(state: number, bytes: number, length: number): void
  digest(state: number): void
}

interface WasmMemory {
  readonly buffer: ArrayBuffer
}

/** The part of the global that is used here: its full types come with the DOM's, which this program does without. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => WasmMemory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: Xxh128Functions }
}

const wasmPageBytes = 65_536
/** Direct IO wants buffers at multiples of the medium's sector, which is 4096 bytes at most on what is sold today. */
const blockAlignment = 4096

// The memory, from its beginning: the module's constants, the streams' states, the scratch area, the blocks.
const statesAt = 4096
const stateSlotBytes = 512
const scratchBytes = 65_536

/**
 * Sets aside blocks to read into and room for hashes. Throws a RangeError when the size makes no sense, and whatever
 * the runtime throws when there is not that much memory (it can't be more than 4 GiB).
 */
export function makeHashingMemory(size: HashingMemorySize): HashingMemory {
  refuseSenselessSize(size)
  const scratchAt = statesAt + size.streams * stateSlotBytes
  const blocksAt = Math.ceil((scratchAt + scratchBytes) / blockAlignment) * blockAlignment
  const pages = Math.ceil((blocksAt + size.blocks * size.blockBytes) / wasmPageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const xxh128 = instantiate(memory)
  const scratch = new Uint8Array(memory.buffer, scratchAt, scratchBytes)
  const freeStates = Array.from({ length: size.streams }, (_, index) => statesAt + index * stateSlotBytes)

  return {
    blocks: Array.from(
      { length: size.blocks },
      (_, index) => new Uint8Array(memory.buffer, blocksAt + index * size.blockBytes, size.blockBytes),
    ),
    startHash: () => {
      const state = freeStates.pop()
      if (state === undefined) {
        throw new Error(`All ${size.streams} streams of this hashing memory are running; end one first.`)
      }
      return startStream(xxh128, state, scratch, () => freeStates.push(state))
    },
  }
}

function refuseSenselessSize(size: HashingMemorySize): void {
  if (!Number.isSafeInteger(size.blockBytes) || size.blockBytes <= 0 || size.blockBytes % blockAlignment !== 0) {
    throw new RangeError(`blockBytes must be a multiple of ${blockAlignment}, not ${size.blockBytes}.`)
  }
  if (!Number.isSafeInteger(size.blocks) || size.blocks < 0) {
    throw new RangeError(`blocks must be a whole number, not ${size.blocks}.`)
  }
  if (!Number.isSafeInteger(size.streams) || size.streams < 1) {
    throw new RangeError(`streams must be a whole number from 1 up, not ${size.streams}.`)
  }
}

let compiled: object | undefined

/** Compiled once a process, then put to work in as many memories as are made. */
function instantiate(memory: WasmMemory): Xxh128Functions {
  compiled ??= new WebAssembly.Module(Buffer.from(xxh128Wasm, 'base64'))
  const xxh128 = new WebAssembly.Instance(compiled, { env: { memory } }).exports
  if (xxh128.firstFreeByte() > statesAt || xxh128.stateBytes() > stateSlotBytes) {
    throw new Error('xxh128.as.ts has outgrown the room that xxh128.ts leaves for its constants and states.')
  }
  return xxh128
}

function startStream(
  xxh128: Xxh128Functions,
  state: number,
  scratch: Uint8Array,
  giveStateBack: () => void,
): StreamingHash {
  let running = true
  const refuseWhenEnded = (): void => {
    if (!running) throw new Error('This stream has ended; start a new hash.')
  }
  const end = (): void => {
    running = false
    giveStateBack()
  }

  xxh128.start(state)
  return {
    update(bytes) {
      refuseWhenEnded()
      if (bytes.buffer === scratch.buffer) {
        xxh128.update(state, bytes.byteOffset, bytes.byteLength)
        return
      }
      for (let at = 0; at < bytes.byteLength; at += scratch.byteLength) {
        const part = bytes.subarray(at, at + scratch.byteLength)
        scratch.set(part)
        xxh128.update(state, scratch.byteOffset, part.byteLength)
      }
    },
    digest() {
      refuseWhenEnded()
      xxh128.digest(state)
      const hash = parseContentHash(Buffer.from(scratch.buffer, state, 16).toString('hex'))
      end()
      return hash
    },
    release() {
      if (running) end()
    },
  }
}
