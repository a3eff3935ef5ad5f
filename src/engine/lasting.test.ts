import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { done } from '../domain/failure.ts'
import type { Failure } from '../domain/failure.ts'
import type { CardSource, LastingWriting, Reading } from './contracts.ts'
import type { CopyTools } from './copy-file.ts'
import { copyFile } from './copy-file.ts'
import { Keeper } from './lasting.ts'
import type { Ground } from './sample.test.ts'
import { blockBytes, contentOf, hashOf, makeGround, pc, path, valueOf } from './sample.test.ts'

const mebibyte = 1024 * 1024
const stepBytes = 16 * mebibyte
const content = contentOf(40 * mebibyte + 5)

interface Fetching {
  readonly ground: Ground
  readonly tools: CopyTools
  /** From where each opening of the source was read first. */
  readonly readFrom: number[]
  readonly kept: number[]
  readonly ended: string[]
  readonly laid: Uint8Array
}

const readingOf = (bytes: Uint8Array): Reading => ({
  bytes: bytes.length,
  mtimeMs: 0,
  strength: 'cached',
  readInto: async (into, position) => {
    const piece = bytes.subarray(position, position + into.length)
    into.set(piece)
    return done(piece.length)
  },
  stat: async () => done({ bytes: bytes.length, mtimeMs: 0 }),
  close: async () => undefined,
})

/** A service with one file, and a folder in which so much of that file lies from before. */
async function makeFetching(left: Uint8Array, wish: { cutAt?: number; sent?: Uint8Array } = {}): Promise<Fetching> {
  const ground = await makeGround({ [path]: content })
  const [readFrom, kept, ended]: [number[], number[], string[]] = [[], [], []]
  const laid = new Uint8Array(content.length)
  const source: CardSource = {
    ...ground.tools.source,
    kind: 'place',
    isFar: true,
    open: async () => {
      const reading = readingOf(wish.sent ?? content)
      let isFirst = true
      return done({
        ...reading,
        readInto: async (into: Uint8Array, position: number) => {
          if (isFirst) readFrom.push(position)
          isFirst = false
          const failure: Failure = { code: 'service-unreachable', sentence: 'Cut.', advice: 'Wait.' }
          if (wish.cutAt !== undefined && position >= wish.cutAt) return { ok: false, failure }
          return reading.readInto(into, position)
        },
      })
    },
  }
  const place = ground.tools.places.get(pc)
  assert.ok(place !== undefined)
  // What is left can't be removed, so it would be found again and again.
  const nothing = new Uint8Array(0)
  const open = async (bytes: number, before: Uint8Array) => {
    laid.fill(0)
    laid.set(before)
    const end = async (how: string): Promise<void> => {
      ended.push(how)
    }
    const lasting: LastingWriting = {
      bytes,
      keptBytes: before.length,
      write: async (from, position) => {
        laid.set(from, position)
        return done(undefined)
      },
      finish: async () => done(undefined),
      openBack: async () => done(readingOf(laid)),
      discard: () => end('discarded'),
      leave: () => end('left'),
      openKept: async () => done(readingOf(before)),
      keepUpTo: async (position) => {
        kept.push(position)
        return done(undefined)
      },
    }
    return done(lasting)
  }
  const places = new Map([
    [pc, ground.disturbed(place, { goOn: (bytes) => open(bytes, left), begin: (bytes) => open(bytes, nothing) })],
  ])
  return { ground, tools: { ...ground.tools, source, places }, readFrom, kept, ended, laid }
}

const fetched = ({ ground, tools }: Fetching) =>
  copyFile({ ...ground.order(path, [pc]), expected: hashOf(content) }, tools)

test('[J1] [V1] what lies there is hashed, and only the rest is fetched; it is kept step by step', async () => {
  for (const keptBytes of [0, blockBytes, stepBytes, 40 * mebibyte]) {
    const fetching = await makeFetching(content.subarray(0, keptBytes))
    const written = valueOf(await fetched(fetching))
    assert.deepEqual([written.hash, written.bytesRead], [hashOf(content), content.length])
    assert.deepEqual(fetching.readFrom, [keptBytes])
    const steps = Array.from({ length: 3 }, (_, step) => keptBytes + (step + 1) * stepBytes)
    assert.deepEqual(
      fetching.kept,
      steps.filter((at) => at < content.length),
    )
    assert.equal(Buffer.compare(fetching.laid, content), 0)
    assert.ok(fetching.ground.allBlocksFree())
  }
})

test('[V1] a beginning that turns out wrong is thrown away, and the file is fetched whole, once', async () => {
  const wrong = content.slice(0, stepBytes)
  wrong[4711] = (wrong[4711] ?? 0) ^ 1
  const fetching = await makeFetching(wrong)
  assert.equal(valueOf(await fetched(fetching)).hash, hashOf(content))
  assert.deepEqual([fetching.readFrom, fetching.ended], [[stepBytes, 0], ['discarded']])
  // And when it is the source that is wrong, that is said of it, and nothing of it is kept.
  const sent = content.slice()
  sent[20 * mebibyte] = (sent[20 * mebibyte] ?? 0) ^ 1
  const bad = await makeFetching(content.slice(0, stepBytes), { sent })
  const answer = await fetched(bad)
  assert.equal(answer.ok ? 'done' : answer.failure.code, 'copy-differs')
  assert.deepEqual(
    [bad.readFrom, bad.ended],
    [
      [stepBytes, 0],
      ['discarded', 'discarded'],
    ],
  )
  assert.ok(bad.ground.allBlocksFree())
})

test('[J1] a line that is cut, or a person who says stop, leaves what was kept to a later run', async () => {
  const cut = await makeFetching(content.subarray(0, stepBytes), { cutAt: 36 * mebibyte })
  const answer = await fetched(cut)
  assert.equal(answer.ok ? 'done' : answer.failure.code, 'service-unreachable')
  assert.deepEqual([cut.kept, cut.ended], [[2 * stepBytes], ['left']])
  const stopped = await makeFetching(new Uint8Array(0))
  const stop = new AbortController()
  stop.abort()
  const said = await fetched({ ...stopped, tools: { ...stopped.tools, cancel: stop.signal } })
  assert.equal(said.ok ? 'done' : said.failure.code, 'stopped-by-person')
  assert.deepEqual(stopped.ended, ['left'])
})

test('[J1] only what is whole from the start is kept, in whatever order the pieces come to their end', async () => {
  const pieces = fc.shuffledSubarray([...Array(24).keys()], { minLength: 24 })
  await fc.assert(
    fc.asyncProperty(pieces, async (order) => {
      const written = new Set<number>()
      const lasting = { bytes: 25 * 4 * mebibyte, keptBytes: 0 } as LastingWriting
      lasting.keepUpTo = async (position) => {
        for (let piece = 0; piece * 4 * mebibyte < position; piece += 1)
          assert.ok(written.has(piece), `${position} were kept, and piece ${piece} is not there`)
        return done(undefined)
      }
      const keeper = new Keeper(lasting, { isFar: true })
      for (const piece of order) {
        written.add(piece)
        valueOf(await keeper.wrote(piece * 4 * mebibyte, 4 * mebibyte))
      }
    }),
  )
})
