/** The Fivefold that runs by itself: one process, one writer, and a socket for the command line. Joins the rooms, like main.ts. */
import { once } from 'node:events'
import { appendFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Failure, Result } from './domain/failure.ts'
import { done, failed } from './domain/failure.ts'
import type { RunDaemon } from './faces/cli/commands/start.ts'
import { Runs } from './faces/http/runs.ts'
import { serveRequests } from './faces/daemon/serve-requests.ts'
import { clearDaemonNote, newDaemonNote, saveDaemonNote } from './machine/daemon-note.ts'
import type { Home } from './machine/home.ts'
import { homeFolder, makeHome } from './machine/home.ts'
import type { LockHolder } from './machine/one-writer-lock.ts'
import { acquireLock } from './machine/one-writer-lock.ts'
import { localTime, systemClock } from './machine/power-and-clock.ts'
import { readSettings } from './machine/settings/settings-file.ts'
import { toSettings } from './machine/settings/to-settings.ts'
import { ejectHere } from './machine/volumes/eject.ts'
import { mountedNowHere } from './machine/volumes/mounted-now.ts'
import { isInside, openProgramAt } from './open-program.ts'
import type { Requests } from './usecases/requests.ts'
import { makeRequests } from './usecases/requests.ts'
import type { News, OwnSettings } from './usecases/run-by-itself.ts'
import { runByItself } from './usecases/run-by-itself.ts'
import { seenFrom, SharedHome } from './usecases/share-home.ts'
import { startPage } from './page-of-home.ts'
import { tellFrom } from './news-of-home.ts'
import { version } from './version.ts'
import type { Writers } from './who-may-write.ts'
import { lookingOnly } from './who-may-write.ts'

const whatHolds = 'fivefold start'
/** Another command may be at work when the computer starts; it is waited for. */
const lockAgainMs = 1_000
/** Who says stop waits two seconds at most, and the last of it belongs to the end of the process. */
const stopMs = 1_000

export const startDaemon: RunDaemon = async (wish, tell, cancel) => {
  const home = await makeHome(wish.home === null ? homeFolder() : resolve(wish.home))
  if (!home.ok) return home
  const settings = await readSettings(home.value.settings)
  if (!settings.ok) return settings
  const log = logged(home.value, tell)
  const lock = await lockFor(home.value, log, cancel)
  if (!lock.ok) return lock
  try {
    const { folder } = home.value
    await clearDaemonNote(folder)
    const shared = shareHome(folder)
    const runs = new Runs()
    const unseenFrom = (cwd: string): Requests => makeRequests(openFrom(shared, cwd))
    const requestsFrom = (cwd: string): Requests => runs.watch(unseenFrom(cwd))
    const note = await newDaemonNote(folder, version)
    const server = serveRequests({ token: note.token, version, requests: requestsFrom, cancel })
    const listening = await listen(server, note.socketPath)
    if (!listening.ok) return listening
    await saveDaemonNote(folder, note)
    const telling = tellFrom(home.value, ({ sentence, advice }) =>
      log({ code: 'trouble', sentence: `${sentence} ${advice}` }),
    )
    const news = (one: News): void => {
      log(one)
      telling.tell(one)
      if (one.code !== 'said') runs.say(one.code === 'trouble' ? 'trouble' : 'said', one.sentence)
      runs.changed()
    }
    const page = await startPage(home.value, { requestsFrom: unseenFrom, runs, cancel, show: wish.showPage })
    try {
      await greet(requestsFrom(folder), news)
      for (const sentence of page.sentences) log({ code: 'said', sentence })
      const working = runByItself(
        {
          requests: requestsFrom(folder),
          clock: systemClock,
          localTime,
          mounted: mountedNowHere(),
          eject: ejectHere(),
          onWanted: (listener) => shared.onWanted(listener),
          settings: () => ownSettings(home.value),
          tell: news,
          looked: (status) => {
            telling.looked(status)
            runs.changed()
          },
        },
        cancel,
      )
      await Promise.race([working, stopped(cancel)])
    } finally {
      server.close()
      server.closeAllConnections()
      await page.close()
      await clearDaemonNote(folder)
      await Promise.race([telling.end(), wait(stopMs / 2, undefined, { ref: false })])
    }
    return done(undefined)
  } finally {
    lock.value()
  }
}

/** Within the daemon nobody opens the lock's file again: on POSIX, closing it would drop the lock that the daemon holds. */
function shareHome(folder: string): SharedHome {
  const writers: Writers = {
    // The turns of the shared home are all the leave that is needed.
    forWrite: async () => done(lookingOnly),
    inPassing: async (_home, what) => {
      const release = shared.tryTurn(what)
      const heldBy: LockHolder = { pid: process.pid, what: shared.atWork ?? whatHolds, sinceMs: null }
      return release === null ? { ok: false, heldBy } : { ok: true, release }
    },
    isAtWork: async () => shared.atWork !== null,
  }
  const shared = new SharedHome(openProgramAt(folder, writers))
  return shared
}

const openFrom =
  (shared: SharedHome, cwd: string): SharedHome['open'] =>
  async (access, what, wish) => {
    const opened = await shared.open(access, what, wish)
    if (!opened.ok) return opened
    const { program, wanted } = opened.value
    return done({ program: seenFrom(program, (path) => resolve(cwd, path)), wanted, close: () => opened.value.close() })
  }

async function lockFor(home: Home, tell: (news: News) => void, cancel: AbortSignal): Promise<Result<() => void>> {
  let toldOf: number | null = null
  for (;;) {
    const lock = await acquireLock(home.folder, whatHolds)
    if (lock.ok) return done(lock.release)
    const { heldBy } = lock
    if (heldBy.what === whatHolds) return failed(runsAlready(heldBy))
    if (toldOf !== heldBy.pid) tell({ code: 'said', sentence: `Waiting for another Fivefold: ${heldBy.what}.` })
    toldOf = heldBy.pid
    await systemClock.sleep(lockAgainMs, cancel)
    if (cancel.aborted) return failed(stoppedWaiting)
  }
}

async function listen(server: Server, socketPath: string): Promise<Result<void>> {
  try {
    server.listen(socketPath)
    await once(server, 'listening')
    return done(undefined)
  } catch (error) {
    const cause = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return failed({
      code: 'settings-wrong',
      sentence: `Fivefold can’t listen at ${socketPath} (${cause}).`,
      advice: 'Give it a home on a disk of this computer: set FIVEFOLD_HOME, or use --home.',
      cause,
    })
  }
}

/** What the last one left undone, and where things stand. */
async function greet(requests: Requests, tell: (news: News) => void): Promise<void> {
  const status = await requests.status()
  tell({ code: 'began', sentence: `Fivefold ${version} runs by itself (process ${process.pid}).` })
  if (!status.ok) return tell({ code: 'trouble', sentence: `${status.failure.sentence} ${status.failure.advice}` })
  for (const { code, sentence } of status.value.due) if (code === 'interrupted') tell({ code: 'said', sentence })
  tell({ code: 'said', sentence: status.value.sentence })
}

/** Read anew each time: what a person changes in the file holds from the next look on. */
async function ownSettings(home: Home): Promise<Result<OwnSettings>> {
  const read = await readSettings(home.settings)
  if (!read.ok) return read
  const { start, policy, lightroom } = toSettings(read.value.settings)
  const { budget } = policy.verify
  return done({
    cards: start.cards,
    ejects: start.eject,
    isWatched: (folder) =>
      (start.below.length === 0 || start.below.some((above) => isInside(folder, above))) &&
      !start.ignore.some((ignored) => resolve(ignored) === folder),
    keepsLightroom: lightroom.catalogs.length > 0 && lightroom.keepAt.length > 0,
    prunes: policy.prune.automatic,
    verifyBudgetMs: budget === 'none' ? null : budget.lengthMs,
    nights: start.nights,
  })
}

/** A log that a person can read, a file a month; what can't be written is not worth stopping for, and is still told. */
function logged(home: Home, tell: (news: News) => void): (news: News) => void {
  let last: Promise<unknown> = Promise.resolve()
  return (news) => {
    const time = localTime(Date.now())
    const line = `${time.replace('T', ' ')}  ${news.sentence.replaceAll('\n', ' ')}\n`
    const write = (): Promise<void> => appendFile(join(home.log, `${time.slice(0, 7)}.log`), line, { mode: 0o600 })
    last = last.then(write).catch(() => undefined)
    tell(news)
  }
}

async function stopped(cancel: AbortSignal): Promise<void> {
  if (!cancel.aborted) await once(cancel, 'abort')
  await wait(stopMs, undefined, { ref: false })
}

const runsAlready = ({ pid, sinceMs }: LockHolder): Failure => ({
  code: 'daemon-runs',
  sentence: `Fivefold runs by itself already${sinceMs === null ? '' : `, since ${localTime(sinceMs).slice(11, 16)}`}${pid === null ? '' : ` (process ${pid})`}.`,
  advice: 'Nothing needs to be done: every command finds it by itself. “fivefold status” says where things stand.',
})

const stoppedWaiting: Failure = {
  code: 'stopped-by-person',
  sentence: 'Fivefold was stopped before it began.',
  advice: 'Run “fivefold start” again when you like.',
}
