import assert from 'node:assert/strict'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk } from './can-run.ts'
import type { FileSystemKind } from './can-run.ts'
import { canMakeImmutable, fillDisk, freeBytes, immutableFolder, takeAllInodes } from './full-disk.ts'
import { loopDisk } from './loop-disk.ts'

const skip = canMakeLoopDisk('ext4') ?? false
const KINDS: FileSystemKind[] = ['ext4', 'exfat']

for (const fs of KINDS) {
  test(
    `a small ${fs} disk is filled up to a rest, and to the brim`,
    { skip: canMakeLoopDisk(fs) ?? false },
    async () => {
      await using disk = await loopDisk({ fs, megabytes: 16 })
      const filler = await fillDisk(disk.mountPoint, 2_000_000)
      const left = await freeBytes(disk.mountPoint)
      assert.ok(left <= 2_000_000 && left > 1_900_000, `${left} bytes are free`)
      await writeFile(join(disk.mountPoint, 'fits'), Buffer.alloc(500_000))
      await assert.rejects(writeFile(join(disk.mountPoint, 'too-big'), Buffer.alloc(2_500_000)), { code: 'ENOSPC' })
      await rm(join(disk.mountPoint, 'too-big'))
      await rm(filler)
      await fillDisk(disk.mountPoint)
      await assert.rejects(writeFile(join(disk.mountPoint, 'x'), Buffer.alloc(100_000)), { code: 'ENOSPC' })
    },
  )
}

test('a disk runs out of inodes while it has room', { skip }, async () => {
  await using disk = await loopDisk({ fs: 'ext4', megabytes: 16, inodes: 32 })
  await takeAllInodes(disk.mountPoint, 1)
  await writeFile(join(disk.mountPoint, 'last'), 'x')
  assert.ok((await freeBytes(disk.mountPoint)) > 1_000_000)
  await assert.rejects(writeFile(join(disk.mountPoint, 'one-more'), 'x'), { code: 'ENOSPC' })
})

test('a disk turns read-only under way, and back', { skip }, async () => {
  await using disk = await loopDisk({ fs: 'ext4', megabytes: 16 })
  const path = join(disk.mountPoint, 'a')
  await writeFile(path, 'x')
  await disk.remount('ro')
  await assert.rejects(writeFile(path, 'y'), { code: 'EROFS' })
  await disk.remount('rw')
  await writeFile(path, 'z')
  assert.equal(await readFile(path, 'utf8'), 'z')
})

test('a folder can be locked even for root', { skip: canMakeImmutable() ?? false }, async () => {
  await using disk = await loopDisk({ fs: 'ext4', megabytes: 16 })
  const folder = join(disk.mountPoint, 'nas')
  await mkdir(folder)
  {
    await using locked = await immutableFolder(folder)
    void locked
    await assert.rejects(writeFile(join(folder, 'a'), 'x'), { code: 'EPERM' })
  }
  await writeFile(join(folder, 'a'), 'x')
})

test('a disk is taken out of the tree while a file on it is open', { skip }, async () => {
  await using disk = await loopDisk({ fs: 'ext4', megabytes: 16 })
  const path = join(disk.mountPoint, 'a')
  {
    await using file = await open(path, 'w')
    await disk.unmountLazily()
    await file.write('goes on')
    await file.sync()
    await assert.rejects(readFile(path), { code: 'ENOENT' })
  }
  await disk.mount()
  assert.equal(await readFile(path, 'utf8'), 'goes on')
})
