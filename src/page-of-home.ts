/** The page of one home: its server within `fivefold start`, and the way to it. Joins the rooms, like main.ts. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import type { Result } from './domain/failure.ts'
import { done, failed } from './domain/failure.ts'
import type { OpenedPage } from './faces/cli/commands/page.ts'
import { makeKey } from './faces/http/page-key.ts'
import type { Runs } from './faces/http/runs.ts'
import { makePage } from './faces/http/serve-page.ts'
import type { Home } from './machine/home.ts'
import { homeFolder } from './machine/home.ts'
import { readPageNote, savePageNote } from './machine/page-note.ts'
import { readSettings } from './machine/settings/settings-file.ts'
import { systemBrowser } from './machine/sign-in/system-browser.ts'
import type { Requests } from './usecases/requests.ts'

/** Only this computer can reach it (S2). */
const loopback = '127.0.0.1'
/** Where the wanted port is taken, so many more are tried. */
const portsTried = 10

export interface PageWish {
  requestsFrom(cwd: string): Requests
  readonly runs: Runs
  readonly cancel: AbortSignal
  /** Opens it in the browser at once. */
  readonly show: boolean
}

export interface StartedPage {
  /** What a person is told of it. */
  readonly sentences: readonly string[]
  close(): Promise<void>
}

/** A page that can't be served is told, and keeps nothing else from running. */
export async function startPage(home: Home, wish: PageWish): Promise<StartedPage> {
  const settings = await readSettings(home.settings)
  const wanted = settings.ok ? settings.value.settings.start.page : 0
  if (wanted === 0) return { sentences: [], close: async () => undefined }
  let port = 0
  const { secret } = await savePageNote(home.folder, null)
  const page = makePage({
    secret,
    hosts: () => new Set([`${loopback}:${port}`, `localhost:${port}`]),
    // A path on the page is meant from the person's own folder: nobody stands in a folder there.
    requests: wish.requestsFrom(homedir()),
    runs: wish.runs,
    webFolder: fileURLToPath(new URL('../dist/web', import.meta.url)),
    ended: wish.cancel,
  })
  const answer = getRequestListener(page.fetch)
  // It answers whatever happens, and its own faults too.
  const server = createServer((request, response) => void answer(request, response))
  const found = await listen(server, wanted)
  if (found === null)
    return {
      sentences: [`The page could not be opened: every port from ${wanted} on is taken.`],
      close: async () => undefined,
    }
  port = found
  await savePageNote(home.folder, port)
  if (wish.show) await systemBrowser()?.(addressOf(port, secret))
  return {
    sentences: [`The page is at http://${loopback}:${port}/; “fivefold page” opens it.`],
    async close() {
      server.close()
      server.closeAllConnections()
      await savePageNote(home.folder, null)
    },
  }
}

async function listen(server: Server, wanted: number): Promise<number | null> {
  for (let port = wanted; port < wanted + portsTried && port < 65_536; port += 1) {
    try {
      server.listen(port, loopback)
      await once(server, 'listening')
      return port
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')))
        throw error
    }
  }
  return null
}

const addressOf = (port: number, secret: string): string =>
  `http://${loopback}:${port}/?key=${makeKey(secret, Date.now())}`

/** Fails with `page-not-there`. */
export async function openPage(homeWish: string | null, inBrowser: boolean): Promise<Result<OpenedPage>> {
  const folder = homeWish === null ? homeFolder() : resolve(homeWish)
  const note = await readPageNote(folder)
  if (note === null || note.port === null || !(await answers(note.port)))
    return failed({
      code: 'page-not-there',
      sentence: 'The page is not there: Fivefold does not run by itself now.',
      advice: 'Run “fivefold start”, or “fivefold service install” once and for all.',
    })
  const address = addressOf(note.port, note.secret)
  const opened = inBrowser && ((await systemBrowser()?.(address)) ?? false)
  return done({ address, opened })
}

/** A program that was killed leaves its note behind. */
async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${loopback}:${port}/`, { signal: AbortSignal.timeout(2000) })
    // Ours asks everybody for a key.
    return response.status === 401
  } catch {
    return false
  }
}
