/**
 * The names of what is not finished, for kinds that keep it where everybody sees it. Several computers may send into one folder: by its
 * name it is known whose it is, and since when, so that a sweep takes only what is ours, or was left alone for a week.
 */
import { randomBytes } from 'node:crypto'

/** Where nobody said whose it is. */
const nobodysSign = '000000000000'

/** As in the folder kind: what another computer, or nobody we know, left behind is believed to be left behind after this time. */
export const strangersLeftOverMs = 7 * 24 * 60 * 60 * 1000

/** Who writes the names. */
export interface Signer {
  readonly sign: string
  readonly nowMs: () => number
}

export const signerOf = ({ sign = nobodysSign, nowMs = Date.now }: Partial<Signer>): Signer => ({ sign, nowMs })

/** `sign` is this home's: twelve hexadecimal digits. All of the name are such, and hyphens. */
export function unfinishedName({ sign, nowMs }: Signer): string {
  const seconds = Math.max(0, Math.floor(nowMs() / 1000)).toString(16)
  return `${sign}-${seconds.padStart(8, '0')}-${randomBytes(12).toString('hex')}`
}

export interface LeftBehind {
  /** Ours: nobody but this home wrote it. */
  readonly isOurs: (name: string) => boolean
  /** A stranger's that nobody touched for a week, by its own name, by the server's time for it, and by every clock that was asked. */
  readonly isOld: (name: string, touchedMs: number) => boolean
}

/**
 * A clock that is wrong must not end another computer's work, so there are several of them, ours and the server's, and all must agree. What
 * tells no time of its own is not old. A file may have got the time of its picture already: then the name tells when it was begun.
 */
export function leftBehind(sign: string, clocksMs: readonly number[]): LeftBehind {
  return {
    isOurs: (name) => sign !== nobodysSign && written.exec(name)?.[1] === sign,
    isOld: (name, touchedMs) => {
      if (touchedMs <= 0) return false
      const begunMs = Number.parseInt(written.exec(name)?.[2] ?? '0', 16) * 1000
      const lastMs = Math.max(touchedMs, begunMs)
      return clocksMs.every((nowMs) => nowMs - lastMs > strangersLeftOverMs)
    },
  }
}

const written = /([0-9a-f]{12})-([0-9a-f]{8,12})-[0-9a-f]{24}/
