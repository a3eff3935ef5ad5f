import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { CardFile, CardListing, RollFile } from './card.ts'
import { tellRoll } from './roll.ts'

const listing = (files: readonly CardFile[]): CardListing => ({ complete: true, files, leftOut: [], emptyFolders: [] })
const remembered = (files: readonly CardFile[]): readonly RollFile[] => files.map((file) => ({ ...file, hash: null }))
const file = (path: string, bytes = 1, mtimeMs = 1): CardFile => ({ path, bytes, mtimeMs })

const cardFile = fc.record({
  path: fc.constantFrom('a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg'),
  bytes: fc.nat(2),
  mtimeMs: fc.nat(2),
})
const cardFiles = fc.uniqueArray(cardFile, { selector: ({ path }) => path })
const same = (one: CardFile, other: CardFile): boolean =>
  one.path === other.path && one.bytes === other.bytes && one.mtimeMs === other.mtimeMs

test('a card that was never read has a new roll, even when it is empty', () => {
  for (const files of [[], [file('a.jpg')]])
    assert.deepEqual(tellRoll([], listing(files)), { kind: 'new', because: 'first-seen' })
})

test('[C2] one file that is still there makes it the same roll; none means that the card was formatted', () => {
  const last = remembered([file('a.jpg'), file('b.jpg')])
  assert.deepEqual(tellRoll(last, listing([file('b.jpg'), file('c.jpg')])), {
    kind: 'same',
    added: [file('c.jpg')],
    gone: [last[0]],
  })
  for (const now of [[], [file('c.jpg')], [file('a.jpg', 2), file('b.jpg', 1, 2)]])
    assert.deepEqual(tellRoll(last, listing(now)), { kind: 'new', because: 'formatted' })
})

test('a file with another size or time is a new one, and the old one is gone', () => {
  const last = remembered([file('a.jpg'), file('b.jpg')])
  const told = tellRoll(last, listing([file('a.jpg'), file('b.jpg', 1, 9)]))
  assert.deepEqual(told, { kind: 'same', added: [file('b.jpg', 1, 9)], gone: [last[1]] })
})

test('[D3] every file of the card is known or added, every file of the roll is there or gone, and nothing is both', () => {
  fc.assert(
    fc.property(cardFiles, cardFiles, (before, now) => {
      const told = tellRoll(remembered(before), listing(now))
      const there = now.filter((one) => before.some((other) => same(one, other)))
      assert.equal(told.kind, there.length > 0 ? 'same' : 'new')
      if (told.kind === 'new') return
      assert.deepEqual(
        told.added,
        now.filter((one) => !there.includes(one)),
      )
      assert.deepEqual(
        told.gone.map(({ path }) => path),
        before.filter((one) => !there.some((other) => same(one, other))).map(({ path }) => path),
      )
    }),
  )
})

test('a card that did not change has nothing added and nothing gone', () => {
  fc.assert(
    fc.property(cardFiles, (files) => {
      fc.pre(files.length > 0)
      assert.deepEqual(tellRoll(remembered(files), listing(files)), { kind: 'same', added: [], gone: [] })
    }),
  )
})
