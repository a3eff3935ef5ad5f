/** A file that is not under its name may only have been moved: it is looked for in the whole place, and followed. */
import type { Failure } from '../domain/failure.ts'
import type { ContentHash, PlaceId } from '../domain/ids.ts'
import { pathParts } from '../domain/path-parts.ts'
import type { PlaceListing } from '../domain/place-listing.ts'
import type { Place } from '../domain/place.ts'
import type { LostCopy } from '../domain/tell-change.ts'
import { whereItMayBe } from '../domain/tell-change.ts'
import type { Cancel, Mover, ProveReport } from '../engine/contracts.ts'
import { addressOf } from './identify-places.ts'
import type { Program } from './program.ts'

type Checked = Extract<ProveReport, { kind: 'checked' }>

export interface FoundAgain {
  readonly path: string
  readonly report: Checked
}

/** Where lost originals lie now; each was read there past the cache, and agreed. */
export interface Followed {
  readonly found: ReadonlyMap<ContentHash, FoundAgain>
  /** D3: false when the place could not be looked through to the end; then what was not found is unknown, not missing. */
  readonly complete: boolean
  readonly bytesRead: number
  readonly failure: Failure | null
}

const ordersAtOnce = 512

/** Looks through one place, listing it once however often it is asked. */
export class MovedSearch {
  readonly #program: Program
  readonly #mover: Mover
  readonly #place: Place
  readonly #cancel: Cancel
  #listing: PlaceListing | null = null
  /** Names that are in the books as other originals, by their folder: not worth a read. */
  readonly #taken = new Map<string, ReadonlySet<string>>()
  /** Everything that was read so far: a file that was read for one lost original may be another one. */
  readonly #seen: Seen = { paths: new Set(), byHash: new Map() }

  constructor(program: Program, mover: Mover, place: Place, cancel: Cancel) {
    this.#program = program
    this.#mover = mover
    this.#place = place
    this.#cancel = cancel
  }

  /** What the check itself has read: bytes of one original under the name of another one need not be read again to be found. */
  saw(path: string, report: Checked): void {
    this.#seen.paths.add(path)
    const hash = report.found?.hash
    if (hash !== undefined && !this.#seen.byHash.has(hash))
      this.#seen.byHash.set(hash, { path, report: { ...report, finding: 'agreed', found: null } })
  }

  async follow(lost: readonly LostCopy[]): Promise<Followed> {
    const listed = await this.#list()
    if (!listed.ok) return { found: new Map(), complete: false, bytesRead: 0, failure: listed.failure }
    const listing = listed.value
    const wanted = whereItMayBe(lost, listing.files)
    const hunt = new Hunt(this.#mover, this.#place, this.#cancel, this.#seen)
    await hunt.read([...wanted].flatMap(([copy, { sameName }]) => sameName.map((path) => ({ copy, path }))))
    const others: Candidate[] = []
    for (const [copy, { otherName }] of wanted)
      if (!this.#seen.byHash.has(copy.hash))
        for (const path of otherName) if (!(await this.#isTaken(path))) others.push({ copy, path })
    await hunt.read(others)
    const found = new Map<ContentHash, FoundAgain>()
    for (const { hash } of lost) {
      const again = this.#seen.byHash.get(hash)
      if (again !== undefined) found.set(hash, again)
    }
    return { found, complete: listing.complete && hunt.complete, bytesRead: hunt.bytesRead, failure: null }
  }

  async #list(): Promise<{ ok: true; value: PlaceListing } | { ok: false; failure: Failure }> {
    if (this.#listing !== null) return { ok: true, value: this.#listing }
    const listed = await this.#mover.listPlace(addressOf(this.#place), '', this.#cancel)
    if (listed.ok) this.#listing = listed.value
    return listed
  }

  async #isTaken(path: string): Promise<boolean> {
    const { folder } = pathParts(path)
    const known = this.#taken.get(folder) ?? (await this.#takenIn(this.#place.id, folder))
    this.#taken.set(folder, known)
    return known.has(path)
  }

  async #takenIn(placeId: PlaceId, folder: string): Promise<ReadonlySet<string>> {
    // The root of a place holds no copies of ours.
    if (folder === '') return new Set()
    const copies = await this.#program.catalog.copyPathsUnder(placeId, folder)
    return new Set(copies.filter(({ latest }) => latest.finding === 'agreed').map(({ path }) => path))
  }
}

interface Seen {
  readonly paths: Set<string>
  readonly byHash: Map<ContentHash, FoundAgain>
}

interface Candidate {
  readonly copy: LostCopy
  readonly path: string
}

/** Reads candidates, each once: what it holds is known afterwards, whichever lost copy it was read for. */
class Hunt {
  bytesRead = 0
  complete = true
  readonly #mover: Mover
  readonly #place: Place
  readonly #cancel: Cancel
  readonly #seen: Seen

  constructor(mover: Mover, place: Place, cancel: Cancel, seen: Seen) {
    this.#mover = mover
    this.#place = place
    this.#cancel = cancel
    this.#seen = seen
  }

  async read(candidates: readonly Candidate[]): Promise<void> {
    const { paths: read, byHash: found } = this.#seen
    let waiting = candidates
    while (waiting.length > 0 && !this.#cancel.aborted) {
      const open = waiting.filter(({ copy, path }) => !found.has(copy.hash) && !read.has(path))
      // One candidate a lost copy at a time: most are found at their first.
      const firsts = new Map<ContentHash, Candidate>()
      const paths = new Set<string>()
      for (const one of open) {
        if (firsts.size >= ordersAtOnce) break
        if (firsts.has(one.copy.hash) || paths.has(one.path)) continue
        firsts.set(one.copy.hash, one)
        paths.add(one.path)
      }
      if (firsts.size === 0) return
      await this.#prove([...firsts.values()])
      waiting = open.filter(({ path }) => !read.has(path))
    }
    if (waiting.length > 0) this.complete = false
  }

  async #prove(some: readonly Candidate[]): Promise<void> {
    for (const { path } of some) this.#seen.paths.add(path)
    let answered = 0
    const end = await this.#mover.prove(
      {
        place: addressOf(this.#place),
        orders: some.map(({ copy, path }, number) => ({ number, path, expected: copy.hash })),
      },
      (report) => {
        const one = some[report.number]
        answered += 1
        if (one === undefined || report.kind === 'unknown') this.complete = false
        else this.#take(one, report)
      },
      () => undefined,
      this.#cancel,
    )
    if (end.kind !== 'finished' || answered < some.length) this.complete = false
  }

  #take({ copy, path }: Candidate, report: Checked): void {
    this.bytesRead += report.bytesRead
    const hash = report.finding === 'agreed' ? copy.hash : report.found?.hash
    if (hash === undefined || report.finding === 'absent' || this.#seen.byHash.has(hash)) return
    this.#seen.byHash.set(hash, { path, report: { ...report, finding: 'agreed', found: null } })
  }
}
