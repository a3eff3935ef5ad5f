/** The real command, run as a person runs it: its lines as they come, its result, its exit code. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { claim } from '../lab/janitor.ts'
import { waitUntil } from '../lab/run-tool.ts'

export const fivefold = fileURLToPath(new URL('../../fivefold', import.meta.url))

export interface SaidFailure {
  readonly code: string
  readonly sentence: string
  readonly advice: string
  readonly place?: string
  readonly path?: string
}

/** One line of `--json`, as far as the tests look at it. */
export interface Line {
  readonly type: string
  readonly code?: string
  readonly card?: string
  readonly sentence?: string
  readonly advice?: string
  readonly phase?: string
  readonly bytesWritten?: number
  readonly failure?: SaidFailure
}

export interface IngestResult extends Line {
  readonly outcome: string
  readonly folder: string
  readonly roll: string
  readonly sentence: string
  readonly files: { onCard: number; copied: number; alreadyHad: number; leftOut: number; failed: number }
  readonly secondRead: string
  readonly bytesWritten: number
  readonly places: readonly { name: string; role: string; proven: number; evidence: string }[]
  readonly warnings: readonly { code: string; path: string; sentence: string }[]
  readonly failures: readonly SaidFailure[]
}

export interface StatusAnswer {
  readonly sentence: string
  readonly safe: boolean
  readonly jobs: readonly {
    name: string
    files: number
    provenCopiesMin: number
    copies: Record<string, { proven: number; present: number }>
  }[]
  readonly cards: readonly { label: string; verdict: string; because: readonly { code: string; sentence: string }[] }[]
  readonly places: readonly { name: string; online: boolean; sentence: string | null }[]
}

export interface Ended {
  readonly exitCode: number | null
  readonly lines: readonly Line[]
  /** The results of an ingest, one a card. */
  readonly results: readonly IngestResult[]
  /** The last line, whatever it is. */
  readonly last: Line | null
  readonly stderr: string
  readonly ranMs: number
}

export interface RunningCommand extends AsyncDisposable {
  readonly pid: number
  readonly lines: readonly Line[]
  readonly ended: Promise<Ended>
  hasEnded(): boolean
  /** Waits for the first line that fits; throws when the command ends, or `timeoutMs` pass, without it. */
  waitFor(what: string, fits: (line: Line) => boolean, timeoutMs?: number): Promise<Line>
  signal(signal: NodeJS.Signals): void
}

export interface CommandWish {
  readonly env?: Readonly<Record<string, string>>
  readonly onLine?: (line: string) => Promise<void> | void
  /** Default 90000; the command is killed then, and the run fails. */
  readonly timeoutMs?: number
}

const isResult = (line: Line): line is IngestResult => line.type === 'result'

function parse(text: string): Line | null {
  try {
    const line: Line = JSON.parse(text)
    return line
  } catch {
    return null
  }
}

/**
 * Starts `fivefold args…`. Disposing of it kills what is still there of it, with all children; so what hangs one of them has to be
 * let go first, which is the natural order when it was made later.
 */
export function startCommand(args: readonly string[], wish: CommandWish = {}): RunningCommand {
  const mark = `FIVEFOLD_PROMISE_RUN=${randomUUID()}`
  const [name = '', value = ''] = mark.split('=')
  const claimed = claim({ kind: 'family', mark })
  const startedAt = performance.now()
  const child = spawn(fivefold, args, {
    env: { ...process.env, ...wish.env, [name]: value },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: Line[] = []
  const heard: Promise<void>[] = []
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const read = once(
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = parse(text)
      if (line !== null) lines.push(line)
      const answer = (async () => wish.onLine?.(text))()
      answer.catch(() => {})
      heard.push(answer)
    }),
    'close',
  )
  let over = false
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, wish.timeoutMs ?? 90_000)
  const ended = (async (): Promise<Ended> => {
    const [exitCode] = (await once(child, 'exit')) as [number | null]
    over = true
    clearTimeout(timer)
    // A child of it that hangs in the system may hold the pipe open for as long as it hangs.
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, 1000).unref())])
    await Promise.all(heard)
    if (late) throw new Error(`fivefold ${args.join(' ')} did not end in time.\n${JSON.stringify(lines.slice(-5))}`)
    const ranMs = performance.now() - startedAt
    return { exitCode, lines, results: lines.filter(isResult), last: lines.at(-1) ?? null, stderr, ranMs }
  })()
  ended.catch(() => {})
  return {
    pid: child.pid ?? 0,
    lines,
    ended,
    hasEnded: () => over,
    waitFor: async (what, fits, timeoutMs = 60_000) => {
      await waitUntil(
        `${what} (so far: ${JSON.stringify(lines.slice(-4))} ${stderr.slice(-500)})`,
        () => lines.some(fits) || over,
        timeoutMs,
      )
      const found = lines.find(fits)
      if (found === undefined) throw new Error(`ended without ${what}: ${JSON.stringify(lines.slice(-4))} ${stderr}`)
      return found
    },
    signal: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      clearTimeout(timer)
      await claimed[Symbol.asyncDispose]()
      child.stdout.destroy()
      child.stderr.destroy()
    },
  }
}

/** Runs `fivefold args…` to its end. */
export async function runCommand(args: readonly string[], wish: CommandWish = {}): Promise<Ended> {
  await using running = startCommand(args, wish)
  return await running.ended
}

export const ingestArgs = (home: string, ...cards: readonly string[]): string[] => [
  'ingest',
  ...cards,
  '--home',
  home,
  '--job',
  'Wedding',
  '--json',
]

/** One card to its end. */
export async function ingest(home: string, card: string, wish: CommandWish = {}): Promise<Ended> {
  return await runCommand(ingestArgs(home, card), wish)
}

/** The one result of an ended ingest of one card; throws with all that was said when there is none. */
export function resultOf(ended: Ended): IngestResult {
  const [result] = ended.results
  if (result === undefined)
    throw new Error(`no result, exit ${ended.exitCode}: ${JSON.stringify(ended.lines.slice(-4))} ${ended.stderr}`)
  return result
}

/** What went wrong, in one line, for the message of an assertion. */
export function story(ended: Ended): string {
  const [result] = ended.results as readonly (Partial<IngestResult> | undefined)[]
  const failures = result?.failures?.map(({ code, path, sentence }) => `${code} ${path ?? ''} ${sentence}`) ?? []
  return JSON.stringify({
    exit: ended.exitCode,
    sentence: result?.sentence ?? ended.last?.sentence,
    failures,
    trouble: ended.lines.flatMap(({ failure }) => (failure === undefined ? [] : [failure.sentence])),
    stderr: ended.stderr.slice(-2000),
  })
}

export async function statusOf(home: string, env: Record<string, string> = {}): Promise<StatusAnswer & { ms: number }> {
  const startedAt = performance.now()
  await using running = startCommand(['status', '--home', home, '--json'], { env, timeoutMs: 30_000 })
  const ended = await running.ended
  const answer = ended.last as unknown as StatusAnswer | null
  if (ended.exitCode !== 0 || answer === null) throw new Error(`status: ${story(ended)}`)
  return { ...answer, ms: performance.now() - startedAt }
}
