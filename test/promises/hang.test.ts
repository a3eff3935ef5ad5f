/** What hangs in the system can't be killed. Fivefold goes on without it, says so, and can always be stopped and asked. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { canFreeze, canLie } from '../lab/can-run.ts'
import { freeze } from '../lab/freeze.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { lyingReader } from '../lab/lying-reader.ts'
import { waitUntil } from '../lab/run-tool.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { fillCard, ground, pictures, setUp } from './ground.ts'
import type { CardFileWish } from './ground.ts'
import { leftPartial, lookAtAll, wholeFiles } from './raw-facts.ts'
import { ingest, ingestArgs, resultOf, startCommand, statusOf, story } from './the-command.ts'

const label = 'EOS_DIGITAL'
const stallMs = 4000
/** Instead of the minute that the promise gives: the limit for a hang is made as much shorter. */
const env = { FIVEFOLD_STALL_MS: String(stallMs) }
const statusMaxMs = 5000
const big = pictures(24, () => 6_000_000)
const small = pictures(900, () => 60_000)
const ways: readonly { way: string; files: readonly CardFileWish[] }[] = [
  { way: 'big files, direct calls', files: big },
  { way: 'small files, calls that return at once', files: small },
]

for (const { way, files } of ways) {
  test(
    `[J2] a place hangs amidst an ingest (${way}): the other one is completed, and the hung one named`,
    { skip: canFreeze() ?? false },
    async (t) => {
      await using scratch = await scratchFolder()
      await using library = await loopDisk({ fs: 'ext4', megabytes: 300 })
      await using second = await loopDisk({ fs: 'ext4', megabytes: 300 })
      const world = { home: join(scratch.path, 'home'), library: library.mountPoint, second: second.mountPoint }
      const card = join(scratch.path, label)
      const truth = await fillCard(card, files)
      await setUp(world)
      {
        await using running = startCommand(ingestArgs(world.home, card), { env })
        await running.waitFor('copying', ({ type, phase }) => type === 'phase' && phase === 'copy')
        await waitUntil('a few files are on their way', () => leftPartial(world.library).length > 1)
        await using frozen = await freeze(world.library)
        const frozenAt = performance.now()
        const status = await statusOf(world.home)
        assert.ok(status.ms < statusMaxMs, `status took ${status.ms} ms`)
        const trouble = await running.waitFor('the sentence', ({ failure }) => failure?.code === 'place-hung')
        const sentenceMs = performance.now() - frozenAt
        assert.match(trouble.failure?.sentence ?? '', /“library” stopped answering/)
        assert.equal(trouble.failure?.place, 'library')
        const ended = await running.ended
        const endMs = performance.now() - frozenAt
        assert.equal(ended.exitCode, 3, story(ended))
        assert.equal(resultOf(ended).places.find(({ role }) => role === 'second')?.proven, files.length, story(ended))
        const after = await statusOf(world.home)
        assert.ok(after.ms < statusMaxMs, `status took ${after.ms} ms`)
        assert.equal(after.safe, false)
        assert.equal(after.places.find(({ name }) => name === 'library')?.online, false)
        assert.equal(after.places.find(({ name }) => name === 'second')?.online, true, JSON.stringify(after.places))
        t.diagnostic(
          `with a limit of ${stallMs} ms: the sentence after ${Math.round(sentenceMs)} ms, the end after ${Math.round(endMs)} ms, status in ${Math.round(status.ms)} and ${Math.round(after.ms)} ms`,
        )
        await frozen.thaw()
        // The abandoned child is stuck until the thaw; then the kill that was sent long ago reaches it.
      }
      const truths = new Map([[label, truth]])
      assert.deepEqual((await lookAtAll(world, truths)).wrong, [])
      const again = await ingest(world.home, card)
      assert.equal(again.exitCode, 0, story(again))
      const facts = await lookAtAll(world, truths)
      assert.deepEqual(facts.wrong, [])
      assert.equal(wholeFiles(facts.files.library, label, truth), files.length)
      assert.equal(wholeFiles(facts.files.second, label, truth), files.length)
      assert.deepEqual([leftPartial(world.library), leftPartial(world.second)], [[], []], 'leftovers are swept')
    },
  )

  test(`[J2] Ctrl-C works while a place hangs (${way})`, { skip: canFreeze() ?? false }, async (t) => {
    await using scratch = await scratchFolder()
    await using library = await loopDisk({ fs: 'ext4', megabytes: 300 })
    await using second = await loopDisk({ fs: 'ext4', megabytes: 300 })
    const world = { home: join(scratch.path, 'home'), library: library.mountPoint, second: second.mountPoint }
    const card = join(scratch.path, label)
    await fillCard(card, files)
    await setUp(world)
    await using running = startCommand(ingestArgs(world.home, card))
    await running.waitFor('copying', ({ type, phase }) => type === 'phase' && phase === 'copy')
    await waitUntil('a few files are on their way', () => leftPartial(world.library).length > 1)
    await using frozen = await freeze(world.library)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const stoppedAt = performance.now()
    running.signal('SIGINT')
    const ended = await running.ended
    const stopMs = performance.now() - stoppedAt
    assert.equal(ended.exitCode, 5, story(ended))
    assert.ok(stopMs < 12_000, `it took ${stopMs} ms`)
    t.diagnostic(`stopped after ${Math.round(stopMs)} ms`)
    await frozen.thaw()
  })

  test(
    `[J2] the card’s reader hangs (${way}): it is named, what was proven stays, and the next run finishes`,
    { skip: canLie() ?? canFreeze() ?? false },
    async (t) => {
      await using world = await ground({ megabytes: 600 })
      const origin = join(world.root, label)
      const truth = await fillCard(origin, files)
      await using reader = await lyingReader(origin, label)
      const victim = files[Math.floor(files.length * 0.7)] ?? files[0]!
      {
        await using running = startCommand(ingestArgs(world.home, reader.mountPoint), { env })
        const hang = await reader.tell({ kind: 'hang', path: victim.path, at: Math.floor(victim.bytes / 2) })
        await waitUntil('the reader hangs', async () => (await hang.strikes()) > 0, 30_000)
        const hungAt = performance.now()
        const status = await statusOf(world.home)
        assert.ok(status.ms < statusMaxMs, `status took ${status.ms} ms`)
        await running.waitFor('the sentence', ({ failure }) => failure?.code === 'card-hung')
        const sentenceMs = performance.now() - hungAt
        const ended = await running.ended
        assert.equal(ended.exitCode, 3, story(ended))
        assert.match(resultOf(ended).sentence, /Keep the card/)
        t.diagnostic(
          `with a limit of ${stallMs} ms: the sentence after ${Math.round(sentenceMs)} ms, status in ${Math.round(status.ms)} ms`,
        )
        await hang.stop()
      }
      const truths = new Map([[label, truth]])
      const between = await lookAtAll(world, truths)
      assert.deepEqual(between.wrong, [])
      const again = await ingest(world.home, reader.mountPoint)
      assert.equal(again.exitCode, 0, story(again))
      assert.equal(resultOf(again).files.alreadyHad, new Set(between.claims.map(({ path }) => path)).size)
      const facts = await lookAtAll(world, truths)
      assert.deepEqual(facts.wrong, [])
      assert.equal(wholeFiles(facts.files.library, label, truth), files.length)
    },
  )
}
