import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { hashOf, placeId, placeNamed, seen, valueOf } from '../catalog/sample.test.ts'
import type { CameraMetadata } from '../domain/metadata.ts'
import { dayMs } from '../domain/policy.ts'
import { gatherThumbnails } from './gather-thumbnails.ts'
import type { JobReport } from './job-report.ts'
import { makeReport } from './job-report.ts'
import type { Program } from './program.ts'
import type { Desk } from './sample.test.ts'
import { makeDesk, nas, pc } from './sample.test.ts'

const camera: CameraMetadata = {
  capture: { local: '2026-11-20T15:00:00.12', offset: '+01:00', source: 'file', plausible: true },
  make: 'Canon',
  model: 'Canon EOS R5',
  bodySerial: '0123456789',
  width: 10,
  height: 10,
  durationSeconds: null,
  contentId: null,
  burstId: null,
}

/** A desk an hour east of Greenwich. */
async function reportDesk(context: TestContext, files: number): Promise<Desk & { readonly program: Program }> {
  const desk = await makeDesk(context, files)
  const parts: Partial<Program> = {
    version: '0.1.0',
    localTime: (atMs) => new Date(atMs + 3_600_000).toISOString().slice(0, 19),
    offsetMinutes: () => 60,
    paths: { join: (...segments: readonly string[]) => segments.join('/') } as Program['paths'],
  }
  return { ...desk, program: { ...desk.program, ...parts } }
}

async function reportOn(desk: Desk, idOrName = 'Wedding'): Promise<JobReport> {
  return valueOf(await makeReport(desk.program, idOrName))
}

const saysOf = (report: JobReport): readonly string[] => report.remarks.map(({ code }) => code)

/** Every file read twice, and proven at a third place on a device of its own. */
async function makeSafe(desk: Desk): Promise<void> {
  const { catalog, runId, reads, copies, roll, copyOf } = desk
  valueOf(await catalog.addPlace(placeNamed('safe', 'drive'), 1))
  const onDrive = reads.map((read) => copyOf(read, 'safe', 'usb'))
  await catalog.recordReports({ runId, reads, copies: [...copies, ...onDrive] })
  await catalog.recordSecondRead(
    roll.id,
    reads.map(({ path }) => ({ path, finding: 'agreed' as const, strength: 'medium' as const, atMs: 40 })),
  )
  await catalog.setRollSecondRead(roll.id, 'agreed', 40)
}

test('[V1] a report holds each file with its hash, its copies, their evidence and its card', async (context) => {
  const desk = await reportDesk(context, 3)
  await makeSafe(desk)
  await desk.catalog.recordMetadata([{ hash: hashOf(0), metadata: camera, readability: { kind: 'fine' } }])
  await desk.catalog.saveWarnings(desk.roll.id, [
    { path: desk.reads[0]?.path ?? '', code: 'cut-off', sentence: 'It ends early.' },
  ])
  const report = await reportOn(desk)
  assert.equal(
    report.sentence,
    'All 3 files of “Wedding” are safe: proven on at least 3 independent devices; the oldest proof is from 1970-01-01.',
  )
  assert.equal(report.safe, true)
  assert.equal(report.madeAt, '1970-01-01T01:16:40+01:00')
  assert.deepEqual(report.totals, {
    files: 3,
    bytes: 3003,
    shots: 3,
    culled: 0,
    notRead: 0,
    unproven: 0,
    provenCopiesMin: 3,
    atLeast: 3,
    missing: [
      { role: 'library', files: 0 },
      { role: 'second', files: 0 },
    ],
    oldestProofAt: '1970-01-01T01:00:00+01:00',
    readOnce: 0,
  })
  assert.deepEqual(report.cameras, [{ make: 'Canon', model: 'Canon EOS R5', serial: '0123456789', files: 1 }])
  assert.deepEqual(
    report.places.map(({ name, role, device, proven }) => [name, role, device, proven]),
    [
      ['nas', 'library', 'raid', 3],
      ['pc', 'second', 'ssd', 3],
      ['safe', 'drive', 'usb', 3],
    ],
  )
  assert.deepEqual(
    report.cards.map(({ label, rolls }) => [
      label,
      rolls.map(({ name, files, bytes, secondRead }) => [name, files, bytes, secondRead]),
    ]),
    [['EOS_DIGITAL', [['EOS_DIGITAL 001', 3, 3003, 'agreed']]]],
  )
  const [first] = report.files
  assert.ok(first !== undefined)
  const { copies, ...about } = first
  assert.deepEqual(about, {
    path: 'EOS_DIGITAL 001/DCIM/100CANON/IMG_00000.CR3',
    bytes: 1000,
    hash: hashOf(0),
    hashKind: 'xxh128',
    shot: 'EOS_DIGITAL 001/DCIM/100CANON/IMG_00000',
    captured: camera.capture,
    camera: { make: 'Canon', model: 'Canon EOS R5', serial: '0123456789' },
    culled: null,
    onCards: [
      {
        card: 'EOS_DIGITAL',
        roll: 'EOS_DIGITAL 001',
        path: 'DCIM/100CANON/IMG_00000.CR3',
        secondRead: 'agreed',
        secondReadAt: '1970-01-01T01:00:00+01:00',
      },
    ],
    warnings: [{ code: 'cut-off', sentence: 'It ends early.' }],
  })
  assert.deepEqual(
    copies.map(({ place, role, strength, finding, device, provenAt }) => [
      place,
      role,
      strength,
      finding,
      device,
      provenAt,
    ]),
    [
      ['nas', 'library', 'medium', 'agreed', 'raid', '1970-01-01T01:00:00+01:00'],
      ['pc', 'second', 'medium', 'agreed', 'ssd', '1970-01-01T01:00:00+01:00'],
      ['safe', 'drive', 'medium', 'agreed', 'usb', '1970-01-01T01:00:00+01:00'],
    ],
  )
  assert.deepEqual(saysOf(report), ['warnings'])
})

test('a report is the same value when it is made again, and survives JSON', async (context) => {
  const desk = await reportDesk(context, 12)
  await makeSafe(desk)
  const report = await reportOn(desk)
  assert.deepEqual(await reportOn(desk, report.job.id), report)
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
  assert.deepEqual(
    report.files.map(({ path }) => path),
    report.files.map(({ path }) => path).toSorted(),
  )
})

test('[V2] one file on one device, and the sentence says one', async (context) => {
  const desk = await reportDesk(context, 3)
  const { catalog, runId, reads, copies, copyOf } = desk
  const [odd] = reads
  assert.ok(odd !== undefined)
  await catalog.recordReports({ runId, reads, copies: copies.filter(({ hash }) => hash !== odd.hash) })
  await catalog.recordReports({ runId, reads: [], copies: [copyOf(odd, 'nas', 'raid'), copyOf(odd, 'pc', 'raid')] })
  const report = await reportOn(desk)
  assert.match(report.sentence, /proven on at least 1 independent device, while 3 are wanted/)
  assert.deepEqual([report.safe, report.totals.provenCopiesMin], [false, 1])
})

test('[V1] a copy that changed or is gone counts for nothing, and is named', async (context) => {
  const desk = await reportDesk(context, 4)
  await makeSafe(desk)
  const { catalog, runId, reads, copyOf } = desk
  const findings = [{ finding: 'differed' }, { finding: 'absent' }, { finding: 'differed' }] as const
  const news = findings.map((finding, index) => {
    const read = reads[index]
    assert.ok(read !== undefined)
    return { ...copyOf(read, 'pc', 'ssd'), evidence: seen(60, { ...finding, deviceId: 'ssd' }) }
  })
  await catalog.recordReports({ runId, reads: [], copies: news })
  const report = await reportOn(desk)
  assert.match(report.sentence, /^Not complete: 3 of 4 files .* lack a proven copy in the second folder/)
  assert.deepEqual(saysOf(report).toSorted(), ['changed', 'gone', 'missing'])
  assert.match(report.remarks[0]?.sentence ?? '', /^2 copies at “pc” no longer hold what was read from the card/)
  const pcCopies = report.files.map(({ copies }) => copies.find(({ place }) => place === 'pc'))
  assert.deepEqual(
    pcCopies.map((copy) => copy?.provenAt === null),
    [true, true, true, false],
  )
  assert.equal(report.places.find(({ name }) => name === 'pc')?.proven, 1)
})

test('[C2] a file that was never read is one of the job, without any proof', async (context) => {
  const desk = await reportDesk(context, 3)
  await makeSafe(desk)
  const { catalog, roll, runId } = desk
  await catalog.addRollFiles(roll.id, [{ path: 'DCIM/100CANON/BAD.CR3', bytes: 5, mtimeMs: 1 }])
  await catalog.recordReports({
    runId,
    reads: [],
    copies: [],
    problems: [
      { rollId: roll.id, path: 'DCIM/100CANON/BAD.CR3', code: 'card-unreadable', sentence: 'The card gave an error.' },
    ],
  })
  await catalog.saveLeftOut(roll.id, [
    { path: 'DCIM/\uFFFD', why: 'name-not-unicode', files: 2 },
    { path: '.Trashes', why: 'system-file', files: 9 },
  ])
  const report = await reportOn(desk)
  assert.equal(report.sentence, 'NOT safe: 3 of 6 files of “Wedding” have no proven copy anywhere.')
  assert.deepEqual(
    report.notRead.map(({ path, card, roll, files, because }) => [path, card, roll, files, because]),
    [
      ['DCIM/100CANON/BAD.CR3', 'EOS_DIGITAL', 'EOS_DIGITAL 001', 1, 'The card gave an error.'],
      ['DCIM/\uFFFD', 'EOS_DIGITAL', 'EOS_DIGITAL 001', 2, 'Its name is damaged, so it could not be copied.'],
    ],
  )
  assert.deepEqual(
    [report.totals.notRead, report.totals.provenCopiesMin, report.cards[0]?.rolls[0]?.leftOut],
    [3, 0, 9],
  )
})

test('what was culled is listed with its reason, and does not count', async (context) => {
  const desk = await reportDesk(context, 3)
  await makeSafe(desk)
  await desk.catalog.cull([hashOf(1)], 50, 'out of focus')
  const report = await reportOn(desk)
  assert.deepEqual(
    report.files.map(({ culled }) => culled),
    [null, 'out of focus', null],
  )
  assert.deepEqual([report.totals.files, report.totals.culled, report.totals.shots, report.safe], [2, 1, 2, true])
})

test('[V2] what lies at a place that is no longer in use counts for nothing', async (context) => {
  const desk = await reportDesk(context, 2)
  await makeSafe(desk)
  await desk.catalog.removePlace(placeId('safe'), 70)
  const report = await reportOn(desk)
  assert.equal(report.totals.provenCopiesMin, 2)
  assert.deepEqual(saysOf(report), ['retired-place'])
  assert.deepEqual(
    report.places.map(({ name, retired, proven }) => [name, retired, proven]),
    [
      ['nas', false, 2],
      ['pc', false, 2],
      ['safe', true, 0],
    ],
  )
})

test('[V4] files that were read once, and a card that gave two answers, are not safe', async (context) => {
  const desk = await reportDesk(context, 2)
  const { catalog, runId, reads, copies, copyOf, card } = desk
  valueOf(await catalog.addPlace(placeNamed('safe', 'drive'), 1))
  await catalog.recordReports({
    runId,
    reads,
    copies: [...copies, ...reads.map((read) => copyOf(read, 'safe', 'usb'))],
  })
  const once = await reportOn(desk)
  assert.match(once.sentence, /but 2 were read from the card only once/)
  assert.deepEqual([once.safe, saysOf(once)], [false, ['read-once']])
  await catalog.suspectCard(card.id, 'Two reads differed.', 80)
  const suspect = await reportOn(desk)
  assert.match(suspect.sentence, /^Two reads of card “EOS_DIGITAL” gave different bytes/)
})

test('an old proof is not called safe', async (context) => {
  const desk = await reportDesk(context, 2)
  await makeSafe(desk)
  desk.clock.nowMs = 91 * dayMs
  const report = await reportOn(desk)
  assert.match(report.sentence, /a proof is to be renewed after 90 days/)
  assert.equal(report.safe, false)
})

test('a file that another job saw first stands in the report of that job, and each job names its own', async (context) => {
  const desk = await reportDesk(context, 2)
  const { catalog, runId, reads, card } = desk
  await makeSafe(desk)
  const other = await catalog.createJob({
    name: 'Party',
    client: '',
    folder: 'p',
    shotOn: '2026-12-01',
    createdAtMs: 90,
  })
  const roll = await catalog.beginRoll({
    cardId: card.id,
    jobId: other.id,
    label: card.label,
    atMs: 90,
    folderOf: (name) => `p/${name}`,
  })
  const again = reads.map((read) => ({ ...read, rollId: roll.id, jobId: other.id }))
  await catalog.addRollFiles(
    roll.id,
    again.map(({ path, bytes }) => ({ path, bytes, mtimeMs: 1 })),
  )
  await catalog.recordReports({ runId, reads: again, copies: [] })
  const party = await reportOn(desk, 'Party')
  assert.match(party.sentence, /nothing to vouch for/)
  assert.deepEqual([party.files.length, saysOf(party)], [0, ['of-other-jobs']])
  assert.equal((await reportOn(desk)).files.length, 2)
})

test('a job is found by its name in any case, and never guessed among several', async (context) => {
  const desk = await reportDesk(context, 1)
  const make = { client: 'A', folder: 'f', shotOn: '2026-12-01', createdAtMs: 90 }
  await desk.catalog.createJob({ ...make, name: 'ŁÓDŹ' })
  assert.equal((await reportOn(desk, 'łódź'.normalize('NFD'))).job.name, 'ŁÓDŹ')
  await desk.catalog.createJob({ ...make, name: 'Łódź', folder: 'g' })
  const refused = await makeReport(desk.program, 'łódź')
  assert.deepEqual([refused.ok, refused.ok ? null : refused.failure.code], [false, 'wrong-usage'])
  const missing = await makeReport(desk.program, 'No such job')
  assert.deepEqual([missing.ok, missing.ok ? null : missing.failure.code], [false, 'not-found'])
})

test('a copy that is not where it was is no news while the file has all the copies that are wanted', async (context) => {
  const desk = await reportDesk(context, 2)
  await makeSafe(desk)
  const { catalog, runId, reads, copyOf } = desk
  const [first] = reads
  assert.ok(first !== undefined)
  const there = copyOf(first, 'pc', 'ssd')
  const old = { ...there, path: `old/${there.path}`, evidence: seen(60, { finding: 'absent', deviceId: 'ssd' }) }
  await catalog.recordReports({ runId, reads: [], copies: [old] })
  assert.ok(!saysOf(await reportOn(desk)).includes('gone'))
})

test('one thumbnail a shot, from the nearest copy that is as it should be', async (context) => {
  const desk = await reportDesk(context, 3)
  await makeSafe(desk)
  const [, second] = desk.reads
  assert.ok(second !== undefined)
  const gone = { ...desk.copyOf(second, 'pc', 'ssd'), evidence: seen(60, { finding: 'absent', deviceId: 'ssd' }) }
  await desk.catalog.recordReports({ runId: desk.runId, reads: [], copies: [gone] })
  const report = await reportOn(desk)
  const asked: string[] = []
  const thumbnails = await gatherThumbnails(desk.program, report, async (paths) => {
    asked.push(...paths)
    return paths.map((path) => (path.endsWith('2.CR3') ? null : Uint8Array.of(1, 2, 3)))
  })
  const below = (path: string): string => `2026/2026-11-20 Smith Wedding/EOS_DIGITAL 001/DCIM/100CANON/${path}`
  assert.deepEqual(asked, [
    `${pc.address}/${below('IMG_00000.CR3')}`,
    `${nas.address}/${below('IMG_00001.CR3')}`,
    `${pc.address}/${below('IMG_00002.CR3')}`,
  ])
  assert.deepEqual([...thumbnails.keys()], [hashOf(0), hashOf(1)])
})
