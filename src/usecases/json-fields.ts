/** Reads JSON that anybody may have written, field by field; the first thing that is not as it should be ends the reading. */

/** Says which field is wrong. Never leaves the reader of a whole text, who turns it into an answer. */
export class FieldWrong extends Error {}

export class Fields {
  readonly #value: object
  /** Where it stands in the text, for the sentence. */
  readonly #where: string

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null) throw new FieldWrong(`${where} is missing or damaged`)
    this.#value = value
    this.#where = where
  }

  #at(key: string): unknown {
    return Reflect.get(this.#value, key)
  }

  #wrong(key: string): FieldWrong {
    return new FieldWrong(`${this.#where}.${key} is missing or damaged`)
  }

  isNull(key: string): boolean {
    return this.#at(key) === null || this.#at(key) === undefined
  }

  text(key: string): string {
    const value = this.#at(key)
    if (typeof value !== 'string') throw this.#wrong(key)
    return value
  }

  textOrNull(key: string): string | null {
    return this.isNull(key) ? null : this.text(key)
  }

  /** A path below a root with forward slashes; one that climbs or begins at the root of the disk is refused. */
  path(key: string): string {
    const path = this.text(key)
    const isSound = path.isWellFormed() && path.split('/').every((name) => name !== '' && name !== '.' && name !== '..')
    if (!isSound || path.includes('\0')) throw this.#wrong(key)
    return path
  }

  /** A count or a number of bytes: whole, and not below nothing. */
  whole(key: string): number {
    const value = this.#at(key)
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw this.#wrong(key)
    return value
  }

  flag(key: string): boolean {
    const value = this.#at(key)
    if (typeof value !== 'boolean') throw this.#wrong(key)
    return value
  }

  /** ISO 8601; answers milliseconds since 1970. */
  moment(key: string): number {
    const atMs = Date.parse(this.text(key))
    if (Number.isNaN(atMs)) throw this.#wrong(key)
    return atMs
  }

  oneOf<Word extends string>(key: string, words: readonly Word[]): Word {
    const value = this.text(key)
    const word = words.find((known) => known === value)
    if (word === undefined) throw this.#wrong(key)
    return word
  }

  /** What `parse` makes of the text; what it throws is a field that is wrong. */
  id<Id>(key: string, parse: (text: string) => Id): Id {
    const value = this.text(key)
    try {
      return parse(value)
    } catch {
      throw this.#wrong(key)
    }
  }

  object(key: string): Fields {
    return new Fields(this.#at(key), `${this.#where}.${key}`)
  }

  list(key: string): readonly Fields[] {
    const value = this.#at(key)
    if (!Array.isArray(value)) throw this.#wrong(key)
    return value.map((entry: unknown, index) => new Fields(entry, `${this.#where}.${key}[${index}]`))
  }
}

/** The outermost object of a text. */
export function rootOf(text: string): Fields {
  try {
    return new Fields(JSON.parse(text), 'the note')
  } catch (error) {
    if (error instanceof SyntaxError) throw new FieldWrong('it is cut off or no JSON')
    throw error
  }
}
