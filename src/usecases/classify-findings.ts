/**
 * Gathers what is needed to tell what became of copies that did not agree, and what has to be written down of it. What is pure
 * about it stands in domain/tell-change.ts.
 */
import type { CopyRecord, CopyToCheck, KnownOriginal } from '../catalog/catalog.ts'
import type { Failure } from '../domain/failure.ts'
import type { ContentHash, JobId, PlaceId } from '../domain/ids.ts'
import type { Readability } from '../domain/metadata.ts'
import type { Place } from '../domain/place.ts'
import { keptUntilMs } from '../domain/policy.ts'
import type { ChangeKind } from '../domain/tell-change.ts'
import { changeSentence, tellDiffering } from '../domain/tell-change.ts'
import type { Cancel, Mover, ProveReport } from '../engine/contracts.ts'
import { CardOrigins } from './card-origins.ts'
import { MovedSearch } from './follow-moved.ts'
import type { OnlinePlace } from './identify-places.ts'
import type { Program } from './program.ts'

/** A copy that is not what it should be, or could not be asked. */
export interface CopyFinding {
  /** Name of its place. */
  readonly place: string
  readonly path: string
  readonly hash: ContentHash
  readonly kind: ChangeKind
  /** What happened, for a person. */
  readonly sentence: string
  /** What to do next, for a person; null when nothing has to be done. */
  readonly mend: string | null
}

export interface TaleOfCopy {
  readonly copy: CopyToCheck
  readonly finding: CopyFinding
}

export type AskedCopy = Readonly<{ copy: CopyToCheck; report: ProveReport }>
type Checked = Extract<ProveReport, { kind: 'checked' }>
type CheckedCopy = Readonly<{ copy: CopyToCheck; report: Checked }>

export interface Told {
  readonly tales: readonly TaleOfCopy[]
  /** Where moved files lie now, with what was seen of them there. */
  readonly moved: readonly CopyRecord[]
  /** Beyond what the reports count: the moved ones were read at their new names. */
  readonly bytesRead: number
  readonly failures: readonly Failure[]
}

/** Tells what became of the copies of one place. */
export class ChangeTeller {
  readonly #program: Program
  readonly #mover: Mover
  readonly #ground: OnlinePlace
  readonly #search: MovedSearch
  readonly #origins: CardOrigins
  #isMissed: IsMissed | null = null

  constructor(program: Program, mover: Mover, ground: OnlinePlace, cancel: Cancel) {
    this.#program = program
    this.#mover = mover
    this.#ground = ground
    this.#origins = new CardOrigins(program)
    this.#search = new MovedSearch(program, mover, ground.place, cancel)
  }

  /** Takes all answers of a stretch of work; those that agree are passed over. */
  async tell(asked: readonly AskedCopy[]): Promise<Told> {
    const { catalog } = this.#program
    const tales: TaleOfCopy[] = []
    const differing: CheckedCopy[] = []
    const absent: CheckedCopy[] = []
    for (const { copy, report } of asked)
      if (report.kind === 'unknown') tales.push(this.#tale(copy, 'unreadable', report.failure.sentence))
      else if (report.finding === 'differed') differing.push({ copy, report })
      else if (report.finding === 'absent') absent.push({ copy, report })
    if (differing.length + absent.length === 0) return { tales, moved: [], bytesRead: 0, failures: [] }
    const known = await catalog.knownByHash([...differing, ...absent].map(({ copy }) => copy.hash))
    const wanted = differing.filter(({ copy }) => !isCulled(known.get(copy.hash)))
    tales.push(...(await this.#tellDiffering(wanted)))
    const missed = await this.#missed(absent, known)
    if (missed.length === 0) return { tales, moved: [], bytesRead: 0, failures: [] }
    return this.#follow(missed, tales)
  }

  async #missed(
    absent: readonly CheckedCopy[],
    known: ReadonlyMap<ContentHash, KnownOriginal>,
  ): Promise<readonly CheckedCopy[]> {
    if (absent.length === 0) return []
    this.#isMissed ??= await makeIsMissed(this.#program, this.#ground.place)
    const isMissed = this.#isMissed
    return absent.filter(({ copy }) => isMissed(copy, known.get(copy.hash)))
  }

  async #follow(missed: readonly CheckedCopy[], tales: TaleOfCopy[]): Promise<Told> {
    const { place } = this.#ground
    const followed = await this.#search.follow(missed.map(({ copy }) => copy))
    const moved: CopyRecord[] = []
    for (const { copy } of missed) {
      const again = followed.found.get(copy.hash)
      if (again === undefined) {
        tales.push(this.#tale(copy, followed.complete ? 'missing' : 'unknown'))
        continue
      }
      const { strength, deviceId } = again.report
      const evidence = { atMs: this.#program.clock.nowMs(), strength, finding: 'agreed', deviceId } as const
      moved.push({ hash: copy.hash, placeId: place.id, path: again.path, evidence })
      tales.push(this.#tale(copy, 'moved', `It lies at ${again.path} now; it was read there, and Fivefold follows it.`))
    }
    const failures = followed.failure === null ? [] : [followed.failure]
    return { tales, moved, bytesRead: followed.bytesRead, failures }
  }

  async #tellDiffering(differing: readonly CheckedCopy[]): Promise<readonly TaleOfCopy[]> {
    const { place, identity } = this.#ground
    const looks = await this.#look(differing)
    const tales: TaleOfCopy[] = []
    for (const [index, { copy, report }] of differing.entries()) {
      const { found } = report
      const kind =
        found === null
          ? 'overwritten'
          : tellDiffering({
              path: copy.path,
              bytes: copy.bytes,
              foundBytes: found.bytes,
              writtenMtimeMs: (await this.#origins.of(copy.hash))?.mtimeMs ?? null,
              foundMtimeMs: found.mtimeMs,
              mtimeStepMs: identity.limits.mtimeStepMs,
              look: looks[index] ?? null,
            })
      tales.push(this.#tale(copy, kind))
    }
    if (looks.length < differing.length)
      throw new Error(`“${place.name}” gave fewer looks than there were files to look into.`)
    return tales
  }

  /** A look that can't be had is none: the file is then not called an edit. */
  async #look(differing: readonly CheckedCopy[]): Promise<readonly (Readability | null)[]> {
    if (differing.length === 0) return []
    const { paths } = this.#program
    const { folder } = this.#ground.identity
    const looked = await this.#mover.look(differing.map(({ copy }) => paths.join(folder, copy.path)))
    return looked.ok ? looked.value : differing.map(() => null)
  }

  #tale(copy: CopyToCheck, kind: ChangeKind, sentence: string = changeSentence[kind]): TaleOfCopy {
    const { path, hash } = copy
    return { copy, finding: { place: this.#ground.place.name, path, hash, kind, sentence, mend: mendOf[kind] } }
  }
}

const mendOf: Readonly<Record<ChangeKind, string | null>> = {
  rot: 'Run “fivefold repair”: it is mended from the best proven copy.',
  overwritten: 'Run “fivefold repair”: it is mended from the best proven copy, and these bytes are kept aside.',
  edited: 'It stays as it is. “fivefold repair --edited” puts the original back beside it, under a numbered name.',
  moved: null,
  missing: 'Run “fivefold repair”: it is brought back from the best proven copy.',
  unknown: 'Look why its folders can’t be read, then run “fivefold verify” again.',
  unreadable: 'Run “fivefold verify” again; when it says the same, that drive is failing: replace it.',
}

export const isCulled = (original: KnownOriginal | undefined): boolean => (original?.culledAtMs ?? null) !== null

/** Does anybody miss a copy that is not under its name? */
export type IsMissed = (copy: CopyToCheck, original: KnownOriginal | undefined) => boolean

/**
 * What was culled on purpose, what went by rule from its place (D1) or may go any day, and what is in the books here under another
 * name is not missed.
 */
export async function makeIsMissed(program: Program, place: Place): Promise<IsMissed> {
  const { catalog, clock, settings } = program
  const removals = await catalog.removals({ placeId: place.id })
  const removed = new Set(removals.filter(({ state }) => state !== 'kept').map(keyOf))
  const nowMs = clock.nowMs()
  const mayGo = new Set(
    (await catalog.jobs())
      .filter((job) => (keptUntilMs(settings.policy, place.role, job) ?? Number.POSITIVE_INFINITY) <= nowMs)
      .map(({ id }) => id),
  )
  return (copy, original) =>
    !isCulled(original) && !removed.has(keyOf(copy)) && !mayGo.has(copy.jobId) && !liesElsewhere(copy, original)
}

const keyOf = ({ hash, path }: { readonly hash: ContentHash; readonly path: string }): string => `${hash} ${path}`

const liesElsewhere = (copy: CopyToCheck, original: KnownOriginal | undefined): boolean =>
  (original?.copies ?? []).some(
    (other) => other.placeId === copy.placeId && other.path !== copy.path && other.latest.finding === 'agreed',
  )

/** What is in the books of a place as damaged or gone, oldest evidence first. */
async function badInTheBooks(
  program: Program,
  placeId: PlaceId,
  jobId: JobId | null,
  findings: ReadonlySet<CopyToCheck['latest']['finding']>,
): Promise<readonly CopyToCheck[]> {
  const bad: CopyToCheck[] = []
  const limit = 10_000
  let after: { latestAtMs: number; number: number } | undefined
  for (;;) {
    const page = await program.catalog.copiesAt(placeId, {
      limit,
      includeAbsent: true,
      ...(after === undefined ? {} : { after }),
      ...(jobId === null ? {} : { jobId }),
    })
    for (const copy of page) if (findings.has(copy.latest.finding)) bad.push(copy)
    const last = page.at(-1)
    if (last === undefined || page.length < limit) return bad
    after = { latestAtMs: last.latest.atMs, number: last.number }
  }
}

/** Those of them that should be there as they were: what nobody misses is left out. */
export async function damagedInTheBooks(
  program: Program,
  place: Place,
  jobId: JobId | null,
  findings: ReadonlySet<CopyToCheck['latest']['finding']> = new Set(['differed', 'absent']),
): Promise<readonly CopyToCheck[]> {
  const bad = await badInTheBooks(program, place.id, jobId, findings)
  if (bad.length === 0) return []
  const known = await program.catalog.knownByHash(bad.map(({ hash }) => hash))
  const isMissed = await makeIsMissed(program, place)
  return bad.filter((copy) => {
    const original = known.get(copy.hash)
    return copy.latest.finding === 'differed' ? !isCulled(original) : isMissed(copy, original)
  })
}
