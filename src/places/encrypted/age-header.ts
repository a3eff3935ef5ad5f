/**
 * The header of an age file: whom it is sealed for, and the key of this one file, wrapped for them. Made and opened by the package of
 * the format's own author; only the key of the file is looked over its shoulder, so that the payload can be sealed block by block.
 */
import { Decrypter, Encrypter } from 'age-encryption'
import { headBytes, headerBytes, nonceBytes, payloadKey } from './age-payload.ts'

/** What lies before the first block, and the key of all blocks. */
export interface Head {
  readonly bytes: Uint8Array
  readonly key: Uint8Array
}

/** From these two a head is made anew by a later run. */
export interface HeadSecret {
  readonly bytes: Uint8Array
  readonly fileKey: Uint8Array
}

export const headOf = ({ bytes, fileKey }: HeadSecret): Head => ({
  bytes,
  key: payloadKey(fileKey, bytes.subarray(headerBytes)),
})

/** A new one for each file: no two files are ever sealed with one key. */
export async function newHead(recipient: string): Promise<HeadSecret> {
  let fileKey: Uint8Array | null = null
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  // Wraps for nobody, and so adds no line to the header: it only sees the key.
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = key.slice()
      return []
    },
  })
  const empty = await encrypter.encrypt(new Uint8Array(0))
  const bytes = empty.slice(0, headBytes)
  if (fileKey === null || empty.length !== headBytes + nonceBytes) throw new Error('The header of age is another one.')
  return { bytes, fileKey }
}

/** Null when it is damaged, or was sealed for another key, or for several. `bytes` are the first `headBytes` of the file. */
export async function openHead(bytes: Uint8Array, secretKey: string): Promise<Head | null> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(secretKey)
  try {
    return headOf({ bytes, fileKey: await decrypter.decryptHeader(bytes.subarray(0, headerBytes)) })
  } catch {
    // Whatever it says is about bytes that came from elsewhere.
    return null
  }
}
