/**
 * What a power cut could have left. A state is a moment of the recording, and a rate at which the writes that were not yet flushed at
 * that moment are lost. Everything flushed is there in each state, and so is what was written "durably" (FUA). A rate of 0 is a
 * killed computer whose disk wrote everything, a rate of 1 a disk that wrote nothing without being asked. The model loses whole
 * writes; it does not tear them.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { mountedImage } from './mounted-image.ts'
import type { Recording, RecordingDiskOf } from './recording-disk.ts'
import { runTool } from './run-tool.ts'
import { seededRandom } from './seeded-random.ts'
import { readEntryData } from './write-log.ts'
import type { LogEntry } from './write-log.ts'

export interface CrashMoment {
  /** So many entries of the log had happened. */
  readonly entriesSoFar: number
  /** How probable it is that a write which was not flushed is lost, 0 to 1. */
  readonly dropRate: number
  readonly seed: number
}

export interface CrashState<Name extends string> extends CrashMoment {
  /** "after entry 17 of 94, 50 % of the unflushed writes lost" */
  readonly description: string
  /** The disks as they come up after the cut, at the same mount points as in the recording, writable. */
  readonly mountPoints: Readonly<Record<Name, string>>
  /** What had been promised until then, oldest first. */
  readonly acknowledged: readonly string[]
}

export interface CrashStatesWish<Name extends string> {
  readonly recording: Recording<Name>
  /** Looks at one state; gives a sentence for each thing that is wrong with it. What it changes is thrown away. */
  readonly check: (state: CrashState<Name>) => Promise<readonly string[]> | readonly string[]
  /** Default 0, 0.5 and 1. */
  readonly dropRates?: readonly number[]
  /** Default 1. */
  readonly seed?: number
  /** Only moments after this acknowledgement. */
  readonly since?: string
  /** When there are more states than this, as many are taken, evenly spread; the last moment always with every rate. */
  readonly atMost?: number
}

export interface CrashReport {
  /** How many states were tried, of how many that differ. */
  readonly tried: number
  readonly possible: number
  readonly violations: readonly {
    readonly state: CrashMoment & { description: string }
    readonly sentences: readonly string[]
  }[]
  /** States whose file system could not be mounted at all, with the system's words. The check did not see these. */
  readonly unmountable: readonly { readonly state: CrashMoment & { description: string }; readonly why: string }[]
  readonly msPerState: number
}

/** All moments that can differ from each other, in order of time. */
export function crashMoments(entries: readonly LogEntry[], dropRates: readonly number[], seed: number): CrashMoment[] {
  const moments: CrashMoment[] = []
  const unflushed = new Map<number, number>()
  const seen = new Set<string>()
  let written = 0
  let flushed = 0
  let acknowledged = 0
  const add = (entriesSoFar: number): void => {
    const atRisk = [...unflushed.values()].reduce((sum, count) => sum + count, 0)
    for (const dropRate of atRisk === 0 ? [0] : dropRates) {
      // With nothing lost only what was written counts, with everything lost only what was flushed.
      const image = dropRate === 0 ? `w${written}` : dropRate === 1 ? `f${flushed}` : `${entriesSoFar} ${dropRate}`
      const key = `${atRisk === 0 ? `w${written}` : image} a${acknowledged}`
      if (seen.has(key)) continue
      seen.add(key)
      moments.push({ entriesSoFar, dropRate, seed: seed + entriesSoFar })
    }
  }
  add(0)
  for (const [index, entry] of entries.entries()) {
    switch (entry.kind) {
      case 'write':
        written++
        unflushed.set(entry.disk, (unflushed.get(entry.disk) ?? 0) + 1)
        break
      case 'durable-write':
        written++
        flushed++
        break
      case 'flush':
        if ((unflushed.get(entry.disk) ?? 0) > 0) flushed++
        unflushed.set(entry.disk, 0)
        break
      case 'acknowledgement':
        acknowledged++
        break
    }
    add(index + 1)
  }
  return moments
}

/** Evenly spread, the last moment with all its rates always among them. */
function choose(moments: readonly CrashMoment[], atMost: number): CrashMoment[] {
  if (moments.length <= atMost) return [...moments]
  const last = moments.at(-1)?.entriesSoFar
  const ends = moments.filter(({ entriesSoFar }) => entriesSoFar === last)
  const rest = moments.slice(0, -ends.length)
  const room = Math.max(0, atMost - ends.length)
  const chosen = Array.from({ length: room }, (_, step) => rest[Math.floor(((step + 0.5) * rest.length) / room)])
  return [...chosen.filter((moment) => moment !== undefined), ...ends]
}

/** One disk's image, carried forward through the log: what is flushed lies in a file, what is not waits. */
class DurableImage {
  readonly #file: string
  readonly #log: number
  #waiting: LogEntry[] = []

  private constructor(file: string, log: number) {
    this.#file = file
    this.#log = log
  }

  static async of(base: string, file: string, log: number): Promise<DurableImage> {
    await runTool('cp', ['--sparse=always', base, file])
    return new DurableImage(file, log)
  }

  happens(entry: LogEntry): void {
    if (entry.kind === 'write' || entry.kind === 'durable-write') this.#waiting.push(entry)
    if (entry.kind !== 'flush') return
    this.#apply(this.#file, this.#waiting)
    this.#waiting = []
  }

  /** Writes the disk as it may be found after a cut now. */
  async crashInto(image: string, dropRate: number, chance: () => number): Promise<void> {
    await runTool('cp', ['--sparse=auto', this.#file, image])
    this.#apply(
      image,
      this.#waiting.filter((entry) => chance() >= dropRate || entry.kind === 'durable-write'),
    )
  }

  #apply(image: string, entries: readonly LogEntry[]): void {
    if (entries.length === 0) return
    const fd = openSync(image, 'r+')
    try {
      for (const entry of entries) writeSync(fd, readEntryData(this.#log, entry), 0, entry.length, entry.offset)
    } finally {
      closeSync(fd)
    }
  }
}

function describe(moment: CrashMoment, total: number): string {
  const lost = `${Math.round(moment.dropRate * 100)} % of the unflushed writes lost`
  return `after entry ${moment.entriesSoFar} of ${total}, ${lost} (seed ${moment.seed})`
}

/** What was acknowledged, with the number of entries after which it was. */
function acknowledgements(log: number, entries: readonly LogEntry[]): { text: string; after: number }[] {
  return entries.flatMap((entry, index) =>
    entry.kind === 'acknowledgement' ? [{ text: readEntryData(log, entry).toString(), after: index + 1 }] : [],
  )
}

function momentsOf<Name extends string>(
  wish: CrashStatesWish<Name>,
  promised: { text: string; after: number }[],
): CrashMoment[] {
  const all = crashMoments(wish.recording.entries, wish.dropRates ?? [0, 0.5, 1], wish.seed ?? 1)
  if (wish.since === undefined) return all
  const start = promised.find(({ text }) => text === wish.since)
  if (start === undefined) throw new Error(`"${wish.since}" was never acknowledged in this recording`)
  return all.filter(({ entriesSoFar }) => entriesSoFar >= start.after)
}

interface OpenDisk<Name extends string> {
  readonly disk: RecordingDiskOf<Name>
  readonly durable: DurableImage
  /** Where a state of it is put. */
  readonly image: string
}

/** Mounts all disks of a state as they are after the cut, lets them be checked, and takes them away. */
async function tryState<Name extends string>(
  open: readonly OpenDisk<Name>[],
  state: CrashState<Name>,
  check: CrashStatesWish<Name>['check'],
): Promise<{ sentences: readonly string[] } | { why: string }> {
  await using undo = new AsyncDisposableStack()
  const chance = seededRandom(state.seed)
  for (const { disk, durable, image } of open) {
    await durable.crashInto(image, state.dropRate, chance)
    undo.defer(() => rm(image))
    try {
      undo.use(await mountedImage(disk.fs, image, disk.mountPoint))
    } catch (error) {
      return { why: `${disk.name}: ${error instanceof Error ? error.message : String(error)}` }
    }
  }
  try {
    return { sentences: await check(state) }
  } catch (error) {
    throw new Error(`the check itself failed ${state.description}`, { cause: error })
  }
}

/**
 * Tries every state that the power cut could have left (or `atMost` of them), one after the other. Throws only when the lab or the
 * check itself fails; what is wrong with a state is in the report. The recorded disks must be unplugged: the recording comes from
 * `powerCut()` or `finish()`.
 */
export async function tryCrashStates<Name extends string>(wish: CrashStatesWish<Name>): Promise<CrashReport> {
  const { recording } = wish
  await using undo = new AsyncDisposableStack()
  const log = openSync(recording.logFile, 'r')
  undo.defer(() => closeSync(log))
  const promised = acknowledgements(log, recording.entries)
  const possible = momentsOf(wish, promised)
  const moments = choose(possible, wish.atMost ?? Number.POSITIVE_INFINITY)
  const open: OpenDisk<Name>[] = []
  for (const disk of recording.disks) {
    const durableFile = join(recording.scratch, `${disk.name}.durable`)
    undo.defer(() => rm(durableFile, { force: true }))
    const durable = await DurableImage.of(disk.base, durableFile, log)
    open.push({ disk, durable, image: join(recording.scratch, `${disk.name}.crashed`) })
  }
  const mountPoints = Object.fromEntries(recording.disks.map((disk) => [disk.name, disk.mountPoint])) as Record<
    Name,
    string
  >

  const violations: CrashReport['violations'][number][] = []
  const unmountable: CrashReport['unmountable'][number][] = []
  const startedAt = performance.now()
  let happened = 0
  for (const moment of moments) {
    for (; happened < moment.entriesSoFar; happened++) {
      const entry = recording.entries[happened]
      if (entry !== undefined && entry.kind !== 'acknowledgement') open[entry.disk]?.durable.happens(entry)
    }
    const state: CrashState<Name> = {
      ...moment,
      description: describe(moment, recording.entries.length),
      mountPoints,
      acknowledged: promised.filter(({ after }) => after <= moment.entriesSoFar).map(({ text }) => text),
    }
    const outcome = await tryState(open, state, wish.check)
    if ('why' in outcome) unmountable.push({ state, why: outcome.why })
    else if (outcome.sentences.length > 0) violations.push({ state, sentences: outcome.sentences })
  }
  const msPerState = moments.length === 0 ? 0 : (performance.now() - startedAt) / moments.length
  return { tried: moments.length, possible: possible.length, violations, unmountable, msPerState }
}

/** The power fails at the very end of the recording, and nothing survives that was not flushed: the state after "exit 0". */
export async function tryCutAtTheEnd<Name extends string>(
  recording: Recording<Name>,
  check: CrashStatesWish<Name>['check'],
): Promise<CrashReport> {
  return await tryCrashStates({ recording, check, dropRates: [1], atMost: 1 })
}
