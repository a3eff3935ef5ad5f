import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer, get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { redirectOf } from './loopback.ts'
import { signInByBrowser } from './sign-in-by-browser.ts'
import type { BrowserOrder } from './sign-in-by-browser.ts'
import { signInByPastedCode } from './sign-in-by-code.ts'
import { signInByDevice } from './sign-in-by-device.ts'
import type { DeviceCode } from './sign-in-by-device.ts'
import type { SignedIn, SignInProvider } from './sign-in-provider.ts'

const nowMs = 1_800_000_000_000
const granted = { access_token: 'ACCESS-one', refresh_token: 'REFRESH-one', expires_in: 3600, scope: 'files.read' }

interface Habits {
  /** What the person presses on the service's page. */
  consent: 'agrees' | 'access_denied' | 'CODE-one'
  /** The page to come back to when no address was given: the code is shown. */
  code: string
  token: { status: number; body: unknown }
  /** Answers of the token address to a device code, one after the other; the last for ever. */
  device: readonly { status: number; body: unknown }[]
  deviceStart: { status: number; body: unknown }
}

/** A service that signs people in: it checks the client, the redirect and the verifier (S256) as real ones do. */
async function serve(context: TestContext, changes: Partial<Habits> = {}) {
  const habits: Habits = {
    consent: 'agrees',
    code: 'CODE-one',
    token: { status: 200, body: granted },
    device: [{ status: 200, body: granted }],
    deviceStart: {
      status: 200,
      body: {
        device_code: 'DEVICE-one',
        user_code: 'WDJB-MJHT',
        verification_uri: 'https://service.example/device',
        expires_in: 900,
        interval: 5,
      },
    },
    ...changes,
  }
  const forms: URLSearchParams[] = []
  const asked: URLSearchParams[] = []
  let polls = 0

  const atToken = (form: URLSearchParams): { status: number; body: unknown } => {
    if (form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:device_code')
      return habits.device[Math.min(polls++, habits.device.length - 1)]!
    const ask = asked.at(-1)!
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const fits =
      form.get('code') === habits.code &&
      challenge === ask.get('code_challenge') &&
      ask.get('code_challenge_method') === 'S256' &&
      form.get('redirect_uri') === ask.get('redirect_uri') &&
      form.get('client_id') === ask.get('client_id')
    return fits ? habits.token : { status: 400, body: { error: 'invalid_grant', error_description: form.toString() } }
  }

  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (piece: Buffer) => {
      text += piece.toString()
    })
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://127.0.0.1')
      if (url.pathname === '/authorize') {
        asked.push(url.searchParams)
        const back = URL.parse(url.searchParams.get('redirect_uri') ?? '')
        if (back === null) return response.end(habits.code)
        back.searchParams.set('state', url.searchParams.get('state') ?? '')
        if (habits.consent === 'agrees') back.searchParams.set('code', habits.code)
        else back.searchParams.set('error', habits.consent)
        return response.writeHead(302, { location: back.href }).end()
      }
      const form = new URLSearchParams(text)
      forms.push(form)
      if (url.pathname === '/elsewhere') return response.end(JSON.stringify(granted))
      const { status, body } = url.pathname === '/device' ? habits.deviceStart : atToken(form)
      const headers = status === 307 ? { location: '/elsewhere' } : {}
      return response.writeHead(status, headers).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: SignInProvider = {
    tokenUrl: `${origin}/token`,
    authorizeUrl: `${origin}/authorize`,
    deviceUrl: `${origin}/device`,
    scopes: ['files.read', 'offline_access'],
    extra: { access_type: 'offline' },
  }
  return { provider, forms, asked, habits }
}

interface Page {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** A browser as far as it matters here: it follows redirects and shows the last page. */
function browse(url: string): Promise<Page> {
  return new Promise((resolve, reject) => {
    get(url, (answer) => {
      let text = ''
      answer.on('data', (piece: Buffer) => {
        text += piece.toString()
      })
      answer.on('end', () => {
        const { location } = answer.headers
        if (location !== undefined) resolve(browse(new URL(location, url).href))
        else resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text })
      })
    }).on('error', reject)
  })
}

const nobody = (): void => undefined

const orderFor = (provider: SignInProvider, changes: Partial<BrowserOrder> = {}): BrowserOrder => ({
  place: 'Drive',
  provider,
  clientId: 'our-client',
  clientSecret: '',
  redirect: redirectOf['google-drive'],
  openBrowser: null,
  showAddress: nobody,
  now: () => nowMs,
  ...changes,
})

const codeOf = (signedIn: SignedIn): string => (signedIn.ok ? 'signed in' : signedIn.failure.code)
const sentenceOf = (signedIn: SignedIn): string => (signedIn.ok ? '' : signedIn.failure.sentence)

const signedInRecord = {
  clientId: 'our-client',
  clientSecret: '',
  refreshToken: 'REFRESH-one',
  accessToken: 'ACCESS-one',
  expiresAtMs: String(nowMs + 3_600_000),
}

test('the browser comes back with a code, which is changed for tokens with the verifier that fits', async (context) => {
  const { provider, forms, asked } = await serve(context)
  const pages: Promise<Page>[] = []
  const shown: string[] = []
  const signedIn = await signInByBrowser(
    orderFor(provider, {
      openBrowser: (url) => {
        pages.push(browse(url))
        return Promise.resolve(true)
      },
      showAddress: (url) => shown.push(url),
    }),
  )
  assert.deepEqual(signedIn, { ok: true, value: signedInRecord })
  const ask = Object.fromEntries(asked[0] ?? [])
  assert.equal(ask['response_type'], 'code')
  assert.equal(ask['scope'], 'files.read offline_access')
  assert.equal(ask['access_type'], 'offline')
  assert.match(ask['redirect_uri'] ?? '', /^http:\/\/127\.0\.0\.1:\d+\/$/)
  assert.match(ask['code_challenge'] ?? '', /^[\w-]{43}$/)
  assert.match(forms[0]?.get('code_verifier') ?? '', /^[\w-]{43}$/)
  assert.equal(forms[0]?.has('client_secret'), false)
  assert.equal(shown.length, 1)
  const page = await pages[0]
  assert.equal(page?.status, 200)
  assert.match(page?.text ?? '', /You can close this window/)
})

test('[S1] the last page runs nothing, asks nobody, is kept nowhere, and says nothing of the code', async (context) => {
  const { provider } = await serve(context)
  const pages: Promise<Page>[] = []
  await signInByBrowser(
    orderFor(provider, {
      openBrowser: (url) => {
        pages.push(browse(url))
        return Promise.resolve(true)
      },
    }),
  )
  const { headers, text } = (await pages[0])!
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /^default-src 'none'; style-src 'sha256-/)
  const style = /<style>(.*)<\/style>/.exec(text)?.[1] ?? ''
  assert.ok(policy.includes(createHash('sha256').update(style).digest('base64')))
  assert.doesNotMatch(text, /<script|src=|href=|url\(|CODE|http/i)
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['referrer-policy'], 'no-referrer')
})

test('a client that has a secret sends it with the code', async (context) => {
  const { provider, forms } = await serve(context)
  const openBrowser = async (url: string): Promise<boolean> => (await browse(url)).status > 0
  const pending: Promise<unknown>[] = []
  const signedIn = await signInByBrowser(
    orderFor(provider, {
      clientSecret: 'SECRET',
      openBrowser: (url) => {
        pending.push(openBrowser(url))
        return Promise.resolve(true)
      },
    }),
  )
  await Promise.all(pending)
  assert.equal(forms[0]?.get('client_secret'), 'SECRET')
  assert.equal(signedIn.ok ? signedIn.value.clientSecret : '', 'SECRET')
})

test('[S2] an answer with another state, or none, is shown a page and changes nothing', async (context) => {
  const { provider, forms } = await serve(context)
  const strangers: Page[] = []
  const signedIn = await signInByBrowser(
    orderFor(provider, {
      showAddress: (url) => {
        void (async () => {
          const back = new URL(url).searchParams.get('redirect_uri')!
          for (const query of [
            '',
            '?code=CODE-evil',
            '?code=CODE-evil&state=guessed',
            '?error=access_denied&state=guessed',
            `?state=${new URL(url).searchParams.get('state')}`,
          ])
            strangers.push(await browse(`${back}${query}`))
          strangers.push(await browse(`${back}favicon.ico?code=CODE-evil`))
          await browse(url)
        })()
      },
    }),
  )
  assert.deepEqual(signedIn, { ok: true, value: signedInRecord })
  assert.deepEqual(
    strangers.map(({ status }) => status),
    [404, 400, 400, 400, 400, 404],
  )
  assert.ok(strangers.every(({ text }) => /not the answer/.test(text)))
  assert.deepEqual(
    forms.map((form) => form.get('code')),
    ['CODE-one'],
  )
})

test('[S2] the code of another asking is refused by the service, because its verifier is another', async (context) => {
  const { provider, forms } = await serve(context)
  const pages: Promise<Page>[] = []
  const signedIn = await signInByBrowser(
    orderFor(provider, {
      showAddress: (url) => {
        const ours = new URL(url).searchParams
        const theirs = new URL(url)
        theirs.searchParams.set('code_challenge', createHash('sha256').update('their verifier').digest('base64url'))
        theirs.searchParams.set('state', 'their state')
        // They consent for themselves, and slip their code to us with the state that they saw.
        const slip = `${ours.get('redirect_uri')}?code=CODE-one&state=${ours.get('state')}`
        pages.push(browse(theirs.href).then(() => browse(slip)))
      },
    }),
  )
  assert.equal(forms.length, 1)
  assert.equal(codeOf(signedIn), 'sign-in-needed')
  assert.match(sentenceOf(signedIn), /did not accept the code/)
  assert.match((await pages[0])?.text ?? '', /not signed in/)
})

test('a person who refuses is believed', async (context) => {
  const { provider, forms } = await serve(context, { consent: 'access_denied' })
  const pages: Promise<Page>[] = []
  const signedIn = await signInByBrowser(orderFor(provider, { showAddress: (url) => pages.push(browse(url)) }))
  assert.equal(codeOf(signedIn), 'sign-in-needed')
  assert.match(sentenceOf(signedIn), /refused in the browser/)
  assert.match((await pages[0])?.text ?? '', /not signed in/)
  assert.equal(forms.length, 0)
})

const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

test('nobody comes, or somebody says stop: it ends, and the port is closed', async (context) => {
  const { provider } = await serve(context)
  let back = ''
  const showAddress = (url: string): void => {
    back = new URL(url).searchParams.get('redirect_uri') ?? ''
  }
  const late = await signInByBrowser(orderFor(provider, { showAddress, patienceMs: 20 }))
  assert.equal(codeOf(late), 'sign-in-needed')
  assert.match(sentenceOf(late), /in time/)
  assert.equal(await answers(back), false)

  const stop = new AbortController()
  const stopped = await signInByBrowser(
    orderFor(provider, {
      cancel: stop.signal,
      showAddress: (url) => {
        showAddress(url)
        setTimeout(() => stop.abort(), 10)
      },
    }),
  )
  assert.equal(codeOf(stopped), 'stopped-by-person')
  assert.equal(await answers(back), false)
  assert.equal(codeOf(await signInByBrowser(orderFor(provider, { cancel: AbortSignal.abort() }))), 'stopped-by-person')
})

async function occupy(context: TestContext): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  return (server.address() as AddressInfo).port
}

test('where the service knows two ports, the second is taken when the first is not free, and then it is said', async (context) => {
  const { provider, asked } = await serve(context)
  const [first, second] = [await occupy(context), await occupy(context)]
  const redirect = { host: '127.0.0.1', ports: [first, 0], path: '/' } as const
  const pages: Promise<Page>[] = []
  const order = orderFor(provider, { redirect, showAddress: (url) => pages.push(browse(url)) })
  assert.equal(codeOf(await signInByBrowser(order)), 'signed in')
  await Promise.all(pages)
  assert.notEqual(new URL(asked[0]?.get('redirect_uri') ?? '').port, String(first))

  const taken = await signInByBrowser({ ...order, redirect: { ...redirect, ports: [first, second] } })
  assert.equal(codeOf(taken), 'place-error')
  assert.match(sentenceOf(taken), new RegExp(`port ${first} and port ${second}`))
})

test('the addresses to come back to are written as each service wants them', async (context) => {
  const { provider, asked } = await serve(context)
  const pages: Promise<Page>[] = []
  const showAddress = (url: string): void => void pages.push(browse(url))
  await signInByBrowser(orderFor(provider, { redirect: redirectOf.onedrive, showAddress }))
  assert.match(asked[0]?.get('redirect_uri') ?? '', /^http:\/\/localhost:\d+$/)
  await Promise.all(pages)
  assert.deepEqual(redirectOf.dropbox, { host: '127.0.0.1', ports: [53_682, 53_683], path: '/' })
})

test('a sign-in that does not last, or is given only in part, is none', async (context) => {
  const { provider, habits } = await serve(context)
  const pages: Promise<Page>[] = []
  const attempt = (): Promise<SignedIn> =>
    signInByBrowser(orderFor(provider, { showAddress: (url) => pages.push(browse(url)) }))
  habits.token = { status: 200, body: { ...granted, refresh_token: undefined } }
  const short = await attempt()
  assert.equal(codeOf(short), 'sign-in-needed')
  assert.match(sentenceOf(short), /for an hour only/)
  habits.token = { status: 200, body: { ...granted, scope: 'account.read' } }
  const part = await attempt()
  assert.equal(codeOf(part), 'service-refused')
  assert.match(sentenceOf(part), /files\.read is missing/)
  for (const scope of ['https://service.example/FILES.READ openid', 'files.read', undefined]) {
    habits.token = { status: 200, body: { ...granted, scope } }
    assert.equal(codeOf(await attempt()), 'signed in')
  }
  await Promise.all(pages)
})

test('[S1] no failure of a sign-in holds a code, a verifier or a token, whatever the service answers', async (context) => {
  const echo = 'CODE-one ACCESS-one REFRESH-one SECRET-one'
  const bodies: readonly unknown[] = [
    echo,
    { error: 'invalid_grant', error_description: echo },
    { error: echo },
    { access_token: 'ACCESS-one' },
    { access_token: 'ACCESS-one', refresh_token: 'REFRESH-one', scope: 'other' },
  ]
  const pages: Promise<Page>[] = []
  for (const status of [200, 307, 400, 401, 500])
    for (const body of bodies) {
      const { provider, forms } = await serve(context, { token: { status, body } })
      const signedIn = await signInByBrowser(
        orderFor(provider, { clientSecret: 'SECRET-one', showAddress: (url) => pages.push(browse(url)) }),
      )
      assert.equal(signedIn.ok, false)
      // The code, the secret and the verifier were sent to one address.
      assert.equal(forms.length, 1)
      const words = JSON.stringify(signedIn)
      assert.doesNotMatch(words, /-one/)
      assert.ok(!words.includes(forms[0]?.get('code_verifier') ?? 'no verifier'))
    }
  for (const page of await Promise.all(pages)) assert.doesNotMatch(page.text, /-one/)
  const { provider } = await serve(context, { consent: 'CODE-one' })
  const refused = await signInByBrowser(orderFor(provider, { showAddress: (url) => pages.push(browse(url)) }))
  assert.equal(codeOf(refused), 'service-error')
  assert.doesNotMatch(JSON.stringify(refused) + (await pages.at(-1))?.text, /-one/)
})

test('a service that is not there is said to be just that', async (context) => {
  const { provider } = await serve(context)
  const pages: Promise<Page>[] = []
  const away = { ...provider, tokenUrl: `http://127.0.0.1:${await unused()}/token` }
  const signedIn = await signInByBrowser(orderFor(away, { showAddress: (url) => pages.push(browse(url)) }))
  assert.equal(codeOf(signedIn), 'service-unreachable')
  await Promise.all(pages)
})

async function unused(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a code that the service shows is brought by hand, with PKCE all the same', async (context) => {
  const { provider, forms, asked } = await serve(context)
  const signedIn = await signInByPastedCode({
    ...orderFor(provider),
    redirectUri: null,
    askCode: async (url) => ` ${(await browse(url)).text}\n`,
  })
  assert.deepEqual(signedIn, { ok: true, value: signedInRecord })
  assert.equal(asked[0]?.has('redirect_uri'), false)
  assert.equal(forms[0]?.has('redirect_uri'), false)
})

test('[S2] a whole address may be pasted; its state is checked', async (context) => {
  const { provider, forms } = await serve(context)
  const redirectUri = 'http://127.0.0.1:53682/'
  const paste = (askCode: (url: string) => string | null): Promise<SignedIn> =>
    signInByPastedCode({
      ...orderFor(provider),
      redirectUri,
      askCode: async (url) => {
        await fetch(url, { redirect: 'manual' })
        return askCode(url)
      },
    })
  const state = (url: string): string => new URL(url).searchParams.get('state') ?? ''
  assert.equal(codeOf(await paste((url) => `${redirectUri}?code=CODE-one&state=${state(url)}`)), 'signed in')
  assert.equal(forms.length, 1)
  const stranger = await paste(() => `${redirectUri}?code=CODE-one&state=another`)
  assert.match(sentenceOf(stranger), /does not belong/)
  const refused = await paste((url) => `${redirectUri}?error=access_denied&state=${state(url)}`)
  assert.match(sentenceOf(refused), /refused in the browser/)
  for (const nothing of [null, '', '  ']) assert.equal(codeOf(await paste(() => nothing)), 'stopped-by-person')
  assert.equal(forms.length, 1)
})

const pending = { status: 428, body: { error: 'authorization_pending' } }

test('a code is typed on another device, and asked for no faster than the service likes', async (context) => {
  const { provider, forms } = await serve(context, {
    device: [
      pending,
      { status: 400, body: { error: 'slow_down' } },
      pending,
      { status: 503, body: 'busy' },
      { status: 200, body: granted },
    ],
  })
  const pauses: number[] = []
  const shown: DeviceCode[] = []
  const signedIn = await signInByDevice({
    ...orderFor(provider),
    showCode: (code) => shown.push(code),
    pause: (ms) => Promise.resolve(pauses.push(ms)),
  })
  assert.deepEqual(signedIn, { ok: true, value: signedInRecord })
  assert.deepEqual(shown, [{ url: 'https://service.example/device', code: 'WDJB-MJHT', minutes: 15 }])
  assert.deepEqual(pauses, [5000, 5000, 10_000, 10_000, 15_000])
  assert.deepEqual(Object.fromEntries(forms[0] ?? []), { client_id: 'our-client', scope: 'files.read offline_access' })
  assert.deepEqual(Object.fromEntries(forms[1] ?? []), {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: 'DEVICE-one',
    client_id: 'our-client',
  })
})

test('a device code ends: it expires, is refused, or is never typed', async (context) => {
  const cases = [
    { device: [pending, { status: 400, body: { error: 'expired_token' } }], says: /in time/, polls: 2 },
    { device: [{ status: 403, body: { error: 'access_denied' } }], says: /refused in the browser/, polls: 1 },
    { device: [{ status: 400, body: { error: 'authorization_declined' } }], says: /refused in the browser/, polls: 1 },
    // 900 seconds, one poll in 5.
    { device: [pending], says: /in time/, polls: 180 },
  ]
  for (const { device, says, polls } of cases) {
    const { provider, forms } = await serve(context, { device })
    const signedIn = await signInByDevice({ ...orderFor(provider), showCode: nobody, pause: () => Promise.resolve() })
    assert.equal(codeOf(signedIn), 'sign-in-needed')
    assert.match(sentenceOf(signedIn), says)
    assert.equal(forms.length, 1 + polls)
  }
})

test('waiting for a device can be stopped, and a service without that way says so', async (context) => {
  const { provider } = await serve(context, { device: [pending] })
  const stop = new AbortController()
  const stopped = await signInByDevice({ ...orderFor(provider), cancel: stop.signal, showCode: () => stop.abort() })
  assert.equal(codeOf(stopped), 'stopped-by-person')
  const none = await signInByDevice({ ...orderFor({ ...provider, deviceUrl: null }), showCode: nobody })
  assert.equal(codeOf(none), 'sign-in-needed')
  assert.match(sentenceOf(none), /no sign-in by a code/)
})

test('a client of the wrong type is told from a wrong code', async (context) => {
  const { provider } = await serve(context, { deviceStart: { status: 401, body: { error: 'invalid_client' } } })
  const signedIn = await signInByDevice({ ...orderFor(provider), showCode: nobody })
  assert.equal(codeOf(signedIn), 'sign-in-needed')
  assert.match(sentenceOf(signedIn), /another type/)
})
