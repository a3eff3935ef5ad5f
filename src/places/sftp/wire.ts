/**
 * One living SSH connection with an SFTP session in it. Every question has an end: a server that freezes with its sockets open would
 * keep a promise for ever, and so would a request that `ssh2` drops because the channel was closing.
 */
import type { Socket } from 'node:net'
import type { Client, SFTPWrapper } from 'ssh2'
import { ConnectionLost } from './sftp-failure.ts'
import type { SftpLimits } from './sftp-limits.ts'

type Answer<Value> = (error: Error | null | undefined, value: Value) => void
type Word = (error?: Error | null) => void

/** How a file gets a name here without ever replacing what has it (W2). */
export type Naming =
  /** OpenSSH: a plain rename links the new name, which fails when there is one, and then drops the old. */
  | 'rename-keeps'
  /** Another server that can link: the same in two steps of ours. */
  | 'link'
  /** Neither: looked first, then renamed. Two programs at the same moment are not kept apart. */
  | 'look-first'

interface Session {
  readonly client: Client
  readonly socket: Socket
  readonly sftp: SFTPWrapper
}

export class Wire {
  readonly client: Client
  readonly naming: Naming
  readonly canReplace: boolean
  readonly canFlush: boolean
  readonly tellsRoom: boolean
  /** Of one read or write, and how many of those are under way at once: about 2 MB, which fills a long line. */
  readonly pieceBytes: number
  readonly piecesAtOnce: number
  /** Folders that were seen or made through this connection. */
  readonly folders = new Set<string>()
  readonly #socket: Socket
  readonly #sftp: SFTPWrapper
  readonly #limits: SftpLimits
  readonly #open = new Set<(error: Error) => void>()
  #heardAtMs = performance.now()
  #lost: Error | null = null

  constructor({ client, socket, sftp }: Session, limits: SftpLimits) {
    this.client = client
    this.#socket = socket
    this.#sftp = sftp
    this.#limits = limits
    const extensions: unknown = Reflect.get(sftp, '_extensions')
    const offers = (name: string): boolean =>
      typeof extensions === 'object' && extensions !== null && name in extensions
    const software: unknown = Reflect.get(client, '_remoteVer')
    const isOpenSsh = typeof software === 'string' && software.startsWith('OpenSSH')
    const links = offers('hardlink@openssh.com')
    this.naming = links ? (isOpenSsh ? 'rename-keeps' : 'link') : 'look-first'
    this.canReplace = offers('posix-rename@openssh.com')
    this.canFlush = offers('fsync@openssh.com')
    this.tellsRoom = offers('statvfs@openssh.com')
    // Others than OpenSSH take 32 kB at once; `ssh2` would cut longer ones and wait for each cut.
    this.pieceBytes = isOpenSsh ? 62 * 4096 : 30_000
    this.piecesAtOnce = isOpenSsh ? 8 : 64
    // A reason to disconnect is a number too, and must not be taken for the answer to a question.
    const lose = (error: Error): void => this.drop(new ConnectionLost(error.message))
    sftp.on('error', lose)
    client.on('error', lose)
    for (const source of [sftp, client]) source.on('close', () => lose(new Error('the connection was closed')))
    sftp.on('end', () => lose(new Error('the session was ended')))
  }

  get isAlive(): boolean {
    return this.#lost === null
  }

  /** Ends the connection at once, and with it every open question. */
  drop(error: Error): void {
    if (this.#lost !== null) return
    this.#lost = error
    this.#socket.destroy()
    for (const reject of this.#open) reject(error)
    this.#open.clear()
  }

  /** Until the connection is lost, `fail` is told of it. Take it back with the answer. */
  onLost(fail: (error: Error) => void): () => void {
    if (this.#lost !== null) fail(this.#lost)
    else this.#open.add(fail)
    return () => this.#open.delete(fail)
  }

  /** A question with a value as its answer. */
  ask<Value>(put: (sftp: SFTPWrapper, answer: Answer<Value>) => void): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      if (this.#lost !== null) return reject(this.#lost)
      const watching = this.#watch()
      const settle = this.onLost((error) => {
        clearTimeout(watching.timer)
        reject(error)
      })
      put(this.#sftp, (error, value) => {
        settle()
        clearTimeout(watching.timer)
        this.#heardAtMs = performance.now()
        if (error === null || error === undefined) resolve(value)
        else reject(error)
      })
    })
  }

  /** A question that is answered by yes or an error. */
  tell(put: (sftp: SFTPWrapper, answer: Word) => void): Promise<void> {
    return this.ask<void>((sftp, answer) => put(sftp, (error) => answer(error)))
  }

  /** Ends the connection when nothing at all is heard for too long, or this one answer takes far too long. */
  #watch(): { timer: NodeJS.Timeout } {
    const begunMs = performance.now()
    const leftMs = (): number => {
      const nowMs = performance.now()
      const { silenceMs, answerMaxMs } = this.#limits
      return Math.min(silenceMs - (nowMs - Math.max(begunMs, this.#heardAtMs)), answerMaxMs - (nowMs - begunMs))
    }
    const look = (): void => {
      if (leftMs() <= 0) this.drop(new ConnectionLost('no answer in time'))
      else watching.timer = setTimeout(look, Math.ceil(leftMs()))
    }
    const watching = { timer: setTimeout(look, Math.ceil(leftMs())) }
    return watching
  }

  async close(): Promise<void> {
    if (this.#lost !== null) return
    const closed = new Promise<void>((resolve) => this.client.once('close', () => resolve()))
    this.client.end()
    const timer = setTimeout(() => this.drop(new ConnectionLost('closed by us')), this.#limits.stopMs)
    await closed
    clearTimeout(timer)
  }
}
