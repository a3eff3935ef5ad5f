import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startMd5Digest } from './digests.ts'
import { KeptDigest } from './kept-digest.ts'

const bytes = Buffer.from('a photograph')
const sent = { bytes: bytes.length, mtimeMs: 1_700_000_000_750 }
const digest = startMd5Digest()
digest.update(bytes)
const md5 = digest.end().digest
const file = { bytes: bytes.length, mtimeMs: 1_700_000_000_000, digests: { md5 }, objectId: '' }

function kept(content: Uint8Array = bytes): KeptDigest {
  const one = new KeptDigest(startMd5Digest())
  one.update(content)
  return one
}

test('a digest may be looked at by the upload, and is still there for the engine', () => {
  const one = kept()
  assert.ok(one.isOf(file, sent))
  assert.equal(one.end().digest, md5)
  assert.equal(one.end().digest, md5)
})

test('[W2] another hash, another size, or a file that did not go by whole is not ours', () => {
  assert.equal(kept().isOf({ ...file, digests: { md5: 'f'.repeat(32) } }, sent), false)
  assert.equal(kept().isOf({ ...file, bytes: 3 }, sent), false)
  assert.equal(kept(bytes.subarray(1)).isOf(file, sent), false)
})

test('[W2] without a hash of the service it is ours by size and time, in whole seconds', () => {
  assert.equal(kept().isOf({ ...file, digests: {} }, sent), true)
  assert.equal(kept().isOf({ ...file, digests: {}, mtimeMs: 1_700_000_001_000 }, sent), false)
})
