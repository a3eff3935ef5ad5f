/** Many bytes that look like chance and can be made again, in any process, as fast as memory goes. */
import { createCipheriv } from 'node:crypto'

export function seededBytes(seed: number, bytes: number): Buffer {
  const key = Buffer.alloc(16)
  key.writeUInt32BE(seed)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes))
}
