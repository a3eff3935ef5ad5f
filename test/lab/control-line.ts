/** A connection on which each line that is sent gets one line back, in order. */
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const triesMax = 100
const pauseMs = 20

interface Waiting {
  readonly resolve: (answer: string) => void
  readonly reject: (error: Error) => void
}

export class ControlLine implements Disposable {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    const end = (): void => {
      for (const { reject } of this.#waiting.splice(0))
        reject(new Error('the other side of the control socket is gone'))
    }
    socket.on('error', end).on('close', end)
    createInterface({ input: socket }).on('line', (line) => this.#waiting.shift()?.resolve(line))
  }

  /** Connects to a unix socket that is there already; between its name and its ear lies a moment, so it is asked again. */
  static async to(path: string): Promise<ControlLine> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await ControlLine.#once(path)
      } catch (error) {
        const isDeaf = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
        if (!isDeaf || tries === triesMax) throw error
        await sleep(pauseMs)
      }
    }
  }

  static async #once(path: string): Promise<ControlLine> {
    return await new Promise((resolve, reject) => {
      const socket = createConnection(path)
      socket.once('connect', () => resolve(new ControlLine(socket))).once('error', reject)
    })
  }

  /** Sends a line and gives the answer. Throws when the other side is gone. */
  async tell(line: string): Promise<string> {
    if (this.#socket.destroyed) throw new Error('the other side of the control socket is gone')
    return await new Promise<string>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#socket.write(`${line}\n`)
    })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
