/** Every way in which an SSH server says no, or says nothing, becomes exactly one failure here. */
import type { Failure } from '../../domain/failure.ts'
import {
  fileMissing,
  nameRefused,
  refused,
  serviceError,
  serviceFull,
  signInNeeded,
  unreachable,
} from '../cloud/cloud-failure.ts'
import type { HostKey } from './host-key.ts'

/** The status codes of SFTP version 3. */
export const status = {
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
} as const

/** An answer that is a failure already, on its way out of the work it ended. */
export class Refusal extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.sentence)
    this.name = 'Refusal'
    this.failure = failure
  }
}

/** Nothing came in time, or the connection ended. */
export class ConnectionLost extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ConnectionLost'
  }
}

/** The code of an answer that the server gave; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  const code: unknown = error instanceof Error && levelOf(error) === '' ? Reflect.get(error, 'code') : null
  return typeof code === 'number' ? code : null
}

export function levelOf(error: Error): string {
  const level: unknown = Reflect.get(error, 'level')
  return typeof level === 'string' ? level : ''
}

export const isMissing = (error: unknown): boolean => statusOf(error) === status.noSuchFile

export function sftpFailure(error: unknown, place: string, path: string | null): Failure {
  if (error instanceof Refusal) return error.failure
  throwBug(error)
  const cause = causeOf(error)
  const level = error instanceof Error ? levelOf(error) : ''
  if (level === 'client-authentication' || /authentication failures/i.test(cause)) return signInNeeded(place, cause)
  // The two have no way of speaking in common, or what speaks there is no SSH.
  if (level === 'handshake' || level === 'protocol') return serviceError(place, cause)
  if (/no space left|disk full|quota exceeded/i.test(cause)) return serviceFull(place, cause)
  const about = (failure: Failure): Failure => (path === null ? failure : { ...failure, path })
  switch (statusOf(error)) {
    case null:
    case status.noConnection:
    case status.connectionLost:
      return unreachable(place, cause)
    case status.noSuchFile:
      return path === null ? serviceError(place, cause) : fileMissing(place, path)
    case status.permissionDenied:
      return about(refused(place, cause))
    case status.badMessage:
      // What OpenSSH says of a name that is too long, or that its file system can't hold.
      return path === null ? serviceError(place, cause) : nameRefused(place, path, cause)
    default:
      return about(serviceError(place, cause))
  }
}

/** A fault of ours must not look like a server that answers badly: it goes on its way as what it is. */
function throwBug(error: unknown): void {
  if (error instanceof ReferenceError || error instanceof TypeError || error instanceof RangeError) {
    if (!('code' in error)) throw error
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' || typeof code === 'number' ? `${code}: ${error.message}` : error.message
}

export const readOnly = (place: string, cause: string): Failure => ({
  code: 'place-read-only',
  sentence: `The disk of “${place}” may not be written.`,
  advice: 'Look at the server: a disk that turned read-only by itself has errors, as a rule.',
  place,
  cause,
})

export const noFolder = (place: string, path: string): Failure => ({
  ...nameRefused(place, path, 'a file lies where a folder of that name is needed'),
  sentence: `“${place}” has a file where ${path} needs a folder.`,
})

/** `expected` is '' when no key was trusted yet. */
export function hostUnknown(place: string, host: string, found: HostKey, expected: string): Failure {
  const again = `“fivefold place sign-in "${place}"”`
  return {
    code: 'host-unknown',
    sentence:
      expected === ''
        ? `The server ${host} of “${place}” was not trusted yet. Its key is ${found.fingerprint}.`
        : `The server ${host} of “${place}” is not the one that was trusted: its key is ${found.fingerprint} now.`,
    advice:
      expected === ''
        ? `Compare that key with what its owner or provider tells, then trust it with ${again}. Nothing was sent.`
        : `Ask its owner or provider whether the key was changed, and compare. Only then trust it with ${again}: it may be somebody in between. Nothing was sent.`,
    place,
    cause: `host key ${found.key}`,
  }
}

export const keyUnreadable = (place: string, cause: string): Failure => ({
  ...signInNeeded(place, cause),
  sentence: /passphrase/i.test(cause)
    ? `The private key for “${place}” needs its passphrase, and the one that is stored is missing or wrong.`
    : `What is stored as the private key for “${place}” is not a private key that can be used.`,
})
