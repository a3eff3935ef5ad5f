/**
 * Who may see the page (S2): only whoever can read the secret in the home folder, and that is this person. `fivefold page` makes a key
 * from it, good once and for some minutes; the program takes it and gives the browser a cookie in its place. The secret itself never leaves.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Long enough to copy it by hand from one window to another, short enough that one found in a scrollback is worth nothing. */
const keyLastsMs = 5 * 60_000

const sign = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('base64url')

function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)]
  return one.length === other.length && timingSafeEqual(one, other)
}

export function makeKey(secret: string, nowMs: number): string {
  const said = `${nowMs.toString(36)}.${randomBytes(12).toString('base64url')}`
  return `${said}.${sign(secret, `key ${said}`)}`
}

export const cookieFor = (secret: string): string => sign(secret, 'cookie')
export const isCookie = (secret: string, given: string): boolean => isSame(cookieFor(secret), given)

/** Remembers the keys that were used, for as long as they could be used again. */
export class KeyRing {
  readonly #secret: string
  readonly #used = new Map<string, number>()

  constructor(secret: string) {
    this.#secret = secret
  }

  /** True once for each key that is ours and still fresh. */
  admit(key: string, nowMs: number): boolean {
    const [made = '', chance = '', signature = ''] = key.split('.')
    if (!isSame(sign(this.#secret, `key ${made}.${chance}`), signature)) return false
    const madeAtMs = Number.parseInt(made, 36)
    for (const [used, untilMs] of this.#used) if (untilMs < nowMs) this.#used.delete(used)
    if (nowMs - madeAtMs > keyLastsMs || madeAtMs > nowMs + keyLastsMs || this.#used.has(chance)) return false
    this.#used.set(chance, madeAtMs + keyLastsMs)
    return true
  }
}
