import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decode } from 'jpeg-js'
import { readThumbnails, thumbnailBytesMax } from './thumbnails.ts'

const cards = process.env['FIVEFOLD_TEST_CARDS'] ?? fileURLToPath(new URL('../../../../shared/cards', import.meta.url))
const skipWithoutPerl = process.platform === 'win32' || isThere('perl') ? false : 'Perl is not installed'
const skipWithoutCards = existsSync(join(cards, 'truth.json')) ? skipWithoutPerl : `no camera cards at ${cards}`

function isThere(command: string): boolean {
  try {
    execFileSync(command, ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fivefold-thumbnails-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The smallest JPEG with an EXIF: an orientation in its first directory, these bytes as the thumbnail in its second. */
function withThumbnail(thumbnail: Buffer, orientation = 1, claimedBytes = thumbnail.length): Buffer {
  const tiff = Buffer.alloc(56)
  tiff.write('MM\0*', 0, 'latin1')
  tiff.writeUInt32BE(8, 4)
  const entry = (at: number, tag: number, type: number, value: number): void => {
    tiff.writeUInt16BE(tag, at)
    tiff.writeUInt16BE(type, at + 2)
    tiff.writeUInt32BE(1, at + 4)
    if (type === 3) tiff.writeUInt16BE(value, at + 8)
    else tiff.writeUInt32BE(value, at + 8)
  }
  tiff.writeUInt16BE(1, 8)
  entry(10, 0x0112, 3, orientation)
  tiff.writeUInt32BE(26, 22)
  tiff.writeUInt16BE(2, 26)
  entry(28, 0x0201, 4, 56)
  entry(40, 0x0202, 4, claimedBytes)
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff, thumbnail])
  const head = Buffer.alloc(4)
  head.writeUInt16BE(0xffe1, 0)
  head.writeUInt16BE(exif.length + 2, 2)
  return Buffer.concat([Buffer.from([0xff, 0xd8]), head, exif, Buffer.from([0xff, 0xda, 0, 2, 0, 0xff, 0xd9])])
}

/** A JPEG up to its frame header, which says 8 by so many pixels. */
const picture = (pixels: number): Buffer =>
  Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 8, pixels >> 8, pixels & 255, 1, 1, 0x11, 0, 0xff, 0xd9])
const small = picture(8)

test('pictures of real cameras give a thumbnail that can be drawn', { skip: skipWithoutCards }, async () => {
  const here = [
    'CANON_DC/DCIM/103CANON/IMG_0308.JPG',
    'CANON_DC/DCIM/103CANON/CRW_0305.CRW',
    'NIKON_Z8/DCIM/100NZ_8/DSC_0418.JPG',
    'FUJIFILM/DCIM/100_FUJI/DSCF0001.RAF',
    'SONY_A6400/DCIM/100MSDCF/DSC00007.JPG',
    'EOS_DIGITAL_A/DCIM/100CANON/_MG_9998.JPG',
  ]
  const without = ['NIKON_Z8/DCIM/100NZ_8/DSC_0417.WAV', 'IPHONE_XR/DCIM/103APPLE/IMG_3589.AAE', 'no/such.JPG']
  const paths = [...here, ...without].map((path) => join(cards, path))
  const before = await Promise.all(paths.slice(0, -1).map(async (path) => (await stat(path)).mtimeMs))
  const thumbnails = await readThumbnails(paths, { timeoutMs: 60_000 })
  assert.equal(thumbnails.length, paths.length)
  for (const [index, path] of here.entries()) {
    const bytes = thumbnails[index]
    assert.ok(bytes != null, path)
    assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff], path)
    assert.ok(bytes.length < thumbnailBytesMax, path)
    const { width, height } = decode(bytes, { useTArray: true })
    assert.ok(width >= 100 && width <= 400 && height >= 80, `${path}: ${String(width)} × ${String(height)}`)
  }
  assert.deepEqual(thumbnails.slice(here.length), [null, null, null])
  const after = await Promise.all(paths.slice(0, -1).map(async (path) => (await stat(path)).mtimeMs))
  assert.deepEqual(after, before)
})

test('what is called a thumbnail and is none is not handed on', { skip: skipWithoutPerl }, async (context) => {
  const folder = await scratch(context)
  const files = {
    'good.jpg': withThumbnail(small),
    'script.jpg': withThumbnail(Buffer.from('<svg onload="alert(1)"></svg>')),
    'claims-a-lot.jpg': withThumbnail(small, 1, 0x7fffffff),
    'no-frame.jpg': withThumbnail(Buffer.from([0xff, 0xd8, 0xff, 0xdb, 0, 2, 0xff, 0xd9])),
    'bomb.jpg': withThumbnail(picture(65_535)),
    'cut.jpg': withThumbnail(small).subarray(0, 60),
    'empty.jpg': Buffer.alloc(0),
    '-b.jpg': withThumbnail(small),
    'größe 中.jpg': withThumbnail(small),
  }
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
  const names = [...Object.keys(files), 'line\nbreak.jpg']
  const thumbnails = await readThumbnails(names.map((name) => join(folder, name)))
  const given = names.filter((_, index) => thumbnails[index] !== null)
  assert.deepEqual(given, ['good.jpg', '-b.jpg', 'größe 中.jpg'])
  assert.deepEqual(Buffer.from(thumbnails[0] ?? []), small)
  assert.deepEqual((await readdir(folder)).toSorted(), Object.keys(files).toSorted(), 'no file is left behind')
})

test('a thumbnail of an upright picture is told to stand upright', { skip: skipWithoutPerl }, async (context) => {
  const folder = await scratch(context)
  const path = join(folder, 'upright.jpg')
  writeFileSync(path, withThumbnail(small, 6))
  const [bytes] = await readThumbnails([path])
  assert.ok(bytes != null)
  assert.deepEqual(Buffer.from(bytes.subarray(38)), small.subarray(2))
  assert.equal(Buffer.from(bytes).readUInt16BE(30), 6)
})

test('a file that ends ExifTool costs only itself', { skip: skipWithoutPerl }, async (context) => {
  const folder = await scratch(context)
  const [good, deadly, other] = ['good.jpg', 'deadly.db', 'other.jpg'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  // ExifTool 13.59 dies of a compound file that says nothing but filler.
  writeFileSync(deadly, Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(4088, 1)]))
  for (const path of [good, other]) writeFileSync(path, withThumbnail(small))
  const thumbnails = await readThumbnails([good, deadly, other])
  assert.deepEqual(
    thumbnails.map((bytes) => bytes !== null),
    [true, false, true],
  )
})

test('[J2] without Perl, and with an ExifTool that never answers, there are no thumbnails and no wait', async (context) => {
  const folder = await scratch(context)
  const path = join(folder, 'good.jpg')
  writeFileSync(path, withThumbnail(small))
  assert.deepEqual(await readThumbnails([path, path], { perl: join(folder, 'no-perl') }), [null, null])
  if (process.platform === 'win32') return
  const sleeper = join(folder, 'sleeper')
  writeFileSync(sleeper, `#!/bin/sh\necho started >> '${join(folder, 'starts')}'\nexec sleep 600\n`, { mode: 0o755 })
  const many = Array.from({ length: 100 }, (_, index) => `${path}${String(index)}`)
  assert.deepEqual(new Set(await readThumbnails(many, { perl: sleeper, timeoutMs: 300 })), new Set([null]))
  const starts = readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n').length
  assert.ok(starts <= 2, `${String(starts)} times`)
})
