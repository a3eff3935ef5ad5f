import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Reading } from './contracts.ts'
import { readStream } from './read-stream.ts'

const pageBytes = 4096
const torn: Failure = { code: 'card-unreadable', sentence: 'It can not be read.', advice: 'Try another reader.' }
const full: Failure = { code: 'place-full', sentence: 'It is full.', advice: 'Make room.' }

const contentOf = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, index) => (index * 7) & 0xff)
const twoBuffers = (pages: number): Uint8Array[] => [
  new Uint8Array(pages * pageBytes),
  new Uint8Array(pages * pageBytes),
]

interface Reader {
  readonly reading: Reading
  readonly asked: { readonly position: number; readonly bytes: number }[]
}

/** A file of this content; `before` is called with the position before each read, and may make it fail. */
function readerOf(
  content: Uint8Array,
  before?: (position: number, into: Uint8Array) => Promise<Failure | null>,
): Reader {
  const asked: { position: number; bytes: number }[] = []
  const reading: Reading = {
    bytes: content.length,
    mtimeMs: 0,
    strength: 'medium',
    readInto: async (into, position) => {
      asked.push({ position, bytes: into.length })
      const failure = (await before?.(position, into)) ?? null
      if (failure !== null) return failed(failure)
      const piece = content.subarray(position, position + into.length)
      into.set(piece)
      return done(piece.length)
    },
    stat: async () => done({ bytes: content.length, mtimeMs: 0 }),
    close: async () => undefined,
  }
  return { reading, asked }
}

/** Takes what was read down, and answers it as one piece. */
interface Collector {
  readonly bytes: () => Uint8Array
  readonly use: (filled: Uint8Array, position: number) => Promise<Result<void>>
}

function collector(): Collector {
  const pieces: Buffer[] = []
  let next = 0
  return {
    bytes: () => new Uint8Array(Buffer.concat(pieces)),
    use: async (filled, position) => {
      assert.equal(position, next, 'pieces come in their order, without a gap')
      next += filled.length
      pieces.push(Buffer.from(filled))
      return done(undefined)
    },
  }
}

test('[V5] every byte is handed on once and in order, and the answer counts what was really read', async () => {
  const size = fc.oneof(fc.nat(40_000), fc.constantFrom(0, 1, 4095, 4096, 4097, 8192, 16_384))
  await fc.assert(
    fc.asyncProperty(
      size,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      async (bytes, pages, count) => {
        const content = contentOf(bytes)
        const { reading, asked } = readerOf(content)
        const buffers = Array.from({ length: count }, () => new Uint8Array(pages * pageBytes))
        const taken = collector()
        assert.deepEqual(await readStream(reading, bytes, buffers, taken.use), done(bytes))
        assert.deepEqual(taken.bytes(), content)
        const end = Math.ceil(bytes / pageBytes) * pageBytes
        for (const ask of asked) {
          assert.equal(ask.bytes % pageBytes, 0, 'whole pages are asked for')
          assert.ok(ask.position + ask.bytes <= end, 'nothing is asked for past the last page of the file')
        }
      },
    ),
  )
})

test('[V5] a file that is shorter than it should be ends early, without a failure, with what was there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(30_000), fc.integer({ min: 1, max: 30_000 }), async (there, missing) => {
      const content = contentOf(there)
      const taken = collector()
      const read = await readStream(readerOf(content).reading, there + missing, twoBuffers(1), taken.use)
      assert.deepEqual(read, done(there))
      assert.deepEqual(taken.bytes(), content)
    }),
  )
})

test('a file that grew meanwhile gives no more than its listed bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 30_000 }), async (bytes) => {
      const content = contentOf(bytes + 10_000)
      const taken = collector()
      assert.deepEqual(await readStream(readerOf(content).reading, bytes, twoBuffers(1), taken.use), done(bytes))
      assert.deepEqual(taken.bytes(), content.subarray(0, bytes))
    }),
  )
})

test('while one buffer is in use, the next is being filled, and no further one', async () => {
  const events: string[] = []
  const { reading } = readerOf(contentOf(4 * pageBytes), async (position) => {
    events.push(`read ${position / pageBytes}`)
    return null
  })
  const waiting: (() => void)[] = []
  const streamed = readStream(reading, 4 * pageBytes, twoBuffers(1), (_, position) => {
    events.push(`use ${position / pageBytes}`)
    return new Promise((resolve) => {
      waiting.push(() => resolve(done(undefined)))
    })
  })
  await setImmediate()
  assert.deepEqual(events, ['read 0', 'use 0', 'read 1', 'use 1'], 'the third read waits for the first buffer')
  for (let turn = 0; turn < 4; turn += 1) {
    waiting.shift()?.()
    await setImmediate()
  }
  assert.deepEqual(await streamed, done(4 * pageBytes))
  assert.deepEqual(events.slice(4), ['read 2', 'use 2', 'read 3', 'use 3'])
})

test('no buffer is filled while it is in use, nor in use when the end is told, however long anything takes', async () => {
  const ticks = fc.array(fc.nat(4), { minLength: 24, maxLength: 24 })
  await fc.assert(
    fc.asyncProperty(fc.nat(40_000), ticks, fc.nat(20), async (bytes, delays, failsAt) => {
      let turn = 0
      const wait = async (): Promise<void> => {
        const delay = delays[(turn += 1) % delays.length] ?? 0
        for (let tick = 0; tick < delay; tick += 1) await setImmediate()
      }
      const inUse = new Set<ArrayBufferLike>()
      const content = contentOf(bytes)
      const { reading } = readerOf(content, async (_, into) => {
        assert.ok(!inUse.has(into.buffer), 'a buffer is filled while it is in use')
        await wait()
        assert.ok(!inUse.has(into.buffer), 'a buffer came into use while it was filled')
        return null
      })
      let uses = 0
      await readStream(reading, bytes, twoBuffers(1), async (filled, position) => {
        inUse.add(filled.buffer)
        await wait()
        assert.deepEqual(filled, content.subarray(position, position + filled.length))
        inUse.delete(filled.buffer)
        return (uses += 1) === failsAt ? failed(full) : done(undefined)
      })
      assert.equal(inUse.size, 0, 'a buffer is given away while it is in use')
    }),
    { numRuns: 60 },
  )
})

test('a read that fails ends it with that failure, after everybody has let go of the buffers', async () => {
  let using = 0
  const { reading, asked } = readerOf(contentOf(5 * pageBytes), async (position) =>
    position === pageBytes ? torn : null,
  )
  const streamed = await readStream(reading, 5 * pageBytes, twoBuffers(1), async () => {
    using += 1
    for (let tick = 0; tick < 5; tick += 1) await setImmediate()
    using -= 1
    return done(undefined)
  })
  assert.deepEqual(streamed, failed(torn))
  assert.equal(using, 0)
  assert.equal(asked.length, 2, 'nothing more is read')
})

test('a use that fails ends it with that failure, whether in the middle or with the last piece', async () => {
  for (const failing of [0, 2, 4]) {
    const { reading, asked } = readerOf(contentOf(5 * pageBytes))
    const streamed = await readStream(reading, 5 * pageBytes, twoBuffers(1), async (_, position) =>
      position === failing * pageBytes ? failed(full) : done(undefined),
    )
    assert.deepEqual(streamed, failed(full))
    assert.ok(asked.length <= failing + 2, 'no more is read than was on its way')
  }
})
