/**
 * The one connection of a place: made when it is first needed, made anew when it died. Nobody is let in, and nothing is sent, before
 * the server has shown the key that a person trusted.
 */
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import type { AuthenticationType, ConnectConfig, SFTPWrapper, ServerHostKeyAlgorithm } from 'ssh2'
import ssh2 from 'ssh2'
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { Credentials } from '../../engine/cloud-contract.ts'
import { readCredentials } from '../cloud/read-credentials.ts'
import type { ServiceAddress } from '../cloud/cloud-address.ts'
import type { HostKey } from './host-key.ts'
import { hostKeyOf, plainHostKey } from './host-key.ts'
import { ConnectionLost, Refusal, hostUnknown, keyUnreadable, levelOf, sftpFailure } from './sftp-failure.ts'
import type { SftpLimits } from './sftp-limits.ts'
import { sftpLimits } from './sftp-limits.ts'
import { Wire } from './wire.ts'

export type SftpAddress = Extract<ServiceAddress, { kind: 'webdav' | 'sftp' }>

export class Connection {
  readonly #place: string
  readonly #address: SftpAddress
  readonly #credentials: Credentials
  readonly #limits: SftpLimits
  #wire: Wire | null = null
  #making: Promise<Wire> | null = null

  constructor(place: string, address: SftpAddress, credentials: Credentials, limits: SftpLimits) {
    this.#place = place
    this.#address = address
    this.#credentials = credentials
    this.#limits = limits
  }

  /** Rejects with a `Refusal`, or what `sftpFailure` can put into words. */
  wire(): Promise<Wire> {
    if (this.#wire?.isAlive === true) return Promise.resolve(this.#wire)
    // Whoever asks meanwhile shares the answer, a refused password too: servers lock out who tries again and again.
    this.#making ??= this.#connect().finally(() => {
      this.#making = null
    })
    return this.#making
  }

  async close(): Promise<void> {
    await this.#making?.catch(() => undefined)
    await this.#wire?.close()
  }

  async #connect(): Promise<Wire> {
    const read = await readCredentials(this.#place, this.#credentials)
    if (!read.ok) throw new Refusal(read.failure)
    const secret = read.value
    const expected = plainHostKey(secret['hostKey'] ?? '')
    const way = { ...this.#identity(secret), ...dialOf(this.#address, expected, this.#limits) }
    const dial = new Dial({ ...way, keepaliveInterval: this.#limits.keepaliveMs, keepaliveCountMax: 8 }, expected)
    const { password } = secret
    dial.client.on('keyboard-interactive', (_name, _instructions, _language, prompts, finish) => {
      // Many servers ask for the password this way. A second question (a code from a phone) can't be answered by a program.
      finish(prompts.length === 1 && password !== undefined ? [password] : [])
    })
    const ready = await dial.ready(this.#limits)
    if (ready.ok) {
      this.#wire = new Wire({ client: dial.client, socket: dial.socket, sftp: ready.sftp }, this.#limits)
      return this.#wire
    }
    if (ready.foundKey !== null)
      throw new Refusal(hostUnknown(this.#place, this.#address.host, ready.foundKey, expected))
    throw ready.error
  }

  #identity(secret: Readonly<Record<string, string>>): Partial<ConnectConfig> {
    const { password, privateKey, passphrase } = secret
    const ways: AuthenticationType[] = []
    if (privateKey !== undefined) {
      const parsed = ssh2.utils.parseKey(privateKey, passphrase)
      if (parsed instanceof Error) throw new Refusal(keyUnreadable(this.#place, parsed.message))
      if (!parsed.isPrivateKey()) throw new Refusal(keyUnreadable(this.#place, 'a public key'))
      ways.push('publickey')
    }
    if (password !== undefined) ways.push('password', 'keyboard-interactive')
    return {
      authHandler: ways,
      ...(privateKey === undefined ? {} : { privateKey }),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(password === undefined ? {} : { password, tryKeyboard: true }),
    }
  }
}

function dialOf(address: SftpAddress, expected: string, limits: SftpLimits): ConnectConfig {
  const config: ConnectConfig = {
    host: address.host.replace(/^\[(.*)\]$/, '$1'),
    port: address.port ?? 22,
    username: address.user === '' ? userInfo().username : address.user,
    readyTimeout: limits.connectMs,
  }
  if (expected === '') return config
  const first = signatures.filter((name) => namesOf(expected).includes(name))
  const others = signatures.filter((name) => name !== 'ssh-rsa' && !first.includes(name))
  return { ...config, algorithms: { serverHostKey: [...first, ...others] } }
}

/** What a server may sign with; the old one of RSA only where that very key is the trusted one. */
const signatures: ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
]

/** A server has several keys, and another one than the trusted one would look like another server: so its kind is asked for first. */
function namesOf(hostKey: string): readonly string[] {
  const [type = ''] = hostKey.split(' ')
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]
}

type Ready =
  | { readonly ok: true; readonly sftp: SFTPWrapper }
  /** `foundKey` is set when the server showed another key than the expected one. */
  | { readonly ok: false; readonly error: Error; readonly foundKey: HostKey | null }

/** One attempt to get in. */
class Dial {
  readonly client = new ssh2.Client()
  /** Ours, because `ssh2` does not let go of a socket that it has closed on its side when the server is silent. */
  readonly socket: Socket
  readonly #config: ConnectConfig
  #foundKey: HostKey | null = null

  constructor(config: ConnectConfig, expected: string) {
    const hostVerifier = (blob: Buffer): boolean => {
      const found = hostKeyOf(blob)
      if (found.key === expected) return true
      this.#foundKey = found
      return false
    }
    const { host = '', port = 22 } = config
    this.socket = connect({ host, port, noDelay: true })
    this.#config = { ...config, sock: this.socket, hostVerifier }
  }

  ready(limits: SftpLimits): Promise<Ready> {
    const { client } = this
    return new Promise((resolve) => {
      const fail = (error: Error): void => {
        clearTimeout(timer)
        this.socket.destroy()
        resolve({ ok: false, error, foundKey: this.#foundKey })
      }
      // Beyond what `ssh2` bounds itself: a server that lets us in and then does not open the session.
      const timer = setTimeout(() => fail(new ConnectionLost('no session in time')), 2 * limits.connectMs)
      client.on('error', (error) => fail(levelOf(error) === '' ? new ConnectionLost(error.message) : error))
      client.once('close', () => fail(new ConnectionLost('the server closed the connection')))
      client.once('ready', () => {
        client.sftp((error, sftp) => {
          if (error !== undefined) return fail(new ConnectionLost(error.message))
          clearTimeout(timer)
          resolve({ ok: true, sftp })
        })
      })
      client.connect(this.#config)
    })
  }
}

/**
 * The key that the server shows now, to be compared by a person when a place is added. Nothing is believed of it here, and no name or
 * password is sent. Fails with `service-unreachable`.
 */
export async function askHostKey(
  place: string,
  address: SftpAddress,
  limits: SftpLimits = sftpLimits,
): Promise<Result<HostKey>> {
  const ready = await new Dial(dialOf(address, '', limits), '').ready(limits)
  if (!ready.ok && ready.foundKey !== null) return done(ready.foundKey)
  return failed(sftpFailure(ready.ok ? new ConnectionLost('no key was shown') : ready.error, place, null))
}
