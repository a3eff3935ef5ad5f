/**
 * Dropbox's two ways to be asked: JSON for JSON, and bytes with their argument in a header. Every endpoint answers 409 when it could
 * not do what was asked, with the reason as nested tags; what that means is for the verb to say, or `refusalFailure`.
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { commonFailure, retryAfterMs, textOf } from '../cloud/http-request.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { fieldsIn, numberIn, parseFields, textIn } from '../cloud/json-fields.ts'
import type { OAuthRequest } from '../cloud/oauth-request.ts'
import { sendingTimeoutMs } from '../cloud/oauth-request.ts'
import {
  busy,
  damagedOnTheWay,
  fileMissing,
  nameRefused,
  refused,
  serviceError,
  serviceFull,
  signInNeeded,
  tooLarge,
  uploadGone,
} from '../cloud/cloud-failure.ts'

export interface Refusal {
  readonly kind: 'refused'
  /** From the outside in: `path`, `conflict`, `file`. */
  readonly tags: readonly string[]
  /** In an answer about a position: where the service has the file. */
  readonly correctOffset: number | null
  readonly retryAfterMs: number | null
  readonly cause: string
}

export type DropboxAnswer = { readonly kind: 'done'; readonly fields: Fields } | Refusal

export interface DropboxApi {
  readonly place: string
  /** JSON for JSON. */
  ask(route: string, argument: Fields | null): Promise<Result<DropboxAnswer>>
  /** Bytes up, JSON down. */
  send(route: string, argument: Fields, bytes: Uint8Array, cancel?: Cancel): Promise<Result<DropboxAnswer>>
  /** Bytes down: the open answer (200, 206 or 416). */
  fetch(path: string, from: number, cancel?: Cancel): Promise<Result<Response | Refusal>>
}

/** `origin` stands for both of the hosts; null for the real ones. */
export function dropboxApi(place: string, origin: string | null, request: OAuthRequest): DropboxApi {
  const api = `${origin ?? 'https://api.dropboxapi.com'}/2`
  const content = `${origin ?? 'https://content.dropboxapi.com'}/2`
  return {
    place,
    async ask(route, argument) {
      const asked = await request({
        method: 'POST',
        url: `${api}/${route}`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(argument),
      })
      return asked.ok ? readAnswer(place, asked.value) : asked
    },
    async send(route, argument, bytes, cancel) {
      const asked = await request({
        method: 'POST',
        url: `${content}/${route}`,
        headers: { 'content-type': 'application/octet-stream', 'dropbox-api-arg': headerSafeJson(argument) },
        body: bytes,
        timeoutMs: sendingTimeoutMs(bytes.length),
        ...(cancel === undefined ? {} : { cancel }),
      })
      return asked.ok ? readAnswer(place, asked.value) : asked
    },
    async fetch(path, from, cancel) {
      const asked = await request({
        method: 'POST',
        url: `${content}/files/download`,
        headers: {
          'dropbox-api-arg': headerSafeJson({ path }),
          'accept-encoding': 'identity',
          ...(from === 0 ? {} : { range: `bytes=${from}-` }),
        },
        ...(cancel === undefined ? {} : { cancel }),
      })
      if (!asked.ok || asked.value.ok || asked.value.status === 416) return asked
      const answer = await readAnswer(place, asked.value)
      if (!answer.ok) return answer
      return answer.value.kind === 'refused' ? done(answer.value) : failed(serviceError(place, 'no file and no reason'))
    },
  }
}

/** JSON that may stand in a header: all that is no plain ASCII is written as an escape. */
export const headerSafeJson = (argument: Fields): string =>
  JSON.stringify(argument).replaceAll(
    /[\u007F-\uFFFF]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

async function readAnswer(place: string, answer: Response): Promise<Result<DropboxAnswer>> {
  const text = await textOf(place, answer)
  if (!text.ok) return text
  const fields = parseFields(text.value)
  if (answer.ok) return done({ kind: 'done', fields })
  const cause = `HTTP ${answer.status} ${textIn(fields, 'error_summary') ?? text.value.slice(0, 200)}`
  const error = fieldsIn(fields, 'error') ?? {}
  if (answer.status === 409) return done(refusalOf(error, cause))
  return failed(failureOf(place, answer, error, cause))
}

function refusalOf(error: Fields, cause: string): Refusal {
  const tags: string[] = []
  let [correctOffset, waitMs]: (number | null)[] = [null, null]
  // A union holds its value under the name of its tag; a failed commit holds it under `reason`.
  for (let at: Fields | null = error; at !== null;) {
    const tag: string = textIn(at, '.tag') ?? ''
    if (tag !== '') tags.push(tag)
    correctOffset = numberIn(at, 'correct_offset') ?? correctOffset ?? null
    waitMs = secondsIn(at) ?? waitMs ?? null
    at = fieldsIn(at, tag) ?? fieldsIn(at, 'reason')
  }
  return { kind: 'refused', tags, correctOffset: correctOffset ?? null, retryAfterMs: waitMs ?? null, cause }
}

function secondsIn(fields: Fields): number | null {
  const seconds = numberIn(fields, 'retry_after')
  return seconds === null || seconds < 0 ? null : seconds * 1000
}

/** Every status but 200 and 409. */
function failureOf(place: string, answer: Response, error: Fields, cause: string): Failure {
  const tag = textIn(error, '.tag') ?? ''
  if (answer.status === 401) return tag === 'missing_scope' ? refused(place, cause) : signInNeeded(place, cause)
  if (answer.status === 429) return busy(place, retryAfterMs(answer.headers, Date.now()) ?? secondsIn(error), cause)
  return commonFailure(place, answer, cause) ?? refused(place, cause)
}

/** What a refusal means for the file at `path`, where the verb has no better answer of its own. */
export function refusalFailure(place: string, path: string, refusal: Refusal): Failure {
  const { tags, cause } = refusal
  const says = (...some: readonly string[]): boolean => some.some((tag) => tags.includes(tag))
  if (says('too_many_write_operations', 'too_many_requests')) return busy(place, refusal.retryAfterMs, cause)
  if (says('insufficient_space')) return serviceFull(place, cause)
  if (says('disallowed_name', 'malformed_path')) return nameRefused(place, path, cause)
  if (says('content_hash_mismatch')) return damagedOnTheWay(place, path, cause)
  if (says('too_large')) return tooLarge(place, path, cause)
  if (says('no_write_permission', 'team_folder', 'restricted_content', 'operation_suppressed', 'no_permission'))
    return refused(place, cause)
  if (says('conflict')) return nameTaken(place, path, cause)
  // Of an upload `not_found` speaks of its session.
  if (says('closed') || (says('not_found') && !says('path', 'path_lookup', 'from_lookup')))
    return uploadGone(place, path, cause)
  if (says('not_found')) return fileMissing(place, path)
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
