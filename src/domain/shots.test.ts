import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import * as fc from 'fast-check'

import { isLeftOut } from './left-out.ts'
import type { Shot, ShotFile, ShotKind } from './shots.ts'
import { groupShots } from './shots.ts'

const cards = process.env['FIVEFOLD_TEST_CARDS'] ?? fileURLToPath(new URL('../../../shared/cards', import.meta.url))
const skip = existsSync(join(cards, 'groups.json')) ? false : `no test cards in ${cards}`

interface Expected {
  kind: string
  files: string[]
  note: string
}

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(cards, name), 'utf8'))

const cardNames = (): readonly string[] =>
  readdirSync(cards, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && !entry.name.startsWith('_') ? [entry.name] : [],
  )

/** The originals of a real card, with the ids that exiftool found in them. */
function filesOfCard(card: string): readonly ShotFile[] {
  const ids = new Map(
    (readJson('expected-extra.json') as Record<string, string | undefined>[]).map((row) => [
      row['SourceFile']?.replace(/^\.\//, ''),
      row,
    ]),
  )
  return readdirSync(join(cards, card), { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const whole = join(entry.parentPath, entry.name)
    const path = whole.slice(join(cards, card).length + 1)
    if (!entry.isFile() || isLeftOut(path)) return []
    const row = ids.get(`${card}/${path}`)
    const contentId = row?.['MediaGroupUUID'] ?? row?.['ContentIdentifier'] ?? null
    return [{ path, bytes: statSync(whole).size, contentId, burstId: row?.['BurstUUID'] ?? null }]
  })
}

const shotWith = (shots: readonly Shot[], path: string): Shot => {
  const shot = shots.find(({ files }) => files.includes(path))
  assert.ok(shot, `${path} is in no shot`)
  return shot
}

const kindOfExpected: Readonly<Record<string, ShotKind>> = {
  'raw+jpeg+xmp': 'raw+jpeg',
  'raw+jpeg': 'raw+jpeg',
  'raw+xmp': 'raw',
  'raw+thm': 'raw',
  'movie+thm': 'clip',
  'still+voice': 'still',
  clip: 'clip',
  chapters: 'chapters',
  'live-photo': 'live-photo',
}

function assertMet({ kind, files, note }: Expected): void {
  const parts = files.map((file) => ({ card: file.split('/')[0] ?? '', path: file.split('/').slice(1).join('/') }))
  const first = parts[0]
  assert.ok(first)
  const found = parts.map(({ card, path }) => shotWith(groupShots(filesOfCard(card)), path))
  const what = `${kind}: ${files.join(' ')} (${note})`
  if (kind === 'must-not-pair' || kind === 'duplicate-content') {
    const apart = new Set(found.map((shot, index) => `${parts[index]?.card} ${shot.key}`))
    assert.equal(apart.size, parts.length, what)
  } else if (kind === 'burst') {
    assert.equal(new Set(found.map(({ key }) => key)).size, parts.length, what)
    assert.equal(new Set(found.map(({ burst }) => burst)).size, 1, what)
    assert.notEqual(found[0]?.burst, null, what)
  } else {
    assert.equal(new Set(found.map(({ key }) => key)).size, 1, what)
    assert.deepEqual(found[0]?.files.toSorted(), parts.map(({ path }) => path).toSorted(), what)
    assert.equal(found[0]?.primary, first.path, what)
    assert.equal(found[0]?.kind, kindOfExpected[kind], what)
    assert.equal(found[0]?.isPicture, true, what)
  }
}

test('every group of the real cards is met', { skip }, () => {
  const expected = readJson('groups.json') as Expected[]
  assert.ok(expected.length > 10)
  for (const group of expected) assertMet(group)
})

test('every file of every real card is in exactly one shot', { skip }, () => {
  for (const card of cardNames()) {
    const files = filesOfCard(card)
    const shots = groupShots(files)
    assert.deepEqual(shots.flatMap((shot) => shot.files).toSorted(), files.map(({ path }) => path).toSorted(), card)
    assert.equal(new Set(shots.map(({ key }) => key)).size, shots.length, card)
  }
})

const realCounts: Readonly<Record<string, number>> = {
  EOS_DIGITAL_A: 4,
  EOS_DIGITAL_B: 5,
  SONY_A7M3: 5,
  GOPRO_B: 2,
  IPHONE_XR: 4,
  NIKON_Z8: 3,
  CANON_DC: 4,
}

test('management files are no pictures, so that the counts of real cards are right', { skip }, () => {
  for (const [card, count] of Object.entries(realCounts)) {
    assert.equal(groupShots(filesOfCard(card)).filter(({ isPicture }) => isPicture).length, count, card)
  }
})

const bytesEach = 100
const shotsOf = (...paths: readonly string[]): readonly Shot[] =>
  groupShots(paths.map((path) => ({ path, bytes: bytesEach })))

/** Written as the makers document them: all files of a row are one shot, the first its primary. */
const layouts: readonly (readonly [ShotKind, ...(readonly string[])])[] = [
  ['raw+jpeg', 'DCIM/100CANON/IMG_0001.CR3', 'DCIM/100CANON/img_0001.jpg', 'DCIM/100CANON/IMG_0001.CR3.xmp'],
  ['raw+jpeg', 'A/IMG_0001.DNG', 'A/IMG_0001.HEIC', 'A/IMG_0001.XMP'],
  ['raw+jpeg', 'A/DSC00001.ARW', 'A/DSC00001.HIF', 'A/DSC00001.WAV'],
  ['raw+jpeg', 'A/PXL_20231006_063909898.RAW-02.ORIGINAL.dng', 'A/PXL_20231006_063909898.RAW-01.COVER.jpg'],
  ['still', 'A/IMG_0001.JPG', 'A/IMG_0001.XYZ'],
  ['still', 'A/P1010006.JPG', 'A/P1010006.WAV'],
  ['still', 'A/IMG_3589.HEIC', 'A/IMG_E3589.JPG', 'A/IMG_3589.AAE', 'A/IMG_O3589.AAE'],
  ['still', 'MVC-001F.JPG', 'MVC-001F.411'],
  ['live-photo', 'DCIM/103APPLE/IMG_1.JPG', 'DCIM/103APPLE/IMG_1.MOV'],
  ['live-photo', 'A/IMG_0002.HEIC', 'A/IMG_E0002.HEIC', 'A/IMG_0002.MOV', 'A/IMG_E0002.MOV'],
  ['still+clip', 'DCIM/100NZ_8/DSC_0419.JPG', 'DCIM/100NZ_8/DSC_0419.MOV'],
  ['clip', 'DCIM/100NZ_8/DSC_0001.NEV', 'DCIM/100NZ_8/DSC_0001.MP4'],
  [
    'clip',
    'M4ROOT/CLIP/C0001.MP4',
    'M4ROOT/CLIP/C0001M01.XML',
    'M4ROOT/THMBNL/C0001T01.JPG',
    'M4ROOT/SUB/C0001S03.MP4',
  ],
  ['clip', 'PRIVATE/M4ROOT/CLIP/A7S3_0001.MP4', 'PRIVATE/M4ROOT/CLIP/A7S3_0001M01.XML'],
  ['clip', 'XDROOT/Clip/C0001.MXF', 'XDROOT/Clip/C0001M01.XML', 'XDROOT/Clip/C0001R01.BIM', 'XDROOT/Sub/C0001S01.MXF'],
  ['clip', 'Day 1/C0001.MP4', 'Day 1/C0001M01.XML'],
  ['clip', 'BPAV/CLPR/709_001_01/709_001_01.MP4', 'BPAV/CLPR/709_001_01/709_001_01M01.XML'],
  [
    'chapters',
    'BPAV/CLPR/709_001_01/709_001_01.MP4',
    'BPAV/CLPR/709_001_02/709_001_02.MP4',
    'BPAV/CLPR/709_001_02/709_001_02R01.BIM',
    'BPAV/TAKR/709_001/709_001.SMI',
  ],
  ['clip', 'AVCHD/BDMV/STREAM/00003.MTS', 'AVCHD/BDMV/CLIPINF/00003.CPI', 'AVCHD/BDMV/PLAYLIST/00003.MPL'],
  [
    'clip',
    'CONTENTS/CLIPS001/AA0001/AA000101.MXF',
    'CONTENTS/CLIPS001/AA0001/AA000102.MXF',
    'CONTENTS/CLIPS001/AA0001/AA0001.CIF',
    'CONTENTS/CLIPS001/AA0001/AA0001.XML',
  ],
  ['clip', 'DCIM/100_0925/A001C001_250925AA_CANON.CRM', 'DCIM/100_0925/A001C001_250925AA_CANON.XML'],
  [
    'clip',
    'CONTENTS/VIDEO/0001AB.MXF',
    'CONTENTS/AUDIO/0001AB00.MXF',
    'CONTENTS/AUDIO/0001AB01.MXF',
    'CONTENTS/CLIP/0001AB.XML',
    'CONTENTS/ICON/0001AB.BMP',
    'CONTENTS/PROXY/0001AB.MP4',
    'CONTENTS/VOICE/0001AB00.WAV',
  ],
  [
    'clip',
    'A002_0908FT.RDM/A002_C001_0908R4.RDC/A002_C001_0908R4_001.R3D',
    'A002_0908FT.RDM/A002_C001_0908R4.RDC/A002_C001_0908R4_002.R3D',
    'A002_0908FT.RDM/A002_C001_0908R4.RDC/A002_C001_0908R4.RMD',
  ],
  ['clip', 'A001R0Z3/A001C001_250925_R0Z3.mxf', 'A001R0Z3/A001C001_250925_R0Z3.wav'],
  [
    'clip',
    'A001R0Z3/A001C001_250925_R0Z3/A001C001_250925_R0Z3.0000001.ari',
    'A001R0Z3/A001C001_250925_R0Z3/A001C001_250925_R0Z3.0000002.ari',
  ],
  ['clip', 'A001_09251512_C001.braw', 'A001_09251512_C001.sidecar', 'Proxy/A001_09251512_C001.mp4'],
  ['chapters', 'A/GX010034.MP4', 'A/GX020034.MP4', 'A/GX030034.MP4', 'A/GL010034.LRV', 'A/GX010034.THM'],
  ['chapters', 'A/GOPR0034.MP4', 'A/GP010034.MP4', 'A/GOPR0034.LRV', 'A/GOPR0034.THM'],
  ['clip', 'A/GX010035.MP4', 'A/GL010035.LRV'],
  [
    'clip',
    'DCIM/100MEDIA/DJI_0001.MP4',
    'DCIM/100MEDIA/DJI_0001.SRT',
    'MISC/THM/100/DJI_0001.THM',
    'MISC/THM/100/DJI_0001.SCR',
  ],
  ['clip', 'DCIM/DJI_001/DJI_20250925130032_0001_D.MP4', 'DCIM/DJI_001/DJI_20250925130032_0001_D.LRF'],
  [
    'clip',
    'DCIM/Camera01/VID_20250925_130032_00_001.insv',
    'DCIM/Camera01/VID_20250925_130032_10_001.insv',
    'DCIM/Camera01/LRV_20250925_130032_01_001.lrv',
  ],
  ['orphan-sidecar', 'A/IMG_0009.XMP'],
  ['orphan-sidecar', 'A/MVI_0009.THM'],
  ['orphan-sidecar', 'A/C0009M01.XML'],
  ['other', 'A/settings.XML'],
  ['orphan-sidecar', 'DCIM/100NZ_8/DSC_0009.WAV'],
  ['orphan-sidecar', 'A/GL010099.LRV'],
  ['orphan-sidecar', 'M4ROOT/CLIP/C0009M01.XML', 'M4ROOT/THMBNL/C0009T01.JPG'],
  ['orphan-sidecar', 'PRIVATE/AVCHD/BDMV/CLIPINF/00009.CPI'],
  ['sound', 'FOLDER01/ZOOM0001.WAV'],
  ['other', 'notes.pdf'],
  ['other', 'FOUND.000/FILE0000.CHK'],
  ...[
    'DCIM/EOSMISC/M0100.CTG',
    'AVF_INFO/AVIN0001.BNP',
    'PRIVATE/SONY/SONYCARD.IND',
    'MISC/version.txt',
    'PRIVATE/M4ROOT/MEDIAPRO.XML',
    'PRIVATE/M4ROOT/STATUS.BIN',
    'PRIVATE/AVCHD/BDMV/INDEX.BDM',
    'PRIVATE/AVCHD/BDMV/PLAYLIST/00009.MPL',
    'NIKON001.DSC',
    'DCIM/100NZ_8/NC_FLLST.DAT',
    'LASTCLIP.TXT',
    'CONTENTS/CLIPS001/INDEX.MIF',
    'A002_0908FT.RDM/digital_magazine.bin',
    'Get_started_with_GoPro.url',
    'MISC/AUTPRINT.MRK',
    'MISC/THM/100/DJI_0009.THM',
    'DCIM/.thumbnails/1.jpg',
    'DCIM/Camera/.trashed-1700000000-IMG_1.jpg',
  ].map((path): [ShotKind, string] => ['card-file', path]),
]

test('each layout of each maker is one shot', () => {
  for (const [kind, ...files] of layouts) {
    const shots = shotsOf(...files.toReversed())
    const what = files.join(' ')
    assert.equal(shots.length, 1, `${what} became ${shots.length} shots`)
    assert.equal(shots[0]?.kind, kind, what)
    assert.equal(shots[0]?.primary, files[0], what)
    assert.deepEqual(shots[0]?.files.toSorted(), files.toSorted(), what)
    assert.equal(shots[0]?.isPicture, !['orphan-sidecar', 'sound', 'other', 'card-file'].includes(kind), what)
  }
})

test('shots stay apart where names only look alike', () => {
  for (const [a, b] of [
    ['DCIM/100CANON/IMG_0001.CR3', 'DCIM/101CANON/IMG_0001.JPG'],
    ['DCIM/100MSDCF/DSC00001.JPG', 'MSSONY/IMCIF100/DSC00001.TIF'],
    ['A/IMG_0001.JPG', 'A/IMG_00010.JPG'],
    ['A/GOPR0034.JPG', 'A/GX010034.MP4'],
    ['A/GX010034.MP4', 'A/GX010035.MP4'],
    ['A/GX010034.MP4', 'B/GX020034.MP4'],
    ['BPAV/CLPR/709_001_01/709_001_01.MP4', 'BPAV/CLPR/709_001_02/709_001_02.MP4'],
    ['AVCHD/BDMV/STREAM/00000.MTS', 'AVCHD/BDMV/STREAM/00001.MTS'],
    ['CONTENTS/VIDEO/0001AB.MXF', 'CONTENTS/VIDEO/0002AB.MXF'],
    ['DCIM/DJI_001/DJI_1_0001_W.JPG', 'DCIM/DJI_001/DJI_1_0001_T.JPG'],
    ['A/C0001M01.XML', 'B/C0001.MP4'],
    ['A/PXL_20231006_063909898.jpg', 'A/PXL_20231006_063909898~2.jpg'],
  ] as const) {
    assert.equal(shotsOf(a, b).length, 2, `${a} ${b}`)
  }
})

test("Apple's ids decide what a Live Photo is, whatever the names", () => {
  const still = { path: 'A/IMG_0001.HEIC', bytes: 9, contentId: 'x' }
  const [joined, ...none] = groupShots([{ path: 'A/IMG_0002.MOV', bytes: 9, contentId: 'x' }, still])
  assert.deepEqual(none, [])
  assert.deepEqual(joined?.files, ['A/IMG_0001.HEIC', 'A/IMG_0002.MOV'])
  assert.equal(joined?.kind, 'live-photo')
  const strangers = groupShots([still, { path: 'A/IMG_0001.MOV', bytes: 9, contentId: 'y' }])
  assert.deepEqual(
    strangers.map(({ kind }) => kind),
    ['still', 'clip'],
  )
  assert.equal(new Set(strangers.map(({ key }) => key)).size, 2)
  const twoMovies = ['A/IMG_0002.MOV', 'A/IMG_0003.MOV'].map((path) => ({ path, bytes: 9, contentId: 'x' }))
  assert.equal(groupShots([still, ...twoMovies]).length, 3)
  assert.equal(groupShots([still, { path: 'B/IMG_0002.MOV', bytes: 9, contentId: 'x' }]).length, 2)
})

test('shots come in the order of their primaries, and chapters in the order they were recorded', () => {
  const primaries = shotsOf('A/IMG_0001.AAE', 'A/img_0001.HEIC', 'A/IMG_0002.JPG').map(({ primary }) => primary)
  assert.deepEqual(primaries, ['A/IMG_0002.JPG', 'A/img_0001.HEIC'])
  const old = shotsOf('A/GP020034.MP4', 'A/GOPR0034.THM', 'A/GP010034.MP4', 'A/GOPR0034.MP4')
  assert.deepEqual(old[0]?.files, ['A/GOPR0034.MP4', 'A/GP010034.MP4', 'A/GP020034.MP4', 'A/GOPR0034.THM'])
  const mixed = shotsOf('A/GX010034.MP4', 'A/GH020034.MP4')
  assert.deepEqual(mixed[0]?.files, ['A/GX010034.MP4', 'A/GH020034.MP4'])
})

test('an empty raw file is kept, and its JPEG is shown', () => {
  const [shot] = groupShots([
    { path: 'A/IMG_0001.CR3', bytes: 0 },
    { path: 'A/IMG_0001.JPG', bytes: 9 },
  ])
  assert.deepEqual(shot?.files, ['A/IMG_0001.JPG', 'A/IMG_0001.CR3'])
  assert.equal(shot?.kind, 'raw+jpeg')
})

test('accents in either form are one name, kept as found', () => {
  const composed = 'A/\u00C9t\u00E9.CR3'
  const decomposed = 'A/E\u0301te\u0301.JPG'
  assert.deepEqual(
    shotsOf(composed, decomposed).map(({ files }) => files),
    [[composed, decomposed]],
  )
})

test('marks written in another order are still one name', () => {
  assert.equal(shotsOf('A/\u03B1\u0345\u0301.CR3', 'A/\u1FB4.JPG').length, 1)
})

test('every original is in exactly one shot, whatever lies on the card, in any order', () => {
  const known = fc.constantFrom(...layouts.flatMap(([, ...files]) => files))
  const name = fc.stringMatching(/^(IMG_|GX01|C)(0001|0002)(M01|T01)?\.(CR3|JPG|XMP|MP4|MOV|XML|THM|x)$/)
  const made = fc.tuple(fc.constantFrom('A', 'M4ROOT/CLIP', 'BPAV/CLPR/709_001_01', 'DCIM/103APPLE'), name)
  const path = fc.oneof(
    known,
    made.map((parts) => parts.join('/')),
    fc.string({ minLength: 1, maxLength: 8 }),
  )
  const file = fc.record({
    path,
    bytes: fc.nat(2),
    contentId: fc.constantFrom(null, 'x', 'y'),
    burstId: fc.constantFrom(null, 'b'),
  })
  fc.assert(
    fc.property(fc.uniqueArray(file, { selector: (made) => made.path, maxLength: 40 }), (files) => {
      const shots = groupShots(files)
      assert.deepEqual(shots.flatMap((shot) => shot.files).toSorted(), files.map((each) => each.path).toSorted())
      assert.equal(new Set(shots.map(({ key }) => key)).size, shots.length)
      for (const shot of shots) assert.equal(shot.files[0], shot.primary)
      assert.deepEqual(groupShots(files.toReversed()), shots)
    }),
  )
})
