/** A card is only ever read. */
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { canLie, canMakeCardImage, canMakeLoopDisk } from '../lab/can-run.ts'
import { cardImage } from '../lab/card-image.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { lyingReader } from '../lab/lying-reader.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { fillCard, ground, pictures } from './ground.ts'
import type { PlaceFolders } from './ground.ts'
import { lookAtAll, wholeFiles } from './raw-facts.ts'
import { ingest, ingestArgs, resultOf, runCommand, story } from './the-command.ts'

const label = 'EOS_DIGITAL'
const files = [
  ...pictures(6, (number) => 30_000 + number * 500_000),
  { path: 'DCIM/100EOSR5/MVI_0099.MP4', bytes: 3_000_001 },
  { path: 'DCIM/100EOSR5/EMPTY.CR3', bytes: 0 },
  { path: 'MISC/AUTPRINT.MRK', bytes: 300 },
]

/** Everything that Fivefold does with a card. */
async function doEverything({ home }: PlaceFolders, card: string): Promise<void> {
  const dry = await runCommand([...ingestArgs(home, card), '--dry-run'])
  assert.equal(dry.exitCode, 0, story(dry))
  const first = await ingest(home, card)
  assert.equal(first.exitCode, 0, story(first))
  assert.equal(resultOf(first).files.copied, files.length)
  const again = await ingest(home, card)
  assert.equal(again.exitCode, 0, story(again))
  assert.equal(resultOf(again).files.alreadyHad, files.length)
  const check = await runCommand(['check', card, '--home', home, '--json'])
  assert.equal(check.exitCode, 0, story(check))
  const status = await runCommand(['status', '--home', home, '--json'])
  assert.equal(status.exitCode, 0, story(status))
}

test(
  '[C1] nothing is opened for writing on a card, and nothing is made, named, timed or removed there',
  { skip: canLie() ?? canMakeLoopDisk('ext4') ?? false },
  async () => {
    await using world = await ground()
    const origin = join(world.root, label)
    await fillCard(origin, files)
    await using reader = await lyingReader(origin, label)
    await doEverything(world, reader.mountPoint)
    assert.deepEqual(await reader.writeAttempts(), [])
    const opened = new Set((await reader.opens()).map(({ path }) => path))
    assert.equal(opened.size, files.length, 'every file was read')
  },
)

test(
  '[C1] the image of an exFAT card is the same to the bit afterwards',
  { skip: canMakeCardImage() ?? false },
  async () => {
    await using world = await ground()
    await using scratch = await scratchFolder()
    const truth = await fillCard(join(scratch.path, label), files)
    await using card = await cardImage({ folder: join(scratch.path, label), serial: '1234-5678' })
    assert.deepEqual(card.refused, [])
    const before = await card.hash()
    await doEverything(world, card.mountPoint)
    assert.equal(await card.hash(), before)
    const { wrong, files: found } = await lookAtAll(world, new Map([[label, truth]]))
    assert.deepEqual(wrong, [])
    assert.equal(wholeFiles(found.library, label, truth), files.length)
  },
)

for (const fs of ['exfat', 'ext4'] as const) {
  test(
    `[C1] a card (${fs}) that the system mounted writable is the same to the bit afterwards`,
    { skip: canMakeLoopDisk(fs) ?? canMakeLoopDisk('ext4') ?? false },
    async () => {
      await using world = await ground()
      await using disk = await loopDisk({ fs, megabytes: 64, label })
      const truth = await fillCard(disk.mountPoint, files)
      // Unmounted and mounted again, so that nothing of the filling is still on its way.
      await disk.unmount()
      const before = await disk.hash()
      await disk.mount()
      const folder = join(disk.mountPoint, 'DCIM/100EOSR5')
      const timesBefore = (await stat(folder, { bigint: true })).mtimeNs
      const mountedOnly = async (): Promise<string> => {
        await disk.unmount()
        const hash = await disk.hash()
        await disk.mount()
        return hash
      }
      // A kernel file system notes in itself that it was mounted; exFAT's driver notes nothing.
      if (fs === 'exfat') assert.equal(await mountedOnly(), before)
      await doEverything(world, disk.mountPoint)
      assert.equal((await stat(folder, { bigint: true })).mtimeNs, timesBefore)
      if (fs === 'exfat') assert.equal(await mountedOnly(), before)
      const { wrong } = await lookAtAll(world, new Map([[label, truth]]))
      assert.deepEqual(wrong, [])
    },
  )
}
