/**
 * Files by numeric descriptor. Two ways to the same thing, chosen by size, because they were measured: big files go past
 * the page cache (`O_DIRECT`) with calls that don't hold up the others, small ones by calls that return at once, since
 * awaiting each of seven short calls a file costs more than the calls (bench/README.md).
 */
import {
  close as closeCallback,
  closeSync,
  constants,
  fstat,
  fstatSync,
  fsync as fsyncCallback,
  ftruncate as ftruncateCallback,
  futimes as futimesCallback,
  futimesSync,
  open as openCallback,
  openSync,
  read as readCallback,
  readSync,
  write as writeCallback,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { refuseLinkWithoutFlag } from './real-way.ts'
import { hasSystemCode } from './system-failure.ts'

/** Files up to this size are handled by calls that return at once. */
export const smallFileBytesMax = 1024 * 1024
export const pageBytes = 4096

const openAsync = promisify(openCallback)
export const closeFile: (fd: number) => Promise<void> = promisify(closeCallback)
export const flushFile: (fd: number) => Promise<void> = promisify(fsyncCallback)
const truncateFile = promisify(ftruncateCallback)
const setTimes = promisify(futimesCallback)
const statFile = promisify(fstat)

/** libuv's own number on Windows, which it turns into FILE_FLAG_NO_BUFFERING; Node has no name for it there. */
const windowsNoBuffering = 0x02000000
/** macOS has no such flag; there a read-back can't be told from memory, and says `cached`. */
const directFlags: Partial<Record<NodeJS.Platform, number>> = { linux: constants.O_DIRECT, win32: windowsNoBuffering }
const directFlag = directFlags[process.platform]

export interface OpenFile {
  readonly fd: number
  readonly direct: boolean
  /** True when calls on this file return at once instead of going through the thread pool. */
  readonly atOnce: boolean
}

/** Opens for reading, and never what a link leads to; `direct` is asked for, and what was reached stands in the answer. */
export async function openForReading(path: string, wants: { direct: boolean; atOnce: boolean }): Promise<OpenFile> {
  refuseLinkWithoutFlag(path)
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)
  return openWith(path, flags, wants, 0)
}

/** Makes a new file; fails with EEXIST when the name is taken. */
export async function openForWriting(path: string, wants: { direct: boolean; atOnce: boolean }): Promise<OpenFile> {
  return openWith(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, wants, 0o644)
}

/** Opens what an earlier run left of a file, cut where its bytes are no longer known to be there. */
export async function openToGoOn(
  path: string,
  keptBytes: number,
  wants: { direct: boolean; atOnce: boolean },
): Promise<OpenFile> {
  refuseLinkWithoutFlag(path)
  const file = await openWith(path, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0), wants, 0)
  try {
    await truncateFile(file.fd, keptBytes)
    return file
  } catch (error) {
    await closeQuietly(file)
    throw error
  }
}

async function openWith(
  path: string,
  flags: number,
  wants: { direct: boolean; atOnce: boolean },
  mode: number,
): Promise<OpenFile> {
  const open = async (how: number): Promise<number> =>
    wants.atOnce ? openSync(path, how, mode) : await openAsync(path, how, mode)
  if (wants.direct && directFlag !== undefined) {
    try {
      return { fd: await open(flags | directFlag), direct: true, atOnce: wants.atOnce }
    } catch (error) {
      // File systems without direct IO answer EINVAL. The name may exist by now: the open made it before it refused.
      if (!hasSystemCode(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP')) throw error
      const withoutExclusive = flags & ~constants.O_EXCL
      return { fd: await open(withoutExclusive), direct: false, atOnce: wants.atOnce }
    }
  }
  return { fd: await open(flags), direct: false, atOnce: wants.atOnce }
}

/** Fills `into` from `position`; fewer bytes only at the end of the file. A short answer of the system is asked again. */
export async function readFully(file: OpenFile, into: Uint8Array, position: number): Promise<number> {
  let got = 0
  while (got < into.length) {
    const more = file.atOnce
      ? readSync(file.fd, into, got, into.length - got, position + got)
      : await readSome(file.fd, into, got, position + got)
    got += more
    // A direct read that is not a whole page ends the file; asking on from there would be refused.
    if (more === 0 || (file.direct && got % pageBytes !== 0)) break
  }
  return got
}

const readSome = (fd: number, into: Uint8Array, offset: number, position: number): Promise<number> =>
  new Promise((resolve, reject) => {
    readCallback(fd, into, offset, into.length - offset, position, (error, bytes) => {
      if (error) reject(error)
      else resolve(bytes)
    })
  })

const writeSome = (fd: number, from: Uint8Array, offset: number, length: number, position: number): Promise<number> =>
  new Promise((resolve, reject) => {
    writeCallback(fd, from, offset, length, position, (error, bytes) => {
      if (error) reject(error)
      else resolve(bytes)
    })
  })

/** Writes all of `from`. A direct write is padded to whole pages with what lies behind; `setSize` cuts it off again. */
export async function writeFully(file: OpenFile, from: Uint8Array, position: number): Promise<void> {
  const padded = file.direct ? wholePages(from) : from
  let put = 0
  while (put < padded.length) {
    const more = file.atOnce
      ? writeSync(file.fd, padded, put, padded.length - put, position + put)
      : await writeSome(file.fd, padded, put, padded.length - put, position + put)
    if (more === 0) throw Object.assign(new Error('The system took no bytes.'), { code: 'EIO' })
    put += more
  }
}

function wholePages(from: Uint8Array): Uint8Array {
  const length = Math.ceil(from.length / pageBytes) * pageBytes
  return length === from.length ? from : new Uint8Array(from.buffer, from.byteOffset, length)
}

/** Sets the true size (after padding) and the time that the camera gave the file. */
export async function setSizeAndTime(file: OpenFile, bytes: number, mtimeMs: number | null): Promise<void> {
  if (file.direct && bytes % pageBytes !== 0) await truncateFile(file.fd, bytes)
  if (mtimeMs === null) return
  const seconds = mtimeMs / 1000
  if (file.atOnce) futimesSync(file.fd, seconds, seconds)
  else await setTimes(file.fd, seconds, seconds)
}

export async function sizeAndTime(file: OpenFile): Promise<{ bytes: number; mtimeMs: number; regular: boolean }> {
  const stat = file.atOnce ? fstatSync(file.fd) : await statFile(file.fd)
  return { bytes: stat.size, mtimeMs: Math.round(stat.mtimeMs), regular: stat.isFile() }
}

export async function closeQuietly(file: OpenFile): Promise<void> {
  try {
    if (file.atOnce) closeSync(file.fd)
    else await closeFile(file.fd)
  } catch {
    // A file that was only read, or is thrown away, has nothing to lose by a failed close.
  }
}
