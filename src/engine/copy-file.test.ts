import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Failure } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { CardSource, Writing } from './contracts.ts'
import type { WrittenFile } from './copy-file.ts'
import { copyFile } from './copy-file.ts'
import type { Disturb, Ground } from './sample.test.ts'
import {
  blockBytes,
  contentOf,
  hashOf,
  makeGround,
  mtimeMs,
  nas,
  path,
  pc,
  temporary,
  valueOf,
  writingWith,
} from './sample.test.ts'

const broken: Failure = { code: 'place-error', sentence: 'It answered with an error.', advice: 'Look at it.' }

/** What lies under the temporary names of the places, which nobody else sees (W1). */
const laid = (ground: Ground, which: 'nas' | 'pc'): readonly Uint8Array[] =>
  temporary(ground.disks[which]).flatMap((name) => ground.disks[which].file(name)?.bytes ?? [])

const codes = ({ ended }: WrittenFile): readonly string[] =>
  ended.map((outcome) => (outcome.kind === 'failed' ? outcome.failure.code : outcome.kind))

/** Lays a file at the place, as an earlier run or a stranger did. */
async function layAt(ground: Ground, bytes: Uint8Array): Promise<void> {
  const { MemoryFile } = await import('../places/memory/memory-disk.ts')
  const file = new MemoryFile()
  file.write(bytes, 0)
  ground.disks.pc.flush(file)
  ground.disks.pc.giveName(`roll/${path}`, file)
}

test('[V3] one read gives the hash and the bytes at every place, under temporary names only', async () => {
  const sizes = fc.oneof(fc.nat(3 * blockBytes), fc.constantFrom(0, 1, blockBytes - 1, blockBytes, blockBytes + 1))
  await fc.assert(
    fc.asyncProperty(sizes, async (bytes) => {
      const content = contentOf(bytes)
      const ground = await makeGround({ [path]: content })
      let reads = 0
      const source: CardSource = {
        ...ground.tools.source,
        open: async (...asked) => {
          reads += 1
          return ground.tools.source.open(...asked)
        },
      }
      const written = valueOf(await copyFile(ground.order(path), { ...ground.tools, source }))
      assert.equal(reads, 1, 'the card is opened once')
      assert.deepEqual([written.hash, written.bytesRead], [hashOf(content), bytes])
      assert.deepEqual([laid(ground, 'nas'), laid(ground, 'pc')], [[content], [content]])
      for (const disk of [ground.disks.nas, ground.disks.pc]) assert.equal(disk.file(`roll/${path}`), null)
      assert.equal(ground.disks.nas.file(temporary(ground.disks.nas)[0] ?? '')?.mtimeMs, mtimeMs)
      assert.ok(ground.allBlocksFree())
    }),
    { numRuns: 30 },
  )
})

test('a file that is to be hashed only is written nowhere', async () => {
  const content = contentOf(5000)
  const ground = await makeGround({ [path]: content })
  const written = valueOf(await copyFile(ground.order(path, []), ground.tools))
  assert.equal(written.hash, hashOf(content))
  assert.deepEqual([written.placed, laid(ground, 'nas')], [[], []])
})

test('[V3] a file that is not as it was listed, or changes while it is read, is not believed and leaves nothing behind', async () => {
  const before = contentOf(3 * blockBytes)
  const changes: readonly ((ground: Ground) => void)[] = [
    ({ files }) => files.set(path, { bytes: before, mtimeMs: mtimeMs + 2000 }),
    ({ files }) => files.set(path, { bytes: before.slice(1), mtimeMs }),
    ({ files }) => files.set(path, { bytes: contentOf(before.length + 1), mtimeMs }),
  ]
  for (const change of changes)
    for (const when of ['before', 'meanwhile']) {
      const ground = await makeGround({ [path]: before })
      const order = ground.order(path)
      if (when === 'before') change(ground)
      const tools = {
        ...ground.tools,
        watch: {
          ...ground.tools.watch,
          moved: (): void => {
            if (when === 'meanwhile') change(ground)
          },
        },
      }
      const copied = await copyFile(order, tools)
      assert.equal(copied.ok ? 'copied' : copied.failure.code, 'card-changed')
      assert.deepEqual([laid(ground, 'nas'), laid(ground, 'pc')], [[], []])
      assert.ok(ground.allBlocksFree())
    }
})

test('[V4] a read that gives other bytes than an earlier one is not believed, and leaves nothing behind', async () => {
  const ground = await makeGround({ [path]: contentOf(9000) })
  const copied = await copyFile({ ...ground.order(path), expected: hashOf(contentOf(9000, 2)) }, ground.tools)
  assert.equal(copied.ok ? 'copied' : copied.failure.code, 'card-reads-differ')
  assert.deepEqual([laid(ground, 'nas'), laid(ground, 'pc')], [[], []])
  const again = await copyFile({ ...ground.order(path), expected: hashOf(contentOf(9000)) }, ground.tools)
  assert.ok(again.ok)
})

test('[W2] what is there under that name is compared when it may be the same, and left alone when it can not be', async () => {
  const ground = await makeGround({ [path]: contentOf(9000) })
  await layAt(ground, contentOf(9000, 7))
  const same = valueOf(await copyFile(ground.order(path), ground.tools))
  assert.deepEqual(
    same.placed.map(({ place, writing }) => [place.id, writing === null]),
    [
      [nas, false],
      [pc, true],
    ],
  )
  await layAt(ground, contentOf(10))
  assert.deepEqual(codes(valueOf(await copyFile(ground.order(path), ground.tools))), ['taken'])
  assert.deepEqual(ground.disks.pc.file(`roll/${path}`)?.bytes, contentOf(10))
})

const failingWrites = (fails: (position: number) => boolean): { disturb: Disturb; inFlight: () => number } => {
  let inFlight = 0
  const disturb: Disturb = (place) => ({
    begin: async (bytes) => {
      const writing = valueOf(await place.begin(bytes))
      const write: Writing['write'] = async (from, position) => {
        inFlight += 1
        for (let tick = 0; tick < 5; tick += 1) await setImmediate()
        inFlight -= 1
        return fails(position) ? failed(broken) : writing.write(from, position)
      }
      const discard = async (): Promise<void> => {
        assert.equal(inFlight, 0, 'a file is thrown away while a piece of it is on its way')
        await writing.discard()
      }
      return done(writingWith(writing, { write, discard }))
    },
  })
  return { disturb, inFlight: () => inFlight }
}

test('a place that fails is left behind with one failure, and the other one gets the whole file', async () => {
  const content = contentOf(4 * blockBytes)
  for (const first of [0, 1, 3]) {
    const { disturb } = failingWrites((position) => position >= first * blockBytes)
    const ground = await makeGround({ [path]: content }, { disturbPc: disturb })
    const written = valueOf(await copyFile(ground.order(path), ground.tools))
    assert.deepEqual(codes(written), ['place-error'], `from piece ${first} on`)
    assert.deepEqual(
      written.placed.map(({ place }) => place.id),
      [nas],
    )
    assert.deepEqual([laid(ground, 'nas'), laid(ground, 'pc')], [[content], []])
    assert.ok(ground.allBlocksFree())
  }
})

test('a place where nothing can be begun or finished is left behind, and the other one goes on', async () => {
  const content = contentOf(9000)
  const begins: Disturb = () => ({ begin: async () => failed(broken) })
  const finishes: Disturb = (place) => ({
    begin: async (bytes) =>
      done(writingWith(valueOf(await place.begin(bytes)), { finish: async () => failed(broken) })),
  })
  for (const disturbPc of [begins, finishes]) {
    const ground = await makeGround({ [path]: content }, { disturbPc })
    const written = valueOf(await copyFile(ground.order(path), ground.tools))
    assert.deepEqual(codes(written), ['place-error'])
    assert.deepEqual([laid(ground, 'nas'), laid(ground, 'pc')], [[content], []])
  }
})
