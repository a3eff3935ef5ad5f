/**
 * Volumes and their caches on real file systems, which are made in image files. Needs root, loop devices and the
 * tools that make file systems; what is missing is said and skipped.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { dropDeviceCache, readBackStrength } from './cache-bypass.ts'
import { linuxVolumes } from './volumes/linux.ts'
import { thisLinux } from './volumes/linux-world.ts'
import type { Volume } from './volumes/volume.ts'

const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()

function whyNot(): string | false {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root'
  try {
    run('losetup', '--find')
    return false
  } catch {
    return 'needs loop devices'
  }
}

const skip = whyNot()

const lacks = (command: string): string | false => {
  if (skip !== false) return skip
  try {
    run('which', command)
    return false
  } catch {
    return `needs ${command}`
  }
}

const page = (): Uint8Array => new Uint8Array(new ArrayBuffer(2 ** 20, { maxByteLength: 2 ** 20 }))

/** A megabyte on the volume, flushed, and where its marker stands in the image. */
function plant(folder: string, file: string): { path: string; at: number; bytes: Buffer } {
  const bytes = Buffer.alloc(2 ** 20)
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE((at * 2_654_435_761) % 2 ** 32, at)
  const marker = Buffer.from(`fivefold ${Math.random()} marker`)
  marker.copy(bytes, 2 ** 19)
  const path = join(folder, 'a.bin')
  const handle = openSync(path, 'w')
  writeSync(handle, bytes)
  fsyncSync(handle)
  closeSync(handle)
  run('sync', '--file-system', file)
  const at = readFileSync(file).indexOf(marker)
  assert.notEqual(at, -1)
  return { path, at, bytes }
}

function flip(file: string, at: number): void {
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.from([0]), 0, 1, at)
  fsyncSync(handle)
  closeSync(handle)
}

function agrees(path: string, bytes: Buffer, flag: number): boolean {
  const into = page()
  const handle = openSync(path, constants.O_RDONLY | flag)
  try {
    for (let got = 0; got < bytes.length;) {
      const more = readSync(handle, into, got, bytes.length - got, got)
      if (more === 0) return false
      got += more
    }
    return bytes.equals(into)
  } finally {
    closeSync(handle)
  }
}

describe('on real file systems', { skip }, () => {
  const lab = skip === false ? mkdtempSync(join(tmpdir(), 'fivefold-volumes-')) : ''
  const undo: (() => unknown)[] = []
  const volumes = linuxVolumes()

  after(() => {
    for (const step of undo.toReversed()) step()
    if (lab !== '') rmSync(lab, { recursive: true })
  })

  function image(name: string, megabytes: number): string {
    const file = join(lab, `${name}.img`)
    writeFileSync(file, '')
    truncateSync(file, megabytes * 2 ** 20)
    return file
  }

  function loop(file: string, directIo: 'on' | 'off'): string {
    const device = run('losetup', '--find', '--show', `--direct-io=${directIo}`, file)
    undo.push(() => run('losetup', '--detach', device))
    return device
  }

  function mountPoint(name: string): string {
    const folder = join(lab, name)
    mkdirSync(folder)
    return folder
  }

  function mounted(folder: string, command: string, ...args: readonly string[]): string {
    run(command, ...args)
    undo.push(() => run('umount', folder))
    return folder
  }

  async function found(path: string): Promise<Volume> {
    const volume = await volumes.find(path)
    assert.ok(volume)
    return volume
  }

  test('[V2] tmpfs is memory and proves nothing', async () => {
    const folder = mountPoint('tmpfs')
    mounted(folder, 'mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder)
    const volume = await found(join(folder, 'not', 'there'))
    assert.deepEqual(
      [volume.mountPoint, volume.fsType, volume.deviceId, volume.totalBytes],
      [folder, 'tmpfs', 'ram:tmpfs', 8 * 2 ** 20],
    )
    assert.equal((await readBackStrength(volume, { writableFolder: folder })).strength, 'cached')
  })

  test(
    '[V1] ext4: a direct read sees a flipped byte that a buffered read hides',
    { skip: lacks('mkfs.ext4') },
    async () => {
      const file = image('ext4', 64)
      run('mkfs.ext4', '-q', '-L', 'SECOND', file)
      const folder = mountPoint('e x t\\4')
      mounted(folder, 'mount', loop(file, 'on'), folder)
      const volume = await found(folder)
      assert.deepEqual(
        [volume.mountPoint, volume.fsType, volume.label, volume.isNetwork],
        [folder, 'ext4', 'SECOND', false],
      )
      assert.match(volume.uuid ?? '', /^[0-9a-f-]{36}$/)
      assert.ok((volume.totalBytes ?? 0) > 50 * 2 ** 20)
      assert.equal(volume.deviceId, (await found(lab)).deviceId)
      const strength = await readBackStrength(volume, { writableFolder: folder })
      assert.deepEqual([strength.strength, strength.dropFirst], ['medium', false])
      const { path, at, bytes } = plant(folder, file)
      assert.equal((await readBackStrength(volume, { existingFile: path })).strength, 'medium')
      flip(file, at)
      assert.ok(agrees(path, bytes, 0), 'the buffered read is deceived')
      assert.ok(await dropDeviceCache(volume))
      assert.ok(!agrees(path, bytes, constants.O_DIRECT), 'the direct read is not')
    },
  )

  for (const directIo of ['on', 'off'] as const) {
    test(
      `[V1] exFAT through FUSE (loop with direct I/O ${directIo}): only after dropping the device's cache is a flipped byte seen`,
      { skip: lacks('mount.exfat-fuse') || lacks('mkfs.exfat') },
      async () => {
        const file = image(`exfat-${directIo}`, 64)
        run('mkfs.exfat', '-L', 'EOS_DIGITAL', file)
        const folder = mountPoint(`exfat-${directIo}`)
        mounted(folder, 'mount.exfat-fuse', loop(file, directIo), folder)
        const volume = await found(folder)
        assert.deepEqual([volume.fsType, volume.fsTypeReal, volume.label], ['fuseblk', 'exfat', 'EOS_DIGITAL'])
        assert.match(volume.uuid ?? '', /^[0-9A-F]{4}-[0-9A-F]{4}$/)
        assert.equal(volume.deviceId, (await found(lab)).deviceId)
        const { path, at, bytes } = plant(folder, file)
        const strength = await readBackStrength(volume, { existingFile: path })
        assert.deepEqual([strength.strength, strength.dropFirst], ['medium', true])
        assert.ok(agrees(path, bytes, constants.O_DIRECT))
        flip(file, at)
        assert.ok(agrees(path, bytes, constants.O_DIRECT), 'O_DIRECT alone is deceived')
        assert.ok(await dropDeviceCache(volume))
        assert.ok(!agrees(path, bytes, constants.O_DIRECT), 'after the drop it is not')
      },
    )
  }

  test(
    '[V1] without the right to the device, exFAT through FUSE is only cached',
    { skip: lacks('mount.exfat-fuse') },
    async () => {
      const folder = join(lab, 'exfat-on')
      const volume = await found(folder)
      const world = {
        ...thisLinux,
        run: async () => ({ kind: 'missing' }) as const,
      }
      const strength = await readBackStrength(volume, { existingFile: join(folder, 'a.bin') }, 'linux', world)
      assert.equal(strength.strength, 'cached')
      assert.match(strength.because, /right to read that device/)
    },
  )

  test(
    '[V2] btrfs: two images on one disk are that disk; compression makes direct reads cached',
    { skip: lacks('mkfs.btrfs') },
    async () => {
      const loops = ['btrfs-1', 'btrfs-2'].map((name) => loop(image(name, 128), 'on'))
      run('mkfs.btrfs', '-q', '-d', 'raid1', '-m', 'raid1', '-L', 'NAS', ...loops)
      const folder = mountPoint('btrfs')
      mounted(folder, 'mount', loops[0] ?? '', folder)
      const volume = await found(folder)
      assert.deepEqual([volume.fsType, volume.label, volume.deviceId], ['btrfs', 'NAS', (await found(lab)).deviceId])
      assert.equal((await readBackStrength(volume, { writableFolder: folder })).strength, 'medium')
      run('mount', '-o', 'remount,compress=zstd', folder)
      assert.equal((await readBackStrength(volume, { writableFolder: folder })).strength, 'cached')
    },
  )

  test('a bind mount is found under its own name and is the same device', { skip: lacks('mkfs.ext4') }, async () => {
    const folder = mountPoint('bound')
    mounted(folder, 'mount', '--bind', join(lab, 'e x t\\4'), folder)
    const volume = await found(folder)
    assert.deepEqual([volume.mountPoint, volume.label], [folder, 'SECOND'])
    assert.ok((await volumes.list()).some(({ mountPoint }) => mountPoint === folder))
  })
})
