/** Makes file systems on images and devices, and mounts them: in the kernel, exFAT through its FUSE driver. */
import { rm, truncate, writeFile } from 'node:fs/promises'
import type { FileSystemKind } from './can-run.ts'
import { isMounted } from './mounts.ts'
import { allPids, commandLine, isAlive, knownProcess } from './processes.ts'
import type { KnownProcess } from './processes.ts'
import { runTool, waitUntil } from './run-tool.ts'

const MIB = 1024 * 1024

/** The least size in MiB: what mkfs accepts, btrfs with room for some data. */
const SMALLEST_MEGABYTES: Record<FileSystemKind, number> = { ext4: 8, btrfs: 32, xfs: 300, exfat: 4 }

export interface FileSystemWish {
  readonly fs: FileSystemKind
  readonly megabytes: number
  readonly label?: string
  /** How many files it can hold; only ext4 lets one choose. */
  readonly inodes?: number
}

/** Makes an image file of exactly `megabytes` MiB with an empty file system in it. The file is sparse. */
export async function makeImage(image: string, wish: FileSystemWish): Promise<void> {
  const least = SMALLEST_MEGABYTES[wish.fs]
  if (wish.megabytes < least)
    throw new Error(`${wish.fs} needs at least ${least} MiB, ${wish.megabytes} were asked for`)
  await rm(image, { force: true })
  await writeFile(image, '')
  await truncate(image, wish.megabytes * MIB)
  await formatImage(image, wish)
}

/** Makes an empty file system in an image or on a device, whatever was there before. */
export async function formatImage(image: string, wish: FileSystemWish): Promise<void> {
  const label = wish.label === undefined ? [] : ['-L', wish.label]
  switch (wish.fs) {
    case 'ext4': {
      // Not lazily: a kernel thread that writes empty inode tables in the background has no business in a recording.
      const inodes = wish.inodes === undefined ? [] : ['-N', String(wish.inodes)]
      const eager = ['-E', 'lazy_itable_init=0,lazy_journal_init=0']
      await runTool('mkfs.ext4', ['-q', '-F', '-b', '4096', '-m', '0', ...eager, ...inodes, ...label, image])
      return
    }
    case 'btrfs':
      await runTool('mkfs.btrfs', ['-q', '-f', ...(wish.megabytes < 256 ? ['--mixed'] : []), ...label, image])
      return
    case 'xfs':
      await runTool('mkfs.xfs', ['-q', '-f', ...label, image])
      return
    case 'exfat':
      await runTool('mkfs.exfat', [...label, image])
      return
  }
}

export interface MountOptions {
  readonly readOnly?: boolean
}

/** Mounts a device (or, exFAT only, an image) and waits until it is there. For exFAT gives the process of the driver, else null. */
export async function mountFileSystem(
  fs: FileSystemKind,
  device: string,
  mountPoint: string,
  options: MountOptions = {},
): Promise<KnownProcess | null> {
  const mode = options.readOnly === true ? 'ro' : 'rw'
  if (fs !== 'exfat') {
    // Two images of one xfs carry the same UUID; without nouuid a second one is refused while the first is still going.
    const more = fs === 'xfs' ? ',nouuid' : ''
    await runTool('mount', ['-t', fs, '-o', `${mode},noatime${more}`, device, mountPoint])
    return null
  }
  await runTool('mount.exfat-fuse', ['-o', `${mode},noatime`, device, mountPoint])
  await waitUntil(`${mountPoint} is mounted`, () => isMounted(mountPoint))
  return driverOf(mountPoint)
}

/** The process of the exFAT driver that serves this mount point; it went into the background, so it is found by its command line. */
function driverOf(mountPoint: string): KnownProcess {
  for (const pid of allPids()) {
    const words = commandLine(pid)
    if (words[0] !== 'mount.exfat-fuse' && words[0]?.endsWith('/mount.exfat-fuse') !== true) continue
    const known = words.at(-1) === mountPoint ? knownProcess(pid) : null
    if (known !== null) return known
  }
  throw new Error(`no exFAT driver serves ${mountPoint}`)
}

/** After an unmount: the driver still closes its device. Waits for its end. */
export async function driverEnds(driver: KnownProcess | null): Promise<void> {
  if (driver !== null) await waitUntil(`the exFAT driver ${driver.pid} ends`, () => !isAlive(driver), 2_000)
}
