import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import type { Message } from '../../domain/news-rules.ts'
import type { NewsChannel } from './channels.ts'
import { newsChannels, pingAlive } from './channels.ts'
import { desktopCommand } from './desktop-command.ts'
import type { NewsSettings } from './news-settings.ts'

/* A mail server, a push server and a webhook that really get what is sent, on this computer. */

const off: NewsSettings = { desktop: false, mail: null, ntfy: null, webhook: null, command: [], alive: null }
const message: Message = {
  id: 'check-failed nas 1',
  level: 'alarm',
  atMs: Date.UTC(2026, 10, 24, 5),
  title: 'Fivefold: please look',
  text: '“NAS” looks wiped – Miller & Söhne <b>.',
  details: { code: 'check-failed' },
}

function only(settings: Partial<NewsSettings>, password: string | null = null): NewsChannel {
  const world = { platform: process.platform, run: () => assert.fail('no command'), mailPassword: async () => password }
  const [channel, ...more] = newsChannels({ ...off, ...settings }, world)
  assert.ok(channel !== undefined && more.length === 0)
  return channel
}

interface Got {
  readonly path: string
  readonly method: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

async function webServer(t: TestContext, status = 200): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      got.push({ path: request.url ?? '', method: request.method ?? '', headers: request.headers, body })
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('ok')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got }
}

async function mailServer(t: TestContext): Promise<{ port: number; mails: string[]; users: string[] }> {
  const mails: string[] = []
  const users: string[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, answer) => {
      users.push(`${username}:${password}`)
      if (password === 'right') answer(null, { user: username ?? '' })
      else answer(new Error('535 wrong password'))
    },
    onData: (stream, _session, answer) => {
      void text(stream).then((mail) => {
        mails.push(mail)
        answer(null)
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { port: (server.server.address() as AddressInfo).port, mails, users }
}

test('a mail arrives, with its words whole', async (t) => {
  const { port, mails, users } = await mailServer(t)
  const mail = { to: 'me@example.com', from: 'studio@example.com', server: `smtp://me@127.0.0.1:${port}` }
  const sent = await only({ mail }, 'right').send(message)
  assert.deepEqual(sent, { ok: true, value: undefined })
  assert.deepEqual(users, ['me:right'])
  assert.match(mails[0] ?? '', /^To: me@example\.com\r?$/m)
  assert.match(mails[0] ?? '', /^From: studio@example\.com\r?$/m)
  assert.match(mails[0] ?? '', /^Subject: .*please/m)
  const encoded = (mails[0] ?? '').split(/\r?\n\r?\n/)[1] ?? ''
  assert.match(encoded, /NAS/)
})

test('[S1] a wrong password is said, and nothing of it', async (t) => {
  const { port } = await mailServer(t)
  const mail = { to: 'me@example.com', from: 'me@example.com', server: `smtp://me@127.0.0.1:${port}` }
  const sent = await only({ mail }, 'WRONG-SECRET').send(message)
  assert.ok(!sent.ok)
  assert.equal(sent.failure.code, 'news-not-sent')
  assert.doesNotMatch(JSON.stringify(sent), /WRONG-SECRET/)
})

test('a push message arrives, and an alarm rings', async (t) => {
  const { url, got } = await webServer(t)
  assert.ok((await only({ ntfy: `${url}/my-topic` }).send(message)).ok)
  assert.ok((await only({ ntfy: `${url}/my-topic` }).send({ ...message, level: 'notice' })).ok)
  assert.deepEqual(
    got.map(({ path, method, headers, body }) => [method, path, headers['priority'], body]),
    [
      ['POST', '/my-topic', '5', message.text],
      ['POST', '/my-topic', '3', message.text],
    ],
  )
})

test('a webhook gets the whole message as JSON', async (t) => {
  const { url, got } = await webServer(t)
  assert.ok((await only({ webhook: `${url}/hook` }).send(message)).ok)
  assert.deepEqual(JSON.parse(got[0]?.body ?? ''), {
    schema: 'fivefold.news/1',
    id: message.id,
    level: 'alarm',
    at: '2026-11-24T05:00:00.000Z',
    title: message.title,
    text: message.text,
    details: { code: 'check-failed' },
  })
})

test('[S1] what can’t be sent is a failure without the address, which may be a secret', async (t) => {
  const { url } = await webServer(t, 500)
  const elsewhere = await webServer(t, 302)
  const closed = await webServer(t)
  for (const at of [`${url}/SECRET`, `${elsewhere.url}/SECRET`, 'http://127.0.0.1:1/SECRET']) {
    for (const settings of [{ ntfy: at }, { webhook: at }]) {
      const sent = await only(settings).send(message)
      assert.ok(!sent.ok, at)
      assert.doesNotMatch(JSON.stringify(sent), /SECRET/)
    }
  }
  assert.equal(elsewhere.got.length, 2, 'a message is not carried elsewhere')
  assert.ok((await pingAlive(`${closed.url}/ping`)).ok)
  assert.deepEqual(
    closed.got.map(({ method, path }) => `${method} ${path}`),
    ['GET /ping'],
  )
  assert.ok(!(await pingAlive(`${url}/ping`)).ok)
})

const noScripts = process.platform === 'win32' ? 'the test writes a shell script' : false

test('a command gets the message on its standard input; what it does wrong is said', { skip: noScripts }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-news-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const script = join(folder, 'told.sh')
  await writeFile(script, '#!/bin/sh\ncat > "$1"\n')
  await chmod(script, 0o700)
  // Nothing in an argument is a part of a shell's line.
  const gotten = join(folder, 'got; rm -rf x')
  assert.ok((await only({ command: [script, gotten] }).send(message)).ok)
  assert.equal((JSON.parse(await readFile(gotten, 'utf8')) as { text: string }).text, message.text)
  const why = async (...command: string[]): Promise<string> => {
    const sent = await only({ command }).send(message)
    return sent.ok ? 'sent' : sent.failure.sentence
  }
  assert.match(await why('/bin/false'), /exit code 1/)
  assert.match(await why(join(folder, 'nobody')), /no such program/)
  assert.equal(await why('/bin/true'), 'sent')
})

test('on each screen a message is shown as it is, whatever is in it', () => {
  const wild = { level: 'alarm', title: 'Fivefold', text: `it's "<b>$(rm)</b>"; '; Stop-Computer; '` } as const
  assert.deepEqual(desktopCommand('linux', wild), {
    command: 'notify-send',
    args: [
      '--app-name=Fivefold',
      '--urgency=critical',
      '--',
      'Fivefold',
      `it's "&lt;b&gt;$(rm)&lt;/b&gt;"; '; Stop-Computer; '`,
    ],
  })
  const mac = desktopCommand('darwin', wild)
  assert.deepEqual(mac?.args.slice(-3), ['--', 'Fivefold', wild.text])
  assert.doesNotMatch(mac?.args[1] ?? '', /rm/)
  const windows = desktopCommand('win32', wild)
  const script = Buffer.from(windows?.args.at(-1) ?? '', 'base64').toString('utf16le')
  assert.doesNotMatch(script, /Stop-Computer/)
  assert.match(script, /FromBase64String/)
  assert.equal(desktopCommand('aix', wild), null)
})
