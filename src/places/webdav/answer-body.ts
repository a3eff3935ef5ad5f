/** Reads the bodies of answers with an end: in size and in time. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { causeOf } from '../cloud/http-request.ts'
import { unreachable } from '../cloud/cloud-failure.ts'

/** Nothing came for so long: the connection is dead, whatever it says. */
const stallMs = 60_000

async function readInTime(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | null> {
  const stalled = Promise.withResolvers<never>()
  const timer = setTimeout(() => stalled.reject(new Error('nothing came for a minute')), stallMs)
  try {
    const next = await Promise.race([reader.read(), stalled.promise])
    return next.done ? null : next.value
  } finally {
    clearTimeout(timer)
  }
}

/** The whole of a body; null when it is longer than `bytesMax`. */
export async function wholeBody(place: string, answer: Response, bytesMax: number): Promise<Result<Uint8Array | null>> {
  const pieces: Uint8Array[] = []
  if (answer.body === null) return done(new Uint8Array(0))
  const reader = answer.body.getReader()
  try {
    let bytes = 0
    for (;;) {
      const piece = await readInTime(reader)
      if (piece === null) return done(Buffer.concat(pieces, bytes))
      bytes += piece.length
      if (bytes > bytesMax) return done(null)
      pieces.push(piece)
    }
  } catch (error) {
    return failed(unreachable(place, causeOf(error)))
  } finally {
    // Not awaited: a connection that is dead also for this would hold us up.
    void reader.cancel().catch(() => undefined)
  }
}

const shortBytes = 64 * 1024

/** The beginning of a body that only explains a status; reading it lets the connection be used again. */
export async function shortText(answer: Response): Promise<string> {
  const read = await wholeBody('', answer, shortBytes)
  return read.ok && read.value !== null ? new TextDecoder().decode(read.value) : ''
}
