import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { cutToBytes, utf8Bytes } from './text-bytes.ts'

const text = fc.string({ unit: 'binary' })

test('bytes are counted as UTF-8 has them', () => {
  fc.assert(fc.property(text, (any) => assert.equal(utf8Bytes(any), Buffer.byteLength(any))))
})

test('a cut is the longest beginning that fits, and never cuts through a character', () => {
  fc.assert(
    fc.property(text, fc.nat(40), (any, bytesMax) => {
      const cut = cutToBytes(any, bytesMax)
      assert.ok(any.startsWith(cut) && cut.isWellFormed() === any.slice(0, cut.length).isWellFormed())
      assert.ok(utf8Bytes(cut) <= bytesMax)
      const next = any.codePointAt(cut.length)
      if (next !== undefined) assert.ok(utf8Bytes(cut + String.fromCodePoint(next)) > bytesMax)
    }),
  )
})
