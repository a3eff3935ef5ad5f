/** The words that are exchanged with a service's sign-in: forms there, JSON back. No answer is repeated in a failure (S1). */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { denied, givenUp, notSignedIn, tooLate } from './sign-in-provider.ts'
import type { OAuthSecret, SignedIn, SignInOrder } from './sign-in-provider.ts'

const answerMsMax = 60_000
const usualLifeSeconds = 3600

/** Words of RFC 6749 and 8628, and what the three services say beside them; any other is not repeated. */
const knownErrors = [
  'access_denied',
  'admin_policy_enforced',
  'authorization_declined',
  'authorization_pending',
  'bad_verification_code',
  'consent_required',
  'deleted_client',
  'disabled_client',
  'expired_token',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'org_internal',
  'redirect_uri_mismatch',
  'server_error',
  'slow_down',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
] as const

export const isKnownError = (word: string): boolean => knownErrors.some((known) => known === word)

/** An answer that came, whatever it says. */
export interface Said {
  readonly status: number
  readonly fields: object
  /** RFC 6749's `error`, when it is one that is known; 'another error' when it is not; '' when there is none. */
  readonly error: string
}

/** Sends a form. Fails with `service-unreachable`, or `stopped-by-person`. */
export async function sendForm(
  order: SignInOrder,
  url: string,
  form: Readonly<Record<string, string>>,
): Promise<Result<Said>> {
  const timeout = AbortSignal.timeout(answerMsMax)
  const signal = order.cancel === undefined ? timeout : AbortSignal.any([timeout, order.cancel])
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams(form).toString(),
      // What is sent here goes to the address that is known and to no other.
      redirect: 'manual',
      signal,
    })
    const fields = fieldsOf(await answer.text())
    const word = textField(fields, 'error')
    return done({
      status: answer.status,
      fields,
      error: word === '' ? '' : isKnownError(word) ? word : 'another error',
    })
  } catch (error) {
    if (order.cancel?.aborted === true) return failed(givenUp(order.place))
    return failed({
      code: 'service-unreachable',
      sentence: `The sign-in of “${order.place}” can’t be reached.`,
      advice: 'Look whether this computer is online, then run the same command again.',
      place: order.place,
      cause: wordOf(error),
    })
  }
}

/** Makes the record of what a service granted, or says what it is short of. */
export function grantOf(order: SignInOrder, said: Said): SignedIn {
  const { place, clientId, clientSecret, provider } = order
  if (said.status !== 200 || said.error !== '') return failed(refusalOf(order, said))
  const accessToken = textField(said.fields, 'access_token')
  const refreshToken = textField(said.fields, 'refresh_token')
  if (accessToken === '') return failed(refusalOf(order, said))
  if (refreshToken === '')
    return failed(
      notSignedIn(
        place,
        `“${place}” let Fivefold in for an hour only.`,
        'no refresh token',
        `Take Fivefold out of the list of apps in your account there, then run “fivefold place sign-in "${place}"” again.`,
      ),
    )
  const missing = missingScopes(provider.scopes, textField(said.fields, 'scope'))
  if (missing.length > 0)
    return failed({
      code: 'service-refused',
      sentence: `“${place}” was opened to Fivefold only in part: ${missing.join(', ')} is missing.`,
      advice: `Tick it in the settings of your app there, or in the browser when it asks, and run “fivefold place sign-in "${place}"” again.`,
      place,
      cause: 'scopes missing',
    })
  const life = Number(Reflect.get(said.fields, 'expires_in') ?? usualLifeSeconds)
  const lifeMs = (Number.isFinite(life) && life > 0 ? life : usualLifeSeconds) * 1000
  const expiresAtMs = String(Math.round((order.now ?? Date.now)() + lifeMs))
  const secret: OAuthSecret = { clientId, clientSecret, refreshToken, accessToken, expiresAtMs }
  return done(secret)
}

/** What a service's refusal means at any step. */
export function refusalOf({ place }: SignInOrder, { status, error }: Said): Failure {
  const cause = `HTTP ${status}${error === '' ? '' : `: ${error}`}`
  switch (error) {
    case 'access_denied':
    case 'authorization_declined':
      return denied(place)
    case 'expired_token':
      return tooLate(place)
    case 'invalid_client':
    case 'unauthorized_client':
    case 'deleted_client':
    case 'disabled_client':
      return notSignedIn(
        place,
        `“${place}” does not know this client id, or its secret does not belong to it, or it is of another type.`,
        cause,
        `Copy both again from the page of your app there, without spaces around them, and run “fivefold place sign-in "${place}"” again.`,
      )
    case 'invalid_grant':
    case 'bad_verification_code':
      return notSignedIn(place, `“${place}” did not accept the code: it is good once, and for a few minutes.`, cause)
    case 'invalid_scope':
    case 'redirect_uri_mismatch':
    case 'org_internal':
    case 'admin_policy_enforced':
      return {
        code: 'service-refused',
        sentence: `The app at “${place}” is not set up for what Fivefold asks.`,
        advice: 'Go through the steps of the guide once more: scopes, redirect addresses, who may sign in.',
        place,
        cause,
      }
    default:
      return {
        code: 'service-error',
        sentence: `The sign-in of “${place}” answered with something that is no sign-in.`,
        advice: `Wait a while, then run “fivefold place sign-in "${place}"” again.`,
        place,
        cause,
      }
  }
}

/** A service may write a scope longer than it was asked for, and says nothing of the ones that are no rights. */
function missingScopes(wanted: readonly string[], grantedText: string): readonly string[] {
  if (grantedText === '') return []
  const granted = grantedText.toLowerCase().split(/\s+/)
  const noRights = ['offline_access', 'openid', 'profile', 'email']
  return wanted.filter((scope) => {
    const name = scope.toLowerCase()
    return !noRights.includes(name) && !granted.some((one) => one === name || one.endsWith(`/${name}`))
  })
}

export function textField(fields: object, name: string): string {
  const value: unknown = Reflect.get(fields, name)
  return typeof value === 'string' ? value : ''
}

function fieldsOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** ECONNREFUSED, ENOTFOUND …; never a message, which may quote. */
function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  if (error.cause instanceof Error) return wordOf(error.cause)
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : error.name
}
