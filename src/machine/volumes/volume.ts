/** What the computer tells of the volume that a path lies on. Null where it doesn't tell. */
export interface Volume {
  /** An absolute path: where the volume begins. */
  readonly mountPoint: string
  /** The device node, the share or the pool, as the mount table names it. */
  readonly source: string
  /** As the mount table names it; `fuseblk` says only that some program serves it. */
  readonly fsType: string
  /** What is really on the medium (`exfat` behind `fuseblk`); the same as `fsType` where nothing better is known. */
  readonly fsTypeReal: string
  readonly label: string | null
  readonly uuid: string | null
  readonly totalBytes: number | null
  /**
   * The physical device below partitions, LVM, encryption and image files (V2): `disk:…`, `raid:…`, `net:…`, `ram:…`,
   * or `unknown:…` when it could not be followed to its end.
   */
  readonly deviceId: string
  /** Only `measured` devices may count as independent; for the rest a person declares one. */
  readonly deviceHow: 'measured' | 'unknown'
  /**
   * All that the volume lies on: the disks below a RAID, the other names of a NAS. Two volumes that share one part
   * are not independent, even when their `deviceId` differs.
   */
  readonly deviceParts: readonly string[]
  readonly isNetwork: boolean
  /** True for a card or a drive that is plugged in and pulled. */
  readonly isRemovable: boolean | null
  readonly readOnly: boolean
}

/** One interface for what differs between Linux, macOS and Windows. Neither verb rejects; neither waits for ever. */
export interface Volumes {
  /**
   * The volume that `path` (absolute) lies on, or would lie on if it existed: below an unmounted mount point that is
   * the volume of the folder itself, which is why a place needs its marker (W4). Null when the system tells nothing.
   */
  find(path: string): Promise<Volume | null>
  /** The mounted volumes that can hold a person's files. */
  list(): Promise<readonly Volume[]>
}

/** The part of a `Volume` that says which physical device it is. */
export interface PhysicalDevice {
  readonly id: string
  readonly how: 'measured' | 'unknown'
  readonly parts: readonly string[]
  readonly isRemovable: boolean | null
}

export const unknownDevice = (what: string): PhysicalDevice => ({
  id: `unknown:${what}`,
  how: 'unknown',
  parts: [],
  isRemovable: null,
})
