import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'

import { failed, type Result } from '../domain/failure.ts'
import type { Store } from './store.ts'
import { allWell, damaged, troubleAsFailure } from './trouble.ts'

/* Looking after the file itself: the full check, the snapshot, and making its bytes and its name last. */

/** Reads every page and every reference. `file` is only for the sentence. */
export function checkWhole(store: Store, file: string): Promise<Result<void>> {
  return troubleAsFailure(async () => {
    const found = store.sqlite.prepare('pragma integrity_check(20)').all()
    const sentences = found.map((row) => String(row['integrity_check']))
    if (sentences.join() !== 'ok') return failed(damaged(file, 'does not pass its own check', sentences.join('; ')))
    const [orphan] = store.sqlite.prepare('pragma foreign_key_check').all()
    if (orphan === undefined) return allWell
    return failed(damaged(file, 'points at rows that are not there', `in the table ${String(orphan['table'])}`))
  })
}

/** Copies the whole catalog beside its final name, checks the copy, and only then gives it that name (W1, W2). */
export function snapshot(store: Store, toFile: string): Promise<Result<void>> {
  return troubleAsFailure(async () => {
    if (existsSync(toFile)) {
      return failed({
        code: 'name-taken',
        sentence: `There is already a file ${toFile}.`,
        advice: 'Choose another name for the snapshot.',
        path: toFile,
      })
    }
    const partial = `${toFile}.partial`
    await removeDatabase(partial)
    await backup(store.sqlite, partial, { rate: 2000 })
    const problem = checkCopy(partial)
    if (problem !== null) {
      await removeDatabase(partial)
      return failed(damaged(partial, 'could not be copied whole', problem))
    }
    await publishDatabase(partial, toFile)
    return allWell
  })
}

/** Also brings the copy out of the write-ahead mode, so that it is one file. Null when all is well. */
function checkCopy(file: string): string | null {
  const copy = new DatabaseSync(file)
  try {
    copy.exec('pragma journal_mode = delete')
    const [answer] = copy.prepare('pragma quick_check(1)').all()
    const sentence = String(answer?.['quick_check'])
    return sentence === 'ok' ? null : sentence
  } finally {
    copy.close()
  }
}

/** Flushes a closed database, gives it its name, and flushes the folder. */
export async function publishDatabase(partial: string, file: string): Promise<void> {
  await flush(partial, 'r+')
  await rename(partial, file)
  if (process.platform !== 'win32') await flush(dirname(file), 'r')
}

export async function removeDatabase(file: string): Promise<void> {
  for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) await rm(name, { force: true })
}

async function flush(path: string, how: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, how)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
