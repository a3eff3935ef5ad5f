import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  copyOfReal,
  endAllAtWork,
  everythingIn,
  makeCatalogue,
  openElsewhere,
  skipWithoutCatalogues,
  takeIn,
} from '../../../test/lab/lightroom-ground.ts'
import { snapshotLightroomCatalogue } from './snapshot-catalogue.ts'

let folder = ''
let kept = ''
let toFile = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fivefold-lightroom-'))
  kept = join(folder, 'kept')
  toFile = join(kept, 'snapshot.lrcat')
  mkdirSync(kept)
})

afterEach(async () => {
  await endAllAtWork()
  rmSync(folder, { recursive: true, force: true })
})

/**
 * Makes a snapshot, and sees that the catalogue's folder is as it was, and that only the snapshot was left, if there is
 * one.
 */
async function snapshot(file: string): Promise<Awaited<ReturnType<typeof snapshotLightroomCatalogue>>> {
  const before = everythingIn(dirname(file))
  const answer = await snapshotLightroomCatalogue(file, toFile)
  assert.deepEqual(everythingIn(dirname(file)), before, 'something was written beside the catalogue')
  assert.deepEqual(readdirSync(kept), answer.ok ? ['snapshot.lrcat'] : [], 'something was left behind')
  return answer
}

async function snapshotWell(file: string): Promise<void> {
  const answer = await snapshot(file)
  assert.ok(answer.ok, JSON.stringify(answer))
  assert.equal(answer.value.bytes, statSync(toFile).size)
  assert.equal(answer.value.checked, 'integrity_check ok')
}

function query(file: string, sql: string): readonly unknown[] {
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  const database = new DatabaseSync(url, { readOnly: true })
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    database.close()
  }
}

/** What a made catalogue says at one moment: files, images and the noted number of shots are one number. */
function shotsIn(file: string): number {
  const counts = query(
    file,
    `select (select count(*) from AgLibraryFile) as files, (select count(*) from Adobe_images) as images,
      (select value from Adobe_variablesTable where name = 'shots') as noted,
      (select cast(rtrim(pathFromRoot, '/') as integer) from AgLibraryFolder) as folder`,
  )
  const [{ files, images, noted, folder }] = counts as [Record<string, number>]
  assert.deepEqual([images, noted, folder], [files, files, files])
  return files ?? 0
}

test('the snapshot of a real catalogue says all that the catalogue says', { skip: skipWithoutCatalogues }, async () => {
  for (const name of ['fivefold_dev.lrcat', 'test_catalog_1.lrcat']) {
    const file = copyOfReal(name, folder)
    await snapshotWell(file)
    const tables = query(file, "select name from sqlite_schema where type = 'table' order by name") as {
      name: string
    }[]
    assert.ok(tables.length > 50)
    for (const { name: table } of tables)
      assert.deepEqual(query(toFile, `select * from "${table}"`), query(file, `select * from "${table}"`), table)
    rmSync(toFile)
  }
})

for (const wal of [true, false]) {
  test(`a closed catalogue (${wal ? 'log' : 'journal'} mode)`, async () => {
    const file = makeCatalogue(folder, { wal, shots: 50 })
    const answer = await snapshot(file)
    assert.deepEqual(answer, {
      ok: true,
      value: { bytes: statSync(file).size, version: '1300000', checked: 'integrity_check ok', mayBeBehind: false },
    })
    assert.equal(shotsIn(toFile), 50)
  })

  test(`while another process takes in one shot after the other (${wal ? 'log' : 'journal'}), a snapshot is one moment or fails`, async () => {
    const file = makeCatalogue(folder, { wal, shots: 400 })
    await openElsewhere(
      file,
      "database.exec('pragma wal_autocheckpoint = 6; pragma synchronous = off'); setInterval(takeIn, 4); takeIn()",
    )
    for (let round = 0; round < (wal ? 6 : 1); round += 1) {
      const answer = await snapshotLightroomCatalogue(file, toFile)
      if (answer.ok) {
        assert.ok(shotsIn(toFile) > 400)
        rmSync(toFile)
      } else assert.match(answer.failure.sentence, /so busily/)
      assert.deepEqual(readdirSync(kept), [])
    }
  })
}

test('what stands only in the log is in the snapshot, while another process has the catalogue open', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 5 })
  await openElsewhere(file, 'takeIn(); takeIn()')
  writeFileSync(`${file}.lock`, '')
  const answer = await snapshot(file)
  assert.equal(answer.ok && answer.value.mayBeBehind, true)
  assert.equal(shotsIn(toFile), 7)
})

test('an older Lightroom that holds its lock, and is in the middle of a change, is neither waited for nor disturbed', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 300 })
  await openElsewhere(
    file,
    `database.exec("pragma cache_size = 1; pragma cache_spill = 1; begin exclusive; update AgLibraryFile set baseName = 'half', importHash = hex(zeroblob(600))")`,
  )
  await snapshotWell(file)
  assert.equal(shotsIn(toFile), 300)
  assert.deepEqual(query(toFile, "select count(*) as half from AgLibraryFile where baseName = 'half'"), [{ half: 0 }])
})

test('a catalogue that is written while SQLite reads it is read again, from a copy', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 5 })
  const calls: string[] = []
  const answer = await snapshotLightroomCatalogue(file, toFile, async (from, to) => {
    calls.push(from.location() ?? '')
    try {
      await backup(from, to)
    } finally {
      from.close()
    }
    if (calls.length === 1) takeIn(file)
  })
  assert.ok(answer.ok, JSON.stringify(answer))
  assert.equal(shotsIn(toFile), 6)
  assert.deepEqual([calls.length, calls[0] === file, calls[1] === file], [2, true, false])
})

test('a folder that may only be read is enough', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 3 })
  chmodSync(file, 0o444)
  chmodSync(dirname(file), 0o555)
  try {
    await snapshotWell(file)
  } finally {
    chmodSync(dirname(file), 0o755)
  }
})

test('[W2] a snapshot never replaces what has its name', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 1 })
  writeFileSync(toFile, 'the one of last week')
  const answer = await snapshotLightroomCatalogue(file, toFile)
  assert.equal(!answer.ok && answer.failure.code, 'name-taken')
  assert.equal(readFileSync(toFile, 'utf8'), 'the one of last week')
  assert.deepEqual(readdirSync(kept), ['snapshot.lrcat'])
})

test('[W1] a snapshot that fails the full check gets no name: an index that lies about its table', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 20 })
  const database = new DatabaseSync(file, { defensive: false })
  database.exec(`pragma writable_schema = on;
    update sqlite_schema set sql = replace(sql, '(captureTime)', '(rootFile)') where name = 'index_Adobe_images_captureTime'`)
  database.close()
  assert.deepEqual(query(file, 'pragma quick_check'), [{ quick_check: 'ok' }])
  const answer = await snapshot(file)
  assert.deepEqual(!answer.ok && [answer.failure.code, answer.failure.sentence], [
    'lightroom-unreadable',
    'The Lightroom catalogue “made.lrcat” is damaged.',
  ])
})

test('what is no catalogue is not kept as one', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 200 })
  const cut = join(dirname(file), 'cut.lrcat')
  writeFileSync(cut, readFileSync(file).subarray(0, 4096 * 10))
  assert.match(JSON.stringify(await snapshot(cut)), /lightroom-unreadable.*is damaged/)
  const foreign = join(dirname(file), 'foreign.lrcat')
  const database = new DatabaseSync(foreign)
  database.exec('create table a (b)')
  database.close()
  assert.match(JSON.stringify(await snapshot(foreign)), /is not a Lightroom Classic catalogue/)
  assert.match(JSON.stringify(await snapshot(join(dirname(file), 'none.lrcat'))), /not-found/)
})

test('a snapshot beside the catalogue is refused, and one in a folder that is not there fails', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 1 })
  const before = everythingIn(dirname(file))
  const beside = await snapshotLightroomCatalogue(file, join(dirname(file), 'copy.lrcat'))
  assert.equal(!beside.ok && beside.failure.code, 'wrong-usage')
  const nowhere = await snapshotLightroomCatalogue(file, join(folder, 'nowhere', 'copy.lrcat'))
  assert.equal(!nowhere.ok && nowhere.failure.code, 'place-error')
  assert.deepEqual(everythingIn(dirname(file)), before)
})
