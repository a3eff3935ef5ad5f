import type { FileSystemLimits } from '../../domain/place.ts'

type Limits = Omit<FileSystemLimits, 'type'>

const gib = 2 ** 30
const tib = 2 ** 40
/** Limits beyond this (8 EiB and more) are no limits for us, and no exact numbers either. */
const unlimited = Number.MAX_SAFE_INTEGER

/** Control characters 1 to 31 and the marks that Windows refuses (learn.microsoft.com, Naming Files). */
const windowsForbidden = `"*/:<>?\\|${String.fromCharCode(...Array.from({ length: 32 }, (_all, code) => code))}`
const posixForbidden = '/\0'

/**
 * Names are counted in UTF-8 bytes everywhere, though Windows, exFAT and HFS+ count 255 UTF-16 units: a name of 255
 * bytes never has more units than that, so the stricter rule holds on both sides.
 */
const posix: Limits = {
  fileBytesMax: unlimited,
  nameBytesMax: 255,
  foldsCase: false,
  forbidden: posixForbidden,
  mtimeStepMs: 1,
}

/**
 * NTFS with its usual 4 KiB clusters ends at 16 TiB - 64 KiB. Linux drivers tell IMG.JPG and img.jpg apart there and
 * allow any mark, but the drive is made for Windows: two such names would be one file when it is plugged in there.
 */
const windows: Limits = {
  fileBytesMax: 16 * tib - 64 * 1024,
  nameBytesMax: 255,
  foldsCase: true,
  forbidden: windowsForbidden,
  mtimeStepMs: 1,
}

/** What the server stores on is not told; old NAS (ext3) keep whole seconds. */
const share: Limits = { ...windows, mtimeStepMs: 1000 }
const mac: Limits = { ...posix, foldsCase: true }
const fat: Limits = { ...windows, fileBytesMax: 4 * gib - 1, mtimeStepMs: 2000 }
/** exFAT has no limit on files that matters; its times are 2 s plus a field of 10 ms that some drivers leave empty. */
const exfat: Limits = { ...windows, fileBytesMax: unlimited, mtimeStepMs: 2000 }
/** A program decides, and doesn't say what it can: large files are usual, all else is taken at its strictest. */
const program: Limits = { ...windows, fileBytesMax: unlimited, mtimeStepMs: 2000 }

/** The strictest of all that is known: nothing can fail in the middle that was not refused before. */
const unknown: Limits = { ...fat, nameBytesMax: 143 }

const known: Readonly<Record<string, Limits>> = {
  ext2: { ...posix, fileBytesMax: 2 * tib, mtimeStepMs: 1000 },
  ext3: { ...posix, fileBytesMax: 2 * tib, mtimeStepMs: 1000 },
  ext4: { ...posix, fileBytesMax: 16 * tib - 4096 },
  xfs: posix,
  btrfs: posix,
  zfs: posix,
  bcachefs: posix,
  f2fs: { ...posix, fileBytesMax: 3.9 * tib },
  tmpfs: posix,
  ramfs: posix,
  overlay: posix,
  // eCryptfs (encrypted Synology shares) needs room in the name for its own mark.
  ecryptfs: { ...posix, nameBytesMax: 143 },
  apfs: mac,
  hfs: { ...mac, mtimeStepMs: 1000 },
  hfsplus: { ...mac, mtimeStepMs: 1000 },
  ntfs: windows,
  ntfs3: windows,
  'ntfs-3g': windows,
  refs: windows,
  exfat,
  vfat: fat,
  msdos: fat,
  fat: fat,
  fat32: fat,
  cifs: share,
  smb3: share,
  smb: share,
  smbfs: share,
  nfs: { ...posix, mtimeStepMs: 1000 },
  nfs4: { ...posix, mtimeStepMs: 1000 },
  'fuse.sshfs': { ...posix, mtimeStepMs: 1000 },
  'fuse.mergerfs': posix,
}

/**
 * What a file system can't do (W1: known before the first byte). `fsType` is a volume's `fsTypeReal`. Pure.
 * Not expressible here: Windows also refuses names that end in a dot or space, and CON, PRN, AUX, NUL, COM1 … LPT9.
 */
export function limitsOf(fsType: string): FileSystemLimits {
  const name = fsType.toLowerCase()
  const limits = known[name] ?? (name.startsWith('fuse.') || name === 'macfuse' ? program : unknown)
  return { type: fsType, ...limits }
}
