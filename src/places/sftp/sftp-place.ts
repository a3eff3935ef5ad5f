/**
 * A folder at an SSH server. Nothing is needed there but SFTP; where the account may run a command, the server itself tells the SHA-256
 * of what it stores (grade A), else a copy is read back (grade E).
 */
import type { Result } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
import type { PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type {
  Credentials,
  Download,
  ServiceAbilities,
  ServiceDigest,
  ServiceFacts,
  ServicePlace,
  StoredFile,
  Upload,
  UploadOrder,
} from '../../engine/cloud-contract.ts'
import { startSha256Digest } from '../cloud/digests.ts'
import { fileMissing } from '../cloud/cloud-failure.ts'
import type { Signer } from '../cloud/unfinished-name.ts'
import { signerOf } from '../cloud/unfinished-name.ts'
import type { SftpAddress } from './connection.ts'
import { Connection } from './connection.ts'
import { Ground, partialFolder } from './ground.ts'
import { listTree } from './list-tree.ts'
import { Refusal, isMissing, noFolder } from './sftp-failure.ts'
import { readAhead } from './sftp-download.ts'
import type { SftpLimits } from './sftp-limits.ts'
import { sftpLimits } from './sftp-limits.ts'
import { sweepParts } from './sweep-parts.ts'
import { beginUpload } from './sftp-upload.ts'
import {
  closeFile,
  flushFile,
  isFolder,
  isRegular,
  lookAt,
  lookThrough,
  openFile,
  rename,
  renameOver,
  unlink,
} from './verbs.ts'
import type { Wire } from './wire.ts'

/** Goes nowhere before the first verb. */
export function openSftpPlace(
  at: { readonly id: PlaceId; readonly name: string; readonly address: SftpAddress } & Partial<Signer>,
  credentials: Credentials,
  limits: SftpLimits = sftpLimits,
): ServicePlace {
  const connection = new Connection(at.name, at.address, credentials, limits)
  const ground = { place: at.name, signer: signerOf(at) }
  return new SftpPlace(at.id, at.address, new Ground(ground, at.address, connection, limits))
}

/** A list of names or a small text of ours; what is longer is none. */
const smallBytesMax = 64 * 1024 * 1024
const never: Cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }

class SftpPlace implements ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly #address: SftpAddress
  readonly #ground: Ground

  constructor(id: PlaceId, address: SftpAddress, ground: Ground) {
    this.id = id
    this.name = ground.place
    this.#address = address
    this.#ground = ground
  }

  get abilities(): ServiceAbilities {
    // Not asked yet is told as the better one: a digest that is then missing makes grade E of the copy.
    const grade = this.#ground.digest.works === false ? 'E' : 'A'
    return { kind: 'sftp', grade, resumes: true, hasTrash: false, filesAtOnce: 4 }
  }

  facts(): Promise<Result<ServiceFacts>> {
    return this.#ground.attempt(null, async (wire) => {
      const root = await lookThrough(wire, await this.#ground.at(wire, ''))
      if (root !== null && !isFolder(root)) throw new Refusal(noFolder(this.name, this.#address.path))
      const room = await this.#ground.room(wire)
      return {
        deviceId: `sftp:${this.#address.host.toLowerCase()}`,
        freeBytes: room?.freeBytes ?? null,
        totalBytes: room?.totalBytes ?? null,
        limits: {
          type: 'sftp',
          fileBytesMax: Number.MAX_SAFE_INTEGER,
          nameBytesMax: room?.nameBytesMax ?? 255,
          foldsCase: false,
          forbidden: '',
          mtimeStepMs: 1000,
        },
      }
    })
  }

  stat(path: string): Promise<Result<StoredFile | null>> {
    assertInside(path)
    return this.#ground.attempt(path, (wire) => this.#ground.stored(wire, path))
  }

  list(folder: string, cancel: Cancel, onward: () => void = () => undefined): Promise<Result<PlaceListing>> {
    if (folder !== '') assertInside(folder)
    return this.#ground.attempt(folder === '' ? null : folder, async (wire) =>
      listTree(wire, await this.#ground.at(wire, ''), folder, cancel, onward),
    )
  }

  begin(order: UploadOrder): Promise<Result<Upload>> {
    assertInside(order.path)
    return beginUpload(this.#ground, order)
  }

  download(path: string, from: number, cancel: Cancel): Promise<Result<Download>> {
    assertInside(path)
    return this.#ground.attempt(path, async (wire) => {
      const absolute = await this.#ground.at(wire, path)
      const found = await lookAt(wire, absolute)
      if (found === null || !isRegular(found)) throw new Refusal(fileMissing(this.name, path))
      return { bytes: found.size, chunks: readAhead(wire, absolute, from, found.size, cancel) }
    })
  }

  getSmall(path: string): Promise<Result<Uint8Array | null>> {
    assertInside(path)
    return this.#ground.attempt(path, async (wire) => {
      const absolute = await this.#ground.at(wire, path)
      const found = await lookAt(wire, absolute)
      if (found === null || !isRegular(found)) return null
      if (found.size > smallBytesMax) throw new Refusal(fileMissing(this.name, path))
      const pieces: Uint8Array[] = []
      for await (const piece of readAhead(wire, absolute, 0, found.size, never)) pieces.push(piece)
      return new Uint8Array(Buffer.concat(pieces))
    })
  }

  putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>> {
    assertInside(path)
    return this.#ground.attempt(path, async (wire) => {
      if (how === 'new' && (await lookAt(wire, await this.#ground.at(wire, path))) !== null) return 'taken'
      const part = `${partialFolder}/${this.#ground.newPartName()}`
      await this.#lay(wire, part, bytes)
      const named =
        how === 'new' ? await this.#ground.giveName(wire, part, path) : await this.#replace(wire, part, path)
      if (named === 'named') return 'put'
      await unlink(wire, await this.#ground.at(wire, part))
      return 'taken'
    })
  }

  async #lay(wire: Wire, part: string, bytes: Uint8Array): Promise<void> {
    await this.#ground.partial(wire)
    const handle = await openFile(wire, await this.#ground.at(wire, part), 'wx')
    try {
      const all = Buffer.from(bytes)
      for (let from = 0; from < all.length; from += wire.pieceBytes) {
        const length = Math.min(wire.pieceBytes, all.length - from)
        await wire.tell((sftp, answer) => sftp.write(handle, all, from, length, from, answer))
      }
      await flushFile(wire, handle)
    } finally {
      await closeFile(wire, handle)
    }
  }

  async #replace(wire: Wire, part: string, path: string): Promise<'named' | 'taken'> {
    const named = await this.#ground.giveName(wire, part, path)
    if (named === 'named') return named
    const [from, to] = [await this.#ground.at(wire, part), await this.#ground.at(wire, path)]
    if (wire.canReplace) await renameOver(wire, from, to)
    else {
      await unlink(wire, to)
      await rename(wire, from, to)
    }
    return 'named'
  }

  move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    assertInside(from)
    assertInside(to)
    return this.#ground.attempt(from, async (wire) => {
      const found = await lookAt(wire, await this.#ground.at(wire, from))
      if (found === null || !isRegular(found)) return 'absent'
      return (await this.#ground.giveName(wire, from, to)) === 'named' ? 'moved' : 'taken'
    })
  }

  remove(path: string): Promise<Result<'removed' | 'absent'>> {
    assertInside(path)
    return this.#ground.attempt(path, async (wire) => {
      try {
        await unlink(wire, await this.#ground.at(wire, path))
        return 'removed'
      } catch (error) {
        if (isMissing(error)) return 'absent'
        throw error
      }
    })
  }

  sweep(sessions: readonly string[], nowMs: number): Promise<Result<number>> {
    return this.#ground.attempt(null, (wire) => sweepParts(this.#ground, wire, sessions, nowMs))
  }

  startDigest(): ServiceDigest {
    return startSha256Digest()
  }

  close(): Promise<void> {
    return this.#ground.close()
  }
}

/** A path of ours: relative, forward slashes, no step up, nothing empty. Everything else is a bug of the caller. */
function assertInside(path: string): void {
  if (path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw new Error(`Not a path inside a place: ${JSON.stringify(path)}`)
}
