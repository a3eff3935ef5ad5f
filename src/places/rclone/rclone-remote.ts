/** One remote of rclone, and what is asked of it: each question is a run of the program, with its failures in one voice. */
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type { Fields } from '../cloud/json-fields.ts'
import { fieldsIn, numberIn, parseFields, textIn, timeIn } from '../cloud/json-fields.ts'
import { serviceError, unreachable } from '../cloud/cloud-failure.ts'
import { stopped } from '../cloud/http-request.ts'
import { isGood, isNotFound, rcloneFailure } from './rclone-failure.ts'
import type { RcloneEnd, RcloneProgram, RcloneRun } from './rclone-program.ts'

/** A file that lies at a path. */
export interface RcloneEntry {
  readonly bytes: number
  readonly mtimeMs: number
}

export const partialFolder = '.fivefold/partial'

/**
 * Patience is stacked around the place: rclone itself tries nothing twice, and never waits at a prompt. It lets go of a connection that
 * brings nothing. Times are the service's own: those that rclone keeps beside a file cost a request for each file of a listing.
 */
export const manner: readonly string[] = [
  '--quiet',
  '--retries=1',
  '--low-level-retries=1',
  '--ask-password=false',
  '--contimeout=30s',
  '--timeout=2m',
  '--use-server-modtime',
]

/** rclone lets go of a dead line by itself; this is for an rclone that hangs (J2). */
const answerTimeoutMs = 5 * 60_000
/** A listing or a file that comes piece by piece; rclone may gather a good deal before the first one. */
export const silenceMs = 15 * 60_000
/** Short runs at the same time: each is a program of its own, and signs in anew. */
const shortRunsMax = 4
/** Of an answer that is read as a whole. */
const answerBytesMax = 64 * 1024 * 1024

export class RcloneRemote {
  readonly place: string
  readonly remote: string
  readonly #root: string
  readonly #program: RcloneProgram
  readonly #running = new Set<RcloneRun>()
  #free = shortRunsMax
  readonly #waiting: (() => void)[] = []

  constructor(place: string, remote: string, root: string, program: RcloneProgram) {
    this.place = place
    this.remote = remote
    this.#root = root
    this.#program = program
  }

  /** As rclone takes it; `''` is the root. */
  at(path: string): string {
    const separator = this.#root === '' || path === '' || this.#root.endsWith('/') ? '' : '/'
    return `${this.remote}:${this.#root}${separator}${path}`
  }

  failure(path: string, end: RcloneEnd): Failure {
    return rcloneFailure({ place: this.place, remote: this.remote, root: this.#root, path }, end)
  }

  /** To send is to make what is missing: that something was not found says nothing about the file. */
  sendFailure(path: string, end: RcloneEnd): Failure {
    const failure = this.failure(path, end)
    return failure.code === 'copy-missing' ? serviceError(this.place, 'rclone could not make the folder') : failure
  }

  start(args: readonly string[]): RcloneRun {
    const run = this.#program.start([...args, ...manner])
    this.#running.add(run)
    void run.ended.then(() => this.#running.delete(run))
    return run
  }

  /** Its whole output, and how it ended. */
  async ask(args: readonly string[]): Promise<Result<{ readonly output: Uint8Array; readonly end: RcloneEnd }>> {
    await this.#turn()
    try {
      return await this.#asked(this.start(args), answerTimeoutMs)
    } finally {
      this.#free += 1
      this.#waiting.shift()?.()
    }
  }

  async #turn(): Promise<void> {
    while (this.#free === 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
    }
    this.#free -= 1
  }

  async #asked(
    run: RcloneRun,
    timeoutMs: number,
  ): Promise<Result<{ readonly output: Uint8Array; readonly end: RcloneEnd }>> {
    run.endInput()
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      void run.stop()
    }, timeoutMs)
    try {
      const pieces: Uint8Array[] = []
      let bytes = 0
      for await (const piece of run.output) {
        bytes += piece.length
        if (bytes > answerBytesMax) break
        pieces.push(piece)
      }
      if (bytes > answerBytesMax) await run.stop()
      const end = await run.ended
      if (isLate) return failed(unreachable(this.place, 'rclone did not end in time'))
      if (bytes > answerBytesMax) return failed(serviceError(this.place, 'rclone printed without end'))
      return done({ output: Buffer.concat(pieces), end })
    } finally {
      clearTimeout(timer)
    }
  }

  /** A verb without a limit of time: at some services a move is a copy of many gigabytes. */
  async act(args: readonly string[]): Promise<RcloneEnd> {
    const run = this.start(args)
    run.endInput()
    return run.ended
  }

  /**
   * Null when no file is there: nothing, or a folder, for rclone calls everything a folder where a service knows none, as object stores. A failure
   * says that it could not be asked (D3).
   */
  async entry(path: string): Promise<Result<RcloneEntry | null>> {
    const told = await this.#told(path)
    if (told.ok || told.failure.code !== 'service-error') return told
    // Some servers call it an error to be asked for something below a file.
    return (await this.#isBelowFile(path)) ? done(null) : told
  }

  async #told(path: string): Promise<Result<RcloneEntry | null>> {
    const asked = await this.ask(['lsjson', '--stat', '--no-mimetype', this.at(path)])
    if (!asked.ok) return asked
    const { output, end } = asked.value
    if (isNotFound(end)) return done(null)
    if (!isGood(end)) return failed(this.failure(path, end))
    const text = Buffer.from(output).toString('utf8')
    // Newer ones say so of what is not there.
    if (text.trim() === 'null') return done(null)
    const fields = parseFields(text)
    if (fields['IsDir'] === true) return done(null)
    const entry = entryOf(fields)
    if (entry !== null) return done(entry)
    return failed(serviceError(this.place, 'rclone described a file in a way that is not known'))
  }

  async #isBelowFile(path: string): Promise<boolean> {
    const names = path.split('/').slice(0, -1)
    for (; names.length > 0; names.pop()) {
      const above = await this.#told(names.join('/'))
      if (above.ok) return above.value !== null
    }
    return false
  }

  /** What the kind of remote can do. */
  async features(): Promise<Result<Fields>> {
    const asked = await this.ask(['backend', 'features', this.at('')])
    if (!asked.ok) return asked
    const { output, end } = asked.value
    if (!isGood(end)) return failed(this.failure('', end))
    return done(fieldsIn(parseFields(Buffer.from(output).toString('utf8')), 'Features') ?? {})
  }

  /**
   * Gives a name without replacing what has it (W2): rclone looks there first, by its own words “skips all files that exist”. What gets
   * the name between that look and the move, at the service, is lost: rclone has no move that a service would refuse. `from` is a file:
   * of a folder, rclone would move everything in it.
   */
  async give(from: string, to: string): Promise<Result<'moved' | 'taken' | 'absent'>> {
    const end = await this.act(['moveto', '--ignore-existing', this.at(from), this.at(to)])
    // It ends well, too, when it has left everything as it was.
    const left = await this.entry(from)
    if (!left.ok) return left
    if (left.value === null) return done(isGood(end) ? 'moved' : 'absent')
    if (isGood(end)) return done('taken')
    const there = await this.entry(to)
    if (!there.ok) return there
    return there.value === null ? failed(this.failure(to, end)) : done('taken')
  }

  async remove(path: string): Promise<Result<'removed' | 'absent'>> {
    const asked = await this.ask(['deletefile', this.at(path)])
    if (!asked.ok) return asked
    if (isGood(asked.value.end)) return done('removed')
    // For rclone it is an error when there is nothing, and some versions have no code of their own for it.
    const there = await this.entry(path)
    if (!there.ok) return there
    return there.value === null ? done('absent') : failed(this.failure(path, asked.value.end))
  }

  /** What still runs is ended: nobody reads its answer any more. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map((run) => run.stop()))
  }
}

/** Null when it is none. */
export function entryOf(fields: Fields): RcloneEntry | null {
  const [bytes, mtimeMs] = [numberIn(fields, 'Size'), timeIn(fields, 'ModTime')]
  if (textIn(fields, 'Path') === null || bytes === null) return null
  // Documents that a service makes up as they are fetched have no size.
  return { bytes: Math.max(0, bytes), mtimeMs: mtimeMs ?? 0 }
}

/** Ends when `act` does, or with null after a person's stop or a silence; then the run is ended too. */
export async function inTime<Value>(
  run: RcloneRun,
  ms: number,
  cancel: Cancel,
  act: Promise<Value>,
): Promise<Value | 'stopped' | 'silent'> {
  const { promise, resolve } = Promise.withResolvers<'stopped' | 'silent'>()
  const timer = setTimeout(() => resolve('silent'), ms)
  const onCancel = (): void => resolve('stopped')
  cancel.addEventListener('abort', onCancel, { once: true })
  if (cancel.aborted) onCancel()
  const first = await Promise.race([act, promise]).finally(() => {
    clearTimeout(timer)
    cancel.removeEventListener('abort', onCancel)
  })
  if (first === 'stopped' || first === 'silent') await run.stop()
  return first
}

export const cutShort = (place: string, how: 'stopped' | 'silent'): Failure =>
  how === 'stopped' ? stopped(place) : unreachable(place, 'rclone did nothing for a quarter of an hour')
