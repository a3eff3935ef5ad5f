/**
 * Disks whose every write and flush is recorded, so that each moment at which the power could have failed can be tried afterwards
 * (crash-states.ts). Several disks share one log, for a power cut hits the library, the second copy and the catalog alike.
 *
 * image ← nbd-recorder.ts ← nbdfuse ← loop device (direct) ← ext4, btrfs, xfs or exFAT, mounted
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FileSystemKind } from './can-run.ts'
import { ControlLine } from './control-line.ts'
import { startDaemon } from './daemon.ts'
import { driverEnds, makeImage, mountFileSystem } from './file-system.ts'
import { claim } from './janitor.ts'
import { mountedImage } from './mounted-image.ts'
import { attachLoop, detachLoop, unmount } from './mounts.ts'
import { kill } from './processes.ts'
import type { KnownProcess } from './processes.ts'
import { runTool, toolPath, waitUntil } from './run-tool.ts'
import { scratchFolder } from './scratch-folder.ts'
import { readLog } from './write-log.ts'
import type { LogEntry } from './write-log.ts'

export interface RecordedDiskWish {
  readonly fs: FileSystemKind
  /** Default 64 (xfs 300). Each crash state copies what is really in the image, so little content makes it fast. */
  readonly megabytes?: number
  /** Fills the disk before the recording begins: what it writes is safe in every crash state. */
  readonly prepare?: (root: string) => Promise<void> | void
}

export interface RecordedDisk {
  readonly fs: FileSystemKind
  readonly mountPoint: string
  readonly device: string
  /** The medium itself, as it is now. */
  readonly image: string
}

export interface RecordingDisks<Name extends string> extends AsyncDisposable {
  readonly disks: Readonly<Record<Name, RecordedDisk>>
  /** For programs that acknowledge by themselves: each line `A text` sent to this unix socket is answered by `ok`. */
  readonly acknowledgeSocket: string
  /** Notes that from now on this is promised ("IMG_1.CR3 is proven", "exit 0"). Resolves when it is in the log. */
  acknowledge(text: string): Promise<void>
  /**
   * Flips one bit of the byte behind the next occurrence of `marker` (or of its last byte, when a write ends there) on its way to
   * the medium: the writer hears that all went well, and the page cache has the good bytes.
   */
  flipNextWriteWith(marker: Uint8Array): Promise<void>
  /** How many such flips have happened. */
  flips(): Promise<number>
  /** Lets writes and flushes to all disks fail with EIO, or succeed again. */
  failWrites(fail: boolean): Promise<void>
  /** How many entries the log has. */
  entries(): Promise<number>
  /**
   * The power fails now: the recorder is killed, nothing that was not yet written ever will be. The mount points are free again
   * and the recording is complete. Call it once.
   */
  powerCut(): Promise<Recording<Name>>
  /** Ends in good order: everything is flushed and unmounted, which is recorded too. Call it instead of the power cut. */
  finish(): Promise<Recording<Name>>
}

export interface RecordingDiskOf<Name extends string> extends RecordedDisk {
  readonly name: Name
  /** The disk's number in the log. */
  readonly number: number
  /** The image as it was when the recording began. */
  readonly base: string
}

/** What was recorded. It lives as long as the disks it came from. */
export interface Recording<Name extends string> {
  readonly disks: readonly RecordingDiskOf<Name>[]
  readonly logFile: string
  readonly entries: readonly LogEntry[]
  /** A folder for the crash states. */
  readonly scratch: string
}

/** Gives the recorder an order; throws when it refuses, and gives what it said else. */
async function tell(control: ControlLine, order: string): Promise<string> {
  const answer = await control.tell(order)
  if (!answer.startsWith('ok')) throw new Error(`the recorder says ${answer}`)
  return answer.slice('ok '.length)
}

async function prepareBase(folder: string, name: string, wish: RecordedDiskWish): Promise<void> {
  const image = join(folder, `${name}.img`)
  const mountPoint = join(folder, name)
  await mkdir(mountPoint)
  await makeImage(image, { fs: wish.fs, megabytes: wish.megabytes ?? (wish.fs === 'xfs' ? 300 : 64) })
  if (wish.prepare !== undefined) {
    await using mounted = await mountedImage(wish.fs, image, mountPoint)
    void mounted
    await wish.prepare(mountPoint)
  }
  await runTool('cp', ['--sparse=always', image, join(folder, `${name}.base`)])
}

interface Plugged {
  readonly device: string
  readonly bus: string
  readonly driver: KnownProcess | null
}

/** Makes a mounted disk of an export of the recorder. */
async function plugIn(
  undo: AsyncDisposableStack,
  folder: string,
  name: string,
  fs: FileSystemKind,
  nbdSocket: string,
): Promise<Plugged> {
  const bus = join(folder, `${name}.nbd`)
  await mkdir(bus)
  undo.use(claim({ kind: 'mount', path: bus }))
  const nbdfuse = toolPath('nbdfuse')
  if (nbdfuse === null) throw new Error('nbdfuse is not installed; ask canRecordDisk() first')
  // It ends with a failed assertion when its server is killed, as a power cut does.
  startDaemon(undo, nbdfuse, [bus, `nbd+unix:///${name}?socket=${nbdSocket}`], 'quiet')
  const file = join(bus, 'nbd')
  await waitUntil(`${file} appears`, () => existsSync(file))
  const device = await attachLoop(file, { directIo: true })
  undo.use(claim({ kind: 'loop', device, image: file }))
  const mountPoint = join(folder, name)
  undo.use(claim({ kind: 'mount', path: mountPoint }))
  return { device, bus, driver: await mountFileSystem(fs, device, mountPoint) }
}

/** The disks under their names. */
function byName<Disk extends { readonly name: string }>(disks: readonly Disk[]): Record<Disk['name'], Disk> {
  return Object.fromEntries(disks.map((disk) => [disk.name, disk])) as Record<Disk['name'], Disk>
}

/**
 * Makes one recorded disk for each name and mounts them all. Throws when a tool fails; nothing is left then.
 *
 *     await using lab = await recordingDisks({ library: { fs: 'ext4' }, home: { fs: 'ext4' } })
 */
export async function recordingDisks<Name extends string>(
  wishes: Readonly<Record<Name, RecordedDiskWish>>,
): Promise<RecordingDisks<Name>> {
  const names = Object.keys(wishes) as Name[]
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(await scratchFolder()).path
  for (const name of names) await prepareBase(folder, name, wishes[name])
  const nbdSocket = join(folder, 'nbd.sock')
  const controlSocket = join(folder, 'control.sock')
  const logFile = join(folder, 'log')
  const exports = names.map((name) => `${name}=${join(folder, `${name}.img`)}`)
  const program = fileURLToPath(new URL('./nbd-recorder.ts', import.meta.url))
  const recorder = startDaemon(undo, process.execPath, [program, nbdSocket, controlSocket, logFile, ...exports])
  await waitUntil('the recorder listens', () => existsSync(nbdSocket) && existsSync(controlSocket))
  const control = undo.use(await ControlLine.to(controlSocket))

  const plugged = new Map<Name, Plugged>()
  const disks: RecordingDiskOf<Name>[] = []
  for (const [number, name] of names.entries()) {
    const { fs } = wishes[name]
    const one = await plugIn(undo, folder, name, fs, nbdSocket)
    plugged.set(name, one)
    disks.push({
      name,
      number,
      fs,
      mountPoint: join(folder, name),
      device: one.device,
      image: join(folder, `${name}.img`),
      base: join(folder, `${name}.base`),
    })
  }
  const unplugAll = async (): Promise<void> => {
    for (const [name, { driver, device, bus }] of plugged) {
      const users = await unmount(join(folder, name), 500)
      if (users.length > 0) throw new Error(`the disk ${name} is still in use by ${users.join(', ')}`)
      if (driver !== null) await driverEnds(driver).catch(() => kill(driver))
      await detachLoop(device, join(bus, 'nbd'))
      await unmount(bus, 500)
    }
  }
  const recording = (): Recording<Name> => ({ disks, logFile, entries: readLog(logFile), scratch: folder })
  const status = async (): Promise<{ entries: number; flips: number }> => JSON.parse(await tell(control, 'status'))
  // A power cut is also the quickest way to end: what is still in the caches need not be written.
  undo.defer(async () => {
    await kill(recorder)
    await unplugAll()
  })
  const made = undo.move()
  return {
    disks: byName(disks),
    acknowledgeSocket: controlSocket,
    acknowledge: async (text) => void (await tell(control, `A ${text.replaceAll('\n', ' ')}`)),
    flipNextWriteWith: async (marker) => void (await tell(control, `flip ${Buffer.from(marker).toString('hex')}`)),
    flips: async () => (await status()).flips,
    failWrites: async (fail) => void (await tell(control, `fail ${fail ? 'on' : 'off'}`)),
    entries: async () => (await status()).entries,
    powerCut: async () => {
      await kill(recorder)
      await unplugAll()
      return recording()
    },
    finish: async () => {
      await unplugAll()
      await kill(recorder)
      return recording()
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  }
}
