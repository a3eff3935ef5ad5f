import type { ContentHash } from './ids.ts'
import { parseContentHash } from './ids.ts'

/**
 * The names of temporary files tell who writes them, so that a sweep takes only what nobody writes any more: a NAS may be the place
 * of two computers, each with a Fivefold of its own.
 */
export interface Writer {
  /** The computer's name, as far as it fits into a file name everywhere. */
  readonly host: string
  readonly pid: number
}

const hostCharactersMax = 24

export const makeWriter = (hostname: string, pid: number): Writer => ({
  host:
    hostname
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')
      .slice(0, hostCharactersMax) || 'computer',
  pid,
})

/** `moment` is any number that this process did not use before. */
export const sessionName = ({ host, pid }: Writer, moment: number): string =>
  `${host}.${pid}.${Math.floor(moment).toString(36)}`

const written = /^([a-z0-9]+)\.(\d+)\.[a-z0-9]+[.-]/

/** A file on its way whose bytes a later run may go on with: its name tells what it is to be, and how far it is. */
export interface OnTheWay {
  readonly hash: ContentHash
  readonly bytes: number
  /** So many bytes from the start are on the medium. */
  readonly keptBytes: number
}

export const onTheWayName = (own: string, { hash, bytes, keptBytes }: OnTheWay): string =>
  `${own}.${hash}.${bytes}.${keptBytes}`

/** Null when the name is that of a file which nobody can go on with. */
export function onTheWayOf(name: string): OnTheWay | null {
  const [, hash = '', bytes, keptBytes] = /\.([0-9a-f]{32})\.(\d{1,15})\.(\d{1,15})$/.exec(name) ?? []
  if (writerOf(name) === null || hash === '') return null
  return { hash: parseContentHash(hash), bytes: Number(bytes), keptBytes: Number(keptBytes) }
}

/** Who wrote the file of this name; null when the name is not of ours. */
export function writerOf(name: string): Writer | null {
  const [, host, pid] = written.exec(name) ?? []
  return host === undefined || pid === undefined ? null : { host, pid: Number(pid) }
}
