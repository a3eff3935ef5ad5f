/**
 * Flushes many small files with one call. Linux has `syncfs`, reached through `sync -f`; it makes the difference between
 * ten seconds and eight on twenty thousand files (bench/README.md). Elsewhere, and when it fails, each file is flushed by itself.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { hasSystemCode, placeFailure } from './system-failure.ts'

/** Below this many files a call each is cheaper than starting `sync`. */
const worthOneCall = 8
const flushesAtOnce = 8

function flushFileSystem(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('sync', ['-f', folder], { stdio: 'ignore' })
    child.on('error', () => resolve(false))
    child.on('exit', (code) => resolve(code === 0))
  })
}

/** A file that a person locked is flushed all the same: Linux and macOS don't ask for the right to write, Windows does. */
async function openToFlush(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR)
  } catch (error) {
    if (process.platform === 'win32' || !hasSystemCode(error, 'EACCES', 'EPERM')) throw error
    return open(path, constants.O_RDONLY)
  }
}

async function flushOne(path: string, place: string): Promise<Result<void>> {
  try {
    const file = await openToFlush(path)
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    return done(undefined)
  } catch (error) {
    return failed(placeFailure(error, place))
  }
}

export async function flushSmallFiles(
  folder: string,
  paths: readonly string[],
  place: string,
): Promise<readonly Result<void>[]> {
  if (process.platform === 'linux' && paths.length >= worthOneCall && (await flushFileSystem(folder)))
    return paths.map(() => done(undefined))
  const answers: Result<void>[] = []
  for (let first = 0; first < paths.length; first += flushesAtOnce) {
    const some = paths.slice(first, first + flushesAtOnce)
    answers.push(...(await Promise.all(some.map((path) => flushOne(path, place)))))
  }
  return answers
}
