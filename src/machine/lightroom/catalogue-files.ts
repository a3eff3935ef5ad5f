import { createHash } from 'node:crypto'
import { open, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { failed, type Result } from '../../domain/failure.ts'
import { causeOf, notACatalogue, readFailure } from './lightroom-failures.ts'

/* The files that make up a catalogue, looked at without SQLite: opening it there could already write beside it. */

export interface CatalogueFiles {
  /** As the person gave it, for the sentences. */
  readonly asked: string
  /** Links followed, for SQLite keeps its log beside the real file. */
  readonly main: string
  /** The write-ahead log of Lightroom 9 and later, and the rollback journal of those before. */
  readonly wal: string
  readonly journal: string
}

/** A look at the files: the same two times means that nothing was written between. */
export interface Look {
  readonly atMs: number
  readonly main: FileLook
  readonly wal: FileLook | null
  readonly journal: FileLook | null
  /** Names the generation of the write-ahead log: its two salts change when it starts anew. Null without a valid log. */
  readonly walSalts: string | null
}

export interface FileLook {
  readonly identity: string
  /** Identity, size, both times and a digest of the first bytes, where SQLite counts its commits. */
  readonly stamp: string
  readonly bytes: number
  readonly changedMs: number
}

const sqliteSignature = 'SQLite format 3\0'
const headerBytes = 100
const walMagics = [0x37_7f_06_82, 0x37_7f_06_83]

/**
 * A clock of a file system may tick so rarely that two writes have one time. FAT is worse, and there the commit counter
 * helps.
 */
export const tickMs = 50

/** Finds the files. Fails for what is not there, can not be read, or is no SQLite database at all. */
export async function findCatalogue(path: string): Promise<Result<CatalogueFiles>> {
  try {
    const main = await realpath(path)
    if (!(await stat(main)).isFile()) return failed(notACatalogue(path, 'not a file'))
    const head = await firstBytes(main)
    if (head.toString('latin1', 0, sqliteSignature.length) !== sqliteSignature)
      return failed(notACatalogue(path, 'not an SQLite database'))
    return { ok: true, value: { asked: path, main, wal: `${main}-wal`, journal: `${main}-journal` } }
  } catch (error) {
    return failed(readFailure(error, path))
  }
}

/** True when the lock file of a running Lightroom lies beside it. It may also be left over from one that crashed. */
export async function isOpenInLightroom(files: CatalogueFiles): Promise<boolean> {
  const locks = await Promise.all([`${files.main}.lock`, `${files.main}-lock`].map(isThere))
  return locks.includes(true)
}

/** True for the folder of the catalogue and its alias by links; a folder that is not there is not it. */
export async function isFolderOf(files: CatalogueFiles, folder: string): Promise<boolean> {
  const real = await realpath(folder).catch(() => null)
  return real !== null && join(real) === join(dirname(files.main))
}

/** Throws the system's error when the catalogue itself can not be read. */
export async function lookAt(files: CatalogueFiles): Promise<Look> {
  const main = await lookAtFile(files.main)
  const wal = await orNull(lookAtFile(files.wal))
  const journal = await orNull(lookAtFile(files.journal))
  const walSalts = wal === null ? null : await orNull(saltsOf(files.wal))
  return { atMs: Date.now(), main, wal, journal, walSalts: walSalts ?? null }
}

/**
 * Whether what was copied between two looks, the catalogue first and then its log, is the state of one moment.
 *
 * With a log, it is when the log is of the same generation at both looks: it only grew then, whatever was carried from
 * it into the catalogue meanwhile stands in it as well, and for SQLite what stands in the log comes first; a log that
 * was cut in the middle of a commit ends before that commit. A log that started anew could hold pages older than those
 * in the catalogue. Without a log, it is when the catalogue itself was not written; a log that began meanwhile was not
 * carried over yet then. A rollback journal has to be the same at both looks, for it holds the pages that the catalogue
 * had before.
 *
 * (How log and generations work: sqlite.org/walformat.html, sqlite.org/wal.html.)
 */
export function isOneMoment(before: Look, after: Look): boolean {
  if (before.main.identity !== after.main.identity) return false
  if (before.journal?.stamp !== after.journal?.stamp) return false
  if (before.walSalts !== null)
    return before.walSalts === after.walSalts && before.wal?.identity === after.wal?.identity
  return before.main.stamp === after.main.stamp && !isFresh(before)
}

/**
 * Whether the catalogue was written so lately that another write could have the same time. A time in the future is no
 * reason.
 */
export function isFresh({ atMs, main, journal }: Look): boolean {
  return [main, journal].some((file) => file !== null && atMs >= file.changedMs && atMs - file.changedMs < tickMs)
}

/** Nothing at all was written, neither to the catalogue nor to its log. */
export const isUntouched = (before: Look, after: Look): boolean =>
  before.main.stamp === after.main.stamp &&
  before.wal?.stamp === after.wal?.stamp &&
  before.journal?.stamp === after.journal?.stamp

async function lookAtFile(path: string): Promise<FileLook> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
  const digest = createHash('sha256')
    .update(await firstBytes(path))
    .digest('hex')
  const identity = `${dev}:${ino}`
  return {
    identity,
    stamp: [identity, size, mtimeNs, ctimeNs, digest].join(':'),
    bytes: Number(size),
    changedMs: Number(mtimeNs / 1_000_000n),
  }
}

async function saltsOf(walFile: string): Promise<string | null> {
  const head = await firstBytes(walFile)
  if (head.length < 32 || !walMagics.includes(head.readUInt32BE(0))) return null
  return head.toString('hex', 16, 24)
}

async function firstBytes(path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

export const isThere = async (path: string): Promise<boolean> => (await orNull(stat(path))) !== null

/** Null when there is no such file; every other error is thrown on. */
async function orNull<Value>(asking: Promise<Value>): Promise<Value | null> {
  try {
    return await asking
  } catch (error) {
    if (causeOf(error) === 'ENOENT') return null
    throw error
  }
}
