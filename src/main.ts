/**
 * The front door: joins the rooms and starts the command line. Nothing else may see them all. Safe to skim; the story begins in
 * usecases/ingest-card.ts, and its heart is engine/copy-file.ts.
 */
import { writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { runCli } from './faces/cli/run-cli.ts'
import { requestsWherever } from './faces/daemon/requests-wherever.ts'
import type { Terminal } from './faces/cli/terminal.ts'
import { makeDemoGround } from './demo-ground.ts'
import { localTime } from './machine/power-and-clock.ts'
import { openProgramAt } from './open-program.ts'
import { readDaemonNote } from './machine/daemon-note.ts'
import { homeFolder } from './machine/home.ts'
import { saveNewFile } from './machine/save-new-file.ts'
import { makeRequests } from './usecases/requests.ts'
import { makeDemo } from './usecases/run-demo.ts'
import { exitCodes } from './domain/failure.ts'
import { version } from './version.ts'

const stop = new AbortController()
process.on('SIGINT', () => {
  // The first time the work ends in order; the second time at once.
  if (stop.signal.aborted) process.exit(exitCodes.stopped)
  stop.abort()
})
process.on('SIGTERM', () => stop.abort())

/** Whole lines, written at once: whoever reads them through a pipe that closes early ends us quietly. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let put = 0; put < bytes.length;) {
    try {
      put += writeSync(fd, bytes, put)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') continue
      process.exit(exitCodes.stopped)
    }
  }
}

/** How long what is left open may keep the process after its last word. */
const leaveMs = 1000

const isTerminal = process.stdout.isTTY === true
const terminal: Terminal = {
  out: (line) => write(1, `${line}\n`),
  err: (line) => write(2, `${line}\n`),
  redraw: (line) => {
    if (isTerminal) write(1, `\r\u001B[2K${line}`)
  },
  columns: process.stdout.columns ?? 80,
  isTerminal,
  colour: isTerminal && (process.env['NO_COLOR'] ?? '') === '',
}

const exitCode = await runCli(process.argv.slice(2), {
  terminal,
  version,
  cancel: stop.signal,
  nowMs: () => performance.now(),
  timeOfDay: () => localTime(Date.now()).slice(11, 16),
  requests: (home) =>
    requestsWherever(makeRequests(openProgramAt(home)), () =>
      readDaemonNote(home === null ? homeFolder() : resolve(home)),
    ),
  runDemo: makeDemo(makeDemoGround),
  runDaemon: async (wish, tell, cancel) => (await import('./start-daemon.ts')).startDaemon(wish, tell, cancel),
  openPage: async (home, inBrowser) => (await import('./page-of-home.ts')).openPage(home, inBrowser),
  news: {
    test: async (home) => (await import('./news-of-home.ts')).testNews(home),
    saveMailPassword: async (home, password) => (await import('./news-of-home.ts')).saveMailPassword(home, password),
  },
  autostart: {
    install: async (home) => (await import('./autostart-of-home.ts')).autostart.install(home),
    remove: async () => (await import('./autostart-of-home.ts')).autostart.remove(),
    state: async () => (await import('./autostart-of-home.ts')).autostart.state(),
  },
  saveNew: saveNewFile,
})
process.exitCode = exitCode
// Nothing is left to do, so the process ends by itself. A child that hangs in the system must not keep it (J2).
setTimeout(() => process.exit(exitCode), leaveMs).unref()
