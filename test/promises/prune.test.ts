/** What is cleared by rule, by the real command: after a list, only with proof that the other copies are good, and with an undo. */
import assert from 'node:assert/strict'
import { copyFile, cp, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { canKill } from '../lab/can-run.ts'
import { runAndKill } from '../lab/kill-at-random.ts'
import type { LoopDisk } from '../lab/loop-disk.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import { fillCard, ground, keepForLater, pictures, times } from './ground.ts'
import type { Ground } from './ground.ts'
import type { Line, SaidFailure } from './the-command.ts'
import { fivefold, statusOf } from './the-command.ts'
import {
  askCatalog,
  clockOff,
  command,
  dayMs,
  everythingAt,
  flipBit,
  inCatalog,
  ingestFolder,
  keptAt,
  makeDrive,
  shoot,
  skipCards,
  skipDisks,
  treeOf,
  update,
} from './whole-life.ts'

interface Pruned extends Line {
  readonly outcome: string
  readonly sentence: string
  readonly applied: boolean
  readonly lines: readonly {
    readonly place: string
    readonly role: string
    readonly files: number
    readonly mayGo: boolean
    readonly because: readonly { code: string; sentence: string }[]
  }[]
  readonly trash: readonly { place: string; files: number }[]
  readonly intoTrash: { readonly files: number }
  readonly outOfTrash: { readonly files: number }
  readonly stayed: readonly { readonly sentence: string; readonly files: number }[]
  readonly failures: readonly SaidFailure[]
}

interface World extends Ground {
  readonly drive: LoopDisk
}

/** All is proven at three devices, the job is delivered, and its second copy was kept for longer than the settings ask. */
async function delivered(made: Ground): Promise<World> {
  await using undo = new AsyncDisposableStack()
  undo.use(made)
  const drive = undo.use(await makeDrive(made, 'Safe A', 300))
  await update(made.home, 0)
  await command(made.home, ['job', 'deliver', 'Wedding'])
  assert.equal(inCatalog(made.home, 'update job set delivered_at_ms = ?', Date.now() - 100 * dayMs), 1)
  const all = undo.move()
  return { ...made, drive, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

const prune = (home: string, exitCode: number, ...more: readonly string[]): Promise<Pruned> =>
  command<Pruned>(home, ['prune', ...more], exitCode)

/** The note that each prune leaves at every place that it can reach. */
const lastWriter = '.fivefold/last-writer.json'
const statesIn = (home: string): Set<string> =>
  new Set(askCatalog(home, 'select state from removal').map(({ state }) => String(state)))

const afterGrace = (home: string): number =>
  inCatalog(home, 'update removal set changed_at_ms = changed_at_ms - ?', 15 * dayMs)

test(
  '[D1] first a list with reasons; only --apply moves, and what went lies in the trash, byte for byte, and is not missed',
  { skip: skipCards },
  async () => {
    await using world = await delivered(await shoot(['EOS_DIGITAL_A', 'SONY_A7M3']))
    const before = {
      library: await everythingAt(world.library, [lastWriter]),
      second: await everythingAt(world.second),
      drive: await everythingAt(world.drive.mountPoint, [lastWriter]),
    }
    const originals = await treeOf(world.second)
    const list = await prune(world.home, 0)
    assert.deepEqual(
      list.lines.map(({ place, mayGo, because }) => [place, mayGo, because.map(({ code }) => code)]),
      [
        ['Safe A', false, ['in-window']],
        ['second', true, []],
      ],
    )
    const may = list.lines.find(({ place }) => place === 'second')?.files ?? 0
    assert.match(list.sentence, new RegExp(`^${may} files may go. Nothing was removed yet: add --apply`))
    assert.deepEqual(await everythingAt(world.second), before.second, 'a list removes nothing')

    const done = await prune(world.home, 0, '--apply')
    // Two files with the same bytes are one original on the list, and both go.
    assert.equal(may, new Set(originals.values()).size)
    assert.deepEqual([done.intoTrash.files, done.stayed, done.failures], [originals.size, [], []])
    assert.match(done.sentence, /in the trash of their place, and can still be taken back/)
    assert.equal((await treeOf(world.second)).size, 0)
    const trash = await keptAt(world.second, 'trash')
    assert.equal(trash.size, originals.size)
    for (const [path, hash] of trash) assert.equal(hash, originals.get(path), path)
    assert.deepEqual(await everythingAt(world.library, [lastWriter]), before.library)
    assert.deepEqual(await everythingAt(world.drive.mountPoint, [lastWriter]), before.drive)

    const { cards, sentence, jobs } = await statusOf(world.home)
    for (const { label, because } of cards)
      assert.ok(
        because.every(({ code }) => code !== 'copy-missing' && code !== 'copy-damaged'),
        `${label}: ${JSON.stringify(because)}`,
      )
    assert.doesNotMatch(sentence, /missing/i)
    assert.equal(jobs[0]?.copies['second']?.present, 0)
    const verified = await command<Line & { findings: readonly unknown[] }>(world.home, ['verify'])
    assert.deepEqual(verified.findings, [], 'what was let go is not missing')
    const repaired = await command<Line & { mended: readonly unknown[] }>(world.home, ['repair'])
    assert.deepEqual(repaired.mended, [], 'nor is it brought back')
    assert.equal((await prune(world.home, 0, '--apply')).intoTrash.files, 0)
  },
)

test(
  '[D1] [D2] a bit that flipped in the library keeps the second copy, and says to repair; after that it goes',
  { skip: skipCards },
  async () => {
    await using world = await delivered(await shoot(['EOS_DIGITAL_A', 'NIKON_Z8']))
    const [path = ''] = [...(await treeOf(world.library)).keys()].filter((one) => one.includes('NIKON_Z8'))
    const before = await treeOf(world.second)
    await flipBit(join(world.library, path))
    const partly = await prune(world.home, 3, '--apply')
    assert.deepEqual(
      partly.stayed.map(({ files }) => files),
      [1],
    )
    assert.match(partly.stayed[0]?.sentence ?? '', /“library” is damaged: run “fivefold repair” first/)
    const left = await treeOf(world.second)
    assert.equal(left.get(path), before.get(path), 'the good copy stays where it is')
    await command(world.home, ['repair'])
    const rest = await prune(world.home, 0, '--apply')
    assert.equal(rest.intoTrash.files, 1)
    assert.equal((await keptAt(world.second, 'trash')).get(path), before.get(path))
  },
)

test(
  '[D1] a second copy that is not the original that was to go stays, whatever the others are',
  { skip: skipCards },
  async () => {
    await using world = await delivered(await shoot(['NIKON_Z8']))
    const [path = ''] = (await treeOf(world.second)).keys()
    const bad = await flipBit(join(world.second, path))
    const pruned = await prune(world.home, 3, '--apply')
    assert.deepEqual(
      pruned.failures.map(({ code, path }) => [code, path]),
      [['copy-differs', path]],
    )
    assert.equal((await treeOf(world.second)).get(path), bad)
    assert.equal((await keptAt(world.second, 'trash')).has(path), false)
  },
)

test('[D1] [D3] with the drive away nothing goes, and it says to connect it', { skip: skipCards }, async () => {
  await using world = await delivered(await shoot(['NIKON_Z8']))
  await world.drive.unmount()
  const before = await everythingAt(world.second, [lastWriter])
  const pruned = await prune(world.home, 3, '--apply')
  assert.equal(pruned.intoTrash.files, 0)
  assert.match(pruned.stayed[0]?.sentence ?? '', /Only 1 of 2 .* connect the others, such as the drive from the safe/)
  assert.deepEqual(await everythingAt(world.second, [lastWriter]), before)
  // Nor from the library alone, when that is away: an empty folder is no library (W4).
  await world.drive.mount()
  const kept = join(world.root, 'kept')
  await cp(world.library, kept, { recursive: true, preserveTimestamps: true })
  await rm(world.library, { recursive: true })
  await mkdir(world.library)
  const without = await prune(world.home, 3, '--apply')
  assert.equal(without.intoTrash.files, 0)
  assert.match(without.stayed[0]?.sentence ?? '', /no copy in the library that could be proven just now/)
  assert.deepEqual(await everythingAt(world.second, [lastWriter]), before)
})

test(
  '[D1] the trash is emptied when its grace is over, and only after the others were asked again',
  { skip: skipCards },
  async () => {
    await using world = await delivered(await shoot(['EOS_DIGITAL_A', 'NIKON_Z8']))
    const before = await treeOf(world.second)
    const { intoTrash } = await prune(world.home, 0, '--apply')
    const early = await prune(world.home, 0, '--apply')
    assert.equal(early.outOfTrash.files, 0, 'not a day earlier')
    assert.equal((await keptAt(world.second, 'trash')).size, intoTrash.files)
    afterGrace(world.home)
    const [path = ''] = [...(await treeOf(world.library)).keys()].filter((one) => one.includes('NIKON_Z8'))
    await flipBit(join(world.library, path))
    const emptied = await prune(world.home, 3, '--apply')
    assert.equal(emptied.outOfTrash.files, intoTrash.files - 1)
    assert.deepEqual([...(await keptAt(world.second, 'trash'))], [[path, before.get(path)]])
    assert.match(emptied.stayed[0]?.sentence ?? '', /fivefold repair/)
    await command(world.home, ['repair'])
    assert.equal((await prune(world.home, 0, '--apply')).outOfTrash.files, 1)
    assert.equal((await keptAt(world.second, 'trash')).size, 0)
    assert.deepEqual(statesIn(world.home), new Set(['gone']))
  },
)

test('[D1] a job that is opened again takes nothing more out of the trash', { skip: skipCards }, async () => {
  await using world = await delivered(await shoot(['NIKON_Z8']))
  const { intoTrash } = await prune(world.home, 0, '--apply')
  await command(world.home, ['job', 'reopen', 'Wedding'])
  afterGrace(world.home)
  const kept = await prune(world.home, 0, '--apply')
  assert.equal(kept.outOfTrash.files, 0)
  assert.equal((await keptAt(world.second, 'trash')).size, intoTrash.files)
})

/** Every original is somewhere at the second place, or is written down as gone from it. */
async function assertAccounted(world: World, originals: ReadonlyMap<string, string>, what: string): Promise<void> {
  const [there, trash] = [await treeOf(world.second), await keptAt(world.second, 'trash')]
  for (const [path, hash] of originals) {
    const [home, away] = [there.get(path), trash.get(path)]
    assert.ok(home === hash || away === hash, `${path} is neither there nor in the trash: ${what}`)
    if (home !== undefined) assert.equal(home, hash, what)
    if (away === undefined) continue
    const removals = askCatalog(world.home, 'select path, state from removal').filter((row) => row['path'] === path)
    assert.ok(removals.length > 0, `${path} is in the trash, and nobody wrote it down before: ${what}`)
  }
}

test(
  '[J1] [D1] killed at any moment of a prune, nothing is unaccounted for, and the next one finishes it',
  { skip: skipDisks || (canKill() ?? false) },
  async (t) => {
    const seed = labSeed(11)
    const chance = seededRandom(seed)
    const made = await ground({ megabytes: 400 })
    const card = join(made.root, 'reader', 'CARD')
    await fillCard(
      card,
      pictures(90, (number) => 200_000 + number),
    )
    await ingestFolder(made, card)
    await using world = await delivered(made)
    const originals = await treeOf(world.second)
    assert.equal(originals.size, 90)
    const startAgain = await keepForLater(world, world.root)
    let [killed, amidst, finished] = [0, 0, 0]
    for (let round = 0; killed < times(6, 60); round += 1) {
      const what = `round ${round} (FIVEFOLD_LAB_SEED=${seed})`
      assert.ok(round < times(6, 60) * 4, 'the runs end before they can be killed')
      const outcome = await runAndKill({
        command: fivefold,
        args: ['prune', '--apply', '--home', world.home, '--json'],
        kill: round % 2 === 0 ? { line: /"phase":"prune"/ } : { afterMs: 1000 + chance() * 1500 },
      })
      assert.ok(!outcome.timedOut, what)
      if (outcome.killed) killed += 1
      await assertAccounted(world, originals, what)
      const inTrash = (await keptAt(world.second, 'trash')).size
      if (inTrash > 0 && inTrash < originals.size) amidst += 1
      if (outcome.killed && chance() < 0.4) continue
      await prune(world.home, 0, '--apply')
      assert.equal((await keptAt(world.second, 'trash')).size, originals.size, what)
      assert.equal((await treeOf(world.second)).size, 0, what)
      // What was written down and not moved yet when a run was killed is written down as kept, and then again.
      const states = statesIn(world.home)
      states.delete('kept')
      assert.deepEqual(states, new Set(['in-trash']), what)
      finished += 1
      await startAgain()
      await rm(join(world.drive.mountPoint, lastWriter))
    }
    t.diagnostic(`${killed} kills, ${amidst} of them with only a part moved, ${finished} times finished`)
  },
)

test(
  '[J1] a move that was cut off between its two names is finished, and is one removal',
  { skip: skipCards },
  async () => {
    await using world = await delivered(await shoot(['NIKON_Z8']))
    const originals = await treeOf(world.second)
    const [path = ''] = originals.keys()
    const trashPath = `.fivefold/trash/2026-01-02/${path}`
    await mkdir(dirname(join(world.second, trashPath)), { recursive: true })
    await link(join(world.second, path), join(world.second, trashPath))
    const planned = inCatalog(
      world.home,
      `insert into removal (hash, place_id, path, trash_path, why, planned_at_ms, state, changed_at_ms, run_id)
       select copy.hash, copy.place_id, copy.path, ?, 'kept long enough', 1, 'planned', 1, (select id from run limit 1)
       from copy join place on place.id = copy.place_id where place.role = 'second' and copy.path = ?`,
      trashPath,
      path,
    )
    assert.equal(planned, 1)
    const { intoTrash } = await prune(world.home, 0, '--apply')
    assert.equal(intoTrash.files, originals.size)
    assert.equal((await treeOf(world.second)).size, 0)
    assert.equal((await keptAt(world.second, 'trash')).size, originals.size)
    const removals = askCatalog(world.home, 'select path, state from removal')
    assert.equal(removals.length, originals.size)
    assert.ok(removals.every(({ state }) => state === 'in-trash'))
  },
)

test(
  '[D3] a clock that was set back or ahead switches it off; a long pause asks a person first',
  { skip: skipCards },
  async () => {
    await using world = await delivered(await shoot(['NIKON_Z8']))
    const before = await everythingAt(world.second, [lastWriter])
    for (const [offMs, says] of [
      [-2 * dayMs, /set back|ran ahead/],
      [-4000 * dayMs, /set back|ran ahead/],
      [40 * dayMs, /one of them is wrong|jumped ahead/],
      [4000 * dayMs, /one of them is wrong|jumped ahead/],
    ] as const) {
      for (const more of [[], ['--clock-is-right']]) {
        const args = ['prune', '--apply', ...more]
        const failure = await command(world.home, args, 4, clockOff(offMs))
        assert.equal(failure.code, 'clock-doubtful', `${offMs / dayMs} days ${more.join('')}`)
        assert.match(failure.sentence ?? '', says)
      }
    }
    assert.deepEqual(await everythingAt(world.second, [lastWriter]), before)
    // Nothing was written down for forty days: either nobody worked, or the clock jumped.
    inCatalog(world.home, 'update identity set newest_at_ms = newest_at_ms - ?', 40 * dayMs)
    const asked = await command(world.home, ['prune', '--apply'], 4)
    assert.equal(asked.code, 'clock-doubtful')
    assert.match(asked.advice ?? '', /--clock-is-right/)
    assert.deepEqual(await everythingAt(world.second, [lastWriter]), before)
    assert.ok((await prune(world.home, 0, '--apply', '--clock-is-right')).intoTrash.files > 0)
  },
)

test('[D3] an older catalog that comes back removes nothing', { skip: skipCards }, async () => {
  await using world = await delivered(await shoot(['EOS_DIGITAL_A', 'NIKON_Z8']))
  const catalogue = join(world.home, 'catalog.db')
  askCatalog(world.home, 'pragma wal_checkpoint(truncate)')
  const older = join(world.root, 'older.db')
  await copyFile(catalogue, older)
  const { intoTrash } = await prune(world.home, 0, '--apply')
  assert.ok(intoTrash.files > 0)
  for (const ending of ['-wal', '-shm']) await rm(`${catalogue}${ending}`, { force: true })
  await copyFile(older, catalogue)
  const before = await everythingAt(world.second)
  for (const more of [[], ['--clock-is-right']]) {
    const failure = await command(world.home, ['prune', '--apply', ...more], 4)
    assert.equal(failure.code, 'catalog-older')
    assert.match(failure.sentence ?? '', /Nothing was removed/)
  }
  assert.deepEqual(await everythingAt(world.second), before)
})

test(
  '[D1] never from the library: not when asked by name, and not when the settings call it something else',
  { skip: skipCards },
  async () => {
    await using world = await delivered(await shoot(['NIKON_Z8']))
    const before = await treeOf(world.library)
    const asked = await prune(world.home, 0, '--place', 'library', '--apply')
    assert.deepEqual([asked.lines, asked.sentence], [[], 'Nothing may go now.'])
    assert.deepEqual(await treeOf(world.library), before)
    // By hand, the settings make a second folder of it; its marker says what it is.
    const settings = join(world.home, 'fivefold.yaml')
    const text = await readFile(settings, 'utf8')
    const wrong = text.replace('role: library', 'role: second')
    assert.notEqual(wrong, text)
    await writeFile(settings, `${wrong.replace(/^copies:[\s\S]*?(?=^\S)/m, '')}\ncopies: { required: [second] }\n`)
    const refused = await prune(world.home, 3, '--place', 'library', '--apply')
    assert.deepEqual(
      [...new Set(refused.failures.map(({ code }) => code))],
      ['place-is-another'],
      JSON.stringify(refused),
    )
    assert.match(refused.failures[0]?.sentence ?? '', /By its marker “library” is a library/)
    assert.deepEqual(await treeOf(world.library), before)
  },
)
