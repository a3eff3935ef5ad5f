import { existsSync } from 'node:fs'
import { link, lstat, mkdtemp, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { failed, type Result } from '../../domain/failure.ts'
import { askInThread } from './ask-in-thread.ts'
import {
  findCatalogue,
  isFolderOf,
  isOneMoment,
  isOpenInLightroom,
  isUntouched,
  lookAt,
  type CatalogueFiles,
  type Look,
} from './catalogue-files.ts'
import { besideTheCatalogue, causeOf, nameTaken, writeFailure } from './lightroom-failures.ts'
import { failureOf, lookWhenSettled, takeWholeCopy } from './whole-copy.ts'

export interface LightroomSnapshot {
  readonly bytes: number
  /** As Lightroom writes it, see `LightroomCatalogue`. */
  readonly version: string
  readonly checked: 'integrity_check ok'
  /** Lightroom has the catalogue open, or was writing: its last moments may be missing. */
  readonly mayBeBehind: boolean
}

/** Writes a whole database to a file that is not there, and closes it. A test can have the catalogue written meanwhile. */
export type SqliteCall = (from: DatabaseSync, toFile: string) => Promise<void>

/** Pages a step of SQLite's own call: 8 MB at Lightroom's page size, so that it is not busy with counting. */
const pagesAStep = 2000

/**
 * Makes a snapshot of a Lightroom catalogue: one file `toFile`, written by SQLite's own backup call, with everything
 * that stood in the log, and checked by `integrity_check` before it gets its name (W1). Never replaces `toFile` (W2),
 * whose folder must be there and must not be that of the catalogue. The folder of the catalogue is only read, and no
 * lock is taken in it.
 *
 * Fails as `readLightroomCatalogue` does, and with `name-taken`. After a failure nothing is left behind.
 */
export async function snapshotLightroomCatalogue(
  path: string,
  toFile: string,
  call: SqliteCall = writeThroughSqlite,
): Promise<Result<LightroomSnapshot>> {
  const found = await findCatalogue(path)
  if (!found.ok) return found
  const folder = dirname(toFile)
  if (await isFolderOf(found.value, folder)) return failed(besideTheCatalogue(path, folder))
  if (await isTaken(toFile)) return failed(nameTaken(toFile))
  let own: string | null = null
  try {
    own = await mkdtemp(join(folder, `.${basename(toFile)}.partial-`))
    return await snapshotThrough(found.value, own, toFile, call)
  } catch (error) {
    return failed(writeFailure(error, folder))
  } finally {
    if (own !== null) await rm(own, { recursive: true, force: true })
  }
}

/**
 * `own` is our folder on the same file system as `toFile`. Throws the system's and SQLite's errors, which are about
 * writing there.
 */
async function snapshotThrough(
  files: CatalogueFiles,
  own: string,
  toFile: string,
  call: SqliteCall,
): Promise<Result<LightroomSnapshot>> {
  const isOpen = await isOpenInLightroom(files)
  const partial = join(own, 'snapshot')
  let mayBeBehind = isOpen
  if (!(await snapshotAtRest(files, partial, call))) {
    await rm(partial, { force: true })
    const copy = await takeWholeCopy(files, own, { rows: false })
    if (!copy.ok) return copy
    mayBeBehind ||= copy.value.wasBusy
    await call(new DatabaseSync(copy.value.file), partial)
  }
  const findings = await askInThread({ file: partial, check: 'integrity_check', wantsRows: false, how: 'as-it-is' })
  if (findings.kind !== 'catalogue') return failed(failureOf(findings, files.asked, dirname(toFile)))
  const { size: bytes } = await stat(partial)
  await flush(partial, 'r+')
  if (!(await giveName(partial, toFile))) return failed(nameTaken(toFile))
  await flushName(toFile)
  return { ok: true, value: { bytes, version: findings.version, checked: 'integrity_check ok', mayBeBehind } }
}

/**
 * The short way, for a catalogue that nobody is writing: SQLite reads the catalogue itself. Opened as immutable it
 * takes no lock and makes no file, in either journal mode; but then it sees neither log nor journal, so there must be
 * none, and the catalogue must be the same afterwards. False when this way can not be gone or was disturbed.
 *
 * Not with SQLite's usual read-only opening: in write-ahead mode that makes `-wal` and `-shm` beside the catalogue, or
 * waits for a lock that Lightroom holds; in the older mode its own lock could make Lightroom wait.
 */
async function snapshotAtRest(files: CatalogueFiles, partial: string, call: SqliteCall): Promise<boolean> {
  const before = await lookWhenSettled(files).catch(() => null)
  if (before === null || !isAtRest(before)) return false
  const url = pathToFileURL(files.main)
  url.searchParams.set('immutable', '1')
  try {
    await call(new DatabaseSync(url, { readOnly: true }), partial)
    const after = await lookAt(files)
    return isUntouched(before, after) && isOneMoment(before, after)
  } catch (error) {
    if (causeOf(error) === 'ENOSPC') throw error
    return false
  }
}

/** An empty log holds nothing; a journal of any size could. */
const isAtRest = ({ wal, journal }: Look): boolean => journal === null && (wal === null || wal.bytes === 0)

async function writeThroughSqlite(from: DatabaseSync, toFile: string): Promise<void> {
  try {
    await backup(from, toFile, { rate: pagesAStep })
  } finally {
    from.close()
  }
}

const isTaken = async (file: string): Promise<boolean> =>
  lstat(file).then(
    () => true,
    () => false,
  )

/**
 * A second name, which never replaces what is there (W2). FAT, exFAT and many shares have none: there it is a look and
 * a rename.
 */
async function giveName(partial: string, toFile: string): Promise<boolean> {
  try {
    await link(partial, toFile)
    return true
  } catch (error) {
    const cause = causeOf(error)
    if (cause === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'EACCES'].includes(cause)) throw error
  }
  if (existsSync(toFile)) return false
  await rename(partial, toFile)
  return true
}

/** Some systems flush no folders; there the name is as sure as it can be. Any other error takes the name back. */
const flushesNoFolders = ['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'EBADF', 'EACCES']

async function flushName(toFile: string): Promise<void> {
  try {
    await flush(dirname(toFile), 'r')
  } catch (error) {
    if (flushesNoFolders.includes(causeOf(error))) return
    await rm(toFile, { force: true })
    throw error
  }
}

async function flush(path: string, how: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, how)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
