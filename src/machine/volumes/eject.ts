/**
 * Lets go of a card, so that it can be taken out. Only ever asked for a volume that was told to be a card, when all that was to be read from
 * it was read; it writes nothing that the system does not write at every unmount, and a card that is mounted read-only stays as it is (C1).
 */
import { runCommand } from '../run-command.ts'
import type { RunCommand } from '../run-command.ts'
import { thisLinux } from './linux-world.ts'
import type { LinuxWorld } from './linux-world.ts'
import { mountAt, parseMountinfo } from './mountinfo.ts'

/** `busy`: another program uses it. `not-here`: this system does not let us. */
export type Ejected = 'ejected' | 'busy' | 'not-here'
export type Eject = (folder: string) => Promise<Ejected>

/** A slow card flushes for seconds; one that hangs must not keep anybody (J2). */
const ejectTimeoutMs = 20_000

export function ejectHere(platform: NodeJS.Platform = process.platform): Eject {
  if (platform === 'linux') return (folder) => ejectOnLinux(folder, thisLinux, runCommand)
  if (platform === 'darwin') return (folder) => ejectOnMac(folder, runCommand)
  return platform === 'win32' ? (folder) => ejectOnWindows(folder, runCommand) : async () => 'not-here'
}

/**
 * A desktop's own way first, for it knows who mounted the card (udisksctl(1)); then as whoever mounted it by hand may (umount(8),
 * fusermount3(1)). The reader keeps its power: it may have another card in it.
 */
export async function ejectOnLinux(
  folder: string,
  world: Pick<LinuxWorld, 'readText'>,
  run: RunCommand,
): Promise<Ejected> {
  const mounts = parseMountinfo((await world.readText('/proc/self/mountinfo')) ?? '')
  const mount = mountAt(mounts, folder)
  if (mount === null || mount.mountPoint !== folder || folder === '/') return 'not-here'
  const ways: readonly (readonly [string, ...string[]])[] = [
    ...(mount.source.startsWith('/dev/')
      ? [['udisksctl', 'unmount', '--no-user-interaction', '-b', mount.source] as const]
      : []),
    ['umount', folder],
    ...(mount.fsType.startsWith('fuse') ? [['fusermount3', '-u', folder] as const] : []),
  ]
  return firstThatWorks(ways, run)
}

/** `eject` lets go of every volume of that medium, as the Finder does (diskutil(8)). */
export const ejectOnMac = (folder: string, run: RunCommand): Promise<Ejected> =>
  firstThatWorks([['diskutil', 'eject', folder]], run)

/** What the Explorer's “Eject” does. It answers nothing, so the letter is looked for afterwards: exit code 3 when it is still there. */
export async function ejectOnWindows(folder: string, run: RunCommand): Promise<Ejected> {
  const [letter] = /^[A-Z]:/i.exec(folder) ?? []
  if (letter === undefined) return 'not-here'
  const script = `(New-Object -ComObject Shell.Application).Namespace(17).ParseName('${letter}').InvokeVerb('Eject'); Start-Sleep -Seconds 4; if (Test-Path '${letter}\\') { exit 3 }`
  const end = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script], ejectTimeoutMs)
  if (end.kind !== 'ended') return 'not-here'
  return end.code === 0 ? 'ejected' : end.code === 3 ? 'busy' : 'not-here'
}

const saysBusy = /busy|in use|dissented/i

async function firstThatWorks(ways: readonly (readonly [string, ...string[]])[], run: RunCommand): Promise<Ejected> {
  let busy = false
  for (const [command, ...args] of ways) {
    const end = await run(command, args, ejectTimeoutMs)
    if (end.kind !== 'ended') continue
    if (end.code === 0) return 'ejected'
    busy ||= saysBusy.test(`${end.stderr} ${end.stdout}`)
  }
  return busy ? 'busy' : 'not-here'
}
