import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandEnd } from '../run-command.ts'
import { linuxVolumes } from './linux.ts'
import { parseBlkidExport, parseLsblk } from './linux-signs.ts'
import type { LinuxWorld } from './linux-world.ts'
import type { Volume } from './volume.ts'

interface Recorded {
  readonly mountinfo: string
  /** Files below /sys and their text. */
  readonly files?: Readonly<Record<string, string>>
  /** Links and where they lead. */
  readonly links?: Readonly<Record<string, string>>
  /** Command lines and what they printed; all others are missing. */
  readonly commands?: Readonly<Record<string, string>>
}

/** A Linux that answers from a recording. Folders are the paths above its files and links. */
function recordedLinux(recorded: Recorded): LinuxWorld {
  const links = recorded.links ?? {}
  const files = { '/proc/self/mountinfo': recorded.mountinfo, ...recorded.files }
  const paths = [...Object.keys(files), ...Object.keys(links)]
  return {
    readText: async (path) => (path in files ? (files[path as keyof typeof files] ?? null) : null),
    names: async (path) => [
      ...new Set(
        paths.filter((one) => one.startsWith(`${path}/`)).map((one) => one.slice(path.length + 1).split('/')[0]!),
      ),
    ],
    resolve: async (path) => links[path] ?? null,
    run: async (command, args): Promise<CommandEnd> => {
      const stdout = recorded.commands?.[[command, ...args].join(' ')]
      return stdout === undefined ? { kind: 'missing' } : { kind: 'ended', code: 0, stdout, stderr: '' }
    },
  }
}

const root = '27 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n'
const nvme = '/sys/devices/pci0000:00/0000:00:06.0/nvme/nvme0/nvme0n1'
const usb = '/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host0/target0:0:0/0:0:0:0/block/sda'
const sataB = '/sys/devices/pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0/block/sdb'
const sataC = '/sys/devices/pci0000:00/0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0/block/sdc'
const virtual = '/sys/devices/virtual/block'

/** A desktop: a system disk (NVMe), a USB drive, two SATA disks. */
const files = {
  [`${nvme}/wwid`]: 'eui.0025385b21404321',
  [`${nvme}/removable`]: '0',
  [`${nvme}/nvme0n1p2/partition`]: '2',
  [`${nvme}/nvme0n1p3/partition`]: '3',
  [`${usb}/device/wwid`]: 't10.SanDisk  Extreme SSD    3138  0012',
  [`${usb}/removable`]: '0',
  [`${usb}/sda1/partition`]: '1',
  [`${sataB}/device/wwid`]: 'naa.5000c500a1b2c3d4',
  [`${sataB}/removable`]: '0',
  [`${sataB}/sdb1/partition`]: '1',
  [`${sataC}/device/wwid`]: 'naa.5000c500d4c3b2a1',
  [`${sataC}/removable`]: '0',
  [`${sataC}/sdc1/partition`]: '1',
}
const links = {
  '/sys/dev/block/259:2': `${nvme}/nvme0n1p2`,
  '/sys/dev/block/259:3': `${nvme}/nvme0n1p3`,
  '/sys/dev/block/8:1': `${usb}/sda1`,
  '/sys/dev/block/8:17': `${sataB}/sdb1`,
  '/sys/class/block/nvme0n1p2': `${nvme}/nvme0n1p2`,
  '/sys/class/block/nvme0n1p3': `${nvme}/nvme0n1p3`,
  '/sys/class/block/sda1': `${usb}/sda1`,
  '/sys/class/block/sdb1': `${sataB}/sdb1`,
  '/sys/class/block/sdc1': `${sataC}/sdc1`,
}

async function found(recorded: Recorded, path: string): Promise<Volume> {
  const volume = await linuxVolumes(
    recordedLinux({
      mountinfo: root + recorded.mountinfo,
      files: { ...files, ...recorded.files },
      links: { ...links, ...recorded.links },
      commands: recorded.commands ?? {},
    }),
  ).find(path)
  assert.ok(volume, `a volume at ${path}`)
  return volume
}

const deviceOf = async (recorded: Recorded, path: string): Promise<[string, string]> => {
  const volume = await found(recorded, path)
  return [volume.deviceId, volume.deviceHow]
}

test('a USB drive with a partition, on a system with udev', async () => {
  const volume = await found(
    {
      mountinfo: '30 27 8:1 / /media/ada/SAFE rw,nosuid,nodev - exfat /dev/sda1 rw,uid=1000,iocharset=utf8\n',
      commands: {
        'realpath --canonicalize-missing --zero -- /home/ada/safe': '/media/ada/SAFE\0',
        'lsblk --json --nodeps -o NAME,FSTYPE,LABEL,UUID /dev/sda1':
          '{"blockdevices": [{"name":"sda1", "fstype":"exfat", "label":"SAFE", "uuid":"6A3D-1F20"}]}',
        'stat --file-system --format=%b %S -- /media/ada/SAFE': '15261695 131072\n',
      },
    },
    '/home/ada/safe',
  )
  assert.deepEqual(volume, {
    mountPoint: '/media/ada/SAFE',
    source: '/dev/sda1',
    fsType: 'exfat',
    fsTypeReal: 'exfat',
    label: 'SAFE',
    uuid: '6A3D-1F20',
    totalBytes: 15261695 * 131072,
    deviceId: 'disk:t10.SanDisk_Extreme_SSD_3138_0012',
    deviceHow: 'measured',
    deviceParts: ['disk:t10.SanDisk_Extreme_SSD_3138_0012'],
    isNetwork: false,
    isRemovable: true,
    readOnly: false,
  })
})

test('without lsblk, blkid, stat and realpath there is less knowledge, and no error', async () => {
  const volume = await found({ mountinfo: '' }, '/home/ada')
  assert.equal(volume.mountPoint, '/')
  assert.equal(volume.deviceId, 'disk:eui.0025385b21404321')
  assert.deepEqual([volume.label, volume.uuid, volume.totalBytes], [null, null, null])
})

test('behind fuseblk blkid tells what it is; udev links do where blkid may not', async () => {
  const mountinfo = '30 27 8:1 / /media/card ro - fuseblk /dev/sda1 rw,user_id=0\n'
  const told = await found(
    {
      mountinfo,
      commands: {
        'lsblk --json --nodeps -o NAME,FSTYPE,LABEL,UUID /dev/sda1':
          '{"blockdevices": [{"name":"sda1", "fstype":null, "label":null, "uuid":null}]}',
        'blkid -p -o export /dev/sda1':
          'DEVNAME=/dev/sda1\nLABEL=EOS\\ R5\nUUID=7FD4-7283\nVERSION=1.0\nTYPE=exfat\nUSAGE=filesystem\n',
      },
    },
    '/media/card',
  )
  assert.deepEqual([told.fsTypeReal, told.label, told.uuid, told.readOnly], ['exfat', 'EOS R5', '7FD4-7283', true])
  const linked = await found(
    {
      mountinfo,
      links: {
        '/dev/sda1': '/dev/sda1',
        '/dev/disk/by-uuid/7FD4-7283': '/dev/sda1',
        '/dev/disk/by-label/EOS\\x20R5': '/dev/sda1',
        '/dev/disk/by-label/OTHER': '/dev/sdb1',
      },
    },
    '/media/card',
  )
  assert.deepEqual([linked.fsTypeReal, linked.label, linked.uuid], ['fuseblk', 'EOS R5', '7FD4-7283'])
})

test('[V2] two partitions of one disk are one device', async () => {
  const mountinfo = '30 27 259:3 / /data rw - xfs /dev/nvme0n1p3 rw\n'
  assert.deepEqual(await deviceOf({ mountinfo }, '/data/library'), await deviceOf({ mountinfo }, '/home/ada'))
})

test('[V2] LVM upon LUKS upon a partition is the disk below', async () => {
  const recorded = {
    mountinfo: '30 27 253:1 / /data rw - ext4 /dev/mapper/vg-photos rw\n',
    files: {
      [`${virtual}/dm-1/dm/uuid`]: 'LVM-x',
      [`${virtual}/dm-1/slaves/dm-0`]: '',
      [`${virtual}/dm-0/slaves/sdb1`]: '',
    },
    links: {
      '/sys/dev/block/253:1': `${virtual}/dm-1`,
      '/sys/class/block/dm-0': `${virtual}/dm-0`,
    },
  }
  assert.deepEqual(await deviceOf(recorded, '/data'), ['disk:naa.5000c500a1b2c3d4', 'measured'])
})

test('[V2] a RAID is one device under a name that it keeps, and its disks are its parts', async () => {
  const recorded = {
    mountinfo: '30 27 9:127 / /raid rw - ext4 /dev/md127 rw\n',
    files: {
      [`${virtual}/md127/md/uuid`]: '3aaa0122-29827cfa-5331ad66-ca767371',
      [`${virtual}/md127/slaves/sdb1`]: '',
      [`${virtual}/md127/slaves/sdc1`]: '',
    },
    links: { '/sys/dev/block/9:127': `${virtual}/md127` },
  }
  const volume = await found(recorded, '/raid')
  assert.equal(volume.deviceId, 'raid:md:3aaa0122-29827cfa-5331ad66-ca767371')
  assert.equal(volume.deviceHow, 'measured')
  assert.deepEqual(volume.deviceParts, ['disk:naa.5000c500a1b2c3d4', 'disk:naa.5000c500d4c3b2a1'])
})

test('[V2] btrfs over two disks is one device; over one disk it is that disk', async () => {
  const mountinfo = '30 27 0:45 / /pool rw - btrfs /dev/sdb1 rw\n'
  const both = {
    '/sys/fs/btrfs/9afa5cb6/devices/sdb1': '',
    '/sys/fs/btrfs/9afa5cb6/devices/sdc1': '',
    '/sys/fs/btrfs/9afa5cb6/label': 'POOL',
    '/sys/fs/btrfs/features/raid1c34': '1',
  }
  const volume = await found({ mountinfo, files: both }, '/pool')
  assert.equal(volume.deviceId, 'raid:btrfs:9afa5cb6')
  assert.deepEqual([volume.label, volume.uuid], ['POOL', '9afa5cb6'])
  const one = { '/sys/fs/btrfs/9afa5cb6/devices/sdb1': '' }
  assert.deepEqual(await deviceOf({ mountinfo, files: one }, '/pool'), ['disk:naa.5000c500a1b2c3d4', 'measured'])
})

test('[V2] an image file is the disk it lies on, and so are two images on one disk', async () => {
  const recorded = {
    mountinfo:
      '30 27 7:0 / /mnt/a rw - ext4 /dev/loop0 rw\n31 27 7:1 / /mnt/b rw - ext4 /dev/loop1 rw\n32 27 0:30 / /shm rw - tmpfs tmpfs rw\n33 27 7:2 / /mnt/c rw - ext4 /dev/loop2 rw\n',
    files: {
      [`${virtual}/loop0/loop/backing_file`]: '/home/ada/a.img',
      [`${virtual}/loop1/loop/backing_file`]: '/home/ada/b.img (deleted)',
      [`${virtual}/loop2/loop/backing_file`]: '/shm/c.img',
    },
    links: {
      '/sys/dev/block/7:0': `${virtual}/loop0`,
      '/sys/dev/block/7:1': `${virtual}/loop1`,
      '/sys/dev/block/7:2': `${virtual}/loop2`,
    },
  }
  assert.deepEqual(await deviceOf(recorded, '/mnt/a'), ['disk:eui.0025385b21404321', 'measured'])
  assert.deepEqual(await deviceOf(recorded, '/mnt/b'), await deviceOf(recorded, '/mnt/a'))
  assert.deepEqual(await deviceOf(recorded, '/mnt/c'), ['ram:tmpfs', 'measured'])
})

test('[V2] an image whose file lies upon itself ends as unknown, not in a circle', async () => {
  const recorded = {
    mountinfo: '30 27 7:0 / /mnt/a rw - ext4 /dev/loop0 rw\n',
    files: { [`${virtual}/loop0/loop/backing_file`]: '/mnt/a/a.img' },
    links: { '/sys/dev/block/7:0': `${virtual}/loop0` },
  }
  assert.equal((await deviceOf(recorded, '/mnt/a'))[1], 'unknown')
})

test('[V2] the shares of one NAS are one device under every spelling of its name', async () => {
  const mountinfo = [
    '30 27 0:50 / /nas/photos rw - cifs //NAS.local/photos rw,username=ada,addr=192.168.1.20',
    '31 27 0:51 / /nas/video rw - nfs4 nas:/volume1/video rw,vers=4.2,addr=192.168.1.20',
    '32 27 0:52 / /nas/six rw - nfs4 [fd00::20]:/volume1 rw,addr=fd00::20',
    '33 27 0:53 / /nas/ssh rw - fuse.sshfs ada@nas:/volume1 rw,user_id=1000',
    '34 27 0:54 / /run/user/1000/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw,user_id=1000',
    '35 27 0:55 / /nas/self rw - nfs4 localhost:/srv rw,addr=127.0.0.1\n',
  ].join('\n')
  const share = await found({ mountinfo }, '/nas/photos/2026')
  assert.equal(share.isNetwork, true)
  assert.deepEqual(share.deviceParts, ['net:nas', 'net:192.168.1.20'])
  for (const path of [
    '/nas/photos',
    '/nas/video',
    '/nas/ssh',
    '/run/user/1000/gvfs/smb-share:server=nas.local,share=photos/2026',
  ]) {
    assert.deepEqual(await deviceOf({ mountinfo }, path), ['net:nas', 'measured'], path)
  }
  assert.deepEqual(await deviceOf({ mountinfo }, '/nas/six'), ['net:fd00::20', 'measured'])
  assert.deepEqual(await deviceOf({ mountinfo }, '/nas/self'), ['unknown:net:this-computer', 'unknown'])
})

test('[V2] what can not be followed is unknown and never measured', async () => {
  const mountinfo = [
    '30 27 0:60 / /cloud rw - fuse.rclone drive:photos rw',
    '31 27 0:61 / /merged rw - fuse.mergerfs a:b rw',
    '32 27 8:99 / /gone rw - ext4 /dev/sdz3 rw',
    '33 27 0:62 / /over rw - overlay overlay rw,lowerdir=/l,workdir=/w\n',
  ].join('\n')
  for (const path of ['/cloud', '/merged', '/gone', '/over']) {
    assert.equal((await deviceOf({ mountinfo }, path))[1], 'unknown', path)
  }
})

test('[V2] a disk without a lifelong name counts only while it can not be swapped for another', async () => {
  const reader = '/sys/devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0/host3/target3:0:0/3:0:0:0/block/sdd'
  const fixed = '/sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda'
  const recorded = {
    mountinfo: '30 27 8:49 / /card rw - vfat /dev/sdd1 rw\n31 27 254:0 / /vm rw - ext4 /dev/vda rw\n',
    files: {
      [`${reader}/sdd1/partition`]: '1',
      [`${reader}/dev`]: '8:48',
      [`${reader}/device/wwid`]: '',
      [`${reader}/serial`]: '000000000000',
      [`${fixed}/dev`]: '254:0',
      [`${fixed}/removable`]: '0',
    },
    links: { '/sys/dev/block/8:49': `${reader}/sdd1`, '/sys/dev/block/254:0': fixed },
  }
  assert.deepEqual(await deviceOf(recorded, '/vm'), ['disk:254:0', 'measured'])
  assert.deepEqual(await deviceOf(recorded, '/card'), ['unknown:disk:8:48', 'unknown'])
  const table = '{"blockdevices": [{"name":"sdd", "wwn":null, "serial":null, "ptuuid":"5c1f2a90"}]}'
  const commands = { 'lsblk --json --nodeps -o NAME,WWN,SERIAL,PTUUID /dev/sdd': table }
  assert.deepEqual(await deviceOf({ ...recorded, commands }, '/card'), ['disk:table-5c1f2a90', 'measured'])
})

test('a card in a built-in slot is removable and known by its own number', async () => {
  const mmc = '/sys/devices/pci0000:00/0000:02:00.0/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0'
  const volume = await found(
    {
      mountinfo: '30 27 179:1 / /media/ada/EOS_DIGITAL ro - exfat /dev/mmcblk0p1 ro\n',
      files: {
        [`${mmc}/mmcblk0p1/partition`]: '1',
        [`${mmc}/device/cid`]: '035344534e313238872b1f7a2e015ac9',
        [`${mmc}/device/type`]: 'SD',
        [`${mmc}/removable`]: '0',
      },
      links: { '/sys/dev/block/179:1': `${mmc}/mmcblk0p1` },
    },
    '/media/ada/EOS_DIGITAL/DCIM',
  )
  assert.deepEqual([volume.deviceId, volume.isRemovable], ['disk:035344534e313238872b1f7a2e015ac9', true])
})

test("the list leaves the system's own mounts out, and those that others cover", async () => {
  const mountinfo = [
    '28 27 0:21 / /proc rw - proc proc rw',
    '29 27 0:22 / /tmp rw - tmpfs tmpfs rw',
    '30 27 7:8 / /snap/core rw - squashfs /dev/loop8 ro',
    '31 27 8:1 / /media/a rw - exfat /dev/sda1 rw',
    '32 31 0:50 / /media/a rw - cifs //nas/p rw\n',
  ].join('\n')
  const listed = await linuxVolumes(recordedLinux({ mountinfo: root + mountinfo, files, links })).list()
  assert.deepEqual(
    listed.map(({ source }) => source),
    ['/dev/nvme0n1p2', '//nas/p'],
  )
})

test('[J2] commands that hang leave a volume that is known from the mount table alone', async () => {
  const world = recordedLinux({ mountinfo: `${root}30 27 0:50 / /nas rw - nfs4 nas:/v rw\n`, files, links })
  const volume = await linuxVolumes({ ...world, run: async () => ({ kind: 'hung' }) }).find('/nas/a')
  assert.deepEqual([volume?.mountPoint, volume?.deviceId, volume?.totalBytes], ['/nas', 'net:nas', null])
})

test('output that is not what was expected is no knowledge', () => {
  assert.deepEqual(parseLsblk('lsblk: not a block device'), { type: null, label: null, uuid: null })
  assert.deepEqual(parseLsblk('{"blockdevices": []}'), { type: null, label: null, uuid: null })
  assert.deepEqual(parseBlkidExport(''), { type: null, label: null, uuid: null })
})

test('a path that is not absolute lies nowhere', async () => {
  assert.equal(await linuxVolumes(recordedLinux({ mountinfo: root })).find('photos'), null)
})
