/** Requests with a token that the service may have taken back meanwhile: one fresh token is tried, and then it is the person's turn. */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { TokenSource } from './access-token.ts'
import type { HttpAsk } from './http-request.ts'
import { httpRequest } from './http-request.ts'

/** Answers whatever status came, also a second 401. */
export type OAuthRequest = (ask: HttpAsk) => Promise<Result<Response>>

export function oauthRequest(place: string, tokens: TokenSource): OAuthRequest {
  const once = async (ask: HttpAsk, token: string): Promise<Result<Response>> =>
    httpRequest(place, { ...ask, headers: { ...ask.headers, authorization: `Bearer ${token}` } })
  return async (ask) => {
    const token = await tokens.token()
    if (!token.ok) return token
    const answer = await once(ask, token.value)
    if (!answer.ok || answer.value.status !== 401) return answer
    tokens.spoiled(token.value)
    await letGo(answer.value)
    const fresh = await tokens.token()
    return fresh.ok ? once(ask, fresh.value) : fresh
  }
}

/** An answer of which nothing is wanted gives its connection back. */
export async function letGo(answer: Response): Promise<void> {
  // What a connection says that is let go of is of no interest.
  await answer.body?.cancel().catch(() => undefined)
}

/** As long as the slowest line that is of any use needs for so many bytes (16 kB/s). */
export const sendingTimeoutMs = (bytes: number): number => 60_000 + Math.ceil(bytes / 16)

/** The option `endpoint` of an address: another server instead of the real ones, on this computer only, for tests. */
export function loopbackEndpoint(place: string, options: Readonly<Record<string, string>>): Result<string | null> {
  const text = options['endpoint']
  if (text === undefined) return done(null)
  const url = URL.parse(text)
  const isLoopback = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  return isLoopback ? done(url.origin) : failed(notLoopback(place, text))
}

const notLoopback = (place: string, text: string): Failure => ({
  code: 'settings-wrong',
  sentence: `The address of “${place}” names another server than the service’s own: ${text}.`,
  advice: 'Take the “endpoint” out of the address. A token of yours is never sent anywhere but to the service.',
  place,
})
