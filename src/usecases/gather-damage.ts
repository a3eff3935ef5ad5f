/** What is there to mend? What the books say is looked at once more, so that nothing is done on an old belief. */
import type { CopyRecord, CopyToCheck, KnownOriginal } from '../catalog/catalog.ts'
import { proves } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash, JobId, RunId } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import type { BadCopy } from '../domain/repair-plan.ts'
import { isMassChange } from '../domain/tell-change.ts'
import type { Cancel, Mover, ProveReport } from '../engine/contracts.ts'
import type { AskedCopy, TaleOfCopy } from './classify-findings.ts'
import { ChangeTeller, damagedInTheBooks } from './classify-findings.ts'
import { hungFailure } from './canary.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'
import type { Program } from './program.ts'

/** A bad copy with what else changes when it is mended. */
export interface DamagedCopy extends BadCopy {
  /** Set where the first read of the card was wrong (V4): these bytes have the camera's name, and the right ones a numbered one. */
  readonly wrongRead: { readonly hash: ContentHash; readonly numberedPath: string } | null
}

export interface Damage {
  readonly bad: readonly DamagedCopy[]
  /** Bad in the books, and found good or followed just now. */
  readonly healed: number
  readonly bytesRead: number
  readonly failures: readonly Failure[]
}

export interface DamageWishes {
  readonly jobId: JobId | null
  /** Null for a dry run, which writes nothing down. */
  readonly runId: RunId | null
  /** A person said that a place that looks wiped may be mended all the same. */
  readonly evenSo: boolean
}

const filesAtOnce = 512

/** Fails with `library-suspect` when so much is bad that somebody has to look first. */
export async function gatherDamage(
  program: Program,
  mover: Mover,
  ground: OnlinePlace,
  wishes: DamageWishes,
  cancel: Cancel,
): Promise<Result<Damage>> {
  const { place } = ground
  const copies = await damagedInTheBooks(program, place, wishes.jobId)
  // An original with several names there is one that was lost, however many of its names are in the books as bad.
  const originals = new Set(copies.map(({ hash }) => hash)).size
  if (copies.length > 0 && !wishes.evenSo && (await isSuspect(program, place, originals)))
    return failed(suspectFailure(place.name, originals))
  const teller = new ChangeTeller(program, mover, ground, cancel)
  const tales: TaleOfCopy[] = []
  const failures: Failure[] = []
  let asked = 0
  let bytesRead = 0
  for (let first = 0; first < copies.length && !cancel.aborted; first += filesAtOnce) {
    const answers = await askAgain(mover, ground, copies.slice(first, first + filesAtOnce), failures, cancel)
    const told = await teller.tell(answers)
    if (wishes.runId !== null) await record(program, wishes.runId, place, answers, told.seen)
    asked += answers.length
    bytesRead += told.bytesRead
    for (const { report } of answers) if (report.kind === 'checked') bytesRead += report.bytesRead
    tales.push(...told.tales)
    failures.push(...told.failures)
    if (failures.length > 0) break
  }
  const spare = await provenElsewhere(program, mover, ground, tales, cancel)
  const bad = tales.flatMap((tale) => badCopy(place, tale, spare))
  return done({ bad, healed: asked - bad.length, bytesRead, failures })
}

function badCopy(
  { id: placeId, name: placeName }: Place,
  { copy: { path, hash, bytes }, finding: { kind }, holds: other }: TaleOfCopy,
  spare: ReadonlySet<ContentHash>,
): readonly DamagedCopy[] {
  if (kind === 'moved') return []
  const holds = other === null ? null : { hash: other, isSpare: spare.has(other) }
  return [{ placeId, placeName, path, hash, bytes, kind, holds, wrongRead: null }]
}

/**
 * Originals that lie under the names of bad copies, and under another name as well: read there just now, and under a name from which
 * nothing makes way in this run. Only of these may a copy be set aside (C2).
 */
async function provenElsewhere(
  program: Program,
  mover: Mover,
  ground: OnlinePlace,
  tales: readonly TaleOfCopy[],
  cancel: Cancel,
): Promise<ReadonlySet<ContentHash>> {
  const held = [...new Set(tales.flatMap(({ holds }) => holds ?? []))]
  const spare = new Set<ContentHash>()
  if (held.length === 0) return spare
  const badPaths = new Set(tales.map(({ copy }) => copy.path))
  const known = await program.catalog.knownByHash(held)
  const others = [...known.values()].flatMap(({ copies }) =>
    copies.filter(
      ({ placeId, path, latest }) => placeId === ground.place.id && latest.finding === 'agreed' && !badPaths.has(path),
    ),
  )
  for (let first = 0; first < others.length && !cancel.aborted; first += filesAtOnce) {
    const answers = await askAgain(mover, ground, others.slice(first, first + filesAtOnce), [], cancel)
    for (const { copy, report } of answers)
      if (report.kind === 'checked' && proves({ ...report, atMs: 0 })) spare.add(copy.hash)
  }
  return spare
}

async function askAgain<Asked extends Pick<CopyToCheck, 'path' | 'hash'>>(
  mover: Mover,
  { place }: OnlinePlace,
  copies: readonly Asked[],
  failures: Failure[],
  cancel: Cancel,
): Promise<readonly { readonly copy: Asked; readonly report: ProveReport }[]> {
  const answers: { readonly copy: Asked; readonly report: ProveReport }[] = []
  const end = await mover.prove(
    {
      place: addressOf(place),
      orders: copies.map(({ path, hash }, number) => ({ number, path, expected: hash })),
    },
    (report) => {
      const copy = copies[report.number]
      if (copy !== undefined) answers.push({ copy, report })
    },
    () => undefined,
    cancel,
  )
  if (end.kind === 'failed') failures.push(end.failure)
  if (end.kind === 'hung') failures.push(hungFailure(place.name))
  return answers
}

async function record(
  program: Program,
  runId: RunId,
  place: Place,
  answers: readonly AskedCopy[],
  seen: readonly CopyRecord[],
): Promise<void> {
  const atMs = program.clock.nowMs()
  const copies = answers.flatMap(({ copy: { hash, path }, report }) => {
    if (report.kind === 'unknown') return []
    const { strength, finding, deviceId } = report
    return [{ hash, placeId: place.id, path, evidence: { atMs, strength, finding, deviceId } }]
  })
  await program.catalog.recordReports({ runId, reads: [], copies: [...copies, ...seen] })
}

/** So much of the whole place, or of what the last check saw before it gave up, that nobody mends it without a look. */
async function isSuspect(program: Program, place: Place, bad: number): Promise<boolean> {
  const { catalog } = program
  const all = await catalog.countCopiesAt(place.id, { includeAbsent: true })
  if (isMassChange(bad, all.files)) return true
  const [event] = await catalog.placeEvents({ placeId: place.id, kind: 'check-failed', limit: 1 })
  if (event?.detail['code'] !== 'library-suspect') return false
  const [since] = await catalog.placeEvents({ placeId: place.id, kind: 'checked', limit: 1 })
  if (since !== undefined && since.atMs > event.atMs) return false
  return isMassChange(bad, Number(event.detail['checked'] ?? 0))
}

const suspectFailure = (place: string, files: number): Failure => ({
  code: 'library-suspect',
  sentence: `At “${place}” ${files} originals changed or vanished at once: this looks like malware or a wiped disk. Nothing was mended.`,
  advice: `If that place was only away for a while, run “fivefold verify --place "${place}"” first: it looks whether all is back. Else find out what happened there; when it can be trusted again, run “fivefold repair --even-so”. Another place is mended with --place.`,
  place,
})

/**
 * V4: where the first read of a card was wrong, its bytes got the camera's name and the right ones a numbered one, for nothing is ever
 * overwritten in an ingest. Both are known; the right ones may have their name now.
 */
export async function wrongReadsAt(
  program: Program,
  { place }: OnlinePlace,
  jobId: JobId | null,
): Promise<readonly DamagedCopy[]> {
  const { catalog } = program
  const found: DamagedCopy[] = []
  for (const job of await catalog.jobs()) {
    if (jobId !== null && job.id !== jobId) continue
    for (const roll of await catalog.rolls({ jobId: job.id })) {
      if (roll.secondRead !== 'differed') continue
      const corrected = (await catalog.rollFiles(roll.id)).filter(({ second }) => second?.finding === 'differed')
      const known = await catalog.knownByHash(corrected.flatMap(({ hash }) => (hash === null ? [] : [hash])))
      for (const original of known.values()) {
        const one = await wrongReadOf(program, place, original)
        if (one !== null) found.push(one)
      }
    }
  }
  return found
}

async function wrongReadOf(program: Program, place: Place, original: KnownOriginal): Promise<DamagedCopy | null> {
  const { hash, bytes } = original
  const here = original.copies.filter(({ placeId, latest }) => placeId === place.id && latest.finding === 'agreed')
  for (const { path: numberedPath } of here) {
    const path = withoutNumber(numberedPath)
    if (path === null) continue
    const wrong = (await program.catalog.fileFacts(path)).find(
      ({ hash: other, culled, copies }) =>
        other !== hash &&
        culled !== null &&
        culled.why.startsWith('a wrong read of ') &&
        copies.some((copy) => copy.placeId === place.id && copy.path === path && copy.latest.finding === 'agreed'),
    )
    if (wrong === undefined) continue
    const wrongRead = { hash: wrong.hash, numberedPath }
    return { placeId: place.id, placeName: place.name, path, hash, bytes, kind: 'overwritten', holds: null, wrongRead }
  }
  return null
}

/** `IMG_0001 (2).CR3` → `IMG_0001.CR3`; null for a name without a number. */
function withoutNumber(path: string): string | null {
  const plain = path.replace(/ \((?:[2-9]|[1-9]\d)\)(\.[^./]*)?$/, '$1')
  return plain === path ? null : plain
}
