/** Walks a repair plan: from source to source until one is good, what was mended written down after the fact (W3). */
import type { CopyRecord } from '../catalog/catalog.ts'
import { proves } from '../domain/copy.ts'
import type { Failure } from '../domain/failure.ts'
import type { ContentHash, PlaceId, RunId } from '../domain/ids.ts'
import type { BadCopy, LeftCode, MendStep, OtherCopy } from '../domain/repair-plan.ts'
import type { ChangeKind } from '../domain/tell-change.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import type { Carried, CarryFile } from '../engine/run-carry.ts'
import { runCarry } from '../engine/run-carry.ts'
import { CardOrigins } from './card-origins.ts'
import type { DamagedCopy } from './gather-damage.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'
import type { Hear, Program } from './program.ts'

export interface MendedCopy {
  readonly place: string
  /** Where the original lies now: a numbered name beside an edit, else the name it had. */
  readonly path: string
  /** The name that the bad copy had. */
  readonly wantedPath: string
  readonly hash: ContentHash
  readonly kind: ChangeKind
  readonly bytes: number
  /** Name of the place whose copy was good. */
  readonly from: string
  readonly keptAside: string | null
  /** Read back past every cache (V1). */
  readonly proven: boolean
}

/** A copy that was not mended. */
export interface LeftMending {
  readonly place: string
  readonly path: string
  readonly hash: ContentHash
  readonly kind: ChangeKind
  readonly code: LeftCode | 'place-away' | Failure['code']
  /** Why, and what to do, for a person. */
  readonly sentence: string
}

export interface MendGround {
  readonly program: Program
  readonly mover: Mover
  readonly hear: Hear
  readonly cancel: Cancel
}

interface MendFile extends CarryFile {
  readonly step: MendStep
  /** Which of its sources is asked now. */
  readonly turn: number
}

type WrongRead = DamagedCopy['wrongRead']

export class MendWalk {
  readonly mended: MendedCopy[] = []
  readonly left: LeftMending[] = []
  readonly failures: Failure[] = []
  bytesRead = 0
  readonly #ground: MendGround
  readonly #runId: RunId
  readonly #online: ReadonlyMap<PlaceId, OnlinePlace>
  readonly #origins: CardOrigins
  readonly #lost = new Set<string>()
  #wrongReads: ReadonlyMap<BadCopy, WrongRead> = new Map()
  #doneBytes = 0

  constructor(ground: MendGround, runId: RunId, online: readonly OnlinePlace[]) {
    this.#ground = ground
    this.#runId = runId
    this.#online = new Map(online.map((one) => [one.place.id, one] as const))
    this.#origins = new CardOrigins(ground.program)
  }

  async run(steps: readonly MendStep[], wrongReads: ReadonlyMap<BadCopy, WrongRead>): Promise<void> {
    this.#wrongReads = wrongReads
    if (steps.length === 0) return
    const bytes = steps.reduce((sum, { bad }) => sum + bad.bytes, 0)
    this.#ground.hear({ type: 'phase', card: 'repair', phase: 'copy', files: steps.length, bytes })
    let open = steps.map((step) => ({ step, turn: 0 }))
    while (open.length > 0 && !this.#ground.cancel.aborted) {
      const next: typeof open = []
      const ways = Map.groupBy(open, ({ step, turn }) => `${step.sources[turn]?.placeId} ${step.bad.placeId}`)
      for (const some of ways.values()) next.push(...(await this.#carry(some)))
      open = next
    }
    for (const { step } of open) this.#leave(step, stopped)
  }

  /** Carries along one way; answers what the next source has to be asked for. */
  async #carry(some: readonly { step: MendStep; turn: number }[]): Promise<{ step: MendStep; turn: number }[]> {
    const [first] = some
    const from = first?.step.sources[first.turn]
    if (first === undefined || from === undefined) return []
    const { hear, cancel, mover } = this.#ground
    const source = this.#online.get(from.placeId)
    const at = this.#online.get(first.step.bad.placeId)
    if (source === undefined || at === undefined)
      throw new Error(`A copy was to be mended from or at a place that is not here: ${from.placeName}`)
    if (this.#lost.has(source.place.name) || this.#lost.has(at.place.name))
      return some.flatMap(({ step, turn }) => this.#nextTurn(step, turn, unreachable(source.place.name)))
    const files = await this.#filesOf(some, source)
    const result = await runCarry(
      {
        from: { kind: 'place', place: addressOf(source.place) },
        to: { ...addressOf(at.place), limits: at.identity.limits },
        files,
      },
      {
        mover,
        record: (batch) => this.#record(batch),
        progress: ({ bytesRead, bytesWritten, bytesProven, path }) =>
          hear({
            type: 'progress',
            card: 'repair',
            phase: 'copy',
            bytesRead: this.#doneBytes + bytesRead,
            bytesWritten,
            bytesProven,
            path,
          }),
      },
      cancel,
    )
    this.#doneBytes += result.carried.reduce((sum, { file }) => sum + file.bytes, 0)
    if (result.lost !== null) this.#noteLost(result.lost, source)
    const left = new Map(files.map((file) => [file, result.lost ?? stopped] as const))
    for (const { file, failure } of result.failures) left.set(file, failure)
    for (const { file } of result.carried) left.delete(file)
    await this.#doubt(
      [...left].filter(([, { code }]) => code === 'copy-differs' || code === 'copy-missing').map(([file]) => file),
      source,
    )
    if (cancel.aborted) return [...left.keys()].map(({ step, turn }) => ({ step, turn }))
    return [...left].flatMap(([{ step, turn }, failure]) => this.#nextTurn(step, turn, failure))
  }

  #noteLost(failure: Failure, source: OnlinePlace): void {
    this.failures.push(failure)
    this.#lost.add(failure.place ?? source.place.name)
  }

  #nextTurn(step: MendStep, turn: number, failure: Failure): { step: MendStep; turn: number }[] {
    if (turn + 1 < step.sources.length) return [{ step, turn: turn + 1 }]
    this.#leave(step, failure)
    return []
  }

  #leave({ bad }: MendStep, { code, sentence, advice }: Failure): void {
    const { placeName: place, path, hash, kind } = bad
    this.left.push({ place, path, hash, kind, code, sentence: `${sentence} ${advice}` })
  }

  async #filesOf(some: readonly { step: MendStep; turn: number }[], source: OnlinePlace): Promise<readonly MendFile[]> {
    const sources = some.map(({ step, turn }) => step.sources[turn]).flatMap((one) => (one === undefined ? [] : [one]))
    const times = await this.#timesOf(sources, some, source)
    return some.map(({ step, turn }, index) => ({
      step,
      turn,
      from: sources[index]?.path ?? '',
      to: step.bad.path,
      bytes: step.bad.bytes,
      mtimeMs: times[index] ?? 0,
      expected: step.bad.hash,
      setAsideTo: step.setAsideTo,
    }))
  }

  /** The time that the card had for it; for what never was on a card, the source's own. */
  async #timesOf(
    sources: readonly OtherCopy[],
    some: readonly { step: MendStep }[],
    { place }: OnlinePlace,
  ): Promise<readonly number[]> {
    const times: (number | null)[] = []
    for (const { step } of some) times.push((await this.#origins.of(step.bad.hash))?.mtimeMs ?? null)
    if (!times.includes(null)) return times.map((time) => time ?? 0)
    const presences = await this.#ground.mover.checkPaths(
      addressOf(place),
      sources.map(({ path }) => path),
    )
    return times.map((time, index) => {
      const presence = presences.ok ? presences.value[index] : undefined
      return time ?? (presence?.kind === 'present' ? presence.mtimeMs : this.#ground.program.clock.nowMs())
    })
  }

  async #record(batch: readonly Carried<MendFile>[]): Promise<void> {
    const { catalog, clock } = this.#ground.program
    const atMs = clock.nowMs()
    const copies: CopyRecord[] = []
    for (const { file, copy } of batch) {
      const { bad } = file.step
      const { strength, deviceId } = copy
      const at = (hash: ContentHash, path: string, finding: 'agreed' | 'absent'): CopyRecord => ({
        hash,
        placeId: bad.placeId,
        path,
        evidence: { atMs, strength, finding, deviceId },
      })
      copies.push(at(bad.hash, copy.path, 'agreed'))
      // What lies there is an edit, from now on a working file, or another original: this one is beside it, and not there.
      if (copy.path !== bad.path) copies.push(at(bad.hash, bad.path, 'absent'))
      else if (bad.holds !== null) copies.push(at(bad.holds.hash, bad.path, 'absent'))
      const wrongRead = this.#wrongReads.get(bad) ?? null
      if (wrongRead !== null) copies.push(at(wrongRead.hash, bad.path, 'absent'))
    }
    await catalog.recordReports({ runId: this.#runId, reads: [], copies })
    for (const { file, copy } of batch) await this.#mend(file, copy)
  }

  async #mend({ step, turn, bytes }: MendFile, copy: Carried<MendFile>['copy']): Promise<void> {
    const { bad, sources, setAsideTo } = step
    const { atMs, finding } = { atMs: this.#ground.program.clock.nowMs(), finding: 'agreed' } as const
    const proven = proves({ atMs, finding, strength: copy.strength, deviceId: copy.deviceId })
    this.mended.push({
      place: bad.placeName,
      path: copy.path,
      wantedPath: bad.path,
      hash: bad.hash,
      kind: bad.kind,
      bytes,
      from: sources[turn]?.placeName ?? '',
      keptAside: setAsideTo,
      proven,
    })
    this.bytesRead += bytes
    const wrongRead = this.#wrongReads.get(bad) ?? null
    if (wrongRead !== null && proven) await this.#dropNumbered(step, wrongRead.numberedPath)
  }

  /** V4: the right bytes have their name now; the numbered copy of them is kept aside too. */
  async #dropNumbered({ bad, setAsideTo }: MendStep, path: string): Promise<void> {
    const at = this.#online.get(bad.placeId)
    if (at === undefined || setAsideTo === null) return
    const asidePath = `${setAsideTo.slice(0, setAsideTo.length - bad.path.length)}${path}`
    const aside = await this.#ground.mover.setAside(addressOf(at.place), [{ path, asidePath }])
    const [one] = aside.ok ? aside.value : []
    if (!aside.ok) this.failures.push(aside.failure)
    else if (one !== undefined && !one.ok) this.failures.push(one.failure)
    else {
      const evidence = {
        atMs: this.#ground.program.clock.nowMs(),
        strength: 'medium',
        finding: 'absent',
        deviceId: at.identity.device.id,
      } as const
      const copies = [{ hash: bad.hash, placeId: bad.placeId, path, evidence }]
      await this.#ground.program.catalog.recordReports({ runId: this.#runId, reads: [], copies })
    }
  }

  /** M1: a source that was not what it should be is looked at by itself, and is in the books as what it is from then on. */
  async #doubt(files: readonly MendFile[], { place }: OnlinePlace): Promise<void> {
    if (files.length === 0 || this.#ground.cancel.aborted) return
    const copies: CopyRecord[] = []
    await this.#ground.mover.prove(
      {
        place: addressOf(place),
        orders: files.map(({ from, step }, number) => ({ number, path: from, expected: step.bad.hash })),
      },
      (report) => {
        const file = files[report.number]
        if (file === undefined || report.kind === 'unknown') return
        const { strength, finding, deviceId } = report
        const evidence = { atMs: this.#ground.program.clock.nowMs(), strength, finding, deviceId }
        copies.push({ hash: file.step.bad.hash, placeId: place.id, path: file.from, evidence })
      },
      () => undefined,
      this.#ground.cancel,
    )
    await this.#ground.program.catalog.recordReports({ runId: this.#runId, reads: [], copies })
  }
}

const unreachable = (place: string): Failure => ({
  code: 'place-gone',
  sentence: `“${place}” could not be reached any more.`,
  advice: 'Connect it again, then run “fivefold repair” again.',
  place,
})

const stopped: Failure = {
  code: 'stopped-by-person',
  sentence: 'It was not mended any more.',
  advice: 'Run “fivefold repair” again: it goes on where it was stopped.',
}
