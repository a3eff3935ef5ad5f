/** A reader that hands out a wrong bit without an error: found by the second read, and the card is kept. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { canLie, canMakeLoopDisk } from '../lab/can-run.ts'
import { lyingReader } from '../lab/lying-reader.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import { fillCard, ground, keepForLater, pictures, times } from './ground.ts'
import { lookAtAll, wholeFiles } from './raw-facts.ts'
import { ingest, resultOf, statusOf, story } from './the-command.ts'

const skip = canLie() ?? canMakeLoopDisk('ext4') ?? false
const label = 'EOS_DIGITAL'
const files = pictures(5, (number) => [300_000, 700_001, 1_500_000, 2_300_017, 5_000_000][number] ?? 0)

test(
  '[V4] one bit that is wrong in the first read of the card is found by the second, and the card is kept',
  { skip },
  async (t) => {
    const seed = labSeed(5)
    const chance = seededRandom(seed)
    const runs = times(8, 100)
    await using world = await ground()
    const origin = join(world.root, label)
    const truth = await fillCard(origin, files)
    // The job is there already: then nobody looks at the pictures before they are copied, and the first read is the copy's.
    const other = join(world.root, 'OTHER')
    const others = await fillCard(
      other,
      pictures(1, () => 5000),
      'other',
    )
    assert.equal((await ingest(world.home, other)).exitCode, 0)
    const startAgain = await keepForLater(world, world.root)
    await using reader = await lyingReader(origin, label)
    // Others look into a file as well (when was it shot?). Which opening is the copy's is seen in a run without a lie.
    assert.equal((await ingest(world.home, reader.mountPoint)).exitCode, 0)
    const opens = await reader.opens()
    const openingOf = new Map(
      files.map(({ path, bytes }) => [path, opens.find((one) => one.path === path && one.bytes >= bytes)?.open ?? 0]),
    )
    await startAgain()
    let copiedAgain = 0
    for (let run = 1; run <= runs; run += 1) {
      const file = files[Math.floor(chance() * files.length)] ?? files[0]!
      const at = Math.floor(chance() * file.bytes)
      await reader.forget()
      const open = openingOf.get(file.path) ?? 0
      const bit = Math.floor(chance() * 8)
      const lie = await reader.tell({ kind: 'flip', path: file.path, at, bit, open, times: 1 })
      const ended = await ingest(world.home, reader.mountPoint)
      const about = `run ${run}: byte ${at} of ${file.path} (FIVEFOLD_LAB_SEED=${seed}) ${story(ended)}`
      assert.equal(await lie.strikes(), 1, about)
      assert.equal(ended.exitCode, 3, about)
      assert.equal(resultOf(ended).secondRead, 'differed', about)
      assert.match(resultOf(ended).sentence, /Keep card/, about)
      assert.ok(
        ended.lines.some(({ failure }) => failure?.code === 'card-reads-differ'),
        about,
      )
      const card = (await statusOf(world.home)).cards.find((one) => one.label === label)
      assert.equal(card?.verdict, 'keep', about)
      assert.ok(
        card.because.some(({ code }) => code === 'reads-differ'),
        JSON.stringify(card.because),
      )
      // Two of three reads agree, and their bytes are at both places in the end: beside the wrong ones, for nothing is overwritten.
      const { files: found } = await lookAtAll(world, new Map([['OTHER', others]]))
      for (const place of ['library', 'second'] as const) {
        const hashes = new Set(found[place].map(({ sha256 }) => sha256))
        assert.deepEqual(
          [...truth].filter(([, hash]) => !hashes.has(hash)),
          [],
          `${place} lacks the right bytes, ${about}`,
        )
      }
      if (wholeFiles(found.library, label, truth) < files.length) copiedAgain += 1
      await lie.stop()
      await startAgain()
    }
    t.diagnostic(
      `${runs} of ${runs} wrong bits found; ${copiedAgain} times the right bytes got a numbered name beside the wrong ones`,
    )
  },
)

test('[V4] a card that gives the same bytes twice is not called suspect', { skip }, async () => {
  await using world = await ground()
  const origin = join(world.root, label)
  await fillCard(origin, files)
  await using reader = await lyingReader(origin, label)
  const ended = await ingest(world.home, reader.mountPoint)
  assert.equal(ended.exitCode, 0, story(ended))
  assert.notEqual(resultOf(ended).secondRead, 'differed')
  const opens = await reader.opens()
  for (const { path, bytes } of files) {
    const whole = opens.filter((open) => open.path === path && open.bytes >= bytes)
    assert.ok(whole.length >= 2, `${path} was read ${whole.length} times`)
    assert.ok(
      whole.some(({ direct }) => direct),
      `${path} was never read past the cache`,
    )
  }
  const card = (await statusOf(world.home)).cards.find((one) => one.label === label)
  assert.ok(card?.because.every(({ code }) => code !== 'reads-differ'))
})
