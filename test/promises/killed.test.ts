/** The program is killed at random moments of an ingest of two cards at once; what it left is looked at, and the same command is run again. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { canKill, canMakeLoopDisk } from '../lab/can-run.ts'
import { runAndKill } from '../lab/kill-at-random.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import { fillCard, keepForLater, pictures, setUp, thorough, times } from './ground.ts'
import type { CardFileWish } from './ground.ts'
import { leftPartial, lookAtAll, wholeFiles } from './raw-facts.ts'
import type { FoundFile, RawFacts } from './raw-facts.ts'
import { fivefold, ingestArgs, runCommand, story } from './the-command.ts'

const skip = canKill() ?? canMakeLoopDisk('ext4') ?? false
const megabyte = 1_000_000

/** About 60 MB a card; 1 GB a card in the thorough run. */
const onOneCard: readonly CardFileWish[] = thorough
  ? [...pictures(40, () => 24 * megabyte), ...pictures(40, (number) => 20_000 + number * 1001, 100)]
  : [...pictures(18, () => 3 * megabyte), ...pictures(60, (number) => 20_000 + number * 1001, 100)]
const labels = ['CARD_A', 'CARD_B'] as const
/** Else the next run is killed as well, before it finishes what the last one left. */
const finishChance = thorough ? 0.15 : 0.6
const diskMegabytes = thorough ? 2600 : 320

/** The proven copies with the stamps of their files: they must be the same after the next run, for nobody wrote them again. */
function provenStamps({ claims, files }: RawFacts): Map<string, string> {
  const byPath = (list: readonly FoundFile[]): Map<string, string> =>
    new Map(list.map((file) => [file.path, file.stamp]))
  const stamps = { library: byPath(files.library), second: byPath(files.second) }
  return new Map(claims.map(({ role, path }) => [`${role} ${path}`, stamps[role].get(path) ?? 'missing']))
}

test(
  '[J1] [W1] [W3] killed at any moment, nothing is believed too early and nothing proven is copied twice',
  { skip },
  async (t) => {
    const seed = labSeed(20_260)
    const chance = seededRandom(seed)
    const kills = times(12, 200)
    await using scratch = await scratchFolder()
    await using library = await loopDisk({ fs: 'ext4', megabytes: diskMegabytes })
    await using second = await loopDisk({ fs: 'ext4', megabytes: diskMegabytes })
    const world = { home: join(scratch.path, 'home'), library: library.mountPoint, second: second.mountPoint }
    const truths = new Map<string, Map<string, string>>()
    for (const label of labels) truths.set(label, new Map(await fillCard(join(scratch.path, label), onOneCard, label)))
    const cards = labels.map((label) => join(scratch.path, label))
    await setUp(world)
    const startAgain = await keepForLater(world, scratch.path)

    const heard: { what: string; atMs: number }[] = []
    const startedAt = performance.now()
    const plain = await runCommand(ingestArgs(world.home, ...cards), {
      onLine: (text) => {
        const { type, code }: { type: string; code?: string } = JSON.parse(text)
        heard.push({ what: code ?? type, atMs: performance.now() - startedAt })
      },
    })
    assert.equal(plain.exitCode, 0, story(plain))
    await startAgain()
    const fullMs = plain.ranMs
    const copyingFromMs = heard.find(({ what }) => what === 'phase')?.atMs ?? 0
    const copyingToMs = heard.findLast(({ what }) => what === 'copied')?.atMs ?? fullMs
    /** Any moment; most of them while files are copied and proven. */
    const moment = (): number =>
      chance() < 0.25 ? chance() * fullMs : copyingFromMs + chance() * (copyingToMs - copyingFromMs)

    let proven = new Map<string, string>()
    let [killed, early, finished, provenAtKills, amidst] = [0, 0, 0, 0, 0]
    /** Never two proven copies less than before, and their files as they were. */
    const check = async (what: string): Promise<RawFacts> => {
      const facts = await lookAtAll(world, truths, true)
      assert.deepEqual(facts.wrong, [], `${what} (FIVEFOLD_LAB_SEED=${seed})`)
      const now = provenStamps(facts)
      const touched = [...proven].filter(([name, stamp]) => now.get(name) !== stamp).map(([name]) => name)
      assert.deepEqual(touched, [], `proven before, and touched again: ${what} (FIVEFOLD_LAB_SEED=${seed})`)
      proven = now
      return facts
    }
    const finish = async (): Promise<void> => {
      const ended = await runCommand(ingestArgs(world.home, ...cards))
      assert.equal(ended.exitCode, 0, `after ${killed} kills (FIVEFOLD_LAB_SEED=${seed}): ${story(ended)}`)
      const facts = await check(`after the finishing run`)
      for (const label of labels)
        for (const place of ['library', 'second'] as const)
          assert.equal(wholeFiles(facts.files[place], label, truths.get(label) ?? new Map()), onOneCard.length)
      assert.deepEqual([leftPartial(world.library), leftPartial(world.second)], [[], []], 'leftovers are swept')
      finished += 1
      proven = new Map()
      await startAgain()
    }
    for (let run = 1; killed < kills; run += 1) {
      assert.ok(run <= kills * 3, 'the runs end before they can be killed')
      const afterMs = moment()
      const before = proven.size
      const outcome = await runAndKill({
        command: fivefold,
        args: ingestArgs(world.home, ...cards),
        kill: { afterMs },
        timeoutMs: 120_000,
      })
      if (outcome.killed) killed += 1
      else early += 1
      if (thorough && run % 10 === 0) process.stderr.write(`${killed} kills\n`)
      assert.ok(!outcome.timedOut, 'the run hangs')
      const facts = await check(`killed after ${Math.round(afterMs)} ms of ${Math.round(fullMs)}`)
      provenAtKills += facts.claims.length
      if (facts.claims.length > before && facts.claims.length < 4 * onOneCard.length) amidst += 1
      if (!outcome.killed || chance() < finishChance) await finish()
    }
    await finish()
    t.diagnostic(
      `${killed} kills of two cards with ${onOneCard.length} files each (seed ${seed}): ${finished} times finished by one more run, ` +
        `${early} ended before the kill, ${amidst} kills came amidst the proving, ${Math.round(provenAtKills / (killed + early))} copies proven on average at a kill, ` +
        `a whole run takes ${Math.round(fullMs)} ms, copying from ${Math.round(copyingFromMs)} to ${Math.round(copyingToMs)}`,
    )
  },
)
