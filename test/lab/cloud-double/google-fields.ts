/** Google’s partial answers: `fields=nextPageToken,files(id,size,owners/me)`. Hashes are absent unless they are asked for here. */
import { Refusal } from './exchange.ts'
import { isJson } from './json.ts'
import type { Json } from './json.ts'

type Mask = Map<string, Mask | null>

export function pickFields(whole: Json, fields: string, known: (path: string) => boolean): Json {
  const reader = new MaskReader(fields, known)
  const mask = reader.read()
  const picked = pick(whole, mask)
  return isJson(picked) ? picked : {}
}

class MaskReader {
  readonly #text: string
  readonly #known: (path: string) => boolean
  #at = 0

  constructor(text: string, known: (path: string) => boolean) {
    this.#text = text
    this.#known = known
  }

  read(): Mask {
    const mask = this.#list('')
    if (this.#at < this.#text.length) this.#refuse(this.#text.slice(this.#at))
    return mask
  }

  #list(prefix: string): Mask {
    const mask: Mask = new Map()
    for (;;) {
      this.#one(prefix, mask)
      if (this.#text[this.#at] !== ',') return mask
      this.#at++
    }
  }

  #one(prefix: string, mask: Mask): void {
    const name = /^[\s]*([A-Za-z0-9_*-]+)[\s]*/.exec(this.#text.slice(this.#at))
    if (name === null) return this.#refuse(this.#text.slice(this.#at))
    this.#at += name[0].length
    const word = name[1] ?? ''
    const path = prefix === '' ? word : `${prefix}.${word}`
    if (word !== '*' && !this.#known(path)) this.#refuse(path)
    const next = this.#text[this.#at]
    if (next === '/') {
      this.#at++
      const below: Mask = new Map()
      this.#one(path, below)
      mask.set(word, merge(mask.get(word), below))
    } else if (next === '(') {
      this.#at++
      const below = this.#list(path)
      if (this.#text[this.#at] !== ')') this.#refuse(this.#text)
      this.#at++
      mask.set(word, merge(mask.get(word), below))
    } else mask.set(word, null)
  }

  #refuse(selection: string): never {
    throw new Refusal({ status: 400, reason: 'invalidParameter', body: invalidSelection(selection) })
  }
}

function merge(old: Mask | null | undefined, below: Mask): Mask | null {
  if (old === null) return null
  return old === undefined ? below : new Map([...old, ...below])
}

function invalidSelection(selection: string): Json {
  const message = `Invalid field selection ${selection}`
  const error = { message, domain: 'global', reason: 'invalidParameter', location: 'fields', locationType: 'parameter' }
  return { error: { code: 400, message, errors: [error] } }
}

function pick(value: unknown, mask: Mask | null): unknown {
  if (mask === null || mask.has('*')) return value
  if (Array.isArray(value)) return value.map((one: unknown) => pick(one, mask))
  if (!isJson(value)) return value
  const picked: Json = {}
  for (const [name, below] of mask) if (name in value) picked[name] = pick(value[name], below)
  return picked
}
