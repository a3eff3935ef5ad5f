import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Credentials } from '../../engine/cloud-contract.ts'
import { makeTokenSource } from './access-token.ts'
import type { OAuthProvider } from './access-token.ts'

type Secret = Readonly<Record<string, string>>
interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Record<string, string>
}

const nowMs = 1_800_000_000_000
const now = (): number => nowMs
const stored: Secret = {
  clientId: 'our-client',
  clientSecret: '',
  refreshToken: 'REFRESH-one',
  accessToken: 'ACCESS-one',
  expiresAtMs: String(nowMs - 1000),
}
const granted = { access_token: 'ACCESS-two', expires_in: 3600, token_type: 'Bearer' }

/** A token endpoint that answers in turn what it is told (the last for ever), and keeps what it was asked. */
async function serve(context: TestContext, answers: readonly Answer[]) {
  const forms: URLSearchParams[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => {
      body += piece.toString()
    })
    request.on('end', () => {
      const answer = answers[Math.min(forms.length, answers.length - 1)]!
      forms.push(new URLSearchParams(body))
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: OAuthProvider = {
    tokenUrl: `${origin}/token`,
    authorizeUrl: `${origin}/authorize`,
    deviceUrl: null,
    scopes: [],
    extra: {},
  }
  return { provider, forms, server }
}

function shelf(first: Secret | null): Credentials & { kept: Secret | null; writes: number } {
  return {
    kept: first,
    writes: 0,
    read() {
      return Promise.resolve(this.kept)
    },
    write(secret) {
      this.writes += 1
      this.kept = secret
      return Promise.resolve()
    },
  }
}

const inWords = (value: unknown): string => JSON.stringify(value)

test('a token that is good for more than two minutes is handed out without asking', async (context) => {
  const { provider, forms } = await serve(context, [{ status: 200, body: granted }])
  const good = shelf({ ...stored, expiresAtMs: String(nowMs + 120_000) })
  assert.deepEqual(await makeTokenSource('Drive', good, provider, now).token(), { ok: true, value: 'ACCESS-one' })
  assert.equal(forms.length, 0)
  const short = shelf({ ...stored, expiresAtMs: String(nowMs + 119_000) })
  assert.deepEqual(await makeTokenSource('Drive', short, provider, now).token(), { ok: true, value: 'ACCESS-two' })
  assert.equal(forms.length, 1)
})

test('a refresh is a form with the client id, with a client secret only where there is one', async (context) => {
  const { provider, forms } = await serve(context, [{ status: 200, body: granted }])
  await makeTokenSource('Drive', shelf(stored), provider, now).token()
  await makeTokenSource('Drive', shelf({ ...stored, clientSecret: 'SECRET' }), provider, now).token()
  assert.deepEqual(
    forms.map((form) => Object.fromEntries(form)),
    [
      { grant_type: 'refresh_token', refresh_token: 'REFRESH-one', client_id: 'our-client' },
      { grant_type: 'refresh_token', refresh_token: 'REFRESH-one', client_id: 'our-client', client_secret: 'SECRET' },
    ],
  )
})

test('what a refresh brings is kept before it is handed out, a new refresh token too', async (context) => {
  const { provider, forms } = await serve(context, [
    { status: 200, body: { ...granted, refresh_token: 'REFRESH-two' } },
    { status: 200, body: { access_token: 'ACCESS-three' } },
  ])
  const credentials = shelf(stored)
  const order: string[] = []
  const watched: Credentials = {
    read: () => credentials.read(),
    write: async (secret) => {
      await credentials.write(secret)
      order.push('kept')
    },
  }
  let time = nowMs
  const tokens = makeTokenSource('Drive', watched, provider, () => time)
  await tokens.token().then(() => order.push('handed out'))
  assert.deepEqual(order, ['kept', 'handed out'])
  assert.deepEqual(credentials.kept, {
    ...stored,
    refreshToken: 'REFRESH-two',
    accessToken: 'ACCESS-two',
    expiresAtMs: String(nowMs + 3_600_000),
  })
  time += 3_599_000
  assert.deepEqual(await tokens.token(), { ok: true, value: 'ACCESS-three' })
  assert.equal(forms[1]?.get('refresh_token'), 'REFRESH-two')
  assert.equal(credentials.kept?.['refreshToken'], 'REFRESH-two')
  assert.equal(credentials.kept?.['expiresAtMs'], String(time + 3_600_000))
})

test('many callers at the same time make one refresh', async (context) => {
  const { provider, forms } = await serve(context, [{ status: 200, body: granted }])
  const tokens = makeTokenSource('Drive', shelf(stored), provider, now)
  const all = await Promise.all(Array.from({ length: 20 }, () => tokens.token()))
  assert.ok(all.every((one) => one.ok && one.value === 'ACCESS-two'))
  assert.equal(forms.length, 1)
})

test('a token that the service refused is renewed, though by our clock it is good for years', async (context) => {
  const { provider } = await serve(context, [{ status: 200, body: granted }])
  const tokens = makeTokenSource('Drive', shelf({ ...stored, expiresAtMs: String(nowMs * 2) }), provider, now)
  assert.deepEqual(await tokens.token(), { ok: true, value: 'ACCESS-one' })
  tokens.spoiled('ACCESS-one')
  assert.deepEqual(await tokens.token(), { ok: true, value: 'ACCESS-two' })
})

test('a revoked sign-in is sign-in-needed, and so is none', async (context) => {
  const { provider } = await serve(context, [{ status: 400, body: { error: 'invalid_grant' } }])
  for (const kept of [stored, null, { ...stored, refreshToken: '' }]) {
    const answer = await makeTokenSource('Drive', shelf(kept), provider, now).token()
    assert.equal(answer.ok ? '' : answer.failure.code, 'sign-in-needed')
    assert.match(inWords(answer), /fivefold place sign-in/)
  }
})

test('when another process renewed first, its token is taken and nobody has to sign in', async (context) => {
  const { provider } = await serve(context, [{ status: 400, body: { error: 'invalid_grant' } }])
  const byAnother = {
    ...stored,
    refreshToken: 'REFRESH-two',
    accessToken: 'ACCESS-two',
    expiresAtMs: String(nowMs + 1e6),
  }
  let reads = 0
  const credentials: Credentials = {
    read: () => Promise.resolve((reads += 1) === 1 ? stored : byAnother),
    write: () => Promise.resolve(),
  }
  const answer = await makeTokenSource('Drive', credentials, provider, now).token()
  assert.deepEqual(answer, { ok: true, value: 'ACCESS-two' })
})

test('a service that is down, busy or away is said to be just that', async (context) => {
  const busyFor = { 'retry-after': '30' }
  const { provider, server } = await serve(context, [
    { status: 500, body: 'oops' },
    { status: 429, body: '', headers: busyFor },
    { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } },
    { status: 200, body: 'not JSON' },
    { status: 400, body: { error: 'invalid_scope' } },
  ])
  const tokens = makeTokenSource('Drive', shelf(stored), provider, now)
  const codes: string[] = []
  for (let ask = 0; ask < 5; ask += 1) {
    const answer = await tokens.token()
    codes.push(answer.ok ? 'token' : answer.failure.code)
  }
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const away = await tokens.token()
  codes.push(away.ok ? 'token' : away.failure.code)
  assert.deepEqual(codes, [
    'service-error',
    'service-busy',
    'service-error',
    'service-error',
    'service-refused',
    'service-unreachable',
  ])
})

test('[S1] no failure of a refresh holds a token, whatever the service answers', async (context) => {
  const echo = 'REFRESH-one ACCESS-one SECRET-one'
  const bodies: readonly unknown[] = [
    echo,
    { error: 'invalid_grant', error_description: echo },
    { error: 'REFRESH-one', error_description: echo },
    { error: echo },
    { access_token: '', refresh_token: 'REFRESH-one' },
  ]
  for (const status of [200, 302, 400, 401, 403, 429, 500, 503])
    for (const body of bodies) {
      const { provider } = await serve(context, [{ status, body }])
      const credentials = shelf({ ...stored, clientSecret: 'SECRET-one' })
      const answer = await makeTokenSource('Drive', credentials, provider, now).token()
      assert.equal(answer.ok, false)
      assert.doesNotMatch(inWords(answer), /-one/, `status ${status}`)
    }
})

test('[S1] when the new token can not be kept, that is said without it, and it is not lost', async (context) => {
  const { provider, forms } = await serve(context, [
    { status: 200, body: { ...granted, refresh_token: 'REFRESH-two' } },
    { status: 400, body: { error: 'invalid_grant' } },
  ])
  const credentials = shelf(stored)
  let full = true
  const filling: Credentials = {
    read: () => credentials.read(),
    write: (secret) =>
      full ? Promise.reject(new Error(`ENOSPC while writing ${inWords(secret)}`)) : credentials.write(secret),
  }
  const tokens = makeTokenSource('Drive', filling, provider, now)
  const answer = await tokens.token()
  assert.equal(answer.ok ? '' : answer.failure.code, 'settings-wrong')
  assert.doesNotMatch(inWords(answer), /ACCESS|REFRESH/)
  full = false
  assert.deepEqual(await tokens.token(), { ok: true, value: 'ACCESS-two' })
  assert.equal(forms.length, 1)
  assert.equal(credentials.kept?.['refreshToken'], 'REFRESH-two')
})

test('what refuses to be read is said in its own words', async (context) => {
  const { provider } = await serve(context, [{ status: 200, body: granted }])
  const refusing: Credentials = {
    read: () => Promise.reject(Object.assign(new Error('Others can read the secrets.'), { advice: 'Change it.' })),
    write: () => Promise.resolve(),
  }
  const answer = await makeTokenSource('Drive', refusing, provider, now).token()
  assert.deepEqual(answer, {
    ok: false,
    failure: { code: 'settings-wrong', sentence: 'Others can read the secrets.', advice: 'Change it.', place: 'Drive' },
  })
})
