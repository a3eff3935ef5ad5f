import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePlaceId } from '../../domain/ids.ts'
import { newPlaceId } from './new-place-id.ts'

const allZero = (bytes: number): Uint8Array => new Uint8Array(bytes)

test('an id is the name in plain letters, and chance', () => {
  const slugs: readonly (readonly [name: string, id: string])[] = [
    ['NAS', 'nas-aaaa'],
    ['Übergroße Ablage', 'ubergrosse-ablage-aaaa'],
    ['Rødkælder: 2', 'rodkaelder-2-aaaa'],
    ['A very long name for a drive', 'a-very-long-name-for-aaaa'],
    ['exactly twenty chars and', 'exactly-twenty-chars-aaaa'],
    ['--- NAS ---', 'nas-aaaa'],
    ['保管庫', 'place-aaaa'],
    ['', 'place-aaaa'],
  ]
  for (const [name, id] of slugs) assert.equal(newPlaceId(name, allZero), id)
})

test('every byte of chance becomes a letter that an id may hold, and two ids differ', () => {
  const letters = new Set<string>()
  for (let byte = 0; byte < 256; byte += 1) {
    const id = newPlaceId('NAS', (bytes) => new Uint8Array(bytes).fill(byte))
    assert.equal(parsePlaceId(id), id)
    letters.add(id.slice(-1))
  }
  assert.equal(letters.size, 32)
  assert.match(newPlaceId('NAS'), /^nas-[a-z2-7]{4}$/)
  assert.ok(new Set(Array.from({ length: 20 }, () => newPlaceId('NAS'))).size > 1)
})
