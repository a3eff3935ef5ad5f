import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { canRecordDisk } from './can-run.ts'
import type { FileSystemKind } from './can-run.ts'
import { crashMoments, tryCrashStates, tryCutAtTheEnd } from './crash-states.ts'
import type { CrashState } from './crash-states.ts'
import { recordingDisks } from './recording-disk.ts'
import type { RecordingDisks } from './recording-disk.ts'
import { seededRandom } from './seeded-random.ts'
import type { EntryKind, LogEntry } from './write-log.ts'

const KINDS: FileSystemKind[] = ['ext4', 'btrfs', 'exfat']
const FILES = 5

function bytesOf(number: number): Buffer {
  const chance = seededRandom(number)
  return Buffer.from(Array.from({ length: 40_000 }, () => Math.floor(chance() * 256)))
}

const TRUTH = new Map(Array.from({ length: FILES }, (_, number) => [`IMG_${number}.CR3`, bytesOf(number)]))

function naively(folder: string, name: string, bytes: Buffer): void {
  writeFileSync(join(folder, name), bytes)
}

function flushFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  fsyncSync(fd)
  closeSync(fd)
}

function durably(folder: string, name: string, bytes: Buffer): void {
  const partial = join(folder, 'partial', name)
  const fd = openSync(partial, 'wx')
  try {
    writeSync(fd, bytes)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(partial, join(folder, name))
  flushFolder(folder)
}

/** Wrong: not all bytes under a final name; promised, but not there. */
function wrongWith({ mountPoints, acknowledged }: CrashState<'library'>): string[] {
  const sentences: string[] = []
  for (const [name, bytes] of TRUTH) {
    const path = join(mountPoints.library, name)
    if (!existsSync(path)) {
      if (acknowledged.includes(name)) sentences.push(`${name} was promised and is missing`)
    } else if (!readFileSync(path).equals(bytes)) {
      sentences.push(`${name} has wrong bytes`)
    }
  }
  return sentences
}

async function copyAll(lab: RecordingDisks<'library'>, copy: typeof durably): Promise<void> {
  for (const [name, bytes] of TRUTH) {
    copy(lab.disks.library.mountPoint, name, bytes)
    await lab.acknowledge(name)
  }
}

const prepare = (root: string): void => mkdirSync(join(root, 'partial'))

for (const fs of KINDS) {
  const skip = canRecordDisk(fs) ?? false

  test(`${fs}: a plain copy breaks its promise in some crash state`, { skip }, async (t) => {
    await using lab = await recordingDisks({ library: { fs, prepare } })
    await copyAll(lab, naively)
    const recording = await lab.powerCut()
    const atTheEnd = await tryCutAtTheEnd(recording, wrongWith)
    assert.equal(atTheEnd.tried, 1)
    assert.equal(atTheEnd.violations.flatMap(({ sentences }) => sentences).length, FILES)
    const report = await tryCrashStates({ recording, check: wrongWith, atMost: 10 })
    assert.ok(report.violations.length > 0)
    t.diagnostic(
      `${recording.entries.length} entries, ${report.tried} of ${report.possible} states, ${report.msPerState.toFixed(0)} ms each`,
    )
  })

  test(`${fs}: temporary name, flush, rename, flush of the folder keeps it in all`, { skip }, async (t) => {
    await using lab = await recordingDisks({ library: { fs, prepare } })
    await copyAll(lab, durably)
    const recording = await lab.powerCut()
    const report = await tryCrashStates({ recording, check: wrongWith, atMost: 40 })
    assert.deepEqual(report.violations, [])
    assert.deepEqual(report.unmountable, [])
    assert.ok(report.tried >= 20)
    assert.deepEqual((await tryCutAtTheEnd(recording, (state) => [...state.acknowledged])).violations[0]?.sentences, [
      ...TRUTH.keys(),
    ])
    t.diagnostic(
      `${recording.entries.length} entries, ${report.tried} of ${report.possible} states, ${report.msPerState.toFixed(0)} ms each`,
    )
  })
}

test(
  'a write that reached the disk but was not flushed is kept, lost, or half lost',
  { skip: canRecordDisk() ?? false },
  async () => {
    const old = Buffer.alloc(16 * 4096, 'o')
    await using lab = await recordingDisks({
      library: { fs: 'ext4', prepare: (root) => writeFileSync(join(root, 'a'), old) },
    })
    const path = join(lab.disks.library.mountPoint, 'a')
    assert.equal(
      spawnSync('dd', ['if=/dev/zero', `of=${path}`, 'oflag=direct', 'conv=notrunc', 'bs=4k', 'count=16']).status,
      0,
    )
    await lab.acknowledge('written')
    const recording = await lab.powerCut()
    const newBlocks = new Map<number, number>()
    const report = await tryCrashStates({
      recording,
      since: 'written',
      check: ({ mountPoints, dropRate }) => {
        const bytes = readFileSync(join(mountPoints.library, 'a'))
        newBlocks.set(
          dropRate,
          Array.from({ length: 16 }, (_, block) => bytes[block * 4096]).filter((byte) => byte === 0).length,
        )
        return []
      },
    })
    assert.equal(report.tried, 3)
    assert.equal(newBlocks.get(0), 16)
    assert.equal(newBlocks.get(1), 0)
    const half = newBlocks.get(0.5) ?? 0
    assert.ok(half > 0 && half < 16, `${half} of 16 blocks are new`)
  },
)

test(
  'a cut hits all disks at the same moment',
  { skip: canRecordDisk('exfat') ?? canRecordDisk('ext4') ?? false },
  async () => {
    await using lab = await recordingDisks({ library: { fs: 'exfat', prepare }, home: { fs: 'ext4', prepare } })
    for (const [name, bytes] of TRUTH) {
      durably(lab.disks.library.mountPoint, name, bytes)
      durably(lab.disks.home.mountPoint, `${name}.known`, Buffer.from(createHash('sha256').update(bytes).digest('hex')))
    }
    const recording = await lab.powerCut()
    // What home knows, the library has: the order of flushes on two disks.
    const report = await tryCrashStates({
      recording,
      atMost: 20,
      check: ({ mountPoints }) =>
        readdirSync(mountPoints.home)
          .filter(
            (name) => name.endsWith('.known') && !existsSync(join(mountPoints.library, name.replace('.known', ''))),
          )
          .map((name) => `${name}, but the library has it not`),
    })
    assert.deepEqual([report.violations, report.unmountable], [[], []])
    const other = await tryCrashStates({
      recording,
      atMost: 20,
      check: ({ mountPoints }) =>
        readdirSync(mountPoints.home).some((name) => name.endsWith('.known')) ? ['seen'] : [],
    })
    assert.ok(other.violations.length > 0 && other.violations.length < other.tried)
  },
)

test(
  'a bit flipped on its way to the medium is seen only past the page cache',
  { skip: canRecordDisk() ?? false },
  async () => {
    await using lab = await recordingDisks({ library: { fs: 'ext4', prepare } })
    const bytes = bytesOf(7)
    await lab.flipNextWriteWith(bytes.subarray(5000, 5032))
    durably(lab.disks.library.mountPoint, 'A.CR3', bytes)
    assert.equal(await lab.flips(), 1)
    const path = join(lab.disks.library.mountPoint, 'A.CR3')
    assert.ok(readFileSync(path).equals(bytes))
    const direct = spawnSync('dd', [`if=${path}`, 'iflag=direct', 'bs=64k', 'status=none']).stdout
    assert.equal(direct.length, bytes.length)
    assert.equal((direct[5032] ?? 0) ^ (bytes[5032] ?? 0), 1)
  },
)

test('writes that fail are heard of at the flush', { skip: canRecordDisk() ?? false }, async () => {
  await using lab = await recordingDisks({ library: { fs: 'ext4', prepare } })
  await lab.failWrites(true)
  assert.throws(() => durably(lab.disks.library.mountPoint, 'A.CR3', bytesOf(1)), { code: /EIO|EROFS/ })
})

const KIND_OF: Record<string, EntryKind> = { w: 'write', x: 'durable-write', f: 'flush', a: 'acknowledgement' }

function entries(letters: string): LogEntry[] {
  return letters
    .split('')
    .map((letter) => ({ kind: KIND_OF[letter] ?? 'write', disk: 0, offset: 0, length: 0, dataAt: 0 }))
}

function brief(letters: string): string[] {
  return crashMoments(entries(letters), [0, 0.5, 1], 1).map(
    ({ entriesSoFar, dropRate }) => `${entriesSoFar}:${dropRate}`,
  )
}

test('states that can not differ are tried once', () => {
  assert.deepEqual(brief(''), ['0:0'])
  assert.deepEqual(brief('wf'), ['0:0', '1:0', '1:0.5', '1:1'])
  // The flush changes nothing by itself; the promise after it does.
  assert.deepEqual(brief('wwfa'), ['0:0', '1:0', '1:0.5', '1:1', '2:0', '2:0.5', '4:0'])
})
