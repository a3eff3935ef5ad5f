import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseContentHash } from './ids.ts'
import { makeWriter, onTheWayName, onTheWayOf, sessionName, writerOf } from './temporary-name.ts'

const digits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: 32, maxLength: 32 })

test('a file on its way is known by its name: what it is to be, how far it is, and who writes it', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 40 }),
      fc.nat(),
      digits,
      fc.maxSafeNat(),
      fc.maxSafeNat(),
      (host, pid, hash, one, other) => {
        const [keptBytes = 0, bytes = 0] = [one, other].map((size) => size % 1e15).toSorted((a, b) => a - b)
        const writer = makeWriter(host, pid)
        const what = { hash: parseContentHash(hash), bytes, keptBytes }
        const name = onTheWayName(`${sessionName(writer, 1_790_000_000_000)}.3-12`, what)
        assert.deepEqual(onTheWayOf(name), what)
        assert.deepEqual(writerOf(name), writer)
        assert.ok(name.length <= 200, 'longer than file systems like')
      },
    ),
  )
})

test('no other name is taken for one', () => {
  const hash = 'a'.repeat(32)
  for (const name of [
    'host.12.k3fa.1-1',
    `IMG_0042.${hash}.5.3`,
    `host.12.k3fa.1-1.${hash}.5`,
    `host.12.k3fa.1-1.${hash.toUpperCase()}.5.3`,
    `host.12.k3fa.1-1.${hash}.5.3.jpg`,
    `host.12.k3fa.1-1.${hash}.-5.3`,
  ])
    assert.equal(onTheWayOf(name), null, name)
})
