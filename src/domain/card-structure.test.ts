import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import type { Maker } from './card-structure.ts'
import { isInPackage, recogniseCard } from './card-structure.ts'

const cards = process.env['FIVEFOLD_TEST_CARDS'] ?? fileURLToPath(new URL('../../../shared/cards', import.meta.url))
const skip = existsSync(join(cards, 'files.json')) ? false : `no test cards in ${cards}`

function pathsOfCard(name: string): readonly string[] {
  const files = readdirSync(join(cards, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(cards, name).length + 1))
  const { emptyDirs } = JSON.parse(readFileSync(join(cards, 'files.json'), 'utf8')) as { emptyDirs: string[] }
  const empty = emptyDirs
    .filter((folder) => folder.startsWith(`${name}/`))
    .map((folder) => folder.slice(name.length + 1))
  return [...files, ...empty.map((folder) => `${folder}/`)]
}

const realCards: Readonly<Record<string, readonly Maker[]>> = {
  EOS_DIGITAL_A: ['canon-eos'],
  EOS_DIGITAL_B: ['canon-eos'],
  CANON_DC: ['canon-powershot'],
  NIKON_D90: ['nikon'],
  NIKON_D70S: ['nikon'],
  NIKON_Z8: ['nikon'],
  SONY_A6400: ['sony-alpha'],
  SONY_A7M3: ['sony-alpha', 'avchd'],
  SONY_ZVE10: ['sony-alpha'],
  FUJIFILM: ['fujifilm'],
  GOPRO_A: ['gopro'],
  GOPRO_B: ['gopro'],
  IPHONE_XR: ['iphone'],
  // A PowerShot's card without its own marker: the folder says Canon, and no more.
  NO_NAME: ['canon'],
}

test('every real card is recognised with its maker', { skip }, () => {
  const folders = readdirSync(cards, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('_'),
  )
  assert.deepEqual(folders.map(({ name }) => name).toSorted(), Object.keys(realCards).toSorted())
  for (const [name, makers] of Object.entries(realCards)) {
    const { kind, makers: found, isCard } = recogniseCard(pathsOfCard(name))
    assert.deepEqual({ kind, found, isCard }, { kind: makers[0], found: makers, isCard: true }, name)
  }
})

test('the packages of a real Sony card are its clip trees', { skip }, () => {
  assert.deepEqual(recogniseCard(pathsOfCard('SONY_A7M3')).packages, ['PRIVATE/AVCHD', 'PRIVATE/M4ROOT'])
})

const layouts: readonly (readonly [Maker, string, readonly string[]])[] = [
  ['canon-eos', 'DCIM/100EOS5D/IMG_0001.CR2', []],
  ['canon-eos', 'DCIM/EOSMISC/M0100.CTG', []],
  ['canon', 'DCIM/100CANON/', []],
  ['canon-powershot', 'DCIM/CANONMSC/M0100.CTG', []],
  ['canon-cinema', 'CONTENTS/CLIPS001/AA0001/AA000101.MXF', ['CONTENTS']],
  ['canon-cinema', 'DCIM/100_0925/A001C001_250925AA_CANON.MP4', ['DCIM/100_0925']],
  ['nikon', 'NIKON001.DSC', []],
  ['nikon', 'DCIM/102NCZ_6/DSC_0001.NEF', []],
  ['nikon', 'DCIM/100NZ502/DSC_0001.NEF', []],
  ['nikon', 'DCIM/100D3200/DSC_0001.NEF', []],
  ['sony-alpha', 'M4ROOT/CLIP/C0001.MP4', ['M4ROOT']],
  ['sony-alpha', 'PRIVATE/SONY/SONYCARD.IND', []],
  ['sony-pro', 'XDROOT/Clip/C0001.MXF', ['XDROOT']],
  ['sony-pro', 'PRIVATE/XDROOT/Clip/C0001.MXF', ['PRIVATE/XDROOT']],
  ['sony-pro', 'BPAV/CLPR/709_001_01/709_001_01.MP4', ['BPAV']],
  ['sony-dsc', 'MSSONY/MOMLV100/MOV00001.MPG', ['MSSONY']],
  ['sony-mavica', 'MVC-001F.411', []],
  ['fujifilm', 'DCIM/100_FUJI/DSCF0001.RAF', []],
  ['panasonic-lumix', 'DCIM/100_PANA/P1000001.RW2', []],
  ['panasonic-p2', 'LASTCLIP.TXT', []],
  ['panasonic-p2', 'CONTENTS/CLIP/0001AB.XML', ['CONTENTS']],
  ['olympus', 'DCIM/100OLYMP/P1010001.ORF', []],
  ['olympus', 'DCIM/100OMSYS/P1010001.ORF', []],
  ['pentax', 'DCIM/100PENTX/IMGP0001.PEF', []],
  ['ricoh', 'DCIM/100RICOH/R0000001.DNG', []],
  ['leica', 'DCIM/100LEICA/L1000001.DNG', []],
  ['gopro', 'DCIM/100GOPRO/GX010034.MP4', []],
  ['gopro', 'MISC/version.txt', []],
  ['dji', 'DCIM/100MEDIA/DJI_0001.JPG', []],
  ['dji', 'DCIM/DJI_001/DJI_20250925130032_0001_D.MP4', []],
  ['insta360', 'DCIM/Camera01/VID_20250925_130032_00_001.insv', ['DCIM/Camera01']],
  ['iphone', 'DCIM/103APPLE/IMG_0001.HEIC', []],
  ['iphone', 'DCIM/202409__/IMG_0001.HEIC', []],
  ['android', 'Android/data/x', []],
  ['red', 'A002_0908FT.RDM/A002_C001_0908R4.RDC/A002_C001_0908R4_001.R3D', ['A002_0908FT.RDM']],
  ['arri', 'A001R0Z3/A001C001_250925_R0Z3.mxf', ['A001R0Z3']],
  ['blackmagic', 'A001_09251512_C001.braw', []],
  ['kodak', 'KODAK_PC/DCIM/100DC120/P0001.JPG', []],
  ['avchd', 'PRIVATE/AVCHD/BDMV/STREAM/00000.MTS', ['PRIVATE/AVCHD']],
]

test('one marker of each maker is enough, in any case', () => {
  for (const [maker, path, packages] of layouts) {
    assert.deepEqual(recogniseCard([path]), { kind: maker, makers: [maker], isCard: true, packages }, path)
    assert.equal(recogniseCard([path.toLowerCase()]).kind, maker, path.toLowerCase())
  }
})

test('what several makers write decides no maker', () => {
  const none = { kind: 'unknown', makers: [], isCard: true, packages: [] }
  assert.deepEqual(recogniseCard(['DCIM/100ABCDE/MOV_0001.MP4', 'MISC/AUTPRINT.MRK']), none)
  assert.deepEqual(recogniseCard(['DCIM/']), none)
  assert.deepEqual(recogniseCard(['DCIM/100MEDIA/IMAG0001.JPG']), none)
})

test('a card from several cameras names them all, the one with most files first', () => {
  const nikon = ['DCIM/100NZ_8/DSC_0001.NEF', 'DCIM/100NZ_8/DSC_0002.NEF']
  const { makers } = recogniseCard(['DCIM/100CANON/IMG_0001.CR3', 'PRIVATE/AVCHD/BDMV/INDEX.BDM', ...nikon])
  assert.deepEqual(makers, ['nikon', 'canon', 'avchd'])
})

test('a standard that many makers share is never the main one', () => {
  const avchd = ['INDEX.BDM', 'STREAM/00000.MTS', 'CLIPINF/00000.CPI'].map((path) => `PRIVATE/AVCHD/BDMV/${path}`)
  assert.deepEqual(recogniseCard([...avchd, 'DCIM/100_PANA/P1000001.RW2']).makers, ['panasonic-lumix', 'avchd'])
})

test('folders that are no cards are no cards', () => {
  for (const paths of [
    [],
    ['2026/2026-11-20 Miller Wedding/EOS_DIGITAL 01/DCIM/100CANON/IMG_0001.CR3'],
    ['Documents/letter.pdf', 'Music/01.mp3'],
    ['.fivefold/place.json', 'DCIM/100CANON/IMG_0001.CR3'],
    ['DCIM.txt'],
  ]) {
    assert.equal(recogniseCard(paths).isCard, false, paths.join(' '))
  }
})

test('a package covers what is below it, and not its neighbours', () => {
  assert.ok(isInPackage('PRIVATE/M4ROOT/CLIP/C0001.MP4', ['PRIVATE/M4ROOT']))
  assert.ok(!isInPackage('PRIVATE/M4ROOT2/C0001.MP4', ['PRIVATE/M4ROOT']))
  assert.ok(!isInPackage('DCIM/100MSDCF/DSC00001.ARW', ['PRIVATE/M4ROOT']))
})
