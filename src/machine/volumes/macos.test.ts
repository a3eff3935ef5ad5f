import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandEnd, RunCommand } from '../run-command.ts'
import { macVolumes, parseDfMountPoint, parseMacMounts } from './macos.ts'
import { parsePlist } from './plist.ts'
import type { Volume } from './volume.ts'

// In the form in which macOS 14 prints them.
const mountOutput = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s6 on /System/Volumes/VM (apfs, local, noexec, journaled, noatime, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect, root data)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
/dev/disk4s1 on /Volumes/EOS (1) R5 (exfat, local, nodev, nosuid, read-only, noowners, noatime, fskit)
/dev/disk6s1 on /Volumes/SAFE on USB (apfs, local, nodev, nosuid, journaled, noowners)
/dev/disk9s1 on /Volumes/Installer (hfs, local, nodev, nosuid, read-only, noowners)
//ada@nas._smb._tcp.local/photos on /Volumes/photos (smbfs, nodev, nosuid, mounted by ada)
nas:/volume1/video on /Volumes/video (nfs, nodev, nosuid)
`

const head = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`

type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain }

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value)

function xml(value: Plain): string {
  if (typeof value === 'string') return `<string>${value.replaceAll('&', '&amp;')}</string>`
  if (typeof value === 'number') return `<integer>${value}</integer>`
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>'
  if (isList(value)) return `<array>\n${value.map(xml).join('\n')}\n</array>`
  return `<dict>\n${Object.entries(value)
    .map(([key, one]) => `\t<key>${key}</key>\n\t${xml(one)}`)
    .join('\n')}\n</dict>`
}

const plist = (value: Plain): string => `${head}${xml(value)}\n</plist>\n`

const internalApfs = (device: string, mountPoint: string, name: string): Plain => ({
  APFSContainerReference: 'disk3',
  APFSContainerSize: 494384795648,
  APFSPhysicalStores: [{ APFSPhysicalStore: 'disk0s2' }],
  BusProtocol: 'Apple Fabric',
  DeviceIdentifier: device,
  DeviceNode: `/dev/${device}`,
  FilesystemType: 'apfs',
  Internal: true,
  MountPoint: mountPoint,
  ParentWholeDisk: 'disk3',
  RemovableMediaOrExternalDevice: false,
  Size: 494384795648,
  SMARTDeviceSpecificKeysMayVaryNotGuaranteed: {},
  VolumeName: name,
  VolumeUUID: '34544CD1-0205-44F3-885C-7E1C28DAE1BB',
})

const commands: Readonly<Record<string, string>> = {
  'mount': mountOutput,
  'df -P -- /Users/ada/Pictures': 'Filesystem   512-blocks      Used Available Capacity  Mounted on\n/dev/disk3s5  965595304 412345678 512345678    45%    /System/Volumes/Data\n',
  'df -P -- /Volumes/EOS (1) R5/DCIM': 'Filesystem 512-blocks Used Available Capacity Mounted on\n/dev/disk4s1 250000000 1000 249999000 1% /Volumes/EOS (1) R5\n',
  'diskutil info -plist /dev/disk3s5': plist(internalApfs('disk3s5', '/System/Volumes/Data', 'Macintosh HD — Data & more')),
  'diskutil info -plist /dev/disk3s1s1': plist(internalApfs('disk3s1s1', '/', 'Macintosh HD')),
  'diskutil info -plist disk0': plist({ DeviceIdentifier: 'disk0', BusProtocol: 'Apple Fabric', VirtualOrPhysical: 'Unknown', RemovableMediaOrExternalDevice: false, WholeDisk: true }),
  'diskutil list -plist disk0': plist({
    AllDisks: ['disk0', 'disk0s1', 'disk0s2'],
    AllDisksAndPartitions: [
      {
        Content: 'GUID_partition_scheme',
        DeviceIdentifier: 'disk0',
        Partitions: [
          { Content: 'Apple_APFS_ISC', DeviceIdentifier: 'disk0s1', DiskUUID: 'F1B2C3D4-0000-4000-8000-000000000001', Size: 524288000 },
          { Content: 'Apple_APFS', DeviceIdentifier: 'disk0s2', DiskUUID: 'F1B2C3D4-0000-4000-8000-000000000002', Size: 494384795648 },
        ],
      },
    ],
  }),
  'diskutil info -plist /dev/disk4s1': plist({
    BusProtocol: 'Secure Digital', DeviceIdentifier: 'disk4s1', FilesystemType: 'exfat', MountPoint: '/Volumes/EOS (1) R5', ParentWholeDisk: 'disk4',
    RemovableMediaOrExternalDevice: true, TotalSize: 128010158080, VolumeName: 'EOS (1) R5', VolumeUUID: '1E2B7A50-6D2C-3F21-8D0A-0A8C7E1C28DA', WritableVolume: false,
  }),
  'diskutil info -plist disk4': plist({ DeviceIdentifier: 'disk4', BusProtocol: 'Secure Digital', VirtualOrPhysical: 'Physical', RemovableMediaOrExternalDevice: true }),
  'diskutil list -plist disk4': plist({
    AllDisksAndPartitions: [{ Content: 'FDisk_partition_scheme', DeviceIdentifier: 'disk4', Partitions: [{ Content: 'Windows_NTFS', DeviceIdentifier: 'disk4s1', VolumeUUID: '1E2B7A50-6D2C-3F21-8D0A-0A8C7E1C28DA' }] }],
  }),
  'diskutil info -plist /dev/disk6s1': plist({
    APFSPhysicalStores: [{ APFSPhysicalStore: 'disk5s2' }], DeviceIdentifier: 'disk6s1', FilesystemType: 'apfs', ParentWholeDisk: 'disk6', RemovableMediaOrExternalDevice: true, TotalSize: 1000, VolumeName: 'SAFE on USB',
  }),
  'diskutil info -plist disk5': plist({ DeviceIdentifier: 'disk5', BusProtocol: 'USB', VirtualOrPhysical: 'Physical', RemovableMediaOrExternalDevice: true }),
  'diskutil list -plist disk5': plist({ AllDisksAndPartitions: [{ DeviceIdentifier: 'disk5', Partitions: [{ DeviceIdentifier: 'disk5s1', DiskUUID: 'EF100000-0000-4000-8000-000000000005' }] }] }),
  'diskutil info -plist /dev/disk9s1': plist({ DeviceIdentifier: 'disk9s1', FilesystemType: 'hfs', ParentWholeDisk: 'disk9', VolumeName: 'Installer' }),
  'diskutil list -plist disk9': plist({ AllDisksAndPartitions: [{ DeviceIdentifier: 'disk9', Partitions: [{ DeviceIdentifier: 'disk9s1', DiskUUID: '99999999-0000-4000-8000-000000000009' }] }] }),
  'diskutil info -plist disk9': plist({ DeviceIdentifier: 'disk9', BusProtocol: 'Disk Image', VirtualOrPhysical: 'Virtual' }),
} // prettier-ignore

const recorded: RunCommand = async (command, args): Promise<CommandEnd> => {
  const stdout = commands[[command, ...args].join(' ')]
  if (stdout !== undefined) return { kind: 'ended', code: 0, stdout, stderr: '' }
  return { kind: 'ended', code: 1, stdout: '', stderr: 'No such file or directory' }
}

async function found(path: string): Promise<Volume> {
  const volume = await macVolumes(recorded).find(path)
  assert.ok(volume, path)
  return volume
}

test('the mount table is read with parentheses and " on " in names', () => {
  const mounts = parseMacMounts(mountOutput)
  assert.equal(mounts.length, 10)
  assert.deepEqual(mounts.map((mount) => mount.mountPoint).slice(5, 7), ['/Volumes/EOS (1) R5', '/Volumes/SAFE on USB'])
  assert.equal(parseDfMountPoint('Filesystem 512-blocks\n/dev/disk9 1 1 1 100% /Volumes/5% off\n'), '/Volumes/5% off')
})

test('[V2] a folder in /Users lies on the data volume, and its device is the physical store', async () => {
  assert.deepEqual(await found('/Users/ada/Pictures'), {
    mountPoint: '/System/Volumes/Data',
    source: '/dev/disk3s5',
    fsType: 'apfs',
    fsTypeReal: 'apfs',
    label: 'Macintosh HD — Data & more',
    uuid: '34544CD1-0205-44F3-885C-7E1C28DAE1BB',
    totalBytes: 494384795648,
    deviceId: 'disk:F1B2C3D4-0000-4000-8000-000000000001',
    deviceHow: 'measured',
    deviceParts: ['disk:F1B2C3D4-0000-4000-8000-000000000001'],
    isNetwork: false,
    isRemovable: false,
    readOnly: false,
  })
})

test('a card in the built-in slot', async () => {
  const volume = await found('/Volumes/EOS (1) R5/DCIM')
  assert.deepEqual(
    [volume.label, volume.fsTypeReal, volume.isRemovable, volume.readOnly],
    ['EOS (1) R5', 'exfat', true, true],
  )
  assert.equal(volume.deviceId, 'disk:1E2B7A50-6D2C-3F21-8D0A-0A8C7E1C28DA')
  assert.equal(volume.totalBytes, 128010158080)
})

test('a path that does not exist yet lies where its nearest folder does', async () => {
  assert.equal((await found('/Users/ada/Pictures/new/one')).source, '/dev/disk3s5')
})

test("the list leaves the system's own volumes out", async () => {
  const listed = await macVolumes(recorded).list()
  assert.deepEqual(
    listed.map(({ mountPoint, deviceId, deviceHow }) => [mountPoint, deviceId, deviceHow]),
    [
      ['/', 'disk:F1B2C3D4-0000-4000-8000-000000000001', 'measured'],
      ['/System/Volumes/Data', 'disk:F1B2C3D4-0000-4000-8000-000000000001', 'measured'],
      ['/Volumes/EOS (1) R5', 'disk:1E2B7A50-6D2C-3F21-8D0A-0A8C7E1C28DA', 'measured'],
      ['/Volumes/SAFE on USB', 'disk:EF100000-0000-4000-8000-000000000005', 'measured'],
      ['/Volumes/Installer', 'unknown:disk:disk9', 'unknown'],
      ['/Volumes/photos', 'net:nas', 'measured'],
      ['/Volumes/video', 'net:nas', 'measured'],
    ],
  )
})

const hanging: RunCommand = async (command) =>
  command === 'mount' ? { kind: 'ended', code: 0, stdout: mountOutput, stderr: '' } : { kind: 'hung' }

test('[J2] when df and diskutil hang, the mount table alone still names the volume', async () => {
  const share = await macVolumes(hanging).find('/Volumes/photos/2026')
  assert.deepEqual([share?.mountPoint, share?.deviceId], ['/Volumes/photos', 'net:nas'])
  const disk = await macVolumes(hanging).find('/Volumes/SAFE on USB/x')
  assert.deepEqual([disk?.mountPoint, disk?.deviceHow, disk?.totalBytes], ['/Volumes/SAFE on USB', 'unknown', null])
  assert.equal(await macVolumes(async () => ({ kind: 'missing' })).find('/Users'), null)
})

test('[V2] a Fusion drive and a software RAID are one device each', async () => {
  const raids: Readonly<Record<string, Plain>> = {
    '/dev/disk3s5': {
      APFSPhysicalStores: [{ APFSPhysicalStore: 'disk0s2' }, { APFSPhysicalStore: 'disk5s2' }],
      DeviceIdentifier: 'disk3s5',
    },
    '/dev/disk6s1': { DeviceIdentifier: 'disk6', RAIDMaster: true, RAIDSetUUID: 'ABCD-1', ParentWholeDisk: 'disk6' },
  }
  const run: RunCommand = async (command, args, timeoutMs) => {
    const changed = command === 'diskutil' && args[0] === 'info' ? raids[args[2] ?? ''] : undefined
    return changed === undefined
      ? recorded(command, args, timeoutMs)
      : { kind: 'ended', code: 0, stdout: plist(changed), stderr: '' }
  }
  const fusion = await macVolumes(run).find('/Users/ada/Pictures')
  assert.equal(fusion?.deviceId, 'raid:apfs:EF100000-0000-4000-8000-000000000005+F1B2C3D4-0000-4000-8000-000000000001')
  assert.equal(fusion?.deviceParts.length, 2)
  assert.equal(
    (await macVolumes(run).list()).find(({ label, source }) => label === null && source === '/dev/disk6s1')?.deviceId,
    'raid:apple:ABCD-1',
  )
})

test('a property list is read, and anything else is none', () => {
  assert.deepEqual(parsePlist(plist({ a: '', b: [1, { c: false }], d: 'x & y' })), {
    a: '',
    b: [1, { c: false }],
    d: 'x & y',
  })
  for (const text of ['', 'Could not find disk: disk77', '<plist>', `${head}<array/></plist>`])
    assert.equal(parsePlist(text), null, text)
})
