/** The doing of a drive update: proves what is there, carries what is missing, and lays the histories. Counts what came of it. */
import type { CopyRecord } from '../catalog/catalog.ts'
import type { CarryOriginal, CarryWorking, DriveJobPlan, ProveOnDrive } from '../domain/drive-plan.ts'
import type { Failure } from '../domain/failure.ts'
import { proves } from '../domain/copy.ts'
import type { ContentHash, RunId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { MoverEnd, ProveReport } from '../engine/contracts.ts'
import type { Carried, CarryFile, CarryResult } from '../engine/run-carry.ts'
import { runCarry } from '../engine/run-carry.ts'
import { RunningTotal } from '../engine/running-total.ts'
import { carryHistories } from './carry-histories.ts'
import { count } from './drive-outcome.ts'
import { addressOf } from './identify-places.ts'
import { layJobNotes } from './job-notes.ts'
import type { DriveGround, PlannedJob } from './plan-drive.ts'

const provedAtOnce = 512
/** So many bad copies are no accident of one file: the drive itself is failing. */
const badCopiesMax = 50

interface OriginalFile extends CarryFile {
  readonly hash: ContentHash
}

export class CarryToDrive {
  readonly originals = { provenAgain: 0, carried: 0, bytesCarried: 0, mended: 0, left: 0 }
  readonly working = { carried: 0, keptAsVersions: 0, failed: 0 }
  readonly failures: Failure[] = []
  /** Originals that turned out to be damaged or gone in the library while they were read (M1). */
  readonly notInLibrary: { readonly path: string; readonly why: 'gone' | 'differs' }[] = []
  /** Set when the library, the drive or the mover was lost: what follows was not tried. */
  lost: Failure | null = null
  differing = 0
  readonly #ground: DriveGround
  readonly #runId: RunId
  /** What was proven to be bad on the drive, by job: carried anew from the library. */
  readonly #toMend = new Map<string, CarryOriginal[]>()
  readonly #touched = new Set<string>()
  readonly #badInLibrary = new Set<string>()
  #total = new RunningTotal()

  constructor(ground: DriveGround, runId: RunId) {
    this.#ground = ground
    this.#runId = runId
  }

  /** M1: what was written to in the library since it was proven is read before anything is carried. */
  async readTouched(jobs: readonly PlannedJob[]): Promise<void> {
    const { program, mover, library, hear, cancel } = this.#ground
    const touched = jobs.flatMap(({ plan }) => plan.readInLibrary)
    if (touched.length === 0) return
    const bytes = touched.reduce((sum, one) => sum + one.bytes, 0)
    hear({ type: 'phase', card: library.place.name, phase: 'verify', files: touched.length, bytes })
    const records: CopyRecord[] = []
    const end = await mover.prove(
      {
        place: addressOf(library.place),
        orders: touched.map(({ path, hash }, number) => ({ number, path, expected: hash })),
      },
      (report) => {
        const one = touched[report.number]
        if (one === undefined || report.kind === 'unknown') return
        const { finding, strength, deviceId } = report
        const evidence = { atMs: program.clock.nowMs(), finding, strength, deviceId }
        records.push({ hash: one.hash, placeId: library.place.id, path: one.path, evidence })
        if (finding === 'agreed') return
        if (finding === 'differed') this.differing += 1
        this.#badInLibrary.add(one.path)
        this.notInLibrary.push({ path: one.path, why: finding === 'differed' ? 'differs' : 'gone' })
      },
      (progress) => hear({ type: 'progress', card: library.place.name, phase: 'verify', ...progress }),
      cancel,
    )
    await program.catalog.recordReports({ runId: this.#runId, reads: [], copies: records })
    if (end.kind === 'failed') this.lost ??= end.failure
    if (end.kind === 'hung') this.lost ??= hung(library.place.name)
  }

  /** Reads back what was written last time, what was never proven, and what is due; records each finding. */
  async proveThere(jobs: readonly PlannedJob[]): Promise<void> {
    const { hear, drive, cancel } = this.#ground
    const all = jobs.flatMap(({ job, plan }) => plan.prove.map((one) => ({ job, one })))
    if (all.length === 0) return
    const bytes = all.reduce((sum, { one }) => sum + one.bytes, 0)
    hear({ type: 'phase', card: drive.place.name, phase: 'verify', files: all.length, bytes })
    for (let first = 0; first < all.length; first += provedAtOnce) {
      if (cancel.aborted || this.lost !== null) return
      await this.#prove(all.slice(first, first + provedAtOnce))
    }
  }

  async #prove(some: readonly { readonly job: Job; readonly one: ProveOnDrive }[]): Promise<void> {
    const { program, mover, drive, hear, cancel } = this.#ground
    const records: CopyRecord[] = []
    const take = (report: ProveReport): void => {
      const ordered = some[report.number]
      if (ordered === undefined) return
      const { job, one } = ordered
      this.#touched.add(job.id)
      if (report.kind === 'unknown') {
        this.originals.left += 1
        this.failures.push(report.failure)
        return
      }
      const { finding, strength, deviceId } = report
      const evidence = { atMs: program.clock.nowMs(), finding, strength, deviceId }
      records.push({ hash: one.hash, placeId: drive.place.id, path: one.path, evidence })
      if (finding !== 'agreed') this.#mendLater(job, one, finding)
      else if (proves(evidence)) this.originals.provenAgain += 1
      else {
        this.originals.left += 1
        this.failures.push(notProven(one.path, drive.place.name))
      }
    }
    const end = await mover.prove(
      {
        place: addressOf(drive.place),
        orders: some.map(({ one }, number) => ({ number, path: one.path, expected: one.hash })),
      },
      take,
      (progress) => hear({ type: 'progress', card: drive.place.name, phase: 'verify', ...this.#total.add(progress) }),
      cancel,
    )
    await program.catalog.recordReports({ runId: this.#runId, reads: [], copies: records })
    this.#total.next()
    this.#noteEnd(end)
  }

  #mendLater(job: Job, { path, instead, isNeeded }: ProveOnDrive, finding: 'differed' | 'absent'): void {
    const { drive } = this.#ground
    if (!isNeeded) return
    if (instead === null) {
      this.originals.left += 1
      this.failures.push(damagedWithoutSource(path, drive.place.name))
      return
    }
    const list = this.#toMend.get(job.id) ?? []
    // What is not there any more needs no making way.
    list.push(finding === 'absent' ? { ...instead, setAsideTo: null } : instead)
    this.#toMend.set(job.id, list)
    const bad = [...this.#toMend.values()].reduce((sum, { length }) => sum + length, 0)
    if (bad > badCopiesMax) this.lost ??= driveIsFailing(drive.place.name, bad)
  }

  #noteEnd(end: MoverEnd): void {
    const { drive } = this.#ground
    if (end.kind === 'failed') this.lost ??= end.failure
    if (end.kind === 'hung') this.lost ??= hung(drive.place.name)
  }

  /** What follows is one piece of work for the eye, whatever the number of jobs. */
  beginCarrying(jobs: readonly PlannedJob[]): void {
    const { hear, drive } = this.#ground
    const mend = [...this.#toMend.values()].flat()
    const files = jobs.reduce((sum, { plan }) => sum + plan.carry.length + plan.working.length, mend.length)
    const bytes = [...jobs, ...mend].reduce((sum, one) => sum + one.bytes, 0)
    this.#total = new RunningTotal()
    if (files > 0) hear({ type: 'phase', card: drive.place.name, phase: 'copy', files, bytes })
  }

  async carryJob({ job, plan }: PlannedJob): Promise<void> {
    const { hear, drive } = this.#ground
    const mend = this.#toMend.get(job.id) ?? []
    const files = plan.carry.length + plan.working.length + mend.length
    if (files > 0)
      hear({
        type: 'said',
        card: drive.place.name,
        code: 'job',
        sentence: `“${job.name}”: ${count(files, 'file')} to carry.`,
      })
    // What was just seen to be bad is reported already, and not read once more.
    const wanted = [...plan.carry, ...mend].filter(({ from }) => !this.#badInLibrary.has(from))
    await this.#carryOriginals(job, wanted)
    if (this.lost === null) await this.#carryWorking(job, plan.working)
    if (this.lost === null) await this.#layNotes(job, plan)
  }

  async #carryOriginals(job: Job, wanted: readonly CarryOriginal[]): Promise<void> {
    const { program, drive } = this.#ground
    if (wanted.length === 0) return
    this.#touched.add(job.id)
    const result = await this.#carry<OriginalFile>(
      wanted.map(({ hash, from, to, bytes, mtimeMs, setAsideTo }) => ({
        hash,
        from,
        to,
        bytes,
        mtimeMs,
        setAsideTo,
        expected: hash,
      })),
      async (batch) => {
        const copies = batch.map(({ file, copy }): CopyRecord => {
          const { path, strength, deviceId } = copy
          const evidence = { atMs: program.clock.nowMs(), strength, finding: 'agreed' as const, deviceId }
          return { hash: file.hash, placeId: drive.place.id, path, evidence }
        })
        await program.catalog.recordReports({ runId: this.#runId, reads: [], copies })
      },
    )
    for (const { file, copy } of result.carried) {
      if (!proves({ atMs: 0, finding: 'agreed', strength: copy.strength, deviceId: '' })) {
        this.originals.left += 1
        this.failures.push(notProven(file.to, drive.place.name))
        continue
      }
      this.originals.carried += 1
      if (!copy.alreadyThere) this.originals.bytesCarried += file.bytes
      if (file.setAsideTo !== null && !copy.alreadyThere) this.originals.mended += 1
    }
    const handled = result.carried.length + result.failures.length
    this.originals.left += wanted.length - handled
    for (const { file, failure } of result.failures) await this.#originalFailed(file, failure)
  }

  /** M1: what differs in the library is written down as damaged there, and stays where it is. */
  async #originalFailed(file: OriginalFile, failure: Failure): Promise<void> {
    const { program, library } = this.#ground
    const isSource = failure.place === library.place.name
    const finding: 'differed' | 'absent' | null =
      failure.code === 'copy-differs' ? 'differed' : failure.code === 'copy-missing' ? 'absent' : null
    if (!isSource || finding === null) {
      this.originals.left += 1
      this.failures.push(failure)
      return
    }
    if (finding === 'differed') this.differing += 1
    this.notInLibrary.push({ path: file.from, why: finding === 'differed' ? 'differs' : 'gone' })
    const deviceId = library.identity.device.id
    const evidence = { atMs: program.clock.nowMs(), strength: library.identity.readBack, finding, deviceId }
    await program.catalog.recordReports({
      runId: this.#runId,
      reads: [],
      copies: [{ hash: file.hash, placeId: library.place.id, path: file.from, evidence }],
    })
  }

  async #carryWorking(job: Job, wanted: readonly CarryWorking[]): Promise<void> {
    const { program, drive } = this.#ground
    if (wanted.length === 0) return
    this.#touched.add(job.id)
    const result = await this.#carry(
      wanted.map(({ path, ...file }) => ({ ...file, from: path, to: path, expected: null })),
      async (batch) => {
        await program.catalog.saveWorkingFiles(
          batch.map(({ file, hash }) => ({
            placeId: drive.place.id,
            jobId: job.id,
            path: file.from,
            bytes: file.bytes,
            mtimeMs: file.mtimeMs,
            hash,
            carriedAtMs: program.clock.nowMs(),
          })),
        )
      },
    )
    const written = result.carried.filter(({ copy }) => !copy.alreadyThere)
    this.working.carried += written.length
    this.working.keptAsVersions += written.filter(({ file }) => file.setAsideTo !== null).length
    this.working.failed += wanted.length - result.carried.length
    this.failures.push(...result.failures.map(({ failure }) => failure))
  }

  async #carry<File extends CarryFile>(
    files: readonly File[],
    record: (batch: readonly Carried<File>[]) => Promise<void>,
  ): Promise<CarryResult<File>> {
    const { mover, library, drive, hear, cancel } = this.#ground
    const result = await runCarry(
      {
        from: { kind: 'place', place: addressOf(library.place) },
        to: { ...addressOf(drive.place), limits: drive.identity.limits },
        files,
      },
      {
        mover,
        record,
        progress: (progress) =>
          hear({ type: 'progress', card: drive.place.name, phase: 'copy', ...this.#total.add(progress) }),
      },
      cancel,
    )
    this.#total.next()
    this.lost ??= result.lost
    return result
  }

  /**
   * The history of each roll goes on, and the note from which a catalog can be rebuilt is laid: where something was carried or
   * proven, and where a run was cut off before it came to that.
   */
  async #layNotes(job: Job, { histories }: DriveJobPlan): Promise<void> {
    const { program, mover, library, drive } = this.#ground
    const isTouched = this.#touched.has(job.id)
    const rolls = (await program.catalog.rolls({ jobId: job.id })).filter(
      ({ folder }) => isTouched || !histories.has(folder),
    )
    if (rolls.length === 0) return
    const way = { from: library.place, to: drive.place }
    this.failures.push(...(await carryHistories(program, mover, way, rolls)))
    this.failures.push(...(await layJobNotes(program, mover, [job.id], [drive.place.id])))
  }
}

const notProven = (path: string, place: string): Failure => ({
  code: 'not-proven',
  sentence: `${path} at “${place}” could be read back only from this computer’s memory, which proves nothing.`,
  advice: '“fivefold doctor” tells what can be done.',
  path,
  place,
})

const damagedWithoutSource = (path: string, place: string): Failure => ({
  code: 'copy-differs',
  sentence: `${path} at “${place}” is damaged or gone, and the library has no good copy of it either.`,
  advice: 'Run “fivefold repair”: it looks for a good copy at every other place.',
  path,
  place,
})

const driveIsFailing = (place: string, bad: number): Failure => ({
  code: 'place-error',
  sentence: `${bad} copies on “${place}” are damaged: the drive or its cable is failing.`,
  advice: 'Try another cable and port. If it happens again, replace the drive: what was shot is still in the library.',
  place,
})

const hung = (place: string): Failure => ({
  code: 'place-hung',
  sentence: `“${place}” stopped answering.`,
  advice: 'Look whether it is connected and has power, then run the same command again.',
  place,
})
