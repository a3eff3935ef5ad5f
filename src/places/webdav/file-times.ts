/** A file's own time at a server: asked for in the ways that there are, kept where one of them works, else it is the server's. */
import { wholeBody } from './answer-body.ts'
import { allSet, setTimeBody } from './multistatus.ts'
import type { WebdavServer } from './webdav-server.ts'

const answerBytesMax = 64 * 1024

/** Nextcloud, ownCloud and a few others keep it from this header; everybody else reads over it. */
export const timeHeader = (mtimeMs: number): Readonly<Record<string, string>> => ({
  'x-oc-mtime': String(Math.floor(mtimeMs / 1000)),
})

export class FileTimes {
  readonly #server: WebdavServer
  /** A server that refused once is not asked for every file again. */
  #mayAsk = true

  constructor(server: WebdavServer) {
    this.#server = server
  }

  headers(mtimeMs: number): Readonly<Record<string, string>> {
    return timeHeader(mtimeMs)
  }

  /** After the PUT of a file that has no name yet. A time that can't be set is no failure: the books know it. */
  async set(path: string, mtimeMs: number, put: Response): Promise<void> {
    if (!this.#mayAsk || put.headers.get('x-oc-mtime') === 'accepted') return
    const server = this.#server
    const answer = await server.ask({
      method: 'PROPPATCH',
      at: server.at(path),
      path,
      headers: { 'content-type': 'application/xml; charset=utf-8' },
      body: setTimeBody(mtimeMs),
      accept: [207],
    })
    const body = answer.ok ? await wholeBody(server.place, answer.value, answerBytesMax) : answer
    this.#mayAsk = body.ok && body.value !== null && allSet(body.value)
  }
}
