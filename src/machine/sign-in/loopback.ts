import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import { landingHeaders, landingPages } from './landing-page.ts'

/** How the address that the browser comes back to is written; the service compares it with the one it was told. */
export interface LoopbackRedirect {
  readonly host: '127.0.0.1' | 'localhost'
  /** Tried in this order; 0 is any free one. */
  readonly ports: readonly number[]
  /** '/' or ''. */
  readonly path: string
}

/**
 * - Google takes any port of 127.0.0.1 for a client of type “Desktop app”.
 * - Dropbox takes only what stands in the list of the app, port and slash included.
 * - Microsoft takes any port for `http://localhost`, without a path; its page refuses 127.0.0.1 over http.
 */
export const redirectOf: Readonly<Record<'google-drive' | 'dropbox' | 'onedrive', LoopbackRedirect>> = {
  'google-drive': { host: '127.0.0.1', ports: [0], path: '/' },
  dropbox: { host: '127.0.0.1', ports: [53_682, 53_683], path: '/' },
  onedrive: { host: 'localhost', ports: [0], path: '' },
}

/** Shows the person how it ended; once. */
export type ShowEnd = (page: keyof typeof landingPages) => void

export interface Listening {
  readonly redirectUri: string
  /** What came back to our address, one after the other, until `close`. A handler that answers false lets the next one come. */
  onAnswer(handle: (fields: URLSearchParams, show: ShowEnd) => void): void
  /** Ends when the last page was sent. */
  close(): Promise<void>
}

/** Null when none of the ports is free. Only this computer can reach it. */
export async function listenForRedirect(redirect: LoopbackRedirect): Promise<Listening | null> {
  for (const port of redirect.ports) {
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 })
    const given = await listen(server, port)
    if (given !== null) return listeningOn(server, redirect, given)
  }
  return null
}

function listen(server: Server, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : null)
    })
  })
}

function listeningOn(server: Server, { host, path }: LoopbackRedirect, port: number): Listening {
  let handle: (fields: URLSearchParams, show: ShowEnd) => void = (_fields, show) => show('stranger')
  server.on('request', (request, response) => {
    const url = URL.parse(request.url ?? '', 'http://127.0.0.1')
    // A browser asks for an icon of its own accord.
    if (request.method !== 'GET' || url === null || url.pathname !== '/' || url.search === '') {
      response.writeHead(404, landingHeaders).end(landingPages.stranger)
      return
    }
    handle(url.searchParams, showIn(response))
  })
  return {
    redirectUri: `http://${host}:${port}${path}`,
    onAnswer(next) {
      handle = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // `close` waits for what is being answered; a browser that keeps a silent line open is not waited for.
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), 2000).unref()
      }),
  }
}

const showIn =
  (response: ServerResponse): ShowEnd =>
  (page) => {
    if (!response.writableEnded)
      response.writeHead(page === 'stranger' ? 400 : 200, landingHeaders).end(landingPages[page])
  }
