/**
 * A folder of somebody's Google Drive as a place. Drive knows files by ids; a name is only a label that two files in one folder may
 * share. So each verb says which one it means:
 * - what we make gets its id from us first, so that a request that is sent twice can't make twins;
 * - of several files of one name, the one at that path is the oldest that carries our note for it, else the oldest;
 * - a name that anything has is taken (W2), and of two that take it at the same moment the older one keeps it.
 * With the scope that is asked for (`drive.file`), Drive shows us nothing but what we made.
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
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
import type { PlaceListing } from '../../domain/place-listing.ts'
import type { TokenSource } from '../cloud/access-token.ts'
import { makeTokenSource } from '../cloud/access-token.ts'
import { causeOf } from '../cloud/http-request.ts'
import { fieldsIn, textIn } from '../cloud/json-fields.ts'
import { loopbackEndpoint } from '../cloud/oauth-request.ts'
import type { ServiceOptions } from '../cloud/cloud-address.ts'
import { nameRefused, unreachable } from '../cloud/cloud-failure.ts'
import { downloadFile } from './drive-download.ts'
import { toStoredFile } from './drive-file.ts'
import { DriveFolders, splitPath } from './drive-folders.ts'
import { DriveNames } from './drive-names.ts'
import { DriveClient } from './drive-request.ts'
import { putSmall } from './drive-small.ts'
import { beginUpload, fileBytesMax } from './drive-upload.ts'
import { googleProvider } from './google-provider.ts'
import { listDrive } from './list-drive.ts'
import { TwoDigests } from './two-digests.ts'

const googleApis = 'https://www.googleapis.com'

const abilities: ServiceAbilities = {
  kind: 'google-drive',
  grade: 'A',
  resumes: true,
  hasTrash: true,
  // Drive takes about three new files a second from one account for long; more at once only brings “wait”.
  filesAtOnce: 3,
}

export interface GoogleDriveAddress {
  readonly id: PlaceId
  readonly name: string
  readonly address: {
    readonly kind: 'google-drive' | 'dropbox' | 'onedrive'
    readonly path: string
    readonly options: ServiceOptions
  }
}

/** Asks nothing of the network before the first verb. `now` is in ms. */
export function openGoogleDrivePlace(
  place: GoogleDriveAddress,
  credentials: Credentials,
  now: () => number = Date.now,
): ServicePlace {
  const endpoint = loopbackEndpoint(place.name, place.address.options)
  const other = endpoint.ok ? (endpoint.value ?? undefined) : undefined
  const origin = endpoint.ok ? done(other ?? googleApis) : endpoint
  return new GoogleDrivePlace(place, origin, makeTokenSource(place.name, credentials, googleProvider(other), now), now)
}

class GoogleDrivePlace implements ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly abilities = abilities
  readonly #client: DriveClient
  readonly #folders: DriveFolders
  readonly #names: DriveNames

  constructor(place: GoogleDriveAddress, origin: Result<string>, tokens: TokenSource, now: () => number) {
    this.id = place.id
    this.name = place.name
    this.#client = new DriveClient(place.name, origin, tokens)
    // What Google's own program made carries no note of ours.
    const isAnybodys = place.address.options['filled-by'] !== undefined
    this.#folders = new DriveFolders(this.#client, { path: place.address.path, isAnybodys }, now)
    this.#names = new DriveNames(this.#client, this.#folders)
  }

  async facts(): Promise<Result<ServiceFacts>> {
    const told = await this.#client.json({
      method: 'GET',
      url: '/drive/v3/about',
      query: { fields: 'user(permissionId),storageQuota(limit,usage)' },
    })
    if (!told.ok) return told
    const about = told.value ?? {}
    const user = textIn(fieldsIn(about, 'user') ?? {}, 'permissionId')
    const quota = fieldsIn(about, 'storageQuota')
    if (user === null || quota === null) return failed(this.#client.nonsense('no account'))
    // What lies in the trash is part of the usage, and fills it too.
    const limit = textIn(quota, 'limit')
    const usage = Number(textIn(quota, 'usage') ?? '0')
    return done({
      deviceId: `google-drive:${user}`,
      freeBytes: limit === null ? null : Math.max(0, Number(limit) - usage),
      totalBytes: limit === null ? null : Number(limit),
      limits: {
        type: 'google-drive',
        fileBytesMax,
        nameBytesMax: 1024,
        foldsCase: false,
        forbidden: '/',
        mtimeStepMs: 1,
      },
    })
  }

  async stat(path: string): Promise<Result<StoredFile | null>> {
    const wrong = this.#wrongName(path)
    if (wrong !== null) return failed(wrong)
    const found = await this.#names.fileAt(path)
    if (!found.ok) return found
    const [file] = found.value
    return done(file === undefined ? null : toStoredFile(file))
  }

  list(folder: string, cancel: Cancel, onward: () => void = () => undefined): Promise<Result<PlaceListing>> {
    return listDrive(this.#client, this.#folders, folder, cancel, onward)
  }

  begin(order: UploadOrder): Promise<Result<Upload>> {
    const wrong = this.#wrongName(order.path)
    if (wrong !== null) return Promise.resolve(failed(wrong))
    const tools = { client: this.#client, folders: this.#folders, names: this.#names }
    return beginUpload(tools, order, new TwoDigests())
  }

  download(path: string, from: number, cancel: Cancel): Promise<Result<Download>> {
    return downloadFile(this.#client, this.#names, path, from, cancel)
  }

  async getSmall(path: string): Promise<Result<Uint8Array | null>> {
    const never: Cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }
    const opened = await this.download(path, 0, never)
    if (!opened.ok) return opened.failure.code === 'copy-missing' ? done(null) : opened
    const chunks: Uint8Array[] = []
    try {
      for await (const chunk of opened.value.chunks) chunks.push(chunk)
    } catch (error) {
      return failed(unreachable(this.name, causeOf(error)))
    }
    return done(new Uint8Array(Buffer.concat(chunks)))
  }

  putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>> {
    return putSmall({ client: this.#client, folders: this.#folders, names: this.#names }, path, bytes, how)
  }

  async move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    const wrong = this.#wrongName(to)
    if (wrong !== null) return failed(wrong)
    return this.#names.locks.hold(to, async () => {
      const found = await this.#names.fileAt(from)
      if (!found.ok) return found
      if (found.value.length === 0) return done('absent')
      const there = await this.#names.at(to)
      if (!there.ok) return there
      if (there.value.length > 0) return done('taken')
      const [folder] = splitPath(to)
      const parent = await this.#folders.make(folder)
      if (!parent.ok) return parent
      return this.#names.moveAll(found.value, parent.value, from, to)
    })
  }

  async remove(path: string): Promise<Result<'removed' | 'absent'>> {
    const found = await this.#names.fileAt(path)
    if (!found.ok) return found
    let isRemoved = false
    for (const { id } of found.value) {
      const trashed = await this.#names.trash(id)
      if (!trashed.ok) return trashed
      isRemoved ||= trashed.value
    }
    return done(isRemoved ? 'removed' : 'absent')
  }

  /** Drive has no list of sessions; they end by themselves within a week, and nothing is billed for them. */
  async sweep(): Promise<Result<number>> {
    return done(0)
  }

  /** MD5 where Drive tells nothing else shows only with the file: such a file is read back. */
  startDigest(): ServiceDigest {
    return new TwoDigests()
  }

  /** `fetch` lets go of its connections by itself. */
  async close(): Promise<void> {}

  /** What is no name anywhere is told before anything is asked. */
  #wrongName(path: string): Failure | null {
    const isWrong = path.split('/').some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))
    return isWrong ? nameRefused(this.name, path, 'an empty name, a dot, or a zero byte') : null
  }
}
