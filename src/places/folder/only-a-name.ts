import type { Stats } from 'node:fs'
import type { Failure } from '../../domain/failure.ts'

/** A file of fewer bytes may lie in the table of the file system itself (NTFS, APFS, ext4), and need no block. */
const mayNeedNoBlockBytes = 4096

/**
 * Does it only look present? Programs of cloud providers keep name and size of a file on the disk, and its bytes in the cloud: “online
 * only”, “free up space” (Cloud Files on Windows, File Provider on macOS, where the flag is called dataless). All have in common that the
 * disk gives such a file no room at all, which Node tells on every system.
 */
export const isOnlyAName = ({ size, blocks }: Pick<Stats, 'size' | 'blocks'>): boolean =>
  blocks === 0 && size > mayNeedNoBlockBytes

export const onlyAName = (place: string, path: string): Failure => ({
  code: 'only-a-name',
  sentence: `${path} at “${place}” is only a name: its bytes lie in the cloud, not on this disk.`,
  advice: 'Set the provider’s program to keep every file on this disk (“always keep on this device”), and wait for it.',
  place,
  path,
})
