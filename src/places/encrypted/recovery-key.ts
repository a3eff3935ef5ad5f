/**
 * The key of an encrypted place, in the three spellings that people and programs meet: the line of age (`AGE-SECRET-KEY-1…`), 24 words
 * of BIP-39 for paper, and the public recipient (`age1…`), which only seals.
 */
import { bech32 } from '@scure/base'
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'

export interface RecoveryKey {
  readonly recipient: string
  /** As `age -d -i` takes it. */
  readonly secretKey: string
  /** 24 of them. The last one holds a check sum, so a slip of the pen is noticed. */
  readonly words: readonly string[]
}

const prefix = 'age-secret-key-'

async function keyOf(secretKey: string): Promise<RecoveryKey> {
  const { bytes } = bech32.decodeToBytes(secretKey.toLowerCase())
  return {
    recipient: await identityToRecipient(secretKey),
    secretKey,
    words: entropyToMnemonic(bytes, wordlist).split(' '),
  }
}

export const newRecoveryKey = async (): Promise<RecoveryKey> => keyOf(await generateX25519Identity())

/** From the words or the line, as a person typed them from paper. Null for what is neither, and for words of a key of another length. */
export async function readRecoveryKey(text: string): Promise<RecoveryKey | null> {
  // Paper often carries numbers before the words, and commas behind them.
  const words = text
    .toLowerCase()
    .split(/[\s,;]+|\d+[.)]/)
    .filter((word) => word !== '' && !/^\d+$/.test(word))
  const [first = ''] = words
  try {
    if (words.length === 1 && first.startsWith(prefix)) return await keyOf(first.toUpperCase())
    const secret = mnemonicToEntropy(words.join(' '), wordlist)
    return await keyOf(bech32.encodeFromBytes(prefix, secret).toUpperCase())
  } catch {
    // The packages quote what they read (S1).
    return null
  }
}
