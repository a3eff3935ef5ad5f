/**
 * The volumes that are mounted now, each with an id of this very mounting: a card that was changed for another between two looks is
 * noticed although it has the same folder. Asked without touching one of them (J2).
 */
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

const askTimeoutMs = 5_000

/** Null when the system did not answer: then nothing is known to have gone. */
export function mountedNow(platform: NodeJS.Platform = process.platform): Promise<readonly MountedVolume[] | null> {
  if (platform === 'linux') return mountedNowOnLinux(thisLinux)
  if (platform === 'darwin') return mountedNowOnMac(runCommand)
  return platform === 'win32' ? mountedNowOnWindows(runCommand) : Promise.resolve(null)
}

/** The number of a mount is given anew with each mounting. */
export async function mountedNowOnLinux(world: Pick<LinuxWorld, 'readText'>): Promise<readonly MountedVolume[] | null> {
  const text = await world.readText('/proc/self/mountinfo')
  if (text === null) return null
  const mounts = parseMountinfo(text)
  return mounts
    .filter((mount) => isForFiles(mount) && !isNetworkType(mount.fsType) && mount.mountPoint !== '/')
    .filter((mount) => mountAt(mounts, mount.mountPoint) === mount)
    .map(({ id, deviceNumber, mountPoint }) => ({ id: `${id} ${deviceNumber} ${mountPoint}`, folder: mountPoint }))
}

/** `/dev/disk4s1` is given anew when another card comes in as long as the old one is not ejected; else the folder goes for a moment. */
export async function mountedNowOnMac(run: RunCommand): Promise<readonly MountedVolume[] | null> {
  const text = await outputOf(run, 'mount', [], askTimeoutMs)
  if (text === null) return null
  return parseMacMounts(text)
    .filter(({ source, fsType }) => !source.startsWith('map ') && fsType !== 'devfs' && !isNetworkType(fsType))
    .filter(({ mountPoint }) => mountPoint !== '/' && !systemVolumes.test(mountPoint))
    .map(({ source, mountPoint }) => ({ id: `${source} ${mountPoint}`, folder: mountPoint }))
}

/** Letters with their serial numbers; network drives (type 4) and optical ones (type 5) are left out. */
const windowsScript =
  'Get-CimInstance Win32_LogicalDisk -Filter "DriveType=2 OR DriveType=3" | ForEach-Object { $_.DeviceID + [char]9 + $_.VolumeSerialNumber }'
const windowsTimeoutMs = 20_000

/** PowerShell takes seconds to start, so this is asked more seldom than elsewhere. A reader without a card has a letter and no serial number. */
export async function mountedNowOnWindows(run: RunCommand): Promise<readonly MountedVolume[] | null> {
  const args = ['-NoProfile', '-NonInteractive', '-Command', windowsScript]
  const text = await outputOf(run, 'powershell.exe', args, windowsTimeoutMs)
  if (text === null) return null
  return text.split(/\r?\n/).flatMap((line) => {
    const [letter = '', serial = ''] = line.trim().split('\t')
    return /^[A-Z]:$/.test(letter) && serial !== '' ? [{ id: `${letter} ${serial}`, folder: `${letter}\\` }] : []
  })
}
