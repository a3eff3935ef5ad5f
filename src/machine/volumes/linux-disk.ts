import { basename, dirname, join } from 'node:path'
import type { LinuxWorld } from './linux-world.ts'
import { lsblkRow } from './lsblk-row.ts'
import { unknownDevice } from './volume.ts'
import type { PhysicalDevice } from './volume.ts'

const commandTimeoutMs = 5_000

/** Serial numbers that USB bridges ship in thousands; taken as none. */
const isPlaceholder = (serial: string): boolean => /^(0x)?0*$/.test(serial) || /^0?123456789(0|abcdef)?$/i.test(serial)

const tidy = (text: string | null | undefined): string | null => {
  const short = text?.trim().replace(/\s+/g, '_') ?? ''
  return short === '' || isPlaceholder(short) ? null : short
}

/**
 * The name a whole disk keeps for life: a memory card's CID, the world-wide id, the serial number; else the id of its
 * partition table. Two disks in one USB box may share the box's serial number and then count as one: the safe error.
 */
async function lifelongName(world: LinuxWorld, folder: string, name: string): Promise<string | null> {
  for (const file of ['device/cid', 'wwid', 'device/wwid', 'serial', 'device/serial']) {
    const found = tidy(await world.readText(join(folder, file)))
    if (found !== null) return found
  }
  const args = ['--json', '--nodeps', '-o', 'NAME,WWN,SERIAL,PTUUID', `/dev/${name}`]
  const end = await world.run('lsblk', args, commandTimeoutMs)
  if (end.kind !== 'ended') return null
  const column = lsblkRow(end.stdout)
  const tableId = tidy(column('ptuuid'))
  return tidy(column('wwn')) ?? tidy(column('serial')) ?? (tableId === null ? null : `table-${tableId}`)
}

async function isPluggable(world: LinuxWorld, folder: string): Promise<boolean> {
  if (/\/usb\d+\//.test(folder)) return true
  if ((await world.readText(join(folder, 'device/type'))) === 'SD') return true
  return (await world.readText(join(folder, 'removable'))) === '1'
}

/**
 * A whole disk. Without a lifelong name it is known by its number, which is good as long as it stays plugged in: enough
 * for a built-in disk, not for one that is plugged in today and another one tomorrow.
 */
export async function wholeDisk(world: LinuxWorld, folder: string): Promise<PhysicalDevice> {
  const name = basename(folder)
  if (/^(zram|ram)\d+$/.test(name)) return { id: `ram:${name}`, how: 'measured', parts: ['ram'], isRemovable: false }
  if (/^(nbd|rbd|drbd)\d+$/.test(name)) return unknownDevice(`net-disk:${name}`)
  const isRemovable = await isPluggable(world, folder)
  const lifelong = await lifelongName(world, folder, name)
  if (lifelong !== null) return asDisk(`disk:${lifelong}`, isRemovable)
  const id = `disk:${(await world.readText(join(folder, 'dev'))) ?? name}`
  return isRemovable ? { ...unknownDevice(id), parts: [id], isRemovable } : asDisk(id, isRemovable)
}

const asDisk = (id: string, isRemovable: boolean): PhysicalDevice => ({ id, how: 'measured', parts: [id], isRemovable })

/**
 * Several devices below one file system are one device (V2); when all of them lie on one disk, they are that disk.
 * One that can't be followed makes the whole unknown.
 */
export function joined(name: string, below: readonly PhysicalDevice[]): PhysicalDevice {
  const [first] = below
  if (first === undefined) return unknownDevice(name)
  if (below.every((device) => device.id === first.id)) return first
  return {
    id: below.every((device) => device.how === 'measured') ? `raid:${name}` : `unknown:raid:${name}`,
    how: below.every((device) => device.how === 'measured') ? 'measured' : 'unknown',
    parts: [...new Set(below.flatMap((device) => device.parts))].toSorted(),
    isRemovable: below.every((device) => device.isRemovable === first.isRemovable) ? first.isRemovable : null,
  }
}

/** How an image file below a loop device is followed to the volume it lies on; given by the caller, who knows mounts. */
export type FollowFile = (path: string) => Promise<PhysicalDevice>

/**
 * The physical device below a block device, followed through /sys, which is there in containers too and needs neither
 * root nor udev. `folder` is the block device's folder below /sys/devices.
 *
 * An image file behind a loop device is not a disk of its own: it lies on the disk that holds the file, so two images on
 * one disk are one device. A person who knows better (an image on iSCSI, say) declares a device for the place.
 */
export async function deviceBelow(world: LinuxWorld, folder: string, followFile: FollowFile): Promise<PhysicalDevice> {
  if ((await world.readText(join(folder, 'partition'))) !== null) return deviceBelow(world, dirname(folder), followFile)
  const image = await world.readText(join(folder, 'loop/backing_file'))
  if (image !== null) return { ...(await followFile(image.replace(/ \(deleted\)$/, ''))), isRemovable: null }
  const slaves = await world.names(join(folder, 'slaves'))
  if (slaves.length === 0) return wholeDisk(world, folder)
  const below = await Promise.all(slaves.map((name) => namedDevice(world, name, followFile)))
  return joined(await stackName(world, folder, below), below)
}

/** The device of a kernel name such as `sda1` or `dm-0`. */
export async function namedDevice(world: LinuxWorld, name: string, followFile: FollowFile): Promise<PhysicalDevice> {
  const folder = await world.resolve(`/sys/class/block/${name}`)
  return folder === null ? unknownDevice(`block:${name}`) : deviceBelow(world, folder, followFile)
}

/** The kernel's names (md0, dm-3) change from start to start; the ids inside don't. */
async function stackName(world: LinuxWorld, folder: string, below: readonly PhysicalDevice[]): Promise<string> {
  const members = below
    .map((device) => device.id.replace(/^disk:/, ''))
    .toSorted()
    .join('+')
  if (basename(folder).startsWith('md')) return `md:${tidy(await world.readText(join(folder, 'md/uuid'))) ?? members}`
  return `dm:${tidy(await world.readText(join(folder, 'dm/uuid'))) ?? members}`
}
