/**
 * Gathers what is needed to tell what became of copies that did not agree, and what has to be written down of it. What is pure
 * about it stands in domain/tell-change.ts.
 */
import type { CopyRecord, CopyToCheck, KnownOriginal } from '../catalog/catalog.ts'
import type { Finding } from '../domain/copy.ts'
import type { Failure } from '../domain/failure.ts'
import type { ContentHash, JobId, PlaceId } from '../domain/ids.ts'
import type { Readability } from '../domain/metadata.ts'
import type { Place } from '../domain/place.ts'
import { keptUntilMs } from '../domain/policy.ts'
import type { ChangeKind } from '../domain/tell-change.ts'
import { changeSentence, tellDiffering } from '../domain/tell-change.ts'
import type { Cancel, Mover, ProveReport } from '../engine/contracts.ts'
import { stillReads } from './canary.ts'
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
  /** The other original whose bytes lie under its name: somebody renamed files. Null where nothing known lies there. */
  readonly holds: ContentHash | null
}

export type AskedCopy = Readonly<{ copy: CopyToCheck; report: ProveReport }>
type Checked = Extract<ProveReport, { kind: 'checked' }>
type CheckedCopy = Readonly<{ copy: CopyToCheck; report: Checked }>

export interface Told {
  readonly tales: readonly TaleOfCopy[]
  /**
   * What was seen beyond the reports, to be written down after them: where moved files lie now, which originals lie under the names of
   * others, and which copies can't be read any more.
   */
  readonly seen: readonly CopyRecord[]
  /** Beyond what the reports count: the moved ones were read at their new names. */
  readonly bytesRead: number
  readonly failures: readonly Failure[]
}

/** Tells what became of the copies of one place. */
export class ChangeTeller {
  readonly #program: Program
  readonly #mover: Mover
  readonly #ground: OnlinePlace
  readonly #cancel: Cancel
  readonly #search: MovedSearch
  readonly #origins: CardOrigins
  #missed: Missed | null = null

  constructor(program: Program, mover: Mover, ground: OnlinePlace, cancel: Cancel) {
    this.#program = program
    this.#mover = mover
    this.#ground = ground
    this.#cancel = cancel
    this.#origins = new CardOrigins(program)
    this.#search = new MovedSearch(program, mover, ground.place, cancel)
  }

  /** Takes all answers of a stretch of work; those that agree are passed over. */
  async tell(asked: readonly AskedCopy[]): Promise<Told> {
    const { unread, differing, absent } = sorted(asked)
    const told = await this.#tellUnread(unread)
    if (differing.length + absent.length === 0) return told
    const hashes = [...differing, ...absent].flatMap(({ copy, report }) => [copy.hash, ...hashIn(report)])
    const known = await this.#program.catalog.knownByHash([...new Set(hashes)])
    for (const { copy, report } of differing) this.#search.saw(copy.path, report)
    const swapped = differing.filter(({ report }) => originalIn(report, known) !== null)
    const wanted = differing.filter((one) => !swapped.includes(one) && !isCulled(known.get(one.copy.hash)))
    const tales = [...told.tales, ...(await this.#tellDiffering(wanted))]
    const seen = [...told.seen, ...swapped.flatMap((one) => this.#swapped(one, known))]
    this.#missed ??= await Missed.at(this.#program, this.#ground.place)
    const isMissed = await this.#missed.among(
      [...absent, ...swapped].map(({ copy }) => copy),
      known,
    )
    const missed = [...absent, ...swapped].filter(({ copy }) => isMissed.has(copy))
    // What nobody misses under its name is not there, whatever else lies there.
    for (const one of swapped) if (!isMissed.has(one.copy)) seen.push(this.#notThere(one))
    if (missed.length === 0) return { ...told, tales, seen }
    return this.#follow(missed, known, { ...told, tales, seen })
  }

  /** An error for one file alone, at a place that reads others: its bytes can't be had, so it proves nothing any more (C2). */
  async #tellUnread(unread: readonly UnreadCopy[]): Promise<Told> {
    const { place, identity } = this.#ground
    const isItsOwn = ({ failure }: UnreadCopy): boolean => failure.code === 'place-error'
    const reads = unread.some(isItsOwn) && (await stillReads(this.#program, this.#mover, place, this.#cancel))
    const tales: TaleOfCopy[] = []
    const seen: CopyRecord[] = []
    for (const one of unread) {
      const { copy, failure } = one
      if (!reads || !isItsOwn(one)) {
        tales.push(this.#tale(copy, 'unknown', { sentence: failure.sentence, mend: failure.advice }))
        continue
      }
      tales.push(this.#tale(copy, 'unreadable', { sentence: failure.sentence }))
      seen.push(this.#record(copy.hash, copy.path, 'differed', identity.readBack, identity.device.id))
    }
    return { tales, seen, bytesRead: 0, failures: [] }
  }

  /** W3: what was read under the name of one original are the bytes of another one: that is a copy of the other one. */
  #swapped({ copy, report }: CheckedCopy, known: KnownOriginals): readonly CopyRecord[] {
    const other = originalIn(report, known)
    return other === null ? [] : [this.#record(other, copy.path, 'agreed', report.strength, report.deviceId)]
  }

  #notThere({ copy, report }: CheckedCopy): CopyRecord {
    return this.#record(copy.hash, copy.path, 'absent', report.strength, report.deviceId)
  }

  #record(
    hash: ContentHash,
    path: string,
    finding: Finding,
    strength: CopyRecord['evidence']['strength'],
    deviceId: string,
  ): CopyRecord {
    const atMs = this.#program.clock.nowMs()
    return { hash, placeId: this.#ground.place.id, path, evidence: { atMs, strength, finding, deviceId } }
  }

  async #follow(missed: readonly CheckedCopy[], known: KnownOriginals, told: Told): Promise<Told> {
    const followed = await this.#search.follow(missed.map(({ copy }) => copy))
    const tales = [...told.tales]
    const seen = [...told.seen]
    for (const one of missed) {
      const { copy, report } = one
      const again = followed.found.get(copy.hash)
      const holds = originalIn(report, known)
      if (again === undefined) {
        if (holds !== null) tales.push(this.#tale(copy, 'overwritten', renamed, holds))
        else tales.push(this.#tale(copy, followed.complete ? 'missing' : 'unknown'))
        continue
      }
      if (holds !== null) seen.push(this.#notThere(one))
      seen.push(this.#record(copy.hash, again.path, 'agreed', again.report.strength, again.report.deviceId))
      const sentence = `It lies at ${again.path} now; it was read there, and Fivefold follows it.`
      tales.push(this.#tale(copy, 'moved', { sentence }))
    }
    const failures = followed.failure === null ? told.failures : [...told.failures, followed.failure]
    return { tales, seen, bytesRead: told.bytesRead + followed.bytesRead, failures }
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

  #tale(
    copy: CopyToCheck,
    kind: ChangeKind,
    said: { readonly sentence?: string; readonly mend?: string } = {},
    holds: ContentHash | null = null,
  ): TaleOfCopy {
    const { path, hash } = copy
    const words = { sentence: changeSentence[kind], mend: mendOf[kind], ...said }
    return { copy, holds, finding: { place: this.#ground.place.name, path, hash, kind, ...words } }
  }
}

type KnownOriginals = ReadonlyMap<ContentHash, KnownOriginal>
type UnreadCopy = Readonly<{ copy: CopyToCheck; failure: Failure }>

function sorted(asked: readonly AskedCopy[]): {
  readonly unread: readonly UnreadCopy[]
  readonly differing: readonly CheckedCopy[]
  readonly absent: readonly CheckedCopy[]
} {
  const unread: UnreadCopy[] = []
  const differing: CheckedCopy[] = []
  const absent: CheckedCopy[] = []
  for (const { copy, report } of asked)
    if (report.kind === 'unknown') unread.push({ copy, failure: report.failure })
    else if (report.finding === 'differed') differing.push({ copy, report })
    else if (report.finding === 'absent') absent.push({ copy, report })
  return { unread, differing, absent }
}

const hashIn = ({ found }: Checked): readonly ContentHash[] => (found === null ? [] : [found.hash])

/** The original that a file is, which lies under another one's name; what is empty, or was culled, is none that anybody would miss. */
function originalIn({ found }: Checked, known: KnownOriginals): ContentHash | null {
  const original = found === null || found.bytes === 0 ? undefined : known.get(found.hash)
  return original === undefined || isCulled(original) ? null : original.hash
}

const renamed = {
  sentence: 'Another original lies under its name, and it is nowhere else at this place: somebody renamed files.',
  mend: 'Run “fivefold repair”: it is brought back, and what lies there stays.',
} as const

const mendOf: Readonly<Record<ChangeKind, string | null>> = {
  rot: 'Run “fivefold repair”: it is mended from the best proven copy.',
  overwritten: 'Run “fivefold repair”: it is mended from the best proven copy, and these bytes are kept aside.',
  edited: 'It stays as it is. “fivefold repair --edited” puts the original back beside it, under a numbered name.',
  moved: null,
  missing: 'Run “fivefold repair”: it is brought back from the best proven copy.',
  unknown: 'Look why its folders can’t be read, then run “fivefold verify” again.',
  unreadable:
    'Run “fivefold repair”: it is mended from the best proven copy. When more files can’t be read, that drive is failing: replace it.',
}

export const isCulled = (original: KnownOriginal | undefined): boolean => (original?.culledAtMs ?? null) !== null

/**
 * Which copies does anybody miss that are not under their names? What was culled on purpose, what went by rule from its place (D1) or
 * may go any day, and what is in the books here under another name is not missed.
 */
class Missed {
  readonly #program: Program
  /** When the newest removal of each copy was last heard of. */
  readonly #removedAtMs: ReadonlyMap<string, number>
  readonly #mayGo: ReadonlySet<JobId>

  private constructor(program: Program, removedAtMs: ReadonlyMap<string, number>, mayGo: ReadonlySet<JobId>) {
    this.#program = program
    this.#removedAtMs = removedAtMs
    this.#mayGo = mayGo
  }

  static async at(program: Program, place: Place): Promise<Missed> {
    const { catalog, clock, settings } = program
    const removedAtMs = new Map<string, number>()
    for (const removal of await catalog.removals({ placeId: place.id }))
      if (removal.state !== 'kept') removedAtMs.set(keyOf(removal), removal.changedAtMs)
    const nowMs = clock.nowMs()
    const mayGo = (await catalog.jobs()).filter(
      (job) => (keptUntilMs(settings.policy, place.role, job) ?? Number.POSITIVE_INFINITY) <= nowMs,
    )
    return new Missed(program, removedAtMs, new Set(mayGo.map(({ id }) => id)))
  }

  async among(copies: readonly CopyToCheck[], known: KnownOriginals): Promise<ReadonlySet<CopyToCheck>> {
    const missed = new Set<CopyToCheck>()
    for (const copy of copies) {
      const original = known.get(copy.hash)
      const isWanted = !isCulled(original) && !this.#mayGo.has(copy.jobId) && !liesElsewhere(copy, original)
      if (isWanted && !(await this.#wentByRule(copy))) missed.add(copy)
    }
    return missed
  }

  /** A copy that was put back after it went by rule, as by another ingest, is one that is wanted again. */
  async #wentByRule(copy: CopyToCheck): Promise<boolean> {
    const removedAtMs = this.#removedAtMs.get(keyOf(copy))
    if (removedAtMs === undefined) return false
    // Nothing was heard of it since: so it is with nearly all, and their history need not be read.
    if (copy.latest.atMs <= removedAtMs) return true
    const facts = await this.#program.catalog.fileFacts(copy.hash)
    const history = facts.flatMap(({ copies }) =>
      copies.filter(({ placeId, path }) => placeId === copy.placeId && path === copy.path),
    )
    const wasBack = history.some((one) =>
      one.history.some(({ finding, atMs }) => finding === 'agreed' && atMs > removedAtMs),
    )
    return !wasBack
  }
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
  const missed = await (
    await Missed.at(program, place)
  ).among(
    bad.filter(({ latest }) => latest.finding === 'absent'),
    known,
  )
  return bad.filter((copy) => (copy.latest.finding === 'differed' ? !isCulled(known.get(copy.hash)) : missed.has(copy)))
}
