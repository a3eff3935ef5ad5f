/** A real file system on an image file of ours: a disk that can be filled, broken, taken away and thrown away. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileSystemKind } from './can-run.ts'
import { driverEnds, makeImage, mountFileSystem } from './file-system.ts'
import { findInImage, flipBitInImage, hashOfImage, placeInImage } from './image-bytes.ts'
import { claim } from './janitor.ts'
import { attachLoop, isMounted, unmount } from './mounts.ts'
import type { KnownProcess } from './processes.ts'
import { runTool } from './run-tool.ts'
import { scratchFolder } from './scratch-folder.ts'
import type { Medium } from './scratch-folder.ts'

export interface LoopDiskWish {
  readonly fs: FileSystemKind
  /** Default 64; xfs needs 300. The image is sparse: only what is written takes room. */
  readonly megabytes?: number
  /**
   * The loop device keeps no cache of its own, so that a read past the page cache really reaches the image. Wanted wherever a
   * test damages the image. Default true.
   */
  readonly directIo?: boolean
  /** Where the image lies. Default memory. */
  readonly on?: Medium
  readonly label?: string
  /** ext4 only: how many files fit. */
  readonly inodes?: number
}

export interface LoopDisk extends AsyncDisposable {
  readonly fs: FileSystemKind
  readonly mountPoint: string
  readonly device: string
  readonly image: string
  /** Takes the disk away: the mount point is then an empty folder of the file system below. */
  unmount(): Promise<void>
  /** Takes it out of the tree while files on it are still open (`umount -l`): those go on, the path leads elsewhere. */
  unmountLazily(): Promise<void>
  /** Brings it back (also read-only). After an unmount, nothing of the old page cache is left. */
  mount(options?: { readonly readOnly?: boolean }): Promise<void>
  /** Turns the mounted disk read-only, as a kernel does after errors, or back. Not exFAT. */
  remount(mode: 'ro' | 'rw'): Promise<void>
  /** Writes everything down to the image. */
  flush(): Promise<void>
  /**
   * Flips one bit of byte `offset` of a file of the disk, in the image below. The page cache keeps the good bytes; a read past it
   * gets the bad one.
   */
  flipBitOf(path: string, offset: number, bit?: number): Promise<void>
  /**
   * Flips one bit of the image at an offset of the image, and drops no cache at all. (The exFAT driver reads through the cache of the
   * device, which may answer even direct reads; {@link LoopDisk.forgetDeviceCache} ends that.)
   */
  flipBitAt(imageOffset: number, bit?: number): Promise<void>
  /** Where these bytes lie in the image. */
  find(bytes: Uint8Array): Promise<number[]>
  /** Drops what the kernel keeps of the device itself (not of a mounted kernel file system's files). */
  forgetDeviceCache(): Promise<void>
  /** sha256 of the image, after a flush. */
  hash(): Promise<string>
  /** Unmounts, detaches and deletes; also what `await using` does. */
  remove(): Promise<void>
}

/** Makes an image, a file system in it, a loop device of it, and mounts that. Throws when a tool fails; nothing is left then. */
export async function loopDisk(wish: LoopDiskWish): Promise<LoopDisk> {
  const { fs, megabytes = fs === 'xfs' ? 300 : 64, directIo = true } = wish
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(await scratchFolder(wish.on))
  const image = join(folder.path, 'disk.img')
  const mountPoint = join(folder.path, wish.label ?? fs)
  await mkdir(mountPoint)
  const { label, inodes } = wish
  await makeImage(image, {
    fs,
    megabytes,
    ...(label === undefined ? {} : { label }),
    ...(inodes === undefined ? {} : { inodes }),
  })
  const device = await attachLoop(image, { directIo })
  undo.use(claim({ kind: 'loop', device, image }))
  let driver: KnownProcess | null = null
  undo.defer(() => driverEnds(driver))
  undo.use(claim({ kind: 'mount', path: mountPoint }))

  const disk: Omit<LoopDisk, keyof AsyncDisposable | 'remove'> = {
    fs,
    mountPoint,
    device,
    image,
    mount: async (options) => {
      driver = await mountFileSystem(fs, device, mountPoint, options)
    },
    unmount: async () => {
      const users = await unmount(mountPoint)
      if (users.length > 0) throw new Error(`${mountPoint} is still in use by ${users.join(', ')}`)
      await driverEnds(driver)
    },
    unmountLazily: async () => {
      await runTool('umount', ['-l', mountPoint])
    },
    remount: async (mode) => {
      await runTool('mount', ['-o', `remount,${mode}`, mountPoint])
    },
    flush: async () => {
      if (isMounted(mountPoint)) await runTool('sync', ['-f', mountPoint])
      await runTool('blockdev', ['--flushbufs', device])
    },
    flipBitOf: async (path, offset, bit) => {
      await disk.flush()
      await flipBitInImage(image, await placeInImage(image, join(mountPoint, path), offset), bit)
    },
    flipBitAt: (imageOffset, bit) => flipBitInImage(image, imageOffset, bit),
    find: async (bytes) => {
      await disk.flush()
      return findInImage(image, bytes)
    },
    forgetDeviceCache: async () => {
      await runTool('blockdev', ['--flushbufs', device])
    },
    hash: async () => {
      await disk.flush()
      return hashOfImage(image)
    },
  }
  await disk.mount()
  const made = undo.move()
  const remove = async (): Promise<void> => {
    await made.disposeAsync()
  }
  return { ...disk, remove, [Symbol.asyncDispose]: remove }
}
