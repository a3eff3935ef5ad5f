import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DriveFile } from './drive-file.ts'
import {
  fileProperties,
  filesInOrder,
  foldersInOrder,
  folderProperties,
  folderType,
  readDriveFile,
  sameBytes,
} from './drive-file.ts'

function file(more: Readonly<Record<string, unknown>>): DriveFile {
  const made = readDriveFile({
    id: 'x',
    name: 'a.raw',
    mimeType: 'image/x-raw',
    size: '10',
    modifiedTime: '2026-05-01T10:00:00.000Z',
    createdTime: '2026-05-02T10:00:00.000Z',
    md5Checksum: 'AA',
    ...more,
  })
  assert.ok(made !== null)
  return made
}

const ids = (files: readonly DriveFile[]): readonly string[] => files.map(({ id }) => id)

test('of twins the one at a path is the oldest that was made for it, else the oldest', () => {
  const mine = fileProperties('a.raw')
  const old = file({ id: 'old', createdTime: '2020-01-01T00:00:00.000Z' })
  const first = file({ id: 'first', appProperties: mine })
  const second = file({ id: 'second', appProperties: mine, createdTime: '2026-05-02T10:00:00.001Z' })
  const elsewhere = file({
    id: 'elsewhere',
    appProperties: fileProperties('b.raw'),
    createdTime: '2019-01-01T00:00:00.000Z',
  })
  assert.deepEqual(ids(filesInOrder([second, old, elsewhere, first], 'a.raw')), ['first', 'second', 'elsewhere', 'old'])
})

test('twins of the very same moment are in one order for everybody', () => {
  const [one, two] = [file({ id: 'one' }), file({ id: 'two' })]
  assert.deepEqual(ids(filesInOrder([two, one], 'a.raw')), ['one', 'two'])
  assert.deepEqual(ids(filesInOrder([one, two], 'a.raw')), ['one', 'two'])
})

test('what has no bytes is no file', () => {
  const folder = file({ id: 'folder', mimeType: folderType, size: undefined, md5Checksum: undefined })
  const text = file({
    id: 'doc',
    mimeType: 'application/vnd.google-apps.document',
    size: undefined,
    md5Checksum: undefined,
  })
  const empty = file({ id: 'empty', size: undefined, md5Checksum: 'd41d8cd98f00b204e9800998ecf8427e' })
  assert.deepEqual(ids(filesInOrder([folder, text, empty], 'a.raw')), ['empty'])
  assert.equal(empty.bytes, 0)
})

test('a new file goes to the oldest folder that is ours', () => {
  const folder = (id: string, createdTime: string, appProperties?: object): DriveFile =>
    file({ id, mimeType: folderType, createdTime, appProperties })
  const found = [
    folder('theirs', '2020-01-01T00:00:00.000Z'),
    folder('younger', '2026-01-02T00:00:00.000Z', folderProperties),
    folder('ours', '2026-01-01T00:00:00.000Z', folderProperties),
  ]
  assert.deepEqual(ids(foldersInOrder(found)), ['ours', 'younger', 'theirs'])
})

test('the same bytes are what all hashes say that both have, and at least one', () => {
  const both = file({ sha256Checksum: 'BB' })
  assert.equal(sameBytes(both, file({})), true)
  assert.equal(sameBytes(both, file({ sha256Checksum: 'CC' })), false)
  assert.equal(sameBytes(both, file({ size: '11' })), false)
  assert.equal(sameBytes(both, file({ md5Checksum: undefined })), false)
  assert.deepEqual(both.digests, { sha256: 'bb', md5: 'aa' })
})
