/** The ground that all verbs of one place stand on: where its folder lies, how names are given, and how failures are told. */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { StoredFile } from '../../engine/cloud-contract.ts'
import { serviceFull } from '../cloud/cloud-failure.ts'
import type { Signer } from '../cloud/unfinished-name.ts'
import { unfinishedName } from '../cloud/unfinished-name.ts'
import type { Connection, SftpAddress } from './connection.ts'
import { Refusal, isMissing, noFolder, readOnly, sftpFailure, status, statusOf } from './sftp-failure.ts'
import type { SftpLimits } from './sftp-limits.ts'
import { StoredDigest } from './stored-digest.ts'
import type { Room } from './verbs.ts'
import {
  isFolder,
  isRegular,
  link,
  lookAt,
  lookThrough,
  makeFolders,
  mtimeOf,
  realPath,
  rename,
  roomAt,
  unlink,
} from './verbs.ts'
import type { Wire } from './wire.ts'

export const partialFolder = '.fivefold/partial'

/** Below this, a write that failed without a word failed for want of room. */
const fullBelowBytes = 1024 * 1024

export class Ground {
  readonly place: string
  readonly signer: Signer
  readonly limits: SftpLimits
  readonly digest: StoredDigest
  readonly #connection: Connection
  readonly #address: SftpAddress
  #root: { readonly wire: Wire; readonly path: string } | null = null

  constructor(
    { place, signer }: { readonly place: string; readonly signer: Signer },
    address: SftpAddress,
    connection: Connection,
    limits: SftpLimits,
  ) {
    this.place = place
    this.signer = signer
    this.limits = limits
    this.digest = new StoredDigest(limits)
    this.#address = address
    this.#connection = connection
  }

  /** Does something at the server. Every way in which that fails becomes a failure here, and nowhere else. */
  async attempt<Value>(path: string | null, act: (wire: Wire) => Promise<Value>): Promise<Result<Value>> {
    let wire: Wire | null = null
    try {
      wire = await this.#connection.wire()
      return done(await act(wire))
    } catch (error) {
      const full = wire === null || statusOf(error) !== status.failure ? null : await this.#whyNotWritten(wire, error)
      return failed(full ?? sftpFailure(error, this.place, path))
    }
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /** The absolute path at the server; '' is the place's own folder. */
  async at(wire: Wire, path: string): Promise<string> {
    if (this.#root?.wire !== wire) {
      // `/~/PATH`, and no path at all, mean the folder in which a session begins.
      const { path: asked } = this.#address
      const below = asked === '' ? '' : /^\/~(?:\/(.*))?$/s.exec(asked)
      const home = below === null ? '' : (await realPath(wire, '.')).replace(/\/+$/, '')
      this.#root = { wire, path: below === null ? asked : joined(home, below === '' ? '' : (below[1] ?? '')) }
    }
    return joined(this.#root.path, path)
  }

  /** The root, or the deepest folder above it that is there already. */
  async room(wire: Wire): Promise<Room | null> {
    let path = await this.at(wire, '')
    while (path !== '' && path !== '/' && (await lookThrough(wire, path)) === null)
      path = path.slice(0, Math.max(1, path.lastIndexOf('/')))
    return roomAt(wire, path === '' ? '/' : path)
  }

  /** SFTP has one word, “failure”, for a full disk, for one that may not be written, and for much else. */
  async #whyNotWritten(wire: Wire, error: unknown): Promise<Failure | null> {
    const cause = error instanceof Error ? error.message : String(error)
    const room = await this.room(wire).catch(() => null)
    if (room === null) return null
    if (room.isReadOnly) return readOnly(this.place, cause)
    if (room.freeBytes < fullBelowBytes || room.freeFiles === 0) return serviceFull(this.place, cause)
    return null
  }

  async stored(wire: Wire, path: string): Promise<StoredFile | null> {
    const absolute = await this.at(wire, path)
    const found = await lookAt(wire, absolute)
    if (found === null || !isRegular(found)) return null
    await this.probe(wire)
    const digest = await this.digest.of(wire, absolute, found.size)
    return {
      bytes: found.size,
      mtimeMs: mtimeOf(found),
      digests: digest === null ? {} : { sha256: digest },
      objectId: '',
    }
  }

  /** Whether the server tells hashes, once and only where the place has been begun: the question needs a file of its own. */
  async probe(wire: Wire): Promise<void> {
    if (this.digest.works !== null) return
    const root = await lookThrough(wire, await this.at(wire, ''))
    if (root === null || !isFolder(root)) return
    try {
      await this.digest.probe(wire, await this.partial(wire))
    } catch (error) {
      if (statusOf(error) === null && !(error instanceof Refusal)) throw error
      // Where nothing may be written, nothing can be asked this way.
      this.digest.giveUp()
    }
  }

  async partial(wire: Wire): Promise<string> {
    const folder = await this.at(wire, partialFolder)
    await this.#folder(wire, folder, partialFolder)
    return folder
  }

  async #folder(wire: Wire, absolute: string, path: string): Promise<void> {
    if ((await makeFolders(wire, absolute)) === 'in-the-way') throw new Refusal(noFolder(this.place, path))
  }

  newPartName(): string {
    return `${unfinishedName(this.signer)}.part`
  }

  /** Gives a file another name, with the folders it needs, and never takes a name that something has (W2). */
  async giveName(wire: Wire, from: string, to: string): Promise<'named' | 'taken'> {
    const [old, name] = [await this.at(wire, from), await this.at(wire, to)]
    if ((await lookAt(wire, name)) !== null) return 'taken'
    const above = name.slice(0, Math.max(1, name.lastIndexOf('/')))
    await this.#folder(wire, above, to)
    for (let isAgain = false; ; isAgain = true) {
      try {
        await nameOnce(wire, old, name)
        return 'named'
      } catch (error) {
        if (statusOf(error) === null) throw error
        if ((await lookAt(wire, name)) !== null) return 'taken'
        if (isAgain || !isMissing(error) || (await lookAt(wire, old)) === null) throw error
        // Somebody removed the folder that was seen here before.
        wire.folders.clear()
        await this.#folder(wire, above, to)
      }
    }
  }
}

async function nameOnce(wire: Wire, from: string, to: string): Promise<void> {
  if (wire.naming !== 'link') return rename(wire, from, to)
  try {
    await link(wire, from, to)
  } catch (error) {
    // The disk there can't link (FAT), or something has the name: the second is seen before anything is renamed.
    if (statusOf(error) === null || isMissing(error) || (await lookAt(wire, to)) !== null) throw error
    return rename(wire, from, to)
  }
  await unlink(wire, from)
}

const joined = (folder: string, path: string): string => {
  if (path === '') return folder === '' ? '/' : folder
  return folder === '/' ? `/${path}` : `${folder}/${path}`
}
