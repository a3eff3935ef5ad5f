import { createHash } from 'node:crypto'

/** Base 58: digits and letters without 0, O, I and l, in ASCII order. */
const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const digitCount = 88

/**
 * The C4 id of some bytes: SHA-512 read as one big-endian number, written in base 58, filled to 88 digits and
 * prefixed with `c4`; 90 characters. ASC MHL's chain and references name a manifest by it.
 */
export function c4(bytes: Uint8Array): string {
  let rest = BigInt(`0x${createHash('sha512').update(bytes).digest('hex')}`)
  let text = ''
  while (rest > 0n) {
    text = digits.charAt(Number(rest % 58n)) + text
    rest /= 58n
  }
  return `c4${text.padStart(digitCount, digits.charAt(0))}`
}
