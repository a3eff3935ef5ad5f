import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { randomBytes } from 'node:crypto'
import { canMakeLoopDisk } from './can-run.ts'
import type { FileSystemKind } from './can-run.ts'
import { loopDisk } from './loop-disk.ts'
import { imageBehind, isMounted, mountsBelow } from './mounts.ts'
import { waitUntil } from './run-tool.ts'

const KINDS: FileSystemKind[] = ['ext4', 'btrfs', 'xfs', 'exfat']

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'w')
  await file.writeFile(bytes)
  await file.sync()
}

/** Past the page cache. */
function readDirectly(path: string): Buffer {
  return spawnSync('dd', [`if=${path}`, 'iflag=direct', 'bs=256k', 'count=1', 'status=none']).stdout
}

for (const fs of KINDS) {
  test(
    `a ${fs} disk is made, taken away, brought back and removed`,
    { skip: canMakeLoopDisk(fs) ?? false },
    async () => {
      await using disk = await loopDisk({ fs })
      const file = join(disk.mountPoint, 'a.bin')
      await writeDurably(file, Buffer.from('five copies'))
      assert.notEqual(statSync(disk.mountPoint).dev, statSync(join(disk.mountPoint, '..')).dev)
      await disk.unmount()
      assert.deepEqual(readdirSync(disk.mountPoint), [])
      await disk.mount({ readOnly: true })
      assert.equal(await readFile(file, 'utf8'), 'five copies')
      await assert.rejects(writeFile(file, 'x'), { code: 'EROFS' })
      await disk.remove()
      assert.equal(isMounted(disk.mountPoint), false)
      assert.equal(imageBehind(disk.device)?.startsWith(disk.image) ?? false, false)
      assert.equal(existsSync(disk.image), false)
    },
  )
}

test(
  'a bit flipped in the image is seen past the page cache and hidden by it',
  { skip: canMakeLoopDisk('ext4') ?? false },
  async () => {
    await using disk = await loopDisk({ fs: 'ext4', directIo: true })
    const good = randomBytes(50_000)
    const file = join(disk.mountPoint, 'a.bin')
    await writeDurably(file, good)
    const before = await disk.hash()
    await disk.flipBitOf('a.bin', 49_999, 7)
    assert.notEqual(await disk.hash(), before)
    assert.deepEqual(await readFile(file), good)
    const direct = readDirectly(file)
    assert.equal((direct[49_999] ?? 0) ^ (good[49_999] ?? 0), 0x80)
    assert.deepEqual(direct.subarray(0, 49_999), good.subarray(0, 49_999))
    const [marker] = await disk.find(good.subarray(4096, 4096 + 64))
    assert.ok(marker !== undefined && marker % 4096 === 0)
  },
)

test(
  'btrfs refuses damaged bytes itself: EIO, not wrong bytes',
  { skip: canMakeLoopDisk('btrfs') ?? false },
  async () => {
    await using disk = await loopDisk({ fs: 'btrfs', megabytes: 256 })
    await writeDurably(join(disk.mountPoint, 'a.bin'), randomBytes(50_000))
    await disk.flipBitOf('a.bin', 10_000)
    await disk.unmount()
    await disk.mount()
    await assert.rejects(readFile(join(disk.mountPoint, 'a.bin')), { code: 'EIO' })
  },
)

test(
  'on exFAT the cache of the device answers direct reads until it is dropped',
  { skip: canMakeLoopDisk('exfat') ?? false },
  async () => {
    await using disk = await loopDisk({ fs: 'exfat' })
    const good = randomBytes(50_000)
    const file = join(disk.mountPoint, 'a.bin')
    await writeDurably(file, good)
    const [at] = await disk.find(good.subarray(8192, 8256))
    assert.ok(at !== undefined)
    assert.deepEqual(readDirectly(file), good)
    await disk.flipBitAt(at)
    assert.deepEqual(readDirectly(file), good)
    await disk.forgetDeviceCache()
    assert.notDeepEqual(readDirectly(file), good)
  },
)

test(
  'a test process that is killed leaves no mount, no loop device and no folder behind',
  { skip: canMakeLoopDisk('ext4') ?? false },
  async () => {
    const program = `const { loopDisk } = await import(${JSON.stringify(new URL('./loop-disk.ts', import.meta.url).href)})
      const disk = await loopDisk({ fs: 'ext4' })
      console.log(JSON.stringify([disk.mountPoint, disk.device, disk.image]))
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const line = await new Promise<string>((resolve) => {
      child.stdout.setEncoding('utf8').once('data', resolve)
    })
    const [mountPoint, device, image]: [string, string, string] = JSON.parse(line)
    assert.equal(isMounted(mountPoint), true)
    child.kill('SIGKILL')
    await waitUntil('the janitor has cleared up', () => !existsSync(image))
    assert.deepEqual(mountsBelow(mountPoint), [])
    assert.equal(imageBehind(device)?.startsWith(image) ?? false, false)
  },
)
