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
  const memory = new ChunkMemory(files)
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

test('a file that ends early gives its chunk to the next one', async () => {
  const memory = new ChunkMemory(0)
  const first = await memory.take(5)
  const next = memory.take(5)
  memory.give(first)
  assert.equal(await next, first)
  memory.give(first)
  assert.equal((await memory.take(7)).length, 7)
})
