import { lstatSync, readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { CardFile, CardListing, LeftOut } from '../../domain/card.ts'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { isLeftOut } from '../../domain/left-out.ts'
import type { Cancel, CardSource, Reading } from '../../engine/contracts.ts'
import { smallFileBytesMax } from '../folder/direct-file.ts'
import { openReading } from '../folder/file-reading.ts'
import { cardFailure, hasSystemCode } from '../folder/system-failure.ts'

/** What this computer knows of the card's volume; worked out by `machine/`. */
export interface CardGround {
  readonly directReaches: 'medium' | 'cached'
  forgetCached(): Promise<boolean>
}

/** Opens a card for reading. There is no other way to open one (C1). */
export function openCardSource(root: string, ground: CardGround): CardSource {
  return {
    name: root,
    kind: 'card',
    list: (cancel) => Promise.resolve(listCard(root, cancel)),
    open: (path, how, expectedBytes) => openCardFile(root, path, how, expectedBytes, ground),
    forgetCached: () => ground.forgetCached(),
  }
}

function openCardFile(
  root: string,
  path: string,
  how: 'fast' | 'past-cache',
  expectedBytes: number,
  ground: CardGround,
): Promise<Result<Reading>> {
  return openReading(join(root, sep === '/' ? path : path.replaceAll('/', sep)), {
    how,
    atOnce: expectedBytes <= smallFileBytesMax,
    directReaches: ground.directReaches,
    explain: (error) => explainCardError(root, path, error),
  })
}

/** A file that is gone may have been deleted; when the card's root is gone too, it is the card. */
function explainCardError(root: string, path: string, error: unknown): Failure {
  if (hasSystemCode(error, 'ENOENT') && isThere(root))
    return {
      code: 'card-changed',
      sentence: `${path} is no longer on the card.`,
      advice: 'Make sure that nothing else writes to the card, then run the same command again.',
      path,
    }
  return cardFailure(error, path)
}

function isThere(root: string): boolean {
  try {
    return readdirSync(root).length > 0
  } catch {
    return false
  }
}

/**
 * Walks the whole card by `lstat`: links are never followed, devices never opened, both are named. A folder that can't be
 * read makes the listing incomplete, and an incomplete one feeds no decision (D3).
 */
function listCard(root: string, cancel: Cancel): Result<CardListing> {
  const files: CardFile[] = []
  const leftOut: LeftOut[] = []
  const emptyFolders: string[] = []
  let complete = true
  const waiting: string[] = ['']
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (cancel.aborted) return done({ complete: false, files, leftOut, emptyFolders })
    let entries
    try {
      entries = readdirSync(join(root, folder), { withFileTypes: true, encoding: 'buffer' })
    } catch (error) {
      if (folder === '' || hasSystemCode(error, 'ENOTCONN', 'ENODEV', 'ENXIO')) return failed(cardFailure(error))
      leftOut.push({ path: folder, why: 'unreadable-folder', files: 1 })
      complete = false
      continue
    }
    if (entries.length === 0) emptyFolders.push(folder)
    for (const entry of entries) {
      const name = unicodeName(entry.name)
      if (name === null) {
        leftOut.push({ path: join(folder, entry.name.toString('latin1')), why: 'name-not-unicode', files: 1 })
        continue
      }
      const path = folder === '' ? name : `${folder}/${name}`
      if (isLeftOut(path))
        leftOut.push({ path, why: 'system-file', files: entry.isDirectory() ? countFiles(join(root, path)) : 1 })
      else if (entry.isDirectory()) waiting.push(path)
      else if (entry.isFile()) {
        const file = describeFile(root, path)
        if (file === null) complete = false
        else files.push(file)
      } else leftOut.push({ path, why: entry.isSymbolicLink() ? 'link' : 'device', files: 1 })
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  leftOut.sort((a, b) => (a.path < b.path ? -1 : 1))
  return done({ complete, files, leftOut, emptyFolders: emptyFolders.filter((path) => path !== '').toSorted() })
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function unicodeName(name: Buffer): string | null {
  try {
    return decoder.decode(name)
  } catch {
    return null
  }
}

function describeFile(root: string, path: string): CardFile | null {
  try {
    const { size, mtimeMs } = lstatSync(join(root, path))
    return { path, bytes: size, mtimeMs: Math.round(mtimeMs) }
  } catch {
    return null
  }
}

/** How many files a left-out folder stands for; a folder that can't be read counts as one. */
function countFiles(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
  } catch {
    return 1
  }
}
