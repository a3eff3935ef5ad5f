/** Folders compared by content, and the test cards as folders with the times that git does not keep. */
import { createHash } from 'node:crypto'
import { lstat, mkdir, readFile, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { copyTree } from '../lab/copy-tree.ts'
import { testCard } from '../lab/card-image.ts'

/** sha256 of each regular file below a folder, by its path with forward slashes, names as the system gives them. */
export async function hashesOf(folder: string): Promise<Map<string, string>> {
  const hashes = new Map<string, string>()
  for (const path of await filesBelow(folder))
    hashes.set(
      path,
      createHash('sha256')
        .update(await readFile(join(folder, path)))
        .digest('hex'),
    )
  return hashes
}

/** Paths of all that is no folder below a folder, sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted()
}

/** All that can be seen of a folder without reading it: path, inode, size and times. Equal means that nothing was touched. */
export async function stateOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true })
  const state: string[] = []
  for (const path of entries.toSorted()) {
    const { ino, size, mtimeMs, ctimeMs } = await lstat(join(folder, path))
    state.push(`${path} ${ino} ${size} ${mtimeMs} ${ctimeMs}`)
  }
  return state
}

/** Only the paths of {@link stateOf}'s folder, with sizes: what a person sees. */
export async function namesOf(folder: string): Promise<string[]> {
  const names: string[] = []
  for (const path of await filesBelow(folder)) names.push(`${path} ${(await lstat(join(folder, path))).size}`)
  return names
}

/** Copies a test card to a folder of its name below `parent`, with times and empty folders. Gives its path. */
export async function cardFolder(name: string, parent: string): Promise<string> {
  const wish = await testCard(name)
  const folder = join(parent, name)
  await mkdir(folder, { recursive: true })
  await copyTree(wish.folder ?? '', folder, wish.modifiedAt ?? new Map())
  for (const empty of wish.emptyFolders ?? []) await mkdir(join(folder, empty), { recursive: true })
  return folder
}
