/**
 * One home within one process that runs for long: whoever writes takes turns. Cards go side by side, and beside a restore, which may take
 * days; they go before everything that can wait. What is opened beside another is the same catalog.
 */
import type { Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { Stop } from '../engine/stop.ts'
import type { OpenWish, Program } from './program.ts'
import type { Access, Opened, OpenProgram } from './requests.ts'

type Kind = Exclude<Access, 'look'>

/** Who holds the home now: one that writes alone, or ingests and restores side by side. */
interface Holder {
  readonly kind: Kind
  readonly what: string
  /** Said to one that gives way. */
  readonly wanted: Stop
  users: number
  opened: Promise<Result<Opened>> | null
  /** The last one left: what is open is being closed, and nobody joins any more. */
  isClosing: boolean
}

interface Waiting {
  readonly kind: Kind
  readonly what: string
  begin(holder: Holder): void
}

/** A card goes before everything, and what gives way goes last. */
const rank: Readonly<Record<Kind, number>> = { beside: 0, write: 1, 'give-way': 2 }

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

  readonly open: OpenProgram = async (access, what, wish = {}) => {
    if (access === 'look') return this.#open('look', what)
    const holder = await this.#turn(access, what, wish)
    if (holder === null) return failed(stopped)
    holder.opened ??= this.#open(access, what)
    const opened = await holder.opened
    if (!opened.ok) {
      await this.#leave(holder)
      return opened
    }
    return done({ program: opened.value.program, wanted: holder.wanted, close: () => this.#leave(holder) })
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

  /** Null when who waited said stop. */
  #turn(kind: Kind, what: string, wish: OpenWish): Promise<Holder | null> {
    const holder = this.#holder
    if (holder === null) return Promise.resolve(this.#begin(kind, what))
    // A card never waits behind another card, whoever else waits.
    if (kind === 'beside' && holder.kind === 'beside' && !holder.isClosing) {
      holder.users += 1
      return Promise.resolve(holder)
    }
    if (wish.inTurn?.aborted === true) return Promise.resolve(null)
    return new Promise((resolve) => {
      const waiting: Waiting = { kind, what, begin: resolve }
      const firstBehind = this.#waiting.findIndex((other) => rank[other.kind] > rank[kind])
      this.#waiting.splice(firstBehind === -1 ? this.#waiting.length : firstBehind, 0, waiting)
      wish.tell?.(`Waiting until this is done: ${holder.what}.`)
      wish.inTurn?.addEventListener('abort', () => this.#giveUp(waiting, resolve), { once: true })
      // Two that give way would else make way for each other for ever.
      if (holder.kind === 'give-way' && kind !== 'give-way') holder.wanted.abort()
      for (const listener of this.#wanted) listener()
    })
  }

  #giveUp(waiting: Waiting, resolve: (nobody: null) => void): void {
    const at = this.#waiting.indexOf(waiting)
    if (at === -1) return
    this.#waiting.splice(at, 1)
    resolve(null)
  }

  #begin(kind: Kind, what: string): Holder {
    const holder = { kind, what, wanted: new Stop(), users: 1, opened: null, isClosing: false }
    this.#holder = holder
    if (kind === 'give-way' && this.#waiting.some((other) => other.kind !== 'give-way')) holder.wanted.abort()
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
    while (now.kind === 'beside' && this.#waiting[0]?.kind === 'beside') {
      now.users += 1
      this.#waiting.shift()?.begin(now)
    }
  }
}

const stopped = {
  code: 'stopped-by-person',
  sentence: 'It was stopped while it waited.',
  advice: 'Run the same command again.',
} as const

/** The same program, with the paths of a person who stands in another folder. */
export const seenFrom = (program: Program, absolute: (path: string) => string): Program => ({
  ...program,
  // What is changed meanwhile is seen meanwhile.
  get settings() {
    return program.settings
  },
  paths: { ...program.paths, absolute },
})
