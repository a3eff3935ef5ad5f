import { writeSync } from 'node:fs'
import type { PlaceId } from '../../domain/ids.ts'
import type { Progress, Watch } from '../../engine/contracts.ts'
import { knockingAtCard, knockingAtFirstPlace, knockingAtNobody } from './wire.ts'

interface Wait {
  readonly where: string
  readonly verb: string
  readonly sinceMs: number
}

/** Keeps what the child waits for, and tells it in a byte that can be read when the child hangs. */
export class Waits {
  readonly #open = new Set<Wait>()
  readonly #byte = new Uint8Array(1)
  readonly #fd: number | null
  #places: readonly string[] = []

  constructor(fd: number | null) {
    this.#fd = fd
  }

  /** The places of the work that begins now, in the order in which the byte counts them. */
  setPlaces(places: readonly PlaceId[]): void {
    this.#places = places
  }

  longest(nowMs: number): { where: string; verb: string; forMs: number } | null {
    let oldest: Wait | null = null
    for (const wait of this.#open) if (oldest === null || wait.sinceMs < oldest.sinceMs) oldest = wait
    return oldest === null ? null : { where: oldest.where, verb: oldest.verb, forMs: nowMs - oldest.sinceMs }
  }

  begin(where: string, verb: string): () => void {
    const wait: Wait = { where, verb, sinceMs: performance.now() }
    this.#open.add(wait)
    this.#knock(where)
    return () => {
      this.#open.delete(wait)
    }
  }

  #knock(where: string): void {
    const index = this.#places.indexOf(where)
    const number = where === 'card' ? knockingAtCard : index < 0 ? knockingAtNobody : knockingAtFirstPlace + index
    if (this.#fd === null || this.#byte[0] === number) return
    this.#byte[0] = number
    writeSync(this.#fd, this.#byte, 0, 1, 0)
  }
}

const progressEveryMs = 200

export function makeWatch(waits: Waits, tell: (progress: Progress) => void): Watch {
  let bytesRead = 0
  let bytesWritten = 0
  let bytesProven = 0
  let path = ''
  let toldMs = 0
  return {
    begin: (where, verb) => waits.begin(where, verb),
    moved: (moved) => {
      bytesRead += moved.read ?? 0
      bytesWritten += moved.written ?? 0
      bytesProven += moved.proven ?? 0
      path = moved.path ?? path
      const nowMs = performance.now()
      if (nowMs - toldMs < progressEveryMs) return
      toldMs = nowMs
      tell({ bytesRead, bytesWritten, bytesProven, path })
    },
  }
}
