/**
 * Mends what is damaged or missing from the best proven copy (M1). The bad bytes are kept aside, the result is proven by the same
 * read-back as every copy, and running it again finishes what was cut off (J1).
 */
import type { KnownOriginal } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash, JobId, PlaceId, RunId } from '../domain/ids.ts'
import type { LeftCopy, MendFacts, RepairPlan } from '../domain/repair-plan.ts'
import { leftSentence, planRepair } from '../domain/repair-plan.ts'
import type { ChangeKind } from '../domain/tell-change.ts'
import type { Cancel } from '../engine/contracts.ts'
import { damagedInTheBooks } from './classify-findings.ts'
import type { DamagedCopy } from './gather-damage.ts'
import { gatherDamage, wrongReadsAt } from './gather-damage.ts'
import type { AskedPlace, OnlinePlace } from './identify-places.ts'
import { addressOf, identifyPlaces, onlineOf } from './identify-places.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { LeftMending, MendedCopy, MendGround } from './mend-copies.ts'
import { MendWalk } from './mend-copies.ts'
import { versionsFolder } from './plan-drive.ts'
import type { Hear, Program } from './program.ts'
import { layMendedRolls } from './lay-mended-rolls.ts'
import { findJob } from './verify-copies.ts'

export interface RepairWish {
  readonly place: string | null
  readonly job: string | null
  readonly dryRun: boolean
  /** Put originals back beside what an editor saved over them. */
  readonly edited: boolean
  /** Mend a place that looks wiped all the same. */
  readonly evenSo: boolean
}

export interface PlannedMending {
  readonly place: string
  readonly path: string
  readonly hash: ContentHash
  readonly kind: ChangeKind
  /** Name of the place that is asked first. */
  readonly from: string
  /** Where what lies there now is kept, below the place's root; null when nothing has to make way. */
  readonly keptAside: string | null
}

export interface RepairOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.repair/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly dryRun: boolean
  /** What would be done, or was to be done. */
  readonly planned: readonly PlannedMending[]
  readonly mended: readonly MendedCopy[]
  readonly left: readonly LeftMending[]
  /** What a person has to connect or put in, each with what it is good for. */
  readonly needs: readonly string[]
  /** Bad in the books, and found good or followed when looked at again. */
  readonly healed: number
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly failures: readonly Failure[]
}

export async function repairCopies(
  program: Program,
  wish: RepairWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<RepairOutcome>> {
  const place = wish.place === null ? null : findPlace(program, wish.place)
  if (place === undefined) return failed(noSuchPlace(program, wish.place ?? ''))
  const job = await findJob(program, wish.job)
  if (!job.ok) return job
  const mover = program.startMover()
  try {
    const asked = await identifyPlaces(program, mover, program.settings.places)
    const { catalog, clock } = program
    const runId = wish.dryRun ? null : await catalog.beginRun('repair', { ...wish }, clock.nowMs())
    const repair = new Repair({ program, mover, asked, hear, cancel, wish, jobId: job.value, runId })
    const outcome = await repair.run(place?.id ?? null)
    if (runId !== null) await catalog.endRun(runId, outcome.ok ? outcome.value.outcome : 'refused', clock.nowMs())
    return outcome
  } finally {
    mover.end()
  }
}

interface RepairGround extends MendGround {
  readonly asked: readonly AskedPlace[]
  readonly wish: RepairWish
  readonly jobId: JobId | null
  /** Null for a dry run, which writes nothing down. */
  readonly runId: RunId | null
}

class Repair {
  readonly #ground: RepairGround
  readonly #online: readonly OnlinePlace[]
  readonly #left: LeftMending[] = []
  readonly #failures: Failure[] = []
  /** Places in use that gave no answer; a drive that nobody named lies in the safe. */
  readonly #notAsked: string[] = []
  #isNamedAway = false
  #healed = 0
  #bytesRead = 0

  constructor(ground: RepairGround) {
    this.#ground = ground
    this.#online = onlineOf(ground.asked)
  }

  async run(onlyAt: PlaceId | null): Promise<Result<RepairOutcome>> {
    const bad: DamagedCopy[] = []
    for (const { place, identity } of this.#ground.asked) {
      if (onlyAt !== null && place.id !== onlyAt) continue
      if (identity.kind !== 'online') {
        if (onlyAt !== null || place.role !== 'drive') this.#notAsked.push(place.name)
        if (onlyAt !== null) this.#isNamedAway = true
        await this.#leaveAway(place)
      } else {
        await this.#sweep(place)
        const gathered = await this.#gather({ place, identity })
        if (!gathered.ok) return gathered
        bad.push(...gathered.value)
      }
    }
    const plan = await this.#plan(bad)
    for (const one of plan.left) this.#left.push(leftMending(one))
    const { runId } = this.#ground
    if (runId === null) return done(this.#conclude(plan, []))
    const walk = new MendWalk(this.#ground, runId, this.#online)
    await walk.run(plan.steps, new Map(bad.map((one) => [one, one.wrongRead] as const)))
    this.#left.push(...walk.left)
    this.#failures.push(...walk.failures, ...(await layMendedRolls(this.#ground, this.#online, walk.mended)))
    this.#bytesRead += walk.bytesRead
    return done(this.#conclude(plan, walk.mended.toSorted(byPlaceAndPath)))
  }

  /** What a run that was killed left under temporary names takes room that this one may need (J1); a dry run changes nothing. */
  async #sweep(place: AskedPlace['place']): Promise<void> {
    const { mover, runId } = this.#ground
    const swept = runId === null ? null : await mover.sweep(addressOf(place))
    if (swept !== null && !swept.ok) this.#failures.push(swept.failure)
  }

  async #gather(ground: OnlinePlace): Promise<Result<readonly DamagedCopy[]>> {
    const { program, mover, wish, jobId, runId, cancel } = this.#ground
    const gathered = await gatherDamage(program, mover, ground, { jobId, runId, evenSo: wish.evenSo }, cancel)
    if (!gathered.ok) return gathered
    const { bad, healed, bytesRead, failures } = gathered.value
    this.#healed += healed
    this.#bytesRead += bytesRead
    this.#failures.push(...failures)
    return done([...bad, ...(await wrongReadsAt(program, ground, jobId))])
  }

  async #leaveAway(place: AskedPlace['place']): Promise<void> {
    const { program, jobId } = this.#ground
    for (const { path, hash, latest } of await damagedInTheBooks(program, place, jobId))
      this.#left.push({
        place: place.name,
        path,
        hash,
        kind: latest.finding === 'absent' ? 'missing' : 'overwritten',
        code: 'place-away',
        sentence: `“${place.name}” could not be asked, so nothing can be mended there now.`,
      })
  }

  async #plan(bad: readonly DamagedCopy[]): Promise<RepairPlan> {
    const { program, wish } = this.#ground
    const { catalog, clock, settings } = program
    const nowMs = clock.nowMs()
    const known = await catalog.knownByHash(bad.map(({ hash }) => hash))
    const facts: MendFacts[] = []
    for (const one of bad) facts.push(await this.#factsOf(one, known.get(one.hash)))
    return planRepair(facts, {
      freshSinceMs: nowMs - settings.policy.cards.evidenceMaxAgeMs,
      besideEdited: wish.edited,
      asideFolder: asideFolder(program.localTime(nowMs)),
    })
  }

  async #factsOf(bad: DamagedCopy, original: KnownOriginal | undefined): Promise<MendFacts> {
    const places = new Map(this.#ground.asked.map(({ place }) => [place.id, place] as const))
    const online = new Set(this.#online.map(({ place }) => place.id))
    const copies = (original?.copies ?? []).flatMap(({ placeId, path, latest }) => {
      const place = places.get(placeId)
      if (place === undefined) return []
      return [{ placeId, placeName: place.name, role: place.role, path, latest, reachable: online.has(placeId) }]
    })
    const hasGood = copies.some(({ latest }) => latest.finding === 'agreed')
    return { bad, copies, onCards: hasGood ? [] : await this.#cardsWith(bad.hash) }
  }

  /** Cards whose last roll holds it, unless the card itself told two stories of it (V4). */
  async #cardsWith(hash: ContentHash): Promise<MendFacts['onCards']> {
    const { catalog } = this.#ground.program
    const cards: { label: string; rollName: string }[] = []
    for (const { cardId, cardLabel, rollId, rollName } of (await catalog.fileFacts(hash))[0]?.onCards ?? [])
      if ((await catalog.lastRoll(cardId))?.roll.id === rollId) cards.push({ label: cardLabel, rollName })
    return cards
  }

  #conclude(plan: RepairPlan, mended: readonly MendedCopy[]): RepairOutcome {
    const { wish, cancel } = this.#ground
    const isOpen =
      this.#isNamedAway || this.#left.length > 0 || this.#failures.length > 0 || mended.some(({ proven }) => !proven)
    const facts = {
      dryRun: wish.dryRun,
      planned: plan.steps.map(({ bad, sources, setAsideTo }) => ({
        place: bad.placeName,
        path: bad.path,
        hash: bad.hash,
        kind: bad.kind,
        from: sources[0]?.placeName ?? '',
        keptAside: setAsideTo,
      })),
      mended,
      left: this.#left,
      needs: needsOf(plan.left),
      healed: this.#healed,
      bytesRead: this.#bytesRead,
      bytesWritten: mended.reduce((sum, { bytes }) => sum + bytes, 0),
      failures: this.#failures,
    }
    const outcome = cancel.aborted ? 'stopped' : isOpen ? 'incomplete' : 'done'
    return {
      type: 'result',
      schema: 'fivefold.repair/1',
      outcome,
      sentence: sentenceFor(facts, this.#notAsked),
      ...facts,
    }
  }
}

/** Copies are mended side by side, and end in any order; a person reads them in the order of their names. */
function byPlaceAndPath(a: MendedCopy, b: MendedCopy): number {
  const [one, other] = [`${a.place}\0${a.path}`, `${b.place}\0${b.path}`]
  return one < other ? -1 : one > other ? 1 : 0
}

/** To the second: a file that goes bad twice in a minute, as on a dying disk, finds its name there free. */
const asideFolder = (localTime: string): string => `${versionsFolder(localTime)}${localTime.slice(17, 19)}`

const leftMending = ({ bad, code, needs }: LeftCopy): LeftMending => ({
  place: bad.placeName,
  path: bad.path,
  hash: bad.hash,
  kind: bad.kind,
  code,
  sentence: leftSentence({ code, needs }),
})

/** One sentence for each thing to connect or put in, the most useful first. */
function needsOf(left: readonly LeftCopy[]): readonly string[] {
  const helps = new Map<string, Set<ContentHash>>()
  for (const { bad, code, needs } of left)
    for (const name of needs) {
      const what =
        code === 'connect'
          ? `Connect “${name}”`
          : `Put card ${name} into the reader, run “fivefold ingest”, then “fivefold repair” again`
      helps.set(what, (helps.get(what) ?? new Set<ContentHash>()).add(bad.hash))
    }
  return [...helps]
    .toSorted(([, a], [, b]) => b.size - a.size)
    .map(([what, originals]) => `${what}: it holds ${originals.size === 1 ? 'one' : originals.size} of them.`)
}

function sentenceFor(
  {
    dryRun,
    planned,
    mended,
    left,
    needs,
    failures,
  }: Pick<RepairOutcome, 'dryRun' | 'planned' | 'mended' | 'left' | 'needs' | 'failures'>,
  notAsked: readonly string[],
): string {
  const parts: string[] = []
  if (planned.length + left.length === 0)
    return (
      failures[0]?.sentence ??
      sayNotAsked(notAsked) ??
      'Nothing has to be mended: no copy is known to be damaged or missing. “fivefold verify” looks for such copies.'
    )
  if (dryRun && planned.length > 0)
    parts.push(`${copiesOf(planned.length)} would be mended; nothing was changed. Leave out --dry-run to mend them.`)
  const proven = mended.filter((one) => one.proven).length
  if (proven > 0)
    parts.push(
      `${copiesAre(proven)} mended and proven${mended.some(({ keptAside }) => keptAside !== null) ? '; the bad bytes are kept below .fivefold/versions' : ''}.`,
    )
  if (proven < mended.length)
    parts.push(
      `${copiesAre(mended.length - proven)} mended, but read back only from memory, which proves nothing: run “fivefold verify” later.`,
    )
  const beside = mended.filter(({ kind, path, wantedPath }) => kind !== 'edited' && path !== wantedPath).length
  if (beside > 0)
    parts.push(
      `${beside === 1 ? '1 of them has' : `${beside} of them have`} a numbered name, because another file lies under its name there; nothing was set aside for it.`,
    )
  if (left.length > 0)
    parts.push(`${copiesAre(left.length)} left without mending. ${needs[0] ?? left[0]?.sentence ?? ''}`.trim())
  return parts.join(' ')
}

/** Nobody knows how the copies are at a place that gave no answer. */
const sayNotAsked = (names: readonly string[]): string | null =>
  names.length === 0
    ? null
    : `${names.map((name) => `“${name}”`).join(' and ')} could not be asked, so nothing is known of the copies there now. Nothing else is known to be damaged or missing.`

const copiesAre = (copies: number): string => (copies === 1 ? '1 copy is' : `${copies} copies are`)
const copiesOf = (copies: number): string => (copies === 1 ? '1 copy' : `${copies} copies`)
