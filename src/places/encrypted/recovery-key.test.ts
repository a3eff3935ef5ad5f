import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRecoveryKey, readRecoveryKey } from './recovery-key.ts'

test('the words and the line are one key, as a person writes them from paper', async () => {
  const key = await newRecoveryKey()
  assert.equal(key.words.length, 24)
  assert.match(key.secretKey, /^AGE-SECRET-KEY-1[A-Z0-9]{58}$/)
  assert.match(key.recipient, /^age1[a-z0-9]{58}$/)
  const numbered = key.words.map((word, index) => `${index + 1}. ${word.toUpperCase()}`).join(', ')
  for (const typed of [
    key.words.join(' '),
    `  ${key.words.join('\n')}\n`,
    numbered,
    key.secretKey,
    ` ${key.secretKey.toLowerCase()}\n`,
  ])
    assert.deepEqual(await readRecoveryKey(typed), key)
})

/** BIP-39's own test vector for 32 bytes of nothing. */
test('the words are those of BIP-39', async () => {
  const key = await readRecoveryKey(`${'abandon '.repeat(23)}art`)
  assert.match(key?.secretKey ?? '', /^AGE-SECRET-KEY-1Q{52}[A-Z0-9]{6}$/)
})

test('a slip of the pen is noticed, and no other key comes of it', async () => {
  const { words, secretKey } = await newRecoveryKey()
  const other = words[5] === 'zebra' ? 'zero' : 'zebra'
  const wrong = [
    '',
    'what is this',
    words.slice(1).join(' '),
    [...words, 'zoo'].join(' '),
    words.with(5, 'notaword').join(' '),
    secretKey.slice(0, -1),
    secretKey.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q')),
    'AGE-SECRET-KEY-PQ-1QQQQ',
    // Words of half the length are sound BIP-39, and no key of ours.
    `${'abandon '.repeat(11)}about`,
  ]
  for (const text of wrong) assert.equal(await readRecoveryKey(text), null, text)
  // A check sum of eight bits lets one slip in 256 through; the recipient is compared after that.
  const slipped = await readRecoveryKey(words.with(5, other).join(' '))
  assert.notEqual(slipped?.secretKey, secretKey)
})
