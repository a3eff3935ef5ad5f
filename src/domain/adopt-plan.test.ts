import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { FoundFile } from './adopt-plan.ts'
import { convertedFrom, judgeAdoption, rawNames } from './adopt-plan.ts'
import type { ContentHash } from './ids.ts'
import { parseContentHash } from './ids.ts'

const hash = (number: number): ContentHash => parseContentHash(number.toString(16).padStart(32, '0'))
const found = (path: string, number: number, bytes = 1000): FoundFile => ({ path, bytes, hash: hash(number) })

const judged = (
  files: readonly FoundFile[],
  known: readonly number[] = [],
  raws: readonly string[] = [],
): readonly string[] =>
  judgeAdoption({
    files,
    known: new Set(known.map(hash)),
    raws: rawNames([...raws, ...files.map(({ path }) => path)]),
  }).map((one) => (one.kind === 'conversion' ? `converted from ${one.of}` : one.kind))

test('a known hash is a copy, whatever the file is called now', () => {
  assert.deepEqual(judged([found('a/20261120-0001.cr3', 1), found('a/notes.txt', 2)], [1, 2]), ['copy', 'copy'])
})

test('what no card ever showed is a new original, once; its double is a copy of it', () => {
  assert.deepEqual(judged([found('a/IMG_1.CR3', 1), found('b/IMG_1 (2).CR3', 1), found('a/C1.WAV', 2)]), [
    'new-original',
    'copy',
    'new-original',
  ])
})

test('a DNG whose raw is there was converted from it; a DNG of a camera is an original', () => {
  const files = [found('dng/IMG_0001.dng', 1), found('dng/20261120-IMG_0002.dng', 2), found('L1000001.DNG', 3)]
  assert.deepEqual(judged(files, [], ['DCIM/IMG_0001.CR3', 'DCIM/img_0002.NEF']), [
    'converted from IMG_0001.CR3',
    'converted from img_0002.NEF',
    'new-original',
  ])
  assert.equal(convertedFrom('IMG_0001-Enhanced-NR.dng', rawNames(['IMG_0001.RAF'])), 'IMG_0001.RAF')
  assert.equal(convertedFrom('IMG_10001.dng', rawNames(['0001.RAF', 'IMG_1000.RAF'])), null)
  assert.equal(convertedFrom('IMG_0001.dng', rawNames(['IMG_0001.DNG', 'IMG_0001.JPG'])), null)
})

test('edits, sidecars and empty files are no originals; a number that an import gave is no edit', () => {
  const files = [
    found('IMG_1-Edit.tif', 1),
    found('IMG_1-HDR-2.jpg', 2),
    found('IMG_1.xmp', 3),
    found('Wedding.lrcat', 4),
    found('IMG_2.JPG', 5, 0),
    found('IMG_1-2.JPG', 6),
  ]
  assert.deepEqual(judged(files), ['working', 'working', 'working', 'working', 'working', 'new-original'])
})

const names = fc.constantFrom('IMG_0001', 'img_0002', '20261120-IMG_0001', 'IMG_0003-Edit', 'notes')
const extensions = fc.constantFrom('CR3', 'dng', 'DNG', 'JPG', 'tif', 'xmp', 'mp4', 'txt', 'nef')
const anyFile = fc
  .tuple(names, extensions, fc.nat(9), fc.nat(3))
  .map(([name, extension, number, bytes]) => found(`f/${name}.${extension}`, number, bytes))
const anyFacts = fc.record({
  files: fc.array(anyFile),
  known: fc.array(fc.nat(9)),
  raws: fc.array(fc.constantFrom('DCIM/IMG_0001.CR3', 'IMG_0002.NEF', 'IMG_0003.RAF')),
})

test('a known hash is always a copy, and never a new original', () => {
  fc.assert(
    fc.property(anyFacts, ({ files, known, raws }) => {
      const answers = judged(files, known, raws)
      files.forEach((file, index) => {
        if (known.map(hash).includes(file.hash)) assert.equal(answers[index], 'copy')
      })
    }),
  )
})

test('an unknown DNG with a raw of the same name is never taken in; each unknown hash is an original at most once', () => {
  fc.assert(
    fc.property(anyFacts, ({ files, known, raws }) => {
      const answers = judged(files, known, raws)
      const originals = files.filter((_, index) => answers[index] === 'new-original').map((file) => file.hash)
      assert.equal(new Set(originals).size, originals.length)
      const isTaken = new Set([...known.map(hash), ...originals])
      files.forEach((file, index) => {
        if (!isTaken.has(file.hash)) assert.notEqual(answers[index], 'copy')
        const isDng = /\.dng$/i.test(file.path)
        if (isDng && !isTaken.has(file.hash) && raws.includes('DCIM/IMG_0001.CR3') && /IMG_0001\./.test(file.path))
          assert.match(answers[index] ?? '', /^converted from /)
      })
    }),
  )
})
