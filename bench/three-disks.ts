/**
 * A card, a NAS and a PC for a benchmark: either three ext4 images in memory, each behind a loop device that keeps no
 * cache of its own (so that the program is measured and not one shared disk), or three folders on one real disk.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { canMakeLoopDisk } from '../test/lab/can-run.ts'
import { loopDisk } from '../test/lab/loop-disk.ts'
import { scratchFolder } from '../test/lab/scratch-folder.ts'

export interface ThreeDisks extends AsyncDisposable {
  readonly kind: 'three images in memory' | 'one disk'
  readonly card: string
  readonly nas: string
  readonly pc: string
  /** For what belongs to none of the three: homes, lists, logs. */
  readonly scratch: string
}

const MIB = 1024 * 1024
const MEMORY = '/dev/shm'

/** Needs root and Linux; throws with the reason when it can't be done, such as too little memory. */
export async function threeDisksInMemory(setBytes: number, setFiles: number): Promise<ThreeDisks> {
  const reason = canMakeLoopDisk('ext4')
  if (reason !== null) throw new Error(`images in memory: ${reason}; use --one-disk FOLDER`)
  // Journal, inode tables and half-empty last blocks on top of the files.
  const megabytes = Math.ceil((setBytes * 1.04 + setFiles * 6_000) / MIB) + 160
  const free = statfsSync(MEMORY)
  const wanted = megabytes * MIB * 3
  if (free.bavail * free.bsize < wanted * 1.02) {
    throw new Error(`three images need ${Math.ceil(wanted / MIB)} MiB in ${MEMORY}; use a smaller --scale`)
  }
  await using made = new AsyncDisposableStack()
  const mounts: string[] = []
  for (const label of ['card', 'nas', 'pc']) {
    const inodes = setFiles * 2 + 4_000
    const disk = made.use(await loopDisk({ fs: 'ext4', megabytes, directIo: true, on: 'memory', label, inodes }))
    // All pages now: else the first run pays for finding memory, and the later ones do not.
    execFileSync('fallocate', ['-l', String(megabytes * MIB), disk.image])
    mounts.push(disk.mountPoint)
  }
  const scratch = made.use(await scratchFolder('memory')).path
  const owned = made.move()
  const [card = '', nas = '', pc = ''] = mounts
  return {
    kind: 'three images in memory',
    card,
    nas,
    pc,
    scratch,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Three folders below `parent`, which are removed in the end. Reading back then competes with writing, as on one disk. */
export function threeFoldersOnOneDisk(parent: string, setBytes: number): ThreeDisks {
  mkdirSync(parent, { recursive: true })
  const free = statfsSync(parent)
  if (free.bavail * free.bsize < setBytes * 3.2) throw new Error(`${parent} has not the room for three times the set`)
  const scratch = mkdtempSync(join(resolve(parent), 'fivefold-bench-'))
  const [card, nas, pc] = ['card', 'nas', 'pc'].map((name) => join(scratch, name))
  if (card === undefined || nas === undefined || pc === undefined) throw new Error('three names')
  for (const folder of [card, nas, pc]) mkdirSync(folder)
  const remove = (): void => rmSync(scratch, { recursive: true, force: true })
  // Ctrl-C leaves no gigabytes behind.
  process.once('exit', remove)
  return {
    kind: 'one disk',
    card,
    nas,
    pc,
    scratch,
    [Symbol.asyncDispose]: async () => {
      process.removeListener('exit', remove)
      remove()
    },
  }
}

/** Writes down what is dirty and forgets what was read: the next read comes from the medium. Needs root. */
export function dropCaches(): void {
  execFileSync('sync')
  writeFileSync('/proc/sys/vm/drop_caches', '3')
}

/** Everything that was written to the file system of `folder` is on its medium when this returns. */
export function flush(folder: string): void {
  execFileSync('sync', ['-f', folder])
}
