import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import ssh2 from 'ssh2'
import { parsePlaceId } from '../../domain/ids.ts'
import type { ServicePlace } from '../../engine/cloud-contract.ts'
import { askHostKey } from './connection.ts'
import { sftpLimits } from './sftp-limits.ts'
import { openSftpPlace } from './sftp-place.ts'

type Secret = Record<string, string>
const limits = { ...sftpLimits, connectMs: 2000, silenceMs: 2000 }

const hostPrivateKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey

const addressOf = (port: number) =>
  ({ kind: 'sftp', user: 'jo', host: '127.0.0.1', port, path: '/photos', options: {} }) as const

function placeAt(port: number, secret: Secret | null): ServicePlace {
  const credentials = { read: async () => secret, write: async () => undefined }
  return openSftpPlace({ id: parsePlaceId('box'), name: 'Box', address: addressOf(port) }, credentials, limits)
}

/** A server in this process that lets in by `way` with the password `right`, and stores nothing. */
async function smallServer(way: 'password' | 'keyboard-interactive'): Promise<{
  readonly port: number
  readonly tries: string[]
  readonly hostKey: string
  stop(): Promise<void>
}> {
  const tries: string[] = []
  const server = new ssh2.Server({ hostKeys: [hostPrivateKey] }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (context) => {
      if (context.method === way) tries.push(way)
      if (context.method === 'password' && context.password === 'right') return context.accept()
      if (context.method !== 'keyboard-interactive') return context.reject([way])
      context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
        if (answers[0] === 'right') context.accept()
        else context.reject([way])
      })
    })
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => {
        const sftp = acceptSftp()
        sftp.on('LSTAT', (request) => sftp.status(request, 2))
        sftp.on('STAT', (request) => sftp.status(request, 2))
        // The others wait for ever.
        sftp.on('REMOVE', () => client.end())
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const asked = await askHostKey('Box', addressOf(port), limits)
  assert.ok(asked.ok)
  return {
    port,
    tries,
    hostKey: asked.value.key,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const codeOf = (answer: { ok: boolean; failure?: { code: string } }): string => answer.failure?.code ?? 'ok'

for (const way of ['password', 'keyboard-interactive'] as const) {
  test(`${way}: a right password is let in, a wrong one is a sign-in that is needed, tried once for all who ask`, async () => {
    const server = await smallServer(way)
    try {
      const good = placeAt(server.port, { password: 'right', hostKey: server.hostKey })
      assert.deepEqual(await good.stat('a.cr3'), { ok: true, value: null })
      await good.close()
      server.tries.length = 0
      const bad = placeAt(server.port, { password: 'wrong', hostKey: server.hostKey })
      const answers = await Promise.all([bad.stat('a.cr3'), bad.facts(), bad.getSmall('b')])
      assert.deepEqual(answers.map(codeOf), ['sign-in-needed', 'sign-in-needed', 'sign-in-needed'])
      assert.equal(server.tries.length, 1)
      await bad.close()
    } finally {
      await server.stop()
    }
  })
}

test('[S1] without a trusted host key nothing is sent, and a person is told which key was shown', async () => {
  const server = await smallServer('password')
  try {
    const asked = await askHostKey('Box', addressOf(server.port), limits)
    assert.ok(asked.ok)
    assert.match(asked.value.fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/)
    for (const hostKey of ['', `${server.hostKey.slice(0, -6)}AAAAAA`]) {
      const place = placeAt(server.port, { password: 'right', hostKey })
      const answer = await place.stat('a.cr3')
      assert.equal(codeOf(answer), 'host-unknown')
      assert.ok(!answer.ok && answer.failure.sentence.includes(asked.value.fingerprint))
      await place.close()
    }
    assert.equal(server.tries.length, 0)
  } finally {
    await server.stop()
  }
})

test('what is stored as a key and is none, or lacks its passphrase, is said without going anywhere', async () => {
  const hostKey = 'ssh-ed25519 AAAA'
  const locked = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'word' },
  }).privateKey
  const cases: readonly [secret: Secret | null, says: RegExp][] = [
    [null, /missing/],
    [{ privateKey: 'not a key', hostKey }, /not a private key/],
    [{ privateKey: locked, hostKey }, /passphrase/],
    [{ privateKey: locked, passphrase: 'wrong', hostKey }, /passphrase|not a private key/],
  ]
  for (const [secret, says] of cases) {
    const answer = await placeAt(1, secret).stat('a.cr3')
    assert.equal(codeOf(answer), 'sign-in-needed')
    assert.match(answer.ok ? '' : answer.failure.sentence, says)
  }
})

test('[D3] nobody there, somebody who is no SSH server, and one who says nothing: unknown, and never absent', async () => {
  const secret = { password: 'right', hostKey: 'ssh-ed25519 AAAA' }
  const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
  const web = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  web.listen(0, '127.0.0.1')
  await Promise.all([silent, web].map((server) => new Promise((resolve) => server.once('listening', resolve))))
  const closed = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => closed.once('listening', resolve))
  const ports = [silent, web, closed].map((server) => (server.address() as AddressInfo).port)
  await new Promise((resolve) => closed.close(resolve))
  for (const port of ports) {
    const code = codeOf(await placeAt(port, secret).stat('a.cr3'))
    assert.ok(code === 'service-unreachable' || code === 'service-error', code)
  }
  silent.close()
  web.close()
})

test('[D3] a server that ends the connection instead of an answer has not answered', async () => {
  const server = await smallServer('password')
  try {
    const place = placeAt(server.port, { password: 'right', hostKey: server.hostKey })
    assert.equal(codeOf(await place.remove('a.cr3')), 'service-unreachable')
    assert.deepEqual(await place.stat('a.cr3'), { ok: true, value: null })
    await place.close()
  } finally {
    await server.stop()
  }
})
