import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { wallClockMs, wallClockText } from './camera-clock.ts'
import { lightroomName, matchFrames } from './lightroom-frames.ts'
import type { CatalogueRow, FrameInCatalogue, RollFrame } from './lightroom-frames.ts'

const epochSeconds = 978_307_200

/** The rule of the import hash, written down a second time. */
const importHash = (local: string, name: string, bytes: number): string =>
  `${Math.floor((wallClockMs(local) ?? 0) / 1000) - epochSeconds}:${name}:${bytes}`

function row(name: string, changes: Partial<CatalogueRow> = {}): CatalogueRow {
  return {
    originalFilename: name,
    path: `/photos/${name}`,
    importHash: null,
    sidecarExtensions: [],
    fileFormat: 'RAW',
    captureTime: null,
    originalCaptureTime: null,
    pick: 'none',
    rating: null,
    virtualCopy: false,
    importedAt: null,
    collections: [],
    cameraModel: null,
    cameraSerial: null,
    ...changes,
  }
}

function frame(path: string, changes: Partial<RollFrame> = {}): RollFrame {
  return { path, bytes: 1000, mtimeMs: 0, captureLocal: null, computerOffsetMinutes: 0, ...changes }
}

const shot = '2026-11-20T10:00:07.25'
const matchOne = (one: RollFrame, ...rows: readonly CatalogueRow[]): FrameInCatalogue => {
  const [answer] = matchFrames([one], rows)
  assert.ok(answer)
  return answer
}

test('the import hash of a genuine catalogue is found again, whatever became of name and time in Lightroom', () => {
  const genuine = row('_MAX7667.NEF', {
    path: 'D:/Fotos/2013/renamed.NEF',
    importHash: '407630349:_MAX7667.NEF:14114354',
    captureTime: '2020-01-01T00:00:00',
    rating: 3,
  })
  const card = frame('DCIM/100NIKON/_MAX7667.NEF', { bytes: 14_114_354, captureLocal: '2013-12-01T22:39:09.42' })
  assert.deepEqual(matchOne(card, genuine), {
    path: 'DCIM/100NIKON/_MAX7667.NEF',
    kind: 'in-catalogue',
    by: 'import-hash',
    rejected: false,
    rating: 3,
    virtualCopies: 0,
    cataloguePath: 'D:/Fotos/2013/renamed.NEF',
  })
  for (const other of [{ bytes: 14_114_355 }, { captureLocal: '2013-12-01T22:39:10' }, { path: '_MAX7668.NEF' }])
    assert.equal(matchOne({ ...card, ...other }, genuine).kind, 'not-there')
})

test('without an import hash, name and second of capture tell, also the second before it was corrected', () => {
  const card = frame('DCIM/IMG_1.JPG', { captureLocal: shot })
  const byTime = matchOne(card, row('img_1.jpg', { captureTime: '2026-11-20T10:00:07' }))
  assert.deepEqual([byTime.kind, byTime.by], ['in-catalogue', 'name-and-time'])
  const corrected = row('IMG_1.JPG', { captureTime: '2026-11-20T11:00:07', originalCaptureTime: shot })
  assert.equal(matchOne(card, corrected).by, 'name-and-time')
  assert.equal(matchOne(card, row('IMG_1.JPG', { captureTime: '2026-11-20T10:00:07+01:00' })).by, 'name-and-time')
  assert.equal(matchOne(card, row('IMG_1.JPG', { captureTime: '2026-11-20T10:00:08' })).kind, 'not-there')
})

test('a name alone is never enough', () => {
  assert.equal(matchOne(frame('IMG_1.JPG'), row('IMG_1.JPG')).kind, 'not-there')
  assert.equal(matchOne(frame('IMG_1.JPG', { captureLocal: shot }), row('IMG_1.JPG')).kind, 'not-there')
  assert.equal(matchOne(frame('IMG_1.JPG'), row('IMG_1.JPG', { captureTime: shot })).kind, 'not-there')
  for (const odd of ['', 'x', '1:IMG_1.JPG', ':IMG_1.JPG:1000', 'NaN:IMG_1.JPG:1000'])
    assert.equal(matchOne(frame('IMG_1.JPG'), row('IMG_1.JPG', { importHash: odd })).kind, 'not-there')
})

test('what tells no time is known by the date of the file, read in either way', () => {
  const movie = row('MVI_1.MOV', { importHash: '1000.12345:MVI_1.MOV:1000' })
  const atMs = (1000 + epochSeconds) * 1000 + 123
  assert.equal(matchOne(frame('MVI_1.MOV', { mtimeMs: atMs }), movie).by, 'import-hash')
  const elsewhere = frame('MVI_1.MOV', { mtimeMs: atMs - 120 * 60_000, computerOffsetMinutes: 120 })
  assert.equal(matchOne(elsewhere, movie).by, 'import-hash')
  assert.equal(matchOne({ ...elsewhere, computerOffsetMinutes: 60 }, movie).kind, 'not-there')
})

const raw = row('IMG_7.CR3', {
  importHash: importHash(shot, 'IMG_7.CR3', 1000),
  captureTime: shot,
  sidecarExtensions: ['JPG', 'xmp'],
})

test('the JPEG taken in with its RAW came as a sidecar, and shares what became of it', () => {
  const rejected = { ...raw, pick: 'rejected' as const }
  const frames = [
    frame('DCIM/100A/IMG_7.CR3', { captureLocal: shot }),
    frame('DCIM/100A/IMG_7.JPG', { bytes: 50, captureLocal: shot }),
  ]
  assert.deepEqual(
    matchFrames(frames, [rejected]).map(({ kind, by, rejected, cataloguePath }) => [kind, by, rejected, cataloguePath]),
    [
      ['in-catalogue', 'import-hash', true, '/photos/IMG_7.CR3'],
      ['as-sidecar', 'import-hash', true, '/photos/IMG_7.CR3'],
    ],
  )
})

test('a JPEG whose RAW is not on the card any more is known by name and second', () => {
  assert.equal(matchOne(frame('IMG_7.JPG', { bytes: 50, captureLocal: shot }), raw).by, 'name-and-time')
  assert.equal(matchOne(frame('IMG_7.JPG', { bytes: 50 }), raw).kind, 'not-there')
})

test('a JPEG of another time, in another folder, or not listed, is no sidecar; nor is the xmp that Lightroom writes', () => {
  const found = frame('DCIM/100A/IMG_7.CR3', { captureLocal: shot })
  const kindOf = (other: RollFrame, ...rows: readonly CatalogueRow[]): string | undefined =>
    matchFrames([found, other], rows)[1]?.kind
  assert.equal(kindOf(frame('DCIM/100A/IMG_7.JPG'), raw), 'as-sidecar')
  assert.equal(kindOf(frame('DCIM/100A/IMG_7.JPG', { captureLocal: '2026-11-20T10:00:09' }), raw), 'not-there')
  assert.equal(kindOf(frame('DCIM/101A/IMG_7.JPG'), raw), 'not-there')
  assert.equal(kindOf(frame('DCIM/100A/IMG_7.WAV'), raw), 'not-there')
  assert.equal(kindOf(frame('DCIM/100A/IMG_7.XMP'), raw), 'not-there')
  assert.equal(kindOf(frame('DCIM/100A/IMG_7.JPG'), { ...raw, sidecarExtensions: [] }), 'not-there')
})

test('virtual copies are one frame: the stars are the master’s, and one that is wanted keeps it from being rejected', () => {
  const master = row('IMG_1.CR3', { captureTime: shot, pick: 'rejected', rating: 1 })
  const copy = { ...master, virtualCopy: true, rating: 5 }
  const card = frame('IMG_1.CR3', { captureLocal: shot })
  const { rejected, rating, virtualCopies } = matchOne(card, copy, master, copy)
  assert.deepEqual([rejected, rating, virtualCopies], [true, 1, 2])
  assert.equal(matchOne(card, master, { ...copy, pick: 'picked' }).rejected, false)
})

test('a frame that was taken in twice is rejected only when it is rejected twice', () => {
  const one = row('IMG_1.CR3', { captureTime: shot, pick: 'rejected', path: '/a/IMG_1.CR3' })
  const two = { ...one, path: '/b/IMG_1.CR3', pick: 'none' as const }
  const card = frame('IMG_1.CR3', { captureLocal: shot })
  assert.deepEqual([matchOne(card, one, two).rejected, matchOne(card, one, two).cataloguePath], [false, '/b/IMG_1.CR3'])
  assert.equal(matchOne(card, one, { ...two, pick: 'rejected' }).rejected, true)
})

test('an accent is one whether macOS took it apart or not', () => {
  const card = frame('Caf\u00e9.JPG', { captureLocal: shot })
  assert.equal(matchOne(card, row('Cafe\u0301.JPG', { captureTime: shot })).kind, 'in-catalogue')
})

test('the version of a catalogue in words', () => {
  assert.deepEqual(['0500006', '0900000', '1300000', ''].map(lightroomName), [
    'Lightroom 5',
    'Lightroom Classic 9',
    'Lightroom Classic 13',
    'an unknown Lightroom',
  ])
})

/* Few names, sizes and seconds, so that they meet by chance. Frames and rows of the second property share names only. */

const second = (at: number): string => wallClockText(Date.UTC(2026, 10, 20) + at * 1000)
const names = fc.constantFrom('IMG_1.CR3', 'IMG_1.JPG', 'img_1.jpg', 'IMG_2.CR3', 'IMG_2.JPG', 'IMG_2.XMP')

const anyRow = (times: fc.Arbitrary<number>, sizes: fc.Arbitrary<number>): fc.Arbitrary<CatalogueRow> =>
  fc
    .record({
      name: names,
      time: times,
      bytes: sizes,
      hasHash: fc.boolean(),
      pick: fc.constantFrom('picked' as const, 'rejected' as const, 'none' as const),
      rating: fc.constantFrom(null, 1, 5),
      virtualCopy: fc.boolean(),
      sidecarExtensions: fc.constantFrom([], ['JPG'], ['JPG', 'xmp']),
      folder: fc.constantFrom('a', 'b'),
    })
    .map(({ name, time, bytes, hasHash, folder, ...rest }) =>
      row(name, {
        ...rest,
        path: `/${folder}/${time}/${name}`,
        captureTime: second(time),
        importHash: hasHash ? importHash(second(time), name, bytes) : null,
      }),
    )

const anyFrame = (times: fc.Arbitrary<number>, sizes: fc.Arbitrary<number>): fc.Arbitrary<RollFrame> =>
  fc
    .record({ name: names, time: times, bytes: sizes, tellsTime: fc.boolean(), offset: fc.constantFrom(0, 60, -300) })
    .map(({ name, time, bytes, tellsTime, offset }) =>
      frame(`DCIM/${name}`, {
        bytes,
        captureLocal: tellsTime ? second(time) : null,
        mtimeMs: Date.UTC(2026, 10, 20) + time * 1000 - offset * 60_000,
        computerOffsetMinutes: offset,
      }),
    )

const small = fc.integer({ min: 0, max: 1 })

test('the order of the rows does not matter', () => {
  const shuffled = fc
    .array(anyRow(small, small), { maxLength: 8 })
    .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })))
  fc.assert(
    fc.property(fc.array(anyFrame(small, small), { maxLength: 6 }), shuffled, (frames, [rows, again]) => {
      assert.deepEqual(matchFrames(frames, again), matchFrames(frames, rows))
    }),
    { numRuns: 500 },
  )
})

test('a frame of another size and another second than any image is never there', () => {
  const far = fc.integer({ min: 10, max: 13 })
  const frames = fc.array(anyFrame(small, small), { maxLength: 6 })
  fc.assert(
    fc.property(frames, fc.array(anyRow(far, far), { maxLength: 8 }), (frames, rows) => {
      for (const { kind, cataloguePath } of matchFrames(frames, rows))
        assert.deepEqual([kind, cataloguePath], ['not-there', null])
    }),
  )
})

test('every frame gets one answer, in order, and is rejected exactly when every image of its file is', () => {
  const frames = fc.array(anyFrame(small, small), { maxLength: 6 })
  fc.assert(
    fc.property(frames, fc.array(anyRow(small, small), { maxLength: 8 }), (frames, rows) => {
      const answers = matchFrames(frames, rows)
      assert.deepEqual(
        answers.map(({ path }) => path),
        frames.map(({ path }) => path),
      )
      for (const { kind, by, rejected, cataloguePath } of answers) {
        assert.equal(kind === 'not-there', by === null)
        assert.equal(kind === 'not-there', cataloguePath === null)
        const images = rows.filter(({ path }) => path === cataloguePath)
        assert.equal(rejected, images.length > 0 && images.every(({ pick }) => pick === 'rejected'))
      }
    }),
  )
})
