import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillCaptureGaps, type DatedFile } from './capture-gaps.ts'
import type { Capture } from './metadata.ts'

const clock = { nowMs: Date.UTC(2026, 10, 23), computerOffsetMinutes: 60 }

function taken(local: string, offset: string | null = null): Capture {
  return { local, offset, source: 'file', plausible: true }
}

/** A file whose time on the card is the camera's local time, read by a computer two hours east of Greenwich. */
function file(number: string, capture: Capture | null, cardTime: string): DatedFile {
  return { path: `DCIM/100CANON/IMG_${number}.JPG`, mtimeMs: Date.parse(`${cardTime}+02:00`), capture }
}

function filled(files: readonly DatedFile[], number: string): Capture | null {
  const found = fillCaptureGaps(files, clock).find(({ path }) => path.endsWith(`IMG_${number}.JPG`))
  assert.ok(found)
  return found.capture
}

const dated = [
  file('0001', taken('2026-06-01T10:00:00.25', '+02:00'), '2026-06-01T10:00:01'),
  file('0002', taken('2026-06-01T10:05:00', '+02:00'), '2026-06-01T10:05:01'),
  file('0009', taken('2026-06-01T12:00:00', '+02:00'), '2026-06-01T12:00:01'),
]

test('a file with a plausible date is given back as it came', () => {
  assert.deepEqual(
    fillCaptureGaps(dated, clock),
    dated.map(({ path, capture }) => ({ path, capture, original: capture })),
  )
})

test('a file time that falls between the neighbours is the finer word, put on the clock of the camera', () => {
  const files = [...dated, file('0005', null, '2026-06-01T11:11:11')]
  assert.deepEqual(filled(files, '0005'), {
    local: '2026-06-01T11:11:11',
    offset: '+02:00',
    source: 'file-time',
    plausible: true,
  })
})

test('a file time outside the neighbours is not believed: the earlier neighbour tells', () => {
  const files = [...dated, file('0005', null, '2026-07-01T11:11:11')]
  assert.deepEqual(filled(files, '0005'), {
    local: '2026-06-01T10:05:00',
    offset: '+02:00',
    source: 'neighbours',
    plausible: true,
  })
})

test('a wrong clock is corrected, and what the camera said stays available', () => {
  const wrong: Capture = { local: '2000-01-01T00:02:11', offset: null, source: 'file', plausible: false }
  const files = [...dated, file('0003', wrong, '2000-01-01T00:02:12')]
  const found = fillCaptureGaps(files, clock).at(-1)
  assert.deepEqual(found?.original, wrong)
  assert.equal(found?.capture?.local, '2026-06-01T10:05:00')
  assert.equal(found?.capture?.source, 'neighbours')
})

test('after the last dated file only the file time can tell', () => {
  const files = [...dated, file('0010', null, '2026-06-01T12:30:00')]
  assert.deepEqual(filled(files, '0010'), {
    local: '2026-06-01T12:30:00',
    offset: null,
    source: 'file-time',
    plausible: true,
  })
})

test('neighbours days apart leave the day open: the file time is taken', () => {
  const files = [
    dated[0]!,
    file('0009', taken('2026-06-05T12:00:00'), '2026-06-05T12:00:01'),
    file('0005', null, '2026-06-20T11:00:00'),
  ]
  assert.equal(filled(files, '0005')?.source, 'file-time')
})

test('neighbours of another folder, or out of order, are no neighbours', () => {
  const other = { ...file('0003', null, '1970-01-01T02:00:00'), path: 'DCIM/101CANON/IMG_0003.JPG' }
  assert.equal(fillCaptureGaps([...dated, other], clock).at(-1)?.capture, null)
  const swapped = [
    file('0001', taken('2026-06-02T10:00:00'), '2026-06-02T10:00:00'),
    file('0003', taken('2026-06-01T10:00:00'), '2026-06-01T10:00:00'),
  ]
  assert.equal(filled([...swapped, file('0002', null, '1970-01-01T02:00:00')], '0002'), null)
})

test('file times that a copying program made all alike are not believed against the neighbours', () => {
  const copied = dated.map((one) => ({ ...one, mtimeMs: Date.UTC(2026, 5, 1, 11, 11) }))
  const files = [...copied, { ...file('0005', null, '2026-06-01T11:00:00'), mtimeMs: Date.UTC(2026, 5, 1, 11, 11) }]
  assert.equal(filled(files, '0005')?.source, 'neighbours')
})

test('a card without any dated file is read in the zone of the computer', () => {
  const lone = { path: 'DCIM/100CANON/IMG_0001.JPG', mtimeMs: Date.UTC(2026, 5, 1, 9), capture: null }
  assert.equal(fillCaptureGaps([lone], clock)[0]?.capture?.local, '2026-06-01T10:00:00')
})

test('a wrong clock with nothing better beside it stays as it is, and stays implausible', () => {
  const wrong: Capture = { local: '1970-01-01T00:00:07', offset: null, source: 'file', plausible: false }
  const lone = { path: 'DCIM/100CANON/IMG_0001.JPG', mtimeMs: 7000, capture: wrong }
  assert.deepEqual(fillCaptureGaps([lone], clock)[0]?.capture, wrong)
})

function gopro(name: string, capture: Capture | null): DatedFile {
  return { path: `DCIM/100GOPRO/${name}`, mtimeMs: 0, capture }
}

test('GoPro chapters and rollovers follow the counter, not the alphabet', () => {
  const files = [
    gopro('GX010034.MP4', taken('2026-06-01T10:00:00')),
    gopro('GX010035.MP4', { local: '2016-01-01T00:01:07', offset: null, source: 'file', plausible: false }),
    gopro('GX020034.MP4', taken('2026-06-01T10:00:00')),
    gopro('GX010036.MP4', taken('2026-06-01T11:00:00')),
  ]
  const found = fillCaptureGaps(files, clock)[1]
  assert.equal(found?.capture?.source, 'neighbours')
  assert.equal(found?.capture?.local, '2026-06-01T10:00:00')
})
