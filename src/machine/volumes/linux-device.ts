import { basename } from 'node:path'
import { deviceBelow, joined, namedDevice } from './linux-disk.ts'
import type { FollowFile } from './linux-disk.ts'
import type { LinuxWorld } from './linux-world.ts'
import { mountAt, optionValue } from './mountinfo.ts'
import type { Mount } from './mountinfo.ts'
import { isNetworkType, networkDevice } from './network-share.ts'
import { unknownDevice } from './volume.ts'
import type { PhysicalDevice } from './volume.ts'

const memoryTypes: ReadonlySet<string> = new Set(['tmpfs', 'ramfs', 'rootfs', 'devtmpfs', 'hugetlbfs'])

/** File systems that stand on another folder: deeper than this is a circle. */
const hopsMax = 8

/**
 * The physical device below a mount (V2). Follows partitions, LVM, encryption, loop images, RAID, btrfs and overlays to
 * the disks, shares to their server. What can't be followed to its end is `unknown` and never counts as independent.
 * `path` is what was asked for: a GNOME mount names its server only below the mount point.
 */
export async function physicalDevice(
  world: LinuxWorld,
  mounts: readonly Mount[],
  mount: Mount,
  path: string,
  hops = 0,
): Promise<PhysicalDevice> {
  const { fsType, source } = mount
  const followFile: FollowFile = (file) => deviceOfFile(world, mounts, file, hops + 1)
  if (memoryTypes.has(fsType)) return { id: 'ram:tmpfs', how: 'measured', parts: ['ram'], isRemovable: false }
  if (fsType === 'fuse.gvfsd-fuse') return gvfsDevice(mount, path)
  if (fsType === 'fuse.rclone') return unknownDevice(`net:rclone:${source}`)
  if (isNetworkType(fsType)) return networkDevice(source, optionValue(mount.superOptions, 'addr'))
  if (fsType === 'zfs') return poolDevice(source)
  if (fsType === 'overlay') return overlayDevice(mount, followFile)
  if (fsType === 'btrfs') return btrfsDevice(world, source, followFile)
  if (fsType === 'bcachefs') {
    const members = source.split(':').map((node) => nodeDevice(world, node, followFile))
    return joined(`bcachefs:${source}`, await Promise.all(members))
  }
  return blockDevice(world, mount, followFile)
}

/** An image file, or the upper folder of an overlay: the device of the file system it lies on. */
async function deviceOfFile(
  world: LinuxWorld,
  mounts: readonly Mount[],
  file: string,
  hops: number,
): Promise<PhysicalDevice> {
  if (hops > hopsMax) return unknownDevice(`circle:${file}`)
  // A loop device can stand upon a device node as well as upon a file; /dev/shm holds files.
  const isNode = file.startsWith('/dev/') && (await world.resolve(`/sys/class/block/${basename(file)}`)) !== null
  if (isNode) return nodeDevice(world, file, (deeper) => deviceOfFile(world, mounts, deeper, hops + 1))
  const below = mountAt(mounts, file)
  return below === null ? unknownDevice(`file:${file}`) : physicalDevice(world, mounts, below, file, hops)
}

/** A pool of disks that its file system manages; the pool is one device, its disks are not asked for. */
const poolDevice = (source: string): PhysicalDevice => {
  const id = `raid:zfs:${source.split('/')[0] ?? source}`
  return { id, how: 'measured', parts: [id], isRemovable: null }
}

async function overlayDevice(mount: Mount, followFile: FollowFile): Promise<PhysicalDevice> {
  const upper = optionValue(mount.superOptions, 'upperdir')
  // In a container this path is one of the world outside, so it would be looked up in the wrong tree.
  if (upper === null || mount.mountPoint === '/') return unknownDevice(`overlay:${mount.mountPoint}`)
  return followFile(upper)
}

/** btrfs hides its disks behind a number of its own; /sys/fs/btrfs lists them for each file system. */
async function btrfsDevice(world: LinuxWorld, source: string, followFile: FollowFile): Promise<PhysicalDevice> {
  const uuid = await btrfsUuid(world, source)
  if (uuid === null) return nodeDevice(world, source, followFile)
  const members = await world.names(`/sys/fs/btrfs/${uuid}/devices`)
  return joined(`btrfs:${uuid}`, await Promise.all(members.map((name) => namedDevice(world, name, followFile))))
}

/** The id of the mounted btrfs that `source` (a device node) belongs to. */
export async function btrfsUuid(world: LinuxWorld, source: string): Promise<string | null> {
  const name = basename((await world.resolve(source)) ?? source)
  for (const uuid of await world.names('/sys/fs/btrfs')) {
    if ((await world.names(`/sys/fs/btrfs/${uuid}/devices`)).includes(name)) return uuid
  }
  return null
}

/** A device node, through links such as /dev/mapper/vg-photos → /dev/dm-0. */
async function nodeDevice(world: LinuxWorld, node: string, followFile: FollowFile): Promise<PhysicalDevice> {
  if (!node.startsWith('/dev/')) return unknownDevice(`source:${node}`)
  return namedDevice(world, basename((await world.resolve(node)) ?? node), followFile)
}

async function blockDevice(world: LinuxWorld, mount: Mount, followFile: FollowFile): Promise<PhysicalDevice> {
  if (mount.deviceNumber.startsWith('0:')) {
    // A FUSE program that serves a device without being `fuseblk`, or one that serves who knows what.
    return mount.source.startsWith('/dev/')
      ? nodeDevice(world, mount.source, followFile)
      : unknownDevice(`${mount.fsType}:${mount.source}`)
  }
  const folder = await world.resolve(`/sys/dev/block/${mount.deviceNumber}`)
  return folder === null ? unknownDevice(`block:${mount.deviceNumber}`) : deviceBelow(world, folder, followFile)
}

/** GNOME's file manager mounts all shares below one point: …/gvfs/smb-share:server=nas,share=photos/2026 */
function gvfsDevice(mount: Mount, path: string): PhysicalDevice {
  const [share] = path.slice(mount.mountPoint.length + 1).split('/')
  const server = /[:,](?:server|host)=([^,/]+)/.exec(share ?? '')?.[1]
  if (server === undefined) return unknownDevice(`net:gvfs:${share ?? ''}`)
  return networkDevice(`//${decodeURIComponent(server)}/`, null)
}
