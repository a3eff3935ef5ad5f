/** One request and its answer, with whatever fault it meets. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Fault, Provider } from './faults.ts'
import { isJson, parseJson } from './json.ts'
import type { Json } from './json.ts'

/** One line of the request log. */
export interface LogEntry {
  readonly number: number
  readonly atMs: number
  readonly provider: Provider | 'none'
  /** `google.upload.chunk` …; `unknown` when no service has such a path. */
  readonly kind: string
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Of the request's body, as they arrived, stored or not. */
  receivedBytes: number
  sentBytes: number
  /** 0 while it is open, or when the socket was closed without an answer. */
  status: number
  /** The upload session that it was about. */
  session: string | null
  /** What was done to it by a rule of the control. */
  fault: Fault['do'] | null
  /** The client closed the socket before it had sent everything. */
  broken: boolean
}

/** An answer that is no success, thrown from anywhere in a handler. */
export class Refusal extends Error {
  readonly answer: Answer
  constructor(answer: Answer) {
    super(`HTTP ${answer.status}`)
    this.answer = answer
  }
}

/** The body ended before its end: by a fault, or because the client went away. */
export class BodyCut extends Error {
  /** Null: what the service does by itself. */
  readonly keep: 'arrived' | 'nothing' | null
  readonly answer: Answer | null
  constructor(keep: 'arrived' | 'nothing' | null, answer: Answer | null) {
    super('The body was cut.')
    this.keep = keep
    this.answer = answer
  }
}

export interface Pace {
  upBytesPerSecond: number | null
  downBytesPerSecond: number | null
}

/** Lets so many bytes a second through, all connections together. */
export class Throttle {
  #readyAtMs = 0
  async pass(bytes: number, bytesPerSecond: number | null): Promise<void> {
    if (bytesPerSecond === null || bytesPerSecond <= 0) return
    const nowMs = performance.now()
    this.#readyAtMs = Math.max(this.#readyAtMs, nowMs) + (bytes / bytesPerSecond) * 1000
    const waitMs = this.#readyAtMs - nowMs
    // Short waits are saved up: a timer is no better than a millisecond or two.
    if (waitMs > 8) await sleep(waitMs)
  }
}

export interface Surroundings {
  readonly pace: Pace
  readonly up: Throttle
  readonly down: Throttle
  nowMs(): number
  /** The service's own body for a status. */
  errorBody(
    provider: Provider | 'none',
    answer: Answer,
  ): { body: string; type: string; headers?: Record<string, string> }
}

export class Exchange {
  readonly request: IncomingMessage
  readonly url: URL
  readonly entry: LogEntry
  readonly fault: Fault | null
  readonly #response: ServerResponse
  readonly #around: Surroundings
  #bodyRead = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    entry: LogEntry,
    fault: Fault | null,
    around: Surroundings,
  ) {
    this.request = request
    this.url = url
    this.entry = entry
    this.fault = fault
    this.#response = response
    this.#around = around
  }

  /** Scheme and host as the client wrote them, so that an address that is given back leads here again. */
  get origin(): string {
    const encrypted = 'encrypted' in this.request.socket
    return `${encrypted ? 'https' : 'http'}://${this.request.headers.host ?? 'localhost'}`
  }

  header(name: string): string | null {
    const value = this.request.headers[name]
    return typeof value === 'string' ? value : null
  }

  param(name: string): string | null {
    return this.url.searchParams.get(name)
  }

  get declaredBytes(): number | null {
    const text = this.header('content-length')
    return text === null ? null : Number(text)
  }

  /** The body as it comes. Throws {@link BodyCut}. */
  async *body(): AsyncGenerator<Buffer> {
    this.#bodyRead = true
    const { fault } = this
    let room = fault?.do === 'cut' ? fault.afterBytes : Infinity
    let at = 0
    for await (const whole of this.#incoming()) {
      const chunk = whole.subarray(0, room)
      room -= chunk.length
      if (fault?.do === 'damage' && fault.atByte >= at && fault.atByte < at + chunk.length) {
        const index = fault.atByte - at
        chunk[index] = (chunk[index] ?? 0) ^ 0x01
      }
      at += chunk.length
      if (chunk.length > 0) yield chunk
      if (room === 0 && fault?.do === 'cut') {
        if (fault.answer === undefined) this.request.socket.destroy()
        else await this.#drain()
        throw new BodyCut(fault.keep ?? null, fault.answer ?? null)
      }
    }
  }

  async *#incoming(): AsyncGenerator<Buffer> {
    const iterator: AsyncIterator<Buffer> = this.request.iterator({ destroyOnReturn: false })
    for (;;) {
      let next: IteratorResult<Buffer>
      try {
        next = await iterator.next()
      } catch {
        this.entry.broken = true
        throw new BodyCut(null, null)
      }
      if (next.done === true) break
      this.entry.receivedBytes += next.value.length
      await this.#around.up.pass(next.value.length, this.#around.pace.upBytesPerSecond)
      yield next.value
    }
    if (!this.request.complete) {
      this.entry.broken = true
      throw new BodyCut(null, null)
    }
  }

  /** Reads what is left of the body and forgets it. */
  async #drain(): Promise<void> {
    try {
      for await (const _ of this.#incoming());
    } catch {
      // Gone: there is nobody to answer.
    }
  }

  async bytes(most = 256 * 1024 * 1024): Promise<Buffer> {
    const parts: Buffer[] = []
    let length = 0
    for await (const chunk of this.body()) {
      parts.push(chunk)
      length += chunk.length
      if (length > most) throw new Refusal({ status: 413 })
    }
    return Buffer.concat(parts)
  }

  async text(): Promise<string> {
    return (await this.bytes(4 * 1024 * 1024)).toString('utf8')
  }

  /** An object; an empty body is `{}`. Null when it is no JSON object. */
  async json(): Promise<Json | null> {
    const text = await this.text()
    if (text.trim() === '') return {}
    const value = parseJson(text)
    return isJson(value) ? value : null
  }

  /** The answer of a handler. Whether it is sent at all may be for a fault to say. */
  async answer(status: number, body: unknown = null, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const { fault } = this
    if (!this.#bodyRead) await this.#drain()
    if (fault?.do === 'hang') return
    if (fault?.do === 'lose-answer') {
      if (fault.answer === undefined) this.close()
      else await this.refuse(fault.answer)
      return
    }
    if (body === null) return this.#send(status, '', headers)
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8'
    await this.#send(status, text, { 'content-type': type, ...headers })
  }

  /** An answer that a fault or a refusal gives, in the service's own form. */
  async refuse(answer: Answer): Promise<void> {
    if (!this.#bodyRead) await this.#drain()
    const made = this.#around.errorBody(this.entry.provider, answer)
    const body =
      answer.body === undefined
        ? made.body
        : typeof answer.body === 'string'
          ? answer.body
          : JSON.stringify(answer.body)
    await this.#send(answer.status, body, { 'content-type': made.type, ...made.headers, ...answer.headers })
  }

  /** Answers before the body was read, then closes. */
  refuseEarly(answer: Answer): void {
    const made = this.#around.errorBody(this.entry.provider, answer)
    this.entry.status = answer.status
    this.#response.writeHead(answer.status, { 'content-type': made.type, connection: 'close', ...answer.headers })
    this.#response.end(answer.body === undefined ? made.body : JSON.stringify(answer.body), () =>
      this.request.socket.destroy(),
    )
  }

  async #send(status: number, text: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const bytes = Buffer.from(text)
    await this.stream(status, { ...headers, 'content-length': String(bytes.length) }, [bytes])
  }

  /** Bytes of a stored file. */
  async stream(
    status: number,
    headers: Readonly<Record<string, string>>,
    chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  ): Promise<void> {
    const { fault } = this
    const response = this.#response
    if (response.destroyed || response.headersSent) return
    if (!this.#bodyRead) await this.#drain()
    this.entry.status = status
    response.writeHead(status, { date: new Date(this.#around.nowMs()).toUTCString(), ...headers })
    let at = 0
    for await (const chunk of chunks) {
      let piece = chunk
      if (fault?.do === 'damage-answer' && fault.atByte >= at && fault.atByte < at + chunk.length) {
        piece = Buffer.from(chunk)
        piece[fault.atByte - at] = (piece[fault.atByte - at] ?? 0) ^ 0x01
      }
      if (fault?.do === 'cut-answer') piece = piece.subarray(0, Math.max(0, fault.afterBytes - at))
      at += chunk.length
      this.entry.sentBytes += piece.length
      await this.#around.down.pass(piece.length, this.#around.pace.downBytesPerSecond)
      if (response.destroyed) return
      if (piece.length > 0 && this.request.method !== 'HEAD' && !response.write(piece)) await drained(response)
      if (fault?.do === 'cut-answer' && at >= fault.afterBytes) {
        // What was written must leave before the socket is closed.
        await new Promise<void>((resolve) => response.write('', () => resolve()))
        await sleep(20)
        this.close()
        return
      }
    }
    response.end()
  }

  close(): void {
    this.request.socket.destroy()
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off('drain', end)
      response.off('close', end)
      resolve()
    }
    response.on('drain', end)
    response.on('close', end)
  })
}
