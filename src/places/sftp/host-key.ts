/**
 * The key by which an SSH server shows that it is itself. Without a key that a person trusted once, or when it changed, nothing is sent:
 * no password, no picture.
 */
import { createHash, createHmac } from 'node:crypto'

export interface HostKey {
  /** As in `known_hosts`: the type, a blank, base64. */
  readonly key: string
  /** `SHA256:…`, as ssh shows it and as providers publish it. */
  readonly fingerprint: string
}

export function hostKeyOf(blob: Uint8Array): HostKey {
  const bytes = Buffer.from(blob)
  // The key begins with its own type: four bytes of length, then the name.
  const type = bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1')
  const fingerprint = createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')
  return { key: `${type} ${bytes.toString('base64')}`, fingerprint: `SHA256:${fingerprint}` }
}

/** The same key whatever blanks or comment stand around it; '' for what is none. */
export function plainHostKey(text: string): string {
  const [type = '', base64 = ''] = text.trim().split(/\s+/)
  return /^[A-Za-z0-9+/]+=*$/.test(base64) ? `${type} ${base64}` : ''
}

export interface KnownKeys {
  readonly trusted: readonly string[]
  /** Marked `@revoked`: a server with one of these is never to be believed. */
  readonly revoked: readonly string[]
}

/** What a `known_hosts` text, plain or hashed, knows of a server. Lines of certificate authorities are passed over. */
export function knownHostKeys(text: string, host: string, port: number): KnownKeys {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  const name = port === 22 ? bare : `[${bare}]:${port}`
  const trusted: string[] = []
  const revoked: string[] = []
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/)
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined
    const [names = '', type = '', base64 = ''] = words
    if (names === '' || names.startsWith('#') || marker === '@cert-authority' || !isMeant(names, name)) continue
    const key = plainHostKey(`${type} ${base64}`)
    if (key !== '') (marker === '@revoked' ? revoked : trusted).push(key)
  }
  return { trusted: trusted.filter((key) => !revoked.includes(key)), revoked }
}

function isMeant(names: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(names) ?? []
  if (salt !== undefined) return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
  const patterns = names.toLowerCase().split(',')
  const fits = (pattern: string): boolean => asExpression(pattern).test(name)
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern))
}

/** `*` and `?` as in ssh, everything else as it stands. */
const asExpression = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  )
