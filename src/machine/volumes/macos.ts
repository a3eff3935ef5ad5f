import { posix } from 'node:path'
import { outputOf, runCommand } from '../run-command.ts'
import type { RunCommand } from '../run-command.ts'
import { macDevice } from './macos-device.ts'
import { isNetworkType, networkDevice } from './network-share.ts'
import { flagIn, numberIn, parsePlist, textIn } from './plist.ts'
import type { PlistDict } from './plist.ts'
import { unknownDevice } from './volume.ts'
import type { Volume, Volumes } from './volume.ts'

const askTimeoutMs = 5_000

/** One line of `mount`: `/dev/disk4s1 on /Volumes/EOS (1) (exfat, local, nodev, read-only)`. */
export interface MacMount {
  readonly source: string
  readonly mountPoint: string
  readonly fsType: string
  readonly options: readonly string[]
}

/** Names may hold spaces and parentheses, so the options are the last parentheses and the source ends at ` on /`. */
export function parseMacMounts(text: string): readonly MacMount[] {
  const mounts: MacMount[] = []
  for (const line of text.split('\n')) {
    const [, source, mountPoint, inside] = /^(.+?) on (\/.*) \(([^()]*)\)$/.exec(line.trimEnd()) ?? []
    if (source === undefined || mountPoint === undefined || inside === undefined) continue
    const [fsType, ...options] = inside.split(', ')
    mounts.push({ source, mountPoint, fsType: fsType ?? '', options })
  }
  return mounts
}

/**
 * The mount point in the answer of `df -P PATH`. df asks the kernel, and only the kernel knows that /Users lies on
 * another volume than / (firmlinks): the mount table alone would say the sealed system volume.
 */
export function parseDfMountPoint(text: string): string | null {
  const line = text.trimEnd().split('\n').at(-1) ?? ''
  return /\s\d+%\s+(\/.*)$/.exec(line)?.[1] ?? null
}

export const systemVolumes = /^\/(dev|System\/Volumes\/(?!Data$).*|private\/var\/vm)$/

/**
 * What `mount`, `df` and `diskutil` tell. The names of their fields are those of the diskutil of macOS 10.15 and later;
 * a field that is missing leaves a null.
 */
export function macVolumes(run: RunCommand = runCommand): Volumes {
  const readMounts = async (): Promise<readonly MacMount[]> =>
    parseMacMounts((await outputOf(run, 'mount', [], askTimeoutMs)) ?? '')

  return {
    find: async (path) => {
      if (!posix.isAbsolute(path)) return null
      const mounts = await readMounts()
      const mountPoint = await mountPointOf(run, mounts, posix.resolve(path))
      const mount = mounts.findLast((one) => one.mountPoint === mountPoint)
      return mount === undefined ? null : describe(run, mount)
    },
    list: async () => {
      const shown = (await readMounts()).filter(
        (mount) =>
          !mount.source.startsWith('map ') && mount.fsType !== 'devfs' && !systemVolumes.test(mount.mountPoint),
      )
      return Promise.all(shown.map((mount) => describe(run, mount)))
    },
  }
}

/** df needs an existing path, so it is asked for the nearest folder that exists; the deepest mount when df can't tell. */
async function mountPointOf(run: RunCommand, mounts: readonly MacMount[], path: string): Promise<string | null> {
  for (let folder = path; ; folder = posix.dirname(folder)) {
    const end = await run('df', ['-P', '--', folder], askTimeoutMs)
    if (end.kind !== 'ended') break
    const found = end.code === 0 ? parseDfMountPoint(end.stdout) : null
    if (found !== null) return found
    if (folder === '/') break
  }
  const above = mounts.filter(({ mountPoint }) => mountPoint === '/' || `${path}/`.startsWith(`${mountPoint}/`))
  return above.toSorted((a, b) => b.mountPoint.length - a.mountPoint.length)[0]?.mountPoint ?? null
}

async function describe(run: RunCommand, mount: MacMount): Promise<Volume> {
  const isNetwork = isNetworkType(mount.fsType)
  const info = isNetwork
    ? null
    : await diskInfo(run, mount.source.startsWith('/dev/') ? mount.source : mount.mountPoint)
  const device = await deviceOf(run, mount, info)
  return {
    mountPoint: mount.mountPoint,
    source: mount.source,
    fsType: mount.fsType,
    fsTypeReal: textIn(info, 'FilesystemType') ?? mount.fsType,
    label: textIn(info, 'VolumeName'),
    uuid: textIn(info, 'VolumeUUID'),
    totalBytes: numberIn(info, 'APFSContainerSize') ?? numberIn(info, 'TotalSize') ?? numberIn(info, 'Size'),
    deviceId: device.id,
    deviceHow: device.how,
    deviceParts: device.parts,
    isNetwork,
    isRemovable: isNetwork ? false : (flagIn(info, 'RemovableMediaOrExternalDevice') ?? device.isRemovable),
    readOnly: mount.options.includes('read-only'),
  }
}

async function deviceOf(run: RunCommand, mount: MacMount, info: PlistDict | null): ReturnType<typeof macDevice> {
  if (isNetworkType(mount.fsType)) return networkDevice(mount.source, null)
  if (mount.fsType === 'tmpfs') return { id: 'ram:tmpfs', how: 'measured', parts: ['ram'], isRemovable: false }
  return info === null ? unknownDevice(`source:${mount.source}`) : macDevice(run, info)
}

async function diskInfo(run: RunCommand, what: string): Promise<PlistDict | null> {
  return parsePlist((await outputOf(run, 'diskutil', ['info', '-plist', what], askTimeoutMs)) ?? '')
}
