/**
 * Disks whose every write and flush is recorded, so that each moment at which the power could have failed can be tried afterwards
 * (crash-states.ts). Several disks share one log, for a power cut hits the library, the second copy and the catalog alike.
 *
 * image ← nbd-recorder.ts ← nbdfuse ← loop device (direct) ← ext4, btrfs, xfs or exFAT, mounted
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FileSystemKind } from './can-run.ts'
import { driverEnds, makeImage, mountFileSystem } from './file-system.ts'
import { claim } from './janitor.ts'
import { mountedImage } from './mounted-image.ts'
import { attachLoop, detachLoop, unmount } from './mounts.ts'
import { kill, knownProcess } from './processes.ts'
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

/** One connection to the recorder's control socket; each order waits for its answer. */
class Control {
  readonly #socket: Socket
  readonly #waiting: { resolve: (answer: string) => void; reject: (error: Error) => void }[] = []

  constructor(socket: Socket) {
    this.#socket = socket
    const end = (): void => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the recorder is gone'))
    }
    socket.on('error', end).on('close', end)
    createInterface({ input: socket }).on('line', (line) => this.#waiting.shift()?.resolve(line))
  }

  async tell(order: string): Promise<string> {
    if (this.#socket.destroyed) throw new Error('the recorder is gone')
    const answer = await new Promise<string>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#socket.write(`${order}\n`)
    })
    if (!answer.startsWith('ok')) throw new Error(`the recorder says ${answer}`)
    return answer.slice('ok '.length)
  }

  end(): void {
    this.#socket.destroy()
  }
}

/** Starts a process that runs for long, claims it, and gives it by its id. */
function startDaemon(undo: AsyncDisposableStack, command: string, args: readonly string[]): KnownProcess {
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.unref()
  const known = child.pid === undefined ? null : knownProcess(child.pid)
  if (known === null) throw new Error(`${command} does not start`)
  undo.use(claim({ kind: 'process', ...known }))
  return known
}

async function connect(path: string): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = createConnection(path)
    socket.once('connect', () => resolve(socket)).once('error', reject)
  })
}

async function prepareBase<Name extends string>(folder: string, name: Name, wish: RecordedDiskWish): Promise<void> {
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
  startDaemon(undo, nbdfuse, [bus, `nbd+unix:///${name}?socket=${nbdSocket}`])
  const file = join(bus, 'nbd')
  await waitUntil(`${file} appears`, () => existsSync(file))
  const device = await attachLoop(file, { directIo: true })
  undo.use(claim({ kind: 'loop', device, image: file }))
  const mountPoint = join(folder, name)
  undo.use(claim({ kind: 'mount', path: mountPoint }))
  return { device, bus, driver: await mountFileSystem(fs, device, mountPoint) }
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
  const control = new Control(await connect(controlSocket))
  undo.defer(() => control.end())

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
      await unmount(join(folder, name), 500)
      if (driver !== null) await driverEnds(driver).catch(() => kill(driver))
      await detachLoop(device, join(bus, 'nbd'))
      await unmount(bus, 500)
    }
  }
  const recording = (): Recording<Name> => ({ disks, logFile, entries: readLog(logFile), scratch: folder })
  const status = async (): Promise<{ entries: number; flips: number }> => JSON.parse(await control.tell('status'))
  // A power cut is also the quickest way to end: what is still in the caches need not be written.
  undo.defer(async () => {
    await kill(recorder)
    await unplugAll()
  })
  const made = undo.move()
  return {
    disks: Object.fromEntries(disks.map((disk) => [disk.name, disk])) as Record<Name, RecordedDisk>,
    acknowledgeSocket: controlSocket,
    acknowledge: async (text) => void (await control.tell(`A ${text.replaceAll('\n', ' ')}`)),
    flipNextWriteWith: async (marker) => void (await control.tell(`flip ${Buffer.from(marker).toString('hex')}`)),
    flips: async () => (await status()).flips,
    failWrites: async (fail) => void (await control.tell(`fail ${fail ? 'on' : 'off'}`)),
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
