/** What an upload needs to go on sealed as it began: the service's own session, and the key of this one file. A secret (S1). */
import type { HeadSecret } from './age-header.ts'
import { headBytes } from './age-payload.ts'

export interface SealedSession {
  readonly inner: string
  readonly head: HeadSecret
}

const fileKeyBytes = 16

export const sessionText = ({ inner, head }: SealedSession): string =>
  JSON.stringify({ inner, head: base64(head.bytes), fileKey: base64(head.fileKey) })

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** Null for what is none: then the upload begins anew. */
export function readSession(text: string | null): SealedSession | null {
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    const inner: unknown = Reflect.get(value, 'inner')
    const bytes = bytesIn(value, 'head')
    const fileKey = bytesIn(value, 'fileKey')
    if (typeof inner !== 'string' || bytes?.length !== headBytes || fileKey?.length !== fileKeyBytes) return null
    return { inner, head: { bytes, fileKey } }
  } catch {
    // The words of the parser quote what they read (S1).
    return null
  }
}

function bytesIn(value: object, field: string): Uint8Array | null {
  const text: unknown = Reflect.get(value, field)
  return typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')) : null
}
