/** Which file is meant by a path, what happens to it, and who keeps a name that two took at the same moment. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { DriveFile } from './drive-file.ts'
import { fileFields, fileProperties, filesInOrder, isOurFile, readDriveFile, sameBytes } from './drive-file.ts'
import type { DriveFolders } from './drive-folders.ts'
import { splitPath } from './drive-folders.ts'
import { allNamed } from './drive-look-up.ts'
import type { DriveClient } from './drive-request.ts'
import { PathLocks } from './path-locks.ts'

export class DriveNames {
  readonly locks = new PathLocks()
  readonly #client: DriveClient
  readonly #folders: DriveFolders

  constructor(client: DriveClient, folders: DriveFolders) {
    this.#client = client
    this.#folders = folders
  }

  /** Everything that has this name there, folders and Google's own documents too. */
  async at(path: string): Promise<Result<readonly DriveFile[]>> {
    const [folder, name] = splitPath(path)
    const folders = await this.#folders.find(folder)
    return folders.ok ? allNamed(this.#client, folders.value, name) : folders
  }

  /** The file at a path, and twins of it that are ours and have the same bytes: they go where it goes. None when there is no file. */
  async fileAt(path: string): Promise<Result<readonly DriveFile[]>> {
    const found = await this.at(path)
    if (!found.ok) return found
    const [first, ...others] = filesInOrder(found.value, path)
    if (first === undefined) return done([])
    return done([first, ...others.filter((other) => isOurFile(other, path) && sameBytes(first, other))])
  }

  /** After a file got its name: is it the one at this path, if somebody else gave the same name at that moment? If not, it goes. */
  async keepsName(path: string, id: string): Promise<Result<boolean>> {
    const found = await this.at(path)
    if (!found.ok) return found
    const [first] = filesInOrder(found.value, path)
    // Not found at all: what is new may take a while to be found by its name, and is there all the same.
    if (first === undefined || first.id === id || !found.value.some((file) => file.id === id)) return done(true)
    const trashed = await this.trash(id)
    return trashed.ok ? done(false) : trashed
  }

  /** Into Drive's own trash, for 30 days. False when there is no such file. */
  async trash(id: string): Promise<Result<boolean>> {
    const told = await this.#client.json({
      method: 'PATCH',
      url: `/drive/v3/files/${encodeURIComponent(id)}`,
      query: { fields: 'id,trashed' },
      json: { trashed: true },
    })
    if (!told.ok || told.value === null) return told.ok ? done(false) : told
    return told.value['trashed'] === true ? done(true) : failed(this.#client.nonsense('not in the trash'))
  }

  /** Gives a file, and the twins that are one with it, another folder and name; nothing has that name. */
  async moveAll(
    files: readonly DriveFile[],
    parent: string,
    from: string,
    to: string,
  ): Promise<Result<'moved' | 'absent' | 'taken'>> {
    const moved: DriveFile[] = []
    for (const file of files) {
      const renamed = await this.#rename(file, parent, to)
      if (!renamed.ok) return renamed
      if (renamed.value !== null) moved.push(renamed.value)
    }
    if (moved.length === 0) return done('absent')
    // Somebody else took the name at the same moment: what was moved is older and would hide it, so it goes back.
    const after = await this.at(to)
    if (!after.ok) return after
    if (after.value.every(({ id }) => moved.some((file) => file.id === id))) return done('moved')
    const [folder] = splitPath(from)
    const back = await this.#folders.make(folder)
    if (!back.ok) return back
    for (const file of moved) {
      const renamed = await this.#rename(file, back.value, from)
      if (!renamed.ok) return renamed
    }
    return done('taken')
  }

  /** Null when there is no such file. */
  async #rename(file: DriveFile, parent: string, to: string): Promise<Result<DriveFile | null>> {
    const [, name] = splitPath(to)
    const from = file.parents.filter((id) => id !== parent)
    const told = await this.#client.json({
      method: 'PATCH',
      url: `/drive/v3/files/${encodeURIComponent(file.id)}`,
      query: {
        fields: fileFields,
        ...(file.parents.includes(parent) ? {} : { addParents: parent }),
        ...(from.length === 0 ? {} : { removeParents: from.join(',') }),
      },
      // Without its time the change itself would become it.
      json: { name, modifiedTime: new Date(file.mtimeMs).toISOString(), appProperties: fileProperties(to) },
      path: to,
    })
    if (!told.ok || told.value === null) return told.ok ? done(null) : told
    const renamed = readDriveFile(told.value)
    return renamed === null ? failed(this.#client.nonsense('no file renamed')) : done(renamed)
  }
}
