/** The engine's own upload of one file to Dropbox or OneDrive as the double plays them, each run with a fresh instance of the place. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { Failure, Result } from '../../src/domain/failure.ts'
import type { Cancel, CopyOutcome } from '../../src/engine/contracts.ts'
import type { ServicePlace, SessionShelf, StoredFile, Upload } from '../../src/engine/cloud-contract.ts'
import { openDropboxPlace } from '../../src/places/dropbox/dropbox-place.ts'
import { openOnedrivePlace } from '../../src/places/onedrive/onedrive-place.ts'
import type { CloudDouble } from '../lab/cloud-double/cloud-double.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'
import { contentOf, mtimeMs, sendOnce } from './google-drive-ground.ts'

export { contentOf, mtimeMs, told } from './google-drive-ground.ts'

export const root = 'Photos/Fivefold'
export const path = 'Job/Roll/IMG_0001.CR3'
const mebibyte = 1024 * 1024

interface Words {
  readonly open: typeof openDropboxPlace
  /** Where the place's root is counted from, in the account. */
  readonly above: string
  readonly chunkBytes: number
  /** The double's request that carries a chunk. */
  readonly chunkKind: string
}

const words: Readonly<Record<'dropbox' | 'onedrive', Words>> = {
  dropbox: { open: openDropboxPlace, above: '', chunkBytes: 8 * mebibyte, chunkKind: 'dropbox.upload.append' },
  onedrive: {
    open: openOnedrivePlace,
    above: 'Apps/Fivefold double/',
    chunkBytes: 10 * mebibyte,
    chunkKind: 'onedrive.upload.fragment',
  },
}

export const never: Cancel = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined }

export function valueOf<Value>(result: Result<Value>): Value {
  assert.ok(result.ok, result.ok ? '' : `${result.failure.code}: ${result.failure.cause ?? result.failure.sentence}`)
  return result.value
}

export function failureOf(result: Result<unknown>): Failure {
  assert.ok(!result.ok, 'It succeeded.')
  return result.failure
}

export const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.failure.code)

export class CloudGround implements AsyncDisposable {
  readonly kind: 'dropbox' | 'onedrive'
  readonly double: CloudDouble
  readonly waits: number[] = []
  readonly sessions = new Map<string, string>()
  secret: Readonly<Record<string, string>>
  nowMs = Date.now()

  private constructor(kind: 'dropbox' | 'onedrive', double: CloudDouble) {
    this.kind = kind
    this.double = double
    this.secret = double.control.signIn(kind)
  }

  static async open(kind: 'dropbox' | 'onedrive'): Promise<CloudGround> {
    return new CloudGround(kind, await startCloudDouble())
  }

  get control(): CloudDouble['control'] {
    return this.double.control
  }

  get chunkBytes(): number {
    return words[this.kind].chunkBytes
  }

  /** Two chunks, and a bit that is held back. */
  get usualBytes(): number {
    return 2 * this.chunkBytes + 77_777
  }

  /** As the next run of the program opens it. */
  place(options: Readonly<Record<string, string>> = {}): ServicePlace {
    const address = { kind: this.kind, path: root, options: { endpoint: this.double.origin, ...options } } as const
    const credentials = {
      read: async () => this.secret,
      write: async (secret: Readonly<Record<string, string>>) => {
        this.secret = secret
      },
    }
    return words[this.kind].open({ id: parsePlaceId('cloud'), name: 'Cloud', address }, credentials, () => this.nowMs)
  }

  readonly shelf: SessionShelf = {
    read: async (_placeId, key) => this.sessions.get(key) ?? null,
    save: async (_placeId, key, session) => void this.sessions.set(key, session),
    drop: async (_placeId, key) => void this.sessions.delete(key),
    all: async () => [...this.sessions.values()],
  }

  /** By the engine, with a patience that sleeps for no time and notes how long it would have. */
  async send(content: Uint8Array, to = path, pace?: () => void): Promise<CopyOutcome> {
    const wish = { content, path: to, ...(pace === undefined ? {} : { pace }) }
    return sendOnce(wish, this.place(), this.shelf, this.waits)
  }

  /** Without the engine: a file is begun, and all but its last chunk is sent. */
  async beginAndSend(
    content: Uint8Array,
    to = path,
  ): Promise<{ readonly upload: Upload; readonly last: Uint8Array; readonly position: number }> {
    const upload = valueOf(await this.place().begin({ path: to, bytes: content.length, mtimeMs, session: null }))
    upload.digest.update(content)
    let position = 0
    while (content.length - position > upload.chunkBytes)
      position = valueOf(await upload.send(content.subarray(position, position + upload.chunkBytes), position, never))
    return { upload, last: content.subarray(position), position }
  }

  async put(content: Uint8Array, to = path): Promise<StoredFile> {
    const { upload, last, position } = await this.beginAndSend(content, to)
    const stored = valueOf(await upload.finish(last, position, never))
    assert.ok(stored !== 'taken')
    return stored
  }

  /** In the account, as the double's control names it. */
  at(to = path): string {
    return `${words[this.kind].above}${root}/${to}`
  }

  /** What has its name there, whoever made it. */
  stored(): readonly { readonly path: string; readonly bytes: number }[] {
    const kept = this.control.files(this.kind).filter(({ trashed }) => !trashed)
    return kept.map(({ path, bytes }) => ({ path, bytes }))
  }

  /** Exactly one file has a name, and its bytes are these; nothing is left half-finished. */
  async demandOnly(content: Uint8Array, to = path): Promise<void> {
    assert.deepEqual(this.stored(), [{ path: this.at(to), bytes: content.length }])
    const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
    assert.equal(sha256(await this.control.bytesOf(this.kind, this.at(to))), sha256(content))
    assert.deepEqual(this.control.sessions(this.kind), [])
  }

  usual(seed = 1): Uint8Array {
    return contentOf(this.usualBytes, seed)
  }

  get chunkKind(): string {
    return words[this.kind].chunkKind
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.double.stop()
  }
}
