import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { matchFrames, type RollFrame } from '../../domain/lightroom-frames.ts'
import { testCards, testCardsFolder } from '../../../test/lab/can-run.ts'
import {
  copyOfReal,
  endAllAtWork,
  everythingIn,
  makeCatalogue,
  openElsewhere,
  skipWithoutCatalogues,
} from '../../../test/lab/lightroom-ground.ts'
import { readLightroomCatalogue, type LightroomCatalogue } from './read-catalogue.ts'

let folder = ''
let scratch = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fivefold-lightroom-'))
  scratch = join(folder, 'scratch')
  mkdirSync(scratch)
})

afterEach(async () => {
  await endAllAtWork()
  rmSync(folder, { recursive: true, force: true })
})

/** Reads, and sees that the catalogue's folder is as it was and the scratch folder empty again. */
async function read(file: string): Promise<Awaited<ReturnType<typeof readLightroomCatalogue>>> {
  const before = everythingIn(dirname(file))
  const answer = await readLightroomCatalogue(file, scratch)
  assert.deepEqual(everythingIn(dirname(file)), before, 'something was written beside the catalogue')
  assert.deepEqual(readdirSync(scratch), [], 'something was left behind')
  return answer
}

async function readWell(file: string): Promise<LightroomCatalogue> {
  const answer = await read(file)
  assert.ok(answer.ok, JSON.stringify(answer))
  return answer.value
}

/** Every image has its file, and the folder has the name of the last shot: so it is one moment of a made catalogue. */
function assertWhole({ rows }: LightroomCatalogue): void {
  assert.ok(rows.length > 0)
  assert.deepEqual(
    rows.map(({ path }) => path),
    rows.map((_row, at) => `/photos/${rows.length}/IMG_${at + 1}.CR3`),
  )
}

interface Listed {
  readonly card: string
  readonly catalogPath: string
  readonly pick: number
  readonly rating: number | null
  readonly collections: readonly string[]
  readonly virtualCopies: number
}

interface Truth {
  readonly path: string
  readonly capture: { readonly local: string } | null
}

/** All files of the test cards, with the times that truth.json has for them and the dates that a card reader would show. */
function framesOfAllCards(cards: string): readonly RollFrame[] {
  const truth: readonly Truth[] = JSON.parse(readFileSync(join(cards, 'truth.json'), 'utf8'))
  const captures = new Map(truth.map(({ path, capture }) => [path, capture?.local ?? null]))
  return testCards().flatMap((card) =>
    readdirSync(join(cards, card), { recursive: true, withFileTypes: true }).flatMap((entry) => {
      if (!entry.isFile()) return []
      const path = join(entry.parentPath, entry.name).slice(cards.length + 1)
      const { size: bytes, mtimeMs } = statSync(join(cards, path))
      return [{ path, bytes, mtimeMs, captureLocal: captures.get(path) ?? null, computerOffsetMinutes: 60 }]
    }),
  )
}

test(
  'every frame of the real cards is found, or not, as the answers of the real catalogue say',
  { skip: skipWithoutCatalogues },
  async () => {
    const cards = testCardsFolder() ?? ''
    const { version, lightroomHasItOpen, mayBeBehind, rows } = await readWell(copyOfReal('fivefold_dev.lrcat', folder))
    assert.deepEqual(
      { version, lightroomHasItOpen, mayBeBehind },
      { version: '0500006', lightroomHasItOpen: false, mayBeBehind: false },
    )
    assert.equal(rows.length, 14)
    const listed: readonly Listed[] = JSON.parse(
      readFileSync(join(cards, '_lightroom', 'fivefold_dev.expected.json'), 'utf8'),
    )
    const frames = framesOfAllCards(cards)
    assert.ok(frames.length > 60, `only ${frames.length} files on the cards`)
    const answers = matchFrames(frames, rows)

    assert.deepEqual(
      answers.filter(({ kind }) => kind === 'in-catalogue').toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      listed
        .map(({ card, catalogPath, pick, rating, virtualCopies }) => ({
          path: card,
          kind: 'in-catalogue',
          by: 'import-hash',
          cataloguePath: catalogPath,
          rejected: pick === -1,
          rating,
          virtualCopies,
        }))
        .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    )
    assert.deepEqual(
      answers
        .filter(({ kind }) => kind === 'as-sidecar')
        .map(({ path, by, cataloguePath }) => [path, by, cataloguePath]),
      [
        ['CANON_DC/DCIM/103CANON/CRW_0305.THM', 'import-hash', 'D:/Fotos/2022/2022-01-20/CRW_0305.CRW'],
        ['EOS_DIGITAL_B/DCIM/100CANON/_MG_0001.JPG', 'import-hash', 'D:/Fotos/2025/2025-09-06/_MG_0001.CR3'],
      ],
    )
    for (const { catalogPath, collections } of listed)
      assert.deepEqual(
        rows.find(({ path, virtualCopy }) => path === catalogPath && !virtualCopy)?.collections,
        collections,
      )
  },
)

test('a genuine catalogue of Lightroom 5 is read with all it says', { skip: skipWithoutCatalogues }, async () => {
  const { rows } = await readWell(copyOfReal('test_catalog_1.lrcat', folder))
  assert.equal(rows.length, 4)
  const { path, importedAt, cameraModel, ...rest } = rows[0]!
  assert.match(path, /\/_MAX7667\.NEF$/)
  assert.match(importedAt ?? '', /^\d{4}-\d{2}-\d{2}T/)
  assert.match(cameraModel ?? '', /NIKON/)
  assert.deepEqual(rest, {
    originalFilename: '_MAX7667.NEF',
    importHash: '407630349:_MAX7667.NEF:14114354',
    sidecarExtensions: ['xmp'],
    fileFormat: 'RAW',
    captureTime: '2013-12-01T22:39:09.42',
    originalCaptureTime: null,
    pick: 'none',
    rating: null,
    virtualCopy: false,
    collections: [],
    cameraSerial: rest.cameraSerial,
  })
})

test('what stands only in the log of an open catalogue is read, and the log stays as it is', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 5 })
  await openElsewhere(file, 'takeIn(); takeIn()')
  assert.ok(readdirSync(dirname(file)).includes('made.lrcat-wal'))
  writeFileSync(`${file}.lock`, '')
  const catalogue = await readWell(file)
  assertWhole(catalogue)
  assert.equal(catalogue.rows.length, 7)
  assert.deepEqual([catalogue.lightroomHasItOpen, catalogue.mayBeBehind], [true, true])
  assert.equal(catalogue.version, '1300000')
})

test('a Lightroom that keeps its log to itself (exclusive locking) does not keep us from reading', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 5 })
  await openElsewhere(file, "database.exec('pragma locking_mode = exclusive'); takeIn()")
  assert.equal((await readWell(file)).rows.length, 6)
})

test('[J1] a log that a crash left behind is read too, with and without its index', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 5 })
  const lightroom = await openElsewhere(file, 'takeIn()')
  await lightroom.crash()
  assert.equal((await readWell(file)).rows.length, 6)
  rmSync(`${file}-shm`)
  assert.equal((await readWell(file)).rows.length, 6)
})

test('an older Lightroom in the middle of a change: what it had not finished is not read', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 300 })
  const unfinished = `database.exec("pragma cache_size = 1; pragma cache_spill = 1; begin; update AgLibraryFile set baseName = 'half', importHash = hex(zeroblob(600))")`
  const lightroom = await openElsewhere(file, unfinished)
  assert.ok(statSync(`${file}-journal`).size > 1000)
  assert.ok(
    readFileSync(file).includes('half'),
    'the change must have reached the file for this test to mean something',
  )
  const catalogue = await readWell(file)
  assertWhole(catalogue)
  assert.equal(catalogue.rows.length, 300)
  assert.ok(catalogue.mayBeBehind)
  await lightroom.crash()
  assert.equal((await readWell(file)).rows.length, 300)
})

for (const wal of [true, false]) {
  test(`while another process takes in one shot after the other (${wal ? 'log' : 'journal'}), a reading is one moment or fails`, async () => {
    const file = makeCatalogue(folder, { wal, shots: 400 })
    // A small log that starts anew all the time is the worst case for a copy.
    await openElsewhere(
      file,
      "database.exec('pragma wal_autocheckpoint = 6; pragma synchronous = off'); setInterval(takeIn, 4); takeIn()",
    )
    const names = readdirSync(dirname(file)).filter((name) => !name.endsWith('-journal'))
    let seen = 400
    for (let round = 0; round < (wal ? 8 : 2); round += 1) {
      const answer = await readLightroomCatalogue(file, scratch)
      if (answer.ok) {
        assertWhole(answer.value)
        assert.ok(answer.value.rows.length >= seen, `${answer.value.rows.length} after ${seen}`)
        seen = answer.value.rows.length
      } else assert.match(answer.failure.sentence, /so busily/)
      await wait(20)
    }
    assert.deepEqual(
      readdirSync(dirname(file)).filter((name) => !name.endsWith('-journal')),
      names,
    )
    assert.deepEqual(readdirSync(scratch), [])
  })
}

test('a lock file of either spelling means that Lightroom has it open', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 1 })
  assert.equal((await readWell(file)).lightroomHasItOpen, false)
  for (const lock of [`${file}.lock`, `${file}-lock`]) {
    writeFileSync(lock, '')
    const { lightroomHasItOpen, mayBeBehind } = await readWell(file)
    assert.deepEqual([lightroomHasItOpen, mayBeBehind], [true, true])
    rmSync(lock)
  }
})

test('a catalogue that may only be read, in a folder that may only be read, is read', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 3 })
  chmodSync(file, 0o444)
  chmodSync(dirname(file), 0o555)
  try {
    assert.equal((await readWell(file)).rows.length, 3)
  } finally {
    chmodSync(dirname(file), 0o755)
  }
})

test(
  'through a link, the log of the real file is read',
  { skip: process.platform === 'win32' ? 'links need rights on Windows' : false },
  async () => {
    const file = makeCatalogue(folder, { wal: true, shots: 3 })
    await openElsewhere(file, 'takeIn()')
    const link = join(folder, 'link.lrcat')
    symlinkSync(file, link)
    const answer = await readLightroomCatalogue(link, scratch)
    assert.equal(answer.ok && answer.value.rows.length, 4)
  },
)

async function failureOf(file: string): Promise<readonly [string, string]> {
  const answer = await read(file)
  assert.ok(!answer.ok, 'it was read')
  assert.match(answer.failure.advice, /\.$/)
  return [answer.failure.code, answer.failure.sentence]
}

test('what is no catalogue, or no more, is said in a sentence', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 200 })
  const other = (name: string): string => join(dirname(file), name)

  assert.deepEqual(await failureOf(other('none.lrcat')), [
    'not-found',
    `There is no Lightroom catalogue at ${other('none.lrcat')}.`,
  ])
  writeFileSync(other('empty.lrcat'), '')
  assert.match(
    (await failureOf(other('empty.lrcat'))).join(),
    /^lightroom-unreadable,.*is not a Lightroom Classic catalogue/,
  )
  writeFileSync(other('text.lrcat'), 'SQLite format 2, or so')
  assert.match((await failureOf(other('text.lrcat'))).join(), /is not a Lightroom Classic catalogue/)
  mkdirSync(other('folder.lrcat'))
  assert.match((await failureOf(other('folder.lrcat'))).join(), /is not a Lightroom Classic catalogue/)

  const foreign = new DatabaseSync(other('foreign.lrcat'))
  foreign.exec('create table a (b)')
  foreign.close()
  assert.match((await failureOf(other('foreign.lrcat'))).join(), /is not a Lightroom Classic catalogue/)

  const cut = other('cut.lrcat')
  writeFileSync(cut, readFileSync(file))
  truncateSync(cut, Math.floor(statSync(file).size / 2))
  assert.match((await failureOf(cut)).join(), /^lightroom-unreadable,.*“cut.lrcat” is damaged/)

  const broken = other('broken.lrcat')
  const bytes = readFileSync(file)
  bytes.fill(0xa5, 4096 * 20, 4096 * 22)
  writeFileSync(broken, bytes)
  assert.match((await failureOf(broken)).join(), /“broken.lrcat” is damaged/)
})

test('a catalogue of a form that is not known is not guessed at, and the sentence names the Lightroom', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 1 })
  const database = new DatabaseSync(file)
  database.exec(
    "alter table AgLibraryFile rename column importHash to hash; update Adobe_variablesTable set value = '2100000' where name = 'Adobe_DBVersion'",
  )
  database.close()
  const [code, sentence] = await failureOf(file)
  assert.equal(code, 'lightroom-unreadable')
  assert.match(sentence, /written by Lightroom Classic 21, in a form that this Fivefold does not know/)
})

test('rows of later versions with more columns and odd values are read', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 3 })
  const database = new DatabaseSync(file)
  database.exec(`
    alter table Adobe_images add column editLock;
    update Adobe_images set pick = -1.0, rating = 5.0 where id_local = 1;
    update Adobe_images set pick = '1.0', rating = 0, captureTime = null where id_local = 2;
    update AgLibraryFile set extension = '', sidecarExtensions = null, importHash = '' where id_local = 2;
    insert into Adobe_images (id_local, rootFile, masterImage, fileFormat, pick) values (9, 3, 3, 'RAW', 0);
    insert into AgLibraryImport values (1, '2026-11-20T12:00:00+01:00');
    insert into AgLibraryImportImage (image, import) values (3, 1);
    insert into AgLibraryCollection values (1, 'one | two'), (2, 'three');
    insert into AgLibraryCollectionImage (collection, image) values (1, 3), (2, 3)`)
  database.close()
  const { rows } = await readWell(file)
  assert.deepEqual([rows[0]?.pick, rows[0]?.rating], ['rejected', 5])
  assert.deepEqual(
    [rows[1]?.pick, rows[1]?.rating, rows[1]?.captureTime, rows[1]?.importHash],
    ['picked', null, null, null],
  )
  assert.deepEqual([rows[1]?.path, rows[1]?.sidecarExtensions], ['/photos/3/IMG_2', []])
  assert.deepEqual(rows[2]?.collections, ['one | two', 'three'])
  assert.deepEqual(
    [rows[3]?.virtualCopy, rows[3]?.importedAt, rows[3]?.path],
    [true, '2026-11-20T12:00:00+01:00', rows[2]?.path],
  )
})

test('nothing is written into the folder of the catalogue, even when it is given as the scratch folder', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 1 })
  scratch = dirname(file)
  const before = everythingIn(dirname(file))
  const answer = await readLightroomCatalogue(file, dirname(file))
  assert.equal(!answer.ok && answer.failure.code, 'wrong-usage')
  assert.deepEqual(everythingIn(dirname(file)), before)
})

test('a scratch folder that is not there is a failure of that folder', async () => {
  const file = makeCatalogue(folder, { wal: false, shots: 1 })
  const answer = await readLightroomCatalogue(file, join(folder, 'nowhere'))
  assert.deepEqual(!answer.ok && [answer.failure.code, answer.failure.path], ['place-error', join(folder, 'nowhere')])
})

test('bytes after the last page of a log are no reason to doubt it', async () => {
  const file = makeCatalogue(folder, { wal: true, shots: 2 })
  const lightroom = await openElsewhere(file, 'takeIn()')
  await lightroom.crash()
  appendFileSync(`${file}-wal`, Buffer.alloc(1000, 7))
  const catalogue = await readWell(file)
  assertWhole(catalogue)
  assert.equal(catalogue.rows.length, 3)
})
