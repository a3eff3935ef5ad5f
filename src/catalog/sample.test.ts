import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

import type { CardSigns } from '../domain/card.ts'
import type { Evidence } from '../domain/copy.ts'
import type { Result } from '../domain/failure.ts'
import { type ContentHash, parseContentHash, parsePlaceId, type PlaceId } from '../domain/ids.ts'
import type { Place, Role } from '../domain/place.ts'
import type { Catalog, CopyRecord, ReadRecord } from './catalog.ts'
import { openCatalog } from './open.ts'

/* A small studio for the tests of this room. No tests of its own. */

export const hashOf = (number: number): ContentHash => parseContentHash(number.toString(16).padStart(32, '0'))

export function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) assert.fail(`${result.failure.code}: ${result.failure.sentence} (${result.failure.cause})`)
  return result.value
}

export async function scratchFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-catalog-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export const counter = (): (() => string) => {
  let last = 0
  return () => `id-${String((last += 1))}`
}

export async function inMemory(context: TestContext): Promise<Catalog> {
  const catalog = valueOf(await openCatalog(':memory:', { newId: counter() }))
  context.after(() => catalog.close())
  return catalog
}

export const placeId = (name: string): PlaceId => parsePlaceId(name)

export const placeNamed = (name: string, role: Role): Place => ({
  id: placeId(name),
  name,
  role,
  site: 'home',
  address: `/places/${name}`,
  declaredDevice: null,
})

export const signsOf = (label: string, uuid: string | null = `uuid-${label}`): CardSigns => ({
  label,
  fileSystemUuid: uuid,
  fileSystem: 'exfat',
  volumeBytes: 64_000_000_000,
  root: `/media/${label}`,
  isVolume: true,
})

export const seen = (atMs: number, change: Partial<Evidence> = {}): Evidence => ({
  atMs,
  strength: 'medium',
  finding: 'agreed',
  deviceId: 'disk-1',
  ...change,
})

/** A job, a card and a roll with so many files, of which none was read yet; library and second are set up. */
export async function studio(catalog: Catalog, files: number) {
  valueOf(await catalog.addPlace(placeNamed('nas', 'library'), 1))
  valueOf(await catalog.addPlace(placeNamed('pc', 'second'), 1))
  const job = await catalog.createJob({
    name: 'Wedding',
    client: 'Smith',
    folder: '2026/2026-11-20 Smith Wedding',
    shotOn: '2026-11-20',
    createdAtMs: 10,
  })
  const card = await catalog.saveCard({
    signs: signsOf('EOS_DIGITAL'),
    maker: 'Canon',
    structure: 'dcim',
    atMs: 10,
  })
  const roll = await catalog.beginRoll({
    cardId: card.id,
    jobId: job.id,
    label: card.label,
    atMs: 10,
    folderOf: (name) => `${job.folder}/${name}`,
  })
  const listing = Array.from({ length: files }, (_, index) => ({
    path: `DCIM/100CANON/IMG_${String(index).padStart(5, '0')}.CR3`,
    bytes: 1000 + index,
    mtimeMs: 5000 + index * 2000,
  }))
  await catalog.addRollFiles(roll.id, listing)
  const runId = await catalog.beginRun('ingest', { cards: ['/media/EOS_DIGITAL'] }, 10)
  const reads: ReadRecord[] = listing.map(({ path, bytes }, index) => ({
    rollId: roll.id,
    path,
    hash: hashOf(index),
    bytes,
    jobId: job.id,
    atMs: 20,
  }))
  const copyOf = (read: ReadRecord, place: string, deviceId: string): CopyRecord => ({
    hash: read.hash,
    placeId: placeId(place),
    path: `${roll.folder}/${read.path}`,
    evidence: seen(30, { deviceId }),
  })
  const copies = reads.flatMap((read) => [copyOf(read, 'nas', 'raid'), copyOf(read, 'pc', 'ssd')])
  return { job, card, roll, listing, runId, reads, copies, copyOf }
}
