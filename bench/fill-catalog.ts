/**
 * A photographer's whole life as a catalog: jobs of 2,500 originals, each on one card and with a proven copy at five places. Filled past
 * the catalog's own calls, with prepared statements in large transactions and the indexes made at the end, because five million
 * copies through the calls of an ingest take an hour. What stands in the rows is what those calls would have written.
 */
import { DatabaseSync } from 'node:sqlite'

import type { Catalog } from '../src/catalog/catalog.ts'
import { openCatalog } from '../src/catalog/open.ts'
import type { Result } from '../src/domain/failure.ts'
import { parsePlaceId } from '../src/domain/ids.ts'
import type { Place, Role } from '../src/domain/place.ts'

export const filesPerJob = 2500
export const cardsInUse = 12
const dayMs = 86_400_000

export function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.failure.sentence} (${result.failure.cause ?? ''})`)
  return result.value
}

const placeOf = (id: string, role: Role, site: string): Place => ({
  id: parsePlaceId(id),
  name: id,
  role,
  site,
  address: `/fivefold-bench/${id}`,
  declaredDevice: null,
})

/** Where they are does not matter here: nothing is read or written there. */
export const benchPlaces: readonly Place[] = [
  placeOf('nas', 'library', 'home'),
  placeOf('pc', 'second', 'home'),
  placeOf('cloud', 'cloud', 'cloud'),
  placeOf('safe-a', 'drive', 'safe'),
  placeOf('safe-b', 'drive', 'safe'),
]

/** Scattered like real hashes: splitmix32 from a fixed seed, four words a hash. */
export function hashesFrom(seed: number): () => string {
  let state = seed
  const word = (): string => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0).toString(16).padStart(8, '0')
  }
  return () => word() + word() + word() + word()
}

/** Makes the catalog `file` with so many originals, the last of them read `nowMs`. Takes a minute or two for a million. */
export async function fillCatalog(file: string, originals: number, nowMs: number): Promise<void> {
  const catalog = valueOf(await openCatalog(file))
  for (const place of benchPlaces) valueOf(await catalog.addPlace(place, nowMs))
  const runId = await catalog.beginRun('ingest', {}, nowMs - 400 * dayMs)
  await catalog.endRun(runId, 'done', nowMs)
  const jobs = await makeJobs(catalog, Math.ceil(originals / filesPerJob), nowMs)
  await catalog.close()
  fillRows(file, originals, jobs, runId)
}

interface FilledJob {
  readonly id: string
  readonly rollId: string
  readonly folder: string
  readonly atMs: number
}

/** One job a day and a half; the last dozen are on the dozen cards in use, everything before was formatted since. */
async function makeJobs(catalog: Catalog, count: number, nowMs: number): Promise<readonly FilledJob[]> {
  const made: FilledJob[] = []
  const cards: Awaited<ReturnType<Catalog['saveCard']>>[] = []
  for (let number = 0; number < count; number += 1) {
    const atMs = Math.round(nowMs - (count - number) * 1.5 * dayMs)
    const day = new Date(atMs).toISOString().slice(0, 10)
    const folder = `${day.slice(0, 4)}/${day} Client ${number % 50} Job ${number}`
    const names = { name: `Job ${number}`, client: `Client ${number % 50}`, folder, shotOn: day, createdAtMs: atMs }
    const job = await catalog.createJob(names)
    const signs = {
      label: `CARD_${number % cardsInUse}`,
      fileSystemUuid: `uuid-${number % cardsInUse}`,
      fileSystem: 'exfat',
      volumeBytes: 128e9,
      root: '/media/card',
      isVolume: true,
    }
    const id = cards[number % cardsInUse]?.id
    const card = await catalog.saveCard({
      ...(id === undefined ? {} : { id }),
      signs,
      maker: 'Canon',
      structure: 'dcim',
      atMs,
    })
    cards[number % cardsInUse] = card
    const folderOf = (name: string): string => `${folder}/${name}`
    const roll = await catalog.beginRoll({ cardId: card.id, jobId: job.id, label: card.label, atMs, folderOf })
    await catalog.setRollSecondRead(roll.id, 'agreed', atMs)
    if (count - number > cardsInUse) {
      await catalog.setJobState(job.id, 'delivered', Math.min(nowMs, atMs + 20 * dayMs))
      if (count - number > 100) await catalog.setJobState(job.id, 'closed', atMs + 60 * dayMs)
    }
    made.push({ id: job.id, rollId: roll.id, folder: roll.folder, atMs })
  }
  return made
}

function fillRows(file: string, originals: number, jobs: readonly FilledJob[], runId: string): void {
  const db = new DatabaseSync(file)
  db.exec(
    'pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -2000000; pragma foreign_keys = off',
  )
  const indexes = db
    .prepare(
      `select name, sql from sqlite_schema
        where type = 'index' and sql is not null and tbl_name in ('copy', 'evidence', 'roll_file', 'original')`,
    )
    .all()
  for (const { name } of indexes) db.exec(`drop index ${String(name)}`)
  const nextHash = hashesFrom(0xf111)
  jobs.forEach((job, index) => {
    db.exec('begin')
    fillJob(db, job, Math.min(filesPerJob, originals - index * filesPerJob), nextHash, runId)
    db.exec('commit')
  })
  for (const { sql } of indexes) db.exec(String(sql))
  db.exec('pragma journal_mode = wal')
  db.close()
}

function fillJob(db: DatabaseSync, job: FilledJob, files: number, nextHash: () => string, runId: string): void {
  const original = db.prepare(
    `insert into original (hash, bytes, name, job_id, first_seen_at_ms, capture_local, capture_source, capture_plausible,
      make, model, width, height, readability) values (?, ?, ?, ?, ?, ?, 'file', 1, 'Canon', 'EOS R5', 8192, 5464, 'fine')`,
  )
  const rollFile = db.prepare(
    `insert into roll_file (roll_id, path, name, bytes, mtime_ms, hash, second_finding, second_strength, second_at_ms)
      values (?, ?, ?, ?, ?, ?, 'agreed', 'medium', ?)`,
  )
  const copy = db.prepare(
    `insert into copy (hash, place_id, path, latest_at_ms, latest_strength, latest_finding, latest_device_id, bytes)
      values (?, ?, ?, ?, 'medium', 'agreed', ?, ?)`,
  )
  const evidence = db.prepare(
    `insert into evidence (copy_number, at_ms, strength, finding, device_id, run_id) values (?, ?, 'medium', 'agreed', ?, ?)`,
  )
  const made = Array.from({ length: files }, (_, index) => {
    const name = `IMG_${String(index).padStart(4, '0')}.CR3`
    const hash = nextHash()
    return { hash, name, path: `DCIM/100EOSR5/${name}`, bytes: 30_000_000 + Number.parseInt(hash.slice(0, 5), 16) * 20 }
  })
  const day = job.folder.slice(5, 15)
  for (const { hash, name, path, bytes } of made) {
    original.run(hash, bytes, name, job.id, job.atMs, `${day}T10:11:12`)
    rollFile.run(job.rollId, path, name, bytes, job.atMs, hash, job.atMs + 600_000)
  }
  benchPlaces.forEach(({ id }, place) => {
    const device = `device-${id}-0123456789`
    made.forEach(({ hash, path, bytes }, index) => {
      // Places are proven one after the other, a drive two weeks later.
      const atMs = job.atMs + place * 1_000_000 + index * 100
      const { lastInsertRowid } = copy.run(hash, id, `${job.folder}/${path}`, atMs, device, bytes)
      evidence.run(lastInsertRowid, atMs, device, runId)
    })
  })
}
