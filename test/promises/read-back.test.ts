/** The medium keeps other bytes than it was given, while the page cache has the good ones: only a read past it can tell. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk, canRecordDisk } from '../lab/can-run.ts'
import type { FileSystemKind } from '../lab/can-run.ts'
import { tryCutAtTheEnd } from '../lab/crash-states.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { recordingDisks } from '../lab/recording-disk.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { bytesOf, fillCard, pictures, setUp } from './ground.ts'
import type { CardFileWish } from './ground.ts'
import { lookAtAll, wholeFiles } from './raw-facts.ts'
import { ingest, resultOf, startCommand, ingestArgs, story } from './the-command.ts'

const label = 'EOS_DIGITAL'
const kinds: readonly { fs: FileSystemKind; way: string; files: readonly CardFileWish[] }[] = [
  { fs: 'ext4', way: 'small files, through the page cache', files: pictures(12, () => 60_000) },
  { fs: 'ext4', way: 'big files, written past it', files: pictures(3, () => 2_500_000) },
  { fs: 'exfat', way: 'the cache of the device', files: pictures(3, () => 1_200_000) },
]

/** Bytes of a file of the card, by which a write of it is known; not at its end, so that a byte follows. */
const markerOf = (file: CardFileWish): Buffer => bytesOf(`card/${file.path}`, file.bytes).subarray(20_000, 20_032)

for (const { fs, way, files } of kinds) {
  const skip = canRecordDisk(fs) ?? canMakeLoopDisk('ext4') ?? false
  const victim = files[1] ?? files[0]!

  test(
    `[V1] ${fs}, ${way}: a bit that the medium got wrong once is caught, and the file is written again`,
    { skip },
    async () => {
      await using scratch = await scratchFolder()
      const truth = await fillCard(join(scratch.path, label), files)
      // Only the library is recorded: the bit that is flipped is one of its writes.
      await using lab = await recordingDisks({ library: { fs, megabytes: 160 } })
      await using other = await loopDisk({ fs: 'ext4', megabytes: 160 })
      const world = {
        home: join(scratch.path, 'home'),
        library: lab.disks.library.mountPoint,
        second: other.mountPoint,
      }
      await setUp(world)
      await lab.flipNextWriteWith(markerOf(victim))
      const ended = await ingest(world.home, join(scratch.path, label))
      assert.equal(await lab.flips(), 1)
      assert.equal(ended.exitCode, 0, story(ended))
      assert.equal(resultOf(ended).places[0]?.proven, files.length)
      // Caught by our own proof, and not by luck: the person is told which file needed a second try.
      assert.ok(
        resultOf(ended).warnings.some(({ code, path }) => code === 'tried-again' && path === victim.path),
        JSON.stringify(resultOf(ended).warnings.filter(({ code }) => code === 'tried-again')),
      )
      const truths = new Map([[label, truth]])
      assert.deepEqual((await lookAtAll(world, truths)).wrong, [])
      // What the medium really holds, with nothing of the cache left.
      const report = await tryCutAtTheEnd(await lab.powerCut(), async ({ mountPoints }) => {
        const { wrong, files: found } = await lookAtAll({ ...world, ...mountPoints }, truths)
        const whole = [wholeFiles(found.library, label, truth), wholeFiles(found.second, label, truth)]
        return whole.every((count) => count === files.length)
          ? wrong
          : [...wrong, `${whole.join(' and ')} files are whole`]
      })
      assert.deepEqual([report.violations, report.unmountable], [[], []])
    },
  )
}

test(
  '[V1] [W1] a medium that gets it wrong each time is named, and its bytes never get a name',
  { skip: canRecordDisk('ext4') ?? false },
  async () => {
    const files = pictures(6, () => 1_800_000)
    const victim = files[2]!
    await using scratch = await scratchFolder()
    const truth = await fillCard(join(scratch.path, label), files)
    await using lab = await recordingDisks({ library: { fs: 'ext4', megabytes: 160 } })
    await using other = await loopDisk({ fs: 'ext4', megabytes: 160 })
    const world = {
      home: join(scratch.path, 'home'),
      library: lab.disks.library.mountPoint,
      second: other.mountPoint,
    }
    await setUp(world)
    const marker = markerOf(victim)
    await lab.flipNextWriteWith(marker)
    await using running = startCommand(ingestArgs(world.home, join(scratch.path, label)))
    for (let flips = 0; !running.hasEnded();) {
      const now = await lab.flips()
      if (now > flips) await lab.flipNextWriteWith(marker)
      flips = now
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const ended = await running.ended
    assert.equal(ended.exitCode, 3, story(ended))
    const result = resultOf(ended)
    assert.equal(result.files.failed, 1, story(ended))
    assert.ok(
      result.failures.some(({ code, path }) => code === 'copy-differs' && path === victim.path),
      story(ended),
    )
    assert.ok((await lab.flips()) >= 2, 'it is tried again')
    const { wrong, files: found } = await lookAtAll(world, new Map([[label, truth]]))
    assert.deepEqual(wrong, [])
    assert.equal(wholeFiles(found.library, label, truth), files.length - 1)
    assert.equal(wholeFiles(found.second, label, truth), files.length)
  },
)
