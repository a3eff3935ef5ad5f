import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashOf, placeId, seen } from '../catalog/sample.test.ts'
import { parseCardId, parseJobId, parseRollId } from '../domain/ids.ts'
import type { JobNote } from './job-note-text.ts'
import { jobNotePath, jobNoteText, readJobNote, saysTheSame } from './job-note-text.ts'

const jobId = parseJobId('job-1')
export const sampleNote: JobNote = {
  version: '1.2.3',
  catalog: { id: 'catalog-1', generation: 7 },
  placeId: placeId('safe'),
  job: {
    id: jobId,
    name: 'Wedding “Ä”\n',
    client: 'Miller',
    state: 'delivered',
    folder: '2026/Wedding',
    shotOn: '2026-11-20',
    createdAtMs: 1000,
    deliveredAtMs: 2000,
  },
  places: [
    { id: placeId('safe'), name: 'Safe A', role: 'drive', site: 'safe' },
    { id: placeId('nas'), name: 'NAS', role: 'library', site: 'home' },
  ],
  cards: [
    {
      id: parseCardId('card-1'),
      label: 'EOS_DIGITAL',
      fileSystemUuid: '1234-ABCD',
      volumeBytes: 64_000_000_000,
      isVolume: true,
      atMs: 500,
    },
  ],
  rolls: [
    {
      id: parseRollId('roll-1'),
      cardId: parseCardId('card-1'),
      number: 3,
      label: 'EOS_DIGITAL',
      name: 'EOS_DIGITAL 007',
      folder: '2026/Wedding/EOS_DIGITAL 007',
      startedAtMs: 900,
      secondRead: 'differed',
      files: [
        {
          path: 'DCIM/a.CR3',
          bytes: 10,
          mtimeMs: 315_532_800_000,
          hash: hashOf(1),
          second: { finding: 'differed', strength: 'medium', atMs: 950 },
        },
        { path: 'DCIM/b.CR3', bytes: 0, mtimeMs: 951, hash: null, second: null },
      ],
    },
  ],
  originals: [
    {
      hash: hashOf(1),
      bytes: 10,
      name: 'a.CR3',
      firstSeenAtMs: 901,
      capturedLocal: '2026-11-20T14:00:00',
      culled: { atMs: 1500, why: 'blurred' },
      otherJob: null,
      copies: [
        { path: '2026/Wedding/EOS_DIGITAL 007/DCIM/a (2).CR3', latest: seen(910, { finding: 'differed' }) },
        { path: '2026/Wedding/EOS_DIGITAL 007/DCIM/a.CR3', latest: seen(910) },
      ],
    },
    {
      hash: hashOf(2),
      bytes: 20,
      name: 'c.CR3',
      firstSeenAtMs: 902,
      capturedLocal: null,
      culled: null,
      otherJob: parseJobId('job-2'),
      copies: [],
    },
  ],
}

const noteIn = (text: string): JobNote => {
  const reading = readJobNote(text)
  assert.ok(reading.kind === 'note', reading.kind === 'note' ? '' : reading.why)
  return reading.note
}

test('a note tells everything again that was written into it', () => {
  const back = noteIn(jobNoteText(sampleNote))
  const byId = <Entry extends { readonly id: string }>(entries: readonly Entry[]): readonly Entry[] =>
    entries.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  assert.deepEqual({ ...back, places: byId(back.places) }, { ...sampleNote, places: byId(sampleNote.places) })
})

test('the same facts in another order are the same text, a line for each file', () => {
  const [roll] = sampleNote.rolls
  const turned: JobNote = {
    ...sampleNote,
    places: sampleNote.places.toReversed(),
    originals: sampleNote.originals
      .toReversed()
      .map((original) => ({ ...original, copies: original.copies.toReversed() })),
    rolls: [{ ...roll!, files: roll!.files.toReversed() }],
  }
  assert.equal(jobNoteText(turned), jobNoteText(sampleNote))
  assert.equal(
    jobNoteText(sampleNote)
      .split('\n')
      .filter((line) => line.includes('.CR3')).length,
    4,
  )
  assert.equal(jobNotePath(jobId), '.fivefold/jobs/job-1.json')
})

test('a newer generation or version alone is no reason to write a note again; a new proof is', () => {
  const text = jobNoteText(sampleNote)
  assert.ok(saysTheSame(text, jobNoteText({ ...sampleNote, version: '2.0.0', catalog: { id: 'x', generation: 99 } })))
  const [original] = sampleNote.originals
  const proven = { ...original!, copies: [{ path: 'p', latest: seen(911) }] }
  assert.ok(!saysTheSame(text, jobNoteText({ ...sampleNote, originals: [proven] })))
})

test('a note that is cut off, of another kind, or damaged in any field is unreadable, and never half a note', () => {
  const text = jobNoteText(sampleNote)
  const wrong = [
    '',
    'null',
    '[]',
    text.slice(0, -20),
    text.replace('fivefold.job/1', 'fivefold.job/2'),
    text.replace('"state":"delivered"', '"state":"lost"'),
    text.replace(`"hash":"${hashOf(1)}"`, '"hash":"short"'),
    text.replace('"bytes":10', '"bytes":"10"'),
    text.replace('"bytes":10', '"bytes":-1'),
    text.replace('"started":"1970-01-01T00:00:00.900Z"', '"started":"yesterday"'),
    text.replace('"isVolume":true', '"isVolume":1'),
    text.replace('"id":"roll-1"', '"id":"../roll"'),
    text.replace('"id":"roll-1"', '"id":"roll-2"'),
  ]
  for (const one of wrong) assert.equal(readJobNote(one).kind, 'unreadable', one.slice(0, 300))
})

test('[W4] a path that climbs out of the place is refused, whoever wrote it', () => {
  const text = jobNoteText(sampleNote)
  for (const path of ['../../etc/passwd', '/etc/passwd', 'a/../../b', 'a//b', 'a\\u0000b', '.'])
    assert.equal(readJobNote(text.replaceAll('2026/Wedding/EOS_DIGITAL 007/DCIM/a.CR3', path)).kind, 'unreadable', path)
})
