/** The requests of the protocol as promises. They reject with the server's status, or because the connection was lost. */
import type { FileEntryWithStats, Stats } from 'ssh2'
import { isMissing, status, statusOf } from './sftp-failure.ts'
import type { Wire } from './wire.ts'

export type Handle = Buffer

/** `r` to read, `r+` to go on writing, `wx` to make anew and never take what is there. */
export const openFile = (wire: Wire, path: string, flags: 'r' | 'r+' | 'wx'): Promise<Handle> =>
  wire.ask((sftp, answer) => sftp.open(path, flags, answer))

/** Never rejects: what could go wrong with the bytes was told by the flush before. */
export async function closeFile(wire: Wire, handle: Handle): Promise<void> {
  await wire.tell((sftp, answer) => sftp.close(handle, answer)).catch(() => undefined)
}

export const statOpen = (wire: Wire, handle: Handle): Promise<Stats> =>
  wire.ask((sftp, answer) => sftp.fstat(handle, answer))

/** Null when nothing is there. A link is told as a link. */
export const lookAt = (wire: Wire, path: string): Promise<Stats | null> =>
  orNull(wire.ask<Stats>((sftp, answer) => sftp.lstat(path, answer)))

/** Null when nothing is there. Links are followed. */
export const lookThrough = (wire: Wire, path: string): Promise<Stats | null> =>
  orNull(wire.ask<Stats>((sftp, answer) => sftp.stat(path, answer)))

async function orNull<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

export const unlink = (wire: Wire, path: string): Promise<void> =>
  wire.tell((sftp, answer) => sftp.unlink(path, answer))

export const rename = (wire: Wire, from: string, to: string): Promise<void> =>
  wire.tell((sftp, answer) => sftp.rename(from, to, answer))

export const renameOver = (wire: Wire, from: string, to: string): Promise<void> =>
  wire.tell((sftp, answer) => sftp.ext_openssh_rename(from, to, answer))

export const link = (wire: Wire, from: string, to: string): Promise<void> =>
  wire.tell((sftp, answer) => sftp.ext_openssh_hardlink(from, to, answer))

const makeFolder = (wire: Wire, path: string): Promise<void> => wire.tell((sftp, answer) => sftp.mkdir(path, answer))

export const realPath = (wire: Wire, path: string): Promise<string> =>
  wire.ask((sftp, answer) => sftp.realpath(path, answer))

export const openFolder = (wire: Wire, path: string): Promise<Handle> =>
  wire.ask((sftp, answer) => sftp.opendir(path, answer))

/** Null after the last page. */
export async function readFolder(wire: Wire, handle: Handle): Promise<readonly FileEntryWithStats[] | null> {
  try {
    return await wire.ask<FileEntryWithStats[]>((sftp, answer) => sftp.readdir(handle, answer))
  } catch (error) {
    if (statusOf(error) === status.endOfFile) return null
    throw error
  }
}

/** Down to the server's medium, where it offers that. */
export const flushFile = (wire: Wire, handle: Handle): Promise<void> =>
  wire.canFlush ? wire.tell((sftp, answer) => sftp.ext_openssh_fsync(handle, answer)) : Promise.resolve()

const latestSecond = 0xffffffff

/** In whole seconds, which is all that the protocol can say. A server that can't set times is left as it is. */
export async function setTime(wire: Wire, handle: Handle, mtimeMs: number): Promise<void> {
  const seconds = Math.min(latestSecond, Math.max(0, Math.floor(mtimeMs / 1000)))
  try {
    await wire.tell((sftp, answer) => sftp.futimes(handle, seconds, seconds, answer))
  } catch (error) {
    if (statusOf(error) !== status.unsupported) throw error
  }
}

export const isRegular = (stats: Stats): boolean => (stats.mode & 0o170000) === 0o100000
export const isFolder = (stats: Stats): boolean => (stats.mode & 0o170000) === 0o040000
export const mtimeOf = (stats: Stats): number => stats.mtime * 1000

/** Makes a folder and all above it. Rejects with the server's status when one of them can't be made. */
export async function makeFolders(wire: Wire, path: string): Promise<'made' | 'in-the-way'> {
  if (path === '' || path === '/' || wire.folders.has(path)) return 'made'
  const found = await lookThrough(wire, path)
  if (found !== null && !isFolder(found)) return 'in-the-way'
  if (found === null) {
    const above = await makeFolders(wire, path.slice(0, Math.max(1, path.lastIndexOf('/'))))
    if (above !== 'made') return above
    try {
      await makeFolder(wire, path)
    } catch (error) {
      // Made by another upload at the same moment?
      const now = statusOf(error) === null ? null : await lookThrough(wire, path)
      if (now === null || !isFolder(now)) throw error
    }
  }
  wire.folders.add(path)
  return 'made'
}

export interface Room {
  readonly freeBytes: number
  readonly totalBytes: number
  /** Null where files are not counted. */
  readonly freeFiles: number | null
  readonly isReadOnly: boolean
  readonly nameBytesMax: number
}

/** Null where the server does not tell, and when nothing is there. */
export async function roomAt(wire: Wire, path: string): Promise<Room | null> {
  if (!wire.tellsRoom) return null
  let told: unknown
  try {
    told = await wire.ask<unknown>((sftp, answer) => sftp.ext_openssh_statvfs(path, answer))
  } catch (error) {
    if (statusOf(error) === null) throw error
    return null
  }
  const number = (name: string): number => {
    const value: unknown = typeof told === 'object' && told !== null ? Reflect.get(told, name) : 0
    return typeof value === 'number' ? value : 0
  }
  const block = number('f_frsize') || number('f_bsize')
  if (block === 0) return null
  return {
    freeBytes: number('f_bavail') * block,
    totalBytes: number('f_blocks') * block,
    freeFiles: number('f_files') === 0 ? null : number('f_favail'),
    isReadOnly: (number('f_flag') & 1) === 1,
    nameBytesMax: number('f_namemax') || 255,
  }
}
