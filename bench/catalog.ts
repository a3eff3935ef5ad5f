/**
 * How the catalog does with a photographer's whole life in it: 1,000,000 originals (or `--originals N`), five copies each, 400 jobs,
 * twelve cards in use. Each group of calls runs in a process of its own, as a command would, so that time and memory are those
 * of that command: status, list of cards, what-if and prune from the kept answers; the same after an ingest; the ingest itself.
 * Last come the plans of the queries that matter (`--plans` for them alone).
 *
 *   node bench/catalog.ts [--originals N] [--file F] [--plans]
 *
 * `--file F` uses that catalog, and makes it when it is not there; it is changed, and kept. Without it, one in a temporary folder is
 * used and removed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { disconnect } from '../src/catalog/connection.ts'
import type { Catalog, CopyRecord, ReadRecord } from '../src/catalog/catalog.ts'
import { openStore } from '../src/catalog/open-store.ts'
import { catalogOn, openCatalog } from '../src/catalog/open.ts'
import { type ContentHash, parseContentHash } from '../src/domain/ids.ts'
import type { Job } from '../src/domain/job.ts'
import type { PlaceId } from '../src/domain/ids.ts'
import { benchPlaces, fillCatalog, hashesFrom, valueOf } from './fill-catalog.ts'

const { values: given } = parseArgs({
  options: {
    originals: { type: 'string', default: '1000000' },
    file: { type: 'string' },
    plans: { type: 'boolean', default: false },
    /** Set in the processes that measure. */
    part: { type: 'string' },
  },
})
const file = given.file ?? join(await mkdtemp(join(tmpdir(), 'fivefold-bench-catalog-')), 'catalog.db')
const [nas, pc] = benchPlaces.map(({ id }) => id)
const hashes = hashesFrom(Date.now() | 0)
const nextHash = (): ContentHash => parseContentHash(hashes())
const dayMs = 86_400_000

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
    bytes: 45_000_000 + index,
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
  const copyTo = (placeId: PlaceId, deviceId: string) => (read: ReadRecord) => ({
    hash: read.hash,
    placeId,
    path: `${roll.folder}/${read.path}`,
    evidence: { atMs, strength: 'medium', finding: 'agreed', deviceId } as const,
  })
  const copies: CopyRecord[] = [
    ...reads.map(copyTo(nas!, 'device-nas-0123456789')),
    ...reads.map(copyTo(pc!, 'device-pc-0123456789')),
  ]
  return { card, roll, reads, copies, added }
}

/** Everything that `fivefold status` asks the catalog for. */
async function askStatus(catalog: Catalog): Promise<void> {
  await timed('jobTallies', () => catalog.jobTallies())
  await timed('jobs', () => catalog.jobs())
  await timed('filesWithoutOriginal', () => catalog.filesWithoutOriginal())
  await askCards(catalog)
  await timed('interruptedRuns, placeNotes, placeEvents, cardEvents, newestMomentMs', async () => {
    await catalog.interruptedRuns()
    await catalog.placeNotes()
    await catalog.placeEvents({ limit: 100 })
    await catalog.cardEvents({ unseenOnly: true })
    await catalog.newestMomentMs()
    await catalog.removals({ state: 'planned' })
  })
}

async function askCards(catalog: Catalog): Promise<void> {
  const cards = await catalog.cards()
  const freshSinceMs = Date.now() - 30 * dayMs
  await timed(`cardFacts of ${cards.length} cards`, async () => {
    for (const { id } of cards) await catalog.cardFacts(id, freshSinceMs)
  })
}

async function askWhere(catalog: Catalog): Promise<void> {
  const groups = await timed('whereabouts', () => catalog.whereabouts())
  await timed('jobs', () => catalog.jobs())
  console.log(`  ${groups.length} groups, ${groups.reduce((sum, { files }) => sum + files, 0)} originals`)
}

async function ingest(catalog: Catalog): Promise<void> {
  const nowMs = Date.now()
  const job = await newJob(catalog, nowMs)
  const runId = await catalog.beginRun('ingest', {}, nowMs)
  const { card, roll, reads, copies, added } = await newRoll(catalog, 3, job, 1000, nowMs)
  await timed('list 1,000 new files (addRollFiles)', added)
  await timed('which of 1,000 are known (knownByHash)', () => catalog.knownByHash(reads.map(({ hash }) => hash)))
  await timed('twins of 1,000 (knownByCheapKey)', () =>
    catalog.knownByCheapKey(reads.map(({ path, bytes }) => ({ name: path.slice(14), bytes, mtimeMs: nowMs }))),
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
      reads.map(({ path }) => ({ path, finding: 'agreed', strength: 'medium', atMs: nowMs })),
    ),
  )
  await catalog.endRun(runId, 'done', nowMs)
  await timed('facts for that card, counted (cardFacts)', () => catalog.cardFacts(card.id, nowMs - dayMs))
}

/** 20,000 copies of the oldest jobs, 500 a batch. */
async function verify(catalog: Catalog): Promise<void> {
  const nowMs = Date.now()
  const due = await timed('the 20,000 copies whose check is due (copiesAt)', () =>
    catalog.copiesAt(nas!, { limit: 20_000 }),
  )
  const runId = await catalog.beginRun('verify', {}, nowMs)
  await timed('record a look at them, 500 a batch (recordReports)', async () => {
    for (let start = 0; start < due.length; start += 500) {
      const copies = due.slice(start, start + 500).map(({ hash, placeId, path, latest }) => ({
        hash,
        placeId,
        path,
        evidence: { ...latest, atMs: nowMs },
      }))
      await catalog.recordReports({ runId, reads: [], copies })
    }
  })
  await catalog.endRun(runId, 'done', nowMs)
}

/** 20,000 files of eight jobs arrive at a drive under a new name, 500 a batch. */
async function updateDrive(catalog: Catalog): Promise<void> {
  const nowMs = Date.now()
  const runId = await catalog.beginRun('drive-update', {}, nowMs)
  const jobs = (await catalog.jobs()).slice(20, 28)
  const originals = await timed('what to carry: 8 jobs, 500 a page (originalsOf)', async () => {
    const all: Awaited<ReturnType<Catalog['originalsOf']>>[number][] = []
    for (const { id } of jobs) {
      for (let page = await catalog.originalsOf(id, { limit: 500 }); page.length > 0;) {
        all.push(...page)
        page = await catalog.originalsOf(id, { limit: 500, after: page.at(-1)!.hash })
      }
    }
    return all
  })
  const drive = benchPlaces[4]!.id
  await timed(`record ${originals.length} new copies, 500 a batch (recordReports)`, async () => {
    for (let start = 0; start < originals.length; start += 500) {
      const copies = originals.slice(start, start + 500).map(({ hash, name }) => ({
        hash,
        placeId: drive,
        path: `carried/${runId}/${name} ${hash}`,
        evidence: { atMs: nowMs, strength: 'medium', finding: 'agreed', deviceId: 'device-safe-b-0123456789' } as const,
      }))
      await catalog.recordReports({ runId, reads: [], copies })
    }
  })
  await catalog.endRun(runId, 'done', nowMs)
}

async function lookUp(catalog: Catalog): Promise<void> {
  const [card] = await catalog.cards()
  const [job] = await catalog.jobs()
  await timed('the last roll of a card with its files (lastRoll)', () => catalog.lastRoll(card!.id))
  await timed('the 1,000 copies whose check is due (copiesAt)', () => catalog.copiesAt(nas!, { limit: 1000 }))
  await timed('the same for one job', () => catalog.copiesAt(nas!, { limit: 1000, jobId: job!.id }))
  await timed('how many are due for one job (countCopiesAt)', () => catalog.countCopiesAt(nas!, { jobId: job!.id }))
  await timed('how many are due at a place (countCopiesAt)', () => catalog.countCopiesAt(nas!, {}))
  await timed('taken names below a job (copyPathsUnder)', () => catalog.copyPathsUnder(nas!, job!.folder))
  await timed('files by name (fileFacts)', () => catalog.fileFacts('IMG_0001.CR3'))
}

interface Part {
  readonly title: string
  readonly readOnly: boolean
  readonly run: (catalog: Catalog) => Promise<void>
}

const countAll: Part = {
  title: 'count everything for the first time (a writer)',
  readOnly: false,
  run: async (catalog) => {
    await askWhere(catalog)
    await askCards(catalog)
  },
}

const looks = { readOnly: true } as const
const writes = { readOnly: false } as const

const parts: Readonly<Record<string, Part>> = {
  first: countAll,
  status: { ...looks, title: 'status', run: askStatus },
  cards: { ...looks, title: 'card list', run: askCards },
  where: { ...looks, title: 'what-if, prune list', run: askWhere },
  ingest: { ...writes, title: 'an ingest of 1,000 files onto two places', run: ingest },
  'status-after': { ...looks, title: 'status after it, nothing kept by a process that only looks', run: askStatus },
  'where-after': { ...looks, title: 'what-if after it', run: askWhere },
  verify: { ...writes, title: 'verify', run: verify },
  drive: { ...writes, title: 'drive update', run: updateDrive },
  recount: {
    ...writes,
    title: 'the next writer counts what verify and drive update touched, about 16 jobs',
    run: async (catalog) => {
      await timed('jobTallies', () => catalog.jobTallies())
      await askCards(catalog)
    },
  },
  look: { ...looks, title: 'looking things up', run: lookUp },
}

async function measure({ title, readOnly, run }: Part): Promise<void> {
  console.log(`\n${title}`)
  const began = performance.now()
  const catalog = valueOf(await openCatalog(file, { readOnly }))
  await run(catalog)
  await catalog.close()
  const peak = process.resourceUsage().maxRSS * 1024
  console.log(
    `  in all ${(performance.now() - began).toFixed(0)} ms with opening and closing; memory at most ${megabytes(peak)}`,
  )
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
  const job = (await catalog.jobs()).at(-1)
  await catalog.cull([nextHash()], 1, 'none')
  store.sqlite.exec(`update job_tally set dirty = 1 where job_id = '${job!.id}'`)
  store.sqlite.exec('update roll_tally set dirty = 1')
  await catalog.whereabouts()
  await catalog.filesWithoutOriginal()
  await catalog.cardFacts(card!.id, 1e12)
  await catalog.originalsOf(job!.id, { limit: 1, after: nextHash() })
  await catalog.countCopiesAt(nas!, {})
  await catalog.adoptedOfSizes([1])
  await catalog.placeEvents({ limit: 1 })
  await catalog.removals({ state: 'planned' })
  await catalog.knownByHash([nextHash()])
  await catalog.knownByCheapKey([{ name: 'x', bytes: 1, mtimeMs: 1 }])
  await catalog.copiesAt(nas!, { limit: 1, checkedBeforeMs: 5, after: { latestAtMs: 1, number: 1 } })
  await catalog.copiesAt(nas!, { limit: 1, jobId: job!.id })
  await catalog.copyPathsUnder(nas!, 'x')
  await catalog.fileFacts('a/b')
  await disconnect(store)
}

/** A process of its own, so that neither time nor memory is that of another part; what a process inherits of its parent's counts too. */
function runPart(name: string): void {
  const own = ['--file', file, '--originals', given.originals, '--part', name]
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...own], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`The part ${name} failed.`)
}

async function fill(): Promise<void> {
  const began = performance.now()
  await fillCatalog(file, Number(given.originals), Date.now())
  console.log(`filled in ${((performance.now() - began) / 1000).toFixed(0)} s`)
}

async function measureAll(): Promise<void> {
  if (!existsSync(file)) runPart('fill')
  const { size } = await stat(file)
  console.log(`catalog ${megabytes(size)}, ${benchPlaces.length} copies each`)
  for (const name of given.plans ? [] : Object.keys(parts)) runPart(name)
  runPart('plans')
}

const part = given.part === undefined ? undefined : parts[given.part]
if (part !== undefined) await measure(part)
else if (given.part === 'fill') await fill()
else if (given.part === 'plans') await plans()
else await measureAll()
if (given.file === undefined) await rm(join(file, '..'), { recursive: true })
