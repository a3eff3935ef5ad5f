import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { collisionKey, findCollisions, numberedName, originalPath, placePath } from './file-names.ts'
import type { FileSystemLimits } from './place.ts'
import { utf8Bytes } from './text-bytes.ts'

const ext4: FileSystemLimits = {
  type: 'ext4',
  fileBytesMax: 2 ** 44,
  nameBytesMax: 255,
  foldsCase: false,
  forbidden: '',
  mtimeStepMs: 1,
}
const exfat: FileSystemLimits = { ...ext4, type: 'exfat', foldsCase: true, forbidden: '<>:"|?*\\' }
/** A NAS share that encrypts names leaves 143 bytes. */
const encrypted: FileSystemLimits = { ...ext4, type: 'ecryptfs', nameBytesMax: 143 }
const all = [ext4, exfat, encrypted]

/** Names that make trouble more often than chance would. */
const troubled = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '%',
        '3A',
        '%3A',
        '%25',
        'A',
        'a',
        '.',
        ' ',
        ':',
        '\\',
        '?',
        '\n',
        '\u0000',
        'CON',
        'é',
        'e\u0301',
        '😀',
      ),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join('').replaceAll('/', ''))
  .filter((name) => name !== '' && name !== '.' && name !== '..' && name.isWellFormed())
const longName = fc
  .tuple(troubled, fc.integer({ min: 0, max: 130 }))
  .map(([name, times]) => `${name.repeat(times + 1)}.JPG`)
const anyPath = fc
  .array(fc.oneof({ weight: 4, arbitrary: troubled }, longName), { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/'))
const anyLimits = fc.constantFrom(...all)

test('a name that fits stays as it is', () => {
  for (const path of [
    'DCIM/100CANON/IMG_0001.CR3',
    'A/100% sure.JPG',
    'A/写真 снимок 😀.JPG',
    'A/Cafe\u0301.JPG',
    'A/ x.JPG',
  ]) {
    for (const limits of all)
      assert.deepEqual(placePath(path, limits), { path, changed: false, reversible: true, why: null })
  }
})

const encodings: readonly (readonly [string, string, string])[] = [
  ['a:b.JPG', 'a:b.JPG', 'a%3Ab.JPG'],
  ['a\\b?.JPG', 'a\\b?.JPG', 'a%5Cb%3F.JPG'],
  ['a%3Ab.JPG', 'a%253Ab.JPG', 'a%253Ab.JPG'],
  ['50%.JPG', '50%.JPG', '50%.JPG'],
  ['%%3A', '%%253A', '%%253A'],
  ['line\nbreak', 'line%0Abreak', 'line%0Abreak'],
  ['DEL\u007F', 'DEL%7F', 'DEL%7F'],
  ['C1\u0085', 'C1%C2%85', 'C1%C2%85'],
  ['CON/nul.JPG', 'CON/nul.JPG', '%43ON/%6Eul.JPG'],
  ['com¹.txt', 'com¹.txt', '%63om¹.txt'],
  ['CONTENTS/CLIP', 'CONTENTS/CLIP', 'CONTENTS/CLIP'],
  ['ends.', 'ends.', 'ends%2E'],
  ['ends /x', 'ends /x', 'ends%20/x'],
  ['a..', 'a..', 'a.%2E'],
]

test('forbidden characters, devices and endings are encoded where they must be, and turned back', () => {
  for (const [path, onExt4, onExfat] of encodings) {
    assert.equal(placePath(path, ext4).path, onExt4, path)
    assert.equal(placePath(path, exfat).path, onExfat, path)
    assert.equal(originalPath(onExt4), path)
    assert.equal(originalPath(onExfat), path)
    assert.equal(placePath(path, exfat).why === null, path === onExfat)
  }
})

test('turning back never makes a path that climbs, and leaves names alone that are not ours', () => {
  for (const path of ['a/%2E%2E/b', '%2E', 'a%2Fb', '%2Fetc', 'x%FF', '%C3', '100%3a'])
    assert.equal(originalPath(path), path)
})

test('a path that no listing gives is a bug', () => {
  for (const path of ['', '/a', 'a/', 'a//b', '../a', 'a/./b', 'a/..', 'lone\uD800']) {
    assert.throws(() => placePath(path, ext4), /Not a path/, path)
  }
})

test('a name that is too long is shortened, keeps its extension, and differs from its neighbours', () => {
  const one = placePath(`A/${'写'.repeat(80)}1.JPG`, encrypted)
  const two = placePath(`A/${'写'.repeat(80)}2.JPG`, encrypted)
  assert.match(one.path, /^A\/写{43}~[0-9a-f]{8}\.JPG$/)
  assert.notEqual(one.path, two.path)
  assert.equal(one.reversible, false)
  assert.match(one.why ?? '', /longer than this place can hold/)
  assert.equal(placePath(`A/${'x'.repeat(251)}.JPG`, ext4).changed, false)
  assert.equal(placePath(`A/${'x'.repeat(252)}.JPG`, ext4).changed, true)
})

test('every placed name fits its place, and turns back unless it says that it does not', () => {
  fc.assert(
    fc.property(anyPath, anyLimits, (path, limits) => {
      const placed = placePath(path, limits)
      for (const name of placed.path.split('/')) {
        assert.ok(utf8Bytes(name) <= limits.nameBytesMax, name)
        assert.ok(name !== '' && name !== '.' && name !== '..')
        assert.equal(Buffer.from(name).toString(), name)
        for (const character of limits.forbidden) assert.ok(!name.includes(character), name)
      }
      assert.equal(placed.path.split('/').length, path.split('/').length)
      assert.equal(placed.changed, placed.path !== path)
      if (placed.reversible) assert.equal(originalPath(placed.path), path)
    }),
    { numRuns: 500 },
  )
})

test('[W2] two paths that would be one file are always found', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyPath, { maxLength: 12 }), anyLimits, (paths, limits) => {
      const collided = new Set(findCollisions(paths, limits).flatMap((collision) => collision.paths))
      const free = paths.filter((path) => !collided.has(path)).map((path) => placePath(path, limits).path)
      assert.equal(new Set(free.map((path) => collisionKey(path, limits))).size, free.length)
    }),
  )
})

test('[W2] spellings that one place can not tell apart collide there, and only there', () => {
  const cases = ['A/IMG.JPG', 'A/img.jpg']
  assert.deepEqual(findCollisions(cases, ext4), [])
  assert.deepEqual(findCollisions(cases, exfat), [{ key: 'a/img.jpg', paths: cases }])
  const forms = ['A/\u00E9.JPG', 'A/e\u0301.JPG']
  assert.deepEqual(findCollisions(forms, ext4)[0]?.paths, forms)
  assert.deepEqual(findCollisions(['A', 'a/x.JPG'], exfat), [{ key: 'a', paths: ['A', 'a/x.JPG'] }])
  assert.deepEqual(findCollisions(['A/1.JPG', 'a/2.JPG'], exfat), [])
  assert.deepEqual(findCollisions(['A/1.JPG', 'A/1.JPG'], exfat), [])
  assert.deepEqual(findCollisions(['\u03A3.JPG', '\u03C2.JPG'], exfat).length, 1)
})

test('[W2] a numbered name keeps folder and extension, and fits', () => {
  assert.equal(numberedName('DCIM/100CANON/IMG_0001.JPG', 2, ext4), 'DCIM/100CANON/IMG_0001 (2).JPG')
  assert.equal(numberedName('A/README', 3, ext4), 'A/README (3)')
  assert.equal(numberedName('.hidden', 2, ext4), '.hidden (2)')
  assert.equal(numberedName(`${'x'.repeat(251)}.JPG`, 12, ext4), `${'x'.repeat(246)} (12).JPG`)
  assert.equal(numberedName(`x.${'y'.repeat(250)}`, 2, ext4), `x.${'y'.repeat(249)} (2)`)
  assert.throws(() => numberedName('a', 1, ext4), RangeError)
  fc.assert(
    fc.property(anyPath, fc.integer({ min: 2, max: 99_999 }), anyLimits, (path, number, limits) => {
      const placed = placePath(path, limits).path
      const numbered = numberedName(placed, number, limits)
      const name = numbered.split('/').at(-1) ?? ''
      assert.ok(utf8Bytes(name) <= limits.nameBytesMax, name)
      assert.notEqual(numbered, placed)
      assert.notEqual(numbered, numberedName(placed, number + 1, limits))
      assert.ok(name.includes(` (${number})`))
    }),
  )
})
