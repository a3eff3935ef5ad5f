/** What an ingest came to: the value behind `fivefold.ingest/1`, and the sentences a person reads. */
import type { RollRecord, WarningRecord } from '../catalog/catalog.ts'
import type { SecondRead } from '../domain/card.ts'
import type { Failure } from '../domain/failure.ts'
import type { PlaceId } from '../domain/ids.ts'
import type { Role } from '../domain/place.ts'
import type { PlanStep } from '../domain/plan.ts'
import type { Policy } from '../domain/policy.ts'
import type { FileResult, IngestResult } from '../engine/run-ingest.ts'
import type { PlannedIngest } from './ingest-card.ts'
import type { SecondReadResult } from './read-card-again.ts'

export interface IngestOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.ingest/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly job: string
  readonly card: string
  readonly cardId: string
  readonly roll: string
  readonly folder: string
  readonly files: {
    readonly onCard: number
    readonly copied: number
    readonly alreadyHad: number
    readonly leftOut: number
    readonly failed: number
  }
  readonly secondRead: SecondRead
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly seconds: number
  readonly places: readonly {
    readonly name: string
    readonly role: Role
    readonly proven: number
    readonly evidence: 'medium' | 'cached'
  }[]
  readonly warnings: readonly WarningRecord[]
  readonly failures: readonly Failure[]
  /** What a person reads first. */
  readonly sentence: string
}

interface Facts {
  readonly planned: PlannedIngest
  readonly roll: RollRecord
  readonly copied: IngestResult
  readonly second: SecondReadResult
  readonly warnings: readonly WarningRecord[]
  readonly manifestTrouble: readonly Failure[]
  readonly seconds: number
  readonly policy: Policy
}

export function concludeIngest(facts: Facts): IngestOutcome {
  const { planned, roll, copied, second } = facts
  const required = planned.places.filter(({ role }) => facts.policy.copies.required.includes(role)).map(({ id }) => id)
  const steps = new Map(planned.plan.steps.map((step) => [step.file.path, step]))
  const isDoneBefore = (file: FileResult): boolean => steps.get(file.file.path)?.do === 'nothing'
  const isProven = (file: FileResult): boolean => isDoneBefore(file) || required.every((id) => isAt(steps, file, id))
  const proven = copied.files.filter(isProven)
  const had = proven.filter((file) => isDoneBefore(file) || file.written.size === 0)
  const notCopied = planned.card.listing.leftOut.filter(({ why }) => why === 'name-not-unicode').length
  const failedFiles = copied.files.filter((file) => !isProven(file))
  const files = {
    onCard: copied.files.length + notCopied,
    copied: proven.length - had.length,
    alreadyHad: had.length,
    leftOut: planned.card.listing.leftOut.reduce(
      (sum, { files, why }) => sum + (why === 'name-not-unicode' ? 0 : files),
      0,
    ),
    failed: failedFiles.length + notCopied,
  }
  const failures = [
    ...firstOfEach([
      ...copied.lostPlaces.values(),
      copied.lostCard,
      ...failedFiles.flatMap((file) => file.failures.slice(-1)),
    ]),
    ...facts.manifestTrouble,
  ]
  const outcome =
    copied.cancelled || second.stopped
      ? 'stopped'
      : files.failed > 0 ||
          second.state === 'differed' ||
          second.failed ||
          copied.lostPlaces.size > 0 ||
          facts.manifestTrouble.length > 0
        ? 'incomplete'
        : 'done'
  return {
    type: 'result',
    schema: 'fivefold.ingest/1',
    outcome,
    job: roll.jobId,
    card: planned.card.signs.label,
    cardId: roll.cardId,
    roll: roll.name,
    folder: roll.folder,
    files,
    secondRead: second.state,
    bytesRead: copied.files.reduce((sum, file) => sum + file.bytesRead, 0) + second.bytesRead,
    bytesWritten: copied.files.reduce((sum, file) => sum + file.bytesWritten, 0),
    seconds: Math.round(facts.seconds * 100) / 100,
    places: planned.places.map(({ id, name, role, identity }) => ({
      name,
      role,
      proven: copied.files.filter((file) => isAt(steps, file, id)).length,
      evidence: identity.readBack,
    })),
    warnings: [
      ...facts.warnings,
      ...secondReadWarning(second),
      ...renamedWarnings(copied),
      ...twinWarning(copied),
      ...triedAgain(proven),
    ],
    failures,
    sentence: sentenceFor({ outcome, files, planned, copied, second, onlyCached: failedFiles.every(isOnlyCached) }),
  }
}

/** Said as soon as the copies are proven, before the card is read again. */
export function sayCopied(planned: PlannedIngest, copied: IngestResult, willBeReadAgain: boolean): string {
  const steps = new Map(planned.plan.steps.map((step) => [step.file.path, step]))
  const proven = copied.files.filter((file) => planned.places.every(({ id }) => isAt(steps, file, id))).length
  const places = named(planned.places)
  const next = willBeReadAgain ? ' Leave the card in: it is read a second time.' : ''
  if (proven < copied.files.length) return `${proven} of ${copied.files.length} files are proven at ${places}.${next}`
  return `${proven === 1 ? 'The one file is' : `All ${proven} files are`} proven at ${places}.${next}`
}

const isOnlyCached = ({ failures }: FileResult): boolean =>
  failures.length > 0 && failures.every(({ code }) => code === 'not-proven')

/** Proven at that place: in this run, or before it, when the plan did not even ask for it. */
function isAt(steps: ReadonlyMap<string, PlanStep>, result: FileResult, id: PlaceId): boolean {
  if (result.proven.has(id)) return true
  const step = steps.get(result.file.path)
  if (step === undefined) return false
  return step.do === 'nothing' ? step.because === 'already-proven' : !step.to.some(({ placeId }) => placeId === id)
}

function firstOfEach(failures: readonly (Failure | null)[]): Failure[] {
  const seen = new Map<string, Failure>()
  for (const failure of failures)
    if (failure !== null && !seen.has(`${failure.code} ${failure.place ?? ''} ${failure.path ?? ''}`))
      seen.set(`${failure.code} ${failure.place ?? ''} ${failure.path ?? ''}`, failure)
  return [...seen.values()]
}

function secondReadWarning(second: SecondReadResult): WarningRecord[] {
  if (second.because === null) return []
  return [
    { path: '', code: 'second-read-not-done', sentence: `The card was not read a second time: ${second.because}.` },
  ]
}

/** The same pictures on two cards are good news, and worth knowing when one wonders where the second card's copies are. */
function twinWarning(copied: IngestResult): WarningRecord[] {
  const twins = copied.files.filter(({ isTwin }) => isTwin).length
  if (twins === 0) return []
  const what = twins === 1 ? '1 picture is' : `${twins} pictures are`
  return [
    {
      path: '',
      code: 'twins',
      sentence: `${what} known already, from another card or a folder that was taken in, and not copied twice.`,
    },
  ]
}

/** What worked only at the second try is not hidden: a card or drive may be going bad. */
const triedAgain = (proven: readonly FileResult[]): WarningRecord[] =>
  proven.flatMap(({ file, failures }) => {
    const [first] = failures
    if (first === undefined) return []
    return [
      { path: file.path, code: 'tried-again', sentence: `${file.path} needed more than one try: ${first.sentence}` },
    ]
  })

const renamedWarnings = (copied: IngestResult): WarningRecord[] =>
  copied.files.flatMap(({ file, renamed }) =>
    renamed.map(({ path }) => ({
      path: file.path,
      code: 'name-taken',
      sentence: `Another file has the name of ${file.path} already; both are kept, this one as ${path}.`,
    })),
  )

const named = (places: readonly { readonly name: string }[]): string =>
  places.map(({ name }) => `“${name}”`).join(' and ')

/** Only what is true of a place is said of it: those where every file that counts is proven, and those where some are not. */
function whereAllIs(
  planned: PlannedIngest,
  copied: IngestResult,
): { readonly all: PlannedIngest['places']; readonly notAll: PlannedIngest['places'] } {
  const steps = new Map(planned.plan.steps.map((step) => [step.file.path, step]))
  const isCulled = ({ file }: FileResult): boolean => {
    const step = steps.get(file.path)
    return step?.do === 'nothing' && step.because === 'culled'
  }
  const holdsAll = ({ id }: PlannedIngest['places'][number]): boolean =>
    copied.files.every((file) => isCulled(file) || isAt(steps, file, id))
  return { all: planned.places.filter(holdsAll), notAll: planned.places.filter((place) => !holdsAll(place)) }
}

interface SentenceFacts {
  readonly outcome: IngestOutcome['outcome']
  readonly files: IngestOutcome['files']
  readonly planned: PlannedIngest
  readonly copied: IngestResult
  readonly second: SecondReadResult
  readonly onlyCached: boolean
}

function sentenceFor({ outcome, files, planned, copied, second, onlyCached }: SentenceFacts): string {
  const card = `“${planned.card.signs.label}”`
  if (outcome === 'stopped') return `Stopped. What is proven stays proven; run the same command again to go on.`
  if (second.state === 'differed') return `Keep card ${card} as it is: two reads of it gave different bytes.`
  if (files.failed > 0 && onlyCached)
    return `NOT proven: ${files.failed} of ${files.onCard} files of card ${card} were copied, but could be read back only from this computer’s memory, which proves nothing. Keep the card; “fivefold doctor” tells what can be done.`
  if (files.failed > 0)
    return `NOT done: ${files.failed} of ${files.onCard} files of card ${card} are not proven yet. Keep the card, and run the same command again.`
  const { all, notAll } = whereAllIs(planned, copied)
  const what = files.onCard === 1 ? 'The file' : `All ${files.onCard} files`
  const proven = `${what} of card ${card} ${files.onCard === 1 ? 'is' : 'are'} proven at ${named(all)}`
  if (notAll.length > 0) return `${proven}, but NOT at ${named(notAll)}. Keep the card, and run the same command again.`
  if (second.state === 'agreed') return `${proven}, and the card was read twice: you may pull it. Don’t format it yet.`
  return `${proven}, but the card was not read a second time: keep it${second.failed ? ', and run the same command again' : ''}.`
}
