/** Arguments of Dropbox calls: header-safe JSON or a JSON body, with nothing unknown in it. What is malformed is a 400 in plain text. */
import { Refusal } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { asNumber, asText, isJson, parseJson } from './json.ts'
import type { Json } from './json.ts'

export function malformed(route: string, why: string): Refusal {
  return new Refusal({
    status: 400,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: `Error in call to API function "${route}": ${why}`,
  })
}

/** Of a content call: in the header, or in the query as `arg`. */
export function headerArg(x: Exchange, route: string): Json {
  const text = x.header('dropbox-api-arg') ?? x.param('arg')
  if (text === null) throw malformed(route, 'Must provide HTTP header "Dropbox-API-Arg" or URL parameter "arg".')
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0x7e)
      throw malformed(route, 'HTTP header "Dropbox-API-Arg": could not decode input as JSON')
  }
  const value = parseJson(text)
  if (!isJson(value)) throw malformed(route, 'HTTP header "Dropbox-API-Arg": could not decode input as JSON')
  return value
}

/** Of a call with JSON in its body. */
export async function bodyArg(x: Exchange, route: string): Promise<Json> {
  const type = x.header('content-type') ?? ''
  const text = await x.text()
  if (!/^application\/json(;|$)|^text\/plain; ?charset=dropbox-cors-hack$/.test(type)) {
    throw malformed(
      route,
      `Bad HTTP "Content-Type" header: "${type}".  Expecting one of "application/json", "application/json; charset=utf-8", "text/plain; charset=dropbox-cors-hack".`,
    )
  }
  const value = parseJson(text)
  if (!isJson(value)) throw malformed(route, 'request body: could not decode input as JSON')
  return value
}

/** For calls without an argument: the body is `null`, or there is none and no type for it. */
export async function noArg(x: Exchange, route: string): Promise<void> {
  const text = await x.text()
  if (text !== '' && text !== 'null') throw malformed(route, 'request body: expected null')
}

/** The body of a content call must call itself a stream of bytes. */
export function mustBeStream(x: Exchange, route: string): void {
  const type = x.header('content-type') ?? ''
  if (/^application\/octet-stream|^text\/plain; ?charset=dropbox-cors-hack$/.test(type)) return
  throw malformed(
    route,
    `Bad HTTP "Content-Type" header: "${type}".  Expecting one of "application/octet-stream", "text/plain; charset=dropbox-cors-hack".`,
  )
}

export class Args {
  readonly #route: string
  readonly #values: Json
  constructor(route: string, values: Json, allowed: string) {
    this.#route = route
    this.#values = values
    const names = allowed.split(' ')
    for (const name of Object.keys(values)) {
      if (!names.includes(name)) throw malformed(route, `request body: unknown field '${name}'`)
    }
  }
  #missing(name: string): Refusal {
    return malformed(this.#route, `request body: missing required field '${name}'`)
  }
  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null
  }
  text(name: string): string {
    const value = asText(this.#values[name])
    if (value === null) throw this.#missing(name)
    return value
  }
  textOr(name: string, instead: string | null): string | null {
    return this.has(name) ? this.text(name) : instead
  }
  number(name: string): number {
    const value = asNumber(this.#values[name])
    if (value === null || !Number.isInteger(value)) throw this.#missing(name)
    return value
  }
  numberOr(name: string, instead: number): number {
    return this.has(name) ? this.number(name) : instead
  }
  flag(name: string, instead = false): boolean {
    const value = this.#values[name]
    return typeof value === 'boolean' ? value : instead
  }
  below(name: string, allowed: string): Args {
    const value = this.#values[name]
    if (!isJson(value)) throw this.#missing(name)
    return new Args(this.#route, value, allowed)
  }
  list(name: string): readonly Json[] {
    const value = this.#values[name]
    if (!Array.isArray(value) || !value.every(isJson)) throw this.#missing(name)
    return value
  }
  /** A union: its tag, and its value where it has one. */
  union(name: string, instead: string): { tag: string; value: Json } {
    const value = this.#values[name]
    if (value === undefined || value === null) return { tag: instead, value: {} }
    if (typeof value === 'string') return { tag: value, value: {} }
    if (!isJson(value) || typeof value['.tag'] !== 'string') throw malformed(this.#route, `${name}: expected a union`)
    return { tag: value['.tag'], value }
  }
}
