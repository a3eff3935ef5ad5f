import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { connect, disconnect, settle, tablesOf } from './connection.ts'
import { migrate, schemaVersion } from './migrations.ts'
import { openStore } from './open-store.ts'
import { catalogOn, openCatalog } from './open.ts'
import { hashOf, placeId, scratchFolder, seen, signsOf, valueOf } from './sample.test.ts'

const hash = (number: number): string => `'${hashOf(number)}'`

/** A catalog as the first schema left it: one card with two rolls, two jobs, three originals, five copies; all tallies are counted. */
const filled = `
  insert into identity values ('old', 3);
  insert into place (id, name, role, site, address, added_at_ms, seen_at_ms, device_id, device_how, free_bytes, total_bytes)
    values ('nas', 'nas', 'library', 'home', '/nas', 1, 70, 'raid', 'measured', 1, 2),
      ('pc', 'pc', 'second', 'home', '/pc', 1, null, null, null, null, null);
  insert into card (id, label, fs_uuid, volume_bytes, is_volume, root, maker, first_seen_at_ms, last_seen_at_ms)
    values ('card', 'CARD', 'uuid-CARD', 64000000000, 1, '/media/CARD', 'Canon', 5, 40),
      ('folder', 'x', null, null, 0, '/x', null, 5, 6);
  insert into job (id, name, client, state, folder, shot_on, created_at_ms)
    values ('one', 'One', '', 'delivered', 'f1', '2026-01-01', 1), ('two', 'Two', '', 'open', 'f2', '2026-02-01', 2);
  insert into roll (id, card_id, number, label, label_key, label_number, name, job_id, folder, started_at_ms, second_read)
    values ('r1', 'card', 1, 'CARD', 'card', 1, 'CARD 001', 'one', 'f1/CARD 001', 5, 'agreed'),
      ('r2', 'card', 2, 'CARD', 'card', 2, 'CARD 002', 'two', 'f2/CARD 002', 40, 'agreed');
  insert into original (hash, bytes, name, job_id, first_seen_at_ms, capture_local, capture_source, capture_plausible, readability)
    values (${hash(1)}, 10, 'A', 'one', 6, '2026-01-01T10:00:00', 'file', 1, 'fine'),
      (${hash(2)}, 20, 'B', 'one', 6, null, null, null, null),
      (${hash(3)}, 30, 'C', 'two', 41, '2026-02-03T10:00:00', 'file', 1, 'fine');
  insert into roll_file (roll_id, path, name, bytes, mtime_ms, hash, second_finding, second_strength, second_at_ms)
    values ('r1', 'DCIM/A', 'A', 10, 1, ${hash(1)}, 'agreed', 'medium', 9),
      ('r1', 'DCIM/B', 'B', 20, 1, ${hash(2)}, 'agreed', 'medium', 9),
      ('r2', 'DCIM/B', 'B', 20, 1, ${hash(2)}, 'agreed', 'medium', 49),
      ('r2', 'DCIM/C', 'C', 30, 1, ${hash(3)}, null, null, null);
  insert into run values ('run', 'ingest', '{}', 4, 60, 'done');
  insert into copy (number, hash, place_id, path, latest_at_ms, latest_strength, latest_finding, latest_device_id)
    values (1, ${hash(1)}, 'nas', 'f1/A', 7, 'medium', 'agreed', 'raid'), (2, ${hash(1)}, 'pc', 'f1/A', 7, 'medium', 'agreed', 'ssd'),
      (3, ${hash(2)}, 'nas', 'f1/B', 7, 'medium', 'agreed', 'raid'), (4, ${hash(3)}, 'nas', 'f2/C', 43, 'medium', 'agreed', 'raid'),
      (5, ${hash(3)}, 'pc', 'f2/C', 43, 'cached', 'agreed', 'ssd');
  insert into evidence (copy_number, at_ms, strength, finding, device_id, run_id)
    select number, latest_at_ms, latest_strength, latest_finding, latest_device_id, 'run' from copy;
  insert into evidence (copy_number, at_ms, strength, finding, device_id, run_id) values (1, 80, 'cached', 'agreed', 'raid', 'run');
  insert into job_tally (job_id, dirty, files, bytes, shots, culled_files, proven_copies_min, oldest_proof_at_ms)
    values ('one', 0, 2, 30, 0, 0, 1, 7), ('two', 0, 1, 30, 0, 0, 1, 43);
  insert into job_tally_role select id, 'library', 1, 1 from job`

test('[J1] a catalog of the first schema is brought up in place: nothing is lost, and every count is right', async (context) => {
  const file = join(await scratchFolder(context), 'catalog.db')
  const old = connect(file, () => 'id', false)
  old.sqlite.exec('pragma application_id = 0x46697665')
  settle(old)
  await migrate(tablesOf(old), 0, 1)
  old.sqlite.exec(filled)
  const copyColumns = 'number, hash, place_id, path, latest_at_ms, latest_strength, latest_finding, latest_device_id'
  const tables = ['place', 'card', 'job', 'roll', 'roll_file', 'evidence', 'run']
  const queries = [...tables.map((table) => `select * from ${table}`), `select ${copyColumns} from copy`]
  const rows = (store: typeof old) => queries.map((text) => store.sqlite.prepare(text).all())
  const before = rows(old)
  await disconnect(old)

  const looking = await openCatalog(file, { readOnly: true })
  assert.equal(looking.ok ? 'opened' : looking.failure.code, 'home-busy', 'who only looks changes nothing')
  const store = valueOf(await openStore(file, {}))
  context.after(() => disconnect(store))
  assert.equal(store.sqlite.prepare('pragma user_version').get()?.['user_version'], schemaVersion)
  assert.deepEqual(rows(store), before)
  const catalog = catalogOn(store, file)
  assert.equal((await catalog.checkWhole()).ok, true)
  assert.deepEqual(await catalog.countCopiesAt(placeId('nas'), {}), { files: 3, bytes: 60 })
  assert.deepEqual(
    (await catalog.jobTallies()).map((tally) => [
      tally.jobId,
      tally.files,
      tally.copies.library.proven,
      tally.copies.card.present,
      tally.firstShotOn,
      tally.lastShotOn,
    ]),
    [
      ['one', 2, 2, 1, '2026-01-01', '2026-01-01'],
      ['two', 1, 1, 1, '2026-02-03', '2026-02-03'],
    ],
  )
  assert.deepEqual(
    (await catalog.whereabouts()).map(({ exampleName, cards, copies }) => [exampleName, cards.length, copies.length]),
    [
      ['A', 0, 2],
      ['B', 1, 1],
      ['C', 1, 2],
    ],
  )
  const [card] = await catalog.card('card')
  assert.equal((await catalog.cardFacts(card!.id, 0))?.groups.length, 2)
  assert.equal(await catalog.newestMomentMs(), 80)
  assert.deepEqual(await catalog.adoptedOfSizes([10, 20, 30]), [])
  await catalog.saveCard({ id: card!.id, signs: signsOf('CARD', 'new'), maker: null, structure: null, atMs: 90 })
  assert.deepEqual(
    (await catalog.findCards(signsOf('CARD'))).map(({ match }) => match),
    ['uuid-and-size'],
    'by the id it had in the older catalog',
  )
  const runId = await catalog.beginRun('verify', {}, 91)
  const evidence = seen(92, { finding: 'absent' })
  await catalog.recordReports({
    runId,
    reads: [],
    copies: [{ hash: hashOf(2), placeId: placeId('nas'), path: 'f1/B', evidence }],
  })
  assert.equal((await catalog.jobTallies())[0]?.copies.library.proven, 1)
})
