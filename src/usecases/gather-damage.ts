/** What is there to mend? What the books say is looked at once more, so that nothing is done on an old belief. */
import type { CopyToCheck, KnownOriginal } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash, JobId, RunId } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import type { BadCopy } from '../domain/repair-plan.ts'
import { isMassChange } from '../domain/tell-change.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import type { AskedCopy } from './classify-findings.ts'
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
  if (copies.length > 0 && !wishes.evenSo && (await isSuspect(program, place, copies.length)))
    return failed(suspectFailure(place.name, copies.length))
  const teller = new ChangeTeller(program, mover, ground, cancel)
  const bad: DamagedCopy[] = []
  const failures: Failure[] = []
  let asked = 0
  let bytesRead = 0
  for (let first = 0; first < copies.length && !cancel.aborted; first += filesAtOnce) {
    const answers = await askAgain(mover, ground, copies.slice(first, first + filesAtOnce), failures, cancel)
    const told = await teller.tell(answers)
    if (wishes.runId !== null) await record(program, wishes.runId, place, answers, told.moved)
    asked += answers.length
    bytesRead += told.bytesRead
    for (const { report } of answers) if (report.kind === 'checked') bytesRead += report.bytesRead
    for (const { copy, finding } of told.tales) {
      const { path, hash, bytes } = copy
      if (finding.kind !== 'moved')
        bad.push({
          placeId: place.id,
          placeName: place.name,
          path,
          hash,
          bytes,
          kind: finding.kind,
          wrongRead: null,
        })
    }
    failures.push(...told.failures)
    if (failures.length > 0) break
  }
  return done({ bad, healed: asked - bad.length, bytesRead, failures })
}

async function askAgain(
  mover: Mover,
  { place }: OnlinePlace,
  copies: readonly CopyToCheck[],
  failures: Failure[],
  cancel: Cancel,
): Promise<readonly AskedCopy[]> {
  const answers: AskedCopy[] = []
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
  moved: Parameters<Program['catalog']['recordReports']>[0]['copies'],
): Promise<void> {
  const atMs = program.clock.nowMs()
  const copies = answers.flatMap(({ copy: { hash, path }, report }) => {
    if (report.kind === 'unknown') return []
    const { strength, finding, deviceId } = report
    return [{ hash, placeId: place.id, path, evidence: { atMs, strength, finding, deviceId } }]
  })
  await program.catalog.recordReports({ runId, reads: [], copies: [...copies, ...moved] })
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
  advice:
    'Find out first what happened there. When the place can be trusted again: fivefold repair --even-so. Another place is mended with --place.',
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
    return { placeId: place.id, placeName: place.name, path, hash, bytes, kind: 'overwritten', wrongRead }
  }
  return null
}

/** `IMG_0001 (2).CR3` → `IMG_0001.CR3`; null for a name without a number. */
function withoutNumber(path: string): string | null {
  const plain = path.replace(/ \((?:[2-9]|[1-9]\d)\)(\.[^./]*)?$/, '$1')
  return plain === path ? null : plain
}
