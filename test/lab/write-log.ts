/** The log of a recorded disk: every write, every flush, and every acknowledgement from outside, in the order in which they came. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** A `durable-write` (FUA) has reached the medium when it is answered; a plain write only with the next flush of its disk. */
export type EntryKind = 'write' | 'durable-write' | 'flush' | 'acknowledgement'

export interface LogEntry {
  readonly kind: EntryKind
  /** Which disk, by its number in the recording. */
  readonly disk: number
  /** Where on the disk, in bytes. */
  readonly offset: number
  readonly length: number
  /** Where the entry's bytes lie in the log file. */
  readonly dataAt: number
}

const HEADER_BYTES = 16
const LETTER: Record<EntryKind, string> = { write: 'W', 'durable-write': 'X', flush: 'F', acknowledgement: 'A' }
const KIND_OF = new Map<string, EntryKind>([
  ['W', 'write'],
  ['X', 'durable-write'],
  ['F', 'flush'],
  ['A', 'acknowledgement'],
])

export function encodeEntryHeader(entry: Omit<LogEntry, 'dataAt'>): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write(LETTER[entry.kind], 0)
  header.writeUInt8(entry.disk, 1)
  header.writeUInt32LE(entry.length, 4)
  header.writeBigUInt64LE(BigInt(entry.offset), 8)
  return header
}

/** The entries of a log, without the bytes of the writes. A last entry that is cut off is left out: it never happened. */
export function readLog(file: string): LogEntry[] {
  const fd = openSync(file, 'r')
  try {
    const { size } = fstatSync(fd)
    const entries: LogEntry[] = []
    const header = Buffer.alloc(HEADER_BYTES)
    for (let at = 0; at + HEADER_BYTES <= size;) {
      readSync(fd, header, 0, HEADER_BYTES, at)
      const kind = KIND_OF.get(String.fromCharCode(header.readUInt8(0)))
      if (kind === undefined) throw new Error(`${file} is damaged at byte ${at}`)
      const length = header.readUInt32LE(4)
      const dataAt = at + HEADER_BYTES
      at = dataAt + length
      if (at > size) break
      entries.push({ kind, disk: header.readUInt8(1), offset: Number(header.readBigUInt64LE(8)), length, dataAt })
    }
    return entries
  } finally {
    closeSync(fd)
  }
}

/** Reads the bytes that belong to an entry, from the opened log. */
export function readEntryData(fd: number, entry: LogEntry): Buffer {
  const data = Buffer.alloc(entry.length)
  readSync(fd, data, 0, entry.length, entry.dataAt)
  return data
}
