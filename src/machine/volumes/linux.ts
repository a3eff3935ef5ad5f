import { posix } from 'node:path'
import { outputOf } from '../run-command.ts'
import { physicalDevice } from './linux-device.ts'
import { fileSystemSigns } from './linux-signs.ts'
import { thisLinux } from './linux-world.ts'
import type { LinuxWorld } from './linux-world.ts'
import { mountAt, parseMountinfo } from './mountinfo.ts'
import type { Mount } from './mountinfo.ts'
import { isNetworkType } from './network-share.ts'
import type { Volume, Volumes } from './volume.ts'

/** A NAS that hangs keeps every look at it waiting; after this it is left out (J2). */
const askTimeoutMs = 3_000

/** Mounts that hold a person's files. The rest (proc, cgroup, snap images, container files) is the system's own. */
export const isForFiles = (mount: Mount): boolean =>
  mount.source.startsWith('/dev/')
    ? mount.fsType !== 'squashfs' && mount.fsType !== 'devtmpfs'
    : isNetworkType(mount.fsType) ||
      mount.fsType.startsWith('fuse.') ||
      ['zfs', 'btrfs', 'overlay'].includes(mount.fsType)

/**
 * What /proc, /sys, lsblk and blkid tell. Works without root and without udev, with less knowledge: a label or UUID may
 * be null, `fuseblk` may hide what it is.
 */
export function linuxVolumes(world: LinuxWorld = thisLinux): Volumes {
  const readMounts = async (): Promise<readonly Mount[]> =>
    parseMountinfo((await world.readText('/proc/self/mountinfo')) ?? '')

  return {
    find: async (path) => {
      if (!posix.isAbsolute(path)) return null
      const mounts = await readMounts()
      const straight = await withoutLinks(world, path)
      const mount = mountAt(mounts, straight)
      return mount === null ? null : describe(world, mounts, mount, straight)
    },
    list: async () => {
      const mounts = await readMounts()
      const shown = mounts.filter((mount) => isForFiles(mount) && mountAt(mounts, mount.mountPoint) === mount)
      return Promise.all(shown.map((mount) => describe(world, mounts, mount, mount.mountPoint)))
    },
  }
}

/**
 * The path without symbolic links. Asked of a child process, because a link may lead into a NAS that hangs; then the
 * path is taken as it is written, which still names the volume it hangs on.
 */
async function withoutLinks(world: LinuxWorld, path: string): Promise<string> {
  const plain = posix.resolve(path)
  const real = await outputOf(world.run, 'realpath', ['--canonicalize-missing', '--zero', '--', plain], askTimeoutMs)
  const straight = real?.split('\0')[0] ?? ''
  return posix.isAbsolute(straight) ? straight : plain
}

/** The size of the file system. Asked of a child process, because statfs on a hung NAS never returns. */
async function sizeOf(world: LinuxWorld, mountPoint: string): Promise<number | null> {
  const text = await outputOf(world.run, 'stat', ['--file-system', '--format=%b %S', '--', mountPoint], askTimeoutMs)
  const [blocks, blockBytes] = (text ?? '').trim().split(' ').map(Number)
  const bytes = (blocks ?? Number.NaN) * (blockBytes ?? Number.NaN)
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null
}

async function describe(world: LinuxWorld, mounts: readonly Mount[], mount: Mount, path: string): Promise<Volume> {
  const [device, signs, totalBytes] = await Promise.all([
    physicalDevice(world, mounts, mount, path),
    mount.source.startsWith('/dev/') ? fileSystemSigns(world, mount.source) : null,
    sizeOf(world, mount.mountPoint),
  ])
  return {
    mountPoint: mount.mountPoint,
    source: mount.source,
    fsType: mount.fsType,
    fsTypeReal: mount.fsType === 'fuseblk' || mount.fsType === 'fuse' ? (signs?.type ?? mount.fsType) : mount.fsType,
    label: signs?.label ?? null,
    uuid: signs?.uuid ?? null,
    totalBytes,
    deviceId: device.id,
    deviceHow: device.how,
    deviceParts: device.parts,
    isNetwork: isNetworkType(mount.fsType),
    isRemovable: device.isRemovable,
    readOnly: mount.options.includes('ro') || mount.superOptions.includes('ro'),
  }
}
