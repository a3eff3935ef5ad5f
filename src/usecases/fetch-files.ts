/**
 * Brings files back into a folder, each from its nearest copy, and from the next one where that is bad, missing or out of reach (R1,
 * M1). What the restore and its rehearsal have in common.
 */
import type { Finding, Strength } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, endsThePlace } from '../domain/failure.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import type { FileSystemLimits } from '../domain/place.ts'
import type { WantedFile, RestoreSource } from '../domain/restore-plan.ts'
import type { Cancel, Mover, PlaceAddress, Progress } from '../engine/contracts.ts'
import type { CarryFile } from '../engine/run-carry.ts'
import { runCarry } from '../engine/run-carry.ts'
import { identifyTimeoutMs } from './identify-places.ts'

export interface FetchSource {
  readonly name: string
  readonly address: PlaceAddress
  readonly deviceId: string
}

/** A copy whose bytes turned out to be others, or that was not there: a fact for the books. */
export interface FoundBad {
  readonly hash: ContentHash
  readonly placeId: PlaceId
  readonly path: string
  readonly finding: Extract<Finding, 'differed' | 'absent'>
  readonly deviceId: string
}

export interface FetchWorld {
  readonly mover: Mover
  /** The folder; its name is its path, which no place is called. */
  readonly folder: PlaceAddress & { readonly limits: FileSystemLimits }
  readonly sources: ReadonlyMap<PlaceId, FetchSource>
  /** Told after each place, and awaited. */
  found(bad: readonly FoundBad[]): Promise<void>
  progress(progress: Progress): void
  /** Never jumps. */
  monotonicMs(): number
}

/** How fast a place was, in one go. */
export interface FetchSpeed {
  readonly placeId: PlaceId
  readonly bytes: number
  readonly ms: number
}

export interface Fetched {
  readonly wanted: WantedFile
  /** Where it lies now, below the folder; another one than wished when the name was taken by other bytes (W2). */
  readonly path: string
  /** Null when it was there already and was compared there. */
  readonly from: PlaceId | null
  readonly strength: Strength
  readonly alreadyThere: boolean
}

/** A copy that could not be used, and why. */
export interface PassedOver {
  readonly wanted: WantedFile
  readonly source: RestoreSource
  readonly failure: Failure
}

export interface FetchResult {
  readonly fetched: readonly Fetched[]
  readonly notFetched: readonly { readonly wanted: WantedFile; readonly failures: readonly Failure[] }[]
  readonly passedOver: readonly PassedOver[]
  /** The folder itself was lost: full, unplugged, not writable. */
  readonly lostFolder: Failure | null
  readonly lostPlaces: ReadonlyMap<PlaceId, Failure>
  readonly speeds: readonly FetchSpeed[]
  readonly cancelled: boolean
}

export async function fetchFiles(
  wantedFiles: readonly WantedFile[],
  world: FetchWorld,
  cancel: Cancel,
): Promise<FetchResult> {
  return new Fetching(wantedFiles, world, cancel).run()
}

interface Pending {
  readonly wanted: WantedFile
  /** The source that comes next. */
  readonly next: number
  readonly failures: readonly Failure[]
}

interface Carrying extends CarryFile {
  readonly pending: Pending
  readonly source: RestoreSource
}

class Fetching {
  readonly #world: FetchWorld
  readonly #cancel: Cancel
  readonly #fetched: Fetched[] = []
  readonly #notFetched: { readonly wanted: WantedFile; readonly failures: readonly Failure[] }[] = []
  readonly #passedOver: PassedOver[] = []
  readonly #lostPlaces = new Map<PlaceId, Failure>()
  readonly #speeds: FetchSpeed[] = []
  #pending: Pending[]
  #lostFolder: Failure | null = null
  #bytesBefore = 0
  #bytesNow = 0

  constructor(wantedFiles: readonly WantedFile[], world: FetchWorld, cancel: Cancel) {
    this.#world = world
    this.#cancel = cancel
    this.#pending = wantedFiles.map((wanted) => ({ wanted, next: 0, failures: [] }))
  }

  async run(): Promise<FetchResult> {
    for (;;) {
      this.#giveUpWithoutSource()
      const [first] = this.#pending
      if (first === undefined || this.#cancel.aborted || this.#lostFolder !== null) break
      await this.#fetchFrom(placeOf(first))
    }
    if (this.#lostFolder !== null)
      for (const { wanted } of this.#pending) this.#notFetched.push({ wanted, failures: [this.#lostFolder] })
    return {
      fetched: this.#fetched,
      notFetched: this.#notFetched,
      passedOver: this.#passedOver,
      lostFolder: this.#lostFolder,
      lostPlaces: this.#lostPlaces,
      speeds: this.#speeds,
      cancelled: this.#cancel.aborted && this.#pending.length > 0,
    }
  }

  /** Sources at places that were lost meanwhile are passed over; a file without any other is given up for this time. */
  #giveUpWithoutSource(): void {
    const left: Pending[] = []
    for (let pending of this.#pending) {
      for (;;) {
        const source = pending.wanted.sources[pending.next]
        if (source === undefined) break
        const lost = this.#lostPlaces.get(source.placeId)
        if (lost === undefined) break
        pending = this.#passOver(pending, source, lost)
      }
      if (pending.next < pending.wanted.sources.length) left.push(pending)
      else this.#notFetched.push({ wanted: pending.wanted, failures: pending.failures })
    }
    this.#pending = left
  }

  #passOver(pending: Pending, source: RestoreSource, failure: Failure): Pending {
    this.#passedOver.push({ wanted: pending.wanted, source, failure })
    return { ...pending, next: pending.next + 1, failures: [...pending.failures, failure] }
  }

  async #fetchFrom(placeId: PlaceId): Promise<void> {
    const here = this.#pending.filter((pending) => placeOf(pending) === placeId)
    this.#pending = this.#pending.filter((pending) => placeOf(pending) !== placeId)
    const source = this.#world.sources.get(placeId)
    if (source === undefined) throw new Error(`A file is to come from a place that is not open: ${placeId}`)
    const { mover, folder } = this.#world
    const files = await withTimes(mover, source, here)
    const [startedMs, before] = [this.#world.monotonicMs(), this.#bytesBefore + this.#bytesNow]
    const result = await runCarry<Carrying>(
      { from: { kind: 'place', place: source.address }, to: folder, files },
      { mover, record: async () => undefined, progress: (now) => this.#world.progress(this.#counted(now)) },
      this.#cancel,
    )
    const bytes = this.#bytesBefore + this.#bytesNow - before
    this.#speeds.push({ placeId, bytes, ms: this.#world.monotonicMs() - startedMs })
    const over = new Set<Carrying>()
    for (const { file, copy } of result.carried) {
      over.add(file)
      const { path, strength, alreadyThere } = copy
      this.#fetched.push({ wanted: file.pending.wanted, path, from: placeId, strength, alreadyThere })
    }
    const bad: FoundBad[] = []
    for (const { file, failure } of result.failures) {
      over.add(file)
      if (failure.place === folder.name) this.#failAtFolder(file.pending, failure)
      else {
        bad.push(...badCopy(file.source, failure, source))
        this.#pending.push(this.#passOver(file.pending, file.source, failure))
      }
    }
    if (result.lost !== null) await this.#noteLoss(placeId, result.lost)
    this.#pending.push(...files.filter((file) => !over.has(file)).map(({ pending }) => pending))
    if (bad.length > 0) await this.#world.found(bad)
  }

  #failAtFolder(pending: Pending, failure: Failure): void {
    if (endsThePlace.has(failure.code)) this.#lostFolder ??= failure
    this.#notFetched.push({ wanted: pending.wanted, failures: [...pending.failures, failure] })
  }

  /** Whose loss was it? A folder that still answers was not the one; then the other places step in. */
  async #noteLoss(placeId: PlaceId, failure: Failure): Promise<void> {
    const { mover, folder } = this.#world
    const isFolder = failure.place === folder.name
    const here = isFolder ? null : await mover.identify(folder, identifyTimeoutMs)
    if (here?.kind === 'online') this.#lostPlaces.set(placeId, failure)
    else this.#lostFolder ??= failure
  }

  /** Each order to the mover counts from nothing; the person sees one sum. */
  #counted(now: Progress): Progress {
    if (now.bytesRead < this.#bytesNow) this.#bytesBefore += this.#bytesNow
    this.#bytesNow = now.bytesRead
    return { ...now, bytesRead: this.#bytesBefore + now.bytesRead }
  }
}

function placeOf({ wanted, next }: Pending): PlaceId {
  const source = wanted.sources[next]
  if (source === undefined) throw new Error(`No copy is left to fetch ${wanted.path} from.`)
  return source.placeId
}

/** What an adopted original's time was, only its place can tell. */
async function withTimes(mover: Mover, { address }: FetchSource, here: readonly Pending[]): Promise<Carrying[]> {
  const sources = here.map((pending) => ({ pending, source: sourceOf(pending) }))
  const timeless = sources.filter(({ pending }) => pending.wanted.mtimeMs === null)
  const times = new Map<string, number>()
  if (timeless.length > 0) {
    const paths = timeless.map(({ source }) => source.path)
    const asked = await mover.checkPaths(address, paths)
    for (const [index, presence] of (asked.ok ? asked.value : []).entries())
      if (presence.kind === 'present') times.set(paths[index] ?? '', presence.mtimeMs)
  }
  return sources.map(({ pending, source }) => ({
    pending,
    source,
    from: source.path,
    to: pending.wanted.path,
    bytes: pending.wanted.bytes,
    mtimeMs: pending.wanted.mtimeMs ?? times.get(source.path) ?? 0,
    expected: source.expected,
    setAsideTo: null,
  }))
}

function sourceOf({ wanted, next }: Pending): RestoreSource {
  const source = wanted.sources[next]
  if (source === undefined) throw new Error(`No copy is left to fetch ${wanted.path} from.`)
  return source
}

/** Only what was really seen is evidence: other bytes, or no file. A read that failed says nothing of the copy (D3). */
function badCopy(
  { placeId, path, expected }: RestoreSource,
  { code }: Failure,
  { deviceId }: FetchSource,
): readonly FoundBad[] {
  if (expected === null || (code !== 'copy-differs' && code !== 'copy-missing')) return []
  return [{ hash: expected, placeId, path, finding: code === 'copy-differs' ? 'differed' : 'absent', deviceId }]
}

const askedAtOnce = 1000

/**
 * What of these lies in the folder already, whole: an interrupted restore goes on, and reads from no place again what it has. Files
 * without a known hash are left to be compared with their place.
 */
export async function findAlreadyThere(
  wantedFiles: readonly WantedFile[],
  mover: Mover,
  folder: PlaceAddress,
  progress: (progress: Progress) => void,
  cancel: Cancel,
): Promise<Result<readonly Fetched[]>> {
  const there: Fetched[] = []
  const known = wantedFiles.filter(({ sources }) => (sources[0]?.expected ?? null) !== null)
  for (let first = 0; first < known.length && !cancel.aborted; first += askedAtOnce) {
    const some = known.slice(first, first + askedAtOnce)
    const asked = await mover.checkPaths(
      folder,
      some.map(({ path }) => path),
    )
    if (!asked.ok) return asked
    const same = some.filter(({ bytes }, index) => {
      const presence = asked.value[index]
      return presence?.kind === 'present' && presence.bytes === bytes
    })
    if (same.length === 0) continue
    const orders = same.flatMap(({ path, sources }, number) => {
      const expected = sources[0]?.expected ?? null
      return expected === null ? [] : [{ number, path, expected }]
    })
    await mover.prove(
      { place: folder, orders },
      (report) => {
        const wanted = same[report.number]
        if (wanted === undefined || report.kind !== 'checked' || report.finding !== 'agreed') return
        there.push({ wanted, path: wanted.path, from: null, strength: report.strength, alreadyThere: true })
      },
      progress,
      cancel,
    )
  }
  return done(there)
}
