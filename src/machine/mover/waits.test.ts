import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parsePlaceId } from '../../domain/ids.ts'
import type { Progress } from '../../engine/contracts.ts'
import { makeWatch, Waits } from './waits.ts'

const nas = parsePlaceId('nas')
const pc = parsePlaceId('pc')

test('[J2] the longest wait is the one that began first and has not ended', () => {
  const waits = new Waits(null)
  assert.equal(waits.longest(performance.now()), null)
  const endRead = waits.begin('card', 'read')
  const endWrite = waits.begin(nas, 'write')
  assert.equal(waits.longest(performance.now())?.verb, 'read')
  endRead()
  const longest = waits.longest(performance.now() + 5000)
  assert.deepEqual([longest?.where, longest?.verb], [nas, 'write'])
  assert.ok((longest?.forMs ?? 0) >= 5000)
  endWrite()
  endWrite()
  assert.equal(waits.longest(performance.now()), null)
})

test('[J2] who was asked last stands in one byte before the call begins: 0 nobody, 1 the card, 2 and up the places', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fivefold-waits-'))
  const fd = openSync(join(folder, 'knock'), 'wx+')
  try {
    const knock = (): number => {
      const byte = new Uint8Array(1)
      readSync(fd, byte, 0, 1, 0)
      return byte[0] ?? 0
    }
    const waits = new Waits(fd)
    waits.setPlaces([nas, pc])
    const knocks = ['card', nas, pc, pc, 'card', 'elsewhere'].map((where) => {
      waits.begin(where, 'read')
      return knock()
    })
    assert.deepEqual(knocks, [1, 2, 3, 3, 1, 0])
    waits.setPlaces([pc])
    waits.begin(pc, 'read')
    assert.equal(knock(), 2, 'the places are those of the work that goes on')
  } finally {
    closeSync(fd)
    rmSync(folder, { recursive: true })
  }
})

test('progress is told in sums, and at most five times a second', (context) => {
  let nowMs = 10_000
  context.mock.method(performance, 'now', () => nowMs)
  const told: Progress[] = []
  const watch = makeWatch(new Waits(null), (progress) => told.push(progress))
  for (let piece = 0; piece < 1000; piece += 1) {
    watch.moved({ read: 10, written: 20, proven: 5, path: `${piece}.jpg` })
    nowMs += 1
  }
  assert.deepEqual(
    told.map(({ bytesRead }) => bytesRead),
    [0, 200, 400, 600, 800].map((pieces) => (pieces + 1) * 10),
  )
  assert.deepEqual(told.at(-1), { bytesRead: 8010, bytesWritten: 16_020, bytesProven: 4005, path: '800.jpg' })
})
