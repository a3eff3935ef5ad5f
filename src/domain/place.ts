import type { FailureCode } from './failure.ts'
import type { PlaceId } from './ids.ts'

export type Role = 'card' | 'library' | 'second' | 'cloud' | 'drive'
export const roles: readonly Role[] = ['card', 'library', 'second', 'cloud', 'drive']

/** Places are shown in the order of the workflow, and by name within a role. */
export const byRole = (
  a: { readonly role: Role; readonly name: string },
  b: { readonly role: Role; readonly name: string },
): number => roles.indexOf(a.role) - roles.indexOf(b.role) || (a.name < b.name ? -1 : 1)

/** The physical device a place lies on (V2). `declared` when a person named it and the machine could not tell. */
export interface Device {
  readonly id: string
  readonly how: 'measured' | 'declared' | 'unknown'
}

/** A place as the settings and the catalog know it. */
export interface Place {
  readonly id: PlaceId
  readonly name: string
  readonly role: Role
  /** What burns together: `home`, `cloud`, `safe`, `bag` or a name of the user's. */
  readonly site: string
  /** A folder's absolute path, or an address such as `s3://…`. */
  readonly address: string
  /** The device a person declared, or null. */
  readonly declaredDevice: string | null
}

/** Stands for the room of a service that has no limit, or tells none. */
export const unlimitedBytes = Number.MAX_SAFE_INTEGER

/** What a place's file system can't do; known before the first byte, so that no file fails in the middle. */
export interface FileSystemLimits {
  /** As the system names it: ext4, btrfs, exfat, fuseblk, apfs, ntfs, cifs, nfs4 … */
  readonly type: string
  readonly fileBytesMax: number
  readonly nameBytesMax: number
  /** True when IMG.JPG and img.jpg are one file there. */
  readonly foldsCase: boolean
  /** Characters that a name may not contain there, as one string. */
  readonly forbidden: string
  /** Resolution of modification times, in milliseconds (FAT: 2000). */
  readonly mtimeStepMs: number
}

/** What a place answered when it was asked who it is (W4). */
export type Identity =
  | {
      readonly kind: 'online'
      readonly id: PlaceId
      /** Where it is now, an absolute path: a drive may be mounted elsewhere than the settings say. */
      readonly folder: string
      readonly device: Device
      readonly freeBytes: number
      readonly totalBytes: number
      readonly limits: FileSystemLimits
      /** The best evidence a read-back can give here: past the cache, or not. */
      readonly readBack: 'medium' | 'cached'
    }
  | { readonly kind: 'unmarked'; readonly sentence: string }
  | { readonly kind: 'someone-else'; readonly foundId: string; readonly sentence: string }
  /** `code` says why where a service said so; none when it did not answer in time. */
  | { readonly kind: 'unknown'; readonly sentence: string; readonly code?: FailureCode }
