import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import type { ServiceDigest } from '../../engine/cloud-contract.ts'
import {
  startDropboxDigest,
  startMd5Digest,
  startQuickXorDigest,
  startS3EtagDigest,
  startSha1Digest,
  startSha256Digest,
} from './digests.ts'

const digestOf = (digest: ServiceDigest, ...pieces: Uint8Array[]): string => {
  for (const piece of pieces) digest.update(piece)
  return digest.end().digest
}
const text = (of: string): Uint8Array => Buffer.from(of, 'utf8')
const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest()
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

/** The same bytes in pieces of one length, each so many bytes behind the edge of a word in memory. */
function inPieces(bytes: Uint8Array, pieceBytes: number, behind = 1): Uint8Array[] {
  const pieces = []
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    const moved = new Uint8Array(piece.length + behind).subarray(behind)
    moved.set(piece)
    pieces.push(moved)
  }
  return pieces
}

/** Published vectors (length, bytes, sum), from the table that rclone keeps (MIT licence). */
const quickXorVectors: readonly (readonly [number, string, string])[] = [
  [0, '', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  [1, 'Sg==', 'SgAAAAAAAAAAAAAAAQAAAAAAAAA='],
  [2, 'tbQ=', 'taAFAAAAAAAAAAAAAgAAAAAAAAA='],
  [3, '0pZP', '0rDEEwAAAAAAAAAAAwAAAAAAAAA='],
  [8, '/aNzzCFPS/A=', '/RjFHJgRgicsAR4ACAAAAAAAAAA='],
  [14, 'XoJ1AsoR4fDYJrDqYs4=', 'XhBEHQSgjAiEAx7YPgEs1CEGZwA='],
  [15, 'gQaybEqS/4UlDc8e4IJm', 'gDCALNigBEn8oxAlZ8AzPAAOQZg='],
  [16, '2fuxhBJXtpWFe8dOfdGeHw==', 'O9tHLAghgSvYohKFyMMxnNCHaHg='],
  [20, 'T6LYJIfDh81JrAK309H2JMJTXis=', 'zBTHrspn3mEcohlJdIUAbjGNaNg='],
  [33, 'qQ70RB++JAR5ljNv3lJt1PpqETPsckopfonItu18Cr3E', 'FkJaeg/0Z5+euShYlLpE2tJh+Lo='],
  [
    64,
    'Mb7EGva2rEE5fENDL85P+BsapHEEjv2/siVhKjvAQe02feExVOQSkfmuYzU/kTF1MaKjPmKF/w+cbvwfdWL8aQ==',
    'n1anP5NfvD4XDYWIeRPW3ZkPv1Y=',
  ],
  [
    128,
    'ikwCorI7PKWz17EI50jZCGbV9JU2E8bXVfxNMg5zdmqSZ2NlsQPp0kqYIPjzwTg1MBtfWPg53k0h0P2naJNEVgrqpoHTfV2b3pJ4m0zYPTJmUX4Bg/lOxcnCxAYKU29Y5F0U8Quz7ZXFBEweftXxJ7RS4r6N7BzJrPsLhY7hgck=',
    'imAoFvCWlDn4yVw3/oq1PDbbm6U=',
  ],
  [
    222,
    'PfxMcUd0vIW6VbHG/uj/Y0W6qEoKmyBD0nYebEKazKaKG+UaDqBEcmQjbfQeVnVLuodMoPp7P7TR1htX5n2VnkHh22xDyoJ8C/ZQKiSNqQfXvh83judf4RVr9exJCud8Uvgip6aVZTaPrJHVjQhMCp/dEnGvqg0oN5OVkM2qqAXvA0teKUDhgNM71sDBVBCGXxNOR2bpbD1iM4dnuT0ey4L+loXEHTL0fqMeUcEi2asgImnlNakwenDzz0x57aBwyq3AspCFGB1ncX4yYCr/OaCcS5OKi/00WH+wNQU3',
    'QX/YEpG0gDsmhEpCdWhsxDzsfVE=',
  ],
  [
    256,
    'qwGf2ESubE5jOUHHyc94ORczFYYbc2OmEzo+hBIyzJiNwAzC8PvJqtTzwkWkSslgHFGWQZR2BV5+uYTrYT7HVwRM40vqfj0dBgeDENyTenIOL1LHkjtDKoXEnQ0mXAHoJ8PjbNC93zi5TovVRXTNzfGEs5dpWVqxUzb5lc7dwkyvOluBw482mQ4xrzYyIY1t+//OrNi1ObGXuUw2jBQOFfJVj2Y6BOyYmfB1y36eBxi3zxeG5d5NYjm2GSh6e08QMAwu3zrINcqIzLOuNIiGXBtl7DjKt7b5wqi4oFiRpZsCyx2smhSrdrtK/CkdU6nDN+34vSR/M8rZpWQdBE7a8g==',
    'WYT9JY3JIo/pEBp+tIM6Gt2nyTM=',
  ],
  [
    333,
    'w0LGhqU1WXFbdavqDE4kAjEzWLGGzmTNikzqnsiXHx2KRReKVTxkv27u3UcEz9+lbMvYl4xFf2Z4aE1xRBBNd1Ke5C0zToSaYw5o4B/7X99nKK2/XaUX1byLow2aju2XJl2OpKpJg+tSJ2fmjIJTkfuYUz574dFX6/VXxSxwGH/xQEAKS5TCsBK3CwnuG1p5SAsQq3gGVozDWyjEBcWDMdy8/AIFrj/y03Lfc/RNRCQTAfZbnf2QwV7sluw4fH3XJr07UoD0YqN+7XZzidtrwqMY26fpLZnyZjnBEt1FAZWO7RnKG5asg8xRk9YaDdedXdQSJAOy6bWEWlABj+tVAigBxavaluUH8LOj+yfCFldJjNLdi90fVHkUD/m4Mr5OtmupNMXPwuG3EQlqWUVpQoYpUYKLsk7a5Mvg6UFkiH596y5IbJEVCI1Kb3D1',
    'e3+wo77iKcILiZegnzyUNcjCdoQ=',
  ],
]

/** Written from Microsoft's description with one big number, bit by bit: slow, and nothing in it is shared with the real one. */
function slowQuickXor(bytes: Uint8Array): string {
  const mask = (1n << 160n) - 1n
  let sum = 0n
  for (const [index, byte] of bytes.entries()) {
    const shifted = BigInt(byte) << BigInt((index * 11) % 160)
    sum ^= (shifted & mask) ^ (shifted >> 160n)
  }
  sum ^= (BigInt(bytes.length) << 96n) & mask
  const hex = sum.toString(16).padStart(40, '0')
  return Buffer.from(Buffer.from(hex, 'hex').toReversed()).toString('base64')
}

function mixed(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index += 1) bytes[index] = (index * 131 + (index >> 7) * 17 + 5) & 0xff
  return bytes
}

describe('[V1] quickXorHash', () => {
  for (const [length, base64, expected] of quickXorVectors)
    test(`[V1] the published sum of ${length} bytes, whole and in pieces`, () => {
      const bytes = Buffer.from(base64, 'base64')
      assert.equal(bytes.length, length)
      assert.equal(digestOf(startQuickXorDigest(), bytes), expected)
      for (const piece of [1, 3, 7, 64, 160, 161])
        assert.equal(digestOf(startQuickXorDigest(), ...inPieces(bytes, piece)), expected)
    })

  test('[V1] long files, at every alignment, are as a slow and separate computation has them', () => {
    for (const length of [159, 160, 161, 319, 320, 321, 4096, 100_003]) {
      const bytes = mixed(length)
      const expected = slowQuickXor(bytes)
      assert.equal(digestOf(startQuickXorDigest(), bytes), expected)
      for (const piece of [2, 5, 160, 164, 333, 4096, 4099, length])
        for (const behind of [0, 1, 2, 3])
          assert.equal(
            digestOf(startQuickXorDigest(), ...inPieces(bytes, piece, behind)),
            expected,
            `${length} in ${piece}, ${behind} behind a word`,
          )
    }
  })
})

describe('[V1] Dropbox content hash', () => {
  const block = 4 * 1024 * 1024
  const twoBlocks = mixed(2 * block + 5)

  test('[V1] nothing is SHA-256 of nothing', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    assert.equal(digestOf(startDropboxDigest()), empty)
    assert.equal(digestOf(startDropboxDigest(), new Uint8Array(0)), empty)
  })

  test('[V1] the rule, on both sides of the edges of its blocks', () => {
    for (const length of [1, block - 1, block, block + 1, 2 * block, 2 * block + 5]) {
      const bytes = twoBlocks.subarray(0, length)
      const blocks = []
      for (let at = 0; at < length; at += block) blocks.push(sha256(bytes.subarray(at, at + block)))
      const expected = sha256(Buffer.concat(blocks)).toString('hex')
      assert.equal(digestOf(startDropboxDigest(), bytes), expected, `${length} bytes`)
      assert.equal(digestOf(startDropboxDigest(), ...inPieces(bytes, 1_000_003)), expected, `${length} bytes`)
    }
  })

  test('[V1] one short block is the SHA-256 of its SHA-256', () => {
    // SHA-256('abc') is ba7816bf…; this is SHA-256 of those 32 bytes.
    assert.equal(
      digestOf(startDropboxDigest(), text('abc')),
      '4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358',
    )
  })
})

describe('[V1] S3 ETag', () => {
  const five = 5

  test('[V1] at most one part is one plain PUT: the MD5 itself', () => {
    assert.equal(digestOf(startS3EtagDigest(five)), 'd41d8cd98f00b204e9800998ecf8427e')
    assert.equal(digestOf(startS3EtagDigest(3), text('abc')), '900150983cd24fb0d6963f7d28e17f72')
    assert.equal(digestOf(startS3EtagDigest(3), text('a'), text('bc')), '900150983cd24fb0d6963f7d28e17f72')
  })

  test('[V1] more parts are the MD5 of their MD5s and their number', () => {
    for (const [whole, parts] of [
      ['aaaaab', ['aaaaa', 'b']],
      ['aaaaabbbbb', ['aaaaa', 'bbbbb']],
      ['aaaaabbbbbc', ['aaaaa', 'bbbbb', 'c']],
    ] as const) {
      const sum = md5(Buffer.concat(parts.map((part) => md5(text(part))))).toString('hex')
      const expected = `${sum}-${parts.length}`
      assert.equal(digestOf(startS3EtagDigest(five), text(whole)), expected)
      for (const piece of [1, 2, 7])
        assert.equal(digestOf(startS3EtagDigest(five), ...inPieces(text(whole), piece)), expected)
    }
  })

  test('[V1] the length of the parts is in its name, and it must be one', () => {
    assert.equal(startS3EtagDigest(8_388_608).end().algorithm, 's3-etag:8388608')
    for (const wrong of [0, -1, 1.5, Number.NaN]) assert.throws(() => startS3EtagDigest(wrong))
  })
})

test('[V1] MD5, SHA-1 and SHA-256 are the published ones of “abc”', () => {
  assert.equal(digestOf(startMd5Digest(), text('abc')), '900150983cd24fb0d6963f7d28e17f72')
  assert.equal(digestOf(startSha1Digest(), text('abc')), 'a9993e364706816aba3e25717850c26c9cd0d89d')
  assert.equal(
    digestOf(startSha256Digest(), text('ab'), text('c')),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  const named = [startMd5Digest(), startSha1Digest(), startSha256Digest(), startDropboxDigest(), startQuickXorDigest()]
  assert.deepEqual(
    named.map((digest) => digest.end().algorithm),
    ['md5', 'sha1', 'sha256', 'dropbox', 'quickxor'],
  )
})
