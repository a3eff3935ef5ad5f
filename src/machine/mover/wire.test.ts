import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { makeLineSplitter } from './wire.ts'

test('lines come out whole and in order, wherever the stream was cut', () => {
  const line = fc.string().map((text) => JSON.stringify({ text, more: 'é🎞️\n' }))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(400)), (lines, cuts) => {
      const stream = lines.map((one) => `${one}\n`).join('')
      const heard: string[] = []
      const split = makeLineSplitter((one) => heard.push(one))
      const ends = [...cuts.filter((cut) => cut < stream.length), stream.length].toSorted((a, b) => a - b)
      for (const [index, end] of ends.entries()) split(stream.slice(ends[index - 1] ?? 0, end))
      assert.deepEqual(heard, lines)
    }),
  )
})

test('a line that has no end yet is not told', () => {
  const heard: string[] = []
  const split = makeLineSplitter((one) => heard.push(one))
  split('one\ntw')
  assert.deepEqual(heard, ['one'])
  split('o\n\n')
  assert.deepEqual(heard, ['one', 'two'])
})
