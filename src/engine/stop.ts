import type { Cancel } from './contracts.ts'

/** A stop that the program itself can say: at the end of the hours of the upload, say. Also when `person` says it. */
export class Stop implements Cancel {
  readonly #listeners = new Set<() => void>()
  readonly #person: Cancel | null
  readonly #onPerson = (): void => this.abort()
  #aborted = false

  constructor(person: Cancel | null = null) {
    this.#person = person
    person?.addEventListener('abort', this.#onPerson, { once: true })
    if (person?.aborted === true) this.abort()
  }

  get aborted(): boolean {
    return this.#aborted
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }

  /** Nobody has to listen any more. */
  release(): void {
    this.#person?.removeEventListener('abort', this.#onPerson)
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }
}
