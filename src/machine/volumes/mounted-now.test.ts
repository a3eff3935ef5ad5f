import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mountedFolders } from './mounted-folders.ts'
import {
  mountedNowHere,
  mountedNowOnLinux,
  mountedNowOnMac,
  mountedNowOnWindows,
  windowsLetters,
} from './mounted-now.ts'

/** From an Ubuntu desktop with a USB drive, a card, a NAS and a phone; the lines of the system itself are a few of many. */
const mountinfo = `
22 28 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
23 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:13 - proc proc rw
28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
29 28 0:24 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,size=3200000k
101 28 7:1 / /snap/core22/1 ro,nodev,relatime shared:50 - squashfs /dev/loop1 ro
110 28 259:1 / /boot/efi rw,relatime shared:60 - vfat /dev/nvme0n1p1 rw
120 28 8:17 / /media/me/SAFE rw,nosuid,nodev,relatime shared:70 - exfat /dev/sdb1 rw
121 28 8:33 / /media/me/EOS\\040DIGITAL ro,nosuid,nodev,relatime shared:71 - fuseblk /dev/sdc1 ro
122 28 0:60 / /mnt/nas rw,relatime shared:72 - nfs4 nas:/volume1/photo rw
123 28 0:61 / /mnt/smb rw,relatime shared:73 - cifs //nas/photo rw
124 29 0:62 / /run/user/1000/gvfs rw,nosuid,nodev shared:74 - fuse.gvfsd-fuse gvfsd-fuse rw
125 28 8:49 / /media/me/hidden rw shared:75 - ext4 /dev/sdd1 rw
126 125 8:65 / /media/me/hidden rw shared:76 - ext4 /dev/sde1 rw
`

test('on Linux the mounted drives are told, without shares, without the system’s own and without what is hidden', async () => {
  const asked: string[] = []
  const readText = async (path: string) => (asked.push(path), mountinfo)
  const found = await mountedNowOnLinux({ readText })
  assert.deepEqual(
    found?.map(({ folder }) => folder),
    ['/boot/efi', '/media/me/SAFE', '/media/me/EOS DIGITAL', '/media/me/hidden'],
  )
  assert.deepEqual(asked, ['/proc/self/mountinfo'], 'nothing else is touched')
  assert.equal(await mountedNowOnLinux({ readText: async () => null }), null)
  // Another card at the same folder is another mounting.
  const changed = await mountedNowOnLinux({ readText: async () => mountinfo.replace('121 28 8:33', '127 28 8:33') })
  assert.notEqual(changed?.[2]?.id, found?.[2]?.id)
  assert.equal(changed?.[1]?.id, found?.[1]?.id)
})

/** `mount` of macOS 14 with two drives and a NAS; shortened. */
const mountOutput = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s6 on /System/Volumes/VM (apfs, local, noexec, journaled, noatime, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect, root data)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
/dev/disk5s1 on /Volumes/SAFE (1) (exfat, local, nodev, nosuid, noowners)
/dev/disk6s2 on /Volumes/Time Machine (apfs, local, nodev, nosuid, journaled)
//me@nas._smb._tcp.local/photo on /Volumes/photo (smbfs, nodev, nosuid, mounted by me)
`

test('on macOS the mount table is asked, and no volume', async () => {
  const asked: string[] = []
  const found = await mountedNowOnMac(async (command, args) => {
    asked.push([command, ...args].join(' '))
    return { kind: 'ended', code: 0, stdout: mountOutput, stderr: '' }
  })
  assert.deepEqual(
    found?.map(({ folder }) => folder),
    ['/System/Volumes/Data', '/Volumes/SAFE (1)', '/Volumes/Time Machine'],
  )
  assert.deepEqual(asked, ['mount'])
  assert.equal(await mountedNowOnMac(async () => ({ kind: 'hung' })), null)
})

test('on Windows every letter may be a drive', async () => {
  assert.deepEqual(windowsLetters().slice(0, 2), ['C:\\', 'D:\\'])
  assert.equal(windowsLetters().length, 24)
  assert.deepEqual(await mountedFolders('win32'), windowsLetters())
  assert.deepEqual(await mountedFolders('aix'), [])
  assert.equal(await mountedNowHere('aix')(), null)
})

/** A PC with a card reader of two slots, one of them empty, a NAS at Z: that does not answer, and a disc drive. */
const powerShellOutput = 'D:\r\nZ:\r\n'

test('[J2] on Windows a share that may hang is never touched, and an empty slot is no card', async () => {
  const volumes = new Map([
    ['C:\\', '1'],
    ['E:\\', '2748'],
  ])
  const touched = new Set<string>()
  let asked = 0
  let ends: 'well' | 'hung' = 'hung'
  const look = mountedNowOnWindows(
    async () => {
      asked += 1
      return ends === 'well' ? { kind: 'ended', code: 0, stdout: powerShellOutput, stderr: '' } : { kind: 'hung' }
    },
    async (folder) => {
      touched.add(folder)
      return volumes.get(folder) ?? null
    },
  )
  assert.equal(await look(), null)
  assert.equal(touched.size, 0, 'touched before it was known what is a share')
  ends = 'well'
  assert.deepEqual(await look(), [
    { id: 'C:\\ 1', folder: 'C:\\' },
    { id: 'E:\\ 2748', folder: 'E:\\' },
  ])
  volumes.set('E:\\', '9999')
  assert.deepEqual((await look())?.[1], { id: 'E:\\ 9999', folder: 'E:\\' })
  volumes.delete('E:\\')
  assert.equal((await look())?.length, 1)
  assert.equal(touched.has('Z:\\') || touched.has('D:\\'), false)
  assert.equal(asked, 2, 'PowerShell is asked seldom')
})
