/**
 * The way from a place's root down to a file. A link on it leads out of the place: a file behind it lies on another disk, perhaps as
 * the only copy there is, and counting or moving it here would be counting one copy twice or taking it from its place (D1, V2).
 *
 * The root itself may be reached by links, which is how a person mounts things. Between the look and the act another program could
 * still put a link there; the system has no call for it that Node can reach, and Fivefold has one writer.
 */
import { constants, lstatSync } from 'node:fs'
import { posix } from 'node:path'
import type { Failure, Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { absolutePath } from './folder-names.ts'
import { hasSystemCode, placeFailure } from './system-failure.ts'

export class RealWay {
  readonly #root: string
  readonly #place: string
  /** Folders that were real when they were last looked at. */
  readonly #real = new Set<string>()

  constructor(root: string, place: string) {
    this.#root = root
    this.#place = place
  }

  /**
   * Is every folder above this file a real one? `remembered` asks for each folder once, and is for reading only; `anew` asks for each
   * of them now, before a name is given or taken. Folders that are not there are no links. Fails with `place-error`.
   */
  check(path: string, how: 'remembered' | 'anew'): Result<void> {
    if (how === 'remembered' && this.#real.has(posix.dirname(path))) return done(undefined)
    try {
      for (const folder of foldersOnTheWay(path)) {
        if (how === 'remembered' && this.#real.has(folder)) continue
        const found = lstatSync(absolutePath(this.#root, folder), { throwIfNoEntry: false })
        if (found?.isSymbolicLink() === true) {
          this.#real.clear()
          return failed(isALink(this.#place, folder))
        }
        if (found?.isDirectory() !== true) break
        this.#real.add(folder)
      }
      return done(undefined)
    } catch (error) {
      // A file where a folder was looked for: what is asked for is not there, which whoever asked finds out by itself.
      if (hasSystemCode(error, 'ENOTDIR')) return done(undefined)
      return failed(placeFailure(error, this.#place, path))
    }
  }
}

/** All folders between the root and a file, outermost first. */
function foldersOnTheWay(path: string): readonly string[] {
  const folders: string[] = []
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) folders.push(folder)
  return folders.toReversed()
}

export const isALink = (place: string, path: string): Failure => ({
  code: 'place-error',
  sentence: `${path} at “${place}” is a link, and what a link leads to is no part of that place.`,
  advice:
    'Put what belongs there in place of the link, then run the same command again. Nothing was changed behind it.',
  place,
  path,
})

/** How the system says that a name is a link, when it was told not to follow one. */
export const saysItIsALink = (error: unknown): boolean => hasSystemCode(error, 'ELOOP', 'EMLINK')

/** Windows has no flag against following a link: there it is looked at first. Throws what the flag would give. */
export function refuseLinkWithoutFlag(path: string, noFollow = constants.O_NOFOLLOW ?? 0): void {
  if (noFollow !== 0) return
  if (lstatSync(path).isSymbolicLink()) throw Object.assign(new Error('a link'), { code: 'ELOOP' })
}
