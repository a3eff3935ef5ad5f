/**
 * The memory of chunks on their way, shared by all files that are sent at once. Each file has one chunk at any time, so that none waits
 * for another's line while a server waits for it; but only one of them reads ahead into a second, since several keep the line busy anyway.
 */
export class ChunkMemory {
  #isSpareFree = true
  readonly #free: Uint8Array[] = []

  /** False while another file reads ahead. */
  takeSpare(): boolean {
    const isFree = this.#isSpareFree
    this.#isSpareFree = false
    return isFree
  }

  giveSpare(): void {
    this.#isSpareFree = true
  }

  take(bytes: number): Uint8Array {
    const same = this.#free.findIndex(({ length }) => length === bytes)
    // One of another length goes: memory never holds more than what is in use at once.
    const [kept] = this.#free.splice(Math.max(0, same), 1)
    return kept?.length === bytes ? kept : new Uint8Array(bytes)
  }

  give(buffer: Uint8Array): void {
    this.#free.push(buffer)
  }
}
