/**
 * A place in somebody's OneDrive, in the app's own folder there (`?root=drive`, or filled by its own program: below the whole drive). Its quickXorHash is computed
 * there over the whole file, and is made to see accidents: grade C.
 */
import type { Result } from '../../domain/failure.ts'
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
import { startQuickXorDigest } from '../cloud/digests.ts'
import { causeOf } from '../cloud/http-request.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { fieldsIn, numberIn, textIn } from '../cloud/json-fields.ts'
import { letGo, loopbackEndpoint, oauthRequest } from '../cloud/oauth-request.ts'
import type { ServiceAddress } from '../cloud/cloud-address.ts'
import { filledFromIn } from '../cloud/cloud-address.ts'
import { fileMissing, nameRefused, serviceError, tooLarge, unreachable } from '../cloud/cloud-failure.ts'
import { listOnedrive } from './list-onedrive.ts'
import type { GraphAnswer, OnedriveApi } from './onedrive-api.ts'
import { answerFailure, onedriveApi } from './onedrive-api.ts'
import type { OnedriveFile } from './onedrive-entries.ts'
import { Whereabouts, fileIn, makeFolder, withoutTag } from './onedrive-entries.ts'
import { fileBytesMax, forbidden, nameBytesMax, whyRefused } from './onedrive-names.ts'
import { onedriveProvider } from './onedrive-provider.ts'
import { beginOnedriveUpload, putWhole } from './onedrive-upload.ts'

export interface OnedriveAddress {
  readonly id: PlaceId
  readonly name: string
  readonly address: Extract<ServiceAddress, { kind: 'google-drive' | 'dropbox' | 'onedrive' }>
}

/** Nothing is asked of the network before the first verb. */
export function openOnedrivePlace(
  { id, name, address }: OnedriveAddress,
  credentials: Credentials,
  now: () => number = Date.now,
): ServicePlace {
  const endpoint = loopbackEndpoint(name, address.options)
  const origin = endpoint.ok ? endpoint.value : null
  const request = oauthRequest(name, makeTokenSource(name, credentials, onedriveProvider(origin), now))
  // An address that leads elsewhere is never asked, not even once.
  const api = onedriveApi(name, origin, endpoint.ok ? request : async () => endpoint)
  const isWholeDrive = address.options['root'] === 'drive' || filledFromIn(address) !== null
  return new OnedrivePlace(id, api, new Whereabouts(isWholeDrive, address.path))
}

class OnedrivePlace implements ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly abilities: ServiceAbilities = {
    kind: 'onedrive',
    grade: 'C',
    resumes: true,
    hasTrash: true,
    filesAtOnce: 3,
  }
  readonly #api: OnedriveApi
  readonly #whereabouts: Whereabouts

  constructor(id: PlaceId, api: OnedriveApi, whereabouts: Whereabouts) {
    this.id = id
    this.name = api.place
    this.#api = api
    this.#whereabouts = whereabouts
  }

  async facts(): Promise<Result<ServiceFacts>> {
    const drive = await this.#drive()
    if (!drive.ok) return drive
    const id = textIn(drive.value, 'id')
    if (id === null) return failed(serviceError(this.name, 'a drive without its id'))
    const quota = fieldsIn(drive.value, 'quota') ?? {}
    return done({
      deviceId: `onedrive:${id}`,
      freeBytes: numberIn(quota, 'remaining'),
      totalBytes: numberIn(quota, 'total'),
      limits: { type: 'onedrive', fileBytesMax, nameBytesMax, foldsCase: true, forbidden, mtimeStepMs: 1000 },
    })
  }

  /** An app that may see no more than its own folder is not told the quota by every account: then only whose drive it is. */
  async #drive(): Promise<Result<Fields>> {
    const drive = await this.#api.ask({ method: 'GET', at: '?$select=id,quota' })
    if (!drive.ok) return drive
    if (drive.value.isOk) return done(drive.value.fields)
    if (drive.value.status !== 403) return failed(answerFailure(this.name, '', drive.value))
    const own = await this.#api.ask({ method: 'GET', at: this.#whereabouts.above('') })
    if (!own.ok) return own
    if (!own.value.isOk) return failed(answerFailure(this.name, '', own.value))
    const id = textIn(fieldsIn(own.value.fields, 'parentReference') ?? {}, 'driveId')
    return done(id === null ? {} : { id })
  }

  async stat(path: string): Promise<Result<StoredFile | null>> {
    const found = await this.#find(path)
    return found.ok && found.value !== null ? done(withoutTag(found.value)) : found
  }

  async #find(path: string): Promise<Result<OnedriveFile | null>> {
    // Under a name that OneDrive can't have there is nothing.
    if (whyRefused(path) !== null) return done(null)
    const asked = await this.#api.ask({ method: 'GET', at: this.#whereabouts.at(path) })
    if (!asked.ok) return asked
    if (asked.value.isOk) return done(fileIn(asked.value.fields))
    return asked.value.status === 404 ? done(null) : failed(answerFailure(this.name, path, asked.value))
  }

  list(folder: string, cancel: Cancel, onward: () => void = () => undefined): Promise<Result<PlaceListing>> {
    return listOnedrive(this.#api, this.#whereabouts, folder, cancel, onward)
  }

  async begin(order: UploadOrder): Promise<Result<Upload>> {
    const why = whyRefused(order.path)
    if (why !== null) return failed(nameRefused(this.name, order.path, why))
    if (order.bytes > fileBytesMax) return failed(tooLarge(this.name, order.path, `${order.bytes} bytes`))
    return beginOnedriveUpload({
      api: this.#api,
      whereabouts: this.#whereabouts,
      order,
      stat: () => this.stat(order.path),
    })
  }

  async download(path: string, from: number, cancel: Cancel): Promise<Result<Download>> {
    const answer = await this.#fetch(path, from, cancel)
    if (!answer.ok) return answer
    if (answer.value === null) return failed(fileMissing(this.name, path))
    if (answer.value.ok) return downloadOf(this.name, answer.value, from, cancel)
    await letGo(answer.value)
    return this.#nothingMore(path, from)
  }

  /** A success, or a 416; null when there is no such file. */
  async #fetch(path: string, from: number, cancel?: Cancel): Promise<Result<Response | null>> {
    if (whyRefused(path) !== null) return done(null)
    const led = await this.#api.contentAddress(this.#whereabouts.at(path, '/content'), cancel)
    if (!led.ok) return led
    if (led.value.status === 404) return done(null)
    const address = led.value.headers.get('location')
    if (address === null) return this.#noBytes(path, led.value)
    const answer = await this.#api.fetchOpen(address, from, cancel)
    if (!answer.ok || answer.value.ok || answer.value.status === 416) return answer
    await letGo(answer.value)
    // The file itself was named a moment ago; it is the address that is of no more use, and the next try gets a new one.
    return failed(serviceError(this.name, `HTTP ${answer.value.status} (bytes of a file)`))
  }

  /** A folder has no bytes, which is told as a wrong request. */
  async #noBytes(path: string, answer: GraphAnswer): Promise<Result<null>> {
    const there = answer.status === 400 ? await this.#find(path) : null
    return there?.ok === true && there.value === null ? done(null) : failed(answerFailure(this.name, path, answer))
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
    const answer = await this.#fetch(path, 0)
    if (!answer.ok || answer.value === null) return answer.ok ? done(null) : answer
    try {
      return done(new Uint8Array(await answer.value.arrayBuffer()))
    } catch (error) {
      return failed(unreachable(this.name, causeOf(error)))
    }
  }

  async putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>> {
    const why = whyRefused(path)
    if (why !== null) return failed(nameRefused(this.name, path, why))
    const put = await putWhole(this.#api, this.#whereabouts, path, bytes, how === 'new' ? 'fail' : 'replace')
    if (!put.ok) return put
    if (put.value.isOk) return done('put')
    return put.value.status === 409 && how === 'new' ? done('taken') : failed(answerFailure(this.name, path, put.value))
  }

  async move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    const why = whyRefused(to)
    if (why !== null) return failed(nameRefused(this.name, to, why))
    const there = await this.#find(from)
    if (!there.ok) return there
    if (there.value === null) return done('absent')
    const whole = [this.#whereabouts.root, to].filter((part) => part !== '').join('/')
    const at = whole.lastIndexOf('/')
    const folder = await makeFolder(this.#api, this.#whereabouts, whole.slice(0, Math.max(0, at)))
    if (!folder.ok) return folder
    const moved = await this.#api.ask({
      method: 'PATCH',
      at: `/items/${encodeURIComponent(there.value.objectId)}`,
      json: {
        name: whole.slice(at + 1),
        parentReference: { id: folder.value },
        '@microsoft.graph.conflictBehavior': 'fail',
      },
    })
    if (!moved.ok) return moved
    if (moved.value.isOk) return done('moved')
    if (moved.value.status === 409) return done('taken')
    return moved.value.status === 404 ? done('absent') : failed(answerFailure(this.name, to, moved.value))
  }

  async remove(path: string): Promise<Result<'removed' | 'absent'>> {
    const there = await this.#find(path)
    if (!there.ok) return there
    if (there.value === null) return done('absent')
    const { objectId, eTag } = there.value
    const removed = await this.#api.ask({
      method: 'DELETE',
      at: `/items/${encodeURIComponent(objectId)}`,
      // The very state that was looked at: never a folder, nor a file that was replaced in between (D1).
      headers: eTag === '' ? {} : { 'if-match': eTag },
    })
    if (!removed.ok) return removed
    if (removed.value.isOk) return done('removed')
    return removed.value.status === 404 ? done('absent') : failed(answerFailure(this.name, path, removed.value))
  }

  async sweep(): Promise<Result<number>> {
    // An open session is named nowhere and ends by itself after a day: there is nothing to find.
    return done(0)
  }

  startDigest(): ServiceDigest {
    return startQuickXorDigest()
  }

  async close(): Promise<void> {
    // Connections are those of the whole program.
  }
}
