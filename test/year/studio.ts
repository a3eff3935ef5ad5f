/** A photographer's year in small: a dozen cards, three cameras, a NAS, a PC, two drives, and clients who are early or late. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Result } from '../../src/domain/failure.ts'
import type { Requests } from '../../src/usecases/requests.ts'
import { MovedClock, requestsWith } from './moved-clock.ts'

export const dayMs = 24 * 60 * 60 * 1000

export interface ShotFile {
  readonly hash: string
  readonly job: string
  readonly card: string
  /** On the card. */
  readonly path: string
}

export interface StudioJob {
  readonly name: string
  readonly client: string
  readonly shotDay: number
  readonly deliverDay: number
  deliveredAtMs: number | null
}

/** Names as three makers give them; each counts on over all jobs, and one of them wraps. */
const cameras = [
  { name: (count: number): string => `DCIM/100EOSR5/IMG_${four(count)}.CR3`, count: 9990 },
  { name: (count: number): string => `DCIM/100MSDCF/DSC0${four(count)}.ARW`, count: 1 },
  { name: (count: number): string => `DCIM/100NZ8__/_DSC${four(count)}.NEF`, count: 500 },
]
const four = (count: number): string => String(((count - 1) % 9999) + 1).padStart(4, '0')

export class Studio {
  readonly clock = new MovedClock()
  readonly requests: Requests
  readonly root: string
  readonly library: string
  readonly second: string
  readonly drives: readonly string[]
  readonly cards: readonly string[]
  readonly startMs: number
  /** Every file that was ever shot. */
  readonly truth: ShotFile[] = []
  readonly jobs: StudioJob[] = []
  readonly #random: () => number
  readonly #counts = cameras.map(({ count }) => count)

  constructor(root: string, random: () => number) {
    this.root = root
    this.#random = random
    this.startMs = Date.now()
    this.library = join(root, 'nas')
    this.second = join(root, 'pc')
    this.drives = ['safe-a', 'safe-b'].map((name) => join(root, name))
    this.cards = Array.from({ length: 12 }, (_, index) =>
      join(root, 'cards', `CARD ${String(index + 1).padStart(2, '0')}`),
    )
    this.requests = requestsWith(join(root, 'home'), this.clock)
  }

  async setUp(): Promise<void> {
    for (const path of [this.library, this.second, ...this.drives, ...this.cards]) mkdirSync(path, { recursive: true })
    const add = async (role: 'library' | 'second' | 'drive', address: string, device: string): Promise<void> => {
      const name = device
      value(await this.requests.addPlace({ role, address, name, site: null, device }))
    }
    await add('library', this.library, 'nas')
    await add('second', this.second, 'pc')
    for (const [index, drive] of this.drives.entries()) await add('drive', drive, `safe ${index === 0 ? 'a' : 'b'}`)
    for (const drive of this.drives) this.intoSafe(drive)
  }

  /** Evening of that day. */
  moveToDay(day: number): void {
    this.clock.moveTo(this.startMs + day * dayMs)
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  intoSafe(drive: string): void {
    renameSync(drive, `${drive} (in the safe)`)
  }

  outOfSafe(drive: string): void {
    renameSync(`${drive} (in the safe)`, drive)
  }

  /** Where a drive is now. */
  whereIs(drive: string): readonly string[] {
    return [drive, `${drive} (in the safe)`]
  }

  /** The camera formats the card. Only a photographer does that, and only when the verdict allowed it. */
  format(card: string): void {
    rmSync(card, { recursive: true })
    mkdirSync(card)
  }

  shoot(card: string, job: StudioJob, files: number): void {
    const camera = this.below(cameras.length)
    for (let number = 0; number < files; number += 1) {
      const count = this.#counts[camera] ?? 1
      this.#counts[camera] = count + 1
      const path = cameras[camera]?.name(count) ?? ''
      const bytes = createHash('shake128', { outputLength: 2000 + this.below(30_000) })
        .update(`${job.name} ${card} ${path}`)
        .digest()
      const whole = join(card, path)
      mkdirSync(dirname(whole), { recursive: true })
      writeFileSync(whole, bytes)
      const seconds = Math.floor((this.startMs + job.shotDay * dayMs) / 1000) + number
      utimesSync(whole, seconds, seconds)
      this.truth.push({ hash: createHash('sha256').update(bytes).digest('hex'), job: job.name, card, path })
    }
  }
}

/** The value; a failure is the story's end. */
export function value<Value>(result: Result<Value>): Value {
  assert.ok(result.ok, result.ok ? '' : `${result.failure.code}: ${result.failure.sentence}`)
  return result.value
}

export const neverCancelled = new AbortController().signal
export const hearNothing = (): void => undefined
