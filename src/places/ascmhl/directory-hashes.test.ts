import assert from 'node:assert/strict'
import test from 'node:test'
import { createXXHash128, createXXHash64 } from 'hash-wasm'
import { folderHashes } from './directory-hashes.ts'

const xxh64 = await createXXHash64()
const xxh128 = await createXXHash128()
const hash64 = (bytes: Uint8Array): string => xxh64.init().update(bytes).digest('hex')
const hash128 = (bytes: Uint8Array): string => xxh128.init().update(bytes).digest('hex')

const files = [
  { path: 'Clips/A002C006_141024_R2EC.mov', hash: '0ea03b369a463d9d' },
  { path: 'Clips/A002C007_141024_R2EC.mov', hash: '7680e5f98f4a80fd' },
  { path: 'Sidecar.txt', hash: '3ab5a4166b9bde44' },
]

test('folder hashes are those of the reference implementation', () => {
  const hashes = folderHashes(files, [], hash64)
  assert.deepEqual(hashes.get('Clips'), { content: '4c226b42e27d7af3', structure: '906faa843d591a9f' })
  assert.deepEqual(hashes.get(''), { content: '8d02114c32e28cbe', structure: 'f557f8ca8e5a88ef' })
})

test('the order of the files given makes no difference', () => {
  assert.deepEqual(folderHashes(files.toReversed(), [], hash64).get(''), folderHashes(files, [], hash64).get(''))
})

test('a renamed file changes the structure only; an empty folder changes both', () => {
  const before = folderHashes(files, [], hash64).get('')
  const renamed = folderHashes([{ path: 'Clips/Z.mov', hash: files[0]!.hash }, ...files.slice(1)], [], hash64).get('')
  assert.equal(renamed?.content, before?.content)
  assert.notEqual(renamed?.structure, before?.structure)
  const grown = folderHashes(files, ['Empty'], hash64).get('')
  assert.notEqual(grown?.content, before?.content)
  assert.notEqual(grown?.structure, before?.structure)
})

test('an empty folder has the hash of nothing', () => {
  const nothing = '99aa06d3014798d86001c324468d497f'
  assert.deepEqual(folderHashes([], ['A/B'], hash128).get('A/B'), { content: nothing, structure: nothing })
  assert.deepEqual(folderHashes([], [], hash128).get(''), { content: nothing, structure: nothing })
})

test('impossible listings are bugs, and thrown', () => {
  const hash = files[0]!.hash
  const make = (...paths: string[]): unknown =>
    folderHashes(
      paths.map((path) => ({ path, hash })),
      [],
      hash64,
    )
  assert.throws(() => make('A', 'A'), /Given twice/)
  assert.throws(() => make('A', 'A/B'), /File and folder at once/)
  for (const path of ['/A', '../A', 'A//B', './A', 'A/', '']) assert.throws(() => make(path), /Not a path below/)
})
