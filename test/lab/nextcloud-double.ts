/**
 * A double of Nextcloud's files over WebDAV and of its chunked upload, version 2, written from its developer manual (client APIs,
 * WebDAV: basic and chunking) and from reading how the server treats these requests. It is no Nextcloud: it has one account, no locks,
 * no trash, no versions, no shares, and shows only that our client speaks the protocol as it is written down. Where the manual sets
 * limits that real servers often don't check, it is strict. Faults are switched on by the tests.
 */
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Stats } from 'node:fs'
import { createReadStream, createWriteStream } from 'node:fs'
import { appendFile, mkdir, readFile, readdir, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { scratchFolder } from './scratch-folder.ts'

/** What happens to the next request of this kind; once. */
export interface DoubleFault {
  readonly method: string
  /** Part of the path, as it is sent. */
  readonly part?: string
  /** `instead` of doing it, or `after` it was done: then the answer is lost on the way. */
  readonly when: 'instead' | 'after'
  /** The answer, or the connection is cut. */
  readonly answer:
    | 'cut'
    | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly text?: string }
}

export interface DoubleWays {
  /** As servers do that keep their files in an object store. */
  tellsHash: boolean
  keepsTimes: boolean
  obeysOverwrite: boolean
  obeysRange: boolean
  quotaBytes: number | null
  /** So many bytes of the body of the next PUT arrive; then the connection is cut, and nothing of it is kept. */
  cutNextPutAfter: number | null
  /** One byte of the next PUT is another when it arrives. */
  damagesNextPut: boolean
  /** Of the next PUT only so many bytes are stored, and it is called a success. */
  keepsOfNextPut: number | null
}

export interface NextcloudDouble extends AsyncDisposable {
  readonly port: number
  readonly user: string
  readonly password: string
  /** Where the account's files lie, plainly. */
  readonly storage: string
  readonly uploads: string
  readonly ways: DoubleWays
  readonly faults: DoubleFault[]
  /** `METHOD path`, in order. */
  readonly log: string[]
  /** As after a day without a request. */
  forgetUploads(): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
  changePassword(): void
}

const user = 'anna@example.org'
const smallestChunkBytes = 5_000_000
const chunksMax = 10_000

class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export async function nextcloudDouble(): Promise<NextcloudDouble> {
  await using undo = new AsyncDisposableStack()
  const scratch = undo.use(await scratchFolder()).path
  const double = new Double(scratch)
  await double.prepare()
  await double.start()
  undo.defer(() => double.stop())
  const made = undo.move()
  return Object.assign(double, { [Symbol.asyncDispose]: () => made.disposeAsync() })
}

class Double {
  readonly user = user
  readonly password = 'app-password: ä'
  readonly storage: string
  readonly uploads: string
  readonly ways: DoubleWays = {
    tellsHash: true,
    keepsTimes: true,
    obeysOverwrite: true,
    obeysRange: true,
    quotaBytes: null,
    cutNextPutAfter: null,
    damagesNextPut: false,
    keepsOfNextPut: null,
  }
  readonly faults: DoubleFault[] = []
  readonly log: string[] = []
  port = 0
  #password = this.password
  #server: ReturnType<typeof createServer> | null = null

  constructor(scratch: string) {
    this.storage = join(scratch, 'files')
    this.uploads = join(scratch, 'uploads')
  }

  async prepare(): Promise<void> {
    for (const folder of [this.storage, this.uploads]) await mkdir(folder)
  }

  readonly start = async (): Promise<void> => {
    const server = createServer((request, response) => void this.#serve(request, response))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.port, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.port = address.port
    this.#server = server
  }

  readonly stop = async (): Promise<void> => {
    const server = this.#server
    this.#server = null
    if (server === null) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }

  readonly changePassword = (): void => {
    this.#password = 'another'
  }

  readonly forgetUploads = async (): Promise<void> => {
    await rm(this.uploads, { recursive: true })
    await mkdir(this.uploads)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? ''
    const path = (request.url ?? '').replace(/\?.*$/, '')
    const { socket } = request
    this.log.push(`${method} ${path}`)
    const at = this.faults.findIndex((fault) => fault.method === method && path.includes(fault.part ?? ''))
    const fault = at < 0 ? null : this.faults.splice(at, 1)[0]!
    try {
      if (fault?.when === 'instead') return await this.#break(fault, request, response)
      const expected = `Basic ${Buffer.from(`${user}:${this.#password}`).toString('base64')}`
      if (request.headers.authorization !== expected) throw new Refusal(401, 'Cannot authenticate over ajax calls')
      if (fault?.when === 'after') {
        await this.#answer(method, path, request, new Unheard())
        return await this.#break(fault, request, response)
      }
      await this.#answer(method, path, request, new Answer(response))
    } catch (error) {
      if (socket.destroyed) return
      const { status, message } = error instanceof Refusal ? error : { status: 500, message: String(error) }
      // What is still on its way is not read: the client learns it in the middle of sending, as from a real server.
      response.writeHead(status, {
        'content-type': 'application/xml; charset=utf-8',
        ...(status === 401 ? { 'www-authenticate': 'Basic realm="Nextcloud", charset="UTF-8"' } : {}),
        ...(request.complete ? {} : { connection: 'close' }),
      })
      response.end(
        `<?xml version="1.0" encoding="utf-8"?>\n<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>${xml(message)}</s:message></d:error>`,
      )
    }
  }

  async #break({ answer }: DoubleFault, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (answer === 'cut') {
      response.destroy()
      return
    }
    if (!request.complete) for await (const _piece of request);
    response.writeHead(answer.status, { ...answer.headers }).end(answer.text ?? '')
  }

  async #answer(method: string, path: string, request: IncomingMessage, answer: Replies): Promise<void> {
    const parts = path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent)
    const [remote, dav, kind, account, ...rest] = parts
    if (remote !== 'remote.php' || dav !== 'dav' || account !== user) throw new Refusal(404, 'File not found')
    if (kind === 'files') return this.#files(method, rest, parts, request, answer)
    if (kind === 'uploads') return this.#uploadsOf(method, rest, parts, request, answer)
    throw new Refusal(404, 'File not found')
  }

  async #files(
    method: string,
    rest: readonly string[],
    parts: readonly string[],
    request: IncomingMessage,
    answer: Replies,
  ): Promise<void> {
    const file = join(this.storage, ...rest)
    const found = await look(file)
    switch (method) {
      case 'PROPFIND':
        if (found === null) throw new Refusal(404, `File with name /${rest.join('/')} could not be located`)
        await skip(request)
        return answer.xml(207, await this.#multistatus(file, found, parts, request.headers['depth'] ?? '1'))
      case 'PROPPATCH':
        await skip(request)
        // `getlastmodified` is protected.
        return answer.xml(
          207,
          `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/</d:href><d:propstat><d:prop><d:getlastmodified/></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status></d:propstat></d:response></d:multistatus>`,
        )
      case 'GET':
        if (found === null || found.isDirectory()) throw new Refusal(found === null ? 404 : 405, 'no file')
        return this.#give(file, found.size, request, answer)
      case 'PUT':
        if (!(await look(dirname(file)))?.isDirectory())
          throw new Refusal(409, 'Files cannot be created in non-existent collections')
        if (found?.isDirectory()) throw new Refusal(409, 'PUT is not allowed on non-files.')
        await this.#room(Number(request.headers['content-length'] ?? 0))
        return this.#take(file, request, answer)
      case 'MKCOL':
        if (found !== null) throw new Refusal(405, 'The resource you tried to create already exists')
        if (!(await look(dirname(file)))?.isDirectory()) throw new Refusal(409, 'Parent does not exist')
        await mkdir(file)
        return answer.head(201)
      case 'MOVE': {
        if (found === null) throw new Refusal(404, 'not found')
        const destination = this.#destination(request)
        const replaced = await this.#mayReplace(destination, request)
        if (!(await look(dirname(destination)))?.isDirectory()) throw new Refusal(409, 'The destination is not found')
        await rename(file, destination)
        return answer.head(replaced ? 204 : 201)
      }
      case 'DELETE':
        if (found === null) throw new Refusal(404, 'not found')
        await rm(file, { recursive: true })
        return answer.head(204)
      default:
        throw new Refusal(501, `There was no plugin in the system that was willing to handle this ${method} method.`)
    }
  }

  async #uploadsOf(
    method: string,
    rest: readonly string[],
    parts: readonly string[],
    request: IncomingMessage,
    answer: Replies,
  ): Promise<void> {
    const [id, name] = rest
    const folder = join(this.uploads, ...rest.slice(0, 1))
    const found = await look(join(this.uploads, ...rest))
    if (method === 'PROPFIND') {
      if (found === null) throw new Refusal(404, 'not found')
      await skip(request)
      return answer.xml(
        207,
        await this.#multistatus(join(this.uploads, ...rest), found, parts, request.headers['depth'] ?? '1'),
      )
    }
    if (id === undefined) throw new Refusal(403, 'Permission denied')
    if (method === 'MKCOL' && name === undefined) {
      this.#destination(request)
      if (found !== null) throw new Refusal(405, 'The resource you tried to create already exists')
      await mkdir(folder)
      return answer.head(201)
    }
    if ((await look(folder)) === null) throw new Refusal(404, `File with name //${id} could not be located`)
    if (method === 'PUT') {
      this.#destination(request)
      if (!/^\d+$/.test(name ?? '') || Number(name) < 1 || Number(name) > chunksMax)
        throw new Refusal(400, 'Invalid chunk name, must be numeric between 1 and 10000')
      await this.#room(Number(request.headers['oc-total-length'] ?? 0))
      return this.#take(join(folder, name!), request, answer)
    }
    if (method === 'MOVE' && name === '.file') return this.#assemble(folder, request, answer)
    if (method === 'DELETE') {
      if (found === null) throw new Refusal(404, 'not found')
      await rm(join(this.uploads, ...rest), { recursive: true })
      return answer.head(204)
    }
    throw new Refusal(405, 'Reading intermediate uploads is not allowed')
  }

  async #assemble(folder: string, request: IncomingMessage, answer: Replies): Promise<void> {
    const destination = this.#destination(request)
    const replaced = await this.#mayReplace(destination, request)
    if (!(await look(dirname(destination)))?.isDirectory()) throw new Refusal(409, 'The destination is not found')
    const names = (await readdir(folder)).toSorted((a, b) => Number(a) - Number(b))
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
    const sum = sizes.reduce((all, size) => all + size, 0)
    const expected = request.headers['oc-total-length']
    if (expected !== undefined && Number(expected) !== sum)
      throw new Refusal(400, `Chunks on server do not sum up to ${String(expected)} but to ${sum} bytes`)
    if (sizes.slice(0, -1).some((size) => size < smallestChunkBytes)) throw new Refusal(400, 'A chunk is too small')
    await this.#room(sum)
    const part = join(folder, 'assembled.part')
    await writeFile(part, '')
    for (const name of names) await appendFile(part, await readFile(join(folder, name)))
    await this.#setTime(part, request, answer)
    await rename(part, destination)
    await rm(folder, { recursive: true })
    return answer.head(replaced ? 204 : 201)
  }

  async #room(bytes: number): Promise<void> {
    if (this.ways.quotaBytes !== null && bytes > this.ways.quotaBytes) throw new Refusal(507, 'Insufficient space')
  }

  async #mayReplace(destination: string, request: IncomingMessage): Promise<boolean> {
    const there = (await look(destination)) !== null
    if (there && this.ways.obeysOverwrite && request.headers['overwrite'] === 'F')
      throw new Refusal(412, 'The destination already exists, and the overwrite header is set to false')
    return there
  }

  #destination(request: IncomingMessage): string {
    const header = request.headers['destination']
    if (typeof header !== 'string') throw new Refusal(400, 'The destination header was not supplied')
    const { pathname } = new URL(header, `http://127.0.0.1:${this.port}`)
    const prefix = `/remote.php/dav/files/${encodeURIComponent(user)}/`
    if (!pathname.startsWith(prefix)) throw new Refusal(403, 'out of base uri')
    return join(this.storage, ...pathname.slice(prefix.length).split('/').map(decodeURIComponent))
  }

  async #take(file: string, request: IncomingMessage, answer: Replies): Promise<void> {
    const { ways } = this
    const { socket } = request
    const part = `${file}.${this.log.length}.part`
    const [cutAfter, damages, keeps] = [ways.cutNextPutAfter, ways.damagesNextPut, ways.keepsOfNextPut]
    ways.keepsOfNextPut = null
    ways.cutNextPutAfter = null
    ways.damagesNextPut = false
    const counted = new Counted(cutAfter, damages, () => socket.destroy())
    try {
      await pipeline(request, counted, createWriteStream(part))
      const expected = Number(request.headers['content-length'] ?? counted.bytes)
      if (counted.bytes !== expected)
        throw new Refusal(400, `Expected filesize of ${expected} but read ${counted.bytes}`)
    } catch (error) {
      await rm(part, { force: true })
      throw error
    }
    if (request.headers['x-hash'] === 'sha256' && ways.tellsHash)
      answer.set('X-Hash-SHA256', counted.hash.digest('hex'))
    if (keeps !== null) await truncate(part, keeps)
    await this.#setTime(part, request, answer)
    const isNew = (await look(file)) === null
    await rename(part, file)
    return answer.head(isNew ? 201 : 204)
  }

  async #setTime(file: string, request: IncomingMessage, answer: Replies): Promise<void> {
    const time = request.headers['x-oc-mtime']
    if (typeof time !== 'string' || !this.ways.keepsTimes) return
    await utimes(file, Number(time), Number(time))
    answer.set('X-OC-MTime', 'accepted')
  }

  async #give(file: string, size: number, request: IncomingMessage, answer: Replies): Promise<void> {
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? []
    if (from === undefined || !this.ways.obeysRange) {
      answer.set('Content-Length', String(size))
      return answer.stream(200, file, 0)
    }
    if (Number(from) >= size) throw new Refusal(416, 'The start offset exceeded the size of the entity')
    answer.set('Content-Length', String(size - Number(from)))
    answer.set('Content-Range', `bytes ${from}-${size - 1}/${size}`)
    return answer.stream(206, file, Number(from))
  }

  async #multistatus(file: string, found: Stats, parts: readonly string[], depth: unknown): Promise<string> {
    const all: string[] = [await this.#entry(found, parts)]
    if (found.isDirectory() && depth !== '0') {
      // The file that the chunks will become is always listed with them.
      if (parts[2] === 'uploads' && parts.length === 5) all.push(await this.#entry(found, [...parts, '.file'], 'file'))
      for (const name of await readdir(file)) {
        if (name.endsWith('.part')) continue
        all.push(await this.#entry(await stat(join(file, name)), [...parts, name]))
      }
    }
    return `<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns">${all.join('')}</d:multistatus>`
  }

  async #entry(found: Stats, parts: readonly string[], as: 'file' | 'found' = 'found'): Promise<string> {
    const isFolder = found.isDirectory() && as === 'found'
    const href = `/${parts.map(encodeURIComponent).join('/')}${isFolder ? '/' : ''}`
    const free = this.ways.quotaBytes ?? -3
    const own = isFolder
      ? `<d:resourcetype><d:collection/></d:resourcetype><d:quota-available-bytes>${free}</d:quota-available-bytes><d:quota-used-bytes>4096</d:quota-used-bytes>`
      : `<d:resourcetype/><d:getcontentlength>${found.size}</d:getcontentlength>`
    return (
      `<d:response><d:href>${xml(href)}</d:href><d:propstat><d:prop>${own}` +
      `<d:getlastmodified>${found.mtime.toUTCString()}</d:getlastmodified><oc:fileid>${found.ino}</oc:fileid></d:prop>` +
      `<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
    )
  }
}

interface Replies {
  set(name: string, value: string): void
  head(status: number): Promise<void>
  xml(status: number, text: string): Promise<void>
  stream(status: number, file: string, from: number): Promise<void>
}

class Answer implements Replies {
  readonly #response: ServerResponse
  constructor(response: ServerResponse) {
    this.#response = response
  }
  set(name: string, value: string): void {
    this.#response.setHeader(name, value)
  }
  async head(status: number): Promise<void> {
    this.#response.writeHead(status).end()
  }
  async xml(status: number, text: string): Promise<void> {
    this.#response.writeHead(status, { 'content-type': 'application/xml; charset=utf-8' }).end(text)
  }
  async stream(status: number, file: string, from: number): Promise<void> {
    this.#response.writeHead(status)
    await pipeline(createReadStream(file, { start: from }), this.#response).catch(() => undefined)
  }
}

/** It is done, and nobody hears of it. */
class Unheard implements Replies {
  set(): void {}
  async head(): Promise<void> {}
  async xml(): Promise<void> {}
  async stream(): Promise<void> {}
}

class Counted extends Transform {
  bytes = 0
  readonly hash: Hash = createHash('sha256')
  readonly #cutAfter: number | null
  readonly #cut: () => void
  #damages: boolean

  constructor(cutAfter: number | null, damages: boolean, cut: () => void) {
    super()
    this.#cutAfter = cutAfter
    this.#damages = damages
    this.#cut = cut
  }

  override _transform(piece: Buffer, _encoding: string, done: (error: Error | null, piece?: Buffer) => void): void {
    const bytes = this.#damages ? Buffer.from(piece) : piece
    if (this.#damages && bytes.length > 0) {
      bytes[0] = bytes[0]! ^ 1
      this.#damages = false
    }
    this.bytes += bytes.length
    this.hash.update(bytes)
    if (this.#cutAfter !== null && this.bytes > this.#cutAfter) {
      this.#cut()
      return done(new Error('cut'))
    }
    done(null, bytes)
  }
}

const look = (path: string): Promise<Stats | null> => stat(path).catch(() => null)

async function skip(request: IncomingMessage): Promise<void> {
  for await (const _piece of request);
}

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
