import { folderOf, isInsideScope, nameOf } from './relative-path.ts'

/** Hashes a small buffer and gives lower-case hexadecimal digits; the caller decides the format (here XXH128). */
export type HashBytes = (bytes: Uint8Array) => string

/** `content` holds while files are only renamed; `structure` changes with names as well. */
export interface FolderHash {
  readonly content: string
  readonly structure: string
}

export interface HashedFile {
  readonly path: string
  /** In the same format as `HashBytes` makes. */
  readonly hash: string
}

/** What lies directly in a folder, each list sorted; paths are relative to the scope. */
export interface Folder {
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

/**
 * The folders of a scope by path, `''` for the scope itself. Given twice, or as a file and a folder at once, a path
 * is a bug of the caller and thrown.
 */
export function folderTree(files: readonly string[], emptyFolders: readonly string[]): ReadonlyMap<string, Folder> {
  const children = new Map([['', { folders: new Set<string>(), files: new Set<string>() }]])
  const enter = (folder: string): { folders: Set<string>; files: Set<string> } => {
    const known = children.get(folder)
    if (known !== undefined) return known
    const entered = { folders: new Set<string>(), files: new Set<string>() }
    children.set(folder, entered)
    enter(folderOf(folder)).folders.add(folder)
    return entered
  }
  for (const path of [...files, ...emptyFolders]) {
    if (!isInsideScope(path)) throw new Error(`Not a path below the roll folder: ${JSON.stringify(path)}`)
  }
  for (const folder of emptyFolders) enter(folder)
  for (const file of files) {
    const siblings = enter(folderOf(file)).files
    if (siblings.has(file)) throw new Error(`Given twice: ${JSON.stringify(file)}`)
    siblings.add(file)
  }
  for (const file of files) if (children.has(file)) throw new Error(`File and folder at once: ${JSON.stringify(file)}`)
  return new Map(
    [...children].map(([path, inside]) => [
      path,
      { folders: [...inside.folders].toSorted(), files: [...inside.files].toSorted() },
    ]),
  )
}

/**
 * The two hashes of every folder, by path, `''` for the scope itself (ASC MHL, directory hashes):
 * - content: the hashes of the files and the content hashes of the folders directly inside, sorted as text, their
 *   bytes hashed in a row;
 * - structure: for each child the hash of its UTF-8 name and the bytes of its hash (a folder: of its structure hash),
 *   sorted and hashed in the same way.
 *
 * Only true when every file below was hashed in one and the same operation; the caller sees to that.
 */
export function folderHashes(
  files: readonly HashedFile[],
  emptyFolders: readonly string[],
  hashBytes: HashBytes,
): ReadonlyMap<string, FolderHash> {
  const tree = folderTree(
    files.map(({ path }) => path),
    emptyFolders,
  )
  const fileHashes = new Map(files.map(({ path, hash }) => [path, hash]))
  const done = new Map<string, FolderHash>()
  const visit = (path: string): FolderHash => {
    const content: string[] = []
    const structure: string[] = []
    const add = (child: string, contentHash: string, structureHash: string): void => {
      content.push(contentHash)
      structure.push(hashBytes(Buffer.concat([Buffer.from(nameOf(child), 'utf8'), Buffer.from(structureHash, 'hex')])))
    }
    const inside = tree.get(path)
    for (const folder of inside?.folders ?? []) {
      const hash = visit(folder)
      add(folder, hash.content, hash.structure)
    }
    for (const file of inside?.files ?? []) {
      const hash = fileHashes.get(file) ?? ''
      add(file, hash, hash)
    }
    const hash = { content: hashOfHashes(content, hashBytes), structure: hashOfHashes(structure, hashBytes) }
    done.set(path, hash)
    return hash
  }
  visit('')
  return done
}

const hashOfHashes = (hashes: string[], hashBytes: HashBytes): string =>
  hashBytes(Buffer.from(hashes.toSorted().join(''), 'hex'))
