/**
 * The memory of chunks on their way, shared by all files that are sent at once. Each file needs one chunk to go on, and a second to read
 * ahead while the first is sent; but with several files on the line it is busy anyway, so one chunk more than there are files is enough.
 */
export class ChunkMemory {
  #left: number
  readonly #free: Uint8Array[] = []
  readonly #waiting: (() => void)[] = []

  constructor(filesAtOnce: number) {
    this.#left = filesAtOnce + 1
  }

  /** First come first served. Nobody waits for ever: who holds one only waits for the line, and gives it back then. */
  async take(bytes: number): Promise<Uint8Array> {
    if (this.#left > 0) this.#left -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const same = this.#free.findIndex(({ length }) => length === bytes)
    const [kept] = this.#free.splice(Math.max(0, same), 1)
    return kept?.length === bytes ? kept : new Uint8Array(bytes)
  }

  give(buffer: Uint8Array): void {
    this.#free.push(buffer)
    const next = this.#waiting.shift()
    if (next === undefined) this.#left += 1
    else next()
  }
}
