/**
 * One WebDAV server as we speak to it: addresses, sign-in, folders, and giving a name without replacing. Every answer that was not
 * expected is a failure here already, so the rest of the kind reads like what it does.
 */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { Credentials } from '../../engine/cloud-contract.ts'
import { httpRequest } from '../cloud/http-request.ts'
import { readCredentials } from '../cloud/read-credentials.ts'
import { serviceError, signInNeeded } from '../cloud/cloud-failure.ts'
import type { Signer } from '../cloud/unfinished-name.ts'
import { unfinishedName } from '../cloud/unfinished-name.ts'
import { shortText, wholeBody } from './answer-body.ts'
import type { DavEntry } from './multistatus.ts'
import { multistatusBytesMax, propfindBody, readMultistatus } from './multistatus.ts'
import { certificateFailure, folderTaken, webdavFailure } from './webdav-failure.ts'

export interface DavAsk {
  readonly method: string
  /** Encoded, from the top of the server. */
  readonly at: string
  /** The file it is about, for the failure; '' when it is about none. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | ReadableStream<Uint8Array>
  readonly timeoutMs?: number
  readonly cancel?: Cancel
  /** Every other status is a failure. */
  readonly accept: readonly number[]
}

export const partialFolder = '.fivefold/partial'

/** A slow line at its slowest: 16 kB/s. */
export const sendingMs = (bytes: number): number => 60_000 + bytes / 16

/** A disk that copies at its slowest: 10 MB/s. */
const assemblingMs = (bytes: number): number => 60_000 + bytes / 10_000

export const encodePath = (segments: readonly string[]): string =>
  `/${segments.map((segment) => encodeURIComponent(segment)).join('/')}`

export class WebdavServer {
  readonly place: string
  readonly signer: Signer
  readonly #origin: string
  readonly #root: readonly string[]
  readonly #user: string
  readonly #credentials: Credentials
  readonly #knownFolders = new Set<string>()
  #making: Promise<unknown> = Promise.resolve()
  /** Whether `Destination` is a whole address, or only a path: see `#moveOnce`. */
  #fullDestination = true

  /** `root` is decoded. */
  constructor(
    { place, signer }: { readonly place: string; readonly signer: Signer },
    origin: string,
    root: readonly string[],
    user: string,
    credentials: Credentials,
  ) {
    this.place = place
    this.signer = signer
    this.#origin = origin
    this.#root = root
    this.#user = user
    this.#credentials = credentials
  }

  /** A path that only we use. */
  newPartial(): string {
    return `${partialFolder}/${unfinishedName(this.signer)}`
  }

  get root(): readonly string[] {
    return this.#root
  }

  /** Of a path at the place; `''` is its root. */
  at(path: string): string {
    return encodePath([...this.#root, ...(path === '' ? [] : path.split('/'))])
  }

  destination(at: string): string {
    return this.#fullDestination ? `${this.#origin}${at}` : at
  }

  async ask(ask: DavAsk): Promise<Result<Response>> {
    const authorization = await this.#authorization()
    if (!authorization.ok) return authorization
    const { method, at, body, timeoutMs, cancel } = ask
    const answer = await httpRequest(this.place, {
      method,
      url: `${this.#origin}${at}`,
      // What lets us in is sent nowhere else: a redirect is handed back, and is a failure.
      redirect: 'manual',
      // Nothing squeezed on the way: lengths and positions are of the file itself.
      headers: { 'accept-encoding': 'identity', ...authorization.value, ...ask.headers },
      ...(body === undefined ? {} : { body }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(cancel === undefined ? {} : { cancel }),
    })
    if (!answer.ok) return failed(certificateFailure(this.place, answer.failure))
    if (ask.accept.includes(answer.value.status)) return answer
    return failed(webdavFailure(this.place, ask.path, answer.value, await shortText(answer.value)))
  }

  async #authorization(): Promise<Result<Readonly<Record<string, string>>>> {
    if (this.#user === '') return done({})
    const secret = await readCredentials(this.place, this.#credentials)
    if (!secret.ok) return secret
    const password = secret.value['password']
    if (password === undefined) return failed(signInNeeded(this.place, 'no password is stored'))
    return done({ authorization: `Basic ${Buffer.from(`${this.#user}:${password}`).toString('base64')}` })
  }

  /** As `ask`, for an answer of which only the status and the headers are of interest. */
  async tell(ask: DavAsk): Promise<Result<Response>> {
    const answer = await this.ask(ask)
    if (answer.ok) await shortText(answer.value)
    return answer
  }

  /** Null when there is nothing of that name. */
  async entries(
    at: string,
    path: string,
    depth: '0' | '1',
    body = propfindBody,
  ): Promise<Result<readonly DavEntry[] | null>> {
    const answer = await this.ask({
      method: 'PROPFIND',
      at,
      path,
      headers: { depth, 'content-type': 'application/xml; charset=utf-8' },
      body,
      accept: [207, 404],
    })
    // To Apache what is below a file is a bad request.
    if (!answer.ok && answer.failure.cause?.startsWith('HTTP 400') === true && (await this.isBelowFile(path)))
      return done(null)
    if (!answer.ok) return answer
    if (answer.value.status === 404) {
      await shortText(answer.value)
      return done(null)
    }
    const bytes = await wholeBody(this.place, answer.value, multistatusBytesMax)
    if (!bytes.ok) return bytes
    const entries = bytes.value === null ? null : readMultistatus(bytes.value)
    return entries === null ? failed(serviceError(this.place, 'its list of files can not be read')) : done(entries)
  }

  /** What has this name: a file or a folder; null for nothing. */
  async entry(at: string, path: string): Promise<Result<DavEntry | null>> {
    const entries = await this.entries(at, path, '0')
    return entries.ok ? done(entries.value?.[0] ?? null) : entries
  }

  /** Makes the folders above a path of the place, the root among them. */
  /** One after the other: Apache answers 403 to whoever is second at making the same folder in the same moment. */
  makeFoldersFor(path: string): Promise<Result<void>> {
    const made = this.#makeAfter(this.#making, [...this.#root, ...path.split('/').slice(0, -1)])
    this.#making = made
    return made
  }

  async #makeAfter(before: Promise<unknown>, segments: readonly string[]): Promise<Result<void>> {
    await before
    return this.#makeFolder(segments)
  }

  /** After an answer that says that a folder is not there: somebody else removed it. */
  forgetFolders(): void {
    this.#knownFolders.clear()
  }

  async #makeFolder(segments: readonly string[]): Promise<Result<void>> {
    const at = encodePath(segments)
    if (segments.length === 0 || this.#knownFolders.has(at)) return done(undefined)
    const made = await this.#mkcol(at)
    if (!made.ok) return made
    if (made.value === 'no-parent') {
      const above = await this.#makeFolder(segments.slice(0, -1))
      if (!above.ok) return above
      const again = await this.#mkcol(at)
      if (!again.ok) return again
      if (again.value === 'no-parent') return failed(serviceError(this.place, `no folder can be made at ${at}`))
    }
    this.#knownFolders.add(at)
    return done(undefined)
  }

  async #mkcol(at: string): Promise<Result<'there' | 'no-parent'>> {
    // With its slash: nginx demands it. 405 says that the name is there already.
    const answer = await this.tell({ method: 'MKCOL', at: `${at}/`, path: '', accept: [200, 201, 204, 405, 404, 409] })
    if (!answer.ok && (answer.failure.cause ?? '').startsWith('HTTP 403')) {
      // Another computer may have been quicker by a moment.
      const there = await this.entry(at, '')
      return there.ok && there.value?.isFolder === true ? done('there') : answer
    }
    if (!answer.ok) return answer
    const { status } = answer.value
    return done(status === 404 || status === 409 ? 'no-parent' : 'there')
  }

  /**
   * Makes the folders above `path` and does it; once more when a folder was lost meanwhile, which the protocol says with 409, and
   * Apache (MOVE) and nginx (PUT) with 500.
   */
  async inFolder(path: string, act: () => Promise<Result<Response>>): Promise<Result<Response>> {
    for (let isAgain = false; ; isAgain = true) {
      const above = await this.makeFoldersFor(path)
      const answer = above.ok ? await act() : above
      if (answer.ok || !/^HTTP (400|409|500)/.test(answer.failure.cause ?? '')) return answer
      if (isAgain) return (await this.isBelowFile(path)) ? failed(folderTaken(this.place, path)) : answer
      this.forgetFolders()
    }
  }

  /** Is one of the folders that the path needs a file? */
  async isBelowFile(path: string): Promise<boolean> {
    const above = path.split('/').slice(0, -1)
    if (above.length === 0) return false
    const entry = await this.entry(this.at(above.join('/')), path)
    return entry.ok && (entry.value === null ? this.isBelowFile(above.join('/')) : !entry.value.isFolder)
  }

  /** Lays a whole file under a name that only we use. */
  putWhole(
    path: string,
    bytes: Uint8Array,
    headers: Readonly<Record<string, string>>,
    cancel?: Cancel,
  ): Promise<Result<Response>> {
    return this.inFolder(path, () =>
      this.tell({
        method: 'PUT',
        at: this.at(path),
        path,
        headers: { 'content-type': 'application/octet-stream', ...headers },
        body: bytes,
        timeoutMs: sendingMs(bytes.length),
        accept: [200, 201, 204],
        ...(cancel === undefined ? {} : { cancel }),
      }),
    )
  }

  /**
   * Gives another path. `from` is encoded, `to` is a path of the place. Never replaces unless told so; of a server that does not obey
   * `Overwrite: F` see `OverwriteTrial`.
   */
  async move(
    from: string,
    to: string,
    how: { readonly overwrite: boolean; readonly bytes?: number; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<Result<Response>> {
    const headers = { overwrite: how.overwrite ? 'T' : 'F', ...how.headers }
    const timeoutMs = assemblingMs(how.bytes ?? 0)
    return this.inFolder(to, async () => {
      const once = await this.#moveOnce(from, to, headers, timeoutMs)
      if (once.ok || once.failure.cause?.startsWith('HTTP 502') !== true) return once
      // A server behind another one that speaks TLS for it does not know itself in a whole address. RFC 4918 allows a path as well, but
      // Apache does not take it.
      this.#fullDestination = !this.#fullDestination
      const again = await this.#moveOnce(from, to, headers, timeoutMs)
      if (again.ok) return again
      this.#fullDestination = !this.#fullDestination
      return once
    })
  }

  #moveOnce(
    from: string,
    to: string,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
  ): Promise<Result<Response>> {
    return this.tell({
      method: 'MOVE',
      at: from,
      path: to,
      headers: { destination: this.destination(this.at(to)), ...headers },
      timeoutMs,
      accept: [200, 201, 204, 404, 412],
    })
  }

  /** Removes a file of ours and tells whether there was one. */
  async remove(at: string, path: string): Promise<Result<boolean>> {
    const answer = await this.tell({ method: 'DELETE', at, path, accept: [200, 202, 204, 404] })
    return answer.ok ? done(answer.value.status !== 404) : answer
  }
}
