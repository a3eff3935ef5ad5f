/**
 * [S2] The page answers to this computer and this person alone. Each test is one way in that must stay shut: a page of the internet, a
 * name that points here, another user of the machine, a key that was used, a file name that climbs.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import type { PageGround } from '../lab/page-ground.ts'
import { pageGround } from '../lab/page-ground.ts'
import { runCommand } from './the-command.ts'

let ground: PageGround
let port = 0
let cookie = ''
let usedKey = ''

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Knock {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

function knock(path: string, { method = 'GET', headers = {}, body }: Knock = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      text(response).then(
        (said) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: said }),
        reject,
      )
    })
    asked.on('error', reject)
    asked.setTimeout(10_000, () => asked.destroy(new Error('no answer')))
    asked.end(body)
  })
}

const withCookie = (headers: Readonly<Record<string, string>> = {}): Knock => ({ headers: { cookie, ...headers } })

before(async () => {
  ground = await pageGround()
  const address = new URL(await ground.address())
  port = Number(address.port)
  usedKey = `${address.pathname}${address.search}`
  const given = await knock(usedKey)
  assert.equal(given.status, 303)
  const [set = ''] = given.headers['set-cookie'] ?? []
  assert.match(set, /HttpOnly/)
  assert.match(set, /SameSite=Strict/)
  cookie = set.split(';')[0] ?? ''
})
after(() => ground[Symbol.asyncDispose]())

test('[S2] whoever has the cookie is answered', async () => {
  const { status, body } = await knock('/api/status', withCookie())
  assert.equal(status, 200)
  assert.equal(JSON.parse(body).schema, 'fivefold.status/1')
})

test('[S2] another user of the computer, who has no cookie, gets nothing, not even the page', async () => {
  for (const path of ['/', '/index.html', '/api/status', '/api/events', '/api/openapi.json', '/jobs'])
    assert.equal((await knock(path)).status, 401, path)
  const wrong = { headers: { cookie: `fivefold=${'A'.repeat(43)}` } }
  assert.equal((await knock('/api/status', wrong)).status, 401)
})

test('[S2] a key is good once', async () => {
  assert.equal((await knock(usedKey)).status, 403)
  assert.equal((await knock('/?key=mwufqv8h.aaaa.bbbb')).status, 403)
})

test('[S2] a name that points at this computer is not answered (DNS rebinding)', async () => {
  for (const host of [`evil.example:${port}`, 'localhost', `127.0.0.1:${port + 1}`, `127.0.0.1.evil.example:${port}`])
    assert.equal((await knock('/api/status', withCookie({ host }))).status, 421, host)
})

test('[S2] a page of the internet is refused by its origin, whatever cookie comes along', async () => {
  for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:${port + 1}`, `https://127.0.0.1:${port}`]) {
    const read = await knock('/api/status', withCookie({ origin }))
    assert.equal(read.status, 403, origin)
    assert.equal(read.headers['access-control-allow-origin'], undefined)
    const said = { method: 'POST', headers: { cookie, origin, 'content-type': 'application/json' }, body: '{}' }
    assert.equal((await knock('/api/verify', said)).status, 403, origin)
  }
})

test('[S2] what a form of another page could send is not taken: only JSON is', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const said = { method: 'POST', headers: { cookie, 'content-type': type }, body: '{}' }
    assert.equal((await knock('/api/verify', said)).status, 415, type)
  }
  const preflight = { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } }
  assert.equal((await knock('/api/verify', preflight)).status, 401)
})

test('[S2] every answer forbids code from elsewhere, frames and guessing', async () => {
  for (const path of ['/', '/api/status', '/no-such-page', '/api/no-such']) {
    const { headers } = await knock(path, withCookie())
    assert.match(String(headers['content-security-policy']), /default-src 'none'.*script-src 'self'/, path)
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, path)
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/, path)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.equal(headers['referrer-policy'], 'no-referrer', path)
  }
})

test('[S2] only this computer can connect', async () => {
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
  // 127.0.0.2 is this computer too, and stands for an address on which nobody must listen.
  for (const host of ['127.0.0.2', ...others]) assert.equal(await canConnect(host), false, host)
  assert.equal(await canConnect('127.0.0.1'), true)
})

const canConnect = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => end(true)).on('error', () => end(false))
    socket.setTimeout(5_000, () => end(false))
  })

test('[S2] a path that climbs gets the page, and no file', async () => {
  for (const path of ['/../../../../etc/passwd', '/built/..%2f..%2f..%2fpackage.json', '/%2e%2e/%2e%2e/package.json']) {
    const { body } = await knock(path, withCookie())
    assert.doesNotMatch(body, /root:|"name"/, path)
  }
})

test('[S2] more than a page ever says is not read', async () => {
  const said = {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: `"${'x'.repeat(200_000)}"`,
  }
  assert.equal((await knock('/api/places', said)).status, 413)
})

test('[S1] the secret lies in a file of this person alone, and is nowhere else', async () => {
  const note = join(ground.home, 'page.json')
  assert.equal(statSync(note).mode & 0o777, 0o600)
  const { secret }: { secret: string } = JSON.parse(readFileSync(note, 'utf8'))
  const logs = readdirSync(join(ground.home, 'log')).map((name) => readFileSync(join(ground.home, 'log', name), 'utf8'))
  const seen = [...logs, JSON.stringify(ground.daemon.lines), (await knock('/api/doctor', withCookie())).body]
  for (const said of seen) {
    assert.ok(!said.includes(secret))
    assert.ok(!said.includes('?key='))
  }
})

test('what can’t be understood is said in words, and what is not there too', async () => {
  const said = { method: 'POST', headers: { cookie, 'content-type': 'application/json' }, body: '{"role":"card"}' }
  const wrong = await knock('/api/places', said)
  assert.equal(wrong.status, 400)
  assert.equal(JSON.parse(wrong.body).code, 'wrong-usage')
  assert.equal((await knock('/api/places', { ...said, body: '{' })).status, 400)
  const gone = await knock('/api/jobs/no-such-job', withCookie())
  assert.equal(gone.status, 404)
  assert.equal(JSON.parse(gone.body).code, 'not-found')
})

test('without a Fivefold that runs, “fivefold page” says what to do', async () => {
  const ended = await runCommand(['page', '--no-open', '--json', '--home', join(ground.root, 'other')])
  assert.equal(ended.exitCode, 3)
  assert.equal(ended.last?.code, 'page-not-there')
})
