/**
 * Any service, with everything sealed before it leaves this computer: put around the kind, below patience. Files carry `.age` at the end
 * of their names there, and open with the plain `age` command. What is asked and answered here is plain: paths, sizes, texts; only the
 * service's own checksums are over what it stores, and so a receipt still proves by its word (V1).
 *
 * One file is not sealed, the marker: it tells for whom the others are (W4).
 */
import type { Result } from '../../domain/failure.ts'
import { done, failed } from '../../domain/failure.ts'
import type { PlaceId } from '../../domain/ids.ts'
import { compareText } from '../../domain/path-parts.ts'
import type { PlaceListing } from '../../domain/place-listing.ts'
import type { Cancel } from '../../engine/contracts.ts'
import type {
  Credentials,
  Download,
  ServiceAbilities,
  ServiceDigest,
  ServiceFacts,
  ServicePlace,
  StoredFile,
  Upload,
  UploadOrder,
} from '../../engine/cloud-contract.ts'
import { readCredentials } from '../cloud/read-credentials.ts'
import type { Head } from './age-header.ts'
import { headOf, newHead, openHead } from './age-header.ts'
import { headBytes, openBlock, plainSize, sealedBlockBytes, sealedOffset, sealedSize } from './age-payload.ts'
import { BlockSealer } from './block-sealer.ts'
import { keyMissing, notOpened } from './encrypted-failure.ts'
import { downloadOpened } from './sealed-download.ts'
import type { SealedSession } from './sealed-session.ts'
import { readSession, sessionText } from './sealed-session.ts'
import { SealingUpload, inPlain } from './sealing-upload.ts'

const markerPath = '.fivefold/place.json'
const ending = '.age'
const isPlain = (path: string): boolean => path === markerPath
const sealedPath = (path: string): string => (isPlain(path) ? path : path + ending)

export interface EncryptionKey {
  /** Whom everything is sealed for: `age1…`. */
  readonly recipient: string
  /** Holds `secretKey`, an `AGE-SECRET-KEY-1…`; nothing when this computer does not have it. */
  readonly secret: Credentials
}

export const encryptedPlace = (inner: ServicePlace, key: EncryptionKey): ServicePlace => new EncryptedPlace(inner, key)

/** With which key it was sealed, is known only to who opens it: such a file is read back. */
const unknowable: ServiceDigest = { update: () => undefined, end: () => ({ algorithm: '', digest: '' }) }

class EncryptedPlace implements ServicePlace {
  readonly id: PlaceId
  readonly name: string
  readonly #inner: ServicePlace
  readonly #key: EncryptionKey

  constructor(inner: ServicePlace, key: EncryptionKey) {
    this.id = inner.id
    this.name = inner.name
    this.#inner = inner
    this.#key = key
  }

  get abilities(): ServiceAbilities {
    return { ...this.#inner.abilities, encryptedFor: this.#key.recipient }
  }

  /** Nothing is sealed either when it could not be opened here again. */
  async #secretKey(): Promise<Result<string>> {
    const secret = await readCredentials(this.name, this.#key.secret)
    if (!secret.ok && secret.failure.code !== 'sign-in-needed') return secret
    const secretKey = secret.ok ? secret.value['secretKey'] : undefined
    return secretKey === undefined ? failed(keyMissing(this.name)) : done(secretKey)
  }

  async facts(): Promise<Result<ServiceFacts>> {
    const facts = await this.#inner.facts()
    if (!facts.ok) return facts
    const { limits } = facts.value
    const { fileBytesMax, nameBytesMax } = limits
    return done({
      ...facts.value,
      limits: { ...limits, fileBytesMax: plainSize(fileBytesMax), nameBytesMax: nameBytesMax - ending.length },
    })
  }

  async stat(path: string): Promise<Result<StoredFile | null>> {
    const stored = await this.#inner.stat(sealedPath(path))
    return stored.ok && stored.value !== null && !isPlain(path) ? done(inPlain(stored.value)) : stored
  }

  /** Files that are not sealed are not ours: they can't be opened by any path of this place. */
  async list(folder: string, cancel: Cancel, onward?: () => void): Promise<Result<PlaceListing>> {
    const listed = await this.#inner.list(folder, cancel, onward)
    if (!listed.ok) return listed
    const files = listed.value.files.flatMap((file) => {
      if (isPlain(file.path)) return [file]
      if (!file.path.endsWith(ending)) return []
      return [{ ...file, path: file.path.slice(0, -ending.length), bytes: plainSize(file.bytes) }]
    })
    return done({ ...listed.value, files: files.toSorted((a, b) => compareText(a.path, b.path)) })
  }

  async begin(order: UploadOrder): Promise<Result<Upload>> {
    const key = await this.#secretKey()
    if (!key.ok) return key
    const known = readSession(order.session)
    const begun = await this.#inner.begin({
      ...order,
      path: sealedPath(order.path),
      bytes: sealedSize(order.bytes),
      session: known?.inner ?? null,
    })
    if (!begun.ok) return begun
    const inner = begun.value
    const goesOn = known !== null && inner.session === known.inner && inner.committedBytes > 0
    const secret = goesOn ? known.head : await newHead(this.#key.recipient)
    const session: SealedSession | null = inner.session === null ? null : { inner: inner.session, head: secret }
    const file = { ...headOf(secret), plainBytes: order.bytes }
    return done(new SealingUpload(this.name, file, inner, session === null ? null : sessionText(session)))
  }

  async download(path: string, from: number, cancel: Cancel): Promise<Result<Download>> {
    if (isPlain(path)) return this.#inner.download(path, from, cancel)
    const key = await this.#secretKey()
    if (!key.ok) return key
    const source = { service: this.#inner, path, sealedPath: sealedPath(path), secretKey: key.value }
    return downloadOpened(source, from, cancel)
  }

  async getSmall(path: string): Promise<Result<Uint8Array | null>> {
    const sealed = await this.#inner.getSmall(sealedPath(path))
    if (!sealed.ok || sealed.value === null || isPlain(path)) return sealed
    const key = await this.#secretKey()
    if (!key.ok) return key
    const head = await openHead(sealed.value.subarray(0, headBytes), key.value)
    const plain = head === null ? null : openWhole(head, sealed.value)
    return plain === null ? failed(notOpened(this.name, path)) : done(plain)
  }

  async putSmall(path: string, bytes: Uint8Array, how: 'new' | 'replace'): Promise<Result<'put' | 'taken'>> {
    if (isPlain(path)) return this.#inner.putSmall(path, bytes, how)
    const key = await this.#secretKey()
    if (!key.ok) return key
    const head = headOf(await newHead(this.#key.recipient))
    return this.#inner.putSmall(sealedPath(path), sealWhole(head, bytes), how)
  }

  move(from: string, to: string): Promise<Result<'moved' | 'absent' | 'taken'>> {
    return this.#inner.move(sealedPath(from), sealedPath(to))
  }

  remove(path: string): Promise<Result<'removed' | 'absent'>> {
    return this.#inner.remove(sealedPath(path))
  }

  sweep(sessions: readonly string[], nowMs: number): Promise<Result<number>> {
    // One that is not ours stays as it is: what it goes on with is not to be taken back for that.
    return this.#inner.sweep(
      sessions.map((session) => readSession(session)?.inner ?? session),
      nowMs,
    )
  }

  startDigest(): ServiceDigest {
    return unknowable
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}

function sealWhole(head: Head, plain: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [head.bytes]
  new BlockSealer({ ...head, plainBytes: plain.length }, 0, (sealed) => pieces.push(sealed)).take(plain)
  return joined(pieces)
}

function openWhole(head: Head, sealed: Uint8Array): Uint8Array | null {
  const pieces: Uint8Array[] = []
  for (let block = 0; block === 0 || sealedOffset(block) < sealed.length; block += 1) {
    const end = sealedOffset(block) + sealedBlockBytes
    const plain = openBlock(head.key, block, end >= sealed.length, sealed.subarray(sealedOffset(block), end))
    if (plain === null) return null
    pieces.push(plain)
  }
  return joined(pieces)
}

/** Not a Buffer: whoever gets it asks for nothing but bytes. */
const joined = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces))
