/**
 * Which parts of the lab can run on this machine. Each question gives null for yes, or the reason why not in one sentence, which a
 * test prints when it skips: `test('…', { skip: canMakeLoopDisk('ext4') ?? false }, …)`.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { toolPath } from './run-tool.ts'

export type FileSystemKind = 'ext4' | 'btrfs' | 'xfs' | 'exfat'

const asked = new Map<string, string | null>()

function once(question: string, answer: () => string | null): string | null {
  const known = asked.get(question)
  if (known !== undefined) return known
  const found = answer()
  asked.set(question, found)
  return found
}

function firstReason(...reasons: (string | null)[]): string | null {
  return reasons.find((reason) => reason !== null) ?? null
}

function needsRoot(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  return process.getuid?.() === 0 ? null : 'needs root (loop devices and mounts)'
}

function needsTools(...names: string[]): string | null {
  const missing = names.filter((name) => toolPath(name) === null)
  return missing.length === 0 ? null : `needs ${missing.join(', ')}, which this machine does not have`
}

function needsDevice(path: string): string | null {
  return existsSync(path) ? null : `needs ${path}, which this system does not give`
}

function needsKernel(fs: string): string | null {
  return readFileSync('/proc/filesystems', 'utf8').split(/\s+/).includes(fs) ? null : `the kernel does not know ${fs}`
}

export function canMakeLoopDisk(fs: FileSystemKind = 'ext4'): string | null {
  return once(`loop ${fs}`, () =>
    firstReason(
      needsRoot(),
      needsTools('losetup', 'mount', 'umount', 'blockdev', `mkfs.${fs}`),
      needsDevice('/dev/loop-control'),
      fs === 'exfat' ? firstReason(needsTools('mount.exfat-fuse'), needsDevice('/dev/fuse')) : needsKernel(fs),
    ),
  )
}

export function canMakeCardImage(): string | null {
  return firstReason(canMakeLoopDisk('exfat'), needsTools('tune.exfat'))
}

/** Whether disks can be recorded and crash states be tried. */
export function canRecordDisk(fs: FileSystemKind = 'ext4'): string | null {
  return firstReason(
    canMakeLoopDisk(fs),
    once('nbdfuse', () => firstReason(needsTools('nbdfuse'), needsDevice('/dev/fuse'))),
  )
}

/** Python as the system has it: another one in front of it in PATH does not see the system's packages. */
export const SYSTEM_PYTHON = '/usr/bin/python3'

export function canLie(): string | null {
  return once('lying reader', () =>
    firstReason(
      needsRoot(),
      needsTools('umount'),
      needsDevice('/dev/fuse'),
      needsDevice(SYSTEM_PYTHON) ??
        (spawnSync(SYSTEM_PYTHON, ['-c', 'import fusepy'], { timeout: 10_000 }).status === 0
          ? null
          : 'needs the Python package fusepy (Debian: python3-fusepy)'),
    ),
  )
}

export function canFreeze(): string | null {
  return firstReason(canMakeLoopDisk('ext4'), needsTools('fsfreeze'))
}

/** Whether all processes of a command can be found and killed; needs no root. */
export function canKill(): string | null {
  return process.platform === 'linux' ? null : `needs /proc to find a command's children, this is ${process.platform}`
}

export function canKillAtSyscall(): string | null {
  return once('strace', () =>
    firstReason(
      canKill(),
      needsTools('strace'),
      spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'], { timeout: 10_000 }).status === 0
        ? null
        : 'strace is not allowed to trace here',
    ),
  )
}

/** Where the test cards are, or null: `FIVEFOLD_TEST_CARDS`, else `../shared/cards` beside the checkout. */
export function testCardsFolder(): string | null {
  const folder = process.env['FIVEFOLD_TEST_CARDS'] ?? new URL('../../../shared/cards', import.meta.url).pathname
  return existsSync(`${folder}/files.json`) ? folder : null
}

export function canUseTestCards(): string | null {
  return testCardsFolder() === null
    ? 'the test cards are not here (FIVEFOLD_TEST_CARDS, or ../shared/cards beside the checkout)'
    : null
}

/** The names of the test cards, sorted; empty when they are not here. A folder with a leading underscore is no card. */
export function testCards(): string[] {
  const folder = testCardsFolder()
  if (folder === null) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map((entry) => entry.name)
    .toSorted()
}
