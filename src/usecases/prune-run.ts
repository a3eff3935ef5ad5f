/** The doing of a prune, in small portions: ask, permit, write down, move, write down. Cut off anywhere, nothing is unaccounted for. */
import type { Catalog, OriginalToCarry, Removal } from '../catalog/catalog.ts'
import type { Evidence } from '../domain/copy.ts'
import type { Failure } from '../domain/failure.ts'
import type { ContentHash, JobId, PlaceId } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import { ruleFacts } from '../domain/prune-list.ts'
import type { RemovalPermit, StayCode, StayReason } from '../domain/removal-rule.ts'
import { judgeRemoval } from '../domain/removal-rule.ts'
import type { MoverEnd, TrashReport } from '../engine/contracts.ts'
import type { AskGround } from './ask-other-copies.ts'
import { askOtherCopies } from './ask-other-copies.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'
import type { PruneList, ToGo } from './prune-copies.ts'

type RemovalResult = Parameters<Catalog['recordRemovals']>[1][number]

/** So many files are asked, permitted and moved at a time: a permit does not wait long, and a cut loses little. */
const portionFiles = 200
/** And so many bytes: a permit ends after half an hour, and each of them is read once more before it goes. */
const portionBytes = 16 * 1024 ** 3

export class PruneRun {
  readonly intoTrash = { files: 0, bytes: 0 }
  readonly outOfTrash = { files: 0, bytes: 0 }
  readonly failures: Failure[] = []
  /** True when something stayed that its own rule would let go, because of how the other copies were found. */
  missedOthers = false
  /** Has two names, for it was cut off between them: the same removal is finished once it is permitted again. By place and path. */
  readonly #halfMoved = new Map<string, Removal>()
  readonly #ground: AskGround
  readonly #list: PruneList
  readonly #stayed = new Map<string, number>()
  readonly #lost = new Set<PlaceId>()
  #graceWaived = false

  constructor(ground: AskGround, list: PruneList) {
    this.#ground = ground
    this.#list = list
  }

  /** Why files stayed that the list would have let go, most files first. */
  stayed(): readonly { readonly sentence: string; readonly files: number }[] {
    return [...this.#stayed].map(([sentence, files]) => ({ sentence, files })).toSorted((a, b) => b.files - a.files)
  }

  /** What an earlier run had written down and not finished: looked at, never guessed. */
  async finishInterrupted(only: Place | null): Promise<void> {
    const { program, mover, runId } = this.#ground
    for (const here of this.#places(only)) {
      const planned = await program.catalog.removals({ placeId: here.place.id, state: 'planned' })
      if (planned.length === 0) continue
      const inTrash = await mover.checkPaths(
        addressOf(here.place),
        planned.map(({ trashPath }) => trashPath),
      )
      const atHome = await mover.checkPaths(
        addressOf(here.place),
        planned.map(({ path }) => path),
      )
      if (!inTrash.ok || !atHome.ok) continue
      const atMs = program.clock.nowMs()
      const results = planned.flatMap((removal, index): readonly RemovalResult[] => {
        const { number, path } = removal
        const [trashed, stayed] = [inTrash.value[index], atHome.value[index]]
        if (trashed?.kind === 'present' && stayed?.kind === 'present') {
          this.#halfMoved.set(keyOf(here, path), removal)
          return []
        }
        if (trashed?.kind === 'present' && stayed?.kind === 'absent')
          return [{ number, state: 'in-trash', atMs, absent: this.#absent(here) }]
        if (stayed?.kind === 'present' && trashed?.kind === 'absent')
          return [{ number, state: 'kept', atMs, absent: null }]
        // Neither here nor there: that is worth a sentence, and the copy is out of the books.
        if (trashed?.kind === 'absent' && stayed?.kind === 'absent') {
          this.failures.push(lostOnTheWay(path, here.place.name))
          return [{ number, state: 'gone', atMs, absent: this.#absent(here) }]
        }
        return []
      })
      await program.catalog.recordRemovals(runId, results)
    }
  }

  #absent({ identity }: OnlinePlace): Evidence {
    const atMs = this.#ground.program.clock.nowMs()
    return { atMs, strength: identity.readBack, finding: 'absent', deviceId: identity.device.id }
  }

  #places(only: Place | null): readonly OnlinePlace[] {
    return this.#ground.online.filter(
      ({ place }) => (only === null || place.id === only.id) && place.role !== 'library' && place.role !== 'card',
    )
  }

  /** What lies in the trash past its grace, once every other copy was asked again. */
  async emptyTrash(only: Place | null, graceWaived: boolean): Promise<void> {
    const { program, cancel } = this.#ground
    const { graceMs } = program.settings.policy.prune
    this.#graceWaived = graceWaived
    for (const here of this.#places(only)) {
      const waiting = (await program.catalog.removals({ placeId: here.place.id, state: 'in-trash' })).filter(
        ({ changedAtMs }) => graceWaived || program.clock.nowMs() - changedAtMs >= graceMs,
      )
      for (let first = 0; first < waiting.length && !cancel.aborted; first += portionFiles)
        await this.#emptyPortion(here, waiting.slice(first, first + portionFiles))
    }
  }

  async #emptyPortion(here: OnlinePlace, removals: readonly Removal[]): Promise<void> {
    const { program, mover, runId, cancel } = this.#ground
    const known = await program.catalog.knownByHash(removals.map(({ hash }) => hash))
    const originals = [...known.values()].map((original) => ({ ...original, mtimeMs: null, capturedLocal: null }))
    const others = await askOtherCopies(this.#ground, originals, here.place.id)
    const permitted = removals.flatMap((removal) => {
      const permit = this.#judge(here, removal.jobId, others.get(removal.hash) ?? [], {
        hash: removal.hash,
        path: removal.trashPath,
        bytes: removal.bytes,
        inTrashSinceMs: removal.changedAtMs,
      })
      return permit === null ? [] : [{ removal, permit }]
    })
    const results: RemovalResult[] = []
    const end = await mover.emptyTrash(
      {
        place: addressOf(here.place),
        orders: permitted.map(({ removal, permit }, number) => ({ number, trashPath: removal.trashPath, permit })),
      },
      (report) => {
        const one = permitted[report.number]?.removal
        if (one === undefined) return
        if (report.kind === 'kept') this.failures.push(report.failure)
        else {
          results.push({ number: one.number, state: 'gone', atMs: program.clock.nowMs(), absent: null })
          // A person may have taken it back by hand.
          if (report.kind === 'absent') return
          this.outOfTrash.files += 1
          this.outOfTrash.bytes += one.bytes
        }
      },
      cancel,
    )
    await program.catalog.recordRemovals(runId, results)
    this.#noteEnd(here, end)
  }

  /** Walks the list: place by place and job by job, what may go by the books is asked about, and goes when all agree. */
  async putInTrash(): Promise<void> {
    const { online, cancel } = this.#ground
    const wanted = new Map<string, { readonly here: OnlinePlace; readonly jobId: JobId }>()
    for (const { placeId, jobId, mayGo } of this.#list.lines) {
      const here = online.find(({ place }) => place.id === placeId)
      if (mayGo && here !== undefined) wanted.set(`${placeId} ${jobId}`, { here, jobId })
    }
    for (const { here, jobId } of wanted.values()) {
      if (cancel.aborted) return
      await this.#pruneJob(here, jobId)
    }
  }

  async #pruneJob(here: OnlinePlace, jobId: JobId): Promise<void> {
    const { program, hear, cancel } = this.#ground
    const name = this.#list.jobs.get(jobId)?.name ?? jobId
    hear({ type: 'said', card: here.place.name, code: 'job', sentence: `“${name}” at “${here.place.name}” …` })
    let after: ContentHash | undefined
    while (!cancel.aborted && !this.#lost.has(here.place.id)) {
      const page = await program.catalog.originalsOf(jobId, {
        ...(after === undefined ? {} : { after }),
        limit: portionFiles,
      })
      const toGo = page.flatMap((original): ToGo[] =>
        original.copies
          .filter(({ placeId, latest }) => placeId === here.place.id && latest.finding === 'agreed')
          .map(({ path }) => ({ original, path })),
      )
      for (const some of portionsOf(toGo))
        if (!cancel.aborted && !this.#lost.has(here.place.id)) await this.#prunePortion(here, some)
      after = page.at(-1)?.hash
      if (page.length < portionFiles) return
    }
  }

  async #prunePortion(here: OnlinePlace, toGo: readonly ToGo[]): Promise<void> {
    const { program, mover, runId, hear, cancel } = this.#ground
    const bytes = toGo.reduce((sum, { original }) => sum + original.bytes, 0)
    hear({ type: 'phase', card: here.place.name, phase: 'ask', files: toGo.length, bytes })
    const others = await askOtherCopies(this.#ground, unique(toGo), here.place.id)
    const permitted = toGo.flatMap((one) => {
      const permit = this.#judge(here, one.original.jobId, others.get(one.original.hash) ?? [], {
        hash: one.original.hash,
        path: one.path,
        bytes: one.original.bytes,
        inTrashSinceMs: null,
      })
      return permit === null ? [] : [{ ...one, permit }]
    })
    if (permitted.length === 0 || cancel.aborted) return
    const removals = await this.#plan(here, permitted)
    hear({ type: 'phase', card: here.place.name, phase: 'prune', files: permitted.length, bytes })
    const results: RemovalResult[] = []
    const end = await mover.trash(
      {
        place: addressOf(here.place),
        orders: permitted.map(({ original, path, permit }, number) => ({
          number,
          path,
          bytes: original.bytes,
          expected: original.hash,
          trashPath: removals[number]?.trashPath ?? '',
          permit,
        })),
      },
      (report) => {
        const [removal, one] = [removals[report.number], permitted[report.number]]
        if (removal === undefined || one === undefined) return
        results.push({ number: removal.number, ...this.#take(here, one, report) })
      },
      (progress) => hear({ type: 'progress', card: here.place.name, phase: 'prune', ...progress }),
      cancel,
    )
    await program.catalog.recordRemovals(runId, results)
    this.#noteEnd(here, end)
  }

  /** Written down before the first of them is touched (D1). */
  async #plan(
    here: OnlinePlace,
    permitted: readonly (ToGo & { readonly permit: RemovalPermit })[],
  ): Promise<readonly Removal[]> {
    const { program, runId } = this.#ground
    const plannedAtMs = program.clock.nowMs()
    const day = program.localTime(plannedAtMs).slice(0, 10)
    const used = new Set((await program.catalog.removals({ placeId: here.place.id })).map(({ trashPath }) => trashPath))
    const planned = await program.catalog.planRemovals(
      runId,
      permitted
        .filter(({ path }) => !this.#halfMoved.has(keyOf(here, path)))
        .map(({ original, path }) => ({
          hash: original.hash,
          placeId: here.place.id,
          path,
          trashPath: freeTrashPath(day, path, used),
          why: `kept long enough at “${here.place.name}”`,
          plannedAtMs,
        })),
    )
    const byPath = new Map(planned.map((removal) => [removal.path, removal]))
    return permitted.flatMap(({ path }) => this.#halfMoved.get(keyOf(here, path)) ?? byPath.get(path) ?? [])
  }

  #take(
    here: OnlinePlace,
    { original }: ToGo,
    report: TrashReport,
  ): { readonly state: Removal['state']; readonly atMs: number; readonly absent: Evidence | null } {
    const atMs = this.#ground.program.clock.nowMs()
    if (report.kind === 'kept') {
      this.failures.push(report.failure)
      return { state: 'kept', atMs, absent: null }
    }
    if (report.kind === 'absent') return { state: 'gone', atMs, absent: this.#absent(here) }
    this.intoTrash.files += 1
    this.intoTrash.bytes += original.bytes
    return { state: 'in-trash', atMs, absent: this.#absent(here) }
  }

  #judge(
    here: OnlinePlace,
    jobId: JobId,
    others: Parameters<typeof ruleFacts>[2],
    file: {
      readonly hash: ContentHash
      readonly path: string
      readonly bytes: number
      readonly inTrashSinceMs: number | null
    },
  ): RemovalPermit | null {
    const { program } = this.#ground
    const job = this.#list.jobs.get(jobId)
    if (job === undefined) return null
    const { services, settings } = program
    const from = services.filledFrom(here.place.address)
    const filledFrom = from === null ? null : (settings.places.find(({ id }) => id === from)?.name ?? from)
    const rule = ruleFacts({ role: here.place.role, filledFrom }, job, others, this.#list.windowFrom)
    const act = file.inTrashSinceMs === null ? 'into-trash' : 'out-of-trash'
    const { policy } = program.settings
    const verdict = judgeRemoval(
      { ...rule, ...file, act, placeId: here.place.id, graceWaived: this.#graceWaived },
      policy,
      program.clock.nowMs(),
    )
    if (verdict.kind === 'may-go') return verdict.permit
    this.#stays(verdict.because)
    return null
  }

  #stays([first]: readonly StayReason[]): void {
    if (first === undefined) return
    if (aboutOthers.has(first.code)) this.missedOthers = true
    this.#stayed.set(first.sentence, (this.#stayed.get(first.sentence) ?? 0) + 1)
  }

  #noteEnd({ place }: OnlinePlace, end: MoverEnd): void {
    if (end.kind === 'failed') this.failures.push(end.failure)
    if (end.kind === 'hung')
      this.failures.push({
        code: 'place-hung',
        sentence: `“${place.name}” stopped answering.`,
        advice: 'Look whether it is switched on and connected, then run the same command again.',
        place: place.name,
      })
    if (end.kind === 'failed' || end.kind === 'hung') this.#lost.add(place.id)
  }
}

/** A name that went twice on one day lies in two folders of that day. */
function freeTrashPath(day: string, path: string, used: ReadonlySet<string>): string {
  let free = `.fivefold/trash/${day}/${path}`
  for (let count = 2; used.has(free); count += 1) free = `.fivefold/trash/${day} (${count})/${path}`
  return free
}

const aboutOthers: ReadonlySet<StayCode> = new Set(['required-copy', 'copy-damaged', 'too-few-left', 'last-copy'])

const keyOf = ({ place }: OnlinePlace, path: string): string => `${place.id} ${path}`

const lostOnTheWay = (path: string, place: string): Failure => ({
  code: 'copy-missing',
  sentence: `${path} at “${place}” was on its way into the trash when a run was cut off, and is in neither place now.`,
  advice: 'Run “fivefold verify” to see which copies there are.',
  path,
  place,
})

/** In order, each at most `portionBytes` long; a longer file is a portion of its own. */
function portionsOf(toGo: readonly ToGo[]): readonly (readonly ToGo[])[] {
  const portions: ToGo[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const one of toGo) {
    bytes += one.original.bytes
    if (bytes > portionBytes) {
      portions.push([])
      bytes = one.original.bytes
    }
    portions.at(-1)?.push(one)
  }
  return portions
}

const unique = (toGo: readonly ToGo[]): readonly OriginalToCarry[] => [
  ...new Map(toGo.map(({ original }) => [original.hash, original])).values(),
]
