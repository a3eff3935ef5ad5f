import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { makeHashingMemory } from '../../machine/xxh128/xxh128.ts'
import {
  closeQuietly,
  openForReading,
  openForWriting,
  readFully,
  setSizeAndTime,
  sizeAndTime,
  writeFully,
} from './direct-file.ts'

const [from, into] = makeHashingMemory({ blockBytes: 65_536, blocks: 2, streams: 1 }).blocks
const noProc = existsSync('/proc/self/fdinfo') ? false : 'this system has no /proc'

test(
  '[V1] where a file system knows no direct reads, the file is read all the same, and says that it was not direct',
  { skip: noProc },
  async () => {
    for (const atOnce of [true, false]) {
      const file = await openForReading('/proc/self/fdinfo/0', { direct: true, atOnce })
      assert.equal(file.direct, false)
      assert.ok(into !== undefined && (await readFully(file, into, 0)) > 0)
      await closeQuietly(file)
    }
  },
)

test('whatever the size, what is written is what is there, with its own length and time', async () => {
  assert.ok(from !== undefined && into !== undefined)
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-direct-'))
  try {
    let count = 0
    const sizes = fc.oneof(fc.integer({ min: 0, max: 65_536 }), fc.constantFrom(0, 1, 4095, 4096, 4097))
    await fc.assert(
      fc.asyncProperty(sizes, fc.boolean(), fc.boolean(), async (bytes, direct, atOnce) => {
        const path = join(folder, `${(count += 1)}`)
        from.forEach((_, index) => (from[index] = (index * 13 + bytes) & 0xff))
        const writing = await openForWriting(path, { direct, atOnce })
        if (bytes > 0) await writeFully(writing, from.subarray(0, bytes), 0)
        await setSizeAndTime(writing, bytes, 1_614_834_368_000)
        await closeQuietly(writing)
        assert.deepEqual(new Uint8Array(await readFile(path)), from.slice(0, bytes))
        assert.equal((await stat(path)).mtimeMs, 1_614_834_368_000)
        const reading = await openForReading(path, { direct, atOnce })
        assert.deepEqual(await sizeAndTime(reading), { bytes, mtimeMs: 1_614_834_368_000, regular: true })
        assert.equal(await readFully(reading, into, 0), bytes)
        assert.deepEqual(into.slice(0, bytes), from.slice(0, bytes))
        await closeQuietly(reading)
      }),
      { numRuns: 40 },
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('[W2] a name that is taken is never opened for writing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-direct-'))
  try {
    for (const direct of [true, false])
      for (const atOnce of [true, false]) {
        const path = join(folder, `${direct}-${atOnce}`)
        await closeQuietly(await openForWriting(path, { direct, atOnce }))
        await assert.rejects(openForWriting(path, { direct, atOnce }), { code: 'EEXIST' })
      }
  } finally {
    await rm(folder, { recursive: true })
  }
})
