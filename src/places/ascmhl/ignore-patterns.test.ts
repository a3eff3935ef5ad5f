import assert from 'node:assert/strict'
import test from 'node:test'
import { builtInPatterns, grownPatterns, ignoreRule } from './ignore-patterns.ts'

const ignored = (pattern: string | readonly string[], path: string, isFolder = false): boolean =>
  ignoreRule(typeof pattern === 'string' ? [pattern] : pattern)(path, isFolder)

test('the built-in patterns leave out what is not an original, at any depth', () => {
  const rule = ignoreRule(builtInPatterns)
  const out = [
    '.DS_Store',
    'DCIM/.DS_Store',
    'ascmhl/0001_x.mhl',
    'DCIM/ascmhl/ascmhl_chain.xml',
    'DCIM/100CANON/_MG_0001.xmp',
    'DCIM/100CANON/_MG_0001.XMP',
    'DCIM/._IMG_1.JPG',
    '@eaDir/IMG_1.JPG/SYNO.jpg',
    '#recycle/IMG_1.JPG',
    'Thumbs.db',
    'thumbs.db',
    'desktop.ini',
    '.fivefold/place.json',
    'Smith.lrcat',
    'Smith.lrcat-wal',
    'Smith Previews.lrdata/1/2.lrprev',
    'DCIM/CaptureOne/Settings/a.cos',
  ]
  for (const path of out) assert.ok(rule(path), path)
  const kept = [
    'DCIM/100CANON/IMG_0001.CR3',
    'xmp',
    'DCIM/ascmhl.jpg',
    'PRIVATE/M4ROOT/CLIP/C0001M01.XML',
    'a.xmp.jpg',
    'recycle/a.jpg',
  ]
  for (const path of kept) assert.ok(!rule(path), path)
})

test('patterns mean what they mean in a .gitignore', () => {
  const cases: readonly (readonly [pattern: string, path: string, fits: boolean])[] = [
    ['*.jpg', 'a/b/c.jpg', true],
    ['*.jpg', 'a/b/c.jpeg', false],
    ['/*.jpg', 'a/c.jpg', false],
    ['/*.jpg', 'c.jpg', true],
    ['a/*.jpg', 'a/c.jpg', true],
    ['a/*.jpg', 'b/a/c.jpg', false],
    ['a/*', 'a/b/c', true],
    ['**/b/c', 'a/b/c', true],
    ['**/b/c', 'b/c', true],
    ['a/**/c', 'a/c', true],
    ['a/**/c', 'a/x/y/c', true],
    ['a/**/c', 'a/x/y/d', false],
    ['a/**', 'a/x', true],
    ['tmp/', 'tmp/x', true],
    ['tmp/', 'a/tmp/x', true],
    ['tmp/', 'tmp', false],
    ['IMG_????.*', 'IMG_0001.CR3', true],
    ['IMG_????.*', 'IMG_00001.CR3', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[!a-c]x', 'dx', true],
    ['[]]x', ']x', true],
    ['[x', '[x', true],
    ['\\#a', '#a', true],
    ['#a', '#a', false],
    ['\\!a', '!a', true],
    ['a  ', 'a', true],
    ['a\\ ', 'a ', true],
    ['*a*b*c', 'xaybzc', true],
    ['*a*b*c', 'xaybzd', false],
    ['', 'a', false],
    ['/', 'a', false],
    ['Größe*', 'Größe 1', true],
  ]
  for (const [pattern, path, fits] of cases) assert.equal(ignored(pattern, path), fits, `${pattern} on ${path}`)
})

test('the last pattern decides, but a folder left out keeps all inside out', () => {
  assert.equal(ignored(['*.tmp', '!keep.tmp'], 'keep.tmp'), false)
  assert.equal(ignored(['*.tmp', '!keep.tmp', 'keep*'], 'keep.tmp'), true)
  assert.equal(ignored(['old/', '!old/keep.tmp'], 'old/keep.tmp'), true)
  assert.equal(ignored('old/', 'old', true), true)
  assert.equal(ignored('old/**', 'old', true), false)
})

test('a pattern made to be slow is answered all the same', () => {
  assert.equal(ignored('*a'.repeat(200) + 'b', 'a'.repeat(250)), false)
  assert.equal(ignored('**/a/'.repeat(40) + 'b', 'a/'.repeat(100) + 'c'), false)
})

test('the list of a history only grows and names nothing twice', () => {
  assert.deepEqual(grownPatterns(['b', 'a'], ['a', 'c'], ['c']), ['b', 'a', 'c'])
})
