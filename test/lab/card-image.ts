/**
 * A memory card as a camera leaves it: a real exFAT file system on a read-only block device, mounted read-only. It can be pulled,
 * put back, broken, shot on and formatted. exFAT comes from the FUSE driver, for few kernels at hand have their own.
 */
import { mkdir, readFile, truncate } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { testCardsFolder } from './can-run.ts'
import { copyTree, sizeOfTree } from './copy-tree.ts'
import type { Refused } from './copy-tree.ts'
import { driverEnds, formatImage, makeImage, mountFileSystem } from './file-system.ts'
import { findInImage, flipBitInImage, hashOfImage, placeInImage } from './image-bytes.ts'
import { claim } from './janitor.ts'
import { mountedImage } from './mounted-image.ts'
import { attachLoop, unmount } from './mounts.ts'
import { kill } from './processes.ts'
import type { KnownProcess } from './processes.ts'
import { runTool } from './run-tool.ts'
import { scratchFolder } from './scratch-folder.ts'
import type { Medium } from './scratch-folder.ts'

/** So `EOS_DIGITAL_A` and `EOS_DIGITAL_B` are both `EOS_DIGITAL`, as cards of that maker are in life. */
const LABEL_CHARACTERS = 11

export interface CardWish {
  /** The folder that becomes the card's root. Default: an empty, freshly formatted card. */
  readonly folder?: string
  /** The volume's label; exFAT holds 11 characters, the rest is cut. Default: the folder's name, else `CARD`. */
  readonly label?: string
  /** The volume's serial number, eight hex digits; the system shows it as the UUID `1234-5678`. Default: what mkfs makes of the clock. */
  readonly serial?: string
  /** Default: what the folder needs, and 16 MiB more. */
  readonly megabytes?: number
  /** Where the image lies. Default memory. */
  readonly on?: Medium
  /** Modification times in seconds since 1970, by path relative to the folder; without one the file keeps its own. */
  readonly modifiedAt?: ReadonlyMap<string, number>
  readonly emptyFolders?: readonly string[]
}

export interface CardImage extends AsyncDisposable {
  readonly label: string
  readonly mountPoint: string
  /** The loop device, read-only as long as the card is in the reader. It stays the same when the card is put back. */
  readonly device: string
  readonly image: string
  /** What exFAT would not take. */
  readonly refused: readonly Refused[]
  /** The process of the exFAT driver, null while the card is out. */
  driverPid(): number | null
  /** sha256 of the whole image: the same before and after means that nothing was written to the card. */
  hash(): Promise<string>
  /** Pulls the card, however busy: the driver is killed, every access below the mount point fails with ENOTCONN. */
  pull(): Promise<void>
  /** Unmounts as a careful person does; throws when the card is in use. The mount point is then an empty folder. */
  eject(): Promise<void>
  /** Puts the card back at the same mount point after {@link CardImage.pull} or {@link CardImage.eject}. */
  putBack(): Promise<void>
  /** The device becomes shorter under the mount: reads beyond go on without an error and give wrong bytes. No way back. */
  truncateTo(bytes: number): Promise<void>
  /** Flips one bit of a file in the image and lets the driver read anew: from now on each read gives the wrong byte. */
  flipBitOf(path: string, offset: number, bit?: number): Promise<void>
  /** Where these bytes lie in the image. */
  find(bytes: Uint8Array): Promise<number[]>
  /** Puts the card into the camera, so to speak: ejected, mounted writable, `change` gets its root, and it is put back. */
  inCamera(change: (root: string) => Promise<void> | void): Promise<void>
  /** The camera formats the card: it is empty, has a new serial number (or this one), and is put back. */
  format(serial?: string): Promise<void>
  remove(): Promise<void>
}

/** The wish for one of the test cards by its name, with the times and empty folders that git does not keep. */
export async function testCard(name: string): Promise<CardWish> {
  const cards = testCardsFolder()
  if (cards === null) throw new Error('the test cards are not here; ask canUseTestCards() first')
  const known: { emptyDirs: string[]; files: { path: string; mtime: number }[] } = JSON.parse(
    await readFile(join(cards, 'files.json'), 'utf8'),
  )
  const ours = <T extends { path: string }>(entry: T): T[] =>
    entry.path.startsWith(`${name}/`) ? [{ ...entry, path: entry.path.slice(name.length + 1) }] : []
  return {
    folder: join(cards, name),
    label: name,
    modifiedAt: new Map(known.files.flatMap(ours).map((file) => [file.path, file.mtime])),
    emptyFolders: known.emptyDirs
      .map((path) => ({ path }))
      .flatMap(ours)
      .map(({ path }) => path),
  }
}

async function megabytesFor(wish: CardWish): Promise<number> {
  if (wish.megabytes !== undefined) return wish.megabytes
  if (wish.folder === undefined) return 16
  const { bytes, entries } = await sizeOfTree(wish.folder)
  // A cluster of exFAT is at most 32 KiB at these sizes; each entry wastes less than one.
  return Math.ceil((bytes + entries * 32_768) / 1_048_576) + 16
}

async function fill(image: string, mountPoint: string, wish: CardWish): Promise<Refused[]> {
  if (wish.folder === undefined && wish.emptyFolders === undefined) return []
  let refused: Refused[] = []
  await writable(image, mountPoint, async (root) => {
    if (wish.folder !== undefined) refused = await copyTree(wish.folder, root, wish.modifiedAt ?? new Map())
    for (const folder of wish.emptyFolders ?? []) await mkdir(join(root, folder), { recursive: true })
  })
  return refused
}

/** Mounts the image writable, on a device of its own, for as long as `change` runs. */
async function writable(
  image: string,
  mountPoint: string,
  change: (root: string) => Promise<void> | void,
): Promise<void> {
  await using mounted = await mountedImage('exfat', image, mountPoint)
  void mounted
  await change(mountPoint)
}

/** Makes the card and puts it into the reader. Throws when a tool fails; nothing is left then. */
export async function cardImage(wish: CardWish = {}): Promise<CardImage> {
  const label = (wish.label ?? (wish.folder === undefined ? 'CARD' : basename(wish.folder))).slice(0, LABEL_CHARACTERS)
  const megabytes = await megabytesFor(wish)
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(await scratchFolder(wish.on))
  const image = join(folder.path, 'card.img')
  const mountPoint = join(folder.path, label)
  await mkdir(mountPoint)
  await makeImage(image, { fs: 'exfat', megabytes, label })
  if (wish.serial !== undefined) await setSerial(image, wish.serial)
  const refused = await fill(image, mountPoint, wish)
  const device = await attachLoop(image, { readOnly: true, directIo: true })
  undo.use(claim({ kind: 'loop', device, image }))
  let driver: KnownProcess | null = null
  // The driver of a card that is still in use would live on, and hold the device.
  undo.defer(async () => {
    if (driver !== null) await driverEnds(driver).catch(() => driver !== null && kill(driver))
  })
  undo.use(claim({ kind: 'mount', path: mountPoint }))

  const card: Omit<CardImage, keyof AsyncDisposable | 'remove'> = {
    label,
    mountPoint,
    device,
    image,
    refused,
    driverPid: () => driver?.pid ?? null,
    hash: () => hashOfImage(image),
    find: (bytes) => findInImage(image, bytes),
    pull: async () => {
      if (driver !== null) await kill(driver)
      driver = null
    },
    eject: async () => {
      const users = await unmount(mountPoint)
      if (users.length > 0) throw new Error(`the card at ${mountPoint} is still in use by ${users.join(', ')}`)
      await driverEnds(driver)
      driver = null
    },
    putBack: async () => {
      await unmount(mountPoint)
      await forgetDevice(device)
      driver = await mountFileSystem('exfat', device, mountPoint, { readOnly: true })
    },
    truncateTo: async (bytes) => {
      await truncate(image, bytes)
      await runTool('losetup', ['--set-capacity', device])
    },
    flipBitOf: async (path, offset, bit) => {
      await flipBitInImage(image, await placeInImage(image, join(mountPoint, path), offset), bit)
      await card.eject()
      await card.putBack()
    },
    inCamera: async (change) => {
      if (driver !== null) await card.eject()
      await unmount(mountPoint)
      await writable(image, mountPoint, change)
      await card.putBack()
    },
    format: async (serial) => {
      if (driver !== null) await card.eject()
      await unmount(mountPoint)
      await formatImage(image, { fs: 'exfat', megabytes, label })
      if (serial !== undefined) await setSerial(image, serial)
      await card.putBack()
    },
  }
  await card.putBack()
  const made = undo.move()
  const remove = async (): Promise<void> => {
    await made.disposeAsync()
  }
  return { ...card, remove, [Symbol.asyncDispose]: remove }
}

async function setSerial(image: string, serial: string): Promise<void> {
  await runTool('tune.exfat', ['-I', `0x${serial.replace('-', '')}`, image])
}

/** What the kernel still keeps of the device from before it changed. */
async function forgetDevice(device: string): Promise<void> {
  await runTool('blockdev', ['--flushbufs', device])
}
