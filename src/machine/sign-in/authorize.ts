import { createHash, randomBytes } from 'node:crypto'
import { grantOf, isKnownError, refusalOf, sendForm } from './ask-tokens.ts'
import type { SignedIn, SignInOrder } from './sign-in-provider.ts'
import { failed } from '../../domain/failure.ts'
import type { Failure } from '../../domain/failure.ts'

/** One asking for consent. The verifier never leaves this process but to the token address (RFC 7636). */
export interface Asking {
  /** To be opened in a browser. No secret. */
  readonly url: string
  /** Comes back with the answer, or the answer is somebody else's. */
  readonly state: string
  readonly verifier: string
  /** Null where the service shows the code to the person. */
  readonly redirectUri: string | null
}

const random = (): string => randomBytes(32).toString('base64url')

export function startAsking({ provider, clientId }: SignInOrder, redirectUri: string | null): Asking {
  const [state, verifier] = [random(), random()]
  const url = new URL(provider.authorizeUrl)
  const fields = {
    ...provider.extra,
    response_type: 'code',
    client_id: clientId,
    ...(redirectUri === null ? {} : { redirect_uri: redirectUri }),
    ...(provider.scopes.length === 0 ? {} : { scope: provider.scopes.join(' ') }),
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
  return { url: url.href, state, verifier, redirectUri }
}

/** What a redirect says. `stranger`: it does not belong to this asking and changes nothing. */
export type Consent =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'stranger' }

export function readConsent(order: SignInOrder, asking: Asking, fields: URLSearchParams): Consent {
  if (fields.get('state') !== asking.state) return { kind: 'stranger' }
  const word = fields.get('error')
  if (word !== null) {
    const error = isKnownError(word) ? word : 'another error'
    return { kind: 'refused', failure: refusalOf(order, { status: 302, fields: {}, error }) }
  }
  const code = fields.get('code') ?? ''
  return code === '' ? { kind: 'stranger' } : { kind: 'code', code }
}

/** Changes the code, which is good once, for tokens. */
export async function exchangeCode(order: SignInOrder, asking: Asking, code: string): Promise<SignedIn> {
  const said = await sendForm(order, order.provider.tokenUrl, {
    grant_type: 'authorization_code',
    code,
    client_id: order.clientId,
    ...(order.clientSecret === '' ? {} : { client_secret: order.clientSecret }),
    ...(asking.redirectUri === null ? {} : { redirect_uri: asking.redirectUri }),
    code_verifier: asking.verifier,
  })
  return said.ok ? grantOf(order, said.value) : failed(said.failure)
}
