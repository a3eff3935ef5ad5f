/**
 * One command at the server that hashes file after file, whose paths it is told line by line. To start one for each file would start the
 * account's login shell each time, which takes longer than the hashing of most pictures.
 */
import type { ClientChannel } from 'ssh2'
import type { Wire } from './wire.ts'

/**
 * Which tool there is, is decided once: tried one after the other, the second would hash the rest of what the first could not read.
 * Files are given as standard input, so that no name is printed or taken for an option.
 */
const script = [
  'if command -v sha256sum; then h() { sha256sum; }',
  'elif command -v shasum; then h() { shasum -a 256; }',
  'else h() { sha256; }; fi >/dev/null 2>&1',
  // The path is told back: an answer is taken for the file that was asked for, and for no other.
  String.raw`while IFS= read -r p; do h < "$p"; printf "= %s %s\n" "$?" "$p"; done`,
].join('\n')
/** The login shell may be any; this one is everywhere that has one at all. */
const command = `exec sh -c '${script}'`

/** Answers end with a line of this kind; what a login script says before the first is harmless. */
const endOfAnswer = /(?:^|\n)= (\d+) ([^\n]*)\n/
const saidMax = 64 * 1024

/** What was printed; '' when the file could not be hashed; `closed` when the command ended; `late` when nothing came in time. */
export type Said = { readonly text: string } | 'closed' | 'late'

export class HashShell {
  readonly wire: Wire
  #channel: ClientChannel | null = null
  #said = ''
  #path = ''
  #starts = 0
  #tell: ((said: Said) => void) | null = null
  /** One file after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(wire: Wire) {
    this.wire = wire
  }

  /** For paths without line breaks. Rejects when the connection is lost. */
  ask(path: string, timeoutMs: number): Promise<Said> {
    const mine = this.#turn.then(() => this.#ask(path, timeoutMs))
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  #ask(path: string, timeoutMs: number): Promise<Said> {
    return new Promise<Said>((resolve, reject) => {
      const timer = setTimeout(() => this.#tell?.('late'), timeoutMs)
      const settle = (): void => {
        clearTimeout(timer)
        this.#tell = null
        forget()
      }
      this.#tell = (said) => {
        settle()
        if (said === 'late') this.#letGo()
        resolve(said)
      }
      const forget = this.wire.onLost((error) => {
        clearTimeout(timer)
        this.#tell = null
        reject(error)
      })
      this.#path = path
      if (this.#channel !== null) this.#channel.write(`${path}\n`)
      else if (this.wire.isAlive) this.#start(path)
    })
  }

  /** What it may still say is not listened to any more. */
  #letGo(): void {
    this.#channel?.destroy()
    this.#channel = null
    this.#starts += 1
  }

  #start(path: string): void {
    this.#said = ''
    this.#starts += 1
    const mine = this.#starts
    const onChannel = (error: Error | undefined, channel: ClientChannel): void => {
      if (this.#starts !== mine) {
        if (error === undefined) channel.destroy()
        return
      }
      if (error !== undefined) return this.#tell?.('closed')
      this.#channel = channel
      channel.setEncoding('utf8')
      channel.on('data', (text: string) => {
        if (this.#channel === channel) this.#hear(text)
      })
      channel.stderr.resume()
      channel.on('error', () => undefined)
      channel.on('close', () => {
        if (this.#channel !== channel) return
        this.#channel = null
        this.#tell?.('closed')
      })
      channel.write(`${path}\n`)
    }
    try {
      this.wire.client.exec(command, onChannel)
    } catch {
      // `ssh2` throws when the connection is closing; what waits for it is told so in a moment.
      this.#tell?.('closed')
    }
  }

  #hear(text: string): void {
    this.#said += text
    const end = endOfAnswer.exec(this.#said)
    if (end === null) {
      if (this.#said.length > saidMax) this.#channel?.destroy()
      return
    }
    const [whole, code, path] = end
    const before = this.#said.slice(0, end.index)
    this.#said = this.#said.slice(end.index + whole.length)
    if (path === this.#path) this.#tell?.({ text: code === '0' ? before : '' })
  }
}
