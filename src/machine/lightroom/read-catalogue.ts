import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { failed, type Result } from '../../domain/failure.ts'
import type { CatalogueRow } from '../../domain/lightroom-frames.ts'
import { findCatalogue, isFolderOf, isOpenInLightroom } from './catalogue-files.ts'
import { besideTheCatalogue, writeFailure } from './lightroom-failures.ts'
import { takeWholeCopy } from './whole-copy.ts'

export interface LightroomCatalogue {
  /** As Lightroom writes it: `0500006` is Lightroom 5, `1300000` is 13. `lightroomName` makes words of it. */
  readonly version: string
  /** A lock file lies beside it. */
  readonly lightroomHasItOpen: boolean
  /** Lightroom has it open, or was writing: what a person did in the last moments may not be in it yet. */
  readonly mayBeBehind: boolean
  readonly rows: readonly CatalogueRow[]
}

/**
 * Reads a Lightroom Classic catalogue (`.lrcat`), also while Lightroom has it open. Works on a copy in a folder of its
 * own below `scratchFolder` (as large as the catalogue and its log), which is removed afterwards; the folder of the
 * catalogue is only read.
 *
 * Fails with `not-found`, with `lightroom-unreadable` (not a catalogue, damaged, of an unknown form, not readable, or
 * changing all the time), and with `place-full`, `place-read-only` or `place-error` when the copy can not be written.
 */
export async function readLightroomCatalogue(path: string, scratchFolder: string): Promise<Result<LightroomCatalogue>> {
  const found = await findCatalogue(path)
  if (!found.ok) return found
  if (await isFolderOf(found.value, scratchFolder)) return failed(besideTheCatalogue(path, scratchFolder))
  const folder = await makeFolder(scratchFolder)
  if (!folder.ok) return folder
  try {
    const isOpen = await isOpenInLightroom(found.value)
    const copy = await takeWholeCopy(found.value, folder.value, { rows: true })
    if (!copy.ok) return copy
    const { version, rows, wasBusy } = copy.value
    return { ok: true, value: { version, lightroomHasItOpen: isOpen, mayBeBehind: isOpen || wasBusy, rows } }
  } finally {
    await rm(folder.value, { recursive: true, force: true })
  }
}

async function makeFolder(scratchFolder: string): Promise<Result<string>> {
  try {
    return { ok: true, value: await mkdtemp(join(scratchFolder, 'lightroom-')) }
  } catch (error) {
    return failed(writeFailure(error, scratchFolder))
  }
}
