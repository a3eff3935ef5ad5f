import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type CardId, type ContentHash, parseCardId, parseJobId, parseRollId } from '../domain/ids.ts'
import type { Catalog, RebuiltJob } from './catalog.ts'
import { disconnect } from './connection.ts'
import { openStore } from './open-store.ts'
import { catalogOn, openCatalog } from './open.ts'
import { counter, hashOf, inMemory, placeId, seen, signsOf, studio, valueOf } from './sample.test.ts'

const nas = placeId('nas')
const pc = placeId('pc')

test('what happened to a card is an alarm until a person has seen it, and is kept for good', async (context) => {
  const store = valueOf(await openStore(':memory:', { newId: counter() }))
  context.after(() => disconnect(store))
  const catalog = catalogOn(store, ':memory:')
  const { card, roll } = await studio(catalog, 1)
  const other = await catalog.saveCard({ signs: signsOf('B'), maker: null, structure: null, atMs: 1 })
  const event = { cardId: card.id, atMs: 50, kind: 'formatted-without-leave', rollId: roll.id, sentence: 'x' } as const
  await catalog.recordCardEvent(event)
  await catalog.recordCardEvent({ ...event, atMs: 60, kind: 'formatted' })
  await catalog.recordCardEvent({ ...event, cardId: other.id, rollId: null })
  assert.deepEqual(
    (await catalog.cardEvents({ cardId: card.id })).map(({ atMs, kind, seenAtMs }) => [atMs, kind, seenAtMs]),
    [
      [60, 'formatted', null],
      [50, 'formatted-without-leave', null],
    ],
  )
  assert.equal(await catalog.markCardEventsSeen(card.id, 70), 2)
  assert.equal(await catalog.markCardEventsSeen(card.id, 80), 0)
  assert.deepEqual(
    (await catalog.cardEvents({ unseenOnly: true })).map(({ cardId }) => cardId),
    [other.id],
  )
  assert.deepEqual(
    (await catalog.cardEvents()).map(({ seenAtMs }) => seenAtMs),
    [70, null, 70],
  )
  assert.throws(() => store.sqlite.exec('delete from card_event'), /never forgotten/)
})

/** Two cards of one maker were taken for one: the rolls 2 and 3 are the other card's. */
async function twoTakenForOne(catalog: Catalog) {
  const one = await studio(catalog, 2)
  const { card, job } = one
  await catalog.recordReports({ runId: one.runId, reads: one.reads, copies: one.copies })
  const again = { ...signsOf('EOS_DIGITAL', 'uuid-other'), root: '/media/other' }
  await catalog.saveCard({ id: card.id, signs: again, maker: 'Sony', structure: 'm4root', atMs: 100 })
  const begin = (atMs: number) =>
    catalog.beginRoll({ cardId: card.id, jobId: job.id, label: card.label, atMs, folderOf: (name) => name })
  const second = await begin(101)
  const third = await begin(200)
  return { ...one, second, third, again }
}

test('a card that was two is split: later rolls are the new card’s first, the older one is what it was', async (context) => {
  const catalog = await inMemory(context)
  const { card, roll, second, third, again, job } = await twoTakenForOne(catalog)
  const onCard = async () => (await catalog.jobTallies()).find(({ jobId }) => jobId === job.id)?.copies.card.present
  assert.equal(await onCard(), 0)
  const made = await catalog.splitCard(second.id, again, 300)
  const numbers = async (cardId: CardId) => (await catalog.rolls({ cardId })).map(({ id, number }) => [id, number])
  assert.deepEqual(await numbers(card.id), [[roll.id, 1]])
  assert.deepEqual(await numbers(made.id), [
    [second.id, 1],
    [third.id, 2],
  ])
  const [older] = await catalog.card(card.id)
  const before = ['uuid-EOS_DIGITAL', '/media/EOS_DIGITAL', 'Canon', 10]
  assert.deepEqual([older?.fileSystemUuid, older?.root, older?.maker, older?.lastSeenAtMs], before)
  assert.deepEqual(
    [made.fileSystemUuid, made.root, made.maker, made.firstSeenAtMs],
    ['uuid-other', '/media/other', 'Sony', 101],
  )
  assert.equal(await onCard(), 2, 'the first roll lies on the older card again')
  const found = async (uuid: string) =>
    (await catalog.findCards(signsOf('EOS_DIGITAL', uuid))).map(({ card: { id }, match }) => [id, match])
  assert.deepEqual(await found('uuid-other'), [
    [made.id, 'uuid-and-size'],
    [card.id, 'may-be-formatted'],
  ])
  assert.deepEqual((await found('uuid-EOS_DIGITAL'))[0], [card.id, 'uuid-and-size'])
  const next = await catalog.beginRoll({
    cardId: made.id,
    jobId: job.id,
    label: 'X',
    atMs: 400,
    folderOf: (name) => name,
  })
  assert.equal(next.number, 3)
  await assert.rejects(catalog.splitCard(parseRollId('none'), again, 1), /does not know the roll/)
})

test('[V4] a suspicion goes with the card that was in the reader when it arose', async (context) => {
  for (const [atMs, olderIs, newerIs] of [
    [50, true, false],
    [150, false, true],
  ] as const) {
    const catalog = await inMemory(context)
    const { card, second, again } = await twoTakenForOne(catalog)
    await catalog.suspectCard(card.id, 'Two reads differ.', atMs)
    const made = await catalog.splitCard(second.id, again, 300)
    const [older] = await catalog.card(card.id)
    assert.deepEqual([older?.suspect !== null, made.suspect !== null], [olderIs, newerIs])
  }
})

test('an original that was adopted is an ordinary one when a card turns up that holds it', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, job, listing } = await studio(catalog, 2)
  const found = (index: number) => ({
    hash: hashOf(index),
    bytes: listing[index]?.bytes ?? 7,
    name: `F${index}`,
    jobId: job.id,
    atMs: 15,
  })
  const copies = [0, 9].map((index) => ({
    hash: hashOf(index),
    placeId: nas,
    path: `old/F${index}`,
    evidence: seen(16),
  }))
  await catalog.recordReports({ runId, reads: reads.slice(1), copies: [] })
  await catalog.recordAdopted({ runId, originals: [found(0), found(1), found(9)], copies })
  assert.deepEqual(await catalog.adoptedOfSizes([1000, 1001, 7, 7, 8]), [
    { hash: hashOf(0), bytes: 1000 },
    { hash: hashOf(9), bytes: 7 },
  ])
  const known = await catalog.knownByHash([hashOf(0), hashOf(1)])
  assert.deepEqual([known.get(hashOf(0))?.firstSeenAtMs, known.get(hashOf(0))?.copies.length], [15, 1])
  assert.deepEqual([known.get(hashOf(1))?.firstSeenAtMs, known.get(hashOf(1))?.name], [20, 'IMG_00001.CR3'])
  const [group] = (await catalog.whereabouts()).filter(({ cards }) => cards.length === 0)
  assert.deepEqual([group?.files, group?.bytes, group?.exampleName, group?.copies.length], [2, 1007, 'F0', 1])
  await catalog.recordReports({ runId, reads: reads.slice(0, 1), copies: [] })
  assert.deepEqual(await catalog.adoptedOfSizes([1000, 7]), [{ hash: hashOf(9), bytes: 7 }])
  const wrong = { ...found(0), bytes: 1 }
  await assert.rejects(catalog.recordAdopted({ runId, originals: [wrong], copies: [] }), /different size/)
})

test('[D1] a removal is in the books before and after, and an interrupted one is found', async (context) => {
  const store = valueOf(await openStore(':memory:', { newId: counter() }))
  context.after(() => disconnect(store))
  const catalog = catalogOn(store, ':memory:')
  const { runId, reads, copies, job } = await studio(catalog, 3)
  await catalog.recordReports({ runId, reads, copies })
  const wishes = copies
    .filter((copy) => copy.placeId === pc)
    .map(({ hash, path }) => ({
      hash,
      placeId: pc,
      path,
      trashPath: `.fivefold/trash/${hash}`,
      why: 'old',
      plannedAtMs: 40,
    }))
  const planned = await catalog.planRemovals(runId, wishes)
  assert.deepEqual(
    planned.map(({ hash, state, bytes, jobId, changedAtMs }) => [hash, state, bytes, jobId, changedAtMs]),
    [0, 1, 2].map((index) => [hashOf(index), 'planned', 1000 + index, job.id, 40]),
  )
  assert.equal((await catalog.jobTallies())[0]?.copies.second.proven, 3, 'planned is not gone')
  const absent = seen(50, { finding: 'absent', deviceId: 'ssd' })
  await catalog.recordRemovals(runId, [
    { number: planned[0]!.number, state: 'in-trash', atMs: 50, absent },
    { number: planned[1]!.number, state: 'kept', atMs: 51, absent: null },
  ])
  assert.deepEqual(await catalog.removals({ state: 'planned' }), [planned[2]])
  assert.deepEqual(
    (await catalog.removals({ placeId: pc })).map(({ state, changedAtMs }) => [state, changedAtMs]),
    [
      ['in-trash', 50],
      ['kept', 51],
      ['planned', 40],
    ],
  )
  assert.deepEqual(await catalog.removals({ placeId: nas }), [])
  const tally = (await catalog.jobTallies())[0]
  assert.deepEqual([tally?.copies.second.proven, tally?.provenCopiesMin], [2, 1])
  assert.equal((await catalog.copiesOf(hashOf(0))).find((copy) => copy.placeId === pc)?.latest.finding, 'absent')
  await catalog.recordRemovals(runId, [{ number: planned[0]!.number, state: 'gone', atMs: 60, absent: null }])
  assert.equal((await catalog.removals({ state: 'gone' })).length, 1)
  const unknown = { ...wishes[0]!, path: 'another' }
  await assert.rejects(catalog.planRemovals(runId, [wishes[1]!, unknown]), /not in the books/)
  assert.equal((await catalog.removals({})).length, 3, 'all or nothing')
  await assert.rejects(
    catalog.recordRemovals(runId, [{ number: 99, state: 'gone', atMs: 1, absent: null }]),
    /No removal has the number 99/,
  )
  assert.throws(() => store.sqlite.exec('delete from removal'), /never deleted/)
})

test('[M2] working files follow what was carried, by place and job', async (context) => {
  const catalog = await inMemory(context)
  const { job } = await studio(catalog, 0)
  const other = await catalog.createJob({ name: 'B', client: '', folder: 'b', shotOn: '2026-01-01', createdAtMs: 1 })
  const file = { placeId: pc, jobId: job.id, path: 'a/edit.psd', bytes: 5, mtimeMs: 7, hash: hashOf(1), carriedAtMs: 8 }
  const second = { ...file, path: 'b/edit.psd', jobId: other.id }
  await catalog.saveWorkingFiles([file, second])
  const newer = { ...file, bytes: 6, hash: hashOf(2), carriedAtMs: 9 }
  await catalog.saveWorkingFiles([newer, { ...file, placeId: nas }])
  assert.deepEqual(await catalog.workingFiles(pc), [newer, second])
  assert.deepEqual(await catalog.workingFiles(pc, other.id), [second])
  assert.deepEqual(await catalog.workingFiles(nas, other.id), [])
})

test('[D3] what happened to places comes newest first; the newest moment only goes forward', async (context) => {
  const catalog = await inMemory(context)
  assert.equal(await catalog.newestMomentMs(), null)
  const { runId, reads, copies } = await studio(catalog, 1)
  const newest = async () => await catalog.newestMomentMs()
  assert.equal(await newest(), 10)
  await catalog.recordReports({ runId, reads, copies: [{ ...copies[0]!, evidence: seen(90) }] })
  // Weaker news changes nothing about the copy, and was seen all the same.
  await catalog.recordReports({
    runId,
    reads: [],
    copies: [{ ...copies[0]!, evidence: seen(95, { strength: 'cached' }) }],
  })
  assert.equal(await newest(), 95)
  await catalog.endRun(runId, 'done', 40)
  assert.equal(await newest(), 95)
  await catalog.notePlaceEvent({ placeId: nas, kind: 'checked', atMs: 100, detail: { files: 3, outcome: 'fine' } })
  await catalog.notePlaceEvent({ placeId: pc, kind: 'updated', atMs: 99, detail: {} })
  await catalog.notePlaceEvent({ placeId: nas, kind: 'updated', atMs: 100, detail: {} })
  assert.equal(await newest(), 100)
  const kinds = async (filter: Parameters<Catalog['placeEvents']>[0]) =>
    (await catalog.placeEvents(filter)).map(({ placeId: id, kind }) => `${id} ${kind}`)
  assert.deepEqual(await kinds({ limit: 10 }), ['nas updated', 'nas checked', 'pc updated'])
  assert.deepEqual(await kinds({ limit: 1, kind: 'updated' }), ['nas updated'])
  assert.deepEqual(await kinds({ limit: 9, placeId: pc }), ['pc updated'])
  assert.deepEqual((await catalog.placeEvents({ limit: 1, kind: 'checked' }))[0]?.detail, { files: 3, outcome: 'fine' })
  await catalog.notePlaceSeen({
    placeId: nas,
    atMs: 120,
    device: { id: 'raid', how: 'measured' },
    freeBytes: 1,
    totalBytes: 2,
    fsType: 'ext4',
  })
  assert.equal(await newest(), 120)
})

test('the originals of a job come page by page, with the time on the card and that of the picture', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, job } = await studio(catalog, 5)
  await catalog.recordReports({ runId, reads, copies })
  await catalog.cull([hashOf(3)], 40, 'blink')
  const camera = { make: null, model: null, bodySerial: null, width: null, height: null, durationSeconds: null }
  const capture = { local: '2026-11-20T10:11:12.34', offset: null, source: 'file', plausible: true } as const
  const look = (hash: ContentHash, plausible: boolean) => ({
    hash,
    metadata: { ...camera, capture: { ...capture, plausible }, contentId: null, burstId: null },
    readability: { kind: 'fine' } as const,
  })
  await catalog.recordMetadata([look(hashOf(0), true), look(hashOf(1), false)])
  const first = await catalog.originalsOf(job.id, { limit: 2 })
  assert.deepEqual(
    first.map(({ hash, mtimeMs, capturedLocal, copies: held }) => [hash, mtimeMs, capturedLocal, held.length]),
    [
      [hashOf(0), 5000, '2026-11-20T10:11:12', 2],
      [hashOf(1), 7000, null, 2],
    ],
  )
  const rest = await catalog.originalsOf(job.id, { limit: 9, after: hashOf(1) })
  assert.deepEqual(
    rest.map(({ hash, culledAtMs }) => [hash, culledAtMs]),
    [
      [hashOf(2), null],
      [hashOf(3), 40],
      [hashOf(4), null],
    ],
  )
  const [tally] = await catalog.jobTallies()
  assert.deepEqual([tally?.firstShotOn, tally?.lastShotOn], ['2026-11-20', '2026-11-20'])
})

test('[V5] the count of copies is that of the pages', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, job } = await studio(catalog, 5)
  const aged = copies.map((copy, index) => ({
    ...copy,
    evidence: seen(100 - index, index === 4 ? { finding: 'absent' } : {}),
  }))
  await catalog.recordReports({ runId, reads, copies: aged })
  for (const filter of [
    {},
    { jobId: job.id },
    { includeAbsent: true },
    { checkedBeforeMs: 97 },
    { after: { latestAtMs: 94, number: 7 } },
  ]) {
    const pages = await catalog.copiesAt(nas, { ...filter, limit: 100 })
    const bytes = pages.reduce((sum, copy) => sum + copy.bytes, 0)
    assert.deepEqual(await catalog.countCopiesAt(nas, filter), { files: pages.length, bytes }, JSON.stringify(filter))
  }
  assert.deepEqual(await catalog.countCopiesAt(nas, { jobId: parseJobId('none') }), { files: 0, bytes: 0 })
})

test('where the originals are: by cards, places, devices and standing; of several copies at a place the best', async (context) => {
  const catalog = await inMemory(context)
  const { runId, reads, copies, copyOf, card, listing, roll, job } = await studio(catalog, 4)
  const more = [
    { ...copyOf(reads[1]!, 'nas', 'raid'), evidence: seen(80, { finding: 'differed', deviceId: 'raid' }) },
    {
      ...copyOf(reads[1]!, 'nas', 'raid'),
      path: 'again',
      evidence: seen(25, { strength: 'cached', deviceId: 'raid' }),
    },
    { ...copyOf(reads[2]!, 'pc', 'ssd'), evidence: seen(80, { finding: 'absent', deviceId: 'ssd' }) },
    { ...copyOf(reads[3]!, 'nas', 'raid'), evidence: seen(70, { deviceId: 'raid' }) },
  ]
  await catalog.recordReports({ runId, reads, copies: [...copies, ...more] })
  await catalog.recordSecondRead(roll.id, [{ path: listing[0]!.path, finding: 'agreed', strength: 'medium', atMs: 40 }])
  const onCard = (readTwice: boolean) => [{ cardId: card.id, readTwice }]
  const at = (place: string, deviceId: string, standing: string, oldestAtMs: number) => ({
    placeId: placeId(place),
    deviceId,
    standing,
    oldestAtMs,
  })
  const group = (index: number, change: object) => ({
    jobId: job.id,
    files: 1,
    bytes: 1000 + index,
    exampleName: `IMG_0000${index}.CR3`,
    newestFirstSeenAtMs: 20,
    ...change,
  })
  const pcProven = at('pc', 'ssd', 'proven', 30)
  assert.deepEqual(await catalog.whereabouts(), [
    group(0, { cards: onCard(true), copies: [at('nas', 'raid', 'proven', 30), pcProven] }),
    group(1, { cards: onCard(false), copies: [at('nas', 'raid', 'present', 25), pcProven] }),
    group(2, { cards: onCard(false), copies: [at('nas', 'raid', 'proven', 30)] }),
    group(3, { cards: onCard(false), copies: [at('nas', 'raid', 'proven', 70), pcProven] }),
  ])
  await catalog.retireCard(card.id, 90)
  await catalog.removePlace(nas, 90)
  const groups = await catalog.whereabouts()
  assert.deepEqual(
    groups.map(({ files, bytes, cards, copies: held }) => [files, bytes, cards, held]),
    [
      [3, 3004, [], [pcProven]],
      [1, 1002, [], []],
    ],
  )
})

/** Everything that `studio` put in, as a note would tell it. */
async function noteOf(catalog: Catalog, made: Awaited<ReturnType<typeof studio>>): Promise<RebuiltJob> {
  const { card, job, roll, copies } = made
  const [originals, files] = [await catalog.originalsOf(job.id, { limit: 100 }), await catalog.rollFiles(roll.id)]
  return {
    job,
    cards: [{ ...card, atMs: 10 }],
    rolls: [{ ...roll, label: card.label, files }],
    originals: originals.map((original) => ({ ...original, capturedLocal: '2026-11-20T10:00:00', culled: null })),
    copies,
  }
}

test('[J1] a job that is rebuilt from a note counts as it did, and rebuilding it again changes nothing', async (context) => {
  const before = await inMemory(context)
  const made = await studio(before, 3)
  await before.recordReports({ runId: made.runId, reads: made.reads, copies: made.copies })
  const second = { path: made.listing[0]!.path, finding: 'agreed', strength: 'medium', atMs: 40 } as const
  await before.recordSecondRead(made.roll.id, [second])
  const note = await noteOf(before, made)
  const adopted = {
    hash: hashOf(50),
    bytes: 5,
    name: 'A',
    firstSeenAtMs: 4,
    capturedLocal: null,
    culled: { atMs: 9, why: 'w' },
  }
  const withAdopted = { ...note, originals: [...note.originals, adopted] }

  const store = valueOf(await openStore(':memory:', { newId: counter() }))
  context.after(() => disconnect(store))
  const after = catalogOn(store, ':memory:')
  const runId = await after.beginRun('rebuild', {}, 1)
  for (const place of await before.places()) valueOf(await after.addPlace(place, 1))
  await after.rebuildJob(runId, withAdopted)
  const dump = () =>
    ['job', 'card', 'card_sign', 'roll', 'roll_file', 'original', 'copy', 'evidence'].map((table) =>
      store.sqlite.prepare(`select * from ${table}`).all(),
    )
  const once = dump()
  await after.rebuildJob(runId, withAdopted)
  assert.deepEqual(dump(), once)

  assert.deepEqual(await after.jobs(), [made.job])
  const [was] = await before.jobTallies()
  assert.deepEqual(await after.jobTallies(), [
    { ...was, culledFiles: 1, firstShotOn: '2026-11-20', lastShotOn: '2026-11-20' },
  ])
  assert.deepEqual(await after.whereabouts(), await before.whereabouts())
  assert.deepEqual(await after.rollFiles(made.roll.id), await before.rollFiles(made.roll.id))
  const groupsOf = async (catalog: Catalog) => (await catalog.cardFacts(made.card.id, 0))?.groups
  assert.deepEqual(await groupsOf(after), await groupsOf(before))
  assert.deepEqual(await after.adoptedOfSizes([5, 1000]), [{ hash: hashOf(50), bytes: 5 }])
  assert.equal((await after.findCards(signsOf('EOS_DIGITAL')))[0]?.card.id, made.card.id)
  const next = await after.beginRoll({
    cardId: made.card.id,
    jobId: made.job.id,
    label: 'eos_digital',
    atMs: 99,
    folderOf: (name) => name,
  })
  assert.deepEqual([next.number, next.name], [2, 'eos_digital 002'])
  assert.equal((await after.checkWhole()).ok, true)
})

test('[J1] a note that comes when its numbers are taken loses nothing, and what the card holds now stays the last', async (context) => {
  const before = await inMemory(context)
  const made = await studio(before, 1)
  await before.recordReports({ runId: made.runId, reads: made.reads, copies: [] })
  const note = await noteOf(before, made)
  const ids = counter()
  const after = valueOf(await openCatalog(':memory:', { newId: () => `later-${ids()}` }))
  context.after(() => after.close())
  const runId = await after.beginRun('rebuild', {}, 1)
  await after.rebuildJob(runId, { ...note, rolls: [], originals: [], copies: [] })
  const begin = (atMs: number) =>
    after.beginRoll({ cardId: made.card.id, jobId: made.job.id, label: 'EOS_DIGITAL', atMs, folderOf: (name) => name })
  const [one, two] = [await begin(500), await begin(600)]
  await after.rebuildJob(runId, { ...note, copies: [] })
  const rolls = await after.rolls({ cardId: made.card.id })
  assert.deepEqual(
    rolls.map(({ id, number, name }) => [id, number, name]),
    [
      [made.roll.id, 1, 'EOS_DIGITAL 001'],
      [one.id, 2, 'EOS_DIGITAL 001'],
      [two.id, 3, 'EOS_DIGITAL 002'],
    ],
  )
  assert.equal((await after.lastRoll(made.card.id))?.roll.id, two.id)
  assert.deepEqual([(await begin(700)).number, (await begin(800)).name], [4, 'EOS_DIGITAL 005'])
  assert.equal((await after.jobTallies())[0]?.copies.card.present, 0)
  assert.equal((await after.rollFiles(made.roll.id))[0]?.hash, hashOf(0))
})

test('[J1] a roll that is rebuilt may hold a file of another job: it was read, and its original is known', async (context) => {
  const before = await inMemory(context)
  const made = await studio(before, 2)
  await before.recordReports({ runId: made.runId, reads: made.reads, copies: [] })
  const note = await noteOf(before, made)
  const after = await inMemory(context)
  const runId = await after.beginRun('rebuild', {}, 1)
  await after.rebuildJob(runId, { ...note, originals: note.originals.slice(1), copies: [] })
  assert.deepEqual(
    (await after.cardFacts(parseCardId(made.card.id), 0))?.groups.map(({ files, read }) => [files, read]),
    [[2, true]],
  )
  assert.deepEqual(await after.adoptedOfSizes([1000, 1001]), [])
})
