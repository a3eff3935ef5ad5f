/**
 * The proof that SSH servers can give: the account may run `sha256sum` there (grade A). Many may not: then the command is refused,
 * answers nonsense, or never ends. So it is believed only after it was right about a few bytes that nobody could know before.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { ClientChannel } from 'ssh2'
import { ConnectionLost } from './sftp-failure.ts'
import { HashShell } from './hash-shell.ts'
import type { SftpLimits } from './sftp-limits.ts'
import { closeFile, openFile, unlink } from './verbs.ts'
import type { Wire } from './wire.ts'

/** For servers that let run this and no shell, and for names with line breaks. */
const plainCommand = 'sha256sum --'

/** A server opens at most ten channels for a connection, as a rule. */
const commandsAtOnce = 4
/** A slow disk reads at least so much in a second. */
const slowBytesPerMs = 5000

/** By one command for all files, by one for each, or not at all. */
type Known = 'shell' | 'plain' | 'missing'

export class StoredDigest {
  readonly #limits: SftpLimits
  #known: Known | null = null
  #probing: Promise<Known> | null = null
  #shell: HashShell | null = null
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(limits: SftpLimits) {
    this.#limits = limits
  }

  /** Null until it was tried. */
  get works(): boolean | null {
    return this.#known === null ? null : this.#known !== 'missing'
  }

  /** Lays a few bytes into a folder that is there, and asks for their hash. Rejects when the connection is lost. */
  async probe(wire: Wire, folder: string): Promise<boolean> {
    if (this.#known === null) {
      this.#probing ??= this.#try(wire, folder).finally(() => {
        this.#probing = null
      })
      this.#known = await this.#probing
    }
    return this.#known !== 'missing'
  }

  /** It could not be tried here: copies are read back. */
  giveUp(): void {
    this.#known ??= 'missing'
  }

  async #try(wire: Wire, folder: string): Promise<Known> {
    const bytes = randomBytes(32)
    const expected = createHash('sha256').update(bytes).digest('hex')
    // A name with all that a shell could misunderstand.
    const path = `${folder}/probe ' $x ${bytes.toString('hex', 0, 8)}.part`
    const handle = await openFile(wire, path, 'wx')
    try {
      await wire.tell((sftp, answer) => sftp.write(handle, bytes, 0, bytes.length, 0, answer))
      const told = await this.#shellAt(wire).ask(path, this.#limits.probeMs)
      // Who takes a command and never answers is not asked for another.
      if (told === 'late') return 'missing'
      if (told !== 'closed' && digestIn(told.text) === expected) return 'shell'
      const said = await this.#run(wire, `${plainCommand} ${quoted(path)}`, this.#limits.probeMs)
      return said !== null && digestIn(said) === expected ? 'plain' : 'missing'
    } finally {
      await closeFile(wire, handle)
      await unlink(wire, path).catch(() => undefined)
    }
  }

  /** Null where the server does not tell. Rejects when the connection is lost, also because no answer came in time. */
  async of(wire: Wire, path: string, bytes: number): Promise<string | null> {
    if (this.works !== true) return null
    const timeoutMs = this.#limits.silenceMs + bytes / slowBytesPerMs
    const said = await this.#ask(wire, path, timeoutMs)
    if (said === null) throw new ConnectionLost('the hash of a file was not told in time')
    return digestIn(said)
  }

  /** Null when nothing came in time. */
  async #ask(wire: Wire, path: string, timeoutMs: number): Promise<string | null> {
    if (this.#known !== 'shell' || path.includes('\n'))
      return this.#run(wire, `${plainCommand} ${quoted(path)}`, timeoutMs)
    let told = await this.#shellAt(wire).ask(path, timeoutMs)
    // Servers end what was idle for long; then it is begun anew.
    if (told === 'closed') told = await this.#shellAt(wire).ask(path, timeoutMs)
    if (told === 'late') return null
    return told === 'closed' ? '' : told.text
  }

  #shellAt(wire: Wire): HashShell {
    if (this.#shell?.wire !== wire) this.#shell = new HashShell(wire)
    return this.#shell
  }

  async #run(wire: Wire, command: string, timeoutMs: number): Promise<string | null> {
    if (this.#running >= commandsAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#running += 1
    try {
      return await runCommand(wire, command, timeoutMs)
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }
}

/** Printed text is bounded: what a login script says besides is of no interest. */
const saidMax = 16 * 1024

/** Null when it may not be run or does not end; '' when it ended badly. */
function runCommand(wire: Wire, command: string, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let letGo = (): void => undefined
    const settle = (said: string | null): void => {
      clearTimeout(timer)
      letGo()
      resolve(said)
    }
    const timer = setTimeout(() => settle(null), timeoutMs)
    const forget = wire.onLost((error) => {
      clearTimeout(timer)
      reject(error)
    })
    letGo = forget
    if (!wire.isAlive) return
    const onChannel = (error: Error | undefined, channel: ClientChannel): void => {
      if (error !== undefined) return settle(null)
      letGo = () => {
        forget()
        channel.destroy()
      }
      let said = ''
      let code: unknown = null
      channel.on('data', (data: Buffer) => {
        if (said.length < saidMax) said += data.toString('utf8')
      })
      channel.stderr.resume()
      channel.on('error', () => undefined)
      channel.on('exit', (exit: unknown) => {
        code = exit
      })
      channel.on('close', () => settle(code === 0 ? said : ''))
      // An account that may only transfer files hands every command to a server that waits for requests: this ends it.
      channel.end()
    }
    try {
      wire.client.exec(command, onChannel)
    } catch {
      // `ssh2` throws when the connection is closing; what waits for it is told so in a moment.
      settle(null)
    }
  })
}

/** The one digest in what was printed; null when there is none, or more than one. */
export function digestIn(said: string): string | null {
  const found = [...said.matchAll(/^\\?([0-9a-f]{64})(?=\s|$)/gm)].map(([, digest]) => digest)
  return found.length === 1 ? (found[0] ?? null) : null
}

/** For a shell: everything between single quotes stands for itself. */
export const quoted = (path: string): string => `'${path.replaceAll("'", String.raw`'\''`)}'`
