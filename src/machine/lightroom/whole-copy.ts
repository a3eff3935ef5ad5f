import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { failed, type Failure, type Result } from '../../domain/failure.ts'
import { lightroomName, type CatalogueRow } from '../../domain/lightroom-frames.ts'
import { askInThread } from './ask-in-thread.ts'
import {
  isFresh,
  isOneMoment,
  isThere,
  isUntouched,
  lookAt,
  tickMs,
  type CatalogueFiles,
  type Look,
} from './catalogue-files.ts'
import type { Findings } from './look-into-database.ts'
import {
  causeOf,
  copyUnreadable,
  damaged,
  keepsChanging,
  notACatalogue,
  readFailure,
  unknownForm,
  writeFailure,
} from './lightroom-failures.ts'

export interface WholeCopy {
  /** The copy: one closed file, with everything that stood in the log. */
  readonly file: string
  readonly version: string
  /** Empty unless they were wanted. */
  readonly rows: readonly CatalogueRow[]
  /** Lightroom was writing meanwhile, or was in the middle of something. */
  readonly wasBusy: boolean
}

type Attempt =
  | { readonly kind: 'whole'; readonly copy: WholeCopy }
  /** Another try may end better (`torn`), or would end the same. */
  | { readonly kind: 'torn' | 'failed'; readonly failure: Failure }

/** What a try consists of; a value, so that a test can have the catalogue written at the worst moment. */
export interface CopySteps {
  copyFile(from: string, to: string): Promise<void>
  /** The tries, and how long to wait before each: a Lightroom that imports writes in bursts. */
  readonly pausesBeforeTriesMs: readonly number[]
}

const realSteps: CopySteps = { copyFile: copyPrivately, pausesBeforeTriesMs: [0, 400, 2000] }

/**
 * Copies a catalogue, with its log and journal, into `folder`, a scratch folder of ours below the one a person chose. The folder of the
 * catalogue is only read: no lock is taken there, so Lightroom never finds its catalogue busy. A copy that was torn by
 * a write is noticed, by a look at the files before and after and by SQLite's check of every page, and made again.
 */
export async function takeWholeCopy(
  files: CatalogueFiles,
  folder: string,
  wants: { readonly rows: boolean },
  steps: CopySteps = realSteps,
): Promise<Result<WholeCopy>> {
  let failure: Failure = keepsChanging(files.asked, 'no try was made')
  for (const pauseMs of steps.pausesBeforeTriesMs) {
    await wait(pauseMs)
    const attempt = await tryOnce(files, folder, wants.rows, steps)
    if (attempt.kind === 'whole') return { ok: true, value: attempt.copy }
    failure = attempt.failure
    if (attempt.kind === 'failed') break
  }
  return failed(failure)
}

async function tryOnce(files: CatalogueFiles, folder: string, wantsRows: boolean, steps: CopySteps): Promise<Attempt> {
  const own = join(folder, 'copy')
  const file = join(own, basename(files.main))
  try {
    await rm(own, { recursive: true, force: true })
    await mkdir(own, { mode: 0o700 })
  } catch (error) {
    return { kind: 'failed', failure: writeFailure(error, dirname(folder)) }
  }
  const looks = await copyBetweenLooks(files, file, steps)
  if (!looks.ok)
    return { kind: looks.failure.code === 'lightroom-unreadable' ? 'torn' : 'failed', failure: looks.failure }
  const { before, after } = looks.value
  if (!isOneMoment(before, after))
    return { kind: 'torn', failure: keepsChanging(files.asked, 'it changed while it was copied') }
  const findings = await askInThread({ file, check: 'quick_check', wantsRows, how: 'settle' })
  const wasBusy = (before.journal !== null && before.journal.bytes > 0) || !isUntouched(before, after)
  if (findings.kind !== 'catalogue') {
    // Damage in the copy of a catalogue at rest is damage in the catalogue.
    const mayBeTorn = wasBusy && findings.kind === 'damaged'
    return { kind: mayBeTorn ? 'torn' : 'failed', failure: failureOf(findings, files.asked, dirname(folder)) }
  }
  return { kind: 'whole', copy: { file, version: findings.version, rows: findings.rows, wasBusy } }
}

async function copyBetweenLooks(
  files: CatalogueFiles,
  file: string,
  steps: CopySteps,
): Promise<Result<{ readonly before: Look; readonly after: Look }>> {
  try {
    const before = await lookWhenSettled(files)
    // The catalogue before its log: see isOneMoment. The index of the log (-shm) is left: SQLite makes it anew from the log.
    await steps.copyFile(files.main, file)
    if (before.wal !== null) await steps.copyFile(files.wal, `${file}-wal`)
    if (before.journal !== null) await steps.copyFile(files.journal, `${file}-journal`)
    return { ok: true, value: { before, after: await lookAt(files) } }
  } catch (error) {
    return failed(await copyFailure(error, files, file))
  }
}

/** Waits out the tick of the file system's clock, once, when the catalogue was written just now. */
export async function lookWhenSettled(files: CatalogueFiles): Promise<Look> {
  const look = await lookAt(files)
  if (!isFresh(look)) return look
  await wait(tickMs)
  return lookAt(files)
}

/** Where the file system can, the copy shares its blocks with the catalogue until one of them changes. */
async function copyPrivately(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  // The copy has the rights of the catalogue, which may be read-only; ours must be writable for SQLite, and private.
  await chmod(to, 0o600)
}

/** A copy has two ends. The log of a catalogue that Lightroom just closed is gone: that is a change like another. */
async function copyFailure(error: unknown, files: CatalogueFiles, file: string): Promise<Failure> {
  const cause = causeOf(error)
  if (cause === 'ENOSPC' || cause === 'EDQUOT' || cause === 'EROFS')
    return writeFailure(error, join(file, '..', '..', '..'))
  const isChange = cause === 'EBUSY' || (cause === 'ENOENT' && (await isThere(files.main)))
  return isChange ? keepsChanging(files.asked, cause) : readFailure(error, files.asked)
}

/** What SQLite found, as a failure of the catalogue at `asked`; `folder` is where the copy lies. */
export function failureOf(findings: Exclude<Findings, { kind: 'catalogue' }>, asked: string, folder: string): Failure {
  switch (findings.kind) {
    case 'damaged':
      return damaged(asked, findings.cause)
    case 'not-a-catalogue':
      return notACatalogue(asked, findings.cause)
    case 'unknown-form':
      return unknownForm(asked, lightroomName(findings.version), findings.cause)
    case 'no-room':
      return writeFailure(Object.assign(new Error(findings.cause), { code: 'ENOSPC' }), folder)
    case 'trouble':
      return copyUnreadable(asked, findings.cause)
  }
}
