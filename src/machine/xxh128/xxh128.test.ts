import assert from 'node:assert/strict'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createXXHash128 } from 'hash-wasm'
import { xxh128WasmText } from '../../../scripts/build-xxh128.ts'
import type { StreamingHash } from '../../engine/contracts.ts'
import { makeHashingMemory } from './xxh128.ts'

const mebibyte = 1024 * 1024

/** The independent implementation to compare with. */
const reference = await createXXHash128()
const referenceHash = (...parts: Uint8Array[]): string => {
  reference.init()
  for (const part of parts) reference.update(part)
  return reference.digest('hex')
}

/** Numbers from 0 to below `limit` that look random and are the same in every run. */
function makeDice(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

function fillWithNoise(bytes: Uint8Array, seed: number): void {
  const dice = makeDice(seed)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = dice(256)
}

/** A memory with one block of noise, and that block. */
function noiseInMemory(byteCount: number, streams = 1): ReturnType<typeof makeHashingMemory> & { noise: Uint8Array } {
  const memory = makeHashingMemory({ blockBytes: Math.ceil(byteCount / 4096) * 4096, blocks: 1, streams })
  const noise = memory.blocks[0]!
  fillWithNoise(noise, byteCount)
  return { ...memory, noise }
}

function splitAnywhere(bytes: Uint8Array, dice: (limit: number) => number, longestPart: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const length = dice(longestPart + 1)
    parts.push(bytes.subarray(at, at + length))
    at += length
  }
  return parts
}

function hashOf(hash: StreamingHash, parts: readonly Uint8Array[]): string {
  for (const part of parts) hash.update(part)
  return hash.digest()
}

test('the hash of nothing is the published one', () => {
  const memory = makeHashingMemory({ blockBytes: 4096, blocks: 1, streams: 1 })
  assert.equal(memory.startHash().digest(), '99aa06d3014798d86001c324468d497f')
  assert.equal(hashOf(memory.startHash(), [new Uint8Array(0), memory.blocks[0]!.subarray(7, 7)]), referenceHash())
})

test('every length from 0 to 1100 bytes, at every alignment, whole and split, agrees with hash-wasm', () => {
  const { noise, startHash } = noiseInMemory(1200)
  const dice = makeDice(1)
  for (let length = 0; length <= 1100; length += 1) {
    const bytes = noise.subarray(length % 64, (length % 64) + length)
    const expected = referenceHash(bytes)
    assert.equal(hashOf(startHash(), [bytes]), expected, `${length} bytes at once`)
    assert.equal(hashOf(startHash(), splitAnywhere(bytes, dice, 3)), expected, `${length} bytes in crumbs`)
    assert.equal(hashOf(startHash(), splitAnywhere(bytes, dice, 300)), expected, `${length} bytes in pieces`)
  }
})

test('lengths around stripes, blocks and the scratch area agree with hash-wasm, however they are split', () => {
  const { noise, startHash } = noiseInMemory(3 * mebibyte)
  const dice = makeDice(2)
  const edges = [1024, 2048, 4096, 65_536, 131_072, mebibyte].flatMap((edge) =>
    [-65, -64, -63, -1, 0, 1, 63, 64, 65].map((more) => edge + more),
  )
  for (const length of [...edges, ...Array.from({ length: 20 }, () => dice(3 * mebibyte))]) {
    const bytes = noise.subarray(0, length)
    const expected = referenceHash(bytes)
    assert.equal(hashOf(startHash(), [bytes]), expected, `${length} bytes at once`)
    for (const longestPart of [200, 1500, 100_000]) {
      const parts = splitAnywhere(bytes, dice, longestPart)
      assert.equal(hashOf(startHash(), parts), expected, `${length} bytes in parts of up to ${longestPart}`)
    }
  }
})

test('bytes outside the memory are hashed as well, whatever holds them', () => {
  const { noise, startHash } = noiseInMemory(300_000)
  const outside = Buffer.from(noise)
  for (const length of [0, 1, 240, 241, 65_535, 65_536, 65_537, 300_000]) {
    const expected = referenceHash(noise.subarray(0, length))
    assert.equal(hashOf(startHash(), [outside.subarray(0, length)]), expected, `${length} bytes in a Buffer`)
    const shared = new Uint8Array(new SharedArrayBuffer(length + 3), 3)
    shared.set(noise.subarray(0, length))
    assert.equal(hashOf(startHash(), [shared]), expected, `${length} bytes in shared memory`)
  }
  const mixed = [noise.subarray(0, 1000), outside.subarray(1000, 200_001), noise.subarray(200_001, 300_000)]
  assert.equal(hashOf(startHash(), mixed), referenceHash(noise.subarray(0, 300_000)))
})

test('streams that are fed in turns do not disturb each other, nor the blocks', () => {
  const streams = 5
  const memory = makeHashingMemory({ blockBytes: 8192, blocks: 3, streams })
  for (const [index, block] of memory.blocks.entries()) fillWithNoise(block, index)
  const before = memory.blocks.map((block) => Buffer.from(block))
  const step = fc.record({
    stream: fc.nat(streams - 1),
    block: fc.nat(2),
    from: fc.nat(8192),
    length: fc.oneof(fc.nat(80), fc.nat(8192)),
    outside: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const hashes = Array.from({ length: streams }, () => memory.startHash())
      const fed = hashes.map((): Uint8Array[] => [])
      for (const { stream, block, from, length, outside } of steps) {
        const bytes = memory.blocks[block]!.subarray(from, from + length)
        hashes[stream]!.update(outside ? Buffer.from(bytes) : bytes)
        fed[stream]!.push(bytes)
      }
      const found = hashes.map((hash): string => hash.digest())
      const expected = fed.map((parts) => referenceHash(...parts))
      assert.deepEqual(found, expected)
    }),
  )
  for (const [index, block] of memory.blocks.entries()) assert.ok(before[index]!.equals(block), 'a block was changed')
})

test('a block may be overwritten as soon as it was taken', () => {
  const { noise, startHash } = noiseInMemory(4096)
  const original = Buffer.from(noise)
  for (const length of [16, 63, 200, 256, 257, 1000, 4096]) {
    noise.set(original)
    const hash = startHash()
    hash.update(noise.subarray(0, length))
    noise.fill(0)
    hash.update(noise.subarray(0, 5))
    assert.equal(hash.digest(), referenceHash(original.subarray(0, length), new Uint8Array(5)), `${length} bytes`)
  }
})

test('a stream of more than 4 GiB, as a long clip is, agrees with hash-wasm', () => {
  const { noise, startHash } = noiseInMemory(4 * mebibyte)
  const parts = [...Array.from({ length: 1024 }, () => noise), noise.subarray(0, 100)]
  assert.equal(hashOf(startHash(), parts), referenceHash(...parts))
})

test('a stream that ended gives its room back once, and takes nothing more', () => {
  const { noise, startHash } = noiseInMemory(4096, 2)
  const first = startHash()
  const second = startHash()
  assert.throws(startHash, /All 2 streams/)
  first.update(noise)
  first.release()
  first.release()
  assert.throws(() => first.update(noise), /has ended/)
  assert.throws(() => first.digest(), /has ended/)

  const third = startHash()
  assert.throws(startHash, /All 2 streams/)
  assert.equal(hashOf(third, [noise]), referenceHash(noise))
  third.release()
  assert.equal(hashOf(second, [noise.subarray(9)]), referenceHash(noise.subarray(9)))
  startHash()
  startHash()
  assert.throws(startHash, /All 2 streams/)
})

test('blocks lie apart, each at a multiple of 4096, and are as long as was asked for', () => {
  const { blocks } = makeHashingMemory({ blockBytes: 12_288, blocks: 4, streams: 130 })
  assert.equal(blocks.length, 4)
  let free = 0
  for (const block of blocks) {
    assert.equal(block.byteOffset % 4096, 0)
    assert.ok(block.byteOffset >= free)
    assert.equal(block.byteLength, 12_288)
    free = block.byteOffset + block.byteLength
  }
})

test('a size that makes no sense is refused', () => {
  const good = { blockBytes: 4096, blocks: 1, streams: 1 }
  for (const bad of [
    { blockBytes: 0 },
    { blockBytes: 5000 },
    { blockBytes: Number.NaN },
    { blocks: -1 },
    { blocks: 1.5 },
    { streams: 0 },
    { streams: Number.POSITIVE_INFINITY },
  ]) {
    assert.throws(() => makeHashingMemory({ ...good, ...bad }), RangeError, JSON.stringify(bad))
  }
})

test('blocks can be filled by direct IO, past the page cache', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'fivefold-xxh128-'))
  try {
    const path = join(directory, 'noise')
    const { noise, startHash } = noiseInMemory(mebibyte)
    writeFileSync(path, noise)
    const expected = referenceHash(noise)
    noise.fill(0)

    const file = openDirect(path)
    if (typeof file === 'string') {
      t.skip(file)
      return
    }
    assert.equal(readSync(file, noise, 0, mebibyte, 0), mebibyte)
    closeSync(file)
    assert.equal(hashOf(startHash(), [noise]), expected)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

/** A descriptor for direct reading, or why there is none. */
function openDirect(path: string): number | string {
  // Only Linux has the flag; Node leaves it undefined elsewhere, whatever its type says.
  const direct: number | undefined = constants.O_DIRECT
  if (direct === undefined) return 'this system has no O_DIRECT'
  try {
    return openSync(path, constants.O_RDONLY | direct)
  } catch (error) {
    return `the temporary folder refuses direct IO: ${String(error)}`
  }
}

test('the committed module is what its source compiles to; if not, run node scripts/build-xxh128.ts', async () => {
  const committed = await readFile(new URL('xxh128.wasm.ts', import.meta.url), 'utf8')
  assert.equal(await xxh128WasmText(), committed.replaceAll('\r\n', '\n'))
})
