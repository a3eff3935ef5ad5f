import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitsOf } from './limits.ts'

test('FAT ends one byte below 4 GiB, and its times are two seconds apart', () => {
  for (const type of ['vfat', 'msdos', 'FAT32']) {
    assert.equal(limitsOf(type).fileBytesMax, 4_294_967_295, type)
    assert.equal(limitsOf(type).mtimeStepMs, 2000, type)
    assert.equal(limitsOf(type).type, type)
  }
  assert.ok(limitsOf('exfat').fileBytesMax > 2 ** 50)
})

test('what Windows and its relatives refuse is refused beforehand, control characters included', () => {
  for (const type of ['vfat', 'exfat', 'ntfs', 'ntfs3', 'cifs', 'smbfs', 'nothing-known']) {
    const { forbidden, foldsCase } = limitsOf(type)
    for (const mark of ['"', '*', '/', ':', '<', '>', '?', '\\', '|', '\0', '\n', '\u001F'])
      assert.ok(forbidden.includes(mark), `${type} ${mark}`)
    for (const mark of ['a', ' ', '(', '.', 'é']) assert.ok(!forbidden.includes(mark), `${type} ${mark}`)
    assert.ok(foldsCase, type)
  }
})

test('Linux file systems tell upper from lower case, those of a Mac do not', () => {
  for (const type of ['ext4', 'xfs', 'btrfs', 'nfs4', 'tmpfs']) {
    assert.equal(limitsOf(type).foldsCase, false, type)
    assert.ok(!limitsOf(type).forbidden.includes(':'), type)
  }
  for (const type of ['apfs', 'hfs']) assert.equal(limitsOf(type).foldsCase, true, type)
})

test('an unknown file system has the strictest of every known limit', () => {
  const unknown = limitsOf('fuseblk')
  for (const type of [
    'ext2',
    'ext3',
    'ext4',
    'xfs',
    'btrfs',
    'apfs',
    'hfs',
    'ntfs',
    'exfat',
    'vfat',
    'cifs',
    'nfs',
    'tmpfs',
    'fuse.anything',
    'ecryptfs',
    'f2fs',
  ]) {
    const known = limitsOf(type)
    assert.ok(unknown.fileBytesMax <= known.fileBytesMax, type)
    assert.ok(unknown.nameBytesMax <= known.nameBytesMax, type)
    assert.ok(unknown.mtimeStepMs >= known.mtimeStepMs, type)
    assert.ok(
      known.forbidden.split('').every((mark) => unknown.forbidden.includes(mark)),
      type,
    )
    assert.ok(unknown.foldsCase || !known.foldsCase, type)
  }
})
