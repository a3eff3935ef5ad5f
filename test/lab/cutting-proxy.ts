/**
 * A TCP forwarder that breaks what goes through it, for any service: refuses, cuts after so many bytes, swallows the answer to a
 * request that it let through, is slow; and counts. It looks at bytes only, so it knows no protocol, but can be told which request it is
 * waiting for by a text in it.
 */
import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  /** From the client to the server, since the proxy was made or `forget` was called. */
  readonly bytesSent: number
  readonly bytesAnswered: number
  forget(): void
  /** Cuts all connections once so many more bytes have gone to the server. */
  cutAfter(bytes: number): void
  /**
   * Lets the next request with this text in it through, and cuts before any byte of its answer comes back. The promise is kept when
   * the answer was swallowed. Never put a text here that is cut in two by a packet: the head of a request is one.
   */
  cutAnswerTo(text: string): Promise<void>
  /** So long every piece waits before it goes on, each way. */
  delay(ms: number): void
  /** From now on nobody is let in, and who is in is thrown out; `refuse(false)` ends it. */
  refuse(is: boolean): void
}

export async function startCuttingProxy(serverPort: number, host = '127.0.0.1'): Promise<CuttingProxy> {
  const pairs = new Set<Pair>()
  const rules: Rules = { cutAt: Infinity, delayMs: 0, sent: 0, answered: 0, waiting: [] }
  const cutAll = (): void => {
    for (const pair of pairs) pair.cut()
  }
  let refuses = false
  const server: Server = createServer({ noDelay: true }, (client) => {
    if (refuses) {
      client.destroy()
      return
    }
    const pair = new Pair(client, connect({ port: serverPort, host, noDelay: true }), rules, cutAll)
    pairs.add(pair)
    void pair.ended.then(() => pairs.delete(pair))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    port: address.port,
    get bytesSent() {
      return rules.sent
    },
    get bytesAnswered() {
      return rules.answered
    },
    forget: () => {
      rules.sent = 0
      rules.answered = 0
    },
    cutAfter: (bytes) => {
      rules.cutAt = rules.sent + bytes
    },
    cutAnswerTo: (text) => new Promise((resolve) => rules.waiting.push({ text, swallowed: resolve })),
    delay: (ms) => {
      rules.delayMs = ms
    },
    refuse: (is) => {
      refuses = is
      if (is) cutAll()
    },
    [Symbol.asyncDispose]: async () => {
      cutAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Rules {
  cutAt: number
  delayMs: number
  sent: number
  answered: number
  waiting: { readonly text: string; readonly swallowed: () => void }[]
}

/** One connection, and the one behind it. */
class Pair {
  readonly ended: Promise<void>
  readonly #client: Socket
  readonly #server: Socket
  readonly #rules: Rules
  readonly #cutAll: () => void
  #swallows: (() => void) | null = null

  constructor(client: Socket, server: Socket, rules: Rules, cutAll: () => void) {
    this.#client = client
    this.#server = server
    this.#rules = rules
    this.#cutAll = cutAll
    client.on('data', (bytes: Buffer) => this.#onSent(bytes))
    server.on('data', (bytes: Buffer) => this.#onAnswered(bytes))
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => this.cut())
      from.on('end', () => this.#later(() => to.end()))
      from.on('drain', () => to.resume())
    }
    this.ended = new Promise((resolve) => client.on('close', () => resolve()))
    server.on('close', () => this.#later(() => client.destroy()))
    client.on('close', () => server.destroy())
  }

  /**
   * As a cable that is pulled out: a reset, no goodbye. One that has said goodbye already is only closed: a reset is refused while its end
   * is under way, and Node then waits for it at the end of the process for good.
   */
  cut(): void {
    if (this.#client.writableEnded) this.#client.destroy()
    else this.#client.resetAndDestroy()
    this.#server.destroy()
  }

  #later(act: () => void): void {
    if (this.#rules.delayMs === 0) act()
    else setTimeout(act, this.#rules.delayMs)
  }

  #pass(from: Socket, to: Socket, bytes: Buffer): void {
    this.#later(() => {
      if (!to.destroyed && !to.write(bytes)) from.pause()
    })
  }

  #onSent(bytes: Buffer): void {
    const rules = this.#rules
    const at = rules.waiting.findIndex(({ text }) => bytes.includes(text))
    if (at !== -1) this.#swallows = rules.waiting.splice(at, 1)[0]?.swallowed ?? null
    const left = rules.cutAt - rules.sent
    const through = bytes.subarray(0, Math.max(0, Math.min(bytes.length, left)))
    rules.sent += through.length
    if (through.length > 0) this.#pass(this.#client, this.#server, through)
    if (bytes.length < left) return
    rules.cutAt = Infinity
    this.#cutAll()
  }

  #onAnswered(bytes: Buffer): void {
    if (this.#swallows === null) {
      this.#rules.answered += bytes.length
      this.#pass(this.#server, this.#client, bytes)
      return
    }
    this.#swallows()
    this.#swallows = null
    this.cut()
  }
}
