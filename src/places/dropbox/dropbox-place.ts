/** A place in somebody's Dropbox. Its content hash is a strong one of the whole file, computed there: grade A. */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
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
import { makeTokenSource } from '../cloud/access-token.ts'
import { downloadOf, noChunks } from '../cloud/answer-stream.ts'
import { startDropboxDigest } from '../cloud/digests.ts'
import { causeOf } from '../cloud/http-request.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { fieldsIn, numberIn, textIn } from '../cloud/json-fields.ts'
import { letGo, loopbackEndpoint, oauthRequest } from '../cloud/oauth-request.ts'
import type { ServiceAddress } from '../cloud/cloud-address.ts'
import { fileMissing, nameRefused, serviceError, tooLarge, unreachable } from '../cloud/cloud-failure.ts'
import type { DropboxApi, Refusal } from './dropbox-api.ts'
import { dropboxApi, refusalFailure } from './dropbox-api.ts'
import type { DropboxFile } from './dropbox-files.ts'
import {
  commitOf,
  dropboxPath,
  fileBytesMax,
  fileIn,
  forbidden,
  nameBytesMax,
  whyRefused,
  withoutRevision,
} from './dropbox-files.ts'
import { dropboxProvider } from './dropbox-provider.ts'
import { beginDropboxUpload } from './dropbox-upload.ts'
import { listDropbox } from './list-dropbox.ts'

export interface DropboxAddress {
  readonly id: PlaceId
  readonly name: string
  readonly address: Extract<ServiceAddress, { kind: 'google-drive' | 'dropbox' | 'onedrive' }>
}

/** Nothing is asked of the network before the first verb. */
export function openDropboxPlace(
  { id, name, address }: DropboxAddress,
  credentials: Credentials,
  now: () => number = Date.now,
): ServicePlace {
  const endpoint = loopbackEndpoint(name, address.options)
  const origin = endpoint.ok ? endpoint.value : null
  const request = oauthRequest(name, makeTokenSource(name, credentials, dropboxProvider(origin), now))
  // An address that leads elsewhere is never asked, not even once.
  const api = dropboxApi(name, origin, endpoint.ok ? request : async () => endpoint)
  return new DropboxPlace(id, api, address.path, now)
}

class DropboxPlace implements ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly abilities: ServiceAbilities = {
    kind: 'dropbox',
    grade: 'A',
    resumes: true,
    hasTrash: true,
    // Names are given one at a time in an account: more than two files only wait for each other.
    filesAtOnce: 2,
  }
  readonly #api: DropboxApi
  readonly #root: string
  readonly #now: () => number

  constructor(id: PlaceId, api: DropboxApi, root: string, now: () => number) {
    this.id = id
    this.name = api.place
    this.#api = api
    this.#root = root
    this.#now = now
  }

  async facts(): Promise<Result<ServiceFacts>> {
    const account = await this.#must('users/get_current_account')
    if (!account.ok) return account
    const accountId = textIn(account.value, 'account_id')
    if (accountId === null) return failed(serviceError(this.name, 'an account without its id'))
    const room = await this.#must('users/get_space_usage')
    if (!room.ok) return room
    return done({
      deviceId: `dropbox:${accountId}`,
      ...roomIn(room.value),
      limits: { type: 'dropbox', fileBytesMax, nameBytesMax, foldsCase: true, forbidden, mtimeStepMs: 1000 },
    })
  }

  async #must(route: string): Promise<Result<Fields>> {
    const asked = await this.#api.ask(route, null)
    if (!asked.ok) return asked
    return asked.value.kind === 'done' ? done(asked.value.fields) : failed(this.#failure('', asked.value))
  }

  #failure(path: string, refusal: Refusal): Failure {
    return refusalFailure(this.name, path, refusal)
  }

  #at(path: string): string {
    return dropboxPath(this.#root, path)
  }

  async stat(path: string): Promise<Result<StoredFile | null>> {
    const found = await this.#find(path)
    return found.ok && found.value !== null ? done(withoutRevision(found.value)) : found
  }

  async #find(path: string): Promise<Result<DropboxFile | null>> {
    // Under a name that Dropbox can't have there is nothing.
    if (whyRefused(path) !== null) return done(null)
    const asked = await this.#api.ask('files/get_metadata', { path: this.#at(path) })
    if (!asked.ok) return asked
    if (asked.value.kind === 'done') return done(fileIn(asked.value.fields))
    return isAbsent(asked.value) ? done(null) : failed(this.#failure(path, asked.value))
  }

  list(folder: string, cancel: Cancel, onward: () => void = () => undefined): Promise<Result<PlaceListing>> {
    return listDropbox(this.#api, this.#root, folder, cancel, onward)
  }

  async begin(order: UploadOrder): Promise<Result<Upload>> {
    const why = whyRefused(order.path)
    if (why !== null) return failed(nameRefused(this.name, order.path, why))
    if (order.bytes > fileBytesMax) return failed(tooLarge(this.name, order.path, `${order.bytes} bytes`))
    return beginDropboxUpload({
      api: this.#api,
      dropboxPath: this.#at(order.path),
      order,
      stat: () => this.stat(order.path),
    })
  }

  async download(path: string, from: number, cancel: Cancel): Promise<Result<Download>> {
    if (whyRefused(path) !== null) return failed(fileMissing(this.name, path))
    const answer = await this.#api.fetch(this.#at(path), from, cancel)
    if (!answer.ok) return answer
    if ('tags' in answer.value)
      return failed(isAbsent(answer.value) ? fileMissing(this.name, path) : this.#failure(path, answer.value))
    if (answer.value.status !== 416) return downloadOf(this.name, answer.value, from, cancel)
    await letGo(answer.value)
    return this.#nothingMore(path, from)
  }

  /** There are no bytes from there on: at the very end of the file that is no failure. */
  async #nothingMore(path: string, from: number): Promise<Result<Download>> {
    const there = await this.stat(path)
    if (!there.ok) return there
    if (there.value === null) return failed(fileMissing(this.name, path))
    if (there.value.bytes !== from) return failed(serviceError(this.name, `HTTP 416 from byte ${from}`))
    return done({ bytes: from, chunks: noChunks() })
  }

  async getSmall(path: string): Promise<Result<Uint8Array | null>> {
    if (whyRefused(path) !== null) return done(null)
    const answer = await this.#api.fetch(this.#at(path), 0)
    if (!answer.ok) return answer
    if ('tags' in answer.value) return isAbsent(answer.value) ? done(null) : failed(this.#failure(path, answer.value))
    try {
      return done(new Uint8Array(await answer.value.arrayBuffer()))
    } catch (error) {
      return failed(unreachable(this.name, causeOf(error)))
    }
  }

  async putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>> {
    const why = whyRefused(path)
    if (why !== null) return failed(nameRefused(this.name, path, why))
    const commit = commitOf(this.#at(path), this.#now())
    const mode = how === 'new' ? {} : { mode: 'overwrite', strict_conflict: false }
    const put = await this.#api.send('files/upload', { ...commit, ...mode }, bytes)
    if (!put.ok) return put
    if (put.value.kind === 'done') return done('put')
    if (how === 'new' && put.value.tags.includes('conflict')) return done('taken')
    return failed(this.#failure(path, put.value))
  }

  async move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    const why = whyRefused(to)
    if (why !== null) return failed(nameRefused(this.name, to, why))
    if (whyRefused(from) !== null) return done('absent')
    const moved = await this.#api.ask('files/move_v2', {
      from_path: this.#at(from),
      to_path: this.#at(to),
      autorename: false,
    })
    if (!moved.ok) return moved
    if (moved.value.kind === 'done') return done('moved')
    const { tags } = moved.value
    if (tags[0] === 'from_lookup' && isAbsent(moved.value)) return done('absent')
    if (tags[0] === 'to' && tags.includes('conflict')) return done('taken')
    return failed(this.#failure(to, moved.value))
  }

  async remove(path: string): Promise<Result<'removed' | 'absent'>> {
    const there = await this.#find(path)
    if (!there.ok) return there
    if (there.value === null) return done('absent')
    // The very revision that was looked at: never a folder, nor a file that was replaced in between (D1).
    const { revision } = there.value
    const removed = await this.#api.ask('files/delete_v2', { path: this.#at(path), parent_rev: revision })
    if (!removed.ok) return removed
    if (removed.value.kind === 'done') return done('removed')
    return isAbsent(removed.value) ? done('absent') : failed(this.#failure(path, removed.value))
  }

  async sweep(): Promise<Result<number>> {
    // An open session is named nowhere and ends by itself after seven days: there is nothing to find.
    return done(0)
  }

  startDigest(): ServiceDigest {
    return startDropboxDigest()
  }

  async close(): Promise<void> {
    // Connections are those of the whole program.
  }
}

const isAbsent = ({ tags }: Refusal): boolean => tags.includes('not_found') || tags.includes('not_file')

/** A person's own room, or the share in a team's. */
function roomIn(usage: Fields): { readonly freeBytes: number | null; readonly totalBytes: number | null } {
  const allocation = fieldsIn(usage, 'allocation') ?? {}
  const totalBytes = numberIn(allocation, 'allocated')
  const isTeam = textIn(allocation, '.tag') === 'team'
  const usedBytes = numberIn(isTeam ? allocation : usage, 'used')
  if (totalBytes === null || usedBytes === null) return { freeBytes: null, totalBytes }
  const ownBytes = numberIn(allocation, 'user_within_team_space_allocated') ?? 0
  const ownUsed = numberIn(usage, 'used') ?? 0
  const free = Math.max(0, totalBytes - usedBytes)
  // Zero means that the team gave this person no limit of their own.
  return isTeam && ownBytes > 0
    ? { freeBytes: Math.max(0, Math.min(free, ownBytes - ownUsed)), totalBytes: Math.min(totalBytes, ownBytes) }
    : { freeBytes: free, totalBytes }
}
