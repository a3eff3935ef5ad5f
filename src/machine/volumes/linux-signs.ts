import { basename, join } from 'node:path'
import { outputOf } from '../run-command.ts'
import { btrfsUuid } from './linux-device.ts'
import type { LinuxWorld } from './linux-world.ts'
import { lsblkRow } from './lsblk-row.ts'

/** What a file system says of itself on its medium. */
export interface FileSystemSigns {
  readonly type: string | null
  readonly label: string | null
  readonly uuid: string | null
}

const commandTimeoutMs = 5_000
const noSigns: FileSystemSigns = { type: null, label: null, uuid: null }

const textOrNull = (text: string | null | undefined): string | null =>
  text === undefined || text === null || text === '' ? null : text

/** `lsblk --json`: complete where udev runs, all null in a container, for udev is what it asks. */
export function parseLsblk(text: string): FileSystemSigns {
  const column = lsblkRow(text)
  return { type: textOrNull(column('fstype')), label: textOrNull(column('label')), uuid: textOrNull(column('uuid')) }
}

/** `blkid -p -o export`: reads the medium itself, which takes root, or rights on the device. Lines are `KEY=value`. */
export function parseBlkidExport(text: string): FileSystemSigns {
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    // The export form puts a backslash before what a shell would take amiss.
    if (at > 0) found.set(line.slice(0, at), line.slice(at + 1).replace(/\\(.)/g, '$1'))
  }
  return {
    type: textOrNull(found.get('TYPE')),
    label: textOrNull(found.get('LABEL')),
    uuid: textOrNull(found.get('UUID')),
  }
}

const filled = (known: FileSystemSigns, more: FileSystemSigns): FileSystemSigns => ({
  type: known.type ?? more.type,
  label: known.label ?? more.label,
  uuid: known.uuid ?? more.uuid,
})

/** udev's links /dev/disk/by-uuid/… and by-label/…, for systems without lsblk. Names carry \x20 for a space. */
async function linkedName(world: LinuxWorld, folder: string, device: string): Promise<string | null> {
  for (const name of await world.names(folder)) {
    if ((await world.resolve(join(folder, name))) !== device) continue
    const bytes = name.replace(/\\x([0-9a-f]{2})/gi, (_all, hex: string) => `%${hex}`)
    return bytes === name ? name : decodeURIComponent(bytes)
  }
  return null
}

/**
 * Type, label and UUID of what is on a device node: asks lsblk, then /sys (btrfs), then blkid, then udev's links, until
 * all is known or nobody knows more. A missing command or missing rights only leave something null.
 */
export async function fileSystemSigns(world: LinuxWorld, node: string): Promise<FileSystemSigns> {
  const args = ['--json', '--nodeps', '-o', 'NAME,FSTYPE,LABEL,UUID', node]
  let signs = parseLsblk((await outputOf(world.run, 'lsblk', args, commandTimeoutMs)) ?? '')
  if (signs.type !== null && signs.uuid !== null) return signs
  const btrfs = await btrfsUuid(world, node)
  if (btrfs !== null) {
    const label = textOrNull(await world.readText(`/sys/fs/btrfs/${btrfs}/label`))
    return filled(signs, { type: 'btrfs', label, uuid: btrfs })
  }
  const blkid = await outputOf(world.run, 'blkid', ['-p', '-o', 'export', node], commandTimeoutMs)
  signs = filled(signs, blkid === null ? noSigns : parseBlkidExport(blkid))
  if (signs.uuid !== null) return signs
  const device = (await world.resolve(node)) ?? `/dev/${basename(node)}`
  return filled(signs, {
    type: null,
    label: await linkedName(world, '/dev/disk/by-label', device),
    uuid: await linkedName(world, '/dev/disk/by-uuid', device),
  })
}
