/** rclone, where this computer has it: started without a shell, fed and read as a stream, and never left behind. */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

export type RcloneProcessEnd =
  | { readonly kind: 'ended'; readonly code: number; readonly words: string }
  | { readonly kind: 'missing' }

export interface RcloneProcess {
  readonly output: AsyncIterable<Uint8Array>
  feed(bytes: Uint8Array): Promise<void>
  endInput(): void
  readonly ended: Promise<RcloneProcessEnd>
  stop(): Promise<void>
}

/** Of what it says only the end counts. */
const wordsMax = 8192
/** Asked to end, rclone takes back what it has begun at the service. */
const politeMs = 3000
/** Someone it has started may hold the pipes for longer than it lives. */
const pipesMs = 1000

/**
 * Every option of rclone can also be said in its environment, and some would make a listing leave files out, or nothing be done at all.
 * So only what says where its configuration is and how to reach the world goes with it.
 */
const passed =
  /^RCLONE_(?:CONFIG(?:_.*)?|PASSWORD_COMMAND|CA_CERT|CLIENT_CERT|CLIENT_KEY|BIND|BWLIMIT|TPSLIMIT|TPSLIMIT_BURST|USER_AGENT|CACHE_DIR|TEMP_DIR)$/i

export const environmentOfRclone = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !/^RCLONE_/i.test(name) || passed.test(name)))

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * Ends by itself when this process is gone, however that came about: what it reads ends then, and what it writes has no reader. That is
 * why its input is always a pipe.
 */
export function startRclone(args: readonly string[]): RcloneProcess {
  const child: Child = spawn('rclone', args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    env: environmentOfRclone(process.env),
  })
  // It may end before it has read everything; that shows in how it ended.
  child.stdin.on('error', () => undefined)
  const ended = endOf(child)
  let [isOver, isRead] = [false, false]
  void ended.then(() => {
    isOver = true
    // A pipe that nobody reads would stay open, and keep this process alive.
    if (!isRead) child.stdout.destroy()
  })
  return {
    get output() {
      isRead = true
      return readAll(child.stdout)
    },
    ended,
    feed: (bytes) =>
      new Promise((resolve) => {
        if (isOver || bytes.length === 0) return resolve()
        child.stdin.write(bytes, () => resolve())
        void ended.then(() => resolve())
        return undefined
      }),
    endInput: () => void child.stdin.end(),
    stop: async () => {
      if (!isOver) child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), politeMs)
      child.stdout.destroy()
      await ended
      clearTimeout(timer)
    },
  }
}

/** What is cut is an end like any other: how the program ended tells more. */
async function* readAll(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of stream) if (piece instanceof Uint8Array) yield piece
  } catch {
    return
  }
}

function endOf(child: Child): Promise<RcloneProcessEnd> {
  const { promise, resolve } = Promise.withResolvers<RcloneProcessEnd>()
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-wordsMax)))
  child.on('error', () => {
    child.stdin.destroy()
    resolve({ kind: 'missing' })
  })
  child.on('exit', (code) => {
    const end = (): void => resolve({ kind: 'ended', code: code ?? -1, words })
    const timer = setTimeout(end, pipesMs)
    child.stderr.once('close', () => {
      clearTimeout(timer)
      end()
    })
    if (child.stderr.destroyed) end()
  })
  return promise
}
