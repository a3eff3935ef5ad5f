/** The daemon's end: takes requests from the command line, one line of JSON after the other in answer. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { timingSafeEqual } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { Cancel, Hear, SignInTalk } from '../../usecases/program.ts'
import type { Requests } from '../../usecases/requests.ts'
import { isRequestName, requestShapes } from './request-shapes.ts'
import type { RequestName } from './request-shapes.ts'
import type { Asked, Said } from './wire.ts'
import { decode, encode, tokenHeader, versionHeader } from './wire.ts'

export interface DaemonFace {
  readonly token: string
  readonly version: string
  /** The requests as seen from a folder: paths are meant from there. */
  requests(cwd: string): Requests
  /** Ends with the program: what is on its way ends in order. */
  readonly cancel: AbortSignal
}

/** A word now and then, so that the other end can tell silence from work. */
const aliveEveryMs = 5_000

export function serveRequests(face: DaemonFace): Server {
  const running = new Map<string, Running>()
  const server = createServer((request, response) => {
    handle(face, running, request, response).catch((error: unknown) => {
      // The line broke: whoever asked is gone, and was told to stop already.
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    })
  })
  server.requestTimeout = 0
  server.keepAliveTimeout = 0
  return server
}

async function handle(
  face: DaemonFace,
  running: Map<string, Running>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, what = '', name = ''] = (request.url ?? '').split('/')
  if (!isOurs(request, face)) return end(response, 403, 'This socket is for Fivefold itself.')
  if (request.headers[versionHeader] !== face.version) return end(response, 409, face.version)
  if (what === 'stop' && request.method === 'POST') {
    running.get(name)?.stop.abort()
    return end(response, 204)
  }
  if (what === 'answers' && request.method === 'POST') {
    const body = parsed(await text(request))
    running.get(name)?.answered(isAnswer(body) ? body.answer : null)
    return end(response, 204)
  }
  if (what !== 'requests' || request.method !== 'POST' || !isRequestName(name)) return end(response, 404)
  const asked = readAsked(parsed(await text(request)))
  if (asked === null) return end(response, 400)
  await answer(face, running, name, asked, response)
}

/** Null for what is no JSON. */
function parsed(body: string): unknown {
  try {
    return decode(body)
  } catch {
    return null
  }
}

/** By the token, which only this person can read. The length tells nothing. */
function isOurs(request: IncomingMessage, { token }: DaemonFace): boolean {
  const given = request.headers[tokenHeader]
  if (typeof given !== 'string' || given.length !== token.length) return false
  return timingSafeEqual(Buffer.from(given), Buffer.from(token))
}

function end(response: ServerResponse, status: number, text = ''): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

const isAnswer = (body: unknown): body is { readonly answer: string | null } =>
  typeof body === 'object' &&
  body !== null &&
  'answer' in body &&
  (typeof body.answer === 'string' || body.answer === null)

function readAsked(body: unknown): Asked | null {
  if (typeof body !== 'object' || body === null || !('id' in body && 'cwd' in body && 'data' in body)) return null
  const { id, cwd, data } = body
  return typeof id === 'string' && typeof cwd === 'string' && Array.isArray(data) ? { id, cwd, data } : null
}

/** A request that is at work: it can be stopped, and asked a question at a time. */
class Running {
  readonly stop = new AbortController()
  readonly cancel: AbortSignal
  #waiting: ((answer: string | null) => void) | null = null

  constructor(cancel: AbortSignal) {
    this.cancel = AbortSignal.any([cancel, this.stop.signal])
  }

  ask(): Promise<string | null> {
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  answered(answer: string | null): void {
    this.#waiting?.(answer)
    this.#waiting = null
  }

  end(): void {
    this.answered(null)
  }
}

async function answer(
  face: DaemonFace,
  running: Map<string, Running>,
  name: RequestName,
  asked: Asked,
  response: ServerResponse,
): Promise<void> {
  const one = new Running(face.cancel)
  running.set(asked.id, one)
  const say = (said: Said): void => {
    if (!response.destroyed) response.write(`${encode(said)}\n`)
  }
  // Whoever asked is gone, by Ctrl-C twice or with the terminal: then the work stops in order, as if it had been theirs.
  response.on('close', () => one.stop.abort())
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  say({ alive: true })
  const alive = setInterval(() => say({ alive: true }), aliveEveryMs)
  try {
    const given = argumentsFor(name, asked.data, {
      hear: (heard) => say({ heard }),
      cancel: one.cancel,
      talk: {
        tell: (told) => say({ told }),
        ask: (question) => {
          say({ question })
          return one.ask()
        },
      },
    })
    say({ result: await call(face.requests(asked.cwd), name, given) })
  } catch (error) {
    say({ bug: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  } finally {
    clearInterval(alive)
    running.delete(asked.id)
    one.end()
    response.end()
  }
}

interface Callbacks {
  readonly hear: Hear
  readonly cancel: Cancel
  readonly talk: SignInTalk
}

const argumentsFor = (name: RequestName, data: readonly unknown[], back: Callbacks): readonly unknown[] =>
  requestShapes[name].map((kind, index) => (kind === 'data' ? data[index] : back[kind]))

/** Both ends are one program of one version, checked by the header: the arguments are what the compiler saw at the other end. */
const call = (requests: Requests, name: RequestName, given: readonly unknown[]): ReturnType<Requests[RequestName]> =>
  Reflect.apply(requests[name], requests, given)
