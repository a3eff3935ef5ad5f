/**
 * The sign-in of all three: authorise pages that agree at once, code + PKCE, device codes, refresh. Each service with its own
 * habits: Google wants the desktop client's secret too; Dropbox gives no refresh token without `token_access_type=offline`;
 * Microsoft wants no secret of a public client, gives a new refresh token each time, and none without the scope `offline_access`.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Provider } from './faults.ts'
import type { Exchange } from './exchange.ts'

interface Grant {
  readonly provider: Provider
  readonly scope: string
  readonly offline: boolean
}

interface Access extends Grant {
  expiresAtMs: number
}

interface Code extends Grant {
  readonly challenge: string
  readonly redirect: string
  readonly expiresAtMs: number
}

interface Device extends Grant {
  readonly expiresAtMs: number
  polls: number
}

export interface Client {
  readonly clientId: string
  readonly clientSecret: string
}

/** What the double knows of the three apps. */
export const clients: Readonly<Record<Provider, Client>> = {
  google: { clientId: '000000000000-double.apps.googleusercontent.com', clientSecret: 'GOCSPX-double' },
  dropbox: { clientId: 'doubleappkey000', clientSecret: '' },
  onedrive: { clientId: '00000000-0000-4000-8000-00000000d0b1', clientSecret: '' },
}

const usualScopes: Readonly<Record<Provider, string>> = {
  google: 'https://www.googleapis.com/auth/drive.file',
  dropbox: 'account_info.read files.metadata.read files.content.read files.content.write files.metadata.write',
  onedrive: 'offline_access Files.ReadWrite.AppFolder Files.ReadWrite User.Read',
}

const accessLifeMs: Readonly<Record<Provider, number>> = { google: 3599e3, dropbox: 14400e3, onedrive: 3599e3 }

export interface SignInHabits {
  /** What the person does on the authorise page or with the device code. */
  person: 'agrees' | 'declines' | 'waits'
  /** How many polls of a device code are answered with “pending” before the person has agreed. */
  devicePolls: number
  deviceIntervalSeconds: number
  /** Microsoft: the refresh token that was used dies at once (it lives on for a while in truth). */
  oldRefreshTokensDie: boolean
}

export class OAuthDesk {
  readonly habits: SignInHabits = {
    person: 'agrees',
    devicePolls: 1,
    deviceIntervalSeconds: 1,
    oldRefreshTokensDie: false,
  }
  readonly #nowMs: () => number
  readonly #codes = new Map<string, Code>()
  readonly #devices = new Map<string, Device>()
  readonly #refresh = new Map<string, Grant>()
  readonly #access = new Map<string, Access>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** As if somebody had signed in. Sound for an hour (Dropbox: four), as in truth, unless `lifeMs` says otherwise. */
  signIn(provider: Provider, scope = usualScopes[provider], lifeMs = accessLifeMs[provider]): SignedIn {
    const grant = { provider, scope, offline: true }
    const refreshToken = this.#newRefresh(grant)
    const { token, expiresAtMs } = this.#newAccess(grant, lifeMs)
    return { ...clients[provider], refreshToken, accessToken: token, expiresAtMs: String(expiresAtMs) }
  }

  /** The scope of a token, or null when it opens nothing (any more). */
  scopeOf(provider: Provider, authorization: string | null): string | null {
    const token = /^bearer (\S+)$/i.exec(authorization ?? '')?.[1]
    const access = token === undefined ? undefined : this.#access.get(token)
    if (access === undefined || access.provider !== provider || access.expiresAtMs <= this.#nowMs()) return null
    return access.scope
  }

  /** Every access token given so far is refused from now on; a refresh gives a new one. */
  expireAccess(provider: Provider): void {
    for (const access of this.#access.values()) if (access.provider === provider) access.expiresAtMs = 0
  }

  /** The person took the permission back: neither kind of token opens anything. */
  revoke(provider: Provider): void {
    this.expireAccess(provider)
    for (const [token, grant] of this.#refresh) if (grant.provider === provider) this.#refresh.delete(token)
  }

  /** The refresh tokens only; an access token lives on to its end. */
  revokeRefresh(provider: Provider): void {
    for (const [token, grant] of this.#refresh) if (grant.provider === provider) this.#refresh.delete(token)
  }

  #newRefresh(grant: Grant): string {
    const token = `double-refresh-${randomBytes(24).toString('base64url')}`
    this.#refresh.set(token, grant)
    return token
  }

  #newAccess(grant: Grant, lifeMs = accessLifeMs[grant.provider]): { token: string; expiresAtMs: number } {
    const token = `double-access-${randomBytes(24).toString('base64url')}`
    const expiresAtMs = this.#nowMs() + lifeMs
    this.#access.set(token, { ...grant, expiresAtMs })
    return { token, expiresAtMs }
  }

  async authorize(provider: Provider, x: Exchange): Promise<void> {
    const ask = x.url.searchParams
    const redirect = ask.get('redirect_uri') ?? ''
    if (ask.get('client_id') !== clients[provider].clientId) return x.answer(401, 'invalid_client: no such client')
    if (!mayRedirect(provider, redirect)) return x.answer(400, `redirect_uri_mismatch: ${redirect}`)
    const back = new URL(redirect)
    const give = (values: Record<string, string>): Promise<void> => {
      for (const [name, value] of Object.entries(values)) back.searchParams.set(name, value)
      const state = ask.get('state')
      if (state !== null) back.searchParams.set('state', state)
      return x.answer(302, null, { location: back.href })
    }
    if (this.habits.person === 'waits') return x.answer(200, 'A page on which a person would have to press a button.')
    if (this.habits.person === 'declines') return give({ error: 'access_denied' })
    if (ask.get('response_type') !== 'code') return give({ error: 'unsupported_response_type' })
    const challenge = ask.get('code_challenge') ?? ''
    if (challenge === '' || ask.get('code_challenge_method') !== 'S256') {
      return give({ error: 'invalid_request', error_description: 'a code_challenge with the method S256 is needed' })
    }
    const scope = ask.get('scope') ?? ''
    if (scope === '' && provider !== 'dropbox') return give({ error: 'invalid_request', error_description: 'no scope' })
    const offline =
      provider === 'google' ||
      (provider === 'dropbox'
        ? ask.get('token_access_type') === 'offline'
        : scope.split(' ').includes('offline_access'))
    const code = `double-code-${randomBytes(16).toString('base64url')}`
    const expiresAtMs = this.#nowMs() + 10 * 60_000
    this.#codes.set(code, {
      provider,
      scope: scope || usualScopes[provider],
      offline,
      challenge,
      redirect,
      expiresAtMs,
    })
    return give({ code })
  }

  async token(provider: Provider, x: Exchange): Promise<void> {
    const type = x.header('content-type') ?? ''
    const form = new URLSearchParams(await x.text())
    if (!type.startsWith('application/x-www-form-urlencoded')) {
      return x.answer(400, { error: 'invalid_request', error_description: 'a form is wanted' })
    }
    const wrong = wrongClient(provider, form, x.header('authorization'))
    if (wrong !== null) return x.answer(401, { error: 'invalid_client', error_description: wrong })
    const grantType = form.get('grant_type')
    if (grantType === 'authorization_code') return this.#byCode(provider, form, x)
    if (grantType === 'refresh_token') return this.#byRefresh(provider, form, x)
    if (grantType === 'urn:ietf:params:oauth:grant-type:device_code' || grantType === 'device_code') {
      return this.#byDevice(provider, form, x)
    }
    return x.answer(400, { error: 'unsupported_grant_type', error_description: `Invalid grant_type: ${grantType}` })
  }

  async #byCode(provider: Provider, form: URLSearchParams, x: Exchange): Promise<void> {
    const text = form.get('code') ?? ''
    const code = this.#codes.get(text)
    this.#codes.delete(text)
    if (code === undefined || code.provider !== provider || code.expiresAtMs < this.#nowMs()) {
      return invalidGrant(provider, x, 'the code is unknown, used or too old')
    }
    if (form.get('redirect_uri') !== code.redirect) return invalidGrant(provider, x, 'another redirect_uri')
    const made = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (made !== code.challenge) return invalidGrant(provider, x, 'the code_verifier does not fit the code_challenge')
    return this.#give(code, x, code.offline)
  }

  async #byRefresh(provider: Provider, form: URLSearchParams, x: Exchange): Promise<void> {
    const text = form.get('refresh_token') ?? ''
    const grant = this.#refresh.get(text)
    if (grant === undefined || grant.provider !== provider) {
      return invalidGrant(provider, x, 'Token has been expired or revoked.')
    }
    if (provider === 'onedrive' && this.habits.oldRefreshTokensDie) this.#refresh.delete(text)
    return this.#give(grant, x, provider === 'onedrive')
  }

  async #byDevice(provider: Provider, form: URLSearchParams, x: Exchange): Promise<void> {
    const device = this.#devices.get(form.get('device_code') ?? '')
    const no = (error: string, status = 400): Promise<void> => x.answer(status, { error, error_description: error })
    if (device === undefined || device.provider !== provider) return no('invalid_grant')
    if (device.expiresAtMs < this.#nowMs()) return no('expired_token')
    if (this.habits.person === 'declines') {
      return no(provider === 'google' ? 'access_denied' : 'authorization_declined', provider === 'google' ? 403 : 400)
    }
    device.polls++
    if (this.habits.person === 'waits' || device.polls <= this.habits.devicePolls) {
      return no('authorization_pending', provider === 'google' ? 428 : 400)
    }
    this.#devices.delete(form.get('device_code') ?? '')
    return this.#give(device, x, device.offline)
  }

  async #give(grant: Grant, x: Exchange, withRefresh: boolean): Promise<void> {
    const { token } = this.#newAccess(grant)
    const extra = grant.provider === 'dropbox' ? { account_id: 'dbid:double', uid: '1' } : {}
    return x.answer(200, {
      access_token: token,
      expires_in: accessLifeMs[grant.provider] / 1000,
      token_type: grant.provider === 'dropbox' ? 'bearer' : 'Bearer',
      scope: grant.scope,
      ...extra,
      ...(withRefresh ? { refresh_token: this.#newRefresh(grant) } : {}),
    })
  }

  async deviceCode(provider: Provider, x: Exchange): Promise<void> {
    const form = new URLSearchParams(await x.text())
    if (form.get('client_id') !== clients[provider].clientId) return x.answer(401, { error: 'invalid_client' })
    const scope = form.get('scope') ?? ''
    // Google gives the whole Drive to no device.
    if (scope === '' || (provider === 'google' && scope.split(' ').includes('https://www.googleapis.com/auth/drive'))) {
      return x.answer(400, { error: 'invalid_scope', error_description: 'Invalid device flow scope' })
    }
    const offline = provider === 'google' || scope.split(' ').includes('offline_access')
    const deviceCode = `double-device-${randomBytes(16).toString('base64url')}`
    this.#devices.set(deviceCode, { provider, scope, offline, polls: 0, expiresAtMs: this.#nowMs() + 15 * 60_000 })
    const page = `${x.origin}/double/device`
    return x.answer(200, {
      device_code: deviceCode,
      user_code: 'DBLE-CODE',
      expires_in: 900,
      interval: this.habits.deviceIntervalSeconds,
      ...(provider === 'google' ? { verification_url: page } : { verification_uri: page, message: `Open ${page}` }),
    })
  }

  /** Google’s `/revoke` and Dropbox’s `auth/token/revoke`: all that hangs together with it is gone. */
  async revokeOne(provider: Provider, x: Exchange): Promise<void> {
    await x.text()
    this.revoke(provider)
    return x.answer(200, provider === 'google' ? {} : 'null')
  }
}

export interface SignedIn extends Client {
  readonly [name: string]: string
  readonly refreshToken: string
  readonly accessToken: string
  /** Decimal text. */
  readonly expiresAtMs: string
}

function mayRedirect(provider: Provider, redirect: string): boolean {
  if (!URL.canParse(redirect)) return false
  const { protocol, hostname } = new URL(redirect)
  if (protocol !== 'http:') return false
  // A public client at Microsoft is registered with http://localhost; the form with the number can't be typed in there.
  if (provider === 'onedrive') return hostname === 'localhost'
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}

function wrongClient(provider: Provider, form: URLSearchParams, authorization: string | null): string | null {
  const [id, secret] = basic(authorization) ?? [form.get('client_id') ?? '', form.get('client_secret') ?? '']
  const { clientId, clientSecret } = clients[provider]
  if (id !== clientId) return 'The OAuth client was not found.'
  if (provider === 'google' && secret !== clientSecret) return 'The provided client secret is invalid.'
  if (provider === 'onedrive' && secret !== '') {
    return "AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
  }
  return null
}

function basic(authorization: string | null): [string, string] | null {
  const text = /^basic (\S+)$/i.exec(authorization ?? '')?.[1]
  if (text === undefined) return null
  const [id = '', secret = ''] = Buffer.from(text, 'base64').toString('utf8').split(':')
  return [decodeURIComponent(id), decodeURIComponent(secret)]
}

function invalidGrant(provider: Provider, x: Exchange, why: string): Promise<void> {
  const description = provider === 'onedrive' ? `AADSTS700082: ${why}` : why
  return x.answer(400, { error: 'invalid_grant', error_description: description })
}
