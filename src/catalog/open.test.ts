import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { connect, disconnect, tablesOf } from './connection.ts'
import { migrate, schemaVersion } from './migrations.ts'
import { openStore } from './open-store.ts'
import { openCatalog } from './open.ts'
import { hashOf, scratchFolder, studio, valueOf } from './sample.test.ts'
import { catalogTrouble } from './trouble.ts'

const failureOf = async (file: string): Promise<string> => {
  const opened = await openCatalog(file)
  if (!opened.ok) return opened.failure.code
  await opened.value.close()
  return 'opened'
}

const runSql = (path: string, text: string): void => {
  const database = new DatabaseSync(path)
  database.exec(text)
  database.close()
}

const scribbleOverTheSchema = async (path: string): Promise<void> => {
  const bytes = await readFile(path)
  await writeFile(path, bytes.fill(0xff, 100, 2000))
}

test('a new catalog is made whole, and is the same one when it is opened again', async (context) => {
  const file = join(await scratchFolder(context), 'home', 'catalog.db')
  const first = valueOf(await openCatalog(file))
  const made = await first.identity()
  await first.beginRun('ingest', {}, 1)
  await first.close()
  const second = valueOf(await openCatalog(file))
  context.after(() => second.close())
  assert.deepEqual(await second.identity(), { catalogId: made.catalogId, generation: 1 })
  assert.deepEqual(await second.checkWhole(), { ok: true, value: undefined })
})

test('[J1] every commit is flushed: write-ahead log, full synchronous, references checked', async (context) => {
  const file = join(await scratchFolder(context), 'catalog.db')
  for (const step of ['new', 'again']) {
    const store = valueOf(await openStore(file, {}))
    const setting = (name: string) => Object.values(store.sqlite.prepare(`pragma ${name}`).get() ?? {})[0]
    assert.equal(setting('journal_mode'), 'wal', step)
    assert.equal(setting('synchronous'), 2, step)
    assert.equal(setting('fullfsync'), 1, step)
    assert.equal(setting('foreign_keys'), 1, step)
    assert.equal(setting('busy_timeout'), 5000, step)
    await disconnect(store)
  }
})

test('[J1] 200 acknowledged records are all there after SIGKILL', async (context) => {
  const file = join(await scratchFolder(context), 'catalog.db')
  const program = `
    import { openCatalog } from ${JSON.stringify(new URL('open.ts', import.meta.url).href)}
    import { studio, valueOf } from ${JSON.stringify(new URL('sample.test.ts', import.meta.url).href)}
    const catalog = valueOf(await openCatalog(${JSON.stringify(file)}))
    const { reads, copies, runId } = await studio(catalog, 1000)
    for (const [index, read] of reads.entries()) {
      await catalog.recordReports({ runId, reads: [read], copies: copies.slice(index * 2, index * 2 + 2) })
      process.stdout.write(read.hash + '\\n')
    }`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  })
  const acknowledged: string[] = []
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(line)
    if (acknowledged.length === 200) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
  assert.ok(acknowledged.length >= 200)
  const catalog = valueOf(await openCatalog(file))
  context.after(() => catalog.close())
  const known = await catalog.knownByHash(acknowledged.map((_, index) => hashOf(index)))
  assert.equal(known.size, acknowledged.length)
  for (const original of known.values()) assert.equal(original.copies.length, 2)
  assert.equal((await catalog.checkWhole()).ok, true)
  assert.equal((await catalog.interruptedRuns()).length, 1)
})

test('what is not a whole catalog of ours is refused with a clear code, and left alone', async (context) => {
  const folder = await scratchFolder(context)
  const file = join(folder, 'catalog.db')
  const catalog = valueOf(await openCatalog(file))
  await studio(catalog, 500)
  await catalog.close()
  const variant = async (name: string, change: (path: string) => unknown): Promise<string> => {
    const path = join(folder, `${name}.db`)
    await copyFile(file, path)
    await change(path)
    const before = await readFile(path)
    const code = await failureOf(path)
    assert.ok(code === 'opened' || before.equals(await readFile(path)), `${name} was changed`)
    return code
  }
  assert.equal(await variant('sound', () => null), 'opened')
  assert.equal(await variant('empty', (path) => truncate(path, 0)), 'catalog-damaged')
  assert.equal(await variant('cut-off', (path) => truncate(path, 40_960)), 'catalog-damaged')
  const wholeBytes = (await readFile(file)).length
  assert.equal(await variant('a page short', (path) => truncate(path, wholeBytes - 4096)), 'catalog-damaged')
  assert.equal(await variant('stub', (path) => truncate(path, 50)), 'catalog-damaged')
  assert.equal(await variant('text', (path) => writeFile(path, 'hello '.repeat(5000))), 'catalog-damaged')
  assert.equal(await variant('another', (path) => runSql(path, 'pragma application_id = 7')), 'catalog-damaged')
  assert.equal(
    await variant('newer', (path) => runSql(path, `pragma user_version = ${schemaVersion + 1}`)),
    'catalog-newer',
  )
  assert.equal(await variant('robbed', (path) => runSql(path, 'drop table evidence')), 'catalog-damaged')
  assert.equal(await variant('scribbled', scribbleOverTheSchema), 'catalog-damaged')
})

test('a write-ahead log without its catalog is a lost catalog, not a new one', async (context) => {
  const file = join(await scratchFolder(context), 'catalog.db')
  await writeFile(`${file}-wal`, 'log')
  assert.equal(await failureOf(file), 'catalog-damaged')
})

test('damage inside is found by the full check', async (context) => {
  const file = join(await scratchFolder(context), 'catalog.db')
  const made = valueOf(await openCatalog(file))
  await studio(made, 2000)
  await made.close()
  const bytes = await readFile(file)
  await writeFile(file, bytes.fill(0x41, bytes.length - 4096 * 20 + 8, bytes.length - 4096 * 19))
  const catalog = valueOf(await openCatalog(file))
  context.after(() => catalog.close())
  const checked = await catalog.checkWhole()
  assert.equal(checked.ok ? 'fine' : checked.failure.code, 'catalog-damaged')
})

test('looking only: sees what a writer does at the same time, and can not write', async (context) => {
  const file = join(await scratchFolder(context), 'catalog.db')
  const missing = await openCatalog(file, { readOnly: true })
  assert.equal(missing.ok ? 'opened' : missing.failure.code, 'not-found')
  const writer = valueOf(await openCatalog(file))
  const reader = valueOf(await openCatalog(file, { readOnly: true }))
  context.after(async () => {
    await reader.close()
    await writer.close()
  })
  const { runId, reads, copies, job } = await studio(writer, 3)
  await writer.recordReports({ runId, reads, copies })
  assert.deepEqual(
    (await reader.jobTallies()).map(({ jobId, files, provenCopiesMin }) => ({ jobId, files, provenCopiesMin })),
    [{ jobId: job.id, files: 3, provenCopiesMin: 2 }],
  )
  await assert.rejects(reader.beginRun('ingest', {}, 1), (error) => catalogTrouble(error)?.code === 'place-read-only')
})

test('[J1] a migration that fails in the middle leaves the step before, whole', async (context) => {
  const store = connect(':memory:', () => 'id', false)
  context.after(() => disconnect(store))
  store.sqlite.exec('create table job_tally_role (in_the_way text)')
  await assert.rejects(migrate(tablesOf(store), 0), /already exists/)
  const tables = store.sqlite.prepare('select name from sqlite_schema').all()
  assert.deepEqual(
    tables.map((row) => row['name']),
    ['job_tally_role'],
  )
  assert.equal(store.sqlite.prepare('pragma user_version').get()?.['user_version'], 0)
})

test('a snapshot is one whole catalog that opens by itself, and replaces nothing', async (context) => {
  const folder = await scratchFolder(context)
  const catalog = valueOf(await openCatalog(join(folder, 'catalog.db')))
  context.after(() => catalog.close())
  const { runId, reads, copies } = await studio(catalog, 50)
  const copying = catalog.snapshot(join(folder, 'first.db'))
  await catalog.recordReports({ runId, reads, copies })
  assert.equal((await copying).ok, true)
  assert.equal((await catalog.snapshot(join(folder, 'second.db'))).ok, true)
  const again = await catalog.snapshot(join(folder, 'second.db'))
  assert.equal(again.ok ? 'replaced' : again.failure.code, 'name-taken')
  const copy = valueOf(await openCatalog(join(folder, 'second.db')))
  context.after(() => copy.close())
  assert.deepEqual(await copy.identity(), await catalog.identity())
  assert.equal((await copy.knownByHash(reads.map(({ hash }) => hash))).size, 50)
})
