/** Gives a name without replacing what has it (W2), also at a server that does not obey. */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import { serviceError } from '../cloud/cloud-failure.ts'
import { folderTaken } from './webdav-failure.ts'
import type { WebdavServer } from './webdav-server.ts'

export class NameGiving {
  readonly #server: WebdavServer
  #obeys: boolean | null

  /** `knownToObey` for a server that needs no trial. */
  constructor(server: WebdavServer, knownToObey: boolean) {
    this.#server = server
    this.#obeys = knownToObey ? true : null
  }

  /** Both are paths of the place, and `from` is a file. */
  async give(from: string, to: string): Promise<Result<'moved' | 'taken' | 'absent'>> {
    const server = this.#server
    const obeys = await this.#tryOut()
    if (!obeys.ok) return obeys
    if (!obeys.value) {
      // Something that gets the name between this look and the move is lost: all that can be done at such a server.
      const there = await server.entry(server.at(to), to)
      if (!there.ok) return there
      if (there.value !== null) return done('taken')
    }
    const moved = await server.move(server.at(from), to, { overwrite: false })
    if (moved.ok && moved.value.status === 404) return this.#notFound(from, to)
    if (moved.ok) return done(moved.value.status === 412 ? 'taken' : 'moved')
    // Onto a folder: to nginx that is a conflict.
    const inTheWay = moved.failure.cause?.startsWith('HTTP 409') === true ? await server.entry(server.at(to), to) : null
    return inTheWay?.ok === true && inTheWay.value !== null ? done('taken') : moved
  }

  /** nginx says so as well when what is not to be found is the folder. */
  async #notFound(from: string, to: string): Promise<Result<'absent'>> {
    const server = this.#server
    const there = await server.entry(server.at(from), from)
    if (!there.ok) return there
    if (there.value === null) return done('absent')
    return failed(
      (await server.isBelowFile(to)) ? folderTaken(server.place, to) : serviceError(server.place, 'HTTP 404'),
    )
  }

  /**
   * Does the server refuse to replace when it is told `Overwrite: F`? Apache, nginx and SabreDAV do (RFC 4918, 9.9.4), but it is no
   * longer a question of trust: two small files of our own, one given the name of the other, once for each time the place is opened.
   */
  async #tryOut(): Promise<Result<boolean>> {
    if (this.#obeys !== null) return done(this.#obeys)
    const server = this.#server
    const trial = server.newPartial()
    const [one, other] = [`${trial}-one`, `${trial}-other`]
    const bytes = new TextEncoder().encode('trial')
    try {
      for (const path of [one, other]) {
        const laid = await server.putWhole(path, bytes, {})
        if (!laid.ok) return laid
      }
      const moved = await server.move(server.at(one), other, { overwrite: false })
      if (!moved.ok) return moved
      this.#obeys = moved.value.status === 412
      return done(this.#obeys)
    } finally {
      for (const path of [one, other]) await server.remove(server.at(path), path)
    }
  }
}
