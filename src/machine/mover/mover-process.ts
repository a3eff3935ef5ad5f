/**
 * The parent's side of the mover: starts the child, hands it work, listens to its heart. A child that waits too long for a card or
 * a place is abandoned, since a process that hangs in the system can't be killed (J2); the next request gets a new one.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { closeSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Presence } from '../../domain/copy.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Failure } from '../../domain/failure.ts'
import { parsePlaceId } from '../../domain/ids.ts'
import type { PlaceId } from '../../domain/ids.ts'
import type { Identity } from '../../domain/place.ts'
import type { Cancel, Hands, MoverEnd, PlaceAddress } from '../../engine/contracts.ts'
import type { Answer, Ask, Order, Saying } from './wire.ts'
import { knockingAtCard, knockingAtFirstPlace, makeLineSplitter, placesOfCopy } from './wire.ts'

export interface MoverOptions {
  /** The program of the child: a runtime and its arguments. */
  readonly command: readonly string[]
  /** After so long without an answer from a card or a place it counts as hung. */
  readonly stallMs: number
}

/** The hands in a process of its own; `demandPermits` makes a mover of them. `end` lets go of the child, whatever it is doing. */
export interface MoverProcess extends Hands {
  end(): void
}

type Ending =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'hung'; readonly where: PlaceId | 'card' | null }
  | { readonly kind: 'died'; readonly failure: Failure }

export function startMover(options: MoverOptions): MoverProcess {
  let child: Child | null = null
  let isLetGo = false
  const current = (): Child => {
    if (child === null || child.gone || child.spent) child = new Child(options)
    return child
  }
  const ask: AskChild = (...asked) =>
    isLetGo ? Promise.resolve({ kind: 'died', failure: letGo }) : current().ask(...asked)
  return {
    end: () => {
      isLetGo = true
      child?.leave()
    },
    identify: async (place, timeoutMs) => {
      const ending = await ask({ ask: 'identify', place }, [place], {}, null, timeoutMs)
      if (ending.kind === 'answered' && ending.answer.answer === 'identity') return ending.answer.identity
      return notAnswering(place)
    },
    mark: async (place, marker) => {
      const ending = await ask({ ask: 'mark', place, marker }, [place], {}, null)
      return ending.kind === 'answered' && ending.answer.answer === 'marked'
        ? ending.answer.result
        : failed(lost(ending, place))
    },
    signs: async (cardRoot) => {
      const ending = await ask({ ask: 'signs', cardRoot }, [], {}, null)
      return ending.kind === 'answered' && ending.answer.answer === 'signs'
        ? ending.answer.result
        : failed(lost(ending, null))
    },
    list: async (cardRoot, cancel) => {
      const ending = await ask({ ask: 'list', cardRoot }, [], {}, cancel, options.stallMs * 3)
      return ending.kind === 'answered' && ending.answer.answer === 'listing'
        ? ending.answer.result
        : failed(lost(ending, null))
    },
    copy: async (work, report, progress, cancel) =>
      asEnd(await ask({ ask: 'copy', ...work }, placesOfCopy(work), { copied: report, progress }, cancel)),
    readAgain: async (work, report, progress, cancel) =>
      asEnd(await ask({ ask: 'read-again', ...work }, [], { readAgain: report, progress }, cancel)),
    prove: async (work, report, progress, cancel) =>
      asEnd(await ask({ ask: 'prove', ...work }, [work.place], { proved: report, progress }, cancel)),
    ...looking(ask, options),
    trash: async (work, report, progress, cancel) =>
      asEnd(await ask({ ask: 'trash', ...work }, [work.place], { trashed: report, progress }, cancel)),
    emptyTrash: async (work, report, cancel) =>
      asEnd(await ask({ ask: 'empty-trash', ...work }, [work.place], { trashed: report }, cancel)),
    note: async (place, notes) => {
      const ending = await ask({ ask: 'note', place, notes }, [place], {}, null)
      return ending.kind === 'answered' && ending.answer.answer === 'noted'
        ? ending.answer.result
        : failed(lost(ending, place))
    },
    readNote: async (place, path) => {
      const ending = await ask({ ask: 'read-note', place, path }, [place], {}, null)
      return ending.kind === 'answered' && ending.answer.answer === 'note'
        ? ending.answer.result
        : failed(lost(ending, place))
    },
    tryOut: async (place) => {
      const ending = await ask({ ask: 'try-out', place }, [place], {}, null)
      return ending.kind === 'answered' && ending.answer.answer === 'tried'
        ? ending.answer.result
        : failed(lost(ending, place))
    },
    look: async (paths) => {
      const ending = await ask({ ask: 'look', paths }, [], {}, null, options.stallMs)
      return ending.kind === 'answered' && ending.answer.answer === 'looked'
        ? ending.answer.result
        : failed(lost(ending, null))
    },
    sweep: async (place, everything = false) => {
      const ending = await ask({ ask: 'sweep', place, everything }, [place], {}, null)
      return ending.kind === 'answered' && ending.answer.answer === 'swept'
        ? ending.answer.result
        : failed(lost(ending, place))
    },
  }
}

const notTold = (path: string): Failure => ({
  code: 'place-unknown',
  sentence: `Where ${path} lies could not be told: the disk or share there does not answer.`,
  advice: 'Look whether it is switched on and connected, then run the same command again.',
  path,
})

type AskChild = Child['ask']

const pathsAtOnce = 500

/** What is looked up and moved out of the way at one place, without reports on the way. */
function looking(
  ask: AskChild,
  options: MoverOptions,
): Pick<Hands, 'glance' | 'whereIs' | 'listPlace' | 'checkPaths' | 'setAside'> {
  return {
    glance: async (root) => {
      const ending = await ask({ ask: 'glance', root }, [], {}, null)
      return ending.kind === 'answered' && ending.answer.answer === 'glanced'
        ? ending.answer.result
        : failed(lost(ending, null))
    },
    whereIs: async (path) => {
      const ending = await ask({ ask: 'where-is', path }, [], {}, null, options.stallMs)
      return ending.kind === 'answered' && ending.answer.answer === 'whereabouts'
        ? ending.answer.result
        : failed(notTold(path))
    },
    // No limit of its own: a NAS takes its time over a million files, and tells after each folder that it goes on.
    listPlace: async (place, folder, cancel) => {
      const ending = await ask({ ask: 'list-place', place, folder }, [place], {}, cancel)
      return ending.kind === 'answered' && ending.answer.answer === 'place-listing'
        ? ending.answer.result
        : failed(lost(ending, place))
    },
    checkPaths: async (place, paths) => {
      const answers: Presence[] = []
      // A share answers each of them by itself; so many that the child can tell in between that it goes on.
      for (let first = 0; first === 0 || first < paths.length; first += pathsAtOnce) {
        const some = paths.slice(first, first + pathsAtOnce)
        const ending = await ask({ ask: 'check-paths', place, paths: some }, [place], {}, null)
        if (ending.kind !== 'answered' || ending.answer.answer !== 'checked-paths') return failed(lost(ending, place))
        if (!ending.answer.result.ok) return ending.answer.result
        answers.push(...ending.answer.result.value)
      }
      return done(answers)
    },
    setAside: async (place, files) => {
      const ending = await ask({ ask: 'set-aside', place, files }, [place], {}, null)
      return ending.kind === 'answered' && ending.answer.answer === 'set-aside'
        ? ending.answer.result
        : failed(lost(ending, place))
    },
  }
}

const notAnswering = (place: PlaceAddress): Identity => ({
  kind: 'unknown',
  sentence: `“${place.name}” does not answer.`,
})

function lost(ending: Ending, place: PlaceAddress | null): Failure {
  if (ending.kind === 'died') return ending.failure
  // What was asked has another answer; this one is given only when a person said stop.
  if (ending.kind === 'answered')
    return { code: 'stopped-by-person', sentence: 'It was stopped.', advice: 'Run the same command again to go on.' }
  if (place === null)
    return {
      code: 'card-hung',
      sentence: 'The card or its reader does not answer.',
      advice: 'Pull the card, put it into another reader or port, then run the same command again.',
    }
  return {
    code: 'place-hung',
    sentence: `“${place.name}” does not answer.`,
    advice: 'Look whether it is switched on and connected, then run the same command again.',
    place: place.name,
  }
}

function asEnd(ending: Ending): MoverEnd {
  if (ending.kind === 'answered' && ending.answer.answer === 'end') return ending.answer.end
  if (ending.kind === 'hung' && ending.where !== null) return { kind: 'hung', where: ending.where }
  return { kind: 'failed', failure: lost(ending, null) }
}

type CopyHear = Parameters<Hands['copy']>
interface Hear {
  readonly copied?: CopyHear[1]
  readonly readAgain?: Parameters<Hands['readAgain']>[1]
  readonly proved?: Parameters<Hands['prove']>[1]
  readonly trashed?: Parameters<Hands['trash']>[1]
  readonly progress?: CopyHear[2]
}

interface Pending {
  readonly hear: Hear
  readonly end: (ending: Ending) => void
}

const lookEveryMs = 500
/** How long a child may take to stop by itself after a person said stop. */
const stopMs = 4000
/** How long a child may take to start before an answer is expected of it. */
const startMaxMs = 2000

class Child {
  gone = false
  /** True when something in it hangs: it finishes what it was asked, and is asked no more. */
  spent = false
  readonly #process: ChildProcess
  readonly #options: MoverOptions
  readonly #pending = new Map<number, Pending>()
  readonly #knock: number
  #places: readonly PlaceAddress[] = []
  readonly #startedMs = performance.now()
  #readyMs: number | null = null
  #heardMs = performance.now()
  #bug: string | null = null
  #nextId = 1

  constructor(options: MoverOptions) {
    this.#options = options
    const knockFile = join(tmpdir(), `fivefold-mover-${process.pid}-${Math.trunc(performance.now() * 1000)}`)
    this.#knock = openSync(knockFile, 'wx+', 0o600)
    rmSync(knockFile, { force: true })
    const [program = process.execPath, ...args] = options.command
    this.#process = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'ignore', this.#knock],
      env: { ...process.env, UV_THREADPOOL_SIZE: '12' },
    })
    this.#process.stdout?.setEncoding('utf8').on(
      'data',
      makeLineSplitter((line) => this.#hear(JSON.parse(line))),
    )
    this.#process.stdin?.on('error', () => undefined)
    this.#process.on('error', (error) => this.#died(error.message))
    this.#process.on('exit', (code, signal) => this.#died(this.#bug ?? `It ended by ${signal ?? `exit code ${code}`}.`))
  }

  ask(
    order: Ask,
    places: readonly PlaceAddress[],
    hear: Hear,
    cancel: Cancel | null,
    limitMs?: number,
  ): Promise<Ending> {
    const id = this.#nextId
    this.#nextId += 1
    this.#places = places
    this.#heardMs = performance.now()
    return new Promise((resolve) => {
      const startedMs = performance.now()
      let stoppingMs: number | null = null
      const look = setInterval(
        () => {
          const nowMs = performance.now()
          const askedMs = Math.max(startedMs, this.#readyMs ?? Math.min(nowMs, this.#startedMs + startMaxMs))
          if (limitMs !== undefined && nowMs - askedMs > limitMs) this.#late(id)
          else if (nowMs - this.#heardMs > this.#options.stallMs) this.#hungAll(this.#knockingAt())
          else if (stoppingMs !== null && nowMs - stoppingMs > stopMs)
            this.#end(id, { kind: 'answered', answer: { answer: 'end', end: { kind: 'cancelled' } } }, true)
        },
        limitMs === undefined ? lookEveryMs : Math.min(lookEveryMs, limitMs / 4),
      )
      const stop = (): void => {
        stoppingMs = performance.now()
        this.#send({ cancel: id })
      }
      cancel?.addEventListener('abort', stop, { once: true })
      this.#pending.set(id, {
        hear,
        end: (ending) => {
          clearInterval(look)
          cancel?.removeEventListener('abort', stop)
          resolve(ending)
        },
      })
      this.#send({ id, ...order })
      if (cancel?.aborted === true) stop()
    })
  }

  /** The work is done: the child sees the end of its orders and goes by itself. In the middle of something it is abandoned. */
  leave(): void {
    if (this.#pending.size > 0 || this.spent) this.abandon()
    if (this.gone) return
    this.gone = true
    this.#process.removeAllListeners()
    this.#process.on('error', () => undefined)
    this.#process.stdin?.end()
    this.#process.stdout?.destroy()
    this.#process.unref()
    closeSync(this.#knock)
  }

  /** Lets go of the child: it may be stuck in the system where no signal reaches it, so nothing is waited for. */
  abandon(): void {
    if (this.gone) return
    this.gone = true
    this.#process.removeAllListeners()
    this.#process.on('error', () => undefined)
    this.#process.stdout?.removeAllListeners()
    this.#process.stdin?.destroy()
    this.#process.stdout?.destroy()
    this.#process.kill('SIGKILL')
    this.#process.unref()
    closeSync(this.#knock)
    // Whoever still waits would wait for ever.
    this.#endAll({ kind: 'died', failure: letGo })
  }

  #send(order: Order): void {
    this.#process.stdin?.write(`${JSON.stringify(order)}\n`)
  }

  #hear(saying: Saying): void {
    this.#heardMs = performance.now()
    this.#readyMs ??= this.#heardMs
    if ('bug' in saying) {
      this.#bug = saying.bug
      return
    }
    if ('beat' in saying) {
      if (saying.beat !== null && saying.beat.forMs > this.#options.stallMs)
        this.#hungAll(placeOrCard(saying.beat.where))
      return
    }
    const pending = this.#pending.get(saying.id)
    if (pending === undefined) return
    if ('copied' in saying) for (const report of saying.copied) pending.hear.copied?.(report)
    else if ('readAgain' in saying) for (const report of saying.readAgain) pending.hear.readAgain?.(report)
    else if ('proved' in saying) for (const report of saying.proved) pending.hear.proved?.(report)
    else if ('trashed' in saying) for (const report of saying.trashed) pending.hear.trashed?.(report)
    else if ('progress' in saying) pending.hear.progress?.(saying.progress)
    else this.#end(saying.id, { kind: 'answered', answer: saying }, false)
  }

  #end(id: number, ending: Ending, abandon: boolean): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (abandon || (this.spent && this.#pending.size === 0)) this.abandon()
    pending?.end(ending)
  }

  /** One answer did not come in its time. The others may still; but what waits in there may never end, so no more is asked of it. */
  #late(id: number): void {
    this.spent = true
    this.#end(id, { kind: 'hung', where: null }, false)
    if (this.#pending.size === 0) this.abandon()
  }

  #hungAll(where: PlaceId | 'card' | null): void {
    this.#endAll({ kind: 'hung', where })
    this.abandon()
  }

  #died(how: string): void {
    if (this.gone) return
    this.gone = true
    closeSync(this.#knock)
    this.#endAll({ kind: 'died', failure: moverDied(how) })
  }

  #endAll(ending: Ending): void {
    const waiting = [...this.#pending.values()]
    this.#pending.clear()
    for (const { end } of waiting) end(ending)
  }

  #knockingAt(): PlaceId | 'card' | null {
    const byte = new Uint8Array(1)
    readSync(this.#knock, byte, 0, 1, 0)
    const number = byte[0] ?? 0
    if (number === knockingAtCard) return 'card'
    return this.#places[number - knockingAtFirstPlace]?.id ?? null
  }
}

const moverDied = (how: string): Failure => ({
  code: 'mover-died',
  sentence: 'The part of Fivefold that moves the files ended unexpectedly.',
  advice: 'Run the same command again: what is proven is not copied twice. If it happens again, please report it.',
  cause: how,
})

const letGo = moverDied('It was let go in the middle of its work.')

const placeOrCard = (where: string): PlaceId | 'card' => (where === 'card' ? 'card' : parsePlaceId(where))
