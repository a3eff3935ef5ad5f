import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { done, failed } from '../../domain/failure.ts'
import type { Requests } from '../../usecases/requests.ts'
import { requestsWherever } from './requests-wherever.ts'
import { serveRequests } from './serve-requests.ts'
import type { DaemonAddress } from './wire.ts'
import { tokenHeader, versionHeader } from './wire.ts'

/* Both ends of the wire, over a real socket, with requests that a test makes up. */

interface Ends {
  readonly there: Requests
  readonly server: Server
  readonly address: DaemonAddress
  /** In which folder the last one stood who asked. */
  readonly asked: { cwd: string }
  readonly stop: AbortController
}

const nobody = new Proxy({} as Requests, {
  get: () => () => assert.fail('asked in this process, although a daemon is there'),
})

async function ends(t: TestContext, answers: Partial<Requests>, here: Requests = nobody): Promise<Ends> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-wire-'))
  const address = { socketPath: join(folder, 's'), token: 'secret', version: '1.2.3', pid: process.pid }
  const stop = new AbortController()
  const asked = { cwd: '' }
  const requests = (cwd: string): Requests => {
    asked.cwd = cwd
    return answers as Requests
  }
  const server = serveRequests({ token: address.token, version: address.version, requests, cancel: stop.signal })
  server.listen(address.socketPath)
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { there: requestsWherever(here, async () => address), server, address, asked, stop }
}

const never = new AbortController().signal
const verifyWish = { place: null, job: null, samplePercent: null, budgetMs: null }

test('a request is answered as if it were done here, from where the person stands', async (t) => {
  const { there, asked } = await ends(t, {
    showJob: async (name) => failed({ code: 'not-found', sentence: `No ${name}.`, advice: 'Look.' }),
    cull: async (path, culled) => done(path === 'a.CR3' && culled ? 7 : 0),
  })
  assert.deepEqual(await there.showJob('Wedding'), {
    ok: false,
    failure: { code: 'not-found', sentence: 'No Wedding.', advice: 'Look.' },
  })
  assert.deepEqual(await there.cull('a.CR3', true), done(7))
  assert.equal(asked.cwd, process.cwd())
})

test('maps, bytes and infinity arrive as they were', async (t) => {
  const thumbnails = new Map<string, Uint8Array>([
    ['a', Uint8Array.of(0, 255, 128)],
    ['b', Buffer.from('jpeg')],
  ])
  const { there } = await ends(t, {
    report: async () => done({ report: { most: Number.POSITIVE_INFINITY, none: null } as never, thumbnails }),
  })
  const answer = await there.report('Wedding', true)
  assert.ok(answer.ok)
  assert.deepEqual(
    [...answer.value.thumbnails],
    [
      ['a', Uint8Array.of(0, 255, 128)],
      ['b', new Uint8Array(Buffer.from('jpeg'))],
    ],
  )
  assert.deepEqual(answer.value.report, { most: Number.POSITIVE_INFINITY, none: null })
})

test('what is heard on the way is heard in order, and before the result', async (t) => {
  const { there } = await ends(t, {
    verify: async (_wish, hear) => {
      for (const code of ['a', 'b', 'c']) hear({ type: 'said', card: 'NAS', code, sentence: code })
      return done({ outcome: 'done' } as never)
    },
  })
  const heard: string[] = []
  const answer = await there.verify(
    verifyWish,
    (one) => {
      if (one.type === 'said') heard.push(one.code)
    },
    never,
  )
  assert.deepEqual(heard, ['a', 'b', 'c'])
  assert.ok(answer.ok)
})

/** Works until it is stopped. */
const untilStopped: Requests['verify'] = (_wish, hear, cancel) =>
  new Promise((resolve) => {
    cancel.addEventListener('abort', () => resolve(done({ outcome: 'stopped' } as never)))
    hear({ type: 'said', card: 'NAS', code: 'began', sentence: 'It began.' })
  })

test('Ctrl-C stops the work over there, and its last word still comes', async (t) => {
  const { there } = await ends(t, { verify: untilStopped })
  const stop = new AbortController()
  const answer = await there.verify(verifyWish, () => stop.abort(), stop.signal)
  assert.deepEqual(answer, done({ outcome: 'stopped' }))
  // Said before it was asked: as good.
  assert.deepEqual(await there.verify(verifyWish, () => undefined, stop.signal), done({ outcome: 'stopped' }))
})

test('when the terminal is closed the work stops as well', async (t) => {
  let stopped: () => void = () => undefined
  const hasStopped = new Promise<void>((resolve) => (stopped = resolve))
  const { address } = await ends(t, {
    verify: async (wish, hear, cancel) => {
      const answer = await untilStopped(wish, hear, cancel)
      stopped()
      return answer
    },
  })
  const headers = { [tokenHeader]: address.token, [versionHeader]: address.version }
  const sent = httpRequest({ socketPath: address.socketPath, path: '/requests/verify', method: 'POST', headers })
  sent.on('error', () => undefined)
  sent.end(JSON.stringify({ id: '1', cwd: '/', data: [verifyWish, null, null] }))
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream]
  await once(response, 'data')
  sent.destroy()
  await hasStopped
})

test('when the daemon ends the work ends with it', async (t) => {
  const { there, stop } = await ends(t, { verify: untilStopped })
  assert.deepEqual(await there.verify(verifyWish, () => stop.abort(), never), done({ outcome: 'stopped' }))
})

test('a daemon that goes away in the middle is a failure that says what to do', async (t) => {
  const { there, server } = await ends(t, { verify: untilStopped })
  const answer = await there.verify(verifyWish, () => server.closeAllConnections(), never)
  assert.ok(!answer.ok)
  assert.equal(answer.failure.code, 'daemon-lost')
})

test('the questions of a sign-in are asked here', async (t) => {
  const { there } = await ends(t, {
    signIn: async (_wish, talk) => {
      talk.tell('Look at your browser.')
      const first = await talk.ask('Code? ')
      const second = await talk.ask('Again? ')
      return done({ sentence: `${first} ${second}` } as never)
    },
  })
  const told: string[] = []
  const talk = {
    tell: (sentence: string) => void told.push(sentence),
    ask: async (question: string) => (question.startsWith('Code') ? '1234' : null),
  }
  assert.deepEqual(await there.signIn({} as never, talk, never), done({ sentence: '1234 null' }))
  assert.deepEqual(told, ['Look at your browser.'])
})

test('a fault over there is a fault of this command, with its trace', async (t) => {
  const { there } = await ends(t, { status: () => Promise.reject(new TypeError('x is not a function')) })
  await assert.rejects(there.status(), (error: Error) => /x is not a function/.test(error.stack ?? ''))
})

test('another version is told so, and nothing is asked of it', async (t) => {
  const { address } = await ends(t, {})
  const there = requestsWherever(nobody, async () => ({ ...address, version: '9.9.9' }))
  const answer = await there.status()
  assert.ok(!answer.ok)
  assert.equal(answer.failure.code, 'daemon-other')
  assert.match(answer.failure.sentence, /1\.2\.3/)
})

test('a note that a killed daemon left is no daemon', async (t) => {
  const { address } = await ends(t, {})
  const here = { status: async () => done('here') } as unknown as Requests
  const gone = requestsWherever(here, async () => ({ ...address, socketPath: `${address.socketPath}-gone` }))
  assert.deepEqual(await gone.status(), done('here'))
  assert.deepEqual(await requestsWherever(here, async () => null).status(), done('here'))
})

test('[S1] without the token nobody is answered, whatever they ask', async (t) => {
  const { address } = await ends(t, { status: async () => assert.fail('answered a stranger') })
  const ask = async (
    path: string,
    headers: Record<string, string>,
    method = 'POST',
    body = '{}',
  ): Promise<number | undefined> => {
    const sent = httpRequest({ socketPath: address.socketPath, path, method, headers })
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [{ statusCode?: number; resume(): void }]
    response.resume()
    return response.statusCode
  }
  const right = { [tokenHeader]: address.token, [versionHeader]: address.version }
  assert.equal(await ask('/requests/status', {}), 403)
  assert.equal(await ask('/requests/status', { ...right, [tokenHeader]: 'wrong!' }), 403)
  assert.equal(await ask('/stop/1', {}), 403)
  assert.equal(await ask('/answers/1', { ...right, [tokenHeader]: '' }), 403)
  // With it: only what there is, and only in its form.
  assert.equal(await ask('/requests/constructor', right), 404)
  assert.equal(await ask('/requests/status', right, 'GET'), 404)
  assert.equal(await ask('/requests/status', right), 400)
  assert.equal(await ask('/requests/status', right, 'POST', 'no JSON'), 400)
})
