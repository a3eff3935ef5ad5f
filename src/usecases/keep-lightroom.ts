/**
 * Keeps snapshots of Lightroom's catalogs at places of the studio: made by SQLite's own call and checked by SQLite, then carried and
 * proven like every other copy. Older ones stay; nothing is replaced, and nothing is deleted.
 */
import { proves } from '../domain/copy.ts'
import type { Strength } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { placePath } from '../domain/file-names.ts'
import type { ContentHash, RunId } from '../domain/ids.ts'
import type { PlaceFile } from '../domain/place-listing.ts'
import { gigabytes, notThere } from '../domain/preflight.ts'
import { restoreReserveBytes } from '../domain/restore-plan.ts'
import type { Cancel, Mover, ProveReport } from '../engine/contracts.ts'
import { runCarry } from '../engine/run-carry.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf, identifyPlaces } from './identify-places.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import { catalogName, catalogsWished } from './match-lightroom.ts'
import type { Hear, Program } from './program.ts'

export interface LightroomKeepWish {
  /** Instead of those of the settings. */
  readonly catalog: string | null
}

export interface KeptSnapshot {
  readonly catalog: string
  readonly place: string
  /** Below the place. */
  readonly path: string
  readonly bytes: number
  readonly hash: ContentHash
  readonly strength: Strength
  /** `already-there`: the newest one there has the very same bytes; it was read again. */
  readonly kind: 'kept' | 'already-there'
}

export interface LightroomKeepOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.lightroom-keep/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly snapshots: readonly KeptSnapshot[]
  readonly warnings: readonly string[]
  readonly failures: readonly Failure[]
}

/** Fails with `not-set-up` or `not-found`, or when no scratch folder can be made; then nothing was written. */
export async function keepLightroom(
  program: Program,
  wish: LightroomKeepWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<LightroomKeepOutcome>> {
  const catalogs = catalogsWished(program, wish.catalog)
  if (!catalogs.ok) return catalogs
  const { keepAt } = program.settings.lightroom
  if (keepAt.length === 0) return failed(nowhere)
  const places = keepAt.map((name) => findPlace(program, name))
  const missing = keepAt.find((_, index) => places[index] === undefined)
  if (missing !== undefined) return failed(noSuchPlace(program, missing))
  const scratch = await program.lightroom.scratchFolder()
  if (!scratch.ok) return scratch
  const mover = program.startMover()
  try {
    const runId = await program.catalog.beginRun('lightroom keep', { ...wish }, program.clock.nowMs())
    const keeping = new Keeping(program, mover, scratch.value.path, runId, hear, cancel)
    await keeping.findPlaces(places.flatMap((place) => place ?? []))
    for (const path of catalogs.value) await keeping.keep(path, folderName(program, path))
    const outcome = keeping.conclude(catalogs.value.length)
    await program.catalog.endRun(runId, outcome.outcome, program.clock.nowMs())
    return done(outcome)
  } finally {
    // Before the snapshots go: nobody may be reading there any more.
    mover.end()
    await scratch.value.remove()
  }
}

const nowhere: Failure = {
  code: 'not-set-up',
  sentence: 'No place is named that keeps snapshots of Lightroom’s catalogs.',
  advice:
    'Name one or more of your places in fivefold.yaml under “lightroom”, “keepAt”; “fivefold place list” shows them.',
}

/** Two catalogs of one name, as in two years' folders, do not mix their snapshots. */
function folderName({ settings }: Program, path: string): string {
  const name = catalogName(path)
  const alike = settings.lightroom.catalogs.filter((other) => catalogName(other).toLowerCase() === name.toLowerCase())
  const number = alike.indexOf(path) + 1
  return number > 1 ? `${name} (${number})` : name
}

interface Snapshot {
  readonly catalog: string
  readonly folder: string
  readonly file: PlaceFile
  readonly hash: ContentHash
  /** `2026-11-23 1430`. */
  readonly moment: string
}

/** A snapshot's name in the scratch folder; a short one of our own, that every system can hold. */
const scratchName = (number: number): string => `snapshot-${number}.lrcat`

class Keeping {
  readonly #program: Program
  readonly #mover: Mover
  readonly #scratch: string
  readonly #runId: RunId
  readonly #hear: Hear
  readonly #cancel: Cancel
  readonly #snapshots: KeptSnapshot[] = []
  readonly #failures: Failure[] = []
  readonly #warnings: string[] = []
  #online: readonly OnlinePlace[] = []
  #made = 0

  constructor(program: Program, mover: Mover, scratch: string, runId: RunId, hear: Hear, cancel: Cancel) {
    this.#program = program
    this.#mover = mover
    this.#scratch = scratch
    this.#runId = runId
    this.#hear = hear
    this.#cancel = cancel
  }

  /** W4: what does not answer with its own marker is not written to, and said. */
  async findPlaces(places: Parameters<typeof identifyPlaces>[2]): Promise<void> {
    const online: OnlinePlace[] = []
    for (const { place, identity } of await identifyPlaces(this.#program, this.#mover, places))
      if (identity.kind === 'online') online.push({ place, identity })
      else this.#failures.push(notThere(place, identity))
    this.#online = online
  }

  async keep(path: string, folder: string): Promise<void> {
    if (this.#cancel.aborted || this.#online.length === 0) return
    const snapshot = await this.#snapshot(path, folder)
    if (!snapshot.ok) {
      this.#failures.push(snapshot.failure)
      return
    }
    for (const here of this.#online) {
      if (this.#cancel.aborted) return
      const failure = await this.#keepAt(here, snapshot.value)
      if (failure !== null) this.#failures.push(failure)
    }
  }

  async #snapshot(path: string, folder: string): Promise<Result<Snapshot>> {
    const { lightroom, paths, clock } = this.#program
    this.#made += 1
    const name = scratchName(this.#made)
    const moment = this.#program.localTime(clock.nowMs()).slice(0, 16).replace('T', ' ').replace(':', '')
    const made = await lightroom.snapshot(path, paths.join(this.#scratch, name))
    if (!made.ok) return made
    if (made.value.mayBeBehind)
      this.#warnings.push(
        `Lightroom was at work in “${catalogName(path)}”: its last moments may be missing in the snapshot.`,
      )
    const listing = await this.#mover.list(this.#scratch, this.#cancel)
    if (!listing.ok) return listing
    const file = listing.value.files.find((one) => one.path === name)
    if (file === undefined) throw new Error(`The snapshot of ${path} is not where it was written.`)
    const hash = await this.#hashOf(file)
    return hash.ok ? done({ catalog: path, folder, file, hash: hash.value, moment }) : hash
  }

  async #hashOf(file: PlaceFile): Promise<Result<ContentHash>> {
    let hash: Result<ContentHash> = failed(stopped)
    const end = await this.#mover.copy(
      {
        from: { kind: 'card', root: this.#scratch },
        places: [],
        orders: [{ number: 0, ...file, to: [], expected: null }],
      },
      (report) => (hash = report.kind === 'read' ? done(report.hash) : failed(report.failure)),
      () => {},
      this.#cancel,
    )
    return end.kind === 'failed' && !hash.ok ? failed(end.failure) : hash
  }

  async #keepAt(here: OnlinePlace, snapshot: Snapshot): Promise<Failure | null> {
    const folder = placePath(`Lightroom/${snapshot.folder}`, here.identity.limits).path
    const listing = await this.#mover.listPlace(addressOf(here.place), folder, this.#cancel)
    if (!listing.ok) return listing.failure
    const newest = newestOf(listing.value.files)
    if (newest !== null && newest.bytes === snapshot.file.bytes && (await this.#isTheSame(here, newest, snapshot)))
      return null
    const { freeBytes } = here.identity
    if (snapshot.file.bytes + restoreReserveBytes > freeBytes) return tooSmall(here, snapshot.file.bytes)
    return this.#carry(here, snapshot, folder)
  }

  /** Reads the newest one there past the cache: when it is the same to the last bit, it is kept already, and proven. */
  async #isTheSame({ place }: OnlinePlace, newest: PlaceFile, snapshot: Snapshot): Promise<boolean> {
    let answer: ProveReport | null = null
    await this.#mover.prove(
      { place: addressOf(place), orders: [{ number: 0, path: newest.path, expected: snapshot.hash }] },
      (report) => (answer = report),
      () => {},
      this.#cancel,
    )
    const strength = agreedStrength(answer)
    if (strength === null) return false
    await this.#note(place, { ...snapshot, path: newest.path, strength, kind: 'already-there' })
    return true
  }

  async #carry(here: OnlinePlace, snapshot: Snapshot, folder: string): Promise<Failure | null> {
    const { place, identity } = here
    const { file, hash, moment } = snapshot
    const to = placePath(`${folder}/${snapshot.folder} ${moment}.lrcat`, identity.limits).path
    this.#hear({ type: 'phase', card: place.name, phase: 'copy', files: 1, bytes: file.bytes })
    const result = await runCarry(
      {
        from: { kind: 'card', root: this.#scratch },
        to: { ...addressOf(place), limits: identity.limits },
        files: [{ from: file.path, to, bytes: file.bytes, mtimeMs: file.mtimeMs, expected: hash, setAsideTo: null }],
      },
      {
        mover: this.#mover,
        record: async (batch) => {
          for (const { copy } of batch)
            await this.#note(place, { ...snapshot, path: copy.path, strength: copy.strength, kind: 'kept' })
        },
        progress: (progress) => this.#hear({ type: 'progress', card: place.name, phase: 'copy', ...progress }),
      },
      this.#cancel,
    )
    return result.lost ?? result.failures[0]?.failure ?? null
  }

  /** W3: written down after it was proven. What could be read back only from memory is said, and does not count as kept. */
  async #note(
    { id, name }: OnlinePlace['place'],
    { catalog, file, hash, path, strength, kind }: Snapshot & Pick<KeptSnapshot, 'path' | 'strength' | 'kind'>,
  ): Promise<void> {
    const atMs = this.#program.clock.nowMs()
    this.#snapshots.push({ catalog, place: name, path, bytes: file.bytes, hash, strength, kind })
    if (!proves({ atMs, strength, finding: 'agreed', deviceId: '' })) this.#failures.push(onlyCached(path, name))
    const sentence = `${kind === 'kept' ? 'Kept' : 'Already there'}: ${catalog}, ${file.bytes} bytes, xxh128 ${hash}, ${strength}.`
    await this.#program.catalog.noteRun(this.#runId, [{ atMs, code: 'lightroom-kept', placeId: id, path, sentence }])
  }

  conclude(catalogs: number): LightroomKeepOutcome {
    const isStopped = this.#cancel.aborted
    return {
      type: 'result',
      schema: 'fivefold.lightroom-keep/1',
      outcome: isStopped ? 'stopped' : this.#failures.length > 0 ? 'incomplete' : 'done',
      sentence: isStopped ? 'Stopped. What is kept is proven; run the same command again.' : this.#say(catalogs),
      snapshots: this.#snapshots,
      warnings: this.#warnings,
      failures: this.#failures,
    }
  }

  #say(catalogs: number): string {
    const proven = this.#snapshots.filter(({ strength }) => strength === 'medium' || strength === 'provider')
    const kept = proven.filter(({ kind }) => kind === 'kept')
    const names = [...new Set(proven.map(({ catalog }) => `“${catalogName(catalog)}”`))]
    const where = [...new Set(proven.map(({ place }) => `“${place}”`))]
    if (proven.length === 0)
      return `No snapshot of ${catalogs === 1 ? 'the catalog' : 'any catalog'} of Lightroom is kept now.`
    const what = `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} kept at ${where.join(' and ')}, checked by SQLite and proven`
    const same = kept.length === 0 ? '; nothing changed since the last time' : ''
    return this.#failures.length === 0 ? `${what}${same}.` : `${what}${same}; not all that was asked for could be done.`
  }
}

/** By its time, which is that of the snapshot; a name can be anybody's. */
const newestOf = (files: readonly PlaceFile[]): PlaceFile | null =>
  files.filter(({ path }) => path.endsWith('.lrcat')).toSorted((a, b) => b.mtimeMs - a.mtimeMs)[0] ?? null

const agreedStrength = (report: ProveReport | null): Strength | null =>
  report?.kind === 'checked' && report.finding === 'agreed' ? report.strength : null

const stopped: Failure = {
  code: 'stopped-by-person',
  sentence: 'You stopped before the snapshot was kept.',
  advice: 'Run the same command again.',
}

const tooSmall = ({ place, identity }: OnlinePlace, bytes: number): Failure => ({
  code: 'place-too-small',
  sentence: `“${place.name}” has ${gigabytes(identity.freeBytes)} free; the snapshot needs ${gigabytes(bytes)}, and ${gigabytes(restoreReserveBytes)} are kept in reserve.`,
  advice: 'Free some space there, then run the same command again. Older snapshots may be deleted by hand.',
  place: place.name,
})

const onlyCached = (path: string, place: string): Failure => ({
  code: 'not-proven',
  sentence: `${path} at “${place}” could be read back only from this computer’s memory, which proves nothing.`,
  advice: '“fivefold doctor” tells what can be done.',
  path,
  place,
})
