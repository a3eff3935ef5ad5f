import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { FileRead } from './card-trust.ts'
import { judgeTrust } from './card-trust.ts'

const since = 1000
const good = (path: string): FileRead => ({
  path,
  hashed: true,
  second: { agreed: true, pastTheCache: true, atMs: since + 1 },
})

test('[V4] a suspect card is trusted only when every file was read again since, past the cache, and agreed', () => {
  const second = { agreed: true, pastTheCache: true, atMs: since + 1 }
  const doubts: readonly FileRead[] = [
    { ...good('x'), hashed: false },
    { ...good('x'), second: null },
    { ...good('x'), second: { ...second, agreed: false } },
    { ...good('x'), second: { ...second, pastTheCache: false } },
    { ...good('x'), second: { ...second, atMs: since } },
  ]
  fc.assert(
    fc.property(fc.nat(5), fc.nat(5), (before, after) => {
      const files = (count: number): readonly FileRead[] =>
        Array.from({ length: count }, (_, index) => good(`${index}`))
      const all = [...files(before), ...files(after)]
      assert.equal(judgeTrust(all, since).kind, all.length > 0 ? 'may-trust' : 'stays-suspect')
      for (const doubt of doubts) {
        const trust = judgeTrust([...files(before), doubt, ...files(after)], since)
        assert.ok(trust.kind === 'stays-suspect' && trust.files === 1, JSON.stringify(doubt))
      }
    }),
  )
})
