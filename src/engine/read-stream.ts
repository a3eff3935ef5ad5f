import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Reading } from './contracts.ts'

/**
 * Reads a file from end to end through the given buffers, one ahead of the other: while `use` works on one, the next is
 * being filled. Answers the number of bytes that were really read (V5 counts where they are read).
 *
 * `use` must be done with a buffer when its promise ends. Reading ends early, without a failure, when the file is shorter than
 * `bytes`; the caller compares. It never reads past `bytes`. What lies before `from`, which is on a page, is counted as read.
 */
export async function readStream(
  reading: Reading,
  bytes: number,
  buffers: readonly Uint8Array[],
  use: (filled: Uint8Array, position: number) => Promise<Result<void>>,
  from = 0,
): Promise<Result<number>> {
  const length = buffers[0]?.length ?? 0
  const users: Promise<Result<void>>[] = buffers.map(() => Promise.resolve(done(undefined)))
  const fill = async (turn: number): Promise<Result<number>> => {
    const slot = turn % buffers.length
    const buffer = buffers[slot]
    if (buffer === undefined) throw new Error('No buffer.')
    const earlier = await users[slot]
    if (earlier !== undefined && !earlier.ok) return earlier
    const position = from + turn * length
    return reading.readInto(pagesFor(buffer, bytes - position), position)
  }
  let position = from
  let failure: Result<number> | null = null
  let next = bytes > from ? fill(0) : undefined
  for (let turn = 0; next !== undefined; turn += 1) {
    const filled = await next
    next = undefined
    const buffer = buffers[turn % buffers.length]
    if (!filled.ok || buffer === undefined) {
      failure = filled
      break
    }
    const got = Math.min(filled.value, bytes - position)
    const start = position
    position += got
    if (got > 0) users[turn % buffers.length] = use(buffer.subarray(0, got), start)
    if (got === length && position < bytes) next = fill(turn + 1)
  }
  // Whatever happened, nobody may still be using a buffer when it is given away.
  for (const user of await Promise.all(users)) if (!user.ok && failure === null) failure = user
  return failure !== null && !failure.ok ? failed(failure.failure) : done(position)
}

const pageBytes = 4096

/** As much of the buffer as the rest of the file needs, in whole pages: a short file is one short call. */
function pagesFor(buffer: Uint8Array, restBytes: number): Uint8Array {
  const wanted = Math.ceil(restBytes / pageBytes) * pageBytes
  return wanted >= buffer.length ? buffer : buffer.subarray(0, wanted)
}
