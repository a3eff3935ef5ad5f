import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseCardId } from '../domain/ids.ts'
import { hashOf, inMemory, placeId, placeNamed, seen, signsOf, studio, valueOf } from './sample.test.ts'

test('[W4] places: names and addresses are told apart, a removed one keeps its history and can come back', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies } = await studio(catalog, 1)
  const codeOf = async (place: Parameters<typeof catalog.addPlace>[0]) => {
    const added = await catalog.addPlace(place, 5)
    return added.ok ? 'added' : added.failure.code
  }
  assert.equal(await codeOf({ ...placeNamed('other', 'drive'), name: 'NAS' }), 'place-exists')
  assert.equal(await codeOf({ ...placeNamed('other', 'drive'), address: '/places/nas' }), 'place-exists')
  await catalog.recordReports({ runId, reads, copies })
  assert.equal((await catalog.jobTallies())[0]?.provenCopiesMin, 2)
  await catalog.removePlace(placeId('nas'), 50)
  assert.deepEqual(
    (await catalog.places()).map(({ name }) => name),
    ['pc'],
  )
  assert.equal((await catalog.jobTallies())[0]?.provenCopiesMin, 1)
  assert.equal((await catalog.copiesOf(hashOf(0))).length, 1)
  assert.deepEqual(
    (await catalog.fileFacts(hashOf(0)))[0]?.copies.map(({ placeName, placeRetired }) => [placeName, placeRetired]),
    [
      ['nas', true],
      ['pc', false],
    ],
  )
  assert.equal(await codeOf({ ...placeNamed('other', 'drive'), name: 'NAS' }), 'added')
  assert.equal(await codeOf({ ...placeNamed('nas', 'library'), name: 'old nas' }), 'added')
  assert.equal((await catalog.jobTallies())[0]?.provenCopiesMin, 2)
})

test('what a place answered last is remembered', async (context) => {
  const catalog = await inMemory(context)
  await studio(catalog, 0)
  assert.deepEqual(await catalog.placeNotes(), [])
  const note = {
    placeId: placeId('nas'),
    atMs: 99,
    device: { id: 'raid', how: 'declared' as const },
    freeBytes: 5,
    totalBytes: 9,
    fsType: 'nfs4',
  }
  await catalog.notePlaceSeen(note)
  assert.deepEqual(await catalog.placeNotes(), [note])
})

test('a card is known by its id, by its label and size only where no id is told, a folder by where it is', async (context) => {
  const catalog = await inMemory(context)
  const save = (label: string, change = {}) =>
    catalog.saveCard({ signs: { ...signsOf(label), ...change }, maker: null, structure: null, atMs: 1 })
  const a = await save('CARD', { fileSystemUuid: 'a' })
  const b = await save('CARD', { fileSystemUuid: 'b' })
  const folder = await save('CARD', { isVolume: false, volumeBytes: null, fileSystemUuid: null, root: '/home/x' })
  const find = async (change = {}) =>
    (await catalog.findCards({ ...signsOf('CARD'), ...change })).map(({ card, match }) => `${card.id} ${match}`)
  assert.deepEqual(await find({ fileSystemUuid: 'b' }), [`${b.id} uuid-and-size`, `${a.id} may-be-formatted`])
  // Under another id each of those alike may be the one that was formatted: only what is on it tells, and neither match is sure.
  const alike = [`${a.id} may-be-formatted`, `${b.id} may-be-formatted`]
  assert.deepEqual(await find({ fileSystemUuid: 'another' }), alike)
  assert.deepEqual(await find({ fileSystemUuid: 'another', label: 'card' }), alike)
  assert.deepEqual(await find({ fileSystemUuid: 'another', label: 'other' }), [])
  assert.deepEqual(await find({ fileSystemUuid: null }), [`${a.id} label-and-size`, `${b.id} label-and-size`])
  assert.deepEqual(await find({ fileSystemUuid: 'b', volumeBytes: 1 }), [])
  assert.deepEqual(await find({ isVolume: false, root: '/home/x' }), [`${folder.id} same-folder`])
  assert.deepEqual(await find({ isVolume: false, root: '/home/y' }), [])
  const again = await catalog.saveCard({
    id: a.id,
    signs: signsOf('CARD', 'new'),
    maker: 'Sony',
    structure: 'm4root',
    atMs: 7,
  })
  assert.deepEqual([again.firstSeenAtMs, again.lastSeenAtMs, again.fileSystemUuid], [1, 7, 'new'])
  // The id that it had before is still its own; one that it has now comes first.
  assert.deepEqual(await find({ fileSystemUuid: 'a' }), [`${a.id} uuid-and-size`, `${b.id} may-be-formatted`])
  assert.deepEqual(await find({ fileSystemUuid: 'a', volumeBytes: 5 }), [])
  await catalog.saveCard({ id: b.id, signs: signsOf('CARD', 'a'), maker: null, structure: null, atMs: 6 })
  assert.deepEqual(await find({ fileSystemUuid: 'a' }), [`${b.id} uuid-and-size`, `${a.id} uuid-and-size`])
  await catalog.retireCard(a.id, 8)
  assert.deepEqual(await find({ fileSystemUuid: 'a' }), [`${b.id} uuid-and-size`])
  assert.equal((await catalog.cards()).length, 2)
  assert.equal((await catalog.card('card')).length, 3)
  assert.deepEqual(await catalog.card('nothing'), [])
})

test('rolls of two cards with one label, in either case, never share a name', async (context) => {
  const catalog = await inMemory(context)
  const { job, card, roll } = await studio(catalog, 1)
  const twin = await catalog.saveCard({ signs: signsOf('eos_digital', 'x'), maker: null, structure: null, atMs: 1 })
  const begin = (cardId: typeof card.id, label: string) =>
    catalog.beginRoll({ cardId, jobId: job.id, label, atMs: 2, folderOf: (name, number) => `${name}#${number}` })
  assert.deepEqual([roll.name, roll.number], ['EOS_DIGITAL 001', 1])
  const second = await begin(twin.id, 'eos_digital')
  assert.deepEqual([second.name, second.number, second.folder], ['eos_digital 002', 1, 'eos_digital 002#1'])
  const third = await begin(card.id, 'EOS_DIGITAL')
  assert.deepEqual([third.name, third.number], ['EOS_DIGITAL 003', 2])
  const last = await catalog.lastRoll(card.id)
  assert.deepEqual([last?.roll, last?.files], [third, []])
  assert.equal(await catalog.lastRoll(parseCardId('none')), null)
  assert.deepEqual(
    (await catalog.rolls({ cardId: card.id })).map(({ id }) => id),
    [roll.id, third.id],
  )
})

test('[C2] a listing again: what is the same stays, what changed is read anew, and the roll is not read twice any more', async (context) => {
  const catalog = await inMemory(context)
  const { roll, listing, runId, reads } = await studio(catalog, 3)
  await catalog.recordReports({ runId, reads, copies: [] })
  await catalog.setRollSecondRead(roll.id, 'agreed', 5)
  assert.deepEqual(await catalog.addRollFiles(roll.id, listing), { added: 0, changed: 0, known: 3 })
  assert.equal((await catalog.roll(roll.id))?.secondRead, 'agreed')
  const [first] = listing
  const more = [
    { ...first!, bytes: 1 },
    { path: 'DCIM/new.JPG', bytes: 3, mtimeMs: 4.9 },
  ]
  assert.deepEqual(await catalog.addRollFiles(roll.id, more), { added: 1, changed: 1, known: 0 })
  assert.deepEqual(await catalog.addRollFiles(roll.id, more), { added: 0, changed: 0, known: 2 })
  assert.deepEqual(
    (await catalog.rollFiles(roll.id)).map(({ hash }) => hash),
    [null, hashOf(1), hashOf(2), null],
  )
  assert.equal((await catalog.roll(roll.id))?.secondRead, 'not-done')
})

test('jobs are found by id and by name, and go from open to delivered and back', async (context) => {
  const catalog = await inMemory(context)
  const { job } = await studio(catalog, 0)
  assert.deepEqual(await catalog.findJobs('wedding'), [job])
  assert.deepEqual(await catalog.findJobs(job.id), [job])
  await catalog.setJobState(job.id, 'delivered', 70)
  assert.deepEqual(await catalog.jobs({ state: 'delivered' }), [{ ...job, state: 'delivered', deliveredAtMs: 70 }])
  await catalog.setJobState(job.id, 'closed', 80)
  assert.equal((await catalog.jobs())[0]?.deliveredAtMs, 70)
  await catalog.setJobState(job.id, 'open', 90)
  assert.deepEqual(await catalog.jobs({ client: 'Smith' }), [job])
  assert.deepEqual(await catalog.jobs({ client: 'Jones' }), [])
})

test('twins are found by name, size and a time that FAT may have rounded', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, roll, listing } = await studio(catalog, 3)
  await catalog.recordReports({ runId, reads: reads.slice(0, 2), copies: [] })
  const ask = { name: 'IMG_00001.CR3', bytes: 1001, mtimeMs: 7000 }
  const twin = { hash: hashOf(1), rollId: roll.id, path: listing[1]!.path, mtimeMs: 7000 }
  const answers = await catalog.knownByCheapKey([
    ask,
    { ...ask, mtimeMs: 8999.7 },
    { ...ask, mtimeMs: 9001 },
    { ...ask, bytes: 1 },
    { ...ask, name: 'IMG_00002.CR3', bytes: 1002 },
  ])
  assert.deepEqual(answers, [[twin], [twin], [], [], []])
})

test('[V5] copies come for a check oldest first, page by page, without those known to be gone', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, job } = await studio(catalog, 5)
  const nas = copies.filter((copy) => copy.placeId === placeId('nas'))
  const aged = nas.map((copy, index) => ({
    ...copy,
    evidence: seen(100 - index, index === 2 ? { finding: 'absent' } : {}),
  }))
  await catalog.recordReports({ runId, reads, copies: aged })
  const hashes = async (filter: Parameters<typeof catalog.copiesAt>[1]) =>
    (await catalog.copiesAt(placeId('nas'), filter)).map(({ hash }) => Number.parseInt(hash, 16))
  assert.deepEqual(await hashes({ limit: 10 }), [4, 3, 1, 0])
  assert.deepEqual(await hashes({ limit: 10, includeAbsent: true, jobId: job.id }), [4, 3, 2, 1, 0])
  assert.deepEqual(await hashes({ limit: 10, checkedBeforeMs: 99 }), [4, 3])
  const [, second] = await catalog.copiesAt(placeId('nas'), { limit: 2 })
  const after = { latestAtMs: second!.latest.atMs, number: second!.number }
  assert.deepEqual(await hashes({ limit: 10, after }), [1, 0])
})

test('names below a folder are told apart from those of its neighbours', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies } = await studio(catalog, 1)
  const paths = ['a/b/x', 'a/b/c/y', 'a/b', 'a/bb/x', 'a/b0', 'a/b.txt']
  await catalog.recordReports({ runId, reads, copies: paths.map((path) => ({ ...copies[0]!, path })) })
  const under = await catalog.copyPathsUnder(placeId('nas'), 'a/b')
  assert.deepEqual(
    under.map(({ path }) => path),
    ['a/b/c/y', 'a/b/x'],
  )
})

test('culled on purpose: a mark on the original, out of the counts, and taken back', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, job } = await studio(catalog, 3)
  await catalog.recordReports({ runId, reads, copies: copies.slice(0, 4) })
  assert.equal((await catalog.jobTallies())[0]?.provenCopiesMin, 0)
  assert.equal(await catalog.cull([hashOf(2), hashOf(50)], 60, 'out of focus'), 1)
  const [tally] = await catalog.jobTallies()
  assert.deepEqual([tally?.files, tally?.culledFiles, tally?.provenCopiesMin], [2, 1, 2])
  assert.equal((await catalog.knownByHash([hashOf(2)])).get(hashOf(2))?.culledAtMs, 60)
  assert.deepEqual((await catalog.fileFacts(hashOf(2)))[0]?.culled, { atMs: 60, why: 'out of focus' })
  await catalog.uncull([hashOf(2)])
  assert.equal((await catalog.jobTallies()).find(({ jobId }) => jobId === job.id)?.files, 3)
})

test('metadata, shots, warnings and what was left out come back as they were given', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, roll, listing } = await studio(catalog, 4)
  await catalog.recordReports({ runId, reads, copies })
  const metadata = {
    capture: { local: '2026-11-20T10:11:12.34', offset: '+01:00', source: 'file', plausible: true },
    make: 'Canon',
    model: 'EOS R5',
    bodySerial: '0123',
    width: 8192,
    height: 5464,
    durationSeconds: null,
    contentId: null,
    burstId: null,
  } as const
  const readability = { kind: 'cut-off', sentence: 'The picture ends in the middle.' } as const
  await catalog.recordMetadata([{ hash: hashOf(0), metadata, readability }])
  const shots = [
    { name: 'A', hashes: [hashOf(0), hashOf(1)] },
    { name: 'B', hashes: [hashOf(2), hashOf(1)] },
    { name: 'C', hashes: [hashOf(1)] },
  ]
  await catalog.saveShots(roll.id, shots)
  assert.equal((await catalog.jobTallies())[0]?.shots, 2)
  await catalog.saveShots(roll.id, [{ name: 'all', hashes: reads.map(({ hash }) => hash) }])
  assert.equal((await catalog.jobTallies())[0]?.shots, 1)
  const warning = { path: listing[0]!.path, code: 'cut-off', sentence: 'It ends early.' }
  await catalog.saveWarnings(roll.id, [warning])
  await catalog.saveWarnings(roll.id, [warning])
  assert.deepEqual(await catalog.warnings(roll.id), [warning])
  const leftOut = [{ path: '.Trashes', why: 'system-file', files: 3 } as const]
  await catalog.saveLeftOut(roll.id, [{ path: 'x', why: 'link', files: 1 }])
  await catalog.saveLeftOut(roll.id, leftOut)
  assert.deepEqual(await catalog.leftOut(roll.id), leftOut)
  for (const name of [
    hashOf(0).toUpperCase(),
    listing[0]!.path,
    `${roll.folder}/${listing[0]!.path}`,
    'IMG_00000.CR3',
  ]) {
    const facts = await catalog.fileFacts(name)
    assert.deepEqual([facts.length, facts[0]?.metadata, facts[0]?.readability], [1, metadata, readability], name)
    assert.deepEqual(facts[0]?.onCards[0]?.warnings, [warning])
  }
  assert.deepEqual([(await catalog.fileFacts(hashOf(1)))[0]?.metadata, await catalog.fileFacts('none')], [null, []])
})

test('[J1] runs: one that was begun and not ended was interrupted; each raises the generation', async (context) => {
  const catalog = await inMemory(context)
  const one = await catalog.beginRun('ingest', { cards: ['/a'] }, 1)
  const two = await catalog.beginRun('verify', null, 2)
  const note = { atMs: 3, code: 'place-gone', placeId: null, path: null, sentence: 'It is gone.' }
  await catalog.noteRun(one, [note, { ...note, path: 'x' }])
  await catalog.endRun(two, 'done', 4)
  assert.deepEqual(
    (await catalog.interruptedRuns()).map(({ id, arguments: given }) => [id, given]),
    [[one, { cards: ['/a'] }]],
  )
  assert.deepEqual(await catalog.runNotes(one), [note, { ...note, path: 'x' }])
  assert.deepEqual(
    (await catalog.runs(1)).map(({ id, outcome }) => [id, outcome]),
    [[two, 'done']],
  )
  assert.equal((await catalog.identity()).generation, 2)
})

test('[C2] the facts for a card group its files and forget none', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, card, roll, job, listing } = await studio(catalog, 6)
  // Files 0 to 3 were read; 3 was culled; 0 and 1 have both copies, of which one of 1 is old; 2 has a missing copy.
  const changed = copies.slice(0, 6).map((copy, index) => {
    if (index === 2) return { ...copy, evidence: seen(5, { deviceId: 'raid' }) }
    if (index === 5) return { ...copy, evidence: seen(31, { deviceId: 'ssd', finding: 'absent' }) }
    return copy
  })
  await catalog.recordReports({ runId, reads: reads.slice(0, 4), copies: changed })
  await catalog.recordSecondRead(roll.id, [{ path: listing[0]!.path, finding: 'agreed', strength: 'medium', atMs: 40 }])
  await catalog.cull([hashOf(3)], 50, 'blink')
  const facts = await catalog.cardFacts(card.id, 20)
  assert.deepEqual([facts?.roll, facts?.job], [roll, job])
  const nas = { placeId: placeId('nas'), role: 'library', deviceId: 'raid', standing: 'proven' }
  const pc = { placeId: placeId('pc'), role: 'second', deviceId: 'ssd', standing: 'proven' }
  assert.deepEqual(
    facts?.groups.map(({ files, read, culled, second, copies, oldestProofAtMs }) => ({
      files,
      read,
      culled,
      second: second?.finding,
      copies,
      oldestProofAtMs,
    })),
    [
      { files: 1, read: true, culled: false, second: 'agreed', copies: [nas, pc], oldestProofAtMs: 30 },
      {
        files: 1,
        read: true,
        culled: false,
        second: undefined,
        copies: [{ ...nas, standing: 'stale' }, pc],
        oldestProofAtMs: 5,
      },
      {
        files: 1,
        read: true,
        culled: false,
        second: undefined,
        copies: [nas, { ...pc, standing: 'absent' }],
        oldestProofAtMs: 30,
      },
      { files: 1, read: true, culled: true, second: undefined, copies: [], oldestProofAtMs: null },
      { files: 2, read: false, culled: false, second: undefined, copies: [], oldestProofAtMs: null },
    ],
  )
  await catalog.removePlace(placeId('nas'), 60)
  assert.deepEqual((await catalog.cardFacts(card.id, 20))?.groups[0]?.copies, [pc])
  assert.equal(await catalog.cardFacts(parseCardId('none'), 0), null)
})

test('everything at once: methods called without waiting do not get into each other’s transactions', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies } = await studio(catalog, 40)
  await catalog.recordReports({ runId, reads, copies: [] })
  const batches = copies.map((copy) => catalog.recordReports({ runId, reads: [], copies: [copy] }))
  const failing = assert.rejects(
    catalog.recordReports({ runId, reads: [], copies: [copies[0]!, { ...copies[1]!, placeId: placeId('no') }] }),
  )
  await Promise.all([...batches, failing, catalog.jobTallies(), catalog.places()])
  assert.equal((await catalog.jobTallies())[0]?.provenCopiesMin, 2)
  assert.equal(valueOf(await catalog.checkWhole()), undefined)
})
