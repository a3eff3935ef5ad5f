/**
 * Copies one card to every local place in one read, and proves it. Start reading here: recognise → ask the places → choose the job →
 * plan → copy and prove → record → lay the manifests → read the card again, and look at the pictures meanwhile → say what is.
 */
import type { RollRecord, WarningRecord } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { JobId, RunId } from '../domain/ids.ts'
import { fillTemplate, noFacts } from '../domain/folder-names.ts'
import type { IngestPlan } from '../domain/plan.ts'
import { planIngest } from '../domain/plan.ts'
import type { PreflightAnswer, PreflightWarning } from '../domain/preflight.ts'
import { checkPlaces, checkRoom, gigabytes } from '../domain/preflight.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import type { IngestResult } from '../engine/run-ingest.ts'
import { runIngest } from '../engine/run-ingest.ts'
import type { ChosenJob, JobWish } from './choose-job.ts'
import { chooseJob } from './choose-job.ts'
import { gatherKnown, takenNames } from './gather-known.ts'
import type { IngestOutcome } from './ingest-outcome.ts'
import { concludeIngest, sayCopied } from './ingest-outcome.ts'
import { identifyPlaces, addressOf } from './identify-places.ts'
import { layJobNotes } from './job-notes.ts'
import { markLastWriter } from './last-writer.ts'
import { layManifests } from './lay-manifests.ts'
import type { GoneCopy, LookAtCopies } from './look-before-believing.ts'
import { goneRecords, lookAtCopies } from './look-before-believing.ts'
import { lookAtPictures } from './look-at-pictures.ts'
import { nameByTemplate } from './name-by-template.ts'
import type { Hear, PictureReader, Program } from './program.ts'
import type { SecondReadResult } from './read-card-again.ts'
import { readCardAgain } from './read-card-again.ts'
import type { RecognisedCard } from './recognise-card.ts'
import { recogniseInserted, saveRecognised, sayEvents } from './recognise-card.ts'
import { makeRecorder } from './record-reports.ts'

export interface IngestWish extends JobWish {
  readonly card: string
}

/** Everything that is decided before the first byte; `--dry-run` shows it. */
export interface PlannedIngest {
  readonly card: RecognisedCard
  readonly job: ChosenJob
  readonly places: PreflightAnswer['ready']
  readonly plan: IngestPlan
  /** Copies in the books that were not there any more, or cut, when they were looked at. */
  readonly gone: readonly GoneCopy[]
  /** Of the places, and of what became of the card since it was seen. */
  readonly warnings: readonly (PreflightWarning | WarningRecord)[]
}

/** Fails, having changed nothing, when it would not be safe to begin. */
export async function planCard(
  program: Program,
  mover: Mover,
  reader: PictureReader,
  wish: IngestWish,
  cancel: Cancel,
): Promise<Result<PlannedIngest>> {
  const recognised = await recogniseInserted(program, mover, wish.card, cancel)
  if (!recognised.ok) return recognised
  const card = recognised.value
  // The first pictures are looked at while the places are asked: both take their time, and neither needs the other.
  const choosing = chooseJob(program, reader, card, wish)
  // When the places refuse, nobody waits for it any more.
  choosing.catch(() => undefined)
  const ingestPlaces = program.settings.places.filter(({ role }) => role === 'library' || role === 'second')
  const checked = checkPlaces({
    cardRoot: card.signs.root,
    places: await identifyPlaces(program, mover, ingestPlaces),
    policy: program.settings.policy,
    isInside: (inner, outer) => program.paths.isInside(inner, outer),
  })
  const [refusal] = checked.refusals
  if (refusal !== undefined) return failed(refusal)
  const job = await choosing
  const folder = rollFolder(program, card, job)
  const places = checked.ready.map(({ id, name, identity }) => ({ id, name, limits: identity.limits }))
  const gone: GoneCopy[] = []
  const lookAt = lookAtCopies(
    mover,
    checked.ready.map((place) => ({ place, identity: place.identity })),
  )
  const look: LookAtCopies = async (copies) => {
    const found = await lookAt(copies)
    gone.push(...found)
    return found
  }
  const plan = planIngest({
    folder,
    files: card.listing.files,
    leftOut: card.listing.leftOut,
    known: await gatherKnown(program, card, look),
    places,
    renamed: await nameByTemplate(program, reader, card, job, folder),
    taken: await takenNames(program, places, folder),
  })
  const [tooSmall] = checkRoom(plan, checked.ready)
  if (tooSmall !== undefined) return failed(tooSmall)
  return done({ card, job, places: checked.ready, plan, gone, warnings: [...sayEvents(card), ...checked.warnings] })
}

/** The folder of the roll; the number of a new roll is only known when it begins, and the catalog hands it out then. */
function rollFolder(program: Program, card: RecognisedCard, job: ChosenJob): string {
  if (card.told.kind === 'same' && card.last !== null) return card.last.roll.folder
  return folderOfRoll(program, card, job, newRollName)
}

/** Stands in the plan for the number that the catalog gives. */
const newRollName = 'NEW-ROLL'

function folderOfRoll(program: Program, card: RecognisedCard, job: ChosenJob, roll: string): string {
  const { folder, name, client } = job.kind === 'known' ? job.job : job
  const facts = { ...noFacts, job: name, client, card: card.signs.label, roll }
  return `${folder}/${fillTemplate(program.settings.names.roll, facts)}`
}

/** Copies and proves one card, and waits for the second read. Fails only when it refused to begin. */
export async function ingestCard(
  program: Program,
  wish: IngestWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<IngestOutcome>> {
  const mover = program.startMover()
  const reader = program.startPictureReader()
  const startedAtMs = program.clock.monotonicMs()
  try {
    const begun = await program.takeTurn(async (first) => {
      const planned = await planCard(program, mover, reader, wish, cancel)
      if (!planned.ok) return planned
      if (first) await sweepPlaces(program, mover, planned.value)
      return done(await beginIngest(program, planned.value))
    })
    // The reader of camera data is not needed until the copies are proven, and takes memory meanwhile; it starts again by itself.
    await reader.close()
    if (!begun.ok) return begun
    const label = begun.value.planned.card.signs.label
    hear({ type: 'said', card: label, code: 'card', sentence: sayCard(begun.value) })
    for (const { code, sentence } of begun.value.planned.warnings) hear({ type: 'said', card: label, code, sentence })
    return done(await runBegun(program, { mover, reader }, begun.value, startedAtMs, hear, cancel))
  } finally {
    await reader.close()
    mover.end()
  }
}

function sayCard({ planned, roll }: BegunIngest): string {
  const { card, job } = planned
  const bytes = card.listing.files.reduce((sum, file) => sum + file.bytes, 0)
  const name = job.kind === 'known' ? job.job.name : job.name
  const what = card.told.kind === 'same' ? 'seen before' : 'a new roll'
  return `Card “${card.signs.label}” (${what}): ${card.listing.files.length} files, ${gigabytes(bytes)}, for job “${name}” as roll ${roll.name}.`
}

interface Hands {
  readonly mover: Mover
  readonly reader: PictureReader
}

async function runBegun(
  program: Program,
  { mover, reader }: Hands,
  begun: BegunIngest,
  startedAtMs: number,
  hear: Hear,
  cancel: Cancel,
): Promise<IngestOutcome> {
  const { catalog, settings, clock } = program
  const { planned, roll, runId } = begun
  const label = planned.card.signs.label
  const copied = await copyPlanned(program, mover, begun, hear, cancel)
  const whole = copied.lostCard === null && !copied.cancelled
  if (planned.plan.steps.some((step) => step.do !== 'nothing'))
    hear({
      type: 'said',
      card: label,
      code: 'copied',
      sentence: sayCopied(planned, copied, whole && settings.policy.cards.secondRead),
    })
  const looking =
    whole && settings.lookAtPictures ? lookAtPictures(program, mover, reader, begun, copied) : Promise.resolve([])
  const manifestTrouble = await layManifests(program, mover, planned, roll, copied)
  for (const failure of manifestTrouble) hear({ type: 'trouble', card: label, failure })
  const second = whole ? await readCardAgain(program, mover, { begun, copied }, hear, cancel) : notEvenBegun
  const warnings = [...sayEvents(planned.card), ...planned.plan.warnings, ...(await looking)]
  await catalog.saveWarnings(roll.id, warnings)
  // A person who said stop does not wait for notes at a place that may be the one that hangs (J2); the next run lays them.
  const noteTrouble = cancel.aborted ? [] : await layNotes(program, mover, begun, copied)
  for (const failure of noteTrouble) hear({ type: 'trouble', card: label, failure })
  const seconds = (clock.monotonicMs() - startedAtMs) / 1000
  const outcome = concludeIngest({
    planned,
    roll,
    copied,
    second,
    warnings,
    manifestTrouble: [...manifestTrouble, ...noteTrouble],
    seconds,
    policy: settings.policy,
  })
  if (outcome.outcome === 'done' && second.state === 'agreed')
    hear({
      type: 'said',
      card: label,
      code: 'read-twice',
      sentence: `Card “${label}” was read twice, and both reads agree: it may be pulled.`,
    })
  await catalog.endRun(runId, outcome.outcome, clock.nowMs())
  return outcome
}

/** The note from which a catalog can be rebuilt, and who wrote at the places last. Answers what went wrong. */
async function layNotes(
  program: Program,
  mover: Mover,
  { planned, jobId }: BegunIngest,
  copied: IngestResult,
): Promise<readonly Failure[]> {
  const there = planned.places.filter(({ id }) => !copied.lostPlaces.has(id))
  const ids = there.map(({ id }) => id)
  const failures = await layJobNotes(program, mover, [jobId], ids)
  await markLastWriter(
    program,
    mover,
    there.map((place) => ({ place, identity: place.identity })),
  )
  return failures
}

const notEvenBegun: SecondReadResult = {
  state: 'not-done',
  because: 'the first read did not end',
  bytesRead: 0,
  stopped: false,
  failed: false,
  suspect: [],
}

export interface BegunIngest {
  readonly planned: PlannedIngest
  readonly runId: RunId
  readonly roll: RollRecord
  readonly jobId: JobId
  /** The plan with the roll's true folder. */
  readonly plan: IngestPlan
}

async function beginIngest(program: Program, planned: PlannedIngest): Promise<BegunIngest> {
  const { catalog } = program
  const { card, job } = planned
  const atMs = program.clock.nowMs()
  const saved = await saveRecognised(program, card, atMs)
  const jobId =
    job.kind === 'known'
      ? job.job.id
      : (
          await catalog.createJob({
            name: job.name,
            client: job.client,
            folder: job.folder,
            shotOn: job.shotOn,
            createdAtMs: atMs,
          })
        ).id
  const roll =
    card.told.kind === 'same' && card.last !== null
      ? card.last.roll
      : await catalog.beginRoll({
          cardId: saved.id,
          jobId,
          label: card.signs.label,
          atMs,
          folderOf: (name) => folderOfRoll(program, card, job, name),
        })
  await catalog.addRollFiles(roll.id, card.listing.files)
  await catalog.saveLeftOut(roll.id, card.listing.leftOut)
  for (const place of planned.places)
    await catalog.notePlaceSeen({
      placeId: place.id,
      atMs,
      device: place.identity.device,
      freeBytes: place.identity.freeBytes,
      totalBytes: place.identity.totalBytes,
      fsType: place.identity.limits.type,
    })
  const runId = await catalog.beginRun('ingest', { card: card.signs.root, job: jobId, roll: roll.id }, atMs)
  if (planned.gone.length > 0)
    await catalog.recordReports({ runId, reads: [], copies: goneRecords(planned.gone, atMs) })
  return { planned, runId, roll, jobId, plan: inFolder(planned.plan, roll.folder) }
}

function inFolder(plan: IngestPlan, folder: string): IngestPlan {
  if (plan.folder === folder) return plan
  const steps = plan.steps.map((step) => {
    if (step.do === 'nothing') return step
    return {
      ...step,
      to: step.to.map(({ placeId, path }) => ({ placeId, path: folder + path.slice(plan.folder.length) })),
    }
  })
  return { ...plan, folder, steps }
}

/**
 * What an interrupted run left under temporary names is invisible, but takes room. Called before this program has begun any run:
 * every run that has no end was interrupted, and no temporary file belongs to work that goes on.
 */
async function sweepPlaces(program: Program, mover: Mover, planned: PlannedIngest): Promise<void> {
  const interrupted = await program.catalog.interruptedRuns()
  for (const place of planned.places) await mover.sweep(addressOf(place))
  for (const run of interrupted) await program.catalog.endRun(run.id, 'interrupted', program.clock.nowMs())
}

async function copyPlanned(
  program: Program,
  mover: Mover,
  begun: BegunIngest,
  hear: Hear,
  cancel: Cancel,
): Promise<IngestResult> {
  const { planned } = begun
  const card = planned.card.signs.label
  const toDo = begun.plan.steps.filter((step) => step.do !== 'nothing')
  const bytes = toDo.reduce((sum, { file }) => sum + file.bytes, 0)
  hear({ type: 'phase', card, phase: 'copy', files: toDo.length, bytes })
  return runIngest(
    {
      cardRoot: planned.card.signs.root,
      places: planned.places.map((place) => ({ ...addressOf(place), limits: place.identity.limits })),
      steps: begun.plan.steps,
    },
    {
      mover,
      record: makeRecorder(program, begun),
      progress: (progress) => hear({ type: 'progress', card, phase: 'copy', ...progress }),
      tell: (failure: Failure) => hear({ type: 'trouble', card, failure }),
    },
    cancel,
  )
}
