import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { encode } from 'jpeg-js'
import { lookInside } from './look-inside.ts'

const cards = process.env['FIVEFOLD_TEST_CARDS'] ?? fileURLToPath(new URL('../../../../shared/cards', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'fivefold-look-'))
after(() => rm(folder, { recursive: true, force: true }))

async function look(name: string, bytes: Buffer): Promise<string> {
  writeFileSync(join(folder, name), bytes)
  return (await lookInside(join(folder, name))).kind
}

function jpeg(width: number, height: number): Buffer {
  const data = Buffer.alloc(width * height * 4, 255)
  for (let at = 0; at < data.length; at += 1) if (at % 4 !== 3) data[at] = (at * 31) % 251
  return Buffer.from(encode({ width, height, data }, 80).data)
}

function box(kind: string, body: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32BE(8 + body.length, 0)
  header.write(kind, 4, 'latin1')
  return Buffer.concat([header, body])
}

/** A little-endian TIFF with one directory of long values. `values` that point behind the directory say so themselves. */
function tiff(entries: readonly (readonly [tag: number, value: number])[], payload: Buffer): Buffer {
  const head = Buffer.alloc(8 + 2 + entries.length * 12 + 4)
  head.write('II*\0\x08\0\0\0', 'latin1')
  head.writeUInt16LE(entries.length, 8)
  for (const [index, [tag, value]] of entries.entries()) {
    head.writeUInt16LE(tag, 10 + index * 12)
    head.writeUInt16LE(4, 12 + index * 12)
    head.writeUInt32LE(1, 14 + index * 12)
    head.writeUInt32LE(value, 18 + index * 12)
  }
  return Buffer.concat([head, payload])
}

/** A JPEG whose EXIF carries `thumbnail` in its second directory. */
function jpegWithThumbnail(thumbnail: Buffer): Buffer {
  const first = Buffer.alloc(8 + 2 + 4)
  first.write('II*\0\x08\0\0\0', 'latin1')
  first.writeUInt32LE(first.length, 10)
  const second = tiff(
    [
      [0x0201, first.length + 30],
      [0x0202, thumbnail.length],
    ],
    Buffer.alloc(0),
  ).subarray(8)
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), first, second, thumbnail])
  const segment = Buffer.from([0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 255])
  const picture = jpeg(64, 48)
  return Buffer.concat([picture.subarray(0, 2), segment, exif, picture.subarray(2)])
}

test('empty files, and files that are no pictures', async () => {
  assert.equal(await look('IMG_0001.JPG', Buffer.alloc(0)), 'zero-byte')
  assert.equal(await look('AUTPRINT.MRK', Buffer.alloc(0)), 'not-a-picture')
  assert.equal(await look('IMG_0001.XMP', Buffer.from('<x/>')), 'not-a-picture')
  assert.equal(await look('._IMG_0001.JPG', Buffer.alloc(4096)), 'not-a-picture')
})

test('zeros and rubbish under a picture extension are unknown content', async () => {
  for (const extension of ['JPG', 'CR3', 'NEF', 'MP4', 'AVI', 'RAF', 'MTS', 'HEIC', 'CRW']) {
    assert.equal(await look(`zeros.${extension}`, Buffer.alloc(5000)), 'unknown-content', extension)
    assert.equal(await look(`rubbish.${extension}`, Buffer.alloc(5000, 'some text ')), 'unknown-content', extension)
  }
})

test('a JPEG is whole up to its end marker, cut off before it, and may have a movie behind it', async () => {
  const whole = jpeg(400, 300)
  assert.equal(await look('whole.JPG', whole), 'fine')
  assert.equal(await look('cut.JPG', whole.subarray(0, whole.length - 2)), 'cut-off')
  assert.equal(await look('half.JPG', whole.subarray(0, whole.length >> 1)), 'cut-off')
  assert.equal(await look('head.JPG', whole.subarray(0, 30)), 'cut-off')
  assert.equal(
    await look('zero-tail.JPG', Buffer.concat([whole.subarray(0, whole.length >> 1), Buffer.alloc(300_000)])),
    'cut-off',
  )
  assert.equal(await look('motion.JPG', Buffer.concat([whole, box('mdat', Buffer.alloc(300_000))])), 'fine')
})

test('the end marker of a thumbnail does not make a picture whole', async () => {
  const whole = jpegWithThumbnail(jpeg(32, 24))
  assert.equal(await look('thumbnail.JPG', whole), 'fine')
  assert.equal(await look('thumbnail-cut.JPG', whole.subarray(0, whole.length - 20)), 'cut-off')
})

test('a thumbnail that can not be drawn speaks against the picture', async () => {
  const thumbnail = jpeg(64, 48)
  thumbnail.fill(0xaa, 20, 200)
  assert.equal(await look('bad-thumbnail.JPG', jpegWithThumbnail(thumbnail)), 'preview-broken')
})

test('a TIFF must hold every strip, tile, preview and directory that it speaks of', async () => {
  const strip = [
    [0x0111, 38],
    [0x0117, 1000],
  ] as const
  const whole = tiff(strip, Buffer.alloc(1000))
  assert.equal(await look('whole.DNG', whole), 'fine')
  assert.equal(await look('cut.DNG', whole.subarray(0, whole.length - 1)), 'cut-off')
  assert.equal(await look('head.DNG', whole.subarray(0, 20)), 'cut-off')
  assert.equal(
    await look(
      'tiles.NEF',
      tiff(
        [
          [0x0144, 38],
          [0x0145, 1001],
        ],
        Buffer.alloc(1000),
      ),
    ),
    'cut-off',
  )
  assert.equal(await look('sub.ARW', tiff([[0x014a, 5000]], Buffer.alloc(1000))), 'cut-off')
  assert.equal(
    await look(
      'elsewhere.RW2',
      tiff(
        [
          [0x0111, 0xffffffff],
          [0x0117, 1000],
        ],
        Buffer.alloc(1000),
      ),
    ),
    'fine',
  )
  const preview = jpeg(64, 48)
  assert.equal(
    await look(
      'preview.CR2',
      tiff(
        [
          [0x0201, 38],
          [0x0202, preview.length],
        ],
        preview,
      ),
    ),
    'fine',
  )
  preview.fill(0xaa, 20, 200)
  assert.equal(
    await look(
      'bad-preview.CR2',
      tiff(
        [
          [0x0201, 38],
          [0x0202, preview.length],
        ],
        preview,
      ),
    ),
    'preview-broken',
  )
})

test('a directory that names itself as its successor ends', async () => {
  const loop = tiff([[0x0100, 1]], Buffer.alloc(100))
  loop.writeUInt32LE(8, 22)
  assert.equal(await look('loop.DNG', loop), 'fine')
})

test('boxes must fill the file, and a clip needs its index and its media', async () => {
  const parts = [
    box('ftyp', Buffer.from('isom0000', 'latin1')),
    box('mdat', Buffer.alloc(3000)),
    box('moov', Buffer.alloc(500)),
  ]
  const whole = Buffer.concat(parts)
  assert.equal(await look('whole.MP4', whole), 'fine')
  assert.equal(await look('cut.MP4', whole.subarray(0, whole.length - 1)), 'cut-off')
  assert.equal(await look('unfinished.MOV', Buffer.concat(parts.slice(0, 2))), 'cut-off')
  assert.equal(await look('no-media.MOV', Buffer.concat([parts[0]!, parts[2]!])), 'cut-off')
  assert.equal(await look('padded.MP4', Buffer.concat([whole, Buffer.alloc(64)])), 'fine')
  const large = Buffer.alloc(16)
  large.writeUInt32BE(1, 0)
  large.write('mdat', 4, 'latin1')
  large.writeBigUInt64BE(2n ** 40n, 8)
  assert.equal(await look('large.MP4', Buffer.concat([...parts, large])), 'cut-off')
})

test('RIFF, RAF, CRW and transport streams are measured by their own tables', async () => {
  const riff = Buffer.alloc(1008)
  riff.write('RIFF', 'latin1')
  riff.writeUInt32LE(1000, 4)
  riff.write('AVI ', 8, 'latin1')
  assert.equal(await look('whole.AVI', riff), 'fine')
  assert.equal(await look('cut.AVI', riff.subarray(0, 900)), 'cut-off')

  const raf = Buffer.alloc(2000)
  raf.write('FUJIFILMCCD-RAW 0201', 'latin1')
  for (const [index, value] of [200, 300, 500, 100, 600, 1400].entries()) raf.writeUInt32BE(value, 84 + index * 4)
  raf.writeUInt16BE(0xffd8, 200)
  assert.equal(await look('whole.RAF', raf), 'fine')
  assert.equal(await look('cut.RAF', raf.subarray(0, 1999)), 'cut-off')

  const crw = Buffer.alloc(200)
  crw.write('II\x1a\0\0\0HEAPCCDR', 'latin1')
  crw.writeUInt16LE(1, 180)
  crw.writeUInt32LE(180 - 26, 196)
  assert.equal(await look('whole.CRW', crw), 'fine')
  assert.equal(await look('cut.CRW', Buffer.concat([crw.subarray(0, 150), Buffer.alloc(4, 0xee)])), 'cut-off')

  const mts = Buffer.alloc(192 * 100)
  for (let at = 4; at < mts.length; at += 192) mts[at] = 0x47
  assert.equal(await look('whole.MTS', mts), 'fine')
  assert.equal(await look('torn.MTS', mts.subarray(0, 192 * 99 + 7)), 'cut-off')
  assert.equal(await look('torn-and-short.MTS', mts.subarray(0, 192 * 9 + 2)), 'cut-off')
  mts.fill(0, 192 * 50)
  assert.equal(await look('zero-tail.MTS', mts), 'cut-off')
})

test('what can not be read comes back as a value', async () => {
  const gone = await lookInside(join(folder, 'gone.JPG'))
  assert.match('sentence' in gone ? gone.sentence : '', /gone\.JPG could not be looked into \(ENOENT\)/)
  await mkdir(join(folder, 'folder.JPG'))
  assert.equal((await lookInside(join(folder, 'folder.JPG'))).kind, 'unknown-content')
})

test(
  'of the camera cards exactly the damaged files are told',
  { skip: existsSync(join(cards, 'files.json')) ? false : `no camera cards at ${cards}` },
  async () => {
    const list: { readonly files: readonly { readonly path: string }[] } = JSON.parse(
      readFileSync(join(cards, 'files.json'), 'utf8'),
    )
    const told: Record<string, string> = {}
    for (const { path } of list.files.filter((file) => !file.path.startsWith('_'))) {
      const { kind } = await lookInside(join(cards, path))
      if (kind !== 'fine' && kind !== 'not-a-picture') told[path] = kind
    }
    assert.deepEqual(told, {
      'EOS_DIGITAL_B/DCIM/100CANON/_MG_0001.CR3': 'cut-off', // its mdat ends early
      'EOS_DIGITAL_B/DCIM/100CANON/_MG_0004.CR3': 'cut-off', // ends inside a box
      'NO_NAME/DCIM/119CANON/IMG_1910.JPG': 'zero-byte',
      'NO_NAME/DCIM/119CANON/IMG_1911.JPG': 'cut-off', // no end marker
      'SONY_A7M3/DCIM/100MSDCF/DSC00001.ARW': 'cut-off', // 8 kB of a RAW
      'SONY_A7M3/PRIVATE/M4ROOT/CLIP/C0001.MP4': 'cut-off', // its media were removed
      'SONY_ZVE10/DCIM/100MSDCF/DSC00007.ARW': 'cut-off', // 100 kB of a RAW
    })
  },
)
