/**
 * The check of one place, slice by slice: oldest evidence first (V5), what was found written down after the fact (W3), each copy that
 * did not agree told by its kind. Mends nothing, removes nothing.
 */
import type { CopyRecord, CopyToCheck } from '../catalog/catalog.ts'
import { proves } from '../domain/copy.ts'
import type { Failure } from '../domain/failure.ts'
import type { JobId, RunId } from '../domain/ids.ts'
import { isDamage, isMassChange } from '../domain/tell-change.ts'
import type { Cancel, Mover, ProveOrder, ProveReport } from '../engine/contracts.ts'
import { askCanary, checkerBroken, hungFailure } from './canary.ts'
import { checkWorkingFiles } from './check-working-files.ts'
import type { AskedCopy, CopyFinding } from './classify-findings.ts'
import { ChangeTeller, damagedInTheBooks } from './classify-findings.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'
import type { Program } from './program.ts'

export interface VerifiedPlace {
  readonly name: string
  readonly asked: boolean
  /** A drive that is not connected lies in the safe, where it should be: that nobody asked it leaves nothing undone. */
  readonly away: boolean
  readonly sentence: string | null
  readonly checked: number
  readonly proven: number
  readonly onlyCached: number
  readonly differed: readonly string[]
  readonly missing: readonly string[]
  /** Moved within the place, and followed. */
  readonly moved: number
  readonly unknown: number
  /** Counted where they are read (V5). */
  readonly bytesRead: number
  /** Copies that the budget, or the share that was asked for, left for the next time. */
  readonly left: number
  readonly leftBytes: number
  /** When the copy at this place that waits longest was looked at (ISO 8601); null when there is none. The worst age (V5). */
  readonly oldestAt: string | null
  /** True when every copy of the place was read since the check before last: the cycle is round. */
  readonly wholeCycle: boolean
  /** Was the damage found that is planted there (V5)? */
  readonly canary: 'found' | 'not-found' | 'unknown'
  /** Working files that were compared with what was carried there. */
  readonly workingFiles: number
}

export interface CheckWishes {
  readonly runId: RunId
  readonly jobId: JobId | null
  /** Share of the copies to look at, 0 to 100. */
  readonly samplePercent: number | null
  /** Where time is short, a slice is a short one. */
  readonly isBudgeted: boolean
}

/** What a check tells while it goes on. */
export interface CheckEars {
  progress(moved: { readonly bytes: number; readonly path: string }): void
  trouble(place: string, failure: Failure): void
}

const sliceFiles = 512
/** A budget is looked at between slices: about as many bytes as a disk reads in ten seconds. */
const sliceBytesInBudget = 1_000_000_000

export class PlaceCheck {
  readonly findings: CopyFinding[] = []
  readonly failures: Failure[] = []
  readonly ground: OnlinePlace
  files = 0
  bytes = 0
  readonly #program: Program
  readonly #mover: Mover
  readonly #wishes: CheckWishes
  readonly #ears: CheckEars
  readonly #cancel: Cancel
  readonly #teller: ChangeTeller
  readonly #beganMs: number
  readonly #counts = { checked: 0, proven: 0, onlyCached: 0, unknown: 0, moved: 0, bytesRead: 0, workingFiles: 0 }
  readonly #differed: string[] = []
  readonly #missing: string[] = []
  #damaged = 0
  #waiting = { files: 0, bytes: 0 }
  #quota = Number.POSITIVE_INFINITY
  #page: readonly CopyToCheck[] = []
  #after: { readonly latestAtMs: number; readonly number: number } | undefined
  #canary: VerifiedPlace['canary'] = 'unknown'
  #isOver = false

  constructor(
    program: Program,
    mover: Mover,
    ground: OnlinePlace,
    wishes: CheckWishes,
    ears: CheckEars,
    cancel: Cancel,
  ) {
    this.ground = ground
    this.#program = program
    this.#mover = mover
    this.#wishes = wishes
    this.#ears = ears
    this.#cancel = cancel
    this.#teller = new ChangeTeller(program, mover, ground, cancel)
    this.#beganMs = program.clock.nowMs()
  }

  get #name(): string {
    return this.ground.place.name
  }

  /** Counts the work, and sees whether the check itself can be believed. */
  async begin(): Promise<void> {
    const all = await this.#count()
    const { samplePercent } = this.#wishes
    this.#waiting = { ...all }
    if (samplePercent !== null) this.#quota = Math.ceil((all.files * samplePercent) / 100)
    this.files = Math.min(all.files, this.#quota)
    this.bytes = samplePercent === null ? all.bytes : Math.ceil((all.bytes * samplePercent) / 100)
    await this.#askCanary()
    if (!this.#isOver) await this.#turnPage()
  }

  async #askCanary(): Promise<void> {
    const answer = await askCanary(this.#program, this.#mover, this.ground.place, this.#cancel)
    this.#canary = answer.kind
    if (answer.kind === 'found') return
    if (answer.failure !== null) this.failures.push(answer.failure)
    // A place that is lost, or a checker that can't be believed: there is nothing to go on with.
    this.#isOver = true
    if (answer.kind === 'not-found') await this.#note('check-failed', { code: 'checker-broken' })
  }

  /** Age of the copy that comes next; null when there is none, or no more is wanted. */
  get nextAtMs(): number | null {
    if (this.#isOver || this.#cancel.aborted || this.#counts.checked >= this.#quota) return null
    return this.#page[0]?.latest.atMs ?? null
  }

  /** Checks the next copies, at most a page of them. */
  async slice(): Promise<void> {
    const some = this.#nextSlice()
    const asked = await this.#prove(some)
    if (this.#isBelievable(asked)) {
      await this.#take(asked)
      if (isMassChange(this.#damaged, this.#counts.checked)) await this.#stopAsSuspect()
    } else await this.#stopAsBroken()
    const last = some.at(-1)
    this.#page = this.#page.slice(some.length)
    this.#waiting.files -= asked.length
    for (const { copy } of asked) this.#waiting.bytes -= copy.bytes
    if (last !== undefined) this.#after = { latestAtMs: last.latest.atMs, number: last.number }
    if (asked.length < some.length) this.#isOver = true
    if (this.#page.length === 0 && !this.#isOver) await this.#turnPage()
  }

  #nextSlice(): readonly CopyToCheck[] {
    const some = this.#page.slice(0, Math.max(0, this.#quota - this.#counts.checked))
    if (!this.#wishes.isBudgeted) return some
    let bytes = 0
    const end = some.findIndex((copy) => (bytes += copy.bytes) > sliceBytesInBudget)
    return end === -1 ? some : some.slice(0, end + 1)
  }

  /** What was missing before and is wanted still, and the working files of a drive; then the place is told as a whole. */
  async finish(isInTime: boolean): Promise<VerifiedPlace> {
    const mayGoOn = isInTime && this.#wishes.samplePercent === null
    if (mayGoOn && !this.#isOver && !this.#cancel.aborted) await this.#lookForMissing()
    if (mayGoOn && !this.#isOver && !this.#cancel.aborted) await this.#checkWorkingFiles()
    const oldestAtMs = await this.#oldestAtMs()
    const wholeCycle = this.#canary === 'found' && !this.#isOver && (await this.#closeCycle())
    return {
      name: this.#name,
      asked: true,
      away: false,
      sentence: null,
      ...this.#counts,
      differed: this.#differed,
      missing: this.#missing,
      left: this.#waiting.files,
      leftBytes: this.#waiting.bytes,
      oldestAt: oldestAtMs === null ? null : new Date(oldestAtMs).toISOString(),
      wholeCycle,
      canary: this.#canary,
    }
  }

  /** What was not looked at since this check began. */
  async #count(): Promise<{ readonly files: number; readonly bytes: number }> {
    const { jobId } = this.#wishes
    return this.#program.catalog.countCopiesAt(this.ground.place.id, {
      checkedBeforeMs: this.#beganMs,
      ...(jobId === null ? {} : { jobId }),
    })
  }

  async #turnPage(): Promise<void> {
    const { jobId } = this.#wishes
    this.#page = await this.#program.catalog.copiesAt(this.ground.place.id, {
      limit: sliceFiles,
      checkedBeforeMs: this.#beganMs,
      ...(this.#after === undefined ? {} : { after: this.#after }),
      ...(jobId === null ? {} : { jobId }),
    })
  }

  async #oldestAtMs(): Promise<number | null> {
    const [oldest] = await this.#program.catalog.copiesAt(this.ground.place.id, { limit: 1 })
    return oldest?.latest.atMs ?? null
  }

  async #prove(copies: readonly CopyToCheck[]): Promise<readonly AskedCopy[]> {
    const orders = copies.map(({ path, hash }, number) => ({ number, path, expected: hash }))
    const asked: AskedCopy[] = []
    await this.#ask(orders, (report) => {
      const copy = copies[report.number]
      if (copy !== undefined) asked.push({ copy, report })
    })
    return asked
  }

  async #ask(orders: readonly ProveOrder[], take: (report: ProveReport) => void): Promise<void> {
    if (this.#cancel.aborted) return
    const end = await this.#mover.prove(
      { place: addressOf(this.ground.place), orders },
      (report) => {
        take(report)
        if (report.kind === 'unknown') this.#ears.trouble(this.#name, report.failure)
      },
      ({ bytesRead, bytesProven, path }) => this.#ears.progress({ bytes: Math.max(bytesRead, bytesProven), path }),
      this.#cancel,
    )
    if (end.kind === 'failed') this.failures.push(end.failure)
    if (end.kind === 'hung') this.failures.push(hungFailure(this.#name))
  }

  /** V5: who says that a copy agrees has read every byte of it. */
  #isBelievable(asked: readonly AskedCopy[]): boolean {
    return asked.every(
      ({ copy, report }) =>
        report.kind === 'unknown' ||
        report.finding !== 'agreed' ||
        // A service that was asked for its own checksum read them itself.
        report.strength === 'provider' ||
        report.bytesRead === copy.bytes,
    )
  }

  async #take(asked: readonly AskedCopy[]): Promise<void> {
    const { tales, seen, bytesRead, failures } = await this.#teller.tell(asked)
    await this.#record(asked, seen)
    this.#counts.bytesRead += bytesRead
    this.failures.push(...failures)
    this.#countReports(asked)
    for (const { finding } of tales) this.#countFinding(finding)
  }

  #countReports(asked: readonly AskedCopy[]): void {
    for (const { report } of asked) {
      this.#counts.checked += 1
      if (report.kind === 'unknown') continue
      this.#counts.bytesRead += report.bytesRead
      if (report.finding !== 'agreed') continue
      if (proves({ ...report, atMs: 0 })) this.#counts.proven += 1
      else this.#counts.onlyCached += 1
    }
  }

  #countFinding(finding: CopyFinding): void {
    const { kind, path } = finding
    this.findings.push(finding)
    if (isDamage(kind)) this.#damaged += 1
    if (kind === 'missing') this.#missing.push(path)
    else if (kind === 'moved') this.#counts.moved += 1
    else if (kind === 'unknown' || kind === 'unreadable') this.#counts.unknown += 1
    else this.#differed.push(path)
  }

  async #record(asked: readonly AskedCopy[], seen: readonly CopyRecord[]): Promise<void> {
    const atMs = this.#program.clock.nowMs()
    const placeId = this.ground.place.id
    const copies = asked.flatMap(({ copy: { hash, path }, report }) => {
      if (report.kind === 'unknown') return []
      const { strength, finding, deviceId } = report
      return [{ hash, placeId, path, evidence: { atMs, strength, finding, deviceId } }]
    })
    // In one breath: a copy that moved is never in the books as gone alone.
    await this.#program.catalog.recordReports({ runId: this.#wishes.runId, reads: [], copies: [...copies, ...seen] })
  }

  /** What is in the books as gone is asked for again: a share that was mounted half comes back whole. */
  async #lookForMissing(): Promise<void> {
    const { place } = this.ground
    const gone = await damagedInTheBooks(this.#program, place, this.#wishes.jobId, new Set(['absent']))
    const before = gone.filter(({ latest }) => latest.atMs < this.#beganMs)
    for (let first = 0; first < before.length && !this.#cancel.aborted; first += sliceFiles) {
      const some = before.slice(first, first + sliceFiles)
      const asked = await this.#prove(some)
      const { tales, seen, bytesRead, failures } = await this.#teller.tell(asked)
      // That it is still gone is nothing new.
      const news = asked.filter(({ report }) => report.kind === 'checked' && report.finding !== 'absent')
      await this.#record(news, seen)
      this.#counts.bytesRead += bytesRead
      this.failures.push(...failures)
      this.#countReports(news)
      for (const { finding } of tales) this.#countFinding(finding)
      if (asked.length < some.length) return
    }
    const all = await this.#program.catalog.countCopiesAt(place.id, { includeAbsent: true })
    if (isMassChange(this.#damaged, all.files)) await this.#stopAsSuspect()
  }

  async #checkWorkingFiles(): Promise<void> {
    const { jobId } = this.#wishes
    const checked = await checkWorkingFiles(this.#program, this.ground.place, jobId, (orders, take) =>
      this.#ask(orders, take),
    )
    this.#counts.workingFiles = checked.files
    this.#counts.bytesRead += checked.bytesRead
    this.findings.push(...checked.findings)
  }

  async #stopAsBroken(): Promise<void> {
    this.#isOver = true
    this.failures.push(checkerBroken(this.#name, 'files were called good of which not every byte was read'))
    await this.#note('check-failed', { code: 'checker-broken' })
  }

  async #stopAsSuspect(): Promise<void> {
    this.#isOver = true
    const { checked } = this.#counts
    this.failures.push({
      code: 'library-suspect',
      sentence: `At “${this.#name}” ${this.#damaged} originals changed or vanished at once: this looks like malware or a wiped disk.`,
      advice:
        'Disconnect that place, keep the drives and cards away from it, and find out what happened. “fivefold repair --even-so” mends it when it can be trusted again.',
      place: this.#name,
    })
    await this.#note('check-failed', { code: 'library-suspect', checked, damaged: this.#damaged })
  }

  /**
   * A cycle is round when no copy of the place was looked at last before the cycle before ended; the first one begins with the first
   * check that there was of this place.
   */
  async #closeCycle(): Promise<boolean> {
    const { catalog } = this.#program
    const { id } = this.ground.place
    if (this.#counts.checked === 0 || this.#counts.unknown > 0) return false
    const [last] = await catalog.placeEvents({ placeId: id, kind: 'checked', limit: 1 })
    const sinceMs = last?.atMs ?? (await this.#firstCheckMs())
    if ((await catalog.countCopiesAt(id, { checkedBeforeMs: sinceMs })).files > 0) return false
    const all = await catalog.countCopiesAt(id, {})
    await this.#note('checked', {
      copies: all.files,
      bytes: all.bytes,
      sinceMs,
      bytesReadInLastRun: this.#counts.bytesRead,
    })
    return true
  }

  async #firstCheckMs(): Promise<number> {
    const { id, name } = this.ground.place
    const runs = (await this.#program.catalog.runs(10_000)).filter(
      (run) => run.kind === 'verify' && [null, id, name.toLowerCase()].includes(placeOf(run.arguments)),
    )
    return runs.at(-1)?.startedAtMs ?? this.#beganMs
  }

  async #note(kind: 'checked' | 'check-failed', detail: Readonly<Record<string, number | string>>): Promise<void> {
    const { catalog, clock } = this.#program
    await catalog.notePlaceEvent({ placeId: this.ground.place.id, kind, atMs: clock.nowMs(), detail })
  }
}

/** The place that an earlier verify was asked for; null for all of them. */
function placeOf(given: unknown): string | null {
  if (typeof given !== 'object' || given === null || !('place' in given)) return null
  return typeof given.place === 'string' ? given.place.toLowerCase() : null
}
