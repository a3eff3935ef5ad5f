/**
 * The folders at which drives are mounted right now, asked without touching one of them: a volume that hangs must not hang this (J2).
 * Shares are left out, for a drive that wanders is plugged into this computer.
 */
import { outputOf, runCommand } from '../run-command.ts'
import type { RunCommand } from '../run-command.ts'
import { isForFiles } from './linux.ts'
import { thisLinux } from './linux-world.ts'
import type { LinuxWorld } from './linux-world.ts'
import { parseMacMounts, systemVolumes } from './macos.ts'
import { mountAt, parseMountinfo } from './mountinfo.ts'
import { isNetworkType } from './network-share.ts'

const askTimeoutMs = 5_000

/** Absolute paths; empty where the system tells nothing. */
export async function mountedFolders(platform: NodeJS.Platform = process.platform): Promise<readonly string[]> {
  if (platform === 'linux') return mountedOnLinux(thisLinux)
  if (platform === 'darwin') return mountedOnMac(runCommand)
  return platform === 'win32' ? windowsLetters() : []
}

export async function mountedOnLinux(world: Pick<LinuxWorld, 'readText'>): Promise<readonly string[]> {
  const mounts = parseMountinfo((await world.readText('/proc/self/mountinfo')) ?? '')
  return mounts
    .filter((mount) => isForFiles(mount) && !isNetworkType(mount.fsType) && mount.mountPoint !== '/')
    .filter((mount) => mountAt(mounts, mount.mountPoint) === mount)
    .map(({ mountPoint }) => mountPoint)
}

export async function mountedOnMac(run: RunCommand): Promise<readonly string[]> {
  const mounts = parseMacMounts((await outputOf(run, 'mount', [], askTimeoutMs)) ?? '')
  return mounts
    .filter(({ source, fsType }) => !source.startsWith('map ') && fsType !== 'devfs' && !isNetworkType(fsType))
    .filter(({ mountPoint }) => mountPoint !== '/' && !systemVolumes.test(mountPoint))
    .map(({ mountPoint }) => mountPoint)
}

/**
 * Every letter that a drive can have; those without one answer at once that there is nothing. A and B would wake a floppy drive.
 * Asking Windows which letters are in use takes PowerShell, and that takes seconds.
 */
export const windowsLetters = (): readonly string[] =>
  Array.from('CDEFGHIJKLMNOPQRSTUVWXYZ', (letter) => `${letter}:\\`)
