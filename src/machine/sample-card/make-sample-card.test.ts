import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ExifTool } from 'exiftool-vendored'
import { decode } from 'jpeg-js'
import { makeSampleCard, SMALLEST_SAMPLE_BYTES, type SampleCard } from './make-sample-card.ts'

const TOTAL_BYTES = 40_000_000
const NOW_MS = Date.UTC(2026, 10, 23, 12)
const FOLDER = 'DCIM/100LEICA'
const LEFTOVER = /(^|\/)(\.DS_Store|\._|\.Trashes|\.fseventsd|System Volume Information)/

let scratch = ''
let card: SampleCard
const progress: number[] = []

function onProgress(doneBytes: number): void {
  progress.push(doneBytes)
}

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'sample-card-'))
  card = await makeSampleCard(join(scratch, 'card'), { totalBytes: TOTAL_BYTES, seed: 7, nowMs: NOW_MS, onProgress })
})

after(async () => {
  await rm(scratch, { recursive: true, force: true })
})

async function listFiles(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted()
}

async function fingerprints(root: string): Promise<readonly string[]> {
  const files = await listFiles(root)
  return Promise.all(
    files.map(async (path) => {
      const [content, { mtimeMs }] = await Promise.all([readFile(join(root, path)), stat(join(root, path))])
      return `${path} ${mtimeMs} ${createHash('sha256').update(content).digest('hex')}`
    }),
  )
}

test('the card weighs what was asked for, and counts only what the camera wrote', async () => {
  const files = await listFiles(card.root)
  const fromCamera = files.filter((path) => !LEFTOVER.test(path))
  const sizes = await Promise.all(fromCamera.map(async (path) => (await stat(join(card.root, path))).size))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  assert.equal(card.bytes, bytes)
  assert.equal(card.files, fromCamera.length)
  assert.equal(card.leftovers, files.length - fromCamera.length)
  assert.ok(card.leftovers >= 5)
  assert.ok(Math.abs(bytes - TOTAL_BYTES) < TOTAL_BYTES * 0.05, `${bytes} bytes`)
  assert.equal(card.shots, fromCamera.filter((path) => /\.(DNG|MOV)$/.test(path)).length)
})

test('each RAW has its JPEG, and there is one clip', async () => {
  const names = (await readdir(join(card.root, FOLDER))).filter((name) => !name.startsWith('._'))
  const bases = (extension: string): readonly string[] =>
    names.filter((name) => name.endsWith(extension)).map((name) => name.slice(0, -4))
  assert.ok(bases('.DNG').length >= 5)
  assert.deepEqual(bases('.DNG'), bases('.JPG'))
  assert.equal(bases('.MOV').length, 1)
  assert.ok(names.every((name) => /^L100\d{4}\.(DNG|JPG|MOV)$/.test(name)))
})

test('progress only grows and ends at the whole', () => {
  assert.deepEqual(
    progress,
    progress.toSorted((a, b) => a - b),
  )
  assert.equal(progress.at(-1), Math.min(card.bytes, TOTAL_BYTES))
})

test('the same seed gives the same card, another seed another one', async () => {
  const options = { totalBytes: TOTAL_BYTES, nowMs: NOW_MS }
  await makeSampleCard(join(scratch, 'again'), { ...options, seed: 7 })
  await makeSampleCard(join(scratch, 'other'), { ...options, seed: 8 })
  const first = await fingerprints(card.root)
  assert.deepEqual(await fingerprints(join(scratch, 'again')), first)
  const known = new Set(first.map((line) => line.split(' ').at(-1)))
  const other = (await fingerprints(join(scratch, 'other'))).filter((line) => /\.(DNG|JPG|MOV) /.test(line))
  const shared = other.filter((line) => !line.includes('._') && known.has(line.split(' ').at(-1)))
  assert.deepEqual(shared, [])
})

test('no two files of the camera are alike', async () => {
  const fromCamera = (await fingerprints(card.root)).filter((line) => !LEFTOVER.test(line))
  assert.equal(new Set(fromCamera.map((line) => line.split(' ').at(-1))).size, fromCamera.length)
})

test('exiftool finds nothing wrong, and reads the same moment from RAW and JPEG', async () => {
  const exiftool = new ExifTool({ taskTimeoutMillis: 60_000 })
  try {
    const names = (await readdir(join(card.root, FOLDER))).filter((name) => !name.startsWith('._'))
    const moments = new Map<string, string>()
    for (const name of names) {
      const path = join(card.root, FOLDER, name)
      const tags = await exiftool.readRaw(path, { readArgs: ['-all', '-validate', '-n'] })
      const tag = (key: string): unknown => Object.entries(tags).find(([found]) => found === key)?.[1]
      assert.ok(
        String(tag('Validate')).startsWith('0 0 0'),
        `${name}: ${String(tag('Validate'))} ${String(tag('Warning'))}`,
      )
      assert.equal(tag('Make'), 'Fivefold')
      assert.equal(tag('Model'), 'Sample Camera')
      if (name.endsWith('.MOV')) {
        assert.equal(tag('ImageWidth'), 640)
        assert.equal(tag('ImageHeight'), 360)
        assert.match(String(tag('CreationDate')), /^2026:11:2[12] \d\d:\d\d:\d\d\+02:00$/)
        continue
      }
      assert.equal(String(tag('SerialNumber')), '5000123')
      const upright = Number(name.slice(4, 8)) % 5 === 0
      assert.equal(tag('Orientation'), upright ? 6 : 1)
      assert.deepEqual([tag('ImageWidth'), tag('ImageHeight')], name.endsWith('.DNG') ? [1680, 1120] : [672, 448])
      // The reader's MWG rules put the date, its fractions and its zone together.
      const moment = String(tag('DateTimeOriginal'))
      assert.match(moment, /^2026:11:21 \d\d:\d\d:\d\d\.\d{3}\+02:00$/)
      const base = name.slice(0, -4)
      assert.equal(moments.get(base) ?? moment, moment)
      moments.set(base, moment)
      const { mtimeMs } = await stat(path)
      const shown = moment.replace(/^(\d+):(\d+):(\d+) /, '$1-$2-$3T')
      assert.ok(Math.abs(mtimeMs - Date.parse(shown)) < 2, `${name}: the file's time is the camera's`)
    }
    assert.equal(new Set(moments.values()).size, card.shots - 1)
  } finally {
    await exiftool.end()
  }
})

test('pictures and thumbnails decode', async () => {
  const path = join(card.root, FOLDER, 'L1000001.JPG')
  const content = await readFile(path)
  const picture = decode(content, { useTArray: true })
  assert.deepEqual([picture.width, picture.height], [672, 448])
  const exiftool = new ExifTool({ taskTimeoutMillis: 60_000 })
  try {
    const thumbnail = decode(await exiftool.extractBinaryTagToBuffer('ThumbnailImage', path), { useTArray: true })
    assert.ok(thumbnail.width >= 120 && thumbnail.width <= 160)
    const raw = join(card.root, FOLDER, 'L1000001.DNG')
    const preview = decode(await exiftool.extractBinaryTagToBuffer('PreviewImage', raw), { useTArray: true })
    assert.deepEqual([preview.width, preview.height], [672, 448])
    assert.deepEqual(Buffer.from(preview.data), Buffer.from(picture.data))
  } finally {
    await exiftool.end()
  }
})

interface Box {
  readonly type: string
  readonly from: number
  readonly to: number
}

function boxesIn(content: Buffer, from: number, to: number): readonly Box[] {
  const found: Box[] = []
  let at = from
  while (at < to) {
    const size = content.readUInt32BE(at)
    assert.ok(size >= 8 && at + size <= to, `a box of ${size} bytes at ${at}`)
    found.push({ type: content.toString('latin1', at + 4, at + 8), from: at + 8, to: at + size })
    at += size
  }
  return found
}

function find(content: Buffer, within: Box, ...path: readonly string[]): Box {
  const [type, ...rest] = path
  if (type === undefined) return within
  const box = boxesIn(content, within.from, within.to).find((candidate) => candidate.type === type)
  assert.ok(box, `no box ${type}`)
  return find(content, box, ...rest)
}

test("the clip's boxes add up, and every frame lies inside the data", async () => {
  const names = await readdir(join(card.root, FOLDER))
  const content = await readFile(join(card.root, FOLDER, names.find((name) => name.endsWith('.MOV')) ?? ''))
  const whole: Box = { type: '', from: 0, to: content.length }
  assert.deepEqual(
    boxesIn(content, 0, content.length).map((box) => box.type),
    ['ftyp', 'wide', 'mdat', 'moov'],
  )
  const data = find(content, whole, 'mdat')
  const table = find(content, whole, 'moov', 'trak', 'mdia', 'minf', 'stbl')
  const sizes = find(content, table, 'stsz')
  const offsets = find(content, table, 'stco')
  const frameBytes = content.readUInt32BE(sizes.from + 4)
  const frames = content.readUInt32BE(sizes.from + 8)
  assert.equal(frameBytes, 640 * 360 * 2)
  assert.equal(content.readUInt32BE(offsets.from + 4), frames)
  assert.equal(frames * frameBytes, data.to - data.from)
  const places = Array.from({ length: frames }, (_, frame) => content.readUInt32BE(offsets.from + 8 + frame * 4))
  places.forEach((place, frame) => assert.equal(place, data.from + frame * frameBytes))
  const pictures = places.map((place) =>
    createHash('sha256')
      .update(content.subarray(place, place + frameBytes))
      .digest('hex'),
  )
  assert.equal(new Set(pictures).size, frames, 'the picture moves')
})

test('a folder that has a card already stays as it is', async () => {
  const options = { totalBytes: TOTAL_BYTES, seed: 9, nowMs: NOW_MS }
  const earlier = await fingerprints(card.root)
  await assert.rejects(makeSampleCard(card.root, options), { code: 'EEXIST' })
  assert.deepEqual(await fingerprints(card.root), earlier)
})

test('a card too small to hold anything worth seeing is refused', async () => {
  const options = { totalBytes: SMALLEST_SAMPLE_BYTES - 1, seed: 1, nowMs: NOW_MS }
  await assert.rejects(makeSampleCard(join(scratch, 'small'), options), RangeError)
})
