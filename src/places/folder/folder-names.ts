import { mkdirSync } from 'node:fs'
import { join, posix, sep } from 'node:path'
import { hasSystemCode } from './system-failure.ts'

/** A path of ours: relative, forward slashes, no step up, nothing empty. Everything else is a bug of the caller. */
export function assertInside(path: string): void {
  const segments = path.split('/')
  if (
    path.startsWith('/') ||
    path.includes('\0') ||
    segments.some((segment) => segment === '' || segment === '.' || segment === '..')
  )
    throw new Error(`Not a path inside a place: ${JSON.stringify(path)}`)
}

export const absolutePath = (root: string, path: string): string =>
  join(root, sep === '/' ? path : path.replaceAll('/', sep))

/**
 * Makes the folders above a file, below the root and never above it (W4: a missing root is an unmounted place).
 * Answers the folders that got a new folder; until those are flushed, no file below it counts (W1).
 */
export function makeFoldersFor(root: string, path: string, known: Set<string>): readonly string[] {
  const folder = posix.dirname(path)
  const changed: string[] = []
  if (folder === '.' || known.has(folder)) return changed
  let above = '.'
  for (const segment of folder.split('/')) {
    const here = posix.join(above, segment)
    if (!known.has(here)) {
      try {
        mkdirSync(absolutePath(root, here))
        changed.push(above)
      } catch (error) {
        if (!hasSystemCode(error, 'EEXIST')) throw error
      }
      known.add(here)
    }
    above = here
  }
  return changed
}
