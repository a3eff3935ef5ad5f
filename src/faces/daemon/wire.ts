/**
 * What the command line and the daemon say to each other. A request is one HTTP POST to `/requests/NAME`, its answer one line of JSON
 * after the other: what is heard, what is asked of the person, and at the end the result. Both ends are the same version of the same
 * program, run by the same person, which is checked before anything else is said.
 */
import type { Happening } from '../../usecases/program.ts'
import type { Result } from '../../domain/failure.ts'

/** Carries the token of the note that only this person can read (S1). */
export const tokenHeader = 'x-fivefold-token'
export const versionHeader = 'x-fivefold-version'

/** Where a daemon listens, from the note beside its lock. */
export interface DaemonAddress {
  /** A Unix socket, or a named pipe on Windows. */
  readonly socketPath: string
  readonly token: string
  readonly version: string
  readonly pid: number
}

export interface Asked {
  /** Names this request for `stop` and for answers to questions: chosen by the one who asks. */
  readonly id: string
  /** Paths on a command line are meant from here. */
  readonly cwd: string
  /** In the order of the request's shape; null where the argument is no data. */
  readonly data: readonly unknown[]
}

/** Daemon to command line. */
export type Said =
  | { readonly heard: Happening }
  /** A sentence of a sign-in. */
  | { readonly told: string }
  /** A question of a sign-in; answered by a POST to `/answers/ID`. */
  | { readonly question: string }
  /** Nothing happens for now, and the line is alive. */
  | { readonly alive: true }
  | { readonly result: Result<unknown> }
  /** A bug in the daemon: its trace. */
  | { readonly bug: string }

/** Maps and bytes as JSON has no words for; everything else in our requests and answers is plain. */
export const encode = (value: unknown): string =>
  JSON.stringify(value, function replace(this: Readonly<Record<string, unknown>>, key: string, plain: unknown) {
    // Some bytes have a way of their own to become JSON, which has been gone by now: the value itself is asked.
    const part = this[key]
    if (part instanceof Map) return { $map: [...part] }
    if (part instanceof Uint8Array) return { $bytes: Buffer.from(part).toString('base64') }
    // JSON makes null of these.
    if (part === Number.POSITIVE_INFINITY) return { $number: 'Infinity' }
    return plain
  })

export const decode = (text: string): unknown => JSON.parse(text, (_key, part: unknown) => revive(part))

function revive(part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part
  if ('$map' in part && Array.isArray(part.$map)) return new Map(part.$map)
  if ('$bytes' in part && typeof part.$bytes === 'string') return new Uint8Array(Buffer.from(part.$bytes, 'base64'))
  return '$number' in part ? Number.POSITIVE_INFINITY : part
}
