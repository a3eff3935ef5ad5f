/**
 * One HTTP request with an end: it never waits for ever, and every way in which a network fails comes back as a value. No retries
 * here: they are stacked around the place.
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import { busy, serviceError, unreachable } from './cloud-failure.ts'

export interface HttpAsk {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | ReadableStream<Uint8Array>
  /** Until the headers of the answer are here; an upload has as long as its bytes need. */
  readonly timeoutMs?: number
  readonly cancel?: Cancel
  /** `manual` hands back 3xx as it is. */
  readonly redirect?: 'follow' | 'manual'
}

const usualTimeoutMs = 60_000

/** Answers whatever status came; fails with `service-unreachable`, or `stopped-by-person`. */
export async function httpRequest(place: string, ask: HttpAsk): Promise<Result<Response>> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(new Error('no answer in time')), ask.timeoutMs ?? usualTimeoutMs)
  const onCancel = (): void => stop.abort(new Error('stopped'))
  ask.cancel?.addEventListener('abort', onCancel, { once: true })
  if (ask.cancel?.aborted === true) onCancel()
  try {
    const { method, url, headers, redirect } = ask
    const body = ask.body === undefined ? {} : bodyOf(ask.body)
    const answer = await fetch(url, {
      method,
      redirect: redirect ?? 'follow',
      signal: stop.signal,
      ...(headers === undefined ? {} : { headers }),
      ...body,
    })
    return done(answer)
  } catch (error) {
    if (ask.cancel?.aborted === true) return failed(stopped(place))
    return failed(unreachable(place, causeOf(error)))
  } finally {
    clearTimeout(timer)
    ask.cancel?.removeEventListener('abort', onCancel)
  }
}

function bodyOf(body: NonNullable<HttpAsk['body']>): RequestInit & { duplex?: 'half' } {
  if (typeof body === 'string') return { body }
  if (body instanceof ReadableStream) return { body, duplex: 'half' }
  // A view of ordinary memory; `fetch` copies it before it answers.
  return { body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice() }
}

/** The text of an answer, bounded: an error page is of no use beyond its first lines. */
export async function textOf(place: string, answer: Response): Promise<Result<string>> {
  try {
    return done(await answer.text())
  } catch (error) {
    return failed(unreachable(place, causeOf(error)))
  }
}

/** The deepest reason that a network failure tells: ECONNREFUSED, ENOTFOUND, UND_ERR_SOCKET … */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code: unknown = Reflect.get(error, 'code')
  if (error.cause instanceof Error) return causeOf(error.cause)
  return typeof code === 'string' ? `${code}: ${error.message}` : error.message
}

export const stopped = (place: string): Failure => ({
  code: 'stopped-by-person',
  sentence: 'It was stopped.',
  advice: 'Run the same command again to go on.',
  place,
})

/** `Retry-After` in seconds or as a date; null when there is none or it makes no sense. Never more than a day. */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const text = headers.get('retry-after')
  if (text === null) return null
  const seconds = Number(text)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - nowMs
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 24 * 60 * 60 * 1000) : null
}

/** What 429 and 5xx mean everywhere; null for any other status. */
export function commonFailure(place: string, answer: Response, text: string): Failure | null {
  const wait = retryAfterMs(answer.headers, Date.now())
  const cause = `HTTP ${answer.status} ${text.slice(0, 200)}`
  if (answer.status === 429 || (answer.status === 503 && wait !== null)) return busy(place, wait, cause)
  return answer.status >= 500 && answer.status !== 507 ? serviceError(place, cause) : null
}
