/** A file's bytes in order, with many reads under way at once: one at a time would wait for the line after each. */
import { ConnectionLost } from './sftp-failure.ts'
import type { Handle } from './verbs.ts'
import { closeFile, openFile } from './verbs.ts'
import type { Wire } from './wire.ts'
import type { Cancel } from '../../engine/contracts.ts'

/** Rejects in the middle when the connection is lost, the file ends early, or a person says stop. */
export async function* readAhead(
  wire: Wire,
  path: string,
  from: number,
  bytes: number,
  cancel: Cancel,
): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await openFile(wire, path, 'r')
  const ahead: Promise<Uint8Array>[] = []
  let next = from
  try {
    for (;;) {
      while (ahead.length < wire.piecesAtOnce && next < bytes) {
        const piece = readPiece(wire, handle, next, Math.min(wire.pieceBytes, bytes - next))
        // It may fail while an earlier one is awaited; it is awaited in its turn.
        piece.catch(() => undefined)
        ahead.push(piece)
        next += wire.pieceBytes
      }
      const first = ahead.shift()
      if (first === undefined) return
      const piece = await first
      if (cancel.aborted) throw new Error('stopped')
      yield piece
    }
  } finally {
    await Promise.allSettled(ahead)
    await closeFile(wire, handle)
  }
}

/** A server may answer with less than was asked for. */
async function readPiece(wire: Wire, handle: Handle, position: number, length: number): Promise<Uint8Array> {
  const into = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const [at, rest] = [filled, length - filled]
    const read = await wire.ask<number>((sftp, answer) =>
      sftp.read(handle, into, at, rest, position + at, (error, count) => answer(error, count)),
    )
    if (read === 0) throw new ConnectionLost('the file ended before its end')
    filled += read
  }
  return into
}
