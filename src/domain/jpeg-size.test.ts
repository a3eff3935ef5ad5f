import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { jpegSize } from './jpeg-size.ts'

const frame = (width: number, height: number, marker = 0xc0): number[] => [
  0xff,
  marker,
  0,
  11,
  8,
  height >> 8,
  height & 255,
  width >> 8,
  width & 255,
  1,
  1,
  0x11,
  0,
]
const start = [0xff, 0xd8]
const segment = [0xff, 0xe1, 0, 6, 1, 2, 3, 4]
const sized = (bytes: readonly number[]) => jpegSize(Uint8Array.from(bytes))

test('the size stands in the first frame header, whatever comes before it', () => {
  assert.deepEqual(sized([...start, ...frame(160, 120)]), { width: 160, height: 120 })
  assert.deepEqual(sized([...start, ...segment, 0xff, ...frame(1, 700, 0xc2)]), { width: 1, height: 700 })
  assert.deepEqual(sized([...start, 0xff, 0xc4, 0, 5, 9, 9, 9, ...frame(8, 9)]), { width: 8, height: 9 })
})

test('what has no frame header has no size', () => {
  assert.equal(sized([]), null)
  assert.equal(sized(start), null)
  assert.equal(sized([0x89, 0x50, ...frame(160, 120)]), null)
  assert.equal(sized([...start, ...frame(0, 120)]), null)
  assert.equal(sized([...start, ...frame(160, 0)]), null)
  assert.equal(sized([...start, 0xff, 0xda, 0, 2, ...frame(160, 120)]), null)
  assert.equal(sized([...start, ...frame(160, 120).slice(0, 7)]), null)
  assert.equal(sized([...start, 0xff, 0xe1, 0xff, 0xff, ...frame(160, 120)]), null)
})

test('no bytes make it run on or throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const size = jpegSize(Uint8Array.from([0xff, 0xd8, ...bytes]))
      assert.ok(size === null || (size.width > 0 && size.height > 0))
    }),
  )
})
