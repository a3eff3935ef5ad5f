/**
 * One home within one process that runs for long: whoever writes takes turns, ingests go side by side, and a card that comes goes
 * before everything that can wait. What is opened while another ingest runs is the same catalog.
 */
import type { Program } from './program.ts'
import type { OpenProgram } from './requests.ts'

type Opened = Awaited<ReturnType<OpenProgram>>
type Kind = 'write' | 'ingest'

/** Who holds the home now: one that writes alone, or ingests side by side. */
interface Holder {
  readonly kind: Kind
  readonly what: string
  users: number
  opened: Promise<Opened> | null
  /** The last one left: what is open is being closed, and nobody joins any more. */
  isClosing: boolean
}

interface Waiting {
  readonly kind: Kind
  readonly what: string
  begin(holder: Holder): void
}

export class SharedHome {
  readonly #open: OpenProgram
  readonly #waiting: Waiting[] = []
  readonly #wanted = new Set<() => void>()
  #holder: Holder | null = null

  constructor(open: OpenProgram) {
    this.#open = open
  }

  /** What is at work, in a person's words; null when nothing writes. */
  get atWork(): string | null {
    return this.#holder?.what ?? null
  }

  readonly open: OpenProgram = async (access, what) => {
    if (access === 'look') return this.#open('look', what)
    const holder = await this.#turn(access, what)
    holder.opened ??= this.#open(access, what)
    const opened = await holder.opened
    if (!opened.ok) {
      await this.#leave(holder)
      return opened
    }
    return { ok: true, value: { program: opened.value.program, close: () => this.#leave(holder) } }
  }

  /** Takes the turn only when nobody has it: answers how to give it back, or null. */
  tryTurn(what: string): (() => void) | null {
    if (this.#holder !== null) return null
    const holder = this.#begin('write', what)
    return () => void this.#leave(holder)
  }

  /** Called whenever somebody has to wait for what is at work, and at once when somebody waits already. Answers how to end that. */
  onWanted(listener: () => void): () => void {
    this.#wanted.add(listener)
    if (this.#waiting.length > 0) listener()
    return () => this.#wanted.delete(listener)
  }

  #turn(kind: Kind, what: string): Promise<Holder> {
    const holder = this.#holder
    if (holder === null) return Promise.resolve(this.#begin(kind, what))
    // A card never waits behind another card, whoever else waits.
    if (kind === 'ingest' && holder.kind === 'ingest' && !holder.isClosing) {
      holder.users += 1
      return Promise.resolve(holder)
    }
    return new Promise((resolve) => {
      const firstOther = this.#waiting.findIndex((other) => other.kind === 'write')
      const at = kind === 'write' || firstOther === -1 ? this.#waiting.length : firstOther
      this.#waiting.splice(at, 0, { kind, what, begin: resolve })
      for (const listener of this.#wanted) listener()
    })
  }

  #begin(kind: Kind, what: string): Holder {
    const holder = { kind, what, users: 1, opened: null, isClosing: false }
    this.#holder = holder
    return holder
  }

  async #leave(holder: Holder): Promise<void> {
    holder.users -= 1
    if (holder.users > 0) return
    holder.isClosing = true
    const opened = await holder.opened
    if (opened?.ok === true) await opened.value.close()
    this.#holder = null
    const next = this.#waiting.shift()
    if (next === undefined) return
    const now = this.#begin(next.kind, next.what)
    next.begin(now)
    while (now.kind === 'ingest' && this.#waiting[0]?.kind === 'ingest') {
      now.users += 1
      this.#waiting.shift()?.begin(now)
    }
  }
}

/** The same program, with the paths of a person who stands in another folder. */
export const seenFrom = (program: Program, absolute: (path: string) => string): Program => ({
  ...program,
  // What is changed meanwhile is seen meanwhile.
  get settings() {
    return program.settings
  },
  paths: { ...program.paths, absolute },
})
