/**
 * Files on their way into the folder of a restore that outlive the run. The name of each tells what it is to be, how much of it is
 * on the medium, and who writes it: one rename takes it over from a run that is over, and of two that try only one gets it.
 */
import { lstatSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { ContentHash } from '../../domain/ids.ts'
import type { OnTheWay } from '../../domain/temporary-name.ts'
import { onTheWayName, onTheWayOf } from '../../domain/temporary-name.ts'
import { isLeftOver } from './sessions.ts'
import { hasSystemCode } from './system-failure.ts'

/** Open in this very process, where the process number in a name tells nothing. */
const held = new Set<string>()

/** Nobody goes on with it after a week: by then the space is worth more than the bytes. */
const worthKeepingMs = 7 * 24 * 60 * 60 * 1000

/** True for what a sweep leaves to a later run. */
export function isKept(folder: string, name: string): boolean {
  const onTheWay = onTheWayOf(name)
  if (onTheWay === null || onTheWay.keptBytes === 0) return false
  return Date.now() - lstatSync(join(folder, name)).mtimeMs < worthKeepingMs
}

/** One file on its way, under the name that it has right now. */
export class OnTheWayFile {
  readonly keptBytes: number
  readonly #folder: string
  readonly #own: string
  #what: OnTheWay

  private constructor(folder: string, own: string, what: OnTheWay) {
    this.#folder = folder
    this.#own = own
    this.#what = what
    this.keptBytes = what.keptBytes
    held.add(this.path)
  }

  /** The farthest that a run which is over left of these bytes; else a new one, which is not made yet. */
  static take(folder: string, own: string, hash: ContentHash, bytes: number): OnTheWayFile {
    const left = readdirSync(folder)
      .flatMap((name) => {
        const what = onTheWayOf(name)
        return what !== null && what.hash === hash && what.bytes === bytes ? [{ name, what }] : []
      })
      .toSorted((a, b) => b.what.keptBytes - a.what.keptBytes)
    for (const { name, what } of left) {
      const from = join(folder, name)
      if (what.keptBytes === 0 || what.keptBytes > bytes || held.has(from)) continue
      try {
        if (!lstatSync(from).isFile() || lstatSync(from).size < what.keptBytes || !isLeftOver(folder, name)) continue
        renameSync(from, join(folder, onTheWayName(own, what)))
        return new OnTheWayFile(folder, own, what)
      } catch (error) {
        // Another run was faster, or it can't be taken over: then it is begun anew beside it.
        if (!hasSystemCode(error, 'ENOENT', 'EACCES', 'EPERM', 'EBUSY')) throw error
      }
    }
    return new OnTheWayFile(folder, own, { hash, bytes, keptBytes: 0 })
  }

  get path(): string {
    return join(this.#folder, onTheWayName(this.#own, this.#what))
  }

  get isWorthKeeping(): boolean {
    return this.#what.keptBytes > 0
  }

  /** So much is on the medium now. Where an open file can't be renamed, a later run goes on from farther back. */
  kept(keptBytes: number): void {
    const before = this.path
    const what = { ...this.#what, keptBytes }
    try {
      renameSync(before, join(this.#folder, onTheWayName(this.#own, what)))
    } catch (error) {
      if (!hasSystemCode(error, 'EACCES', 'EPERM', 'EBUSY', 'ETXTBSY')) throw error
      return
    }
    this.#what = what
    held.delete(before)
    held.add(this.path)
  }

  letGo(): void {
    held.delete(this.path)
  }
}
