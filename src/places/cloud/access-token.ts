/**
 * The short-lived tokens of services that let us in by OAuth, refreshed in time, by whoever asks first. Nothing that a service says
 * to a refresh is carried on in words but its error code: an answer may hold the very token, and failures go to logs (S1).
 */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Credentials } from '../../engine/cloud-contract.ts'
import { commonFailure, httpRequest, textOf } from './http-request.ts'
import { readCredentials, writeCredentials } from './read-credentials.ts'
import { refused, serviceError, signInNeeded } from './cloud-failure.ts'

/** Where a service signs people in. The sign-in itself is the machine's (it needs a browser); here tokens are only renewed. */
export interface OAuthProvider {
  readonly tokenUrl: string
  readonly authorizeUrl: string
  /** Null where the service has no sign-in by a code that is typed on another device. */
  readonly deviceUrl: string | null
  readonly scopes: readonly string[]
  /** Further fields of the authorize address, such as `access_type=offline`. */
  readonly extra: Readonly<Record<string, string>>
}

export interface TokenSource {
  /** A token that is good for a while yet. Fails with `sign-in-needed`, or with what kept the service from answering. */
  token(): Promise<Result<string>>
  /** The service answered 401 to it: it is not handed out again, whatever the clock says. */
  spoiled(token: string): void
}

type Secret = Readonly<Record<string, string>>

/** So long a token must still be good: longer than a chunk takes on a slow link. */
const stillGoodMs = 2 * 60_000
/** RFC 6749 lets a service leave the time out. */
const usualLifeSeconds = 3600

/** The words of RFC 6749, RFC 8628 and of the three services; any other is not repeated. */
const knownErrors = new Set([
  'access_denied',
  'admin_policy_enforced',
  'deleted_client',
  'disabled_client',
  'expired_token',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'org_internal',
  'rate_limit_exceeded',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_grant_type',
])

/** After one of these only a person can help, by signing in (perhaps with another client id). */
const signInErrors = new Set([
  'access_denied',
  'admin_policy_enforced',
  'deleted_client',
  'disabled_client',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
])

/**
 * The tokens of one place. Many callers at the same time make one refresh. What a refresh brings is written back before it is handed
 * out, for some services give a new refresh token each time and take the old one back. `now` is in ms.
 */
export function makeTokenSource(
  place: string,
  credentials: Credentials,
  provider: OAuthProvider,
  now: () => number = Date.now,
): TokenSource {
  const bad = new Set<string>()
  let running: Promise<Result<string>> | null = null
  /** Came from the service and could not be kept yet: losing it would lock us out where refresh tokens change. */
  let unkept: { readonly instead: Secret; readonly secret: Secret } | null = null

  const usable = (secret: Secret): string | null => {
    const token = secret['accessToken'] ?? ''
    const goodUntilMs = Number(secret['expiresAtMs'] ?? '')
    return token !== '' && !bad.has(token) && goodUntilMs - now() >= stillGoodMs ? token : null
  }

  async function renew(): Promise<Result<string>> {
    const read = await readCredentials(place, credentials)
    if (!read.ok) return read
    const stored = read.value
    if (unkept !== null && unkept.instead['refreshToken'] === stored['refreshToken']) return keep(stored, unkept.secret)
    const good = usable(stored)
    if (good !== null) return done(good)
    const answer = await refresh(place, provider, stored, now)
    if (answer.ok) return keep(stored, answer.value)
    return answer.failure.code === 'sign-in-needed' ? ((await broughtByAnother(stored)) ?? answer) : answer
  }

  async function keep(instead: Secret, secret: Secret): Promise<Result<string>> {
    const kept = await writeCredentials(place, credentials, secret)
    unkept = kept.ok ? null : { instead, secret }
    return kept.ok ? done(secret['accessToken'] ?? '') : kept
  }

  /** Another process may have refreshed meanwhile, and our refresh token was taken back by that: then its token is there. */
  async function broughtByAnother(used: Secret): Promise<Result<string> | null> {
    const read = await readCredentials(place, credentials)
    if (!read.ok || read.value['refreshToken'] === used['refreshToken']) return null
    const token = usable(read.value)
    return token === null ? null : done(token)
  }

  return {
    token() {
      running ??= renew().finally(() => {
        running = null
      })
      return running
    },
    spoiled(token) {
      // One is enough to remember, but two uploads may each have had one of their own.
      if (bad.size > 100) bad.clear()
      bad.add(token)
    },
  }
}

/** Asks for a new token; the whole record as it is to be kept, or why there is none. */
async function refresh(
  place: string,
  provider: OAuthProvider,
  secret: Secret,
  now: () => number,
): Promise<Result<Secret>> {
  const { clientId = '', clientSecret = '', refreshToken = '' } = secret
  if (clientId === '' || refreshToken === '') return failed(signInNeeded(place, 'no refresh token is stored'))
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId })
  if (clientSecret !== '') form.set('client_secret', clientSecret)
  const asked = await httpRequest(place, {
    method: 'POST',
    url: provider.tokenUrl,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: form.toString(),
    // A refresh token goes to the address that is known and to no other.
    redirect: 'manual',
  })
  if (!asked.ok) return asked
  const text = await textOf(place, asked.value)
  if (!text.ok) return text
  const fields = fieldsOf(text.value)
  if (!asked.value.ok) return failed(refusal(place, asked.value, fields))
  const accessToken = textField(fields, 'access_token')
  if (accessToken === '') return failed(serviceError(place, 'the answer to a refresh holds no token'))
  const life = Number(Reflect.get(fields, 'expires_in') ?? usualLifeSeconds)
  const lifeMs = (Number.isFinite(life) && life > 0 ? life : usualLifeSeconds) * 1000
  const newRefreshToken = textField(fields, 'refresh_token')
  return done({
    ...secret,
    accessToken,
    expiresAtMs: String(Math.round(now() + lifeMs)),
    ...(newRefreshToken === '' ? {} : { refreshToken: newRefreshToken }),
  })
}

function refusal(place: string, answer: Response, fields: object): Failure {
  // Without the text of the answer: see above.
  const common = commonFailure(place, answer, '')
  if (common !== null) return common
  const word = textField(fields, 'error')
  const cause = `HTTP ${answer.status} to a token refresh${knownErrors.has(word) ? `: ${word}` : ''}`
  if (signInErrors.has(word) || answer.status === 401) return signInNeeded(place, cause)
  if (answer.status < 400) return serviceError(place, cause)
  return refused(place, cause)
}

function fieldsOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function textField(fields: object, name: string): string {
  const value: unknown = Reflect.get(fields, name)
  return typeof value === 'string' ? value : ''
}
