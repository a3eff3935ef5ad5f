/**
 * A double of Google Drive v3, Dropbox v2 and OneDrive (Microsoft Graph v1.0) in this process, on a loopback port, with switches for
 * everything that goes wrong in the world. How to use it: README.md beside this. Its judges, clients that nobody here wrote:
 * test/conformance/cloud-double-judges.test.ts.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { scratchFolder } from '../scratch-folder.ts'
import { CloudControl } from './control.ts'
import { BodyCut, Exchange, Refusal } from './exchange.ts'
import type { LogEntry } from './exchange.ts'
import { asList, parseJson } from './json.ts'
import { findRoute } from './routes.ts'
import type { Route } from './routes.ts'
import { makeCertificate, startConnectProxy } from './tls.ts'
import { World } from './world.ts'

export interface CloudDoubleOptions {
  /** 0: any free one. */
  readonly port?: number
  /** Also a TLS port with a certificate for the real host names, and a proxy whose every tunnel ends there. Needs openssl. */
  readonly tls?: boolean
}

export interface CloudDouble extends AsyncDisposable {
  readonly port: number
  /** `http://127.0.0.1:PORT`; give it as `?endpoint=`. */
  readonly origin: string
  readonly control: CloudControl
  /** With `tls` only. */
  readonly tls: { readonly port: number; readonly caFile: string; readonly proxyUrl: string } | null
  stop(): Promise<void>
}

export async function startCloudDouble(options: CloudDoubleOptions = {}): Promise<CloudDouble> {
  const folder = await scratchFolder('disk')
  const world = new World(folder.path)
  const control = new CloudControl(world)
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void serve(world, control, request, response)
  }
  const plain = tuned(createServer(listener))
  const port = await listen(plain, options.port ?? 0)
  const closers: (() => Promise<void>)[] = [() => closeServer(plain)]
  let tls: CloudDouble['tls'] = null
  try {
    if (options.tls === true) {
      const certificate = await makeCertificate(folder.path)
      const secure = tuned(createTlsServer({ key: certificate.key, cert: certificate.cert }, listener))
      const securePort = await listen(secure, 0)
      closers.push(() => closeServer(secure))
      const proxy = await startConnectProxy(securePort)
      closers.push(() => proxy.stop())
      tls = { port: securePort, caFile: certificate.caFile, proxyUrl: `http://127.0.0.1:${proxy.port}` }
    }
  } catch (error) {
    for (const close of closers) await close()
    await folder[Symbol.asyncDispose]()
    throw error
  }
  let stopped: Promise<void> | null = null
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      for (const close of closers) await close()
      await folder[Symbol.asyncDispose]()
    })()
    return stopped
  }
  return { port, origin: `http://127.0.0.1:${port}`, control, tls, stop, [Symbol.asyncDispose]: stop }
}

/** Slow bodies and long pauses are what is tested here: no time limits of the server’s own. */
function tuned<T extends Server>(server: T): T {
  server.requestTimeout = 0
  server.headersTimeout = 0
  server.keepAliveTimeout = 30_000
  server.maxHeadersCount = 200
  return server
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The double has no port.')
  return address.port
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function serve(
  world: World,
  control: CloudControl,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET'
  // A proxy’s request line holds the whole address.
  const url = new URL(request.url ?? '/', 'http://double.invalid')
  if (url.pathname.startsWith('/control/')) return serveControl(control, url, request, response)
  const range = request.headers['content-range'] ?? null
  const route = findRoute(world, method, url, range)
  const entry: LogEntry = {
    number: world.log.length + 1,
    atMs: world.nowMs(),
    provider: route?.provider ?? 'none',
    kind: route?.kind ?? 'unknown',
    method,
    path: `${url.pathname}${url.search}`,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ]),
    ),
    receivedBytes: 0,
    sentBytes: 0,
    status: 0,
    session: null,
    fault: null,
    broken: false,
  }
  world.log.push(entry)
  const fault = route === null ? null : world.faults.take(route.kind)
  entry.fault = fault?.do ?? null
  const x = new Exchange(request, response, url, entry, fault, world)
  try {
    await run(world, x, route)
  } catch (error) {
    await end(x, error)
  }
}

async function run(world: World, x: Exchange, route: Route | null): Promise<void> {
  if (route === null)
    throw new Refusal({ status: 404, reason: `The double has no ${x.request.method} ${x.url.pathname}` })
  const { fault } = x
  if (fault?.do === 'answer') {
    if (fault.early === true) return x.refuseEarly(fault)
    return x.refuse(fault)
  }
  if (fault?.do === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms))
  const scope = allowed(world, x, route)
  await route.handle(x, scope)
}

/** The scope of the request’s token. */
function allowed(world: World, x: Exchange, route: Route): string {
  if (route.auth === 'none') return ''
  const authorization = x.header('authorization')
  if (route.auth === 'if-given' && authorization === null) return ''
  const scope = world.oauth.scopeOf(route.provider, authorization)
  if (scope === null) throw new Refusal({ status: 401, headers: { 'www-authenticate': 'Bearer realm="double"' } })
  if (onlyReads(scope) && !isRead(x.request.method ?? '', route))
    throw new Refusal({ status: 403, reason: 'insufficientScopes' })
  return scope
}

/** Every scope of the token lets somebody look, and none lets them change anything. */
const onlyReads = (scope: string): boolean =>
  scope.split(' ').every((one) => /(?:\.readonly|\.read|^offline_access|^Files\.Read)$/.test(one))

/** Dropbox asks by POST too. */
const isRead = (method: string, { provider, kind }: Route): boolean =>
  provider === 'dropbox' ? /\.(?:get-|list-|download|space|account)/.test(kind) : method === 'GET'

async function end(x: Exchange, error: unknown): Promise<void> {
  if (error instanceof Refusal) return x.refuse(error.answer)
  if (error instanceof BodyCut) {
    if (error.answer !== null) return x.refuse(error.answer)
    return x.close()
  }
  // A mistake of the double’s own: loud, and not to be taken for a service’s trouble.
  process.stderr.write(
    `The cloud double broke at ${x.entry.method} ${x.entry.path}: ${String(error)}\n${error instanceof Error ? error.stack : ''}\n`,
  )
  await x.refuse({ status: 599, reason: String(error) })
}

/** `POST /control/fail` with `["google.upload.chunk", 503]`; the answer is what the verb gives. */
async function serveControl(
  control: CloudControl,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = (status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value ?? null))
  }
  try {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const verb = url.pathname.slice('/control/'.length)
    const method: unknown = verb === 'constructor' ? undefined : Reflect.get(control, verb)
    if (typeof method !== 'function') return send(404, `The control has no verb ${verb}.`)
    const value: unknown = await Reflect.apply(method, control, [...asList(parseJson(text))])
    send(200, Buffer.isBuffer(value) ? value.toString('base64') : value)
  } catch (error) {
    send(500, String(error))
  }
}
