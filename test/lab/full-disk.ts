/**
 * Disks that take nothing any more: full, out of inodes, or holding a folder that can't be changed. The rest of this kind comes with
 * {@link import('./loop-disk.ts').LoopDisk}: `inodes`, `remount('ro')`, `unmount()`.
 */
import { statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canMakeLoopDisk } from './can-run.ts'
import { claim } from './janitor.ts'
import { runTool, toolPath } from './run-tool.ts'

export function canMakeImmutable(): string | null {
  return (
    canMakeLoopDisk('ext4') ?? (toolPath('chattr') === null ? 'needs chattr, which this machine does not have' : null)
  )
}

/** What a program can still write here, in bytes. */
export async function freeBytes(mountPoint: string): Promise<number> {
  const space = await statfs(mountPoint)
  return space.bavail * space.bsize
}

/**
 * Fills a disk with one file until about `leaveFreeBytes` are free (never more, at most a few blocks less), and gives the path of that
 * file: deleting it makes room again.
 */
export async function fillDisk(mountPoint: string, leaveFreeBytes = 0): Promise<string> {
  const filler = join(mountPoint, 'filler.bin')
  await writeFile(filler, '')
  // Written, not allocated: exFAT through FUSE can't allocate, and btrfs counts differently.
  for (let chunkBytes = 1_048_576; chunkBytes >= 4096;) {
    const surplus = (await freeBytes(mountPoint)) - leaveFreeBytes
    if (surplus <= 0) break
    if (surplus < chunkBytes && chunkBytes > 4096) {
      chunkBytes = 4096
      continue
    }
    try {
      await writeFile(filler, Buffer.alloc(chunkBytes, 0xf5), { flag: 'a', flush: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      chunkBytes = chunkBytes > 4096 ? 4096 : 0
    }
  }
  return filler
}

/** Takes all inodes but `leaveFree` with empty files (ext4; make the disk with few `inodes`). */
export async function takeAllInodes(mountPoint: string, leaveFree = 0): Promise<void> {
  const { ffree } = await statfs(mountPoint)
  for (let number = leaveFree; number < ffree; number++) await writeFile(join(mountPoint, `inode-${number}`), '')
}

/**
 * Makes a folder that even root can't write into (`chattr +i`) until it is disposed of: an empty mount point as it should be, or a
 * place that refuses. ext4, xfs, btrfs.
 */
export async function immutableFolder(path: string): Promise<AsyncDisposable> {
  const claimed = claim({ kind: 'immutable', path })
  try {
    await runTool('chattr', ['+i', path])
  } catch (error) {
    await claimed[Symbol.asyncDispose]()
    throw error
  }
  return claimed
}
