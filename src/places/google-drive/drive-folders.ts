/**
 * Folders are found by their names once, and then known by their ids for a while. Drive allows two of one name: what is read is read
 * from all of them, what is new goes to the oldest of ours, and within one program no twin is made (one at a time for each path).
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { fileFields, folderProperties, foldersInOrder, folderType, isOurFolder, readDriveFile } from './drive-file.ts'
import { allNamed } from './drive-look-up.ts'
import type { DriveClient } from './drive-request.ts'
import { PathLocks } from './path-locks.ts'

/** After that a folder is looked up anew: a person may have moved it, or thrown it away. */
const knownForMs = 60_000
/** Drive's own word for the top folder. */
const myDrive = 'root'

export class DriveFolders {
  readonly #client: DriveClient
  /** Of the place's root below My Drive. */
  readonly #above: readonly string[]
  readonly #isAnybodys: boolean
  readonly #now: () => number
  readonly #known = new Map<string, { readonly ids: readonly string[]; readonly atMs: number }>()
  readonly #locks = new PathLocks()

  /** `isAnybodys`: the folders down to the root were made by others, and are ours to look into. */
  constructor(client: DriveClient, root: { readonly path: string; readonly isAnybodys: boolean }, now: () => number) {
    this.#client = client
    this.#above = segmentsOf(root.path)
    this.#isAnybodys = root.isAnybodys
    this.#now = now
  }

  /** The ids of all folders at a path of the place; none when there is no such folder. The first is the one for what is new. */
  find(path: string): Promise<Result<readonly string[]>> {
    return this.#find([...this.#above, ...segmentsOf(path)])
  }

  async #find(segments: readonly string[]): Promise<Result<readonly string[]>> {
    const name = segments.at(-1)
    if (name === undefined) return done([myDrive])
    const key = segments.join('/')
    const known = this.#known.get(key)
    if (known !== undefined && this.#now() - known.atMs < knownForMs) return done(known.ids)
    const parents = await this.#find(segments.slice(0, -1))
    if (!parents.ok) return parents
    const looked = await this.#lookUp(parents.value, segments, name)
    return looked.ok ? done(looked.value.ids) : looked
  }

  async #lookUp(
    parents: readonly string[],
    segments: readonly string[],
    name: string,
  ): Promise<Result<{ readonly ids: readonly string[]; readonly isTaken: boolean }>> {
    const found = await allNamed(this.#client, parents, name)
    if (!found.ok) return found
    const folders = foldersInOrder(found.value)
    // Down to the root of the place only what we made is ours: a folder of the same name may be anybody's. Below it all is ours.
    const isAbove = !this.#isAnybodys && segments.length <= this.#above.length
    const ids = folders.filter((folder) => !isAbove || isOurFolder(folder)).map(({ id }) => id)
    if (ids.length > 0) this.#known.set(segments.join('/'), { ids, atMs: this.#now() })
    return done({ ids, isTaken: !isAbove && found.value.length > folders.length })
  }

  /** The id of the folder for what is new at a path of the place; it is made when there is none. */
  make(path: string): Promise<Result<string>> {
    return this.#make([...this.#above, ...segmentsOf(path)])
  }

  async #make(segments: readonly string[]): Promise<Result<string>> {
    const name = segments.at(-1)
    if (name === undefined) return done(myDrive)
    const parent = await this.#make(segments.slice(0, -1))
    if (!parent.ok) return parent
    const key = segments.join('/')
    return this.#locks.hold(key, async () => {
      const there = await this.#find(segments)
      if (!there.ok) return there
      const [first] = there.value
      if (first !== undefined) return done(first)
      const parents = await this.#find(segments.slice(0, -1))
      if (!parents.ok) return parents
      const looked = await this.#lookUp(parents.value, segments, name)
      if (!looked.ok) return looked
      if (looked.value.isTaken) return failed(this.#taken(key))
      const made = await this.#makeOne(parent.value, name, key)
      if (!made.ok) return made
      // Another program may have made one at the same moment: then both go on with the older. The other stays, as nobody can know
      // that nothing was put into it; it is read like the first.
      const after = await this.#lookUp(parents.value, segments, name)
      if (!after.ok) return after
      const [oldest] = after.value.ids
      if (oldest === undefined) this.#known.set(key, { ids: [made.value], atMs: this.#now() })
      return done(oldest ?? made.value)
    })
  }

  async #makeOne(parent: string, name: string, path: string): Promise<Result<string>> {
    const told = await this.#client.json({
      method: 'POST',
      url: '/drive/v3/files',
      query: { fields: fileFields },
      json: { name, mimeType: folderType, parents: [parent], appProperties: folderProperties },
      path,
    })
    if (!told.ok) return told
    if (told.value === null) this.forget()
    const folder = readDriveFile(told.value ?? {})
    return folder === null ? failed(this.#client.nonsense(`no folder made in ${parent}`)) : done(folder.id)
  }

  /** What is known turned out to be wrong. */
  forget(): void {
    this.#known.clear()
  }

  #taken(path: string): Failure {
    return {
      code: 'name-taken',
      sentence: `At “${this.#client.place}” there is a file where the folder ${path} has to be.`,
      advice: 'Rename or move that file on drive.google.com, then run the same command again.',
      place: this.#client.place,
      path,
    }
  }
}

const segmentsOf = (path: string): readonly string[] => (path === '' ? [] : path.split('/'))

/** The folder that a path lies in (`''` is the root), and its own name. */
export function splitPath(path: string): readonly [folder: string, name: string] {
  const at = path.lastIndexOf('/')
  return at === -1 ? ['', path] : [path.slice(0, at), path.slice(at + 1)]
}
