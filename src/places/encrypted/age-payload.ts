/**
 * The bytes of an age file behind its header, as the format has them (https://age-encryption.org/v1): blocks of 64 KiB, each sealed with
 * ChaCha20-Poly1305 under a key of the file and a counter. So any block can be sealed or opened by itself: an upload goes on, and a
 * download begins, in the middle of a file. By Node's own OpenSSL, which is many times faster than JavaScript.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

export const blockBytes = 64 * 1024
const tagBytes = 16
export const sealedBlockBytes = blockBytes + tagBytes
export const nonceBytes = 16
/** The header for one X25519 recipient always has this length: four lines, all of fixed width. */
export const headerBytes = 168
/** Header and nonce: what lies before the first block. */
export const headBytes = headerBytes + nonceBytes

const blocksOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / blockBytes))

/** How long a file of so many bytes becomes. */
export const sealedSize = (bytes: number): number => headBytes + bytes + tagBytes * blocksOf(bytes)

/** How long the file inside is. Of a length that no whole sealed file has (one that was cut short) it is too little, never too much. */
export function plainSize(sealed: number): number {
  const payload = Math.max(0, sealed - headBytes)
  return Math.max(0, payload - tagBytes * Math.ceil(payload / sealedBlockBytes))
}

/** Where a block lies in the sealed file. */
export const sealedOffset = (block: number): number => headBytes + block * sealedBlockBytes

/** The last block that begins at or before this byte of the sealed file, of a file of so many plain bytes. */
export function blockAt(sealedPosition: number, bytes: number): number {
  const block = Math.floor(Math.max(0, sealedPosition - headBytes) / sealedBlockBytes)
  return Math.min(block, blocksOf(bytes) - 1)
}

export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
}

/** Eleven bytes that count, and one that says that this block is the last. */
function blockNonce(block: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(block, 5, 6)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

export function sealBlock(key: Uint8Array, block: number, isLast: boolean, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, blockNonce(block, isLast), { authTagLength: tagBytes })
  const sealed = new Uint8Array(plain.length + tagBytes)
  sealed.set(cipher.update(plain))
  cipher.final()
  sealed.set(cipher.getAuthTag(), plain.length)
  return sealed
}

/** Null when it is not what was sealed as this very block: no byte of it is handed out then. */
export function openBlock(key: Uint8Array, block: number, isLast: boolean, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < tagBytes) return null
  const cipher = createDecipheriv('chacha20-poly1305', key, blockNonce(block, isLast), { authTagLength: tagBytes })
  const plain = cipher.update(sealed.subarray(0, sealed.length - tagBytes))
  cipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  try {
    cipher.final()
    return plain
  } catch {
    // OpenSSL says no more than that the tag is another.
    return null
  }
}
