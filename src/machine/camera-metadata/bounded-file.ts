import { open } from 'node:fs/promises'

/** A file of which only pieces are read; every reader of containers works on this, so no bad size field can ask for a gigabyte. */
export interface BoundedFile {
  readonly name: string
  readonly size: number
  /** Up to `length` bytes from `offset`; fewer at the end of the file, and when the budget of the look is spent. */
  read(offset: number, length: number): Promise<Buffer>
}

/** No single piece is larger. */
const LARGEST_PIECE = 512 * 1024

/** Opens a file for reading only, hands it to `look`, and closes it. At most `budgetBytes` are read in all. Reading errors are thrown. */
export async function withBoundedFile<T>(
  path: string,
  name: string,
  budgetBytes: number,
  look: (file: BoundedFile) => Promise<T>,
): Promise<T> {
  await using handle = await open(path, 'r')
  const { size } = await handle.stat()
  let leftBytes = budgetBytes
  return await look({
    name,
    size,
    async read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset, LARGEST_PIECE, leftBytes))
      if (wanted === 0 || offset < 0) return Buffer.alloc(0)
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(wanted), 0, wanted, offset)
      leftBytes -= bytesRead
      return buffer.subarray(0, bytesRead)
    },
  })
}
