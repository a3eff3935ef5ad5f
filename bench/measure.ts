/**
 * What a command costs. CPU comes twice: `user + sys` of the command and all its children, and all that the machine did
 * meanwhile (direct IO and flushing move work into threads of the kernel, which no process is charged for). The shell's `time`
 * knows only children that were waited for, and fivefold does not wait for its mover's end: so the tree is looked at as well.
 * Memory is the sum over all processes of its tree at the same moment, sampled.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

export interface Cost {
  readonly wallSeconds: number
  readonly childSeconds: number
  readonly machineSeconds: number
  /** Shared pages are counted once (PSS) or in each process (RSS). */
  readonly peakPssMb: number
  readonly peakRssMb: number
}

export interface Step {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Exit codes that are as good as 0. */
  readonly alsoFine?: readonly number[]
}

const SAMPLE_EVERY_MS = 50
/** Linux counts in hundredths of a second on every architecture that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100

export class Meter {
  #childSeconds = 0
  /** By process, as it was last seen: each with what it used itself, without its children. */
  #ticks = new Map<number, number>()
  #peakPssKb = 0
  #peakRssKb = 0
  readonly #startedAt = performance.now()
  readonly #startedBusy = machineBusySeconds()
  readonly #startedOwn = process.cpuUsage()
  readonly #scratch: string

  /** Starts to measure. `scratch` is a folder for the output of commands. */
  constructor(scratch: string) {
    this.#scratch = scratch
  }

  /** Runs one command to its end, and gives what it said on stdout. Throws when it fails. */
  async run(step: Step): Promise<string> {
    const times = join(this.#scratch, 'times')
    // bash's `time` counts the command and all children that were waited for, to the millisecond.
    const child = spawn('bash', ['-c', '{ time "$@" 2>&9; } 9>&2 2>"$0"', times, step.command, ...step.args], {
      cwd: step.cwd,
      env: { ...process.env, ...step.env, TIMEFORMAT: '%3U %3S', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    let complained = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complained = (complained + text).slice(-4_000)))
    const sampling = setInterval(() => this.#sample(child.pid), SAMPLE_EVERY_MS)
    try {
      const code = await new Promise<number | null>((settle, fail) => {
        child.once('error', fail)
        child.once('close', settle)
      })
      const last = readFileSync(times, 'utf8').trim().split('\n').at(-1) ?? ''
      const waitedFor = last.split(' ').reduce((sum, seconds) => sum + (Number(seconds) || 0), 0)
      const seen = [...this.#ticks.values()].reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND
      this.#childSeconds += Math.max(waitedFor, seen)
      this.#ticks = new Map()
      if (code !== 0 && !(step.alsoFine ?? []).includes(code ?? -1)) {
        throw new Error(`${step.command} ended with ${code}: ${complained.trim() || said.slice(-500)}`)
      }
    } finally {
      clearInterval(sampling)
    }
    return said
  }

  /** What it cost from the start until now. The meter's own work (sampling) is taken off the machine's. */
  stop(): Cost {
    const own = process.cpuUsage(this.#startedOwn)
    const ownSeconds = (own.user + own.system) / 1e6
    return {
      wallSeconds: (performance.now() - this.#startedAt) / 1000,
      childSeconds: this.#childSeconds,
      machineSeconds: Math.max(0, machineBusySeconds() - this.#startedBusy - ownSeconds),
      peakPssMb: this.#peakPssKb / 1000,
      peakRssMb: this.#peakRssKb / 1000,
    }
  }

  #sample(shell: number | undefined): void {
    if (shell === undefined) return
    let pss = 0
    let rss = 0
    for (const pid of descendants(shell)) {
      const rollup = readIfThere(`/proc/${pid}/smaps_rollup`)
      pss += kilobytes(rollup, 'Pss')
      rss += kilobytes(rollup, 'Rss')
      this.#ticks.set(pid, Math.max(this.#ticks.get(pid) ?? 0, ticksOf(pid)))
    }
    this.#peakPssKb = Math.max(this.#peakPssKb, pss)
    this.#peakRssKb = Math.max(this.#peakRssKb, rss)
  }
}

/** All processes below `root`, without it (it is the shell that only holds the clock). */
function descendants(root: number): readonly number[] {
  const found: number[] = []
  const queue = [root]
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    for (const thread of threadsOf(pid)) {
      for (const child of readIfThere(`/proc/${pid}/task/${thread}/children`).split(' ')) {
        if (child.trim() === '') continue
        found.push(Number(child))
        queue.push(Number(child))
      }
    }
  }
  return found
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Processes end while they are looked at; what is gone counts nothing. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** What a process used itself, user and system. */
function ticksOf(pid: number): number {
  const [, , , , , , , , , , , user = 0, system = 0] = readIfThere(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number)
  return user + system
}

function kilobytes(rollup: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0)
}

function machineBusySeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .map(Number)
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND
}

export function machineName(): string {
  const [first] = cpus()
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown processor'}`
}
