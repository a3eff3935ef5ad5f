/** What really lies on the disks: every file with its sha256, read from the files themselves and from nothing that Fivefold says. */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Path below the root → sha256. */
export type Contents = ReadonlyMap<string, string>

const known = new Map<string, { readonly stamp: string; readonly hash: string }>()

/** A file is read again when anything of it changed, the time of its last change in the file system too, which nobody can set. */
function hashOf(path: string): string {
  const { size, mtimeNs, ctimeNs, ino } = lstatSync(path, { bigint: true })
  const stamp = `${size} ${mtimeNs} ${ctimeNs} ${ino}`
  const before = known.get(path)
  if (before?.stamp === stamp) return before.hash
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex')
  known.set(path, { stamp, hash })
  return hash
}

/** All files below a folder; empty when it is not there. Temporary files are nobody's business. */
export function contentsOf(root: string): Contents {
  const found = new Map<string, string>()
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (path === '.fivefold/partial' || path === 'lost+found') continue
      if (entry.isDirectory()) walk(path)
      else found.set(path, hashOf(join(root, path)))
    }
  }
  if (existsSync(root)) walk('')
  return found
}

/** Files as a photographer sees them: without what Fivefold keeps for itself, and without the histories. */
export const visible = (contents: Contents): Contents =>
  new Map([...contents].filter(([path]) => !path.startsWith('.fivefold/') && !path.includes('/ascmhl/')))
