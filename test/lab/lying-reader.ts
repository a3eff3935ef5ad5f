/**
 * A card reader that lies when it is told to: a folder shown through FUSE as a mounted card, whose bytes are changed, cut off, late
 * or missing on the way. Nothing is cached on the way, so each read is a read of the "card". What was read, and each attempt to
 * write, is noted.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SYSTEM_PYTHON } from './can-run.ts'
import { ControlLine } from './control-line.ts'
import { startDaemon } from './daemon.ts'
import { claim } from './janitor.ts'
import { isMounted } from './mounts.ts'
import { kill } from './processes.ts'
import { waitUntil } from './run-tool.ts'
import { scratchFolder } from './scratch-folder.ts'

interface Where {
  /** Relative to the card's root. Default: every file. */
  readonly path?: string
  /** Only in the n-th opening of the file (from 1, since the reader began or {@link LyingReader.forget}). Default: in each. */
  readonly open?: number
  /**
   * So often it strikes, then it is over. Default: always. `times: 1` with `flip` is "the first read only", whoever reads first. With
   * `error` and `end` it counts openings: one that was hit is hit whenever it asks for those bytes, for the kernel hides an error in
   * the middle of a big read as a short one.
   */
  readonly times?: number
}

export type Lie =
  /** One bit (0 to 7, default 0) of the byte at `at` is wrong. */
  | (Where & { readonly kind: 'flip'; readonly at: number; readonly bit?: number })
  /** A read that touches `length` bytes from `at` on fails (default: from 0 to the end); `code` is such as EIO, ENODEV. Default EIO. */
  | (Where & { readonly kind: 'error'; readonly at?: number; readonly length?: number; readonly code?: string })
  /** The file ends at `at`, though its size says otherwise. */
  | (Where & { readonly kind: 'end'; readonly at: number })
  /** A read that touches the bytes from `at` on takes `ms` milliseconds longer. */
  | (Where & { readonly kind: 'delay'; readonly ms: number; readonly at?: number })
  /** A read that touches the bytes from `at` on is not answered before the lie is stopped; the reading process can't be killed meanwhile. */
  | (Where & { readonly kind: 'hang'; readonly at?: number })
  /** From the moment the byte at `at` has been read (default: at once) the file is gone; who has it open can go on. */
  | { readonly kind: 'vanish'; readonly path: string; readonly at?: number }
  /** From the moment the byte at `at` has been read (default: at once) the file has `bytes` zeros more. */
  | { readonly kind: 'grow'; readonly path: string; readonly bytes: number; readonly at?: number }

/** A lie that is being told. */
export interface ToldLie {
  /** How often it has struck. */
  strikes(): Promise<number>
  /** The truth from now on; what hangs is let go. */
  stop(): Promise<void>
}

/** One opening of a file. */
export interface NotedOpen {
  readonly path: string
  /** The n-th opening of this file, from 1. */
  readonly open: number
  /** Whether the program asked for direct reads. */
  readonly direct: boolean
  readonly pid: number
  /** How many bytes it was given. */
  readonly bytes: number
}

/** An attempt to change something on the card; it got EROFS. */
export interface NotedWrite {
  readonly what: string
  readonly path: string
  readonly pid: number
}

export interface LyingReader extends AsyncDisposable {
  /** The root of the card. */
  readonly mountPoint: string
  tell(lie: Lie): Promise<ToldLie>
  /** Ends all lies. */
  stopLying(): Promise<void>
  /** All openings, oldest first. */
  opens(): Promise<NotedOpen[]>
  /** All attempts to write. */
  writeAttempts(): Promise<NotedWrite[]>
  /** Forgets openings and attempts; openings count from 1 again. */
  forget(): Promise<void>
  /** The reader is pulled: each access fails with ENOTCONN from now on. What hangs gets ECONNABORTED. */
  pull(): Promise<void>
}

/** Shows `folder` as a card called `label`. Throws when FUSE does not come up; nothing is left then. */
export async function lyingReader(folder: string, label = 'CARD'): Promise<LyingReader> {
  await using undo = new AsyncDisposableStack()
  const scratch = undo.use(await scratchFolder())
  const mountPoint = join(scratch.path, label)
  const socket = join(scratch.path, 'control.sock')
  await mkdir(mountPoint)
  undo.use(claim({ kind: 'mount', path: mountPoint }))
  // Ended before the unmount: a read that hangs would keep the mount busy for ever.
  const program = fileURLToPath(new URL('./lying-reader.py', import.meta.url))
  const daemon = startDaemon(undo, SYSTEM_PYTHON, [program, folder, mountPoint, socket])
  await waitUntil('the reader is there', () => existsSync(socket) && isMounted(mountPoint))
  const line = undo.use(await ControlLine.to(socket))

  const order = async <Answer>(what: object): Promise<Answer> => {
    const answer: Answer & { error?: string } = JSON.parse(await line.tell(JSON.stringify(what)))
    if (answer.error !== undefined) throw new Error(`the lying reader says ${answer.error}`)
    return answer
  }
  const journal = (): Promise<{ opens: NotedOpen[]; refused: NotedWrite[] }> => order({ order: 'journal' })
  const made = undo.move()
  return {
    mountPoint,
    tell: async (lie) => {
      const { number } = await order<{ number: number }>({ ...lie, order: 'lie' })
      return {
        strikes: async () => (await order<{ strikes: number }>({ order: 'strikes', number })).strikes,
        stop: async () => order({ order: 'stop', number }),
      }
    },
    stopLying: async () => order({ order: 'stop' }),
    opens: async () => (await journal()).opens,
    writeAttempts: async () => (await journal()).refused,
    forget: async () => order({ order: 'forget' }),
    pull: async () => void (await kill(daemon)),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}
