import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { goProChapter, sortByCounter } from './counter-order.ts'

function assertOrder(expected: readonly string[]): void {
  assert.deepEqual(sortByCounter(expected.toReversed()), expected)
  assert.deepEqual(sortByCounter(expected.toSorted()), expected)
}

test('after 9999 comes 0001 in the next folder', () => {
  assertOrder([
    'DCIM/100CANON/_MG_9998.JPG',
    'DCIM/100CANON/_MG_9999.JPG',
    'DCIM/101CANON/_MG_0001.JPG',
    'DCIM/101CANON/_MG_0002.JPG',
  ])
})

test('after 9999 comes 0001 in the same folder, when the numbers leave a gap', () => {
  assertOrder(['A/DSC_9998.NEF', 'A/DSC_9999.NEF', 'A/DSC_0001.NEF', 'A/DSC_0002.NEF'])
  assertOrder(['A/DSC_0001.NEF', 'A/DSC_0002.NEF', 'A/DSC_5000.NEF'])
})

test('pictures and movies share one counter', () => {
  assertOrder(['A/IMG_0001.CR3', 'A/IMG_0001.JPG', 'A/MVI_0002.MP4', 'A/IMG_0003.CR3'])
})

test('GoPro sorts by recording, then by chapter', () => {
  assertOrder(['A/GX010034.MP4', 'A/GX020034.MP4', 'A/GX010035.MP4', 'A/GX020035.MP4'])
  assertOrder(['A/GOPR0034.MP4', 'A/GP010034.MP4', 'A/GP020034.MP4', 'A/GOPR0035.MP4'])
  assertOrder(['A/GL010034.LRV', 'A/GX010034.MP4', 'A/GL020034.LRV', 'A/GX020034.MP4'])
  assert.deepEqual(goProChapter('gx020034'), { recording: '0034', chapter: 2 })
  assert.deepEqual(goProChapter('GOPR0034'), { recording: '0034', chapter: 0 })
  assert.equal(goProChapter('G0010034'), null)
})

test('names without a counter follow in natural order', () => {
  assertOrder(['A/IMG_0009.JPG', 'A/C9.MP4', 'A/C10.MP4', 'A/notes.txt'])
  assertOrder(['DCIM/Camera/20240112_235959.heic', 'DCIM/Camera/20240113_000001.heic'])
})

test('sorting loses and invents nothing, and does not depend on the order before', () => {
  const name = fc.oneof(
    fc.stringMatching(/^(IMG_|DSC0|_MG_|GX01|GX02|GOPR|GP01)(000[0-9]|999[0-9])\.(JPG|MP4)$/),
    fc.string({ minLength: 1, maxLength: 5 }),
  )
  const path = fc.tuple(fc.constantFrom('DCIM/100CANON', 'DCIM/101CANON', ''), name).map((parts) => parts.join('/'))
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 30 }), (paths) => {
      const sorted = sortByCounter(paths)
      assert.deepEqual(sorted.toSorted(), paths.toSorted())
      assert.deepEqual(sortByCounter(paths.toReversed()), sorted)
    }),
  )
})
