/**
 * The volumes that are mounted now, each with an id of this very mounting: a card that was changed for another between two looks is
 * noticed although it has the same folder. Asked once a second, so it must cost next to nothing; and without touching a volume that
 * may hang (J2). Shares are left out, for cards and drives are plugged into this computer.
 */
import { stat } from 'node:fs/promises'
import { outputOf, runCommand } from '../run-command.ts'
import type { RunCommand } from '../run-command.ts'
import { isForFiles } from './linux.ts'
import { thisLinux } from './linux-world.ts'
import type { LinuxWorld } from './linux-world.ts'
import { parseMacMounts, systemVolumes } from './macos.ts'
import { mountAt, parseMountinfo } from './mountinfo.ts'
import { isNetworkType } from './network-share.ts'

export interface MountedVolume {
  readonly id: string
  /** An absolute path. */
  readonly folder: string
}

/** Null when the system did not answer: then nothing is known to have gone. */
export type MountedNow = () => Promise<readonly MountedVolume[] | null>

const askTimeoutMs = 5_000

export function mountedNowHere(platform: NodeJS.Platform = process.platform): MountedNow {
  if (platform === 'linux') return () => mountedNowOnLinux(thisLinux)
  if (platform === 'darwin') return () => mountedNowOnMac(runCommand)
  return platform === 'win32' ? mountedNowOnWindows(runCommand, volumeNumberAt) : async () => null
}

/** The kernel numbers each mounting. */
export async function mountedNowOnLinux(world: Pick<LinuxWorld, 'readText'>): Promise<readonly MountedVolume[] | null> {
  const text = await world.readText('/proc/self/mountinfo')
  if (text === null) return null
  const mounts = parseMountinfo(text)
  return mounts
    .filter((mount) => isForFiles(mount) && !isNetworkType(mount.fsType) && mount.mountPoint !== '/')
    .filter((mount) => mountAt(mounts, mount.mountPoint) === mount)
    .map(({ id, deviceNumber, mountPoint }) => ({ id: `${id} ${deviceNumber} ${mountPoint}`, folder: mountPoint }))
}

/** A disk that comes in gets the next free number; and a card that is changed is gone from the table for longer than a second. */
export async function mountedNowOnMac(run: RunCommand): Promise<readonly MountedVolume[] | null> {
  const text = await outputOf(run, 'mount', [], askTimeoutMs)
  if (text === null) return null
  return parseMacMounts(text)
    .filter(({ source, fsType }) => !source.startsWith('map ') && fsType !== 'devfs' && !isNetworkType(fsType))
    .filter(({ mountPoint }) => mountPoint !== '/' && !systemVolumes.test(mountPoint))
    .map(({ source, mountPoint }) => ({ id: `${source} ${mountPoint}`, folder: mountPoint }))
}

/**
 * Every letter that a drive can have; those without one answer at once that there is nothing. A and B would wake a floppy drive.
 * Asking Windows which letters are in use takes PowerShell, and that takes seconds.
 */
export const windowsLetters = (): readonly string[] =>
  Array.from('CDEFGHIJKLMNOPQRSTUVWXYZ', (letter) => `${letter}:\\`)

/** The letters of shares (type 4), which may hang, and of discs (type 5): Win32_LogicalDisk in Microsoft's documentation. */
const windowsElsewhere = [
  '-NoProfile',
  '-NonInteractive',
  '-Command',
  'Get-CimInstance Win32_LogicalDisk -Filter "DriveType=4 OR DriveType=5" | ForEach-Object { $_.DeviceID }',
] as const
const powerShellTimeoutMs = 20_000
/** Shares come and go seldom, and PowerShell is dear. */
const elsewhereEveryLooks = 60

/** Each call is one look. `numberAt` tells the number of the volume at a letter, null where there is none. */
export function mountedNowOnWindows(run: RunCommand, numberAt: (folder: string) => Promise<string | null>): MountedNow {
  let elsewhere: ReadonlySet<string> | null = null
  let looks = 0
  return async () => {
    if (looks % elsewhereEveryLooks === 0) {
      const text = await outputOf(run, 'powershell.exe', windowsElsewhere, powerShellTimeoutMs)
      if (text !== null) elsewhere = new Set(text.split(/\r?\n/).map((line) => `${line.trim()}\\`))
    }
    // As long as nobody told which letters are shares, none is touched.
    if (elsewhere === null) return null
    looks += 1
    const here = windowsLetters().filter((folder) => elsewhere?.has(folder) === false)
    const found = await Promise.all(here.map(async (folder) => ({ folder, number: await numberAt(folder) })))
    return found.flatMap(({ folder, number }) => (number === null ? [] : [{ id: `${folder} ${number}`, folder }]))
  }
}

/** On Windows the device of a file is the serial number of its volume, which a format makes anew. */
async function volumeNumberAt(folder: string): Promise<string | null> {
  try {
    return String((await stat(folder, { bigint: true })).dev)
  } catch {
    return null
  }
}
