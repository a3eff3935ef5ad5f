/** Questions to Drive: each with our token, one more time with a new one after a 401, and JSON in both directions. */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { TokenSource } from '../cloud/access-token.ts'
import { textOf } from '../cloud/http-request.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { parseFields } from '../cloud/json-fields.ts'
import type { OAuthRequest } from '../cloud/oauth-request.ts'
import { oauthRequest } from '../cloud/oauth-request.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import { driveFailure, saysNotFound } from './drive-failure.ts'
import { textsIn } from './drive-file.ts'

export interface DriveAsk {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the origin (`/drive/v3/files`), or the whole address of an upload session. */
  readonly url: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: Uint8Array
  readonly timeoutMs?: number
  readonly cancel?: Cancel
  /** For failures that are about one file. */
  readonly path?: string
}

const idsAtOnce = 50

export class DriveClient {
  readonly place: string
  /** A failure when the settings name a service that may not be used. */
  readonly origin: Result<string>
  readonly #request: OAuthRequest
  readonly #ids: string[] = []

  constructor(place: string, origin: Result<string>, tokens: TokenSource) {
    this.place = place
    this.origin = origin
    this.#request = oauthRequest(place, tokens)
  }

  /** Whatever status came; a 401 only when a new token did not help. */
  async answer(ask: DriveAsk): Promise<Result<Response>> {
    if (!this.origin.ok) return this.origin
    const { method, json, body, timeoutMs, cancel } = ask
    const query = ask.query === undefined ? '' : `?${new URLSearchParams(ask.query).toString()}`
    const sent = json === undefined ? body : JSON.stringify(json)
    return this.#request({
      method,
      url: `${ask.url.startsWith('/') ? this.origin.value : ''}${ask.url}${query}`,
      // 308 is “go on” here, and no redirect.
      redirect: 'manual',
      headers: { ...(json === undefined ? {} : { 'content-type': 'application/json; charset=UTF-8' }), ...ask.headers },
      ...(sent === undefined ? {} : { body: sent }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(cancel === undefined ? {} : { cancel }),
    })
  }

  /** The JSON of a success; null where Drive says that there is no such thing. */
  async json(ask: DriveAsk): Promise<Result<Fields | null>> {
    const asked = await this.answer(ask)
    if (!asked.ok) return asked
    const text = await textOf(this.place, asked.value)
    if (!text.ok) return text
    if (saysNotFound(asked.value, text.value)) return done(null)
    if (!asked.value.ok) return failed(driveFailure(this.place, asked.value, text.value, ask.path))
    return done(parseFields(text.value))
  }

  /** A proxy's page in place of the answer, most of all. */
  nonsense(what: string): Failure {
    return serviceError(this.place, `An answer that makes no sense: ${what}`)
  }

  /**
   * An id for a file that is to be made. With it a create that is sent once more, because its answer was lost, is refused with 409
   * instead of making a twin. Those left over at the end are nobody's.
   */
  async nextId(): Promise<Result<string>> {
    const kept = this.#ids.pop()
    if (kept !== undefined) return done(kept)
    const told = await this.json({
      method: 'GET',
      url: '/drive/v3/files/generateIds',
      query: { count: String(idsAtOnce), space: 'drive', type: 'files' },
    })
    if (!told.ok) return told
    const all = textsIn(told.value ?? {}, 'ids')
    const [first, ...others] = all
    if (first === undefined) return failed(this.nonsense('no ids'))
    this.#ids.push(...others)
    return done(first)
  }
}
