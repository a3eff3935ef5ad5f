import { win32 } from 'node:path'
import { z } from 'zod/mini'
import { outputOf, runCommand } from '../run-command.ts'
import type { RunCommand } from '../run-command.ts'
import { networkDevice } from './network-share.ts'
import { unknownDevice } from './volume.ts'
import type { PhysicalDevice, Volume, Volumes } from './volume.ts'

/** Starting PowerShell and its storage module takes seconds on a busy machine. */
const askTimeoutMs = 20_000

/**
 * Every field is named and enumerations are turned to text, because what `ConvertTo-Json` makes of the raw objects
 * differs between Windows PowerShell 5.1 and PowerShell 7. `@(…)` keeps a list of one a list.
 */
const script = `
$ErrorActionPreference = 'SilentlyContinue'
[Console]::OutputEncoding = [System.Text.Encoding]::UTF8
$volumes = @(Get-Volume | ForEach-Object { [ordered]@{ path = $_.Path; letter = "$($_.DriveLetter)"; label = $_.FileSystemLabel;
  type = "$($_.FileSystemType)"; drive = "$($_.DriveType)"; bytes = $_.Size } })
$partitions = @(Get-Partition | ForEach-Object { [ordered]@{ disk = $_.DiskNumber; readOnly = $_.IsReadOnly; paths = @($_.AccessPaths) } })
$disks = @(Get-Disk | ForEach-Object { [ordered]@{ number = $_.Number; uniqueId = $_.UniqueId; serial = $_.SerialNumber;
  guid = $_.Guid; bus = "$($_.BusType)"; readOnly = $_.IsReadOnly } })
$shares = @(Get-CimInstance Win32_LogicalDisk -Filter 'DriveType=4' | ForEach-Object { [ordered]@{ letter = $_.DeviceID;
  share = $_.ProviderName; label = $_.VolumeName; type = $_.FileSystem; bytes = $_.Size } })
[ordered]@{ volumes = $volumes; partitions = $partitions; disks = $disks; shares = $shares } | ConvertTo-Json -Depth 5 -Compress
`

const text = z.nullish(z.string())
const answerSchema = z.object({
  volumes: z.array(z.object({ path: z.string(), letter: text, label: text, type: text, drive: text, bytes: z.nullish(z.number()) })),
  partitions: z.array(
    z.object({ disk: z.nullish(z.number()), readOnly: z.nullish(z.boolean()), paths: z.array(z.nullable(z.string())) }),
  ),
  disks: z.array(
    z.object({ number: z.number(), uniqueId: text, serial: text, guid: text, bus: text, readOnly: z.nullish(z.boolean()) }),
  ),
  shares: z.array(z.object({ letter: z.string(), share: text, label: text, type: text, bytes: z.nullish(z.number()) })),
}) // prettier-ignore

type Answer = z.infer<typeof answerSchema>
type Disk = Answer['disks'][number]

const removableBuses: ReadonlySet<string> = new Set(['USB', 'SD', 'MMC', '1394'])

/** What Get-Volume, Get-Partition, Get-Disk and Win32_LogicalDisk tell. They need no administrator. */
export function windowsVolumes(run: RunCommand = runCommand): Volumes {
  const list = async (): Promise<readonly Volume[]> => {
    const args = ['-NoProfile', '-NonInteractive', '-Command', script]
    const answer = parseAnswer((await outputOf(run, 'powershell.exe', args, askTimeoutMs)) ?? '')
    return answer === null ? [] : volumesOf(answer)
  }
  return {
    list,
    find: async (path) => {
      const plain = win32.resolve(
        path.replace(/^[\\/]{2}\?[\\/](?:UNC[\\/])?/i, (all) => (/UNC/i.test(all) ? '\\\\' : '')),
      )
      if (plain.startsWith('\\\\')) return shareVolume({ letter: win32.parse(plain).root, share: plain })
      const above = (await list()).filter((volume) => isBelow(plain, volume.mountPoint))
      return above.toSorted((a, b) => b.mountPoint.length - a.mountPoint.length)[0] ?? null
    },
  }
}

const isBelow = (path: string, folder: string): boolean =>
  `${path.replace(/\\+$/, '')}\\`.toLowerCase().startsWith(`${folder.replace(/\\+$/, '')}\\`.toLowerCase())

function parseAnswer(answer: string): Answer | null {
  try {
    return answerSchema.parse(JSON.parse(answer.replace(/^\uFEFF/, '')))
  } catch {
    return null
  }
}

const orNull = (value: string | null | undefined): string | null =>
  value === null || value === undefined || value.trim() === '' ? null : value.trim()

/** A volume once for each folder or letter it is reached by, and the network drives. */
function volumesOf(answer: Answer): readonly Volume[] {
  const local = answer.volumes.flatMap((volume) => {
    const paths = answer.partitions.find((partition) => partition.paths.includes(volume.path))?.paths ?? []
    const letter = orNull(volume.letter?.replaceAll('\0', ''))
    const reached = paths.filter((path) => path !== null && !path.startsWith('\\\\?\\')).map(String)
    const mountPoints = reached.length > 0 ? reached : letter === null ? [] : [`${letter}:\\`]
    return mountPoints.map((mountPoint) => localVolume(answer, volume, mountPoint))
  })
  return [...local, ...answer.shares.map(shareVolume)]
}

function localVolume(answer: Answer, volume: Answer['volumes'][number], mountPoint: string): Volume {
  const partitions = answer.partitions.filter((partition) => partition.paths.includes(volume.path))
  const disk = answer.disks.find((one) => one.number === partitions[0]?.disk)
  const device = disk === undefined || partitions.length > 1 ? unknownDevice(`volume:${volume.path}`) : diskDevice(disk)
  const type = orNull(volume.type) ?? 'unknown'
  return {
    mountPoint,
    source: volume.path,
    fsType: type,
    fsTypeReal: type,
    label: orNull(volume.label),
    uuid: /\{([^}]+)\}/.exec(volume.path)?.[1] ?? null,
    totalBytes: volume.bytes ?? null,
    deviceId: device.id,
    deviceHow: device.how,
    deviceParts: device.parts,
    isNetwork: false,
    isRemovable: volume.drive === 'Removable' ? true : device.isRemovable,
    readOnly: partitions[0]?.readOnly === true || disk?.readOnly === true,
  }
}

/**
 * A disk as Windows numbers it, under a name that it keeps: UniqueId (for USB it holds the slot of a card reader), the
 * serial number, or the id of its partition table. A storage space is one RAID; a mounted image is a file somewhere.
 */
function diskDevice(disk: Disk): PhysicalDevice {
  const bus = disk.bus ?? ''
  if (bus === 'File Backed Virtual' || bus === 'Virtual') return unknownDevice(`image:${disk.number}`)
  const isRemovable = removableBuses.has(bus)
  const name = orNull(disk.uniqueId) ?? orNull(disk.serial) ?? orNull(disk.guid)
  if (name === null && isRemovable) return { ...unknownDevice(`disk:${disk.number}`), isRemovable }
  const id = `${bus === 'Spaces' ? 'raid:spaces' : 'disk'}:${name?.replace(/\s+/g, '_') ?? disk.number}`
  return { id, how: 'measured', parts: [id], isRemovable }
}

function shareVolume(share: Partial<Answer['shares'][number]> & { readonly letter: string }): Volume {
  const source = orNull(share.share) ?? share.letter
  const device = networkDevice(source, null)
  return {
    mountPoint: share.letter.endsWith('\\') ? share.letter : `${share.letter}\\`,
    source,
    fsType: 'smb',
    fsTypeReal: 'smb',
    label: orNull(share.label),
    uuid: null,
    totalBytes: share.bytes ?? null,
    deviceId: device.id,
    deviceHow: device.how,
    deviceParts: device.parts,
    isNetwork: true,
    isRemovable: false,
    readOnly: false,
  }
}
