/**
 * XXH128 (XXH3, 128 bits, seed 0, default secret) in AssemblyScript: it hashes bytes where they lie in memory.
 * Written from the published description, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
 *
 * This file is not TypeScript: `usize` is an address, every number has a width, and arithmetic on `u64` wraps as the
 * description wants. `node scripts/build-xxh128.ts` compiles it into xxh128.wasm.ts.
 *
 * The module allocates nothing. Each stream lives in a state of stateBytes() bytes, at a multiple of 16 that the
 * caller chooses, so that any number of streams can run interleaved.
 */

const PRIME32_1: u64 = 0x9e3779b1
const PRIME32_2: u64 = 0x85ebca77
const PRIME32_3: u64 = 0xc2b2ae3d
const PRIME64_1: u64 = 0x9e3779b185ebca87
const PRIME64_2: u64 = 0xc2b2ae3d27d4eb4f
const PRIME64_3: u64 = 0x165667b19e3779f9
const PRIME64_4: u64 = 0x85ebca77c2b2ae63
const PRIME64_5: u64 = 0x27d4eb2f165667c5
const PRIME_MX1: u64 = 0x165667919e3779f9
const PRIME_MX2: u64 = 0x9fb21c651e98df25

const SECRET_BYTES: usize = 192
const SECRET: usize = memory.data<u8>([
  0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
  0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
  0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
  0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
  0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
  0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
  0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
  0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
  0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
  0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
  0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
  0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
], 16)

/** The input is eaten in stripes; sixteen of them make a block, after which the accumulators are scrambled. */
const STRIPE_BYTES: usize = 64
const STRIPES_A_BLOCK: usize = 16
/** Up to here the whole input is kept in the tail, because the short algorithms look at it from both ends. */
const SHORT_BYTES: u64 = 240
const TAIL_BYTES: usize = 256

/*
 * A state, by offset. The eaten stripe lies right before the tail, so that "the last 64 bytes of the input", which end
 * the hash, are always one piece of memory: the 64 bytes before the end of the tail.
 */
const ACCUMULATORS: usize = 0
const TOTAL_BYTES: usize = 64
const TAIL_LENGTH: usize = 72
const STRIPES_IN_BLOCK: usize = 76
const LAST_EATEN: usize = 128
const TAIL: usize = 192
const STATE_BYTES: usize = TAIL + TAIL_BYTES

/** How many bytes a stream's state takes. */
export function stateBytes(): usize {
  return STATE_BYTES
}

/** The first address that is free for the caller; below it lie this module's constants. */
export function firstFreeByte(): usize {
  return __heap_base
}

/** Begins a new stream in the state at this address, whatever was there before. */
export function start(state: usize): void {
  const accumulators = state + ACCUMULATORS
  store<u64>(accumulators, PRIME32_3, 0)
  store<u64>(accumulators, PRIME64_1, 8)
  store<u64>(accumulators, PRIME64_2, 16)
  store<u64>(accumulators, PRIME64_3, 24)
  store<u64>(accumulators, PRIME64_4, 32)
  store<u64>(accumulators, PRIME32_2, 40)
  store<u64>(accumulators, PRIME64_5, 48)
  store<u64>(accumulators, PRIME32_1, 56)
  store<u64>(state, 0, TOTAL_BYTES)
  store<u32>(state, 0, TAIL_LENGTH)
  store<u32>(state, 0, STRIPES_IN_BLOCK)
}

/**
 * Takes the next `length` bytes of the stream, at any address. A stripe is eaten only when a byte follows it, since the
 * last 1 to 64 bytes of the input are treated otherwise; those wait in the tail.
 */
export function update(state: usize, bytes: usize, length: usize): void {
  const tail = state + TAIL
  let tailLength = <usize>load<u32>(state, TAIL_LENGTH)
  store<u64>(state, load<u64>(state, TOTAL_BYTES) + length, TOTAL_BYTES)

  // Compared this way round, because tailLength + length may pass 2^32.
  if (length <= TAIL_BYTES - tailLength) {
    memory.copy(tail + tailLength, bytes, length)
    store<u32>(state, <u32>(tailLength + length), TAIL_LENGTH)
    return
  }

  const missing: usize = (~tailLength + 1) & (STRIPE_BYTES - 1)
  memory.copy(tail + tailLength, bytes, missing)
  tailLength += missing
  bytes += missing
  length -= missing
  eat(state, tail, tailLength / STRIPE_BYTES)

  const stripes = (length - 1) / STRIPE_BYTES
  eat(state, bytes, stripes)
  const eaten = stripes * STRIPE_BYTES
  memory.copy(state + LAST_EATEN, (stripes > 0 ? bytes + eaten : tail + tailLength) - STRIPE_BYTES, STRIPE_BYTES)
  memory.copy(tail, bytes + eaten, length - eaten)
  store<u32>(state, <u32>(length - eaten), TAIL_LENGTH)
}

/** Ends the stream and leaves the hash in the first 16 bytes of the state, most significant byte first. */
export function digest(state: usize): void {
  const total = load<u64>(state, TOTAL_BYTES)
  if (total > SHORT_BYTES) digestLong(state, total)
  else if (total > 128) digest129to240(state, <usize>total)
  else if (total > 16) digest17to128(state, <usize>total)
  else if (total > 8) digest9to16(state, <usize>total)
  else if (total > 3) digest4to8(state, <usize>total)
  else if (total > 0) digest1to3(state, <usize>total)
  else digestNothing(state)
}

@inline
function leaveDigest(state: usize, low: u64, high: u64): void {
  store<u64>(state, bswap<u64>(high), 0)
  store<u64>(state, bswap<u64>(low), 8)
}

// ---- Long inputs ----

/** Eats whole stripes, wherever in its block the stream stands. */
function eat(state: usize, bytes: usize, stripes: usize): void {
  let inBlock = <usize>load<u32>(state, STRIPES_IN_BLOCK)
  while (stripes > 0) {
    const now = min<usize>(stripes, STRIPES_A_BLOCK - inBlock)
    accumulate(state, bytes, now, SECRET + inBlock * 8)
    bytes += now * STRIPE_BYTES
    stripes -= now
    inBlock += now
    if (inBlock == STRIPES_A_BLOCK) {
      scramble(state)
      inBlock = 0
    }
  }
  store<u32>(state, <u32>inBlock, STRIPES_IN_BLOCK)
}

/**
 * The heart: mixes 1 to 16 stripes into the accumulators; the window on the secret moves by 8 bytes a stripe.
 *
 * Each accumulator gains the product of the two halves of (its word xor secret), and the word of its neighbour. The
 * neighbours' words are summed apart and change seats once at the end. Two vectors are unzipped together for the
 * multiplication: that was measured at twice the speed of unzipping each alone, and at seven times the speed of
 * i64x2.mul on masked and shifted words.
 */
@inline
function accumulate(state: usize, bytes: usize, stripes: usize, secret: usize): void {
  let products0 = v128.load(state, ACCUMULATORS)
  let products1 = v128.load(state, ACCUMULATORS + 16)
  let products2 = v128.load(state, ACCUMULATORS + 32)
  let products3 = v128.load(state, ACCUMULATORS + 48)
  let sums0 = i64x2.splat(0)
  let sums1 = i64x2.splat(0)
  let sums2 = i64x2.splat(0)
  let sums3 = i64x2.splat(0)
  const end = bytes + stripes * STRIPE_BYTES
  do {
    const words0 = v128.load(bytes, 0)
    const words1 = v128.load(bytes, 16)
    const words2 = v128.load(bytes, 32)
    const words3 = v128.load(bytes, 48)
    const mixed0 = v128.xor(words0, v128.load(secret, 0))
    const mixed1 = v128.xor(words1, v128.load(secret, 16))
    const mixed2 = v128.xor(words2, v128.load(secret, 32))
    const mixed3 = v128.xor(words3, v128.load(secret, 48))
    const lows01 = v128.shuffle<u32>(mixed0, mixed1, 0, 2, 4, 6)
    const highs01 = v128.shuffle<u32>(mixed0, mixed1, 1, 3, 5, 7)
    const lows23 = v128.shuffle<u32>(mixed2, mixed3, 0, 2, 4, 6)
    const highs23 = v128.shuffle<u32>(mixed2, mixed3, 1, 3, 5, 7)
    products0 = i64x2.add(products0, i64x2.extmul_low_i32x4_u(lows01, highs01))
    products1 = i64x2.add(products1, i64x2.extmul_high_i32x4_u(lows01, highs01))
    products2 = i64x2.add(products2, i64x2.extmul_low_i32x4_u(lows23, highs23))
    products3 = i64x2.add(products3, i64x2.extmul_high_i32x4_u(lows23, highs23))
    sums0 = i64x2.add(sums0, words0)
    sums1 = i64x2.add(sums1, words1)
    sums2 = i64x2.add(sums2, words2)
    sums3 = i64x2.add(sums3, words3)
    bytes += STRIPE_BYTES
    secret += 8
  } while (bytes != end)
  v128.store(state, i64x2.add(products0, neighbours(sums0)), ACCUMULATORS)
  v128.store(state, i64x2.add(products1, neighbours(sums1)), ACCUMULATORS + 16)
  v128.store(state, i64x2.add(products2, neighbours(sums2)), ACCUMULATORS + 32)
  v128.store(state, i64x2.add(products3, neighbours(sums3)), ACCUMULATORS + 48)
}

@inline
function neighbours(words: v128): v128 {
  return v128.shuffle<u64>(words, words, 1, 0)
}

function scramble(state: usize): void {
  for (let at: usize = 0; at < STRIPE_BYTES; at += 16) {
    const words = v128.load(state + at, ACCUMULATORS)
    const secret = v128.load(SECRET + SECRET_BYTES - STRIPE_BYTES + at)
    const mixed = v128.xor(v128.xor(words, i64x2.shr_u(words, 47)), secret)
    v128.store(state + at, i64x2.mul(mixed, i64x2.splat(PRIME32_1)), ACCUMULATORS)
  }
}

function digestLong(state: usize, total: u64): void {
  const tail = state + TAIL
  const tailLength = <usize>load<u32>(state, TAIL_LENGTH)
  eat(state, tail, (tailLength - 1) / STRIPE_BYTES)
  accumulate(state, tail + tailLength - STRIPE_BYTES, 1, SECRET + SECRET_BYTES - 71)
  const low = merge(state, SECRET + 11, total * PRIME64_1)
  const high = merge(state, SECRET + SECRET_BYTES - 75, ~(total * PRIME64_2))
  leaveDigest(state, low, high)
}

function merge(state: usize, secret: usize, initial: u64): u64 {
  let merged = initial
  for (let at: usize = 0; at < STRIPE_BYTES; at += 16) merged += mix(state + ACCUMULATORS + at, secret + at)
  return avalanche(merged)
}

// ---- 17 to 240 bytes ----

function digest17to128(state: usize, length: usize): void {
  const first = state + TAIL
  const end = first + length
  let one: u64 = length * PRIME64_1
  let other: u64 = 0
  for (let pair: isize = (length - 1) / 32; pair >= 0; --pair) {
    const left = first + pair * 16
    const right = end - pair * 16 - 16
    const secret = SECRET + pair * 32
    one = (one + mix(left, secret)) ^ sumOfWords(right)
    other = (other + mix(right, secret + 16)) ^ sumOfWords(left)
  }
  leaveMedium(state, length, one, other)
}

function digest129to240(state: usize, length: usize): void {
  const first = state + TAIL
  const end = first + length
  let one: u64 = length * PRIME64_1
  let other: u64 = 0
  for (let pair: usize = 0; pair < length / 32; ++pair) {
    const left = first + pair * 32
    const right = left + 16
    const secret = pair < 4 ? SECRET + pair * 32 : SECRET + 3 + (pair - 4) * 32
    one = (one + mix(left, secret)) ^ sumOfWords(right)
    other = (other + mix(right, secret + 16)) ^ sumOfWords(left)
    if (pair == 3) {
      one = avalanche(one)
      other = avalanche(other)
    }
  }
  // The last 32 bytes, of which some were mixed already, with their halves the other way round.
  const left = end - 16
  const right = end - 32
  one = (one + mix(left, SECRET + 103)) ^ sumOfWords(right)
  other = (other + mix(right, SECRET + 119)) ^ sumOfWords(left)
  leaveMedium(state, length, one, other)
}

function leaveMedium(state: usize, length: usize, one: u64, other: u64): void {
  const high = one * PRIME64_1 + other * PRIME64_4 + length * PRIME64_2
  leaveDigest(state, avalanche(one + other), 0 - avalanche(high))
}

@inline
function sumOfWords(bytes: usize): u64 {
  return load<u64>(bytes, 0) + load<u64>(bytes, 8)
}

// ---- 0 to 16 bytes ----

function digest9to16(state: usize, length: usize): void {
  const last = load<u64>(state + TAIL + length - 8)
  const both = secretXor(32, 40) ^ load<u64>(state, TAIL) ^ last
  const second = secretXor(48, 56) ^ last
  const low = both * PRIME64_1 + (<u64>(length - 1) << 54)
  const high = upperHalf(both, PRIME64_1) + (second >> 32 << 32) + (second & 0xffffffff) * PRIME32_2
  const mixed = low ^ bswap<u64>(high)
  leaveDigest(state, avalanche(mixed * PRIME64_2), avalanche(upperHalf(mixed, PRIME64_2) + high * PRIME64_2))
}

function digest4to8(state: usize, length: usize): void {
  const first = <u64>load<u32>(state, TAIL)
  const last = <u64>load<u32>(state + TAIL + length - 4)
  const value = secretXor(16, 24) ^ (first | (last << 32))
  const factor = PRIME64_1 + (<u64>length << 2)
  let low = value * factor
  const high = upperHalf(value, factor) + (low << 1)
  low ^= high >> 3
  low = (low ^ (low >> 35)) * PRIME_MX2
  leaveDigest(state, low ^ (low >> 28), avalanche(high))
}

function digest1to3(state: usize, length: usize): void {
  const tail = state + TAIL
  const first = <u32>load<u8>(tail)
  const middle = <u32>load<u8>(tail + (length >> 1))
  const last = <u32>load<u8>(tail + length - 1)
  const combined: u32 = last | (<u32>length << 8) | (first << 16) | (middle << 24)
  const low = <u64>(load<u32>(SECRET, 0) ^ load<u32>(SECRET, 4)) ^ <u64>combined
  const high = <u64>(load<u32>(SECRET, 8) ^ load<u32>(SECRET, 12)) ^ <u64>rotl<u32>(bswap<u32>(combined), 13)
  leaveDigest(state, avalancheOfXxh64(low), avalancheOfXxh64(high))
}

function digestNothing(state: usize): void {
  leaveDigest(state, avalancheOfXxh64(secretXor(64, 72)), avalancheOfXxh64(secretXor(80, 88)))
}

@inline
function secretXor(offset: usize, otherOffset: usize): u64 {
  return load<u64>(SECRET + offset) ^ load<u64>(SECRET + otherOffset)
}

// ---- Arithmetic ----

/** Both 16-byte pieces as two words each: the words are xored, multiplied to 128 bits, and the halves folded. */
function mix(bytes: usize, secret: usize): u64 {
  const a = load<u64>(bytes, 0) ^ load<u64>(secret, 0)
  const b = load<u64>(bytes, 8) ^ load<u64>(secret, 8)
  return (a * b) ^ upperHalf(a, b)
}

/** The upper 64 of the 128 bits of a × b, from four products of 32-bit halves; no partial sum can overflow. */
function upperHalf(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff
  const aHigh = a >> 32
  const bLow = b & 0xffffffff
  const bHigh = b >> 32
  const cross = aHigh * bLow + ((aLow * bLow) >> 32)
  const otherCross = aLow * bHigh + (cross & 0xffffffff)
  return aHigh * bHigh + (cross >> 32) + (otherCross >> 32)
}

function avalanche(word: u64): u64 {
  const mixed = (word ^ (word >> 37)) * PRIME_MX1
  return mixed ^ (mixed >> 32)
}

function avalancheOfXxh64(word: u64): u64 {
  let mixed = (word ^ (word >> 33)) * PRIME64_2
  mixed = (mixed ^ (mixed >> 29)) * PRIME64_3
  return mixed ^ (mixed >> 32)
}
