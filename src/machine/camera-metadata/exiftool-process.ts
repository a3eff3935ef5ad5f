import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import type { Socket } from 'node:net'

/** Why a request got no answer: `start` will happen to every file, the others may be the fault of one. */
export interface ExifToolFailure {
  readonly kind: 'start' | 'ended' | 'timeout'
  readonly detail: string
}

export interface ExifToolAnswer {
  readonly output: string
  readonly errors: string
}

export interface ExifToolProcess {
  /** Sends one request (arguments, one a line for ExifTool) and gives what it printed. One request at a time. Never rejects. */
  ask(args: readonly string[], timeoutMs: number): Promise<ExifToolAnswer | ExifToolFailure>
  /** Ends the process without waiting for it: one that hangs in the kernel on a dying card can't be waited for (J2). */
  end(): void
}

/** Where the ExifTool of the package exiftool-vendored lies. Only its address is loaded: the wrapper itself would cost 16 MB of memory. */
function exifToolPath(): string {
  const wrapper = createRequire(import.meta.url).resolve('exiftool-vendored')
  const vendored: unknown = createRequire(wrapper)(`exiftool-vendored.${process.platform === 'win32' ? 'exe' : 'pl'}`)
  if (typeof vendored !== 'string') throw new Error('exiftool-vendored gives no path to ExifTool')
  return vendored
}

/**
 * Starts one ExifTool that stays open for many requests, at the lowest priority, so that the copying is never slowed by it. It never keeps
 * Fivefold alive, and it ends by itself when Fivefold dies, because its input ends. `perl` is ignored on Windows, where ExifTool is a program.
 */
export function startExifTool(perl: string): ExifToolProcess {
  // The user's own configuration file of ExifTool could change names and formats, so none is read.
  const args = ['-config', '', '-stay_open', 'True', '-@', '-']
  const env = { ...process.env, LC_ALL: 'C' }
  const options = { stdio: 'pipe', env, windowsHide: true } as const
  const path = exifToolPath()
  const child = process.platform === 'win32' ? spawn(path, args, options) : spawn(perl, [path, ...args], options)
  lowerPriority(child)
  letGo(child)

  let failure: ExifToolFailure | null = null
  let settle: ((answer: ExifToolAnswer | ExifToolFailure) => void) | null = null
  let round = 0
  let output: string[] = []
  let errors = ''

  function fail(kind: ExifToolFailure['kind'], detail: string): void {
    failure ??= { kind, detail }
    settle?.(failure)
  }

  child.on('error', (error) => fail('start', error.message))
  child.on('exit', (code, signal) => fail('ended', `ended with ${String(code ?? signal)}. ${errors}`.trim()))
  child.stdin.on('error', () => undefined) // The exit tells; a broken pipe is only its echo.
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-8192)
  })
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (line) => {
    if (line !== `{ready${round}}`) output.push(line)
    else settle?.({ output: output.join('\n'), errors })
  })

  function end(): void {
    failure ??= { kind: 'ended', detail: 'was ended' }
    child.kill('SIGKILL')
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
  }

  async function ask(request: readonly string[], timeoutMs: number): Promise<ExifToolAnswer | ExifToolFailure> {
    if (failure !== null) return failure
    round += 1
    output = []
    errors = ''
    const { promise, resolve } = Promise.withResolvers<ExifToolAnswer | ExifToolFailure>()
    settle = resolve
    const timer = setTimeout(() => fail('timeout', `gave no answer within ${String(timeoutMs)} ms`), timeoutMs)
    child.stdin.write(`${[...request, `-execute${String(round)}`].join('\n')}\n`)
    const answer = await promise
    clearTimeout(timer)
    settle = null
    if ('kind' in answer) end()
    return answer
  }

  return { ask, end }
}

function lowerPriority(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return
  try {
    setPriority(child.pid, constants.priority.PRIORITY_LOW)
  } catch {
    // It may have ended already, or the system forbids it: then it runs as it is.
  }
}

function letGo(child: ChildProcessWithoutNullStreams): void {
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if (isSocket(stream)) stream.unref()
  }
}

function isSocket(stream: object): stream is Socket {
  return 'unref' in stream && typeof stream.unref === 'function'
}
