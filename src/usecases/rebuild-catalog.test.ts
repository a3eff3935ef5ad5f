import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Catalog } from '../catalog/catalog.ts'
import { inMemory, placeNamed } from '../catalog/sample.test.ts'
import { proves } from '../domain/copy.ts'
import type { Failure } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import { parsePlaceId } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import type { Mover } from '../engine/contracts.ts'
import { jobNotePath } from './job-note-text.ts'
import { layJobNotes } from './job-notes.ts'
import type { ManifestContents } from './manifest-contents.ts'
import type { Program } from './program.ts'
import type { RebuildOutcome } from './rebuild-catalog.ts'
import { rebuildCatalog } from './rebuild-catalog.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, moverWith, nas, never, pc } from './sample.test.ts'

/** A drive: files by path with their sizes, and small texts. */
interface Drive {
  readonly files: Map<string, number>
  readonly texts: Map<string, string>
  complete: boolean
  notesComplete: boolean
  readonly marker: { id: string; name: string; role: string } | null
}

const safe = placeNamed('safe-a', 'drive')
const folder = '/media/SAFE'

function moverAt(drive: Drive): Partial<Mover> {
  const identify: Mover['identify'] = async (address, timeoutMs) => {
    if (drive.marker === null) return { kind: 'unmarked', sentence: 'There is no marker.' }
    if (address.id !== drive.marker.id)
      return { kind: 'someone-else', foundId: drive.marker.id, sentence: 'It is another place.' }
    const identity = await moverWith({}).identify(address, timeoutMs)
    assert.ok(identity.kind === 'online')
    return { ...identity, id: address.id, folder: address.folder, device: { id: 'usb-today', how: 'measured' } }
  }
  return {
    identify,
    mark: async (address) => done(await identify(address, 0)),
    listPlace: async (_place, below) => {
      const all =
        below === '.fivefold/jobs' ? [...drive.texts.keys()].map((path) => [path, 1] as const) : [...drive.files]
      const files = all
        .filter(([path]) => below === '' || path.startsWith(`${below}/`))
        .map(([path, bytes]) => ({ path, bytes, mtimeMs: 7 }))
      const complete = below === '.fivefold/jobs' ? drive.notesComplete : drive.complete
      return done({ complete, files, unreadable: complete ? [] : ['2026/locked'] })
    },
    readNote: async (_place, path) => done(drive.texts.get(path) ?? null),
    checkPaths: async (_place, paths) =>
      done(
        paths.map((path) => (drive.texts.has(path) ? { kind: 'present', bytes: 1, mtimeMs: 7 } : { kind: 'absent' })),
      ),
    note: async (_place, orders) => {
      for (const { path, text } of orders) drive.texts.set(path, text)
      return done(undefined)
    },
  }
}

interface Ground {
  /** The computer that burned. */
  readonly desk: Desk
  readonly drive: Drive
  readonly catalog: Catalog
  readonly places: Place[]
  readonly contents: Map<string, ManifestContents>
  readonly rebuild: () => Promise<RebuildOutcome>
  readonly refused: () => Promise<Failure>
}

async function makeGround(context: TestContext, files = 3): Promise<Ground> {
  const desk = await makeDesk(context, files)
  assert.ok((await desk.catalog.addPlace(safe, 1)).ok)
  const copies = [...desk.copies, ...desk.reads.map((read) => desk.copyOf(read, safe.id, 'usb'))]
  await desk.catalog.recordReports({ runId: desk.runId, reads: desk.reads, copies })
  await desk.catalog.recordSecondRead(
    desk.roll.id,
    desk.reads.map(({ path }) => ({ path, finding: 'agreed', strength: 'medium', atMs: 40 })),
  )
  await desk.catalog.setRollSecondRead(desk.roll.id, 'agreed', 40)
  await desk.catalog.setJobState(desk.job.id, 'delivered', 60)
  await desk.catalog.cull([desk.reads[1]!.hash], 70, 'blurred')
  const marker = { id: safe.id, name: 'SAFE A', role: 'drive' }
  const drive: Drive = { files: new Map(), texts: new Map(), complete: true, notesComplete: true, marker }
  drive.texts.set('.fivefold/place.json', JSON.stringify(marker))
  for (const { path, bytes } of desk.reads) drive.files.set(`${desk.roll.folder}/${path}`, bytes)
  const settings = { ...desk.program.settings, places: [nas, pc, { ...safe, site: 'grandma' }] }
  const before: Program = { ...desk.program, settings, version: '1' }
  assert.deepEqual(await layJobNotes(before, moverWith(moverAt(drive)), [desk.job.id], [safe.id]), [])

  const catalog = await inMemory(context)
  const places: Place[] = []
  const contents = new Map<string, ManifestContents>()
  const program: Program = {
    ...desk.program,
    catalog,
    get settings() {
      return { ...desk.program.settings, places }
    },
    editor: {
      newPlaceId: () => parsePlaceId('a-new-id'),
      addPlace: async (place) => {
        places.push(place)
        return done(undefined)
      },
      removePlace: async () => done(undefined),
    },
    startMover: () => moverWith(moverAt(drive)),
    paths: { ...desk.program.paths, absolute: (path) => posix.resolve('/', path), isInside: (a, b) => a === b },
    hashText: (text) => desk.reads[text.length % desk.reads.length]!.hash,
    manifests: {
      named: () => [],
      next: async () => ({ kind: 'nothing-new' }),
      read: async (chain) => contents.get(chain ?? '') ?? { startedAtMs: null, files: [], trouble: 'it is empty.' },
    },
  }
  return {
    desk,
    drive,
    catalog,
    places,
    contents,
    rebuild: async () => {
      const rebuilt = await rebuildCatalog(program, { folder }, () => undefined, never)
      assert.ok(rebuilt.ok, rebuilt.ok ? '' : rebuilt.failure.sentence)
      return rebuilt.value
    },
    refused: async () => {
      const rebuilt = await rebuildCatalog(program, { folder }, () => undefined, never)
      assert.ok(!rebuilt.ok, 'it was rebuilt')
      return rebuilt.failure
    },
  }
}

test('from one place the job, its card, its roll and its files are back as they were', async (context) => {
  const { desk, catalog, rebuild } = await makeGround(context)
  const outcome = await rebuild()
  assert.deepEqual([outcome.outcome, outcome.jobs[0]?.present, outcome.jobs[0]?.from], ['done', 3, 'note'])
  assert.deepEqual(await catalog.jobs(), await desk.catalog.jobs())
  const rollOf = async (from: Catalog): Promise<unknown> => {
    const [roll] = await from.rolls({ jobId: desk.job.id })
    return { roll, files: await from.rollFiles(roll!.id) }
  }
  assert.deepEqual(await rollOf(catalog), await rollOf(desk.catalog))
  const [card] = await catalog.card(desk.card.id)
  assert.deepEqual([card?.label, card?.fileSystemUuid], [desk.card.label, desk.card.fileSystemUuid])
  const culled = await catalog.fileFacts(desk.reads[1]!.hash)
  assert.deepEqual(culled[0]?.culled, { atMs: 70, why: 'blurred' })
})

test('the place keeps its id, its name and its site, and the others are named', async (context) => {
  const { places, rebuild } = await makeGround(context)
  const outcome = await rebuild()
  assert.deepEqual(
    places.map(({ id, name, role, site, address }) => [id, name, role, site, address]),
    [['safe-a', 'SAFE A', 'drive', 'grandma', folder]],
  )
  assert.deepEqual(outcome.otherPlaces.map(({ name, site }) => `${name} ${site}`).toSorted(), ['nas home', 'pc home'])
})

test('[V1] nothing was read, so nothing is proven, and the person is told to verify', async (context) => {
  const { desk, catalog, rebuild } = await makeGround(context)
  const outcome = await rebuild()
  const copies = await catalog.copyPathsUnder(safe.id, desk.roll.folder)
  assert.equal(copies.length, 3)
  for (const { latest } of copies) {
    assert.equal(proves(latest), false)
    assert.deepEqual([latest.strength, latest.deviceId], ['written', 'usb-today'])
  }
  assert.match(outcome.sentence, /nothing counts as proven: run “fivefold verify --place "SAFE A"”/)
})

test('[W3] a file that is not there, or in another size, is no copy, and is counted', async (context) => {
  const { desk, drive, catalog, rebuild } = await makeGround(context)
  const [first, second] = [...drive.files.keys()]
  drive.files.delete(first!)
  drive.files.set(second!, 1)
  const outcome = await rebuild()
  const { present, missing, otherSize } = outcome.jobs[0]!
  assert.deepEqual([outcome.outcome, present, missing, otherSize], ['incomplete', 1, 1, 1])
  assert.match(outcome.sentence, /2 are NOT there/)
  assert.equal((await catalog.copyPathsUnder(safe.id, desk.roll.folder)).length, 1)
})

test('what was known as damaged is in doubt still', async (context) => {
  const { desk, drive, catalog, rebuild } = await makeGround(context)
  const path = jobNotePath(desk.job.id)
  drive.texts.set(
    path,
    drive.texts
      .get(path)!
      .replace(
        '"finding":"agreed","strength":"medium","at":"1970-01-01T00:00:00.030Z"',
        '"finding":"differed","strength":"medium","at":"1970-01-01T00:00:00.030Z"',
      ),
  )
  await rebuild()
  const findings = (await catalog.copyPathsUnder(safe.id, desk.roll.folder)).map(({ latest }) => latest.finding)
  assert.deepEqual(findings.toSorted(), ['agreed', 'agreed', 'differed'])
})

test('[J1] the same again changes nothing, and a second place adds to the first', async (context) => {
  const { catalog, rebuild, desk } = await makeGround(context)
  await rebuild()
  const once = [
    await catalog.jobs(),
    await catalog.rollFiles(desk.roll.id),
    (await catalog.copiesAt(safe.id, { limit: 99 })).length,
  ]
  const outcome = await rebuild()
  assert.equal(outcome.outcome, 'done')
  assert.deepEqual(
    [
      await catalog.jobs(),
      await catalog.rollFiles(desk.roll.id),
      (await catalog.copiesAt(safe.id, { limit: 99 })).length,
    ],
    once,
  )
})

test('a home that has jobs of its own is left alone', async (context) => {
  const { catalog, refused } = await makeGround(context)
  await catalog.createJob({ name: 'Mine', client: '', folder: '2026/Mine', shotOn: '2026-11-20', createdAtMs: 1 })
  await catalog.beginRun('ingest', {}, 1)
  assert.equal((await refused()).code, 'catalog-exists')
  assert.equal((await catalog.jobs()).length, 1)
})

test('[W4] a folder without a marker is no place, and a damaged marker is not guessed at', async (context) => {
  const ground = await makeGround(context)
  ground.drive.texts.set('.fivefold/place.json', '{}')
  assert.equal((await ground.refused()).code, 'place-unknown')
  Object.assign(ground.drive, { marker: null })
  assert.equal((await ground.refused()).code, 'place-unmarked')
  assert.deepEqual([ground.places, await ground.catalog.jobs()], [[], []])
})

test('[D3] a listing with a hole is said, and the rebuild is not done', async (context) => {
  const { drive, rebuild } = await makeGround(context)
  drive.complete = false
  const outcome = await rebuild()
  assert.equal(outcome.outcome, 'incomplete')
  assert.match(outcome.failures[0]?.sentence ?? '', /2026\/locked can't be read/)
})

test('where the note is damaged, the manifests tell what they know', async (context) => {
  const { desk, drive, catalog, contents, rebuild } = await makeGround(context)
  drive.texts.set(jobNotePath(desk.job.id), '{ half a note')
  const chain = `${desk.roll.folder}/ascmhl/ascmhl_chain.xml`
  drive.files.set(chain, 1)
  drive.texts.set(chain, 'the chain')
  contents.set('the chain', {
    startedAtMs: 5000,
    trouble: null,
    files: desk.reads.map(({ path, bytes, hash }) => ({
      path,
      bytes,
      hash,
      cardPath: path,
      cardId: desk.card.id,
      jobId: desk.job.id,
    })),
  })
  const outcome = await rebuild()
  assert.equal(outcome.outcome, 'incomplete', 'the damaged note is said')
  const { id, name, from, present } = outcome.jobs[0]!
  assert.deepEqual([id, name, from, present], [desk.job.id, 'Smith Wedding', 'manifests', 3])
  const [job] = await catalog.jobs()
  assert.deepEqual([job?.folder, job?.shotOn, job?.state], [desk.job.folder, '2026-11-20', 'open'])
  assert.deepEqual(
    (await catalog.originalsOf(desk.job.id, { limit: 9 })).map(({ hash, copies }) => [hash, copies[0]?.path]),
    desk.reads.map(({ hash, path }) => [hash, `${desk.roll.folder}/${path}`]),
  )
})

test('a manifest that can’t be believed is said', async (context) => {
  const { drive, rebuild } = await makeGround(context)
  drive.files.set('2025/Other/CARD 001/ascmhl/ascmhl_chain.xml', 1)
  drive.texts.set('2025/Other/CARD 001/ascmhl/ascmhl_chain.xml', 'unknown')
  const outcome = await rebuild()
  assert.deepEqual([outcome.outcome, outcome.jobs.length], ['incomplete', 1])
  assert.match(outcome.failures[0]?.sentence ?? '', /CARD 001 can't be believed in full/)
})

test('a picture that two jobs hold belongs again to the one that had it first', async (context) => {
  const { desk, drive, catalog, rebuild } = await makeGround(context)
  // The note of the other job comes first by its name, and holds one picture of the wedding.
  const own = drive.texts.get(jobNotePath(desk.job.id))!
  const originals = own.split('\n').filter((line) => line.includes('"firstSeen"'))
  const borrowed = originals[0]!.replace('"copies"', `"job":"${desk.job.id}","copies"`).replace(/,$/, '')
  const other = own
    .replaceAll(`"id":"${desk.job.id}"`, '"id":"a-job"')
    .replace(`"folder":"${desk.job.folder}"`, '"folder":"2026/Other"')
    .replaceAll(desk.roll.id, 'a-roll')
    .replace(/"originals": \[[^]*/, `"originals": [\n${borrowed}\n ]\n}\n`)
  const wedding = drive.texts.get(jobNotePath(desk.job.id))!
  drive.texts.clear()
  drive.texts.set('.fivefold/place.json', JSON.stringify({ id: safe.id, name: 'SAFE A', role: 'drive' }))
  drive.texts.set('.fivefold/jobs/a-job.json', other.replace('"number":1', '"number":2'))
  drive.texts.set(jobNotePath(desk.job.id), wedding)
  const outcome = await rebuild()
  assert.equal(outcome.jobs.length, 2, JSON.stringify(outcome.failures))
  assert.equal((await catalog.originalsOf(desk.job.id, { limit: 9 })).length, 3)
})

test('[D3] where the folder of the notes can’t be listed to the end, that is said, and the rebuild is not done', async (context) => {
  const { drive, rebuild } = await makeGround(context)
  assert.equal((await rebuild()).outcome, 'done')
  drive.notesComplete = false
  const outcome = await rebuild()
  assert.equal(outcome.outcome, 'incomplete')
  assert.match(outcome.failures[0]?.sentence ?? '', /^Not all of \.fivefold\/jobs at .* could be listed/)
})
