/** The engine's own upload of one file to Google Drive as the double plays it, run after run, each with a fresh instance of the place. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { makeBlockPool } from '../../src/engine/block-pool.ts'
import { ChunkMemory } from '../../src/engine/chunk-memory.ts'
import type { CopyOutcome } from '../../src/engine/contracts.ts'
import { patienceLimits } from '../../src/engine/patience.ts'
import { patientService } from '../../src/engine/patient-cloud.ts'
import { WeakSample } from '../../src/engine/prove-stored.ts'
import type { ServicePlace, SessionShelf } from '../../src/engine/cloud-contract.ts'
import { uploadFile } from '../../src/engine/upload-file.ts'
import { parsePlaceId } from '../../src/domain/ids.ts'
import type { ContentHash } from '../../src/domain/ids.ts'
import { makeHashingMemory } from '../../src/machine/xxh128/xxh128.ts'
import { openGoogleDrivePlace } from '../../src/places/google-drive/google-drive-place.ts'
import { openMemoryCard } from '../../src/places/memory/memory-card.ts'
import type { CloudDouble } from '../lab/cloud-double/cloud-double.ts'
import { startCloudDouble } from '../lab/cloud-double/cloud-double.ts'

export const root = 'Photos/Fivefold'
export const path = 'Job/Roll/IMG_0001.CR3'
export const mtimeMs = 1_614_834_368_000
export const chunkBytes = 16 * 1024 * 1024
/** Two chunks, and a quarter of one that is held back. */
export const usualBytes = 2 * chunkBytes + chunkBytes / 4 + 77

const memory = makeHashingMemory({ blockBytes: 1024 * 1024, blocks: 6, streams: 8 })

/** Of this length, and no two stretches alike: what lands in the wrong place is seen. */
export function contentOf(bytes: number, seed = 1): Uint8Array {
  const content = new Uint8Array(bytes)
  const stretch = createHash('sha512').update(String(seed)).digest()
  for (let at = 0; at < bytes; at += stretch.length) {
    content.set(stretch.subarray(0, bytes - at), at)
    stretch.writeUInt32LE(at / stretch.length, 0)
  }
  return content
}

export function hashOf(bytes: Uint8Array): ContentHash {
  const hash = memory.startHash()
  hash.update(bytes)
  const digest = hash.digest()
  hash.release()
  return digest
}

export interface Wish {
  readonly content: Uint8Array
  readonly path?: string
  readonly place?: ServicePlace
  readonly cancel?: AbortSignal
  /** Called before so many bytes are sent. */
  readonly pace?: () => Promise<void> | void
}

export class DriveGround implements AsyncDisposable {
  readonly double: CloudDouble
  readonly waits: number[] = []
  readonly sessions = new Map<string, string>()
  secret: Readonly<Record<string, string>>
  nowMs = Date.now()

  private constructor(double: CloudDouble) {
    this.double = double
    this.secret = double.control.signIn('google')
  }

  static async open(): Promise<DriveGround> {
    return new DriveGround(await startCloudDouble())
  }

  get control(): CloudDouble['control'] {
    return this.double.control
  }

  /** As the next run of the program opens it. */
  place(folder = root): ServicePlace {
    const address = { kind: 'google-drive', path: folder, options: { endpoint: this.double.origin } } as const
    const credentials = {
      read: async () => this.secret,
      write: async (secret: Readonly<Record<string, string>>) => {
        this.secret = secret
      },
    }
    return openGoogleDrivePlace({ id: parsePlaceId('cloud'), name: 'Cloud', address }, credentials, () => this.nowMs)
  }

  /** With the engine's patience, which sleeps for no time and notes how long it would have. */
  async send(wish: Wish): Promise<CopyOutcome> {
    return sendOnce(wish, wish.place ?? this.place(), this.shelf, this.waits)
  }

  readonly shelf: SessionShelf = {
    read: async (_placeId, key) => this.sessions.get(key) ?? null,
    save: async (_placeId, key, session) => void this.sessions.set(key, session),
    drop: async (_placeId, key) => void this.sessions.delete(key),
    all: async () => [...this.sessions.values()],
  }

  /** What has its name there, whoever made it. */
  stored(): readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[] {
    return this.control
      .files('google')
      .filter(({ trashed }) => !trashed)
      .map(({ path, bytes, hashes }) => ({ path, bytes, sha256: hashes['sha256'] ?? '' }))
  }

  /** Exactly one file has the name, and its bytes are these. */
  demandOnly(content: Uint8Array, at = path): void {
    const sha256 = createHash('sha256').update(content).digest('hex')
    assert.deepEqual(this.stored(), [{ path: `${root}/${at}`, bytes: content.length, sha256 }])
  }

  count(kind: string): number {
    return this.control.log(kind).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.double.stop()
  }
}

export async function sendOnce(
  wish: Wish,
  place: ServicePlace,
  shelf: SessionShelf,
  waits: number[],
): Promise<CopyOutcome> {
  const { content, path: to = path } = wish
  const patience = {
    clock: { monotonicMs: () => performance.now(), sleep: async (ms: number): Promise<void> => void waits.push(ms) },
    random: () => 0.5,
    limits: patienceLimits,
  }
  const signs = {
    label: 'PC',
    fileSystemUuid: null,
    fileSystem: null,
    volumeBytes: null,
    root: '/pc',
    isVolume: false,
  }
  const files = new Map([[to, { bytes: content, mtimeMs }]])
  const watch = { begin: () => () => undefined, moved: () => undefined }
  const sent = await uploadFile(
    {
      number: 0,
      path: to,
      bytes: content.length,
      mtimeMs,
      to: [{ placeId: place.id, path: to }],
      expected: hashOf(content),
    },
    to,
    {
      service: patientService(place, patience),
      deviceId: 'google-drive:1',
      source: openMemoryCard({ signs, files, inserted: true, readBack: 'medium' }),
      blocks: makeBlockPool(memory.blocks.slice(0, 2)),
      startHash: memory.startHash,
      chunkMemory: new ChunkMemory(),
      watch,
      shelf,
      patience,
      sample: new WeakSample(1),
      pace: async () => wish.pace?.(),
    },
    wish.cancel ?? new AbortController().signal,
  )
  assert.ok(sent.ok, sent.ok ? '' : `${sent.failure.code}: ${sent.failure.sentence}`)
  return sent.value.outcome
}

/** In a word: how it was proven, or why not. */
export function told(outcome: CopyOutcome): string {
  if (outcome.kind === 'failed') return outcome.failure.code
  return outcome.kind === 'copied' ? `${outcome.strength}, ${outcome.receipt?.algorithm}` : outcome.kind
}
