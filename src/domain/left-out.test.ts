import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { isLeftOut, wasRecoveredByDiskCheck, whyLeftOut } from './left-out.ts'

const contract = [
  '.Trashes/501/IMG_1900.JPG',
  '.Spotlight-V100/Store-V2/store.db',
  '.fseventsd/fseventsd-uuid',
  'System Volume Information/WPSettings.dat',
  '._.Trashes',
  'DCIM/100CANON/.__MG_9998.JPG',
  'DCIM/.DS_Store',
  'DCIM/119CANON/Thumbs.db',
  'DCIM/@eaDir/IMG_0001.JPG/SYNOPHOTO.jpg',
  '#recycle/IMG_0001.JPG',
  '$RECYCLE.BIN/desktop.ini',
]

const copied = [
  'DCIM/100CANON/_MG_9998.JPG',
  'DCIM/EOSMISC/M0100.CTG',
  'FOUND.000/FILE0000.CHK',
  'LOST.DIR/1234',
  'DCIM/Camera/.pending-1700000000-IMG_1.jpg',
  'DCIM/Camera/.trashed-1700000000-IMG_1.jpg',
  'DCIM/.thumbnails/1.jpg',
  '.TemporaryItems/folders.501/x',
  'desktop.ini',
  'Trashes/IMG.JPG',
  'my.Trashes',
  'Thumbs.db.txt',
  'DCIM/100CANON/IMG_0001.XYZ',
]

test('what the contract leaves out is left out, at any depth and in any case', () => {
  for (const path of contract) {
    assert.ok(isLeftOut(path), path)
    assert.ok(isLeftOut(path.toUpperCase()), path.toUpperCase())
    assert.ok(isLeftOut(path.toLowerCase()), path.toLowerCase())
    assert.ok((whyLeftOut(`below/${path}`) ?? '').length > 0, path)
  }
})

test('anything else is copied, known type or not', () => {
  for (const path of copied) assert.equal(whyLeftOut(path), null, path)
})

test('recovered files are copied and reported', () => {
  assert.ok(wasRecoveredByDiskCheck('FOUND.000/FILE0000.CHK'))
  assert.ok(wasRecoveredByDiskCheck('found.012/FILE0000.CHK'))
  assert.ok(wasRecoveredByDiskCheck('LOST.DIR/123'))
  assert.ok(!wasRecoveredByDiskCheck('DCIM/FOUND.000'))
  assert.ok(!wasRecoveredByDiskCheck('DCIM/100CANON/IMG_0001.JPG'))
})

test('a path is left out exactly when one of its segments is', () => {
  const segment = fc.constantFrom('DCIM', '100CANON', '.Trashes', 'THUMBS.DB', '._x', 'IMG_0001.JPG', '$Recycle.Bin')
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
      assert.equal(isLeftOut(segments.join('/')), segments.some(isLeftOut))
    }),
  )
})
