import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { makeWriter, sessionName } from '../domain/temporary-name.ts'
import { outputOf } from './run-command.ts'
import type { LinuxWorld } from './volumes/linux-world.ts'
import { thisLinux } from './volumes/linux-world.ts'
import { optionValue, parseMountinfo } from './volumes/mountinfo.ts'
import type { Volume } from './volumes/volume.ts'

/** The one part of the platform's WebAssembly that is used here; neither our libs nor @types/node declare it. */
declare const WebAssembly: { Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } }

/** What a read-back can prove in a folder (V1), and why, for a person. */
export interface ReadBack {
  readonly strength: 'medium' | 'cached'
  readonly because: string
  /**
   * True when O_DIRECT alone proves nothing here: `dropDeviceCache` has to succeed after the flush and before the
   * read-back, else what was read is only `cached`.
   */
  readonly dropFirst: boolean
}

/** What is opened to see whether the cache can be passed: an existing file (cards are never written), or a folder. */
export type Probe = { readonly existingFile: string } | { readonly writableFolder: string }

const commandTimeoutMs = 10_000
const pageBytes = 64 * 1024

/** libuv's UV_FS_O_DIRECT on Windows, which it turns into FILE_FLAG_NO_BUFFERING; Node has no name for it there. */
const windowsNoBuffering = 0x02000000

/** The flag for `open` that reads past the page cache, or null where there is none (macOS has only fcntl F_NOCACHE). */
export function pastCacheFlag(platform: NodeJS.Platform = process.platform): number | null {
  if (platform === 'win32') return windowsNoBuffering
  return platform === 'linux' ? constants.O_DIRECT : null
}

const cached = (because: string): ReadBack => ({ strength: 'cached', because, dropFirst: false })

/** True when a direct read of the file gives an answer. Needs memory that begins on a page: WebAssembly's does. */
async function readsDirectly(file: string, flag: number): Promise<boolean> {
  try {
    const handle = await open(file, constants.O_RDONLY | flag)
    try {
      await handle.read(new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer), 0, pageBytes, 0)
      return true
    } finally {
      await handle.close()
    }
  } catch {
    return false
  }
}

async function probeDirectly(probe: Probe, flag: number): Promise<boolean> {
  if ('existingFile' in probe) return readsDirectly(probe.existingFile, flag)
  // Named like every temporary file, so that a sweep takes it when this process died over it.
  const session = sessionName(makeWriter(hostname(), process.pid), performance.timeOrigin + performance.now())
  const file = join(probe.writableFolder, `${session}-probe-${randomUUID()}`)
  try {
    const handle = await open(file, 'wx', 0o600)
    await handle.write(new Uint8Array(pageBytes))
    await handle.close()
    return await readsDirectly(file, flag)
  } catch {
    return false
  } finally {
    await rm(file, { force: true }).catch(() => undefined)
  }
}

/**
 * How strong a read-back can be on this volume. May hang with its volume, so it is asked in a process that can be
 * abandoned (J2). What was tried, with one byte flipped in the image below a mounted file system (Linux 6.18):
 *
 * - ext4, btrfs: a buffered read says "equal", an O_DIRECT read sees the flip (btrfs answers EIO by its own checksum).
 * - exFAT through FUSE: an O_DIRECT read passes the cache of the file only; the FUSE program reads the device through
 *   the device's page cache, and says "equal". After `dropDeviceCache` it sees the flip; a buffered read never does.
 * - btrfs with compression: O_DIRECT reads of compressed files quietly go through the page cache: "equal".
 * - a loop image without direct I/O: the file below has a cache of its own, which is dropped too.
 * - overlay: hands the flag on to the file system of its upper folder, and keeps no copies itself (not tried).
 *
 * On shares, O_DIRECT passes this computer's cache; what the server answers from is the server's.
 */
export async function readBackStrength(
  volume: Volume,
  probe: Probe,
  platform: NodeJS.Platform = process.platform,
  world: LinuxWorld = thisLinux,
): Promise<ReadBack> {
  const flag = pastCacheFlag(platform)
  if (flag === null) return cached('This system has no way to read past its cache.')
  const refusal = platform === 'linux' ? await whyOnlyCached(volume, world) : null
  if (refusal !== null) return cached(refusal)
  if (!(await probeDirectly(probe, flag))) return cached('The file system refuses to read past the cache.')
  const dropFirst = platform === 'linux' && (await cachesBelow(volume, world)).length > 0
  if (dropFirst && !(await dropDeviceCache(volume, platform, world)))
    return cached(`Fivefold may not empty the cache of ${volume.source}; it needs the right to read that device.`)
  return { strength: 'medium', because: 'The file system reads past the cache when asked to.', dropFirst }
}

/** File systems that take O_DIRECT and answer from memory nevertheless. Null when nothing speaks against it. */
async function whyOnlyCached(volume: Volume, world: LinuxWorld): Promise<string | null> {
  const { fsType } = volume
  // An image file in memory is a disk to the file system in it, and can be read past that one's cache; tmpfs itself can't.
  if (fsType === 'tmpfs' || fsType === 'ramfs') return 'These files are only in memory; a power cut loses them.'
  if (fsType === 'fuse' || fsType.startsWith('fuse.'))
    return 'A program serves these files and may keep them in memory.'
  // Before OpenZFS 2.3 the flag was taken and ignored, and its cache (ARC) can't be asked.
  if (fsType === 'zfs' || fsType === 'ecryptfs')
    return `${fsType} may answer from its own cache even when asked not to.`
  if (fsType !== 'btrfs') return null
  const mounts = parseMountinfo((await world.readText('/proc/self/mountinfo')) ?? '')
  const options = mounts.findLast((mount) => mount.mountPoint === volume.mountPoint)?.superOptions ?? []
  const compresses = ['compress', 'compress-force'].some(
    (name) => options.includes(name) || (optionValue(options, name) ?? 'no') !== 'no',
  )
  return compresses ? 'btrfs reads compressed files only through the cache.' : null
}

/** Device nodes and image files below the file system whose page cache a direct read does not pass. Linux only. */
async function cachesBelow(volume: Volume, world: LinuxWorld): Promise<readonly string[]> {
  if (!volume.source.startsWith('/dev/')) return []
  const caches: string[] = volume.fsType === 'fuseblk' || volume.fsType === 'fuse' ? [volume.source] : []
  const name = basename((await world.resolve(volume.source)) ?? volume.source)
  const disk = (await world.resolve(`/sys/class/block/${name}`)) ?? ''
  const image = await world.readText(join(disk, 'loop/backing_file'))
  if (image !== null && (await world.readText(join(disk, 'loop/dio'))) !== '1') caches.push(image)
  return caches
}

/**
 * Drops what this computer remembers of the device below the volume, so that the next direct read comes from the
 * medium. Called after the flush (only clean pages can be dropped) and before each pass of read-backs. True when
 * nothing between the file system and the medium can answer from memory any more, also when there was nothing to drop.
 *
 * `blockdev --flushbufs` needs root; `dd … iflag=nocache count=0` (posix_fadvise DONTNEED over the whole device)
 * needs only the right to read the device. Both were seen to work while the FUSE program holds the device open.
 */
export async function dropDeviceCache(
  volume: Volume,
  platform: NodeJS.Platform = process.platform,
  world: LinuxWorld = thisLinux,
): Promise<boolean> {
  if (platform === 'win32') return true
  if (platform !== 'linux' || (await whyOnlyCached(volume, world)) !== null) return false
  for (const cache of await cachesBelow(volume, world)) {
    if (!(await dropOne(cache, world))) return false
  }
  return true
}

async function dropOne(cache: string, world: LinuxWorld): Promise<boolean> {
  const flushed = cache.startsWith('/dev/')
    ? await outputOf(world.run, 'blockdev', ['--flushbufs', cache], commandTimeoutMs)
    : null
  if (flushed !== null) return true
  return (await outputOf(world.run, 'dd', [`if=${cache}`, 'iflag=nocache', 'count=0'], commandTimeoutMs)) !== null
}
