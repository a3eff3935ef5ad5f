import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseContentHash } from './ids.ts'
import type { DifferingFacts } from './tell-change.ts'
import { isMassChange, tellDiffering, whereItMayBe } from './tell-change.ts'

const shotAtMs = 1_790_000_000_000
const as = (change: Partial<DifferingFacts>): ReturnType<typeof tellDiffering> =>
  tellDiffering({
    path: 'DCIM/IMG_0001.JPG',
    bytes: 1000,
    foundBytes: 1000,
    writtenMtimeMs: shotAtMs,
    foundMtimeMs: shotAtMs,
    mtimeStepMs: 1,
    look: { kind: 'fine' },
    ...change,
  })
const broken = { kind: 'cut-off', sentence: 'It is cut off.' } as const

test('other bytes of the same size and time are bit rot, whether or not the picture still opens', () => {
  assert.equal(as({}), 'rot')
  assert.equal(as({ look: broken }), 'rot')
  assert.equal(as({ foundMtimeMs: shotAtMs + 1999 }), 'rot', 'FAT counts in two seconds')
  assert.equal(as({ writtenMtimeMs: null }), 'rot', 'a time that nobody knows speaks for nothing')
})

test('a picture that an editor saved opens, is newer, and has another size', () => {
  const saved = { foundBytes: 1400, foundMtimeMs: shotAtMs + 60_000 }
  for (const path of ['A.DNG', 'A.jpg', 'A.tif', 'A.HEIC', 'A.psd']) assert.equal(as({ path, ...saved }), 'edited')
  assert.equal(as({ ...saved, writtenMtimeMs: null }), 'edited')
  assert.equal(as({ ...saved, look: broken }), 'overwritten', 'malware leaves nothing that opens')
  assert.equal(as({ ...saved, look: null }), 'overwritten', 'what could not be looked into is not called an edit')
  assert.equal(as({ ...saved, path: 'A.CR3' }), 'overwritten', 'editors leave raw files alone')
  assert.equal(as({ ...saved, foundMtimeMs: shotAtMs }), 'overwritten', 'an editor does not set the clock back')
  assert.equal(as({ ...saved, foundMtimeMs: shotAtMs - 60_000 }), 'overwritten')
  assert.equal(as({ foundMtimeMs: shotAtMs + 60_000 }), 'overwritten', 'a byte poked into a file keeps its size')
})

test('a sidecar that is newer was written by an editor, even when one digit is all that changed', () => {
  const path = 'DCIM/IMG_0001.XMP'
  const look = { kind: 'not-a-picture' } as const
  assert.equal(as({ path, look, foundMtimeMs: shotAtMs + 60_000 }), 'edited')
  assert.equal(as({ path, look }), 'rot')
  assert.equal(as({ path, look, foundBytes: 0, foundMtimeMs: shotAtMs + 60_000 }), 'overwritten')
})

test('nothing that does not open is ever called an edit, sidecars aside', () => {
  fc.assert(
    fc.property(
      fc.nat(5000),
      fc.integer({ min: -1e7, max: 1e7 }),
      fc.option(fc.constant(shotAtMs)),
      fc.constantFrom('A.JPG', 'A.CR3', 'A.MP4', 'A.DNG', 'A'),
      (foundBytes, later, writtenMtimeMs, path) =>
        as({ foundBytes, foundMtimeMs: shotAtMs + later, writtenMtimeMs, path, look: broken }) !== 'edited',
    ),
  )
})

const hash = parseContentHash('0'.repeat(32))
const at = (path: string, bytes: number): { path: string; bytes: number; mtimeMs: number } => ({
  path,
  bytes,
  mtimeMs: 0,
})

test('of many files of one size, the one with the name and the most alike folders is read first', () => {
  const lost = { path: '2026/Old name/CARD 001/DCIM/100/IMG_0007.NEF', hash, bytes: 50 }
  const files = [
    at('2026/Other/CARD 002/DCIM/101/IMG_0007.NEF', 50),
    at('2026/New name/CARD 001/DCIM/100/img_0007.nef', 50),
    at('2026/New name/CARD 001/DCIM/100/IMG_0008.NEF', 50),
    at('2026/New name/CARD 001/DCIM/100/IMG_0007.NEF', 51),
  ]
  assert.deepEqual(whereItMayBe([lost], files).get(lost), {
    sameName: ['2026/New name/CARD 001/DCIM/100/img_0007.nef', '2026/Other/CARD 002/DCIM/101/IMG_0007.NEF'],
    otherName: ['2026/New name/CARD 001/DCIM/100/IMG_0008.NEF'],
  })
})

test('a handful of damaged files is usual, more than that and more than a twentieth is not', () => {
  assert.equal(isMassChange(20, 30), false)
  assert.equal(isMassChange(21, 30), true)
  assert.equal(isMassChange(50, 1000), false)
  assert.equal(isMassChange(51, 1000), true)
})
