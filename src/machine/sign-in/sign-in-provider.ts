/**
 * Where a service signs people in, and what comes of it. The same shape as `OAuthProvider` of the places' tokens, which main.ts hands
 * in here: machine/ and places/ do not know each other.
 */
import type { Failure, Result } from '../../domain/failure.ts'

export interface SignInProvider {
  readonly tokenUrl: string
  readonly authorizeUrl: string
  /** Null where there is no sign-in by a code that is typed on another device. */
  readonly deviceUrl: string | null
  readonly scopes: readonly string[]
  /** Further fields of the authorize address, such as `access_type=offline`. */
  readonly extra: Readonly<Record<string, string>>
}

/** What is common to all ways of signing in. */
export interface SignInOrder {
  /** Name of the place, for sentences. */
  readonly place: string
  readonly provider: SignInProvider
  readonly clientId: string
  /** '' for a public client without one. */
  readonly clientSecret: string
  readonly cancel?: AbortSignal
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** The record that `Credentials.write` takes for such a place, and from which tokens are renewed. A secret (S1). */
export interface OAuthSecret extends Readonly<Record<string, string>> {
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly accessToken: string
  readonly expiresAtMs: string
}

export type SignedIn = Result<OAuthSecret>

const again = (place: string): string => `Begin again with “fivefold place sign-in "${place}"”.`

export const notSignedIn = (place: string, sentence: string, cause?: string, advice = again(place)): Failure => ({
  code: 'sign-in-needed',
  sentence,
  advice,
  place,
  ...(cause === undefined ? {} : { cause }),
})

export const denied = (place: string): Failure =>
  notSignedIn(place, `“${place}” was not opened to Fivefold: that was refused in the browser.`, 'access_denied')

export const tooLate = (place: string): Failure =>
  notSignedIn(place, `Nobody finished the sign-in at “${place}” in time.`)

export const givenUp = (place: string): Failure => ({
  code: 'stopped-by-person',
  sentence: 'The sign-in was stopped.',
  advice: again(place),
  place,
})
