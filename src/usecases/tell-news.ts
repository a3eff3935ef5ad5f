/**
 * Brings messages to a person by every channel that they set up. What is to be told is written down before anything is sent, so a
 * restart neither forgets nor repeats; a channel that does not answer is tried again, and holds up no other.
 */
import type { Failure, Result } from '../domain/failure.ts'
import type { Message, NewsLevel, NewsNow, NewsRules, Told } from '../domain/news-rules.ts'
import { whatToTell } from '../domain/news-rules.ts'
import type { Clock } from '../engine/contracts.ts'

/** One way to a person or a program. */
export interface Channel {
  /** Stable: `mail`, `ntfy`. What is sent is noted under it. */
  readonly name: string
  readonly levels: ReadonlySet<NewsLevel>
  /** False for what is of use only now: a window on the screen of yesterday is not. */
  readonly triesAgain: boolean
  /** Ends in time whatever the other side does. */
  send(message: Message): Promise<Result<void>>
}

/** A message on its way: by which channels it has yet to go. */
export interface Waiting {
  readonly message: Message
  readonly channels: readonly string[]
  readonly tries: number
  readonly notBeforeMs: number
}

/** What outlives the process. */
export interface NewsBook {
  readonly told: Told
  readonly waiting: readonly Waiting[]
}

export interface NewsBookKeeper {
  /** An empty one when there is none, or none that can be read: then what is true is told anew. */
  read(): Promise<NewsBook>
  /** On the disk when the promise is kept. */
  save(book: NewsBook): Promise<void>
}

/** After that a message that nobody takes is of no use to anybody; what it told of still stands in the status. */
const staleMs = 3 * 24 * 60 * 60 * 1000
const againFirstMs = 60_000
const againMaxMs = 60 * 60_000

export class NewsDesk {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #keeper: NewsBookKeeper
  readonly #trouble: (failure: Failure) => void
  #book: NewsBook | null = null
  /** One after the other: whoever tells and whoever sends change the same book. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    keeper: NewsBookKeeper,
    clock: Pick<Clock, 'nowMs'>,
    trouble: (failure: Failure) => void = () => undefined,
  ) {
    this.#keeper = keeper
    this.#clock = clock
    this.#trouble = trouble
  }

  /** What is true now is compared with what was told; what is new is put down to be sent. */
  look(now: NewsNow, rules: NewsRules, channels: readonly Channel[]): Promise<void> {
    return this.#inTurn(async () => {
      const book = await this.#read()
      const answer = whatToTell(book.told, now, rules, this.#clock.nowMs())
      await this.#put({ ...book, told: answer.told }, answer.messages, channels)
    })
  }

  /** Something that happened, such as a card that may be pulled. */
  tell(message: Message, channels: readonly Channel[]): Promise<void> {
    return this.#inTurn(async () => this.#put(await this.#read(), [message], channels))
  }

  /** Sends what waits. Answers when the next one may go, null when nothing is left. */
  send(channels: readonly Channel[]): Promise<number | null> {
    return this.#inTurn(async () => {
      const nowMs = this.#clock.nowMs()
      for (const waiting of (await this.#read()).waiting)
        if (waiting.notBeforeMs <= nowMs) await this.#sendOne(waiting, channels, nowMs)
      const left = (await this.#read()).waiting
      return left.length === 0 ? null : Math.min(...left.map(({ notBeforeMs }) => notBeforeMs))
    })
  }

  async #sendOne(waiting: Waiting, channels: readonly Channel[], nowMs: number): Promise<void> {
    const { message } = waiting
    const left: string[] = []
    for (const [index, name] of waiting.channels.entries()) {
      const channel = channels.find((one) => one.name === name)
      // It was taken out of the settings.
      if (channel === undefined) continue
      // Noted as sent before it is: a kill in the very moment of sending costs this one message, and no person gets one twice.
      await this.#change(waiting, [...left, ...waiting.channels.slice(index + 1)], waiting.tries, waiting.notBeforeMs)
      const sent = await channel.send(message)
      if (sent.ok) continue
      this.#trouble(sent.failure)
      if (channel.triesAgain && nowMs - message.atMs < staleMs) left.push(name)
    }
    const againMs = Math.min(againMaxMs, againFirstMs * 2 ** waiting.tries)
    await this.#change(waiting, left, waiting.tries + 1, nowMs + againMs)
  }

  /** Nobody changes the book meanwhile: everything takes its turn. */
  async #change({ message }: Waiting, channels: readonly string[], tries: number, notBeforeMs: number): Promise<void> {
    const book = await this.#read()
    const others = book.waiting.filter((one) => one.message.id !== message.id)
    const left = channels.length === 0 ? [] : [{ message, channels, tries, notBeforeMs }]
    await this.#save({ ...book, waiting: [...others, ...left] })
  }

  async #put(book: NewsBook, messages: readonly Message[], channels: readonly Channel[]): Promise<void> {
    const known = new Set(book.waiting.map(({ message }) => message.id))
    const added = messages
      .filter(({ id }) => !known.has(id))
      .map((message): Waiting => {
        const ways = channels.filter(({ levels }) => levels.has(message.level)).map(({ name }) => name)
        return { message, channels: ways, tries: 0, notBeforeMs: 0 }
      })
      .filter((waiting) => waiting.channels.length > 0)
    const next = { ...book, waiting: [...book.waiting, ...added] }
    if (JSON.stringify(next) !== JSON.stringify(this.#book)) await this.#save(next)
  }

  async #read(): Promise<NewsBook> {
    this.#book ??= await this.#keeper.read()
    return this.#book
  }

  async #save(book: NewsBook): Promise<void> {
    await this.#keeper.save(book)
    this.#book = book
  }

  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const mine = this.#turn.then(act)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}
