/**
 * The commands that come after the ingest are killed at random moments: drive update, verify, repair, prune, restore. What is left is
 * looked at on the disks, and the same command is run again, which finishes the work.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { canKill, canKillAtSyscall, canMakeLoopDisk } from '../lab/can-run.ts'
import { runAndKill } from '../lab/kill-at-random.ts'
import { scratchFolder } from '../lab/scratch-folder.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import { lookAtDisks, soFar, wrongAnytime, wrongInTheEnd } from './after-a-kill.ts'
import type { Facts } from './after-a-kill.ts'
import { thorough, times } from './ground.ts'
import type { LaterWork } from './later-work.ts'
import { driveWork, pruneWork, repairWork, restoreWork, verifyWork } from './later-work.ts'
import { measureWork, runAndStrike } from './strike.ts'
import type { Measured, Strike, Struck } from './strike.ts'
import { fivefold, runCommand, story } from './the-command.ts'
import type { WholeLife } from './whole-life-ground.ts'
import { wholeLife } from './whole-life-ground.ts'

const skip = canKill() ?? canMakeLoopDisk('ext4') ?? false
/** Of each command. */
const kills = times(3, 40)
/** Then the run after a kill is killed as well. */
const againChance = 0.25
/** Most kills come at a change on the disks; some at any time, and some in the start, before any place is touched. */
const startChance = 0.08
const changesChance = 0.7
const aloneChance = 0.4
/** After a parent was killed alone, the next run often begins while its orphan may still be there. */
const rushChance = 0.5

const commands: Readonly<Record<string, (world: WholeLife, chance: () => number) => Promise<LaterWork>>> = {
  'drive update': driveWork,
  verify: verifyWork,
  repair: repairWork,
  prune: pruneWork,
  restore: restoreWork,
}

/** Rounds of one command: work is laid out, the command is killed once or more, and run to its end. */
class Rounds {
  readonly counts = { kills: 0, alone: 0, amidst: 0, finished: 0, early: 0 }
  readonly violations: string[] = []
  readonly #world: WholeLife
  readonly #chance: () => number
  readonly #layOut: () => Promise<LaterWork>
  #measured: Measured = { startMs: 0, workMs: 0, changes: 0 }
  #quicker = 1

  constructor(world: WholeLife, chance: () => number, layOut: (typeof commands)[string]) {
    this.#world = world
    this.#chance = chance
    this.#layOut = async () => {
      await world.startAgain()
      return layOut(world, chance)
    }
  }

  get workMs(): number {
    return Math.round(this.#measured.workMs)
  }

  /** How long it takes when nobody kills it; and what is promised then. */
  async measure(): Promise<void> {
    const work = await this.#layOut()
    this.#measured = await measureWork(this.#line(work), work.exitCodes, this.#world.root)
    this.#note('not killed', wrongInTheEnd(this.#world, work.expected, await this.#look(work)))
  }

  async round(): Promise<void> {
    const work = await this.#layOut()
    // The orphan of a killed run may live on beside the next run.
    await using alive = new AsyncDisposableStack()
    for (;;) {
      const strike = this.#strike()
      const what = `${strike.victims}, ${JSON.stringify(strike.at)}`
      const struck = alive.use(await runAndStrike(this.#line(work), strike))
      if (!struck.killed) {
        this.counts.early += 1
        // The machine may be quicker now than when it was measured.
        if ('ms' in strike.at) this.#quicker *= 0.8
        assert.ok(work.exitCodes.includes(struck.exitCode ?? -1), `${what}: exit ${struck.exitCode}`)
        this.#note(`ended before: ${what}`, wrongInTheEnd(this.#world, work.expected, await this.#look(work)))
        return
      }
      this.counts.kills += 1
      if (strike.victims === 'the parent alone') this.counts.alone += 1
      const isRushed = strike.victims === 'the parent alone' && this.#chance() < rushChance
      const facts = isRushed ? null : await this.#lookAtTheDead(work, struck, what)
      if (this.#chance() < againChance) continue
      await this.#finish(work, struck, facts, what)
      return
    }
  }

  #strike(): Strike {
    const victims = this.#chance() < aloneChance ? 'the parent alone' : 'the whole family'
    const { startMs, workMs, changes } = this.#measured
    const watched = this.#world.root
    const [which, moment] = [this.#chance(), this.#chance()]
    if (which < startChance) return { victims, watched, at: { from: 'start', ms: Math.round(moment * startMs) } }
    if (which < startChance + changesChance)
      return { victims, watched, at: { change: 1 + Math.floor(moment * changes) } }
    return { victims, watched, at: { from: 'mover', ms: Math.round(moment * workMs * this.#quicker) } }
  }

  async #lookAtTheDead(work: LaterWork, struck: Struck, what: string): Promise<Facts> {
    await struck.orphansEnded()
    const facts = await this.#look(work)
    this.#note(what, wrongAnytime(this.#world, work.expected, facts))
    return facts
  }

  /** `atKill` is null when nobody looked, for the orphan of the killed run may have been at work still. */
  async #finish(work: LaterWork, struck: Struck, atKill: Facts | null, what: string): Promise<void> {
    const ended = await runCommand([...this.#line(work)])
    await struck.orphansEnded()
    const facts = await this.#look(work)
    const done = atKill === null ? null : soFar(work.expected, atKill)
    if (!work.exitCodes.includes(ended.exitCode ?? -1) || ended.last === null)
      this.#note(what, [`finishing: ${story(ended)}`])
    else this.#note(what, work.wrongWords(ended.last, done?.wanting ?? null))
    this.#note(`finished after ${what}`, wrongInTheEnd(this.#world, work.expected, facts))
    const again = (done?.right ?? []).filter((name) => atKill?.makings.get(name) !== facts.makings.get(name))
    this.#note(
      what,
      again.map((name) => `[J1] ${name} was whole, and was written again`),
    )
    if (done !== null && this.#isAmidst(work, atKill, facts)) this.counts.amidst += 1
    this.counts.finished += 1
  }

  /** Did the killed run change something, and leave something to be changed? */
  #isAmidst({ expected }: LaterWork, atKill: Facts | null, facts: Facts): boolean {
    if (atKill === null) return false
    const tell = ({ trees, aside, restored }: Pick<Facts, 'trees' | 'aside' | 'restored'>): string => {
      const places = [...Object.values(trees), ...Object.values(aside)]
      return (
        JSON.stringify(places.map((tree) => [...tree].map((entry) => entry.join(' ')).toSorted())) + restored.length
      )
    }
    const before = tell({ trees: expected.before, aside: expected.aside, restored: [] })
    return tell(atKill) !== before && tell(atKill) !== tell(facts)
  }

  #line({ args }: LaterWork): readonly string[] {
    return [...args, '--home', this.#world.home, '--json']
  }

  #look({ expected }: LaterWork): Promise<Facts> {
    return lookAtDisks(this.#world, expected.restored?.folder)
  }

  #note(when: string, sentences: readonly string[]): void {
    this.violations.push(...sentences.map((sentence) => `${sentence} (round ${this.counts.finished + 1}, ${when})`))
  }
}

test(
  '[J1] [W1] [W2] [W3] [M1] [M2] [D1] [R1] the commands after the ingest, killed at any moment and run again, finish and lose nothing',
  { skip },
  async (t: TestContext) => {
    const seed = labSeed(20_261)
    await using scratch = await scratchFolder()
    await using world = await wholeLife(scratch.path)
    for (const [index, [name, layOut]] of Object.entries(commands).entries())
      await t.test(`${name}, killed`, async (t) => {
        const rounds = new Rounds(world, seededRandom(seed + index), layOut)
        await rounds.measure()
        while (rounds.counts.kills < kills && rounds.counts.early <= kills * 2) {
          await rounds.round()
          if (thorough)
            process.stderr.write(`${name}: ${JSON.stringify(rounds.counts)} ${rounds.violations.length} violations\n`)
        }
        t.diagnostic(
          `${name}: ${JSON.stringify(rounds.counts)}, ${rounds.violations.length} violations (seed ${seed}; unkilled it works for ${rounds.workMs} ms)`,
        )
        assert.deepEqual(rounds.violations.slice(0, 12), [], `FIVEFOLD_LAB_SEED=${seed}`)
        assert.ok(rounds.counts.kills >= kills, 'the runs end before they can be killed')
      })
    await t.test('prune, killed between the two names of one file', { skip: canKillAtSyscall() ?? false }, () =>
      killedHalfMoved(world, seededRandom(seed)),
    )
  },
)

/** Into the trash means: a second name, and then the first one is taken away. No random moment ever falls between the two. */
async function killedHalfMoved(world: WholeLife, chance: () => number): Promise<void> {
  await world.startAgain()
  const { args, expected, exitCodes } = await pruneWork(world, chance)
  const line = [...args, '--home', world.home, '--json']
  const [path = ''] = [...expected.before.second.keys()].filter((one) => !expected.after.second.has(one))
  const kill = { syscall: 'unlink', nth: 1, path: join(world.second, path) }
  const outcome = await runAndKill({ command: fivefold, args: line, kill, timeoutMs: 120_000 })
  assert.ok(outcome.killed, 'the file is taken away by unlink')
  const facts = await lookAtDisks(world)
  assert.ok(facts.trees.second.has(path), 'it has its name still')
  assert.ok(
    [...facts.aside.second.keys()].some((one) => one.endsWith(path)),
    'and one in the trash',
  )
  assert.deepEqual(wrongAnytime(world, expected, facts), [])
  const ended = await runCommand(line)
  assert.ok(exitCodes.includes(ended.exitCode ?? -1), story(ended))
  assert.deepEqual(wrongInTheEnd(world, expected, await lookAtDisks(world)), [])
}
