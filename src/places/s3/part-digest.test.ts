import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { startMd5Digest, startS3EtagDigest } from '../cloud/digests.ts'
import { PartDigest } from './part-digest.ts'

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

describe('[V1] the sum of an upload in parts', () => {
  for (const bytes of [11, 20, 21, 30, 95])
    for (const step of [1, 7, 10, 100])
      test(`${bytes} bytes in parts of 10, fed ${step} by ${step}: as the digest that files already there get`, () => {
        const data = Buffer.from(Array.from({ length: bytes }, (_, index) => index))
        const [own, other] = [new PartDigest(10), startS3EtagDigest(10)]
        for (let at = 0; at < bytes; at += step)
          for (const digest of [own, other]) digest.update(data.subarray(at, at + step))
        assert.deepEqual(own.end(), other.end())
        assert.deepEqual(own.end(), own.end())
        for (let number = 1; number <= Math.ceil(bytes / 10); number += 1)
          assert.equal(own.part(number)?.toString('hex'), md5(data.subarray((number - 1) * 10, number * 10)))
        assert.equal(own.part(Math.ceil(bytes / 10) + 1), null)
      })

  test('in one go it is the MD5, also of nothing', () => {
    for (const data of [Buffer.alloc(0), Buffer.from('abc')]) {
      const [own, other] = [new PartDigest(null), startMd5Digest()]
      for (const digest of [own, other]) digest.update(data)
      assert.deepEqual(own.end(), other.end())
    }
  })
})
