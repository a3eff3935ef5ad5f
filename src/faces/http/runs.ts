/**
 * What goes on, whoever asked for it: the page, the command line, or the program by itself. Everything that is heard of a piece of
 * work becomes one line with how far it is, and whoever looks on is told of it, not of each file.
 */
import { randomBytes } from 'node:crypto'
import type { Result } from '../../domain/failure.ts'
import type { Cancel, Happening, Hear, Phase } from '../../usecases/program.ts'
import type { Requests } from '../../usecases/requests.ts'
import { isRequestName, requestShapes } from '../daemon/request-shapes.ts'
import type { RequestName } from '../daemon/request-shapes.ts'

export interface Run {
  readonly id: string
  readonly request: RequestName
  /** The card, folder or place that it is about; empty when it is about all. */
  readonly subject: string
  readonly state: 'running' | 'done' | 'failed'
  readonly startedAt: string
  readonly endedAt: string | null
  readonly phase: Phase | null
  readonly doneBytes: number
  readonly totalBytes: number
  /** How it ended; what went wrong comes with what to do next. */
  readonly sentence: string | null
}

export interface Said {
  /** The mark of this start of the program, and a number that counts from 1: another start counts anew. */
  readonly id: string
  readonly type: 'said' | 'trouble'
  readonly at: string
  readonly sentence: string
}

/** What a window has not heard yet, oldest first. */
export interface Unheard {
  /** It heard another start of the program, or is further behind than is kept: what it shows may be out of date. */
  readonly again: boolean
  /** So many sentences are no longer kept. */
  readonly missed: number
  readonly said: readonly Said[]
}

export interface Listener {
  /** The lines of everything that goes on changed. */
  readonly runs: () => void
  readonly said: () => void
  /** Something that a status, a card or a job would tell may be otherwise now. */
  readonly changed: () => void
}

const keptRuns = 50
export const keptSaid = 500

interface Part {
  readonly phase: Phase
  readonly totalBytes: number
  doneBytes: number
}

interface Going {
  run: Run
  readonly stop: AbortController
  /** By card: several may be at work in one run. */
  readonly parts: Map<string, Part>
}

export class Runs {
  readonly #going = new Map<string, Going>()
  readonly #listeners = new Set<Listener>()
  #ended: readonly Run[] = []
  #said: readonly Said[] = []
  #lastId = 0
  #lastSaid = 0
  readonly #mark: string

  constructor(mark = randomBytes(6).toString('hex')) {
    this.#mark = mark
  }

  /** Newest first; what goes on stands before what ended. */
  get all(): readonly Run[] {
    return [...[...this.#going.values()].map(({ run }) => run).toReversed(), ...this.#ended]
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The id before the oldest sentence that is kept: whoever heard that one has missed nothing that could still be told. */
  get beginning(): string {
    return this.#idOf(this.#lastSaid - this.#said.length)
  }

  /** What was said after the sentence of that id. */
  after(id: string): Unheard {
    const [mark, number] = id.split('-')
    const heard = mark === this.#mark ? Number(number) : Number.NaN
    const isOurs = Number.isInteger(heard) && heard >= 0 && heard <= this.#lastSaid
    const unheard = this.#lastSaid - (isOurs ? heard : 0)
    const missed = Math.max(0, unheard - this.#said.length)
    return { again: !isOurs || missed > 0, missed, said: unheard === 0 ? [] : this.#said.slice(-unheard) }
  }

  /** False when nothing of that id goes on. */
  stop(id: string): boolean {
    const going = this.#going.get(id)
    going?.stop.abort()
    return going !== undefined
  }

  say(type: Said['type'], sentence: string): void {
    this.#lastSaid += 1
    const said: Said = { id: this.#idOf(this.#lastSaid), type, at: new Date().toISOString(), sentence }
    this.#said = [...this.#said, said].slice(-keptSaid)
    for (const listener of this.#listeners) listener.said()
  }

  #idOf(number: number): string {
    return `${this.#mark}-${number}`
  }

  changed(): void {
    for (const listener of this.#listeners) listener.changed()
  }

  /** The same requests, seen. `begun` is told the id before the work begins. */
  watch(requests: Requests, begun: (id: string) => void = () => undefined): Requests {
    return new Proxy(requests, {
      get: (_requests, name) => {
        if (typeof name !== 'string' || !isRequestName(name)) return undefined
        const shape: readonly string[] = requestShapes[name]
        const hearAt = shape.indexOf('hear')
        if (hearAt === -1) return (...given: readonly unknown[]) => this.#quietly(requests, name, given)
        return (...given: readonly unknown[]) => this.#follow(requests, name, given, shape, begun)
      },
    })
  }

  /** Work that is not heard is short; whatever it changed is seen at once. */
  async #quietly(requests: Requests, name: RequestName, given: readonly unknown[]): Promise<unknown> {
    const answer: unknown = await Reflect.apply(requests[name], requests, given)
    if (writing.has(name)) this.changed()
    return answer
  }

  async #follow(
    requests: Requests,
    name: RequestName,
    given: readonly unknown[],
    shape: readonly string[],
    begun: (id: string) => void,
  ): Promise<unknown> {
    const going = this.#begin(name, subjectOf(given[0]))
    const { id } = going.run
    // Stopped by whoever asked, or on the page.
    const theirs = given[shape.indexOf('cancel')]
    const abort = (): void => going.stop.abort()
    if (isCancel(theirs)) {
      theirs.addEventListener('abort', abort, { once: true })
      if (theirs.aborted) abort()
    }
    begun(id)
    const own = shape.map((kind, index) => {
      const argument = given[index]
      if (kind === 'hear') return (happening: Happening) => this.#hear(going, happening, argument)
      return kind === 'cancel' ? going.stop.signal : argument
    })
    try {
      const answer: unknown = await Reflect.apply(requests[name], requests, own)
      this.#end(going, isFailed(answer) ? 'failed' : 'done', sentenceOf(answer))
      return answer
    } catch (error) {
      this.#end(going, 'failed', error instanceof Error ? error.message : String(error))
      throw error
    } finally {
      if (isCancel(theirs)) theirs.removeEventListener('abort', abort)
    }
  }

  #begin(request: RequestName, subject: string): Going {
    this.#lastId += 1
    const id = String(this.#lastId)
    const run: Run = {
      id,
      request,
      subject,
      state: 'running',
      startedAt: new Date().toISOString(),
      endedAt: null,
      phase: null,
      doneBytes: 0,
      totalBytes: 0,
      sentence: null,
    }
    const going: Going = { run, stop: new AbortController(), parts: new Map() }
    this.#going.set(id, going)
    this.#moved()
    return going
  }

  #hear(going: Going, happening: Happening, hear: unknown): void {
    if (isHear(hear)) hear(happening)
    switch (happening.type) {
      case 'phase':
        going.parts.set(happening.card, { phase: happening.phase, totalBytes: happening.bytes, doneBytes: 0 })
        break
      case 'progress': {
        const part = going.parts.get(happening.card)
        if (part === undefined) return
        part.doneBytes =
          happening.phase === 'verify' ? Math.max(happening.bytesProven, happening.bytesRead) : happening.bytesRead
        break
      }
      case 'said':
        this.say('said', happening.sentence)
        return
      case 'trouble':
        this.say('trouble', `${happening.failure.sentence} ${happening.failure.advice}`)
        return
    }
    const parts = [...going.parts.values()]
    going.run = {
      ...going.run,
      phase: parts.at(-1)?.phase ?? null,
      doneBytes: parts.reduce((sum, { doneBytes, totalBytes }) => sum + Math.min(doneBytes, totalBytes), 0),
      totalBytes: parts.reduce((sum, { totalBytes }) => sum + totalBytes, 0),
    }
    this.#moved()
  }

  #end(going: Going, state: 'done' | 'failed', sentence: string | null): void {
    this.#going.delete(going.run.id)
    this.#ended = [{ ...going.run, state, sentence, endedAt: new Date().toISOString() }, ...this.#ended].slice(
      0,
      keptRuns,
    )
    this.#moved()
    this.changed()
  }

  #moved(): void {
    for (const listener of this.#listeners) listener.runs()
  }
}

/** Those that are not heard and change something all the same. */
const writing: ReadonlySet<RequestName> = new Set<RequestName>([
  'stepJob',
  'retireCard',
  'trustCard',
  'seeCardAlarms',
  'cull',
  'addPlace',
  'signIn',
  'removePlace',
])

const isHear = (argument: unknown): argument is Hear => typeof argument === 'function'
const isCancel = (argument: unknown): argument is Cancel =>
  typeof argument === 'object' && argument !== null && 'aborted' in argument && 'addEventListener' in argument

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
const textAt = (value: unknown, name: string): string | null =>
  isRecord(value) && typeof value[name] === 'string' ? value[name] : null

/** Of the wish: the card, the place or the folder; of several cards, all of them. */
function subjectOf(wish: unknown): string {
  if (typeof wish === 'string') return wish
  if (Array.isArray(wish)) return wish.map(subjectOf).join(', ')
  return textAt(wish, 'card') ?? textAt(wish, 'place') ?? textAt(wish, 'to') ?? textAt(wish, 'name') ?? ''
}

const isResult = (value: unknown): value is Result<unknown> => isRecord(value) && typeof value['ok'] === 'boolean'

function isFailed(answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.some(isFailed)
  if (!isResult(answer)) return false
  if (!answer.ok) return true
  if (Array.isArray(answer.value)) return isFailed(answer.value)
  const outcome = textAt(answer.value, 'outcome')
  return outcome !== null && outcome !== 'done'
}

function sentenceOf(answer: unknown): string | null {
  if (Array.isArray(answer)) return answer.map(sentenceOf).filter(Boolean).join(' ')
  if (!isResult(answer)) return textAt(answer, 'sentence')
  return answer.ok ? sentenceOf(answer.value) : `${answer.failure.sentence} ${answer.failure.advice}`
}
