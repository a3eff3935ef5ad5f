/**
 * How the catalog does with a photographer's whole life in it: 1,000,000 originals with two copies each (or the number
 * given), filled through the same calls as an ingest. Then: recording 1,000 new files, status, card facts, finding files,
 * the plans of the queries that matter, and the memory.
 *
 * The filling runs in a process of its own, so that the memory shown is that of the measured calls.
 *
 *   node bench/catalog.ts [ORIGINALS] [FOLDER]
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { disconnect } from '../src/catalog/connection.ts'
import type { Catalog, CopyRecord, ReadRecord } from '../src/catalog/catalog.ts'
import { openStore } from '../src/catalog/open-store.ts'
import { catalogOn, openCatalog } from '../src/catalog/open.ts'
import type { Result } from '../src/domain/failure.ts'
import { type ContentHash, parseContentHash, parsePlaceId } from '../src/domain/ids.ts'
import type { Job } from '../src/domain/job.ts'

const originals = Number(process.argv[2] ?? 1_000_000)
/** Set in the process that fills: the catalog to fill. */
const toFill = process.env['FIVEFOLD_BENCH_FILL']
const folder = toFill === undefined ? await mkdtemp(join(process.argv[3] ?? tmpdir(), 'fivefold-bench-catalog-')) : null
const file = toFill ?? join(folder ?? '', 'catalog.db')
const filesPerRoll = 2500
const nas = parsePlaceId('nas')
const pc = parsePlaceId('pc')

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.failure.sentence} (${result.failure.cause ?? ''})`)
  return result.value
}

/** Hashes that lie as scattered as real ones: splitmix32 from a fixed seed, four words a hash. */
let state = 0x5eed
function word(): string {
  state = (state + 0x9e3779b9) | 0
  let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return ((mixed ^ (mixed >>> 15)) >>> 0).toString(16).padStart(8, '0')
}
const nextHash = (): ContentHash => parseContentHash(word() + word() + word() + word())

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

async function timed<Value>(what: string, work: () => Promise<Value>): Promise<Value> {
  const began = performance.now()
  const value = await work()
  console.log(`${what.padEnd(58)} ${(performance.now() - began).toFixed(1).padStart(9)} ms`)
  return value
}

const newJob = (catalog: Catalog, number: number): Promise<Job> =>
  catalog.createJob({
    name: `Job ${number}`,
    client: `Client ${number % 50}`,
    folder: `2026/2026-01-01 Client ${number % 50} Job ${number}`,
    shotOn: '2026-01-01',
    createdAtMs: number,
  })

/** Lists one roll in the catalog, and answers what an ingest would report of it. */
async function newRoll(catalog: Catalog, cardNumber: number, job: Job, files: number, atMs: number) {
  const [known] = await catalog.card(`CARD_${cardNumber}`)
  const signs = {
    label: `CARD_${cardNumber}`,
    fileSystemUuid: `uuid-${cardNumber}`,
    fileSystem: 'exfat',
    volumeBytes: 128e9,
    root: '/media/card',
    isVolume: true,
  }
  const card = known ?? (await catalog.saveCard({ signs, maker: 'Canon', structure: 'dcim', atMs }))
  const roll = await catalog.beginRoll({
    cardId: card.id,
    jobId: job.id,
    label: card.label,
    atMs,
    folderOf: (name) => `${job.folder}/${name}`,
  })
  const listing = Array.from({ length: files }, (_, index) => ({
    path: `DCIM/100EOSR5/IMG_${String(index % 10_000).padStart(4, '0')}.CR3`,
    bytes: 45_000_000 + Number.parseInt(word().slice(0, 5), 16),
    mtimeMs: atMs + index,
  }))
  const added = () => catalog.addRollFiles(roll.id, listing)
  const reads: ReadRecord[] = listing.map(({ path, bytes }) => ({
    rollId: roll.id,
    path,
    hash: nextHash(),
    bytes,
    jobId: job.id,
    atMs,
  }))
  const copyTo = (placeId: CopyRecord['placeId'], deviceId: string) => (read: ReadRecord) => ({
    hash: read.hash,
    placeId,
    path: `${roll.folder}/${read.path}`,
    evidence: { atMs, strength: 'medium', finding: 'agreed', deviceId } as const,
  })
  const copies: CopyRecord[] = [
    ...reads.map(copyTo(nas, 'raid-0123456789')),
    ...reads.map(copyTo(pc, 'nvme-0123456789')),
  ]
  return { card, roll, reads, copies, added }
}

async function fillUp(catalog: Catalog): Promise<void> {
  const home = { site: 'home', declaredDevice: null }
  valueOf(await catalog.addPlace({ id: nas, name: 'nas', role: 'library', address: '/nas', ...home }, 1))
  valueOf(await catalog.addPlace({ id: pc, name: 'pc', role: 'second', address: '/pc', ...home }, 1))
  const runId = await catalog.beginRun('ingest', {}, 1)
  for (let number = 0; number * filesPerRoll < originals; number += 1) {
    const job = await newJob(catalog, number)
    const files = Math.min(filesPerRoll, originals - number * filesPerRoll)
    const { roll, reads, copies, added } = await newRoll(catalog, number % 12, job, files, 1e12 + number * 1e6)
    await added()
    await catalog.recordReports({ runId, reads, copies })
    await catalog.recordSecondRead(
      roll.id,
      reads.map(({ path }) => ({ path, finding: 'agreed', strength: 'medium', atMs: 1e12 + number * 1e6 + 1 })),
    )
  }
  await catalog.endRun(runId, 'done', 2)
}

async function measure(catalog: Catalog): Promise<void> {
  await timed('status, nothing recorded since (jobTallies)', () => catalog.jobTallies())
  const job = await newJob(catalog, 999_999)
  const runId = await catalog.beginRun('ingest', {}, 3)
  const { card, roll, reads, copies, added } = await newRoll(catalog, 3, job, 1000, 2e12)
  await timed('list 1,000 new files (addRollFiles)', added)
  await timed('which of 1,000 are known (knownByHash)', () => catalog.knownByHash(reads.map(({ hash }) => hash)))
  await timed('twins of 1,000 (knownByCheapKey)', () =>
    catalog.knownByCheapKey(reads.map(({ path, bytes }) => ({ name: path.slice(14), bytes, mtimeMs: 2e12 }))),
  )
  await timed('record 1,000 files, 2,000 copies, one batch', () => catalog.recordReports({ runId, reads, copies }))
  await timed('record 100 files more, one transaction each', async () => {
    for (let index = 0; index < 100; index += 1) {
      await catalog.recordReports({ runId, reads: reads.slice(index, index + 1), copies: [] })
    }
  })
  await timed('second read of 1,000 (recordSecondRead)', () =>
    catalog.recordSecondRead(
      roll.id,
      reads.map(({ path }) => ({ path, finding: 'agreed', strength: 'medium', atMs: 3e12 })),
    ),
  )
  await timed('status after that (jobTallies, 2 jobs to count)', () => catalog.jobTallies())
  await timed('facts for one card (cardFacts)', () => catalog.cardFacts(card.id, 1e12))
  const cards = await catalog.cards()
  await timed(`facts for all ${cards.length} cards`, () =>
    Promise.all(cards.map(({ id }) => catalog.cardFacts(id, 1e12))),
  )
  await timed('the last roll of a card with its files (lastRoll)', () => catalog.lastRoll(card.id))
  await timed('the 1,000 copies whose check is due (copiesAt)', () => catalog.copiesAt(nas, { limit: 1000 }))
  await timed('the same for one job', () => catalog.copiesAt(nas, { limit: 1000, jobId: job.id }))
  await timed('taken names below a roll (copyPathsUnder)', () => catalog.copyPathsUnder(nas, roll.folder))
  await timed('one file by hash (fileFacts)', () => catalog.fileFacts(reads[0]!.hash))
  await timed('files by name (fileFacts)', () => catalog.fileFacts('IMG_0001.CR3'))
}

/** Prepares the catalog's own statements as they run, and prints how SQLite goes about each. */
async function plans(): Promise<void> {
  const store = valueOf(await openStore(file, {}))
  const seen = new Set<string>()
  const prepare = store.sqlite.prepare.bind(store.sqlite)
  const explained = (text: string): void => {
    if (seen.has(text) || !/^\s*(select|with)/i.test(text) || text.includes('from "place" order by')) return
    seen.add(text)
    const parameters = (text.match(/\?/g) ?? []).map(() => '')
    const steps = prepare(`explain query plan ${text}`).all(...parameters)
    console.log(`\n${text.length > 230 ? `${text.slice(0, 230)} …` : text}`)
    for (const step of steps) console.log(`    ${String(step['detail'])}`)
  }
  Object.defineProperty(store.sqlite, 'prepare', {
    value: (text: string) => {
      explained(text)
      return prepare(text)
    },
  })
  const catalog = catalogOn(store, file)
  const [card] = await catalog.cards()
  const [job] = await catalog.jobs()
  await catalog.cull([nextHash()], 1, 'none')
  await catalog.jobTallies()
  store.sqlite.exec(`update job_tally set dirty = 1 where job_id = '${job!.id}'`)
  await catalog.jobTallies()
  await catalog.cardFacts(card!.id, 1e12)
  await catalog.knownByHash([nextHash()])
  await catalog.knownByCheapKey([{ name: 'x', bytes: 1, mtimeMs: 1 }])
  await catalog.copiesAt(nas, { limit: 1, checkedBeforeMs: 5, after: { latestAtMs: 1, number: 1 } })
  await catalog.copiesAt(nas, { limit: 1, jobId: job!.id })
  await catalog.copyPathsUnder(nas, 'x')
  await catalog.fileFacts('a/b')
  await disconnect(store)
}

async function sayMemory(label: string): Promise<void> {
  const log = await stat(`${file}-wal`).catch(() => null)
  console.log(
    `${label}: memory now ${megabytes(process.memoryUsage().rss)}, at most ${megabytes(process.resourceUsage().maxRSS * 1024)}; ` +
      `catalog ${megabytes((await stat(file)).size)}, log ${megabytes(log?.size ?? 0)}`,
  )
}

async function fillAlone(): Promise<void> {
  const catalog = valueOf(await openCatalog(file))
  await timed(`fill: ${originals} originals, ${originals * 2} copies, second reads`, () => fillUp(catalog))
  await timed('count all jobs for the first time (jobTallies)', () => catalog.jobTallies())
  await sayMemory('after filling')
  await catalog.close()
}

async function compare(scratch: string): Promise<void> {
  try {
    const env = { ...process.env, FIVEFOLD_BENCH_FILL: file }
    const arguments_ = [fileURLToPath(import.meta.url), String(originals)]
    const { status } = spawnSync(process.execPath, arguments_, { env, stdio: 'inherit' })
    if (status !== 0) throw new Error('The filling failed.')
    await sayMemory('before opening')
    const catalog = await timed('open', async () => valueOf(await openCatalog(file)))
    await measure(catalog)
    await sayMemory('after measuring')
    await timed('close', () => catalog.close())
    await plans()
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

// The filling process draws other hashes than the measuring one.
if (folder === null) state = 0xf111
await (folder === null ? fillAlone() : compare(folder))
