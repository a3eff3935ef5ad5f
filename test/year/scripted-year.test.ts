/**
 * A year from the first card to the last prune: 12 cards, 40 jobs, 3 cameras, two drives that rotate, deliveries early and late, bit
 * rot, a lost file, edits. The program, its processes and its files are the real ones; only the clock is passed in. Each evening the
 * promises are worked out anew from the files on the disks.
 */
import assert from 'node:assert/strict'
import {
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
  closeSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { canMakeLoopDisk } from '../lab/can-run.ts'
import { loopDisk } from '../lab/loop-disk.ts'
import { labSeed, seededRandom } from '../lab/seeded-random.ts'
import { DailyPromises } from './daily-promises.ts'
import { contentsOf, visible } from './disk-facts.ts'
import { hearNothing, neverCancelled, Studio, value } from './studio.ts'
import type { StudioJob } from './studio.ts'

const days = 365
const jobCount = 40
const verifyAll = { place: null, job: null, samplePercent: null, budgetMs: null } as const

class Year {
  readonly studio: Studio
  readonly promises: DailyPromises
  readonly figures = {
    jobs: 0,
    formats: 0,
    updates: 0,
    prunedFiles: 0,
    emptied: 0,
    flipsPlanted: 0,
    flipsFound: 0,
    mended: 0,
    fetched: 0,
    postponed: 0,
  }
  #updates = 0

  constructor(studio: Studio) {
    this.studio = studio
    this.promises = new DailyPromises(studio)
  }

  async live(): Promise<void> {
    await this.studio.setUp()
    const calendar = this.#plan()
    for (let day = 0; day < days; day += 1) {
      this.studio.moveToDay(day)
      for (const job of calendar.filter(({ shotDay }) => shotDay === day)) await this.#shoot(job, day)
      for (const job of this.studio.jobs) if (job.deliverDay === day) await this.#deliver(job)
      if (day % 9 === 4) this.#edit()
      if (day % 60 === 40) await this.#accidentAndMend()
      // Now and then the photographer is away, and the drive comes late.
      if (day % 14 === 13 && day % 56 !== 55) await this.#rotateDrives(day)
      this.promises.check(day, await this.#freeCards())
    }
  }

  /** Forty jobs over the year; clients wait 3 to 60 days, one of ten very long. */
  #plan(): StudioJob[] {
    return Array.from({ length: jobCount }, (_, index) => {
      const shotDay = Math.floor((index * (days - 25)) / jobCount) + this.studio.below(5)
      const wait = index % 10 === 7 ? 80 : 3 + this.studio.below(25)
      return {
        name: `Job ${index + 1}`,
        client: `Client ${index % 13}`,
        shotDay,
        deliverDay: shotDay + wait,
        deliveredAtMs: null,
      }
    })
  }

  async #shoot(planned: StudioJob, day: number): Promise<void> {
    const cards = await this.#takeCards(1 + this.studio.below(2))
    const job = { ...planned, shotDay: day }
    this.studio.jobs.push(job)
    this.figures.jobs += 1
    for (const card of cards) {
      this.studio.shoot(card, job, 3 + this.studio.below(5))
      const before = contentsOf(card)
      const [answer] = value(
        await this.studio.requests.ingest([{ card, job: job.name, client: job.client }], hearNothing, neverCancelled),
      )
      assert.ok(answer?.ok === true && answer.value.outcome === 'done', `day ${day}: ${JSON.stringify(answer)}`)
      assert.deepEqual(contentsOf(card), before, '[C1] the card is as it was')
    }
  }

  /** As Fivefold says: a blank card, or the free one unused for longest. What it says is free is formatted, and nothing else. */
  async #takeCards(count: number): Promise<readonly string[]> {
    const taken: string[] = []
    for (const card of this.studio.cards) if (taken.length < count && contentsOf(card).size === 0) taken.push(card)
    while (taken.length < count) {
      const next = value(await this.studio.requests.nextCard())
      const card = this.studio.cards.find((one) => one.endsWith(next.card?.label ?? 'none') && !taken.includes(one))
      if (card === undefined) break
      this.studio.format(card)
      this.figures.formats += 1
      taken.push(card)
    }
    if (taken.length < count) this.figures.postponed += 1
    if (taken.length > 0) return taken
    // Every card is owed: the photographer delivers what waits longest, brings the drive, and asks again.
    const [oldest] = this.studio.jobs.filter(({ deliveredAtMs }) => deliveredAtMs === null)
    if (oldest !== undefined) await this.#deliver(oldest)
    for (const drive of this.studio.drives) await this.#update(drive)
    const next = value(await this.studio.requests.nextCard())
    const card = this.studio.cards.find((one) => one.endsWith(next.card?.label ?? 'none'))
    assert.ok(card !== undefined, `no card is free: ${next.sentence}`)
    this.studio.format(card)
    this.figures.formats += 1
    return [card]
  }

  async #deliver(job: StudioJob): Promise<void> {
    if (job.deliveredAtMs !== null) return
    job.deliveredAtMs = this.studio.clock.nowMs()
    value(await this.studio.requests.stepJob(job.name, 'deliver'))
  }

  /** An editor at work in the library: new sidecars and exports, and old ones changed. */
  #edit(): void {
    const { library, truth } = this.studio
    const pictures = [...visible(contentsOf(library)).keys()].filter((path) => /\.(?:CR3|ARW|NEF)$/.test(path))
    for (let number = 0; number < 3 && truth.length > 0; number += 1) {
      const path = pictures[this.studio.below(pictures.length)] ?? ''
      writeFileSync(join(library, path.replace(/\.\w+$/, '.xmp')), `<x:xmpmeta rating="${this.studio.below(1e6)}"/>`)
      const export_ = join(library, dirname(path), '..', '..', 'Exports', `${number}.tif`)
      mkdirSync(dirname(export_), { recursive: true })
      writeFileSync(export_, `export ${this.studio.below(1e6)}`)
    }
  }

  /** One bit rots in the library and one in the second folder, a file is deleted by hand; the scrub finds all, repair mends all. */
  async #accidentAndMend(): Promise<void> {
    const planted = [this.studio.library, this.studio.second].flatMap((place) => this.#flip(place))
    const [lost] = this.#pictures(this.studio.library).filter((path) => !this.#isHit(this.studio.library, path))
    if (lost !== undefined) {
      rmSync(join(this.studio.library, lost))
      this.promises.accidents.push({ place: this.studio.library, path: lost, badHash: null })
    }
    const verified = value(await this.studio.requests.verify(verifyAll, hearNothing, neverCancelled))
    this.figures.flipsPlanted += planted.length
    this.figures.flipsFound += verified.places.reduce((sum, { differed }) => sum + differed.length, 0)
    await this.#repair()
    this.promises.accidents.length = 0
    for (const { place, path, badHash } of planted) {
      assert.notEqual(contentsOf(place).get(path), badHash, `${path} at ${place} was not mended`)
      this.promises.accidents.push({ place, path, badHash })
    }
    this.promises.check(-1, [])
    this.promises.accidents.length = 0
  }

  /** What only a drive still holds is mended when the drive was fetched, as the command says. */
  async #repair(): Promise<void> {
    const wish = { place: null, job: null, dryRun: false, edited: false, evenSo: false }
    const first = value(await this.studio.requests.repair(wish, hearNothing, neverCancelled))
    this.figures.mended += first.mended.length
    if (first.outcome === 'done') return
    assert.match(first.needs.join(' '), /safe [ab]/, first.sentence)
    for (const drive of this.studio.drives) this.studio.outOfSafe(drive)
    const second = value(await this.studio.requests.repair(wish, hearNothing, neverCancelled))
    for (const drive of this.studio.drives) this.studio.intoSafe(drive)
    this.figures.mended += second.mended.length
    this.figures.fetched += 1
    assert.equal(second.outcome, 'done', second.sentence)
  }

  #pictures(place: string): readonly string[] {
    return [...visible(contentsOf(place)).keys()].filter((path) => /\.(?:CR3|ARW|NEF)$/.test(path))
  }

  #isHit(place: string, path: string): boolean {
    return this.promises.accidents.some((one) => one.place === place && one.path === path)
  }

  #flip(place: string): readonly { place: string; path: string; badHash: string }[] {
    const pictures = this.#pictures(place)
    const path = pictures[this.studio.below(pictures.length)]
    if (path === undefined) return []
    const whole = join(place, path)
    const { mtimeMs, size } = statSync(whole)
    const byte = Buffer.alloc(1)
    const at = this.studio.below(size)
    const file = openSync(whole, 'r+')
    readSync(file, byte, 0, 1, at)
    byte[0] = (byte[0] ?? 0) ^ 4
    writeSync(file, byte, 0, 1, at)
    closeSync(file)
    utimesSync(whole, mtimeMs / 1000, mtimeMs / 1000)
    const badHash = createHash('sha256').update(readFileSync(whole)).digest('hex')
    this.promises.accidents.push({ place, path, badHash })
    return [{ place, path, badHash }]
  }

  async #rotateDrives(day: number): Promise<void> {
    const drive = this.studio.drives[this.#updates % 2] ?? ''
    this.#updates += 1
    this.studio.outOfSafe(drive)
    const updated = value(
      await this.studio.requests.updateDrives(
        { name: null, acceptChanges: false, proveAll: false },
        hearNothing,
        neverCancelled,
      ),
    )
    assert.equal(updated.outcome, 'done', `day ${day}: ${updated.sentence}`)
    this.figures.updates += 1
    if (this.#updates % 2 === 0) {
      const pruned = value(
        await this.studio.requests.prune(
          // The photographer looked at the calendar: there were quiet weeks.
          { place: null, apply: true, clockIsRight: true, emptyTrash: false },
          hearNothing,
          neverCancelled,
        ),
      )
      assert.equal(pruned.outcome, 'done', `day ${day}: ${pruned.sentence}`)
      this.figures.prunedFiles += pruned.intoTrash.files
      this.figures.emptied += pruned.outOfTrash.files
    }
    this.studio.intoSafe(drive)
  }

  async #update(drive: string): Promise<void> {
    this.studio.outOfSafe(drive)
    value(
      await this.studio.requests.updateDrives(
        { name: null, acceptChanges: false, proveAll: false },
        hearNothing,
        neverCancelled,
      ),
    )
    this.studio.intoSafe(drive)
  }

  async #freeCards(): Promise<readonly string[]> {
    const cards = value(await this.studio.requests.listCards())
    return cards.flatMap(({ label, verdict }) =>
      verdict === 'may-format' ? this.studio.cards.filter((card) => card.endsWith(label)) : [],
    )
  }
}

test(
  '[C1] [C2] [W2] [D1] [D2] [D3] [M1] [M2] the promises hold at every evening of a scripted year',
  { skip: canMakeLoopDisk('ext4') ?? false },
  async (t) => {
    const seed = labSeed(2026)
    await using disk = await loopDisk({ fs: 'ext4', megabytes: 400 })
    const year = new Year(new Studio(join(disk.mountPoint, 'studio'), seededRandom(seed)))
    await year.live()
    const { figures, promises, studio } = year
    t.diagnostic(
      `seed ${seed}: ${promises.daysChecked} evenings, ${studio.truth.length} files shot, ${JSON.stringify(figures)}`,
    )
    assert.equal(figures.jobs, jobCount)
    assert.equal(
      figures.flipsFound,
      figures.flipsPlanted,
      'every flipped bit was found, and nothing else was called damaged',
    )
    assert.ok(figures.formats > 20 && figures.updates > 15, 'cards went round, and drives too')
    assert.ok(figures.prunedFiles > 0 && figures.emptied > 0, 'the second folder was cleared by rule')
  },
)
