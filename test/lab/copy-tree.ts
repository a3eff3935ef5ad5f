/** Copies a folder onto a file system that may refuse some names; what it refused is told, not thrown. */
import { copyFile, mkdir, readdir, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

export interface Refused {
  /** Relative to the folder copied. */
  readonly path: string
  /** The system's code, such as ENOENT or EINVAL. */
  readonly code: string
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)
}

/**
 * Copies files and folders with their modification times, names byte for byte as they are. `modifiedAt` (seconds since 1970, by
 * path relative to `from`) wins over the time of the file itself. Links and other odd things are refused as `not-a-file`.
 */
export async function copyTree(from: string, to: string, modifiedAt: ReadonlyMap<string, number>): Promise<Refused[]> {
  const refused: Refused[] = []
  const copyFolder = async (folder: string): Promise<void> => {
    const entries = await readdir(join(from, folder), { withFileTypes: true })
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name)
      try {
        if (entry.isDirectory()) {
          await mkdir(join(to, path))
          await copyFolder(path)
        } else if (entry.isFile()) {
          const time = modifiedAt.get(path) ?? (await stat(join(from, path))).mtimeMs / 1000
          await copyFile(join(from, path), join(to, path))
          await utimes(join(to, path), time, time)
        } else {
          refused.push({ path, code: 'not-a-file' })
        }
      } catch (error) {
        refused.push({ path, code: codeOf(error) })
      }
    }
  }
  await copyFolder('')
  return refused
}

/** How many bytes a folder's files have, and how many entries it holds. */
export async function sizeOfTree(folder: string): Promise<{ bytes: number; entries: number }> {
  let bytes = 0
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  for (const entry of entries) if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  return { bytes, entries: entries.length }
}
