import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { done } from '../domain/failure.ts'
import { ChunkMemory } from './chunk-memory.ts'
import { ChunkSender } from './chunk-sender.ts'

const upload = (chunkBytes: number): ConstructorParameters<typeof ChunkSender>[0] => ({
  session: null,
  committedBytes: 0,
  chunkBytes,
  digest: { update: () => undefined, end: () => ({ algorithm: '', digest: '' }) },
  send: async (chunk, position) => done(position + chunk.length),
  finish: async () => done('taken'),
  state: async () => done({ kind: 'gone' }),
  abandon: async () => undefined,
})

test('files that are sent at once share one chunk more than they are, and each goes on', async () => {
  const [files, chunks, chunkBytes] = [4, 9, 10]
  const memory = new ChunkMemory()
  const kept = new Set<ArrayBufferLike>()
  const sent = Array.from({ length: files }, () => [] as number[])
  await Promise.all(
    sent.map(async (mine, file) => {
      using sender = new ChunkSender(upload(chunkBytes), chunks * chunkBytes, memory, async (chunk, position) => {
        kept.add(chunk.buffer)
        for (let wait = 0; wait <= file; wait += 1) await turn()
        // It was not filled anew while it was on its way.
        assert.ok(chunk.every((byte) => byte === position / chunkBytes))
        mine.push(position)
        return done(undefined)
      })
      for (let at = 0; at < chunks; at += 1) await sender.take(new Uint8Array(chunkBytes).fill(at), at * chunkBytes)
      await sender.settle()
      assert.deepEqual([...sender.last], Array<number>(chunkBytes).fill(chunks - 1))
    }),
  )
  assert.ok(kept.size <= files + 1, `${kept.size} chunks of memory`)
  const all = Array.from({ length: chunks - 1 }, (_, at) => at * chunkBytes)
  assert.deepEqual(sent, Array<number[]>(files).fill(all))
})

test('a file goes on while others hold a chunk, and the one that reads ahead does not move', async () => {
  const memory = new ChunkMemory()
  const never = new Promise<never>(() => undefined)
  using stuck = new ChunkSender(upload(10), 40, memory, () => never)
  // One chunk on a line that takes nothing, and another one ahead of it.
  for (const at of [0, 1]) assert.ok((await stuck.take(new Uint8Array(10), at * 10)).ok)
  const sent: number[] = []
  using other = new ChunkSender(upload(10), 40, memory, async (_chunk, position) => {
    sent.push(position)
    return done(undefined)
  })
  for (const at of [0, 1, 2, 3]) assert.ok((await other.take(new Uint8Array(10), at * 10)).ok)
  assert.deepEqual(sent, [0, 10, 20])
})
