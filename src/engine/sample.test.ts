import assert from 'node:assert/strict'
import type { Result } from '../domain/failure.ts'
import { parsePlaceId } from '../domain/ids.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import { makeHashingMemory } from '../machine/xxh128/xxh128.ts'
import type { MemoryCardFile } from '../places/memory/memory-card.ts'
import { openMemoryCard } from '../places/memory/memory-card.ts'
import { MemoryDisk, roomyLimits } from '../places/memory/memory-disk.ts'
import { openMemoryPlace } from '../places/memory/memory-place.ts'
import { makeBlockPool } from './block-pool.ts'
import type { Blocks, CopyOrder, Watch, WritablePlace, Writing } from './contracts.ts'
import type { CopyTools } from './copy-file.ts'

/* A card and two places in memory for the tests of this room. No tests of its own. */

export const blockBytes = 16_384
const memory = makeHashingMemory({ blockBytes, blocks: 6, streams: 16 })
export const { startHash } = memory

export function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) assert.fail(`${result.failure.code}: ${result.failure.sentence}`)
  return result.value
}

export const contentOf = (bytes: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + seed * 101 + (index >> 12)) & 0xff)

export function hashOf(bytes: Uint8Array): ContentHash {
  const hash = startHash()
  hash.update(bytes)
  const digest = hash.digest()
  hash.release()
  return digest
}

export const nas = parsePlaceId('nas')
export const pc = parsePlaceId('pc')
export const mtimeMs = 1_614_834_368_000

export interface Ground {
  readonly files: Map<string, MemoryCardFile>
  readonly disks: { readonly nas: MemoryDisk; readonly pc: MemoryDisk }
  readonly tools: CopyTools
  /** True when every block came back to the pool. */
  allBlocksFree(): boolean
  order(path: string, to?: readonly PlaceId[]): CopyOrder
  /** The place, with some verbs of its own. */
  disturbed(place: WritablePlace, by: Partial<WritablePlace>): WritablePlace
}

/** Stands before a place and may answer in its stead. */
export type Disturb = (place: WritablePlace) => Partial<WritablePlace>

export const path = 'DCIM/100/IMG_0001.JPG'

export async function makeGround(
  content: Readonly<Record<string, Uint8Array>>,
  wish: { readonly disturbPc?: Disturb; readonly pcReadBack?: 'medium' | 'cached' } = {},
): Promise<Ground> {
  const files = new Map(Object.entries(content).map(([name, bytes]) => [name, { bytes, mtimeMs }]))
  const signs = {
    label: 'EOS',
    fileSystemUuid: null,
    fileSystem: null,
    volumeBytes: null,
    root: '/card',
    isVolume: false,
  }
  const disk = (marker: PlaceId): MemoryDisk => new MemoryDisk({ marker, capacityBytes: 1e8, limits: roomyLimits })
  const disks = { nas: disk(nas), pc: disk(pc) }
  const open = async (id: PlaceId, on: MemoryDisk, readBack: 'medium' | 'cached'): Promise<WritablePlace> =>
    valueOf(
      await openMemoryPlace(
        { id, name: id.toUpperCase(), folder: `/${id}`, declaredDevice: null },
        { socket: { disk: on }, deviceId: `disk-${id}`, readBack },
      ),
    )
  const atNas = await open(nas, disks.nas, 'medium')
  const atPc = await open(pc, disks.pc, wish.pcReadBack ?? 'medium')
  const pool = makeBlockPool(memory.blocks)
  let taken = 0
  const blocks: Blocks = {
    blockBytes,
    take: () => {
      taken += 1
      return pool.take()
    },
    give: (block) => {
      taken -= 1
      pool.give(block)
    },
  }
  const watch: Watch = { begin: () => () => undefined, moved: () => undefined }
  const disturbed = disturb(atPc, wish.disturbPc?.(atPc) ?? {})
  return {
    files,
    disks,
    tools: {
      source: openMemoryCard({ signs, files, inserted: true, readBack: 'medium' }),
      places: new Map([
        [nas, atNas],
        [pc, disturbed],
      ]),
      blocks,
      startHash,
      watch,
    },
    disturbed: disturb,
    allBlocksFree: () => taken === 0,
    order: (name, to = [nas, pc]) => ({
      number: 0,
      path: name,
      bytes: files.get(name)?.bytes.length ?? 0,
      mtimeMs,
      to: to.map((placeId) => ({ placeId, path: `roll/${name}` })),
      expected: null,
    }),
  }
}

const disturb = (place: WritablePlace, by: Partial<WritablePlace>): WritablePlace => ({
  id: place.id,
  name: place.name,
  deviceId: place.deviceId,
  confirm: () => place.confirm(),
  check: (one) => place.check(one),
  list: (folder, cancel, onward) => place.list(folder, cancel, onward),
  open: (one, how) => place.open(one, how),
  begin: (bytes) => place.begin(bytes),
  flush: (writings) => place.flush(writings),
  flushNamed: (one) => place.flushNamed(one),
  publish: (writing, one) => place.publish(writing, one),
  replaceOwn: (writing, one) => place.replaceOwn(writing, one),
  setAside: (one, aside) => place.setAside(one, aside),
  removeFromTrash: (one) => place.removeFromTrash(one),
  settle: (paths) => place.settle(paths),
  forgetCached: () => place.forgetCached(),
  sweep: () => place.sweep(),
  ...by,
})

/** A writing of this place, of which one verb is another one. The place knows it only as itself. */
export function writingWith(writing: Writing, by: Partial<Writing>): Writing {
  const other = Object.create(writing) as Writing
  return Object.assign(other, {
    write: (from: Uint8Array, position: number) => writing.write(from, position),
    finish: (atMs: number | null) => writing.finish(atMs),
    openBack: () => writing.openBack(),
    discard: () => writing.discard(),
    ...by,
  })
}

export const temporary = (disk: MemoryDisk): readonly string[] =>
  disk
    .files()
    .map((one) => one.path)
    .filter((name) => name.startsWith('.fivefold/'))
