import { outputOf } from '../run-command.ts'
import type { RunCommand } from '../run-command.ts'
import { dictsIn, flagIn, parsePlist, textIn } from './plist.ts'
import type { PlistDict } from './plist.ts'
import { unknownDevice } from './volume.ts'
import type { PhysicalDevice } from './volume.ts'

const askTimeoutMs = 5_000

/** `disk4s1` → `disk4`. */
const wholeOf = (identifier: string): string => identifier.replace(/^(disk\d+).*$/, '$1')

/**
 * The physical disk below a volume (V2), from its `diskutil info`. An APFS container is a disk only on paper: its
 * physical stores name the real ones. Images and disks that macOS calls virtual stay unknown.
 */
export async function macDevice(run: RunCommand, info: PlistDict): Promise<PhysicalDevice> {
  const stores = dictsIn(info, 'APFSPhysicalStores')
    .map((store) => textIn(store, 'APFSPhysicalStore') ?? textIn(store, 'DeviceIdentifier'))
    .filter((store) => store !== null)
  const own = textIn(info, 'ParentWholeDisk') ?? textIn(info, 'DeviceIdentifier')
  const wholes = [...new Set((stores.length > 0 ? stores : own === null ? [] : [own]).map(wholeOf))]
  const isRaid = flagIn(info, 'RAIDMaster') === true
  if (isRaid) return raid(`apple:${textIn(info, 'RAIDSetUUID') ?? own ?? ''}`, [])
  const disks = await Promise.all(wholes.map((whole) => physicalDisk(run, whole)))
  const [only] = disks
  if (only === undefined) return unknownDevice('disk')
  if (disks.length === 1) return only
  if (disks.some((disk) => disk.how === 'unknown')) return unknownDevice(`raid:${wholes.join('+')}`)
  // A Fusion drive, or a container over several disks.
  return raid(
    `apfs:${disks
      .map((disk) => disk.id.replace(/^disk:/, ''))
      .toSorted()
      .join('+')}`,
    disks,
  )
}

const raid = (name: string, disks: readonly PhysicalDevice[]): PhysicalDevice => ({
  id: `raid:${name}`,
  how: 'measured',
  parts: disks.length === 0 ? [`raid:${name}`] : disks.flatMap((disk) => disk.parts),
  isRemovable: null,
})

/**
 * A whole disk such as `disk0`. Its number changes from plug to plug and diskutil tells no serial number, so it goes by
 * the id of its first partition, which all volumes on the disk share and which stays with the disk. MBR disks (cards)
 * have none there; macOS gives their first volume an id of its own.
 */
async function physicalDisk(run: RunCommand, whole: string): Promise<PhysicalDevice> {
  const [infoText, listText] = await Promise.all([
    outputOf(run, 'diskutil', ['info', '-plist', whole], askTimeoutMs),
    outputOf(run, 'diskutil', ['list', '-plist', whole], askTimeoutMs),
  ])
  const info = parsePlist(infoText ?? '')
  const virtual = textIn(info, 'VirtualOrPhysical') === 'Virtual' || textIn(info, 'BusProtocol') === 'Disk Image'
  if (info === null || virtual) return unknownDevice(`disk:${whole}`)
  const isRemovable = flagIn(info, 'RemovableMediaOrExternalDevice') ?? flagIn(info, 'Ejectable')
  const row = dictsIn(parsePlist(listText ?? ''), 'AllDisksAndPartitions').find(
    (disk) => textIn(disk, 'DeviceIdentifier') === whole,
  )
  const first = dictsIn(row ?? null, 'Partitions').map((part) => textIn(part, 'DiskUUID') ?? textIn(part, 'VolumeUUID'))
  const name = first.find((id) => id !== null) ?? (row === undefined ? null : textIn(row, 'VolumeUUID'))
  const id = `disk:${name ?? whole}`
  // A number is good only for a disk that is never unplugged.
  if (name === null && isRemovable !== false) return { ...unknownDevice(id), parts: [id], isRemovable }
  return { id, how: 'measured', parts: [id], isRemovable }
}
