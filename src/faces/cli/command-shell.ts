/** What every command is given: the world it speaks to, and how it answers. */
import type { Command } from 'commander'
import type { Failure, Result } from '../../domain/failure.ts'
import { exitCodeOf, exitCodes } from '../../domain/failure.ts'
import type { Requests } from '../../usecases/requests.ts'
import type { RunDemo } from '../../usecases/run-demo.ts'
import type { AutostartFace } from './commands/autostart.ts'
import type { OpenPage } from './commands/page.ts'
import type { NewsFace } from './commands/news.ts'
import type { RunDaemon } from './commands/start.ts'
import { ProgressLine } from './show-progress.ts'
import type { Terminal } from './terminal.ts'
import { printFailure } from './terminal.ts'

/** What the command line needs of the one who starts it. */
export interface CliWorld {
  readonly terminal: Terminal
  readonly version: string
  readonly cancel: AbortSignal
  nowMs(): number
  /** `HH:MM` here, now. */
  timeOfDay(): string
  requests(home: string | null): Requests
  runDemo: RunDemo
  runDaemon: RunDaemon
  openPage: OpenPage
  readonly news: NewsFace
  readonly autostart: AutostartFace
  /** Writes a file that is not there yet, and answers its whole path (W2). Fails with `name-taken` or `place-error`. */
  saveNew(path: string, bytes: Uint8Array): Promise<Result<string>>
}

/** The exit code of a command that came to an outcome, whatever it was. */
export const outcomeExit = {
  done: exitCodes.done,
  incomplete: exitCodes.undone,
  refused: exitCodes.refused,
  stopped: exitCodes.stopped,
} as const

/** Gives a command the options that all have. */
export type Common = (command: Command) => Command

export interface CommonOptions {
  readonly json?: boolean
  readonly home?: string
}

/** Collects the exit code of the command that ran. */
export interface CliRun {
  exitCode: number
}

/** What every command does the same: ask, print the answer or the failure, and remember the exit code. */
export class Shell {
  readonly world: CliWorld
  readonly #run: CliRun

  constructor(world: CliWorld, run: CliRun) {
    this.world = world
    this.#run = run
  }

  get terminal(): Terminal {
    return this.world.terminal
  }

  requests(options: CommonOptions): Requests {
    return this.world.requests(options.home ?? null)
  }

  /** `several`: each line tells of which card it speaks. */
  progress(options: CommonOptions, several = false): ProgressLine {
    return new ProgressLine(this.terminal, options.json === true, () => this.world.nowMs(), several)
  }

  exit(code: number): void {
    this.#run.exitCode = Math.max(this.#run.exitCode, code)
  }

  fail(failure: Failure, options: CommonOptions): void {
    printFailure(this.terminal, failure, options.json === true)
    this.exit(exitCodeOf(failure))
  }

  show<Value>(options: CommonOptions, result: Result<Value>, print: (value: Value) => void): void {
    if (!result.ok) this.fail(result.failure, options)
    else if (options.json === true) this.terminal.out(JSON.stringify(result.value))
    else print(result.value)
  }
}
