import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseRunId } from '../domain/ids.ts'
import { disconnect } from './connection.ts'
import { openStore } from './open-store.ts'
import { catalogOn } from './open.ts'
import { counter, hashOf, inMemory, placeId, seen, studio, valueOf } from './sample.test.ts'

test('[W3] evidence can only be added: the database itself refuses to change or delete it', async (context) => {
  const store = valueOf(await openStore(':memory:', { newId: counter() }))
  context.after(() => disconnect(store))
  const catalog = catalogOn(store, ':memory:')
  const { runId, reads, copies } = await studio(catalog, 2)
  await catalog.recordReports({ runId, reads, copies })
  const attempts = [
    ['evidence_no_update', "update evidence set finding = 'absent'"],
    ['evidence_no_delete', 'delete from evidence'],
    ['evidence_no_delete', `insert or replace into evidence select * from evidence where number = 1`],
    ['copy_no_delete', 'delete from copy where number not in (select copy_number from evidence)'],
    ['original_no_delete', "delete from original where hash = '" + hashOf(99) + "'"],
  ] as const
  await catalog.addRollFiles(reads[0]!.rollId, [{ path: 'lonely', bytes: 1, mtimeMs: 1 }])
  await catalog.recordReports({
    runId,
    reads: [{ ...reads[0]!, path: 'lonely', hash: hashOf(99), bytes: 1 }],
    copies: [],
  })
  await catalog.addRollFiles(reads[0]!.rollId, [{ path: 'lonely', bytes: 2, mtimeMs: 1 }])
  store.sqlite.exec(`insert into copy select 999, hash, place_id, path || '2', latest_at_ms, latest_strength,
    latest_finding, latest_device_id, bytes from copy where number = 1`)
  for (const [guard, attempt] of attempts) {
    const { sql } = store.sqlite.prepare('select sql from sqlite_schema where name = ?').get(guard) ?? {}
    assert.throws(() => store.sqlite.exec(attempt), /never (changed|deleted)/, attempt)
    store.sqlite.exec(`savepoint without_guard; drop trigger ${guard}`)
    assert.doesNotThrow(() => store.sqlite.exec(attempt), `${attempt} would have worked without its guard`)
    store.sqlite.exec('rollback to without_guard; release without_guard')
    assert.equal(store.sqlite.prepare('select sql from sqlite_schema where name = ?').get(guard)?.['sql'], sql)
  }
})

test('[W3] a batch is all or nothing', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies } = await studio(catalog, 3)
  const bad = { ...copies[5]!, placeId: placeId('nowhere') }
  await assert.rejects(catalog.recordReports({ runId, reads, copies: [...copies.slice(0, 5), bad] }), /FOREIGN KEY/)
  assert.equal((await catalog.knownByHash(reads.map(({ hash }) => hash))).size, 0)
  await assert.rejects(
    catalog.recordReports({ runId, reads: [{ ...reads[0]!, path: 'never/listed' }], copies: [] }),
    /listing is recorded first/,
  )
})

test('20,000 files with two copies go in and come out again', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, roll, job } = await studio(catalog, 20_000)
  await catalog.recordReports({ runId, reads, copies })
  const known = await catalog.knownByHash(reads.map(({ hash }) => hash))
  assert.equal(known.size, 20_000)
  assert.equal(known.get(hashOf(19_999))?.copies.length, 2)
  assert.equal((await catalog.copyPathsUnder(placeId('nas'), roll.folder)).length, 20_000)
  const [tally] = await catalog.jobTallies()
  assert.deepEqual(
    [tally?.jobId, tally?.files, tally?.provenCopiesMin, tally?.copies.library.proven, tally?.copies.card.present],
    [job.id, 20_000, 2, 20_000, 20_000],
  )
})

test('the same reports again add evidence and nothing else', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies } = await studio(catalog, 5)
  await catalog.recordReports({ runId, reads, copies })
  const before = await catalog.knownByHash(reads.map(({ hash }) => hash))
  await catalog.recordReports({ runId, reads, copies })
  assert.deepEqual(await catalog.knownByHash(reads.map(({ hash }) => hash)), before)
  const [facts] = await catalog.fileFacts(hashOf(0))
  assert.deepEqual(
    facts?.copies.map(({ history }) => history.length),
    [2, 2],
  )
})

test('[V1] which evidence stands: bad news at once, good news when newer and not weaker than a proof', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies } = await studio(catalog, 1)
  await catalog.recordReports({ runId, reads, copies: [] })
  const after = async (...evidence: Parameters<typeof seen>[]) => {
    const path = `again/${JSON.stringify(evidence)}`
    for (const [atMs, change] of evidence) {
      await catalog.recordReports({ runId, reads: [], copies: [{ ...copies[0]!, path, evidence: seen(atMs, change) }] })
    }
    const latest = (await catalog.copiesOf(reads[0]!.hash)).find((copy) => copy.path === path)?.latest
    return `${latest?.finding} ${latest?.strength} ${latest?.atMs}`
  }
  assert.equal(await after([10, { strength: 'written' }], [20, { strength: 'cached' }]), 'agreed cached 20')
  assert.equal(await after([10], [20]), 'agreed medium 20')
  assert.equal(await after([20], [10]), 'agreed medium 20')
  assert.equal(await after([10], [20, { strength: 'cached' }]), 'agreed medium 10')
  assert.equal(await after([10], [20, { finding: 'absent' }]), 'absent medium 20')
  assert.equal(await after([10], [20, { finding: 'differed', strength: 'cached' }]), 'differed cached 20')
  assert.equal(await after([4_000_000_000_000], [20, { finding: 'absent' }]), 'absent medium 20')
  assert.equal(await after([10, { finding: 'absent' }], [20, { strength: 'written' }]), 'agreed written 20')
  assert.equal(await after([30, { finding: 'differed' }], [20]), 'differed medium 30')
})

test('[V4] a second read that differs makes the card suspect until a person trusts it', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, roll, card, listing } = await studio(catalog, 3)
  await catalog.recordReports({ runId, reads, copies })
  const agreed = listing.map(({ path }) => ({ path, finding: 'agreed', strength: 'medium', atMs: 40 }) as const)
  await catalog.recordSecondRead(roll.id, agreed)
  await catalog.setRollSecondRead(roll.id, 'agreed', 40)
  assert.equal((await catalog.jobTallies())[0]?.copies.card.proven, 3)
  assert.equal((await catalog.card(card.id))[0]?.suspect, null)
  await catalog.recordSecondRead(roll.id, [{ ...agreed[1]!, finding: 'differed', atMs: 50 }])
  assert.equal((await catalog.jobTallies())[0]?.copies.card.proven, 2)
  assert.match((await catalog.card(card.id))[0]?.suspect?.why ?? '', /IMG_00001\.CR3/)
  await catalog.trustCard(card.id)
  assert.equal((await catalog.card(card.id))[0]?.suspect, null)
})

test('[V4] a first read that differs from an earlier first read keeps the earlier hash and tells', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, roll, card } = await studio(catalog, 2)
  await catalog.recordReports({ runId, reads, copies: [] })
  const conflicts = await catalog.recordReports({ runId, reads: [{ ...reads[0]!, hash: hashOf(77) }], copies: [] })
  assert.deepEqual(conflicts, [{ rollId: roll.id, path: reads[0]!.path, firstHash: hashOf(0), newHash: hashOf(77) }])
  const [file] = await catalog.rollFiles(roll.id)
  assert.deepEqual([file?.hash, file?.second?.finding], [hashOf(0), 'differed'])
  assert.notEqual((await catalog.card(card.id))[0]?.suspect, null)
})

test('[V4] a read that differs and is for another job is counted in the job of the first read', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, roll, job } = await studio(catalog, 1)
  await catalog.recordReports({ runId, reads, copies: [] })
  await catalog.recordSecondRead(roll.id, [{ path: reads[0]!.path, finding: 'agreed', strength: 'medium', atMs: 40 }])
  const cardOfJob = async () => (await catalog.jobTallies()).find(({ jobId }) => jobId === job.id)?.copies.card
  assert.deepEqual(await cardOfJob(), { proven: 1, present: 1 })
  const other = await catalog.createJob({ ...job, name: 'Another' })
  await catalog.recordReports({ runId, reads: [{ ...reads[0]!, hash: hashOf(77), jobId: other.id }], copies: [] })
  assert.deepEqual(await cardOfJob(), { proven: 0, present: 1 })
})

test('[V4] a cached second read does not prove the card', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, roll } = await studio(catalog, 1)
  await catalog.recordReports({ runId, reads, copies: [] })
  await catalog.recordSecondRead(roll.id, [{ path: reads[0]!.path, finding: 'agreed', strength: 'cached', atMs: 40 }])
  assert.deepEqual((await catalog.jobTallies())[0]?.copies.card, { proven: 0, present: 1 })
})

test('a file that could not be read keeps its problem until it is read', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, roll } = await studio(catalog, 1)
  const problem = { rollId: roll.id, path: reads[0]!.path, code: 'card-unreadable', sentence: 'It can not be read.' }
  await catalog.recordReports({ runId, reads: [], copies: [], problems: [problem] })
  assert.equal((await catalog.rollFiles(roll.id))[0]?.problem?.code, 'card-unreadable')
  await catalog.recordReports({ runId, reads, copies: [] })
  assert.equal((await catalog.rollFiles(roll.id))[0]?.problem, null)
})

test('[D3] a catalog tells which runs it knows, and which began last', async (context) => {
  const catalog = await inMemory(context)
  assert.equal(await catalog.lastRunId(), null)
  const older = await catalog.beginRun('ingest', null, 20)
  const newer = await catalog.beginRun('verify', null, 30)
  const late = await catalog.beginRun('drill', null, 10)
  assert.equal(await catalog.lastRunId(), newer)
  for (const id of [older, newer, late]) assert.equal(await catalog.hasRun(id), true)
  assert.equal(await catalog.hasRun(parseRunId('of-another-time')), false)
})
