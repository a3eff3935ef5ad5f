import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mountAt, optionValue, parseMountinfo } from './mountinfo.ts'

// Recorded on Linux; the tagged fields (shared:1) vary in number, which is what the lone dash is for.
const recorded = String.raw`
22 27 0:21 / /proc rw,relatime shared:12 - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
42 27 7:0 / /media/ada/EOS\040R5\134 ro,nosuid,nodev,relatime shared:40 master:2 - fuseblk /dev/sdb1 rw,user_id=0,allow_other,blksize=4096
43 27 0:39 /photos /srv/photos rw,relatime - btrfs /dev/sdc rw,compress=zstd:1,subvol=/photos
44 27 0:41 / /mnt/nas rw,relatime - cifs //nas.local/My\040Photos rw,vers=3.1.1,addr=192.168.1.20
45 44 0:42 / /mnt/nas/inner rw - tmpfs tmpfs rw
46 27 0:43 / /mnt rw - nfs4 nas:/volume1 rw,addr=192.168.1.20
47 46 0:44 / /mnt rw - tmpfs cover rw
a line that is not one
`

const mounts = parseMountinfo(recorded)
const sourceAt = (path: string): string | undefined => mountAt(mounts, path)?.source

test('a mount table is read with its octal escapes and optional fields', () => {
  const card = mounts.find((mount) => mount.source === '/dev/sdb1')
  assert.equal(card?.mountPoint, '/media/ada/EOS R5\\')
  assert.equal(card?.fsType, 'fuseblk')
  assert.deepEqual(card?.options.slice(0, 1), ['ro'])
  assert.equal(mounts.find((mount) => mount.fsType === 'btrfs')?.root, '/photos')
  assert.equal(mounts.find((mount) => mount.fsType === 'cifs')?.source, '//nas.local/My Photos')
  assert.equal(mounts.length, 8)
})

test('[W4] the mount on the way wins, and one made later above hides those below', () => {
  assert.equal(sourceAt('/srv/photos/2026/a.jpg'), '/dev/sdc')
  assert.equal(sourceAt('/srv/photosx'), '/dev/vda')
  assert.equal(sourceAt('/media/ada/EOS R5\\/DCIM'), '/dev/sdb1')
  // /mnt was covered twice after /mnt/nas was mounted: the NAS can't be reached any more.
  assert.equal(sourceAt('/mnt/nas/a.jpg'), 'cover')
  assert.equal(sourceAt('/'), '/dev/vda')
})

test('in a container the root itself is only one of the mounts', () => {
  const inside = parseMountinfo(
    '700 699 0:60 / / rw - overlay overlay rw,upperdir=/var/lib/u\n701 700 8:1 /srv/p /photos rw - ext4 /dev/sda1 rw\n',
  )
  assert.equal(mountAt(inside, '/photos/a')?.source, '/dev/sda1')
  assert.equal(mountAt(inside, '/tmp')?.fsType, 'overlay')
  assert.equal(mountAt([], '/tmp'), null)
})

test('an option is found by its name', () => {
  assert.equal(optionValue(['rw', 'addr=10.0.0.2', 'x'], 'addr'), '10.0.0.2')
  assert.equal(optionValue(['rw'], 'addr'), null)
})
