/** Microsoft Graph as this place needs it: JSON with a token, and addresses that are themselves the permission, without one. */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { HttpAsk } from '../cloud/http-request.ts'
import { commonFailure, httpRequest, retryAfterMs, textOf } from '../cloud/http-request.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { fieldsIn, parseFields, textIn } from '../cloud/json-fields.ts'
import type { OAuthRequest } from '../cloud/oauth-request.ts'
import { sendingTimeoutMs } from '../cloud/oauth-request.ts'
import {
  busy,
  fileMissing,
  nameRefused,
  refused,
  serviceError,
  serviceFull,
  signInNeeded,
  tooLarge,
} from '../cloud/cloud-failure.ts'

export interface GraphAnswer {
  readonly status: number
  readonly isOk: boolean
  readonly fields: Fields
  readonly headers: Headers
  /** Code and message of the service; '' for a success. */
  readonly cause: string
}

export interface GraphAsk {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the drive (`/items/…`), or a whole address that Graph gave. */
  readonly at: string
  readonly json?: Fields
  readonly bytes?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly cancel?: Cancel
}

export interface OnedriveApi {
  readonly place: string
  /** Any status is an answer here; a failure is what kept Graph from answering. */
  ask(ask: GraphAsk): Promise<Result<GraphAnswer>>
  /** The address from which a file’s bytes come, good for minutes. */
  contentAddress(at: string, cancel?: Cancel): Promise<Result<GraphAnswer>>
  /** To an address that is itself the permission: a token is never sent there. */
  askOpen(ask: GraphAsk): Promise<Result<GraphAnswer>>
  /** The same, for the bytes of a download. */
  fetchOpen(address: string, from: number, cancel?: Cancel): Promise<Result<Response>>
}

/** `origin` stands for Graph; null for the real one. */
export function onedriveApi(place: string, origin: string | null, request: OAuthRequest): OnedriveApi {
  const graph = origin ?? 'https://graph.microsoft.com'
  const drive = `${graph}/v1.0/me/drive`
  const withToken = async (ask: GraphAsk, redirect: 'follow' | 'manual'): Promise<Result<GraphAnswer>> => {
    const isWhole = ask.at.startsWith('http')
    // A page's address comes from an answer: a token goes to Graph and to nobody else.
    if (isWhole && !ask.at.startsWith(`${graph}/`)) return failed(serviceError(place, 'an address that is not Graph’s'))
    const asked = await request({ ...httpAsk(ask, isWhole ? ask.at : `${drive}${ask.at}`), redirect })
    return asked.ok ? readAnswer(place, asked.value) : asked
  }
  return {
    place,
    ask: (ask) => withToken(ask, 'follow'),
    contentAddress: (at, cancel) =>
      withToken({ method: 'GET', at, ...(cancel === undefined ? {} : { cancel }) }, 'manual'),
    async askOpen(ask) {
      const asked = await httpRequest(place, httpAsk(ask, ask.at))
      return asked.ok ? readAnswer(place, asked.value) : asked
    },
    fetchOpen: (address, from, cancel) =>
      httpRequest(place, {
        method: 'GET',
        url: address,
        headers: { 'accept-encoding': 'identity', ...(from === 0 ? {} : { range: `bytes=${from}-` }) },
        ...(cancel === undefined ? {} : { cancel }),
      }),
  }
}

function httpAsk(ask: GraphAsk, url: string): HttpAsk {
  const { method, json, bytes, headers, cancel } = ask
  return {
    method,
    url,
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(bytes === undefined ? {} : { body: bytes, timeoutMs: sendingTimeoutMs(bytes.length) }),
    ...(cancel === undefined ? {} : { cancel }),
  }
}

async function readAnswer(place: string, answer: Response): Promise<Result<GraphAnswer>> {
  const text = await textOf(place, answer)
  if (!text.ok) return text
  const fields = parseFields(text.value)
  const error = fieldsIn(fields, 'error') ?? {}
  const inner = fieldsIn(error, 'innerError') ?? fieldsIn(error, 'innererror') ?? {}
  const words = [textIn(error, 'code'), textIn(inner, 'code'), textIn(error, 'message')].filter((word) => word !== null)
  const cause = answer.ok ? '' : `HTTP ${answer.status} ${words.join(' ')}`
  const { status, headers } = answer
  const trouble = commonTrouble(place, answer, cause)
  if (trouble !== null) return failed(trouble)
  return done({ status, isOk: answer.ok, fields, headers, cause })
}

/** What is the same whatever was asked: the sign-in, the waiting, the quota, the service's own trouble. */
function commonTrouble(place: string, answer: Response, cause: string): Failure | null {
  const wait = retryAfterMs(answer.headers, Date.now())
  if (answer.status === 507 || cause.includes('quotaLimitReached')) return serviceFull(place, cause)
  if (answer.status === 509 || (answer.status >= 400 && cause.includes('activityLimitReached')))
    return busy(place, wait, cause)
  return commonFailure(place, answer, cause)
}

/** What an answer means for the file at `path`, where the verb has no better word of its own. */
export function answerFailure(place: string, path: string, { status, cause }: GraphAnswer): Failure {
  if (status === 401) return signInNeeded(place, cause)
  if (status === 403) return refused(place, cause)
  if (status === 404 || status === 410) return fileMissing(place, path)
  if (status === 409) return nameTaken(place, path, cause)
  if (status === 413) return tooLarge(place, path, cause)
  if (status === 400 && /nameInvalid|invalidName|pathTooLong|name .*(?:invalid|contain)/i.test(cause))
    return nameRefused(place, path, cause)
  return serviceError(place, cause)
}

const nameTaken = (place: string, path: string, cause: string): Failure => ({
  code: 'name-taken',
  sentence: `At “${place}” something else lies at ${path} already.`,
  advice: 'Move that away at the service, then run the same command again.',
  place,
  path,
  cause,
})
