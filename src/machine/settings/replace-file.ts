import { chmod, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The steps of a replacement; a value, so that a test can let one of them fail and see the order of the rest. */
export interface FileSteps {
  /** Writes a file that was not there, with exactly these rights. */
  write(path: string, text: string, mode: number): Promise<void>
  flushFile(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  flushFolder(path: string): Promise<void>
  /** Removes a file; not being there is no error. */
  remove(path: string): Promise<void>
}

async function flush(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Windows flushes no folders, and some network file systems neither; there the rename is as sure as it can be. */
const flushesNoFolders = ['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'EBADF', 'EACCES']

export const realSteps: FileSteps = {
  async write(path, text, mode) {
    const handle = await open(path, 'wx', 0o600)
    try {
      await handle.writeFile(text)
    } finally {
      await handle.close()
    }
    if (mode !== 0o600) await chmod(path, mode)
  },
  flushFile: (path) => flush(path, 'r+'),
  rename,
  async flushFolder(path) {
    try {
      await flush(path, 'r')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null
      if (typeof code !== 'string' || !flushesNoFolders.includes(code)) throw error
    }
  },
  remove: (path) => rm(path, { force: true }),
}

/**
 * Puts a text in the place of a file, so that after a power cut at any moment the whole old text is there or the whole new
 * one (J1): a file beside it, flushed, renamed over it, and the folder flushed. `mode` is the rights of the new file.
 * Throws the system's error; before the rename, the old text is untouched and the file beside it is removed.
 */
export async function replaceFile(file: string, text: string, mode: number, steps: FileSteps): Promise<void> {
  const beside = `${file}.new`
  await steps.remove(beside)
  try {
    await steps.write(beside, text, mode)
    await steps.flushFile(beside)
    await steps.rename(beside, file)
  } catch (error) {
    await steps.remove(beside).catch(() => undefined)
    throw error
  }
  await steps.flushFolder(dirname(file))
}
