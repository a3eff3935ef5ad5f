/** The doing of an adoption: reads files at a place past the cache, tells what they are, and writes that down, piece after piece. */
import type { CopyRecord, KnownCopy, MetadataRecord } from '../catalog/catalog.ts'
import type { AdoptedAs, FoundFile, RawNames } from '../domain/adopt-plan.ts'
import { judgeAdoption, rawNames } from '../domain/adopt-plan.ts'
import type { Evidence } from '../domain/copy.ts'
import { proves } from '../domain/copy.ts'
import type { Failure } from '../domain/failure.ts'
import { parseContentHash } from '../domain/ids.ts'
import type { ContentHash, JobId, RunId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import { pathParts } from '../domain/path-parts.ts'
import type { PlaceFile } from '../domain/place-listing.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import { RunningTotal } from '../engine/running-total.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'
import { lookAll, noMetadata } from './look-at-pictures.ts'
import type { Hear, PictureReader, Program } from './program.ts'

export interface TakeInWork {
  readonly mover: Mover
  readonly reader: PictureReader
  readonly here: OnlinePlace
  readonly job: Job
  /** Below the place; what is taken in lies in it. */
  readonly folder: string
  readonly files: readonly PlaceFile[]
  readonly runId: RunId
}

export interface TakenIn {
  readonly counts: {
    readonly copies: number
    readonly newOriginals: number
    readonly conversions: number
    readonly working: number
    /** Under the name of an original that is in the books there, and not its bytes. */
    readonly damaged: number
    readonly unread: number
  }
  /** Paths of what is not what the camera wrote. */
  readonly damaged: readonly string[]
  readonly conversions: readonly { readonly path: string; readonly of: string }[]
  /** Files that were taken in, and whose reading proves nothing (V1). */
  readonly onlyCached: number
  readonly failures: readonly Failure[]
  /** Originals of which a copy was found here. */
  readonly hashes: ReadonlySet<ContentHash>
}

/** Stops where the place or the mover is lost; what was read until then is taken in, and is not read again the next time. */
export async function takeInFiles(program: Program, work: TakeInWork, hear: Hear, cancel: Cancel): Promise<TakenIn> {
  const raws = rawNames([...work.files.map(({ path }) => path), ...(await cardPathsOf(program, [work.job.id]))])
  const taking = new TakingIn(program, work, raws, hear)
  await taking.run(cancel)
  return taking.result()
}

/** The files of these jobs as their cards had them. */
export async function cardPathsOf(program: Program, jobIds: readonly JobId[]): Promise<readonly string[]> {
  const paths: string[] = []
  for (const jobId of jobIds)
    for (const { id } of await program.catalog.rolls({ jobId }))
      for (const { path } of await program.catalog.rollFiles(id)) paths.push(path)
  return paths
}

/** Nothing is expected of a file that is not known: what is found counts, and a hash of zeros is no picture's. */
const nothingExpected = parseContentHash('0'.repeat(32))
const filesAtOnce = 512
/** What was proven so short a time ago was proven by the run that was interrupted (J1). */
const freshMs = 24 * 3_600_000

interface ReadFile extends FoundFile {
  readonly evidence: Evidence
}

class TakingIn {
  readonly #program: Program
  readonly #work: TakeInWork
  readonly #raws: RawNames
  readonly #hear: Hear
  readonly #counts = { copies: 0, newOriginals: 0, conversions: 0, working: 0, damaged: 0, unread: 0 }
  readonly #damaged: string[] = []
  /** Which originals lie under these names, by the books. */
  #booked: ReadonlyMap<string, readonly KnownCopy[]> = new Map()
  readonly #conversions: { readonly path: string; readonly of: string }[] = []
  readonly #failures: Failure[] = []
  readonly #total = new RunningTotal()
  #onlyCached = 0
  readonly #hashes = new Set<ContentHash>()
  /** By path: what the run that was interrupted had taken in. */
  #fresh: ReadonlyMap<string, ContentHash> = new Map()

  constructor(program: Program, work: TakeInWork, raws: RawNames, hear: Hear) {
    this.#program = program
    this.#work = work
    this.#raws = raws
    this.#hear = hear
  }

  result(): TakenIn {
    return {
      counts: this.#counts,
      damaged: this.#damaged,
      conversions: this.#conversions,
      onlyCached: this.#onlyCached,
      failures: this.#failures,
      hashes: this.#hashes,
    }
  }

  async run(cancel: Cancel): Promise<void> {
    const { files, here } = this.#work
    const isFresh = await this.#provenJustNow()
    const toRead = files.filter((file) => !isFresh(file))
    this.#counts.copies += files.length - toRead.length
    for (const file of files) {
      const hash = isFresh(file) ? this.#fresh.get(file.path) : undefined
      if (hash !== undefined) this.#hashes.add(hash)
    }
    const bytes = toRead.reduce((sum, file) => sum + file.bytes, 0)
    this.#hear({ type: 'phase', card: here.place.name, phase: 'verify', files: toRead.length, bytes })
    for (let first = 0; first < toRead.length && !cancel.aborted; first += filesAtOnce) {
      const some = toRead.slice(first, first + filesAtOnce)
      const lost = await this.#piece(some, cancel)
      if (lost === null) continue
      this.#failures.push(lost)
      this.#counts.unread += toRead.length - first - some.length
      return
    }
  }

  async #provenJustNow(): Promise<(file: PlaceFile) => boolean> {
    const { catalog, clock } = this.#program
    const { here, folder } = this.#work
    const copies = await catalog.copyPathsUnder(here.place.id, folder)
    const there = copies.filter(({ latest }) => latest.finding !== 'absent')
    this.#booked = Map.groupBy(there, ({ path }) => path)
    const sinceMs = clock.nowMs() - freshMs
    const fresh = copies.filter(({ latest }) => proves(latest) && latest.atMs >= sinceMs)
    this.#fresh = new Map(fresh.map(({ path, hash }) => [path, hash]))
    const known = await catalog.knownByHash([...new Set(fresh.map(({ hash }) => hash))])
    const bytesOf = new Map(fresh.map(({ path, hash }) => [path, known.get(hash)?.bytes]))
    return ({ path, bytes }) => bytesOf.get(path) === bytes
  }

  /** Reads some files, and writes down what they are. Answers why there is no use in going on, or null. */
  async #piece(files: readonly PlaceFile[], cancel: Cancel): Promise<Failure | null> {
    const { mover, here } = this.#work
    const read: ReadFile[] = []
    let answered = 0
    const end = await mover.prove(
      {
        place: addressOf(here.place),
        orders: files.map(({ path }, number) => ({ number, path, expected: nothingExpected })),
      },
      (report) => {
        const file = files[report.number]
        if (file === undefined) return
        answered += 1
        if (report.kind === 'checked' && report.found !== null) {
          const { strength, deviceId, found } = report
          const evidence: Evidence = { atMs: this.#program.clock.nowMs(), strength, finding: 'agreed', deviceId }
          read.push({ path: file.path, bytes: found.bytes, hash: found.hash, evidence })
          return
        }
        this.#counts.unread += 1
        if (report.kind === 'unknown') this.#failures.push(report.failure)
      },
      (progress) =>
        this.#hear({ type: 'progress', card: here.place.name, phase: 'verify', ...this.#total.add(progress) }),
      cancel,
    )
    this.#total.next()
    await this.#takeIn(read)
    if (end.kind === 'cancelled') return null
    this.#counts.unread += files.length - answered
    if (end.kind === 'failed') return end.failure
    return end.kind === 'hung' ? hung(here.place.name) : null
  }

  /** W3: written down after the files were read, as the originals and copies that they turned out to be. */
  async #takeIn(read: readonly ReadFile[]): Promise<void> {
    const { catalog } = this.#program
    const { here, job, runId } = this.#work
    const known = await catalog.knownByHash([...new Set(read.map(({ hash }) => hash))])
    const judged = judgeAdoption({ files: read, known: new Set(known.keys()), raws: this.#raws })
    const pairs = read.map((file, index) => ({ file, as: judged[index] ?? ({ kind: 'working' } as const) }))
    const others = pairs.flatMap(({ file }) => this.#otherThan(file))
    const isDamaged = ({ file, as }: (typeof pairs)[number]): boolean =>
      as.kind !== 'copy' && this.#otherThan(file).length > 0
    const damaged = pairs.filter(isDamaged)
    const whole = pairs.filter((pair) => !isDamaged(pair))
    const originals = whole.filter(({ as }) => as.kind === 'new-original').map(({ file }) => file)
    const taken = whole.filter(({ as }) => as.kind === 'new-original' || as.kind === 'copy').map(({ file }) => file)
    await catalog.recordAdopted({
      runId,
      originals: originals.map(({ path, hash, bytes, evidence }) => ({
        hash,
        bytes,
        name: pathParts(path).name,
        jobId: job.id,
        atMs: evidence.atMs,
      })),
      copies: [
        ...others,
        ...taken.map(({ hash, path, evidence }): CopyRecord => ({ hash, placeId: here.place.id, path, evidence })),
      ],
    })
    for (const { hash } of taken) this.#hashes.add(hash)
    this.#onlyCached += taken.filter(({ evidence }) => !proves(evidence)).length
    for (const { file, as } of whole) this.#count(file, as)
    this.#counts.damaged += damaged.length
    this.#damaged.push(...damaged.map(({ file }) => file.path))
    await this.#lookAt(originals)
  }

  /** M1: originals that are in the books under this name, and not these bytes: damaged there, or saved over. */
  #otherThan({ path, hash, evidence }: ReadFile): readonly CopyRecord[] {
    const booked = this.#booked.get(path) ?? []
    return booked.flatMap((copy) =>
      copy.hash === hash
        ? []
        : [{ hash: copy.hash, placeId: copy.placeId, path, evidence: { ...evidence, finding: 'differed' as const } }],
    )
  }

  #count({ path }: ReadFile, as: AdoptedAs): void {
    if (as.kind === 'copy') this.#counts.copies += 1
    if (as.kind === 'new-original') this.#counts.newOriginals += 1
    if (as.kind === 'working') this.#counts.working += 1
    if (as.kind !== 'conversion') return
    this.#counts.conversions += 1
    this.#conversions.push({ path, of: as.of })
  }

  /** When they were taken, and with what. Whatever goes wrong here harms no copy. */
  async #lookAt(originals: readonly ReadFile[]): Promise<void> {
    if (!this.#program.settings.lookAtPictures || originals.length === 0) return
    const { mover, reader, here } = this.#work
    const paths = originals.map(({ path }) => this.#program.paths.join(here.place.address, path))
    const looks = await lookAll(mover, reader, paths)
    const records = originals.flatMap(({ hash }, index): MetadataRecord[] => {
      const look = looks[index]
      if (look === undefined || look.readability.kind === 'not-a-picture') return []
      return [{ hash, metadata: look.metadata ?? noMetadata, readability: look.readability }]
    })
    await this.#program.catalog.recordMetadata(records)
  }
}

const hung = (place: string): Failure => ({
  code: 'place-hung',
  sentence: `“${place}” stopped answering.`,
  advice: 'Look whether it is switched on and connected, then run the same command again: it goes on where it was.',
  place,
})
