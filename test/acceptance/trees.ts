/** Folders compared by content, and the test cards as folders with the times that git does not keep. */
import { createHash } from 'node:crypto'
import { lstat, mkdir, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
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

/** All entries below a folder, links not followed, sorted. */
async function entriesBelow(folder: string): Promise<{ path: string; isFolder: boolean }[]> {
  const found: { path: string; isFolder: boolean }[] = []
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name)
      found.push({ path, isFolder: entry.isDirectory() })
      if (entry.isDirectory()) await walk(path)
    }
  }
  await walk('')
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** Paths of all that is no folder below a folder, sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  return (await entriesBelow(folder)).filter(({ isFolder }) => !isFolder).map(({ path }) => path)
}

/** All that can be seen of a folder without reading it: path, inode, size and times. Equal means that nothing was touched. */
export async function stateOf(folder: string): Promise<string[]> {
  const state: string[] = []
  for (const { path } of await entriesBelow(folder)) {
    const { ino, size, mtimeMs, ctimeMs } = await lstat(join(folder, path))
    state.push(`${path} ${ino} ${size} ${mtimeMs} ${ctimeMs}`)
  }
  return state
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
