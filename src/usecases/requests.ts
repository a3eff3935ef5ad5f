/**
 * Everything a person can ask for. Every face speaks to this one list: the command line today, the daemon and the page later, in
 * the same process or over a socket.
 */
import type { FileFacts } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Place } from '../domain/place.ts'
import type { Cancel } from '../engine/contracts.ts'
import type { FirstLook } from '../domain/first-look.ts'
import { lookAtVolume } from './look-at-volume.ts'
import type { KeyPolicy } from './show-key-policy.ts'
import { showKeyPolicy } from './show-key-policy.ts'
import type { AdoptOutcome, AdoptWish } from './adopt-folder.ts'
import { adoptFolder } from './adopt-folder.ts'
import type { CheckOutcome } from './check-folder.ts'
import { checkFolder } from './check-folder.ts'
import type { CheckedPlace } from './check-place.ts'
import { checkPlace } from './check-place.ts'
import type { Examination } from './examine.ts'
import { examine } from './examine.ts'
import type { IngestWish, PlannedIngest } from './ingest-card.ts'
import { ingestCard, planCard } from './ingest-card.ts'
import { noteClockGap } from './clock-gaps.ts'
import { keepCounts } from './keep-counts.ts'
import type { IngestOutcome } from './ingest-outcome.ts'
import type { JobStep, JobStepOutcome } from './deliver-job.ts'
import { stepJob } from './deliver-job.ts'
import type { LightroomKeepOutcome, LightroomKeepWish } from './keep-lightroom.ts'
import { keepLightroom } from './keep-lightroom.ts'
import type { LightroomCheckOutcome, LightroomCheckWish } from './match-lightroom.ts'
import { matchLightroom } from './match-lightroom.ts'
import type { CardSaid, RetireWish } from './keep-card.ts'
import { retireCard, seeCardAlarms, trustCard } from './keep-card.ts'
import type { CardLine, CardView, JobView } from './look-up.ts'
import { listCards, listJobs, showCards, showFile, showJob } from './look-up.ts'
import type { AddedPlace, PlaceWish } from './manage-places.ts'
import type { JobPictures } from './job-pictures.ts'
import { showPictures } from './job-pictures.ts'
import { listPlaces, removePlace } from './manage-places.ts'
import { markCulled } from './mark-culled.ts'
import type { NextCardAnswer } from './next-card.ts'
import { nextCard } from './next-card.ts'
import type { Hear, OpenWish, Program, SignInTalk } from './program.ts'
import type { PruneOutcome, PruneWish } from './prune-copies.ts'
import { pruneCopies } from './prune-copies.ts'
import type { RebuildOutcome, RebuildWish } from './rebuild-catalog.ts'
import { rebuildCatalog } from './rebuild-catalog.ts'
import type { RestorePreview } from './preview-restore.ts'
import type { RestoreWish } from './restore-files.ts'
import { planRestoreOnly, restoreFiles } from './restore-files.ts'
import type { RestoreOutcome } from './restore-outcome.ts'
import { gatherThumbnails } from './gather-thumbnails.ts'
import type { JobReport } from './job-report.ts'
import { makeReport } from './job-report.ts'
import type { JobStatus, PlaceStatus, Status } from './show-status.ts'
import { showStatus } from './show-status.ts'
import type { DriveUpdateOutcome } from './drive-outcome.ts'
import type { DrillOutcome, DrillWish } from './drill.ts'
import { drillPlaces } from './drill.ts'
import type { SignedIn, SignInWish } from './sign-in-place.ts'
import { addPlaceWhole, signInPlace } from './sign-in-place.ts'
import type { SignInQuestion } from './sign-in-questions.ts'
import { askSignIn } from './sign-in-questions.ts'
import type { UploadOutcome, UploadWish } from './upload-copies.ts'
import { uploadCopies } from './upload-copies.ts'
import type { DriveUpdateWish } from './update-drive.ts'
import { updateDrives } from './update-drive.ts'
import type { RepairedAndFilled } from './repair-and-fill.ts'
import { repairAndFill } from './repair-and-fill.ts'
import type { RepairWish } from './repair-copies.ts'
import type { VerifyOutcome, VerifyWish } from './verify-copies.ts'
import { verifyPlaces } from './verify-copies.ts'
import type { WhatIf } from './what-if.ts'
import { askWhatIf } from './what-if.ts'

/**
 * `look` never waits for a writer and never writes; `write` is for one at a time, but for what goes `beside` others, ingests and restores; `give-way`
 * writes too, and makes way for every other command that wants to.
 */
export type Access = 'look' | 'write' | 'beside' | 'give-way'

export interface Opened {
  readonly program: Program
  /** Aborted when another command wants to write: whoever gives way ends in order then, and closes. Otherwise never. */
  readonly wanted: Cancel
  close(): Promise<void>
}

/** Opens a home: settings, catalog and, for writing, its lock. `what` is told to whoever comes second. */
export type OpenProgram = (access: Access, what: string, wish?: OpenWish) => Promise<Result<Opened>>

export interface Requests {
  ingest(wishes: readonly IngestWish[], hear: Hear, cancel: Cancel): Promise<Result<readonly Result<IngestOutcome>[]>>
  planIngest(wish: IngestWish, cancel: Cancel): Promise<Result<PlannedIngest>>
  /** What is mounted there, by a glance: a card, a place of ours, or something else. */
  lookAtVolume(folder: string): Promise<Result<FirstLook>>
  status(): Promise<Result<Status>>
  listJobs(): Promise<Result<readonly JobStatus[]>>
  showJob(idOrName: string): Promise<Result<JobView>>
  stepJob(idOrName: string, step: JobStep): Promise<Result<JobStepOutcome>>
  listCards(): Promise<Result<readonly CardLine[]>>
  showCards(idOrLabel: string): Promise<Result<readonly CardView[]>>
  nextCard(): Promise<Result<NextCardAnswer>>
  retireCard(wish: RetireWish): Promise<Result<CardSaid>>
  trustCard(idOrLabel: string): Promise<Result<CardSaid>>
  seeCardAlarms(idOrLabel: string): Promise<Result<CardSaid>>
  showFile(pathOrHash: string): Promise<Result<readonly FileFacts[]>>
  cull(pathOrHash: string, culled: boolean): Promise<Result<number>>
  check(folder: string, hear: Hear, cancel: Cancel): Promise<Result<CheckOutcome>>
  adopt(wish: AdoptWish, hear: Hear, cancel: Cancel): Promise<Result<AdoptOutcome>>
  checkLightroom(wish: LightroomCheckWish): Promise<Result<LightroomCheckOutcome>>
  keepLightroom(wish: LightroomKeepWish, hear: Hear, cancel: Cancel): Promise<Result<LightroomKeepOutcome>>
  verify(wish: VerifyWish, hear: Hear, cancel: Cancel): Promise<Result<VerifyOutcome>>
  repair(wish: RepairWish, hear: Hear, cancel: Cancel): Promise<Result<RepairedAndFilled>>
  updateDrives(wish: DriveUpdateWish, hear: Hear, cancel: Cancel): Promise<Result<DriveUpdateOutcome>>
  upload(wish: UploadWish, hear: Hear, cancel: Cancel): Promise<Result<UploadOutcome>>
  prune(wish: PruneWish, hear: Hear, cancel: Cancel): Promise<Result<PruneOutcome>>
  /** Also while another command writes: then what is found of damaged copies is said, and not written down. */
  restore(wish: RestoreWish, hear: Hear, cancel: Cancel): Promise<Result<RestoreOutcome>>
  /** What `restore` would fetch, how long that takes, and what it costs. */
  previewRestore(wish: RestoreWish, cancel: Cancel): Promise<Result<RestorePreview>>
  rebuildCatalog(wish: RebuildWish, hear: Hear, cancel: Cancel): Promise<Result<RebuildOutcome>>
  drill(wish: DrillWish, hear: Hear, cancel: Cancel): Promise<Result<DrillOutcome>>
  /** The frozen record of one job, with the cameras' own small pictures when they are wanted. */
  report(idOrName: string, pictures: boolean): Promise<Result<ReportWithPictures>>
  /** The shots of a job, a page at a time, each with the camera’s own small picture where one can be read. */
  showPictures(idOrName: string, offset: number, count: number): Promise<Result<JobPictures>>
  addPlace(wish: PlaceWish): Promise<Result<AddedPlace>>
  askSignIn(name: string): Promise<Result<SignInQuestion>>
  signIn(wish: SignInWish, talk: SignInTalk, cancel: Cancel): Promise<Result<SignedIn>>
  removePlace(name: string): Promise<Result<Place>>
  listPlaces(): Promise<Result<readonly PlaceStatus[]>>
  showKeyPolicy(name: string): Promise<Result<KeyPolicy>>
  checkPlace(name: string): Promise<Result<CheckedPlace>>
  /** Without names: which single loss hurts most. */
  whatIf(lose: readonly string[]): Promise<Result<WhatIf>>
  examine(): Promise<Result<Examination>>
}

export interface ReportWithPictures {
  readonly report: JobReport
  /** By hash. */
  readonly thumbnails: ReadonlyMap<string, Uint8Array>
}

async function reportWith(program: Program, idOrName: string, pictures: boolean): Promise<Result<ReportWithPictures>> {
  const report = await makeReport(program, idOrName)
  if (!report.ok) return report
  const thumbnails = pictures
    ? await gatherThumbnails(program, report.value, (paths) => program.readThumbnails(paths))
    : new Map<string, Uint8Array>()
  return done({ report: report.value, thumbnails })
}

async function planIngestOnly(program: Program, wish: IngestWish, cancel: Cancel): Promise<Result<PlannedIngest>> {
  const mover = program.startMover()
  const reader = program.startPictureReader()
  try {
    return await planCard(program, mover, reader, wish, cancel)
  } finally {
    await reader.close()
    mover.end()
  }
}

type Act<Value> = (program: Program) => Promise<Result<Value>>

interface Openers {
  readonly opening: <Value>(
    access: Access,
    what: string,
    wish: OpenWish,
    act: (program: Program, wanted: Cancel) => Promise<Result<Value>>,
  ) => Promise<Result<Value>>
  readonly using: <Value>(access: Access, what: string, act: Act<Value>) => Promise<Result<Value>>
  /** The same for work that is heard: usually for writing. */
  readonly working: <Value>(what: string, hear: Hear, act: Act<Value>, access?: Access) => Promise<Result<Value>>
  readonly looking: <Value>(act: (program: Program) => Promise<Value>) => Promise<Result<Value>>
}

/** Each opens the home, acts, and closes it whatever happened. */
function makeOpeners(open: OpenProgram): Openers {
  const opening: Openers['opening'] = async (access, what, wish, act) => {
    const opened = await open(access, what, wish)
    if (!opened.ok) return opened
    const { program, wanted } = opened.value
    try {
      if (access !== 'look') await noteClockGap(program)
      const answer = await act(program, wanted)
      if (access !== 'look') await keepCounts(program)
      return answer
    } finally {
      await opened.value.close()
    }
  }
  return {
    opening,
    using: (access, what, act) => opening(access, what, {}, act),
    working: (what, hear, act, access = 'write') => {
      const tell = (sentence: string): void => hear({ type: 'said', card: 'fivefold', code: 'waiting', sentence })
      return opening(access, what, { tell }, act)
    },
    looking: (act) => opening('look', 'a look', {}, async (program) => done(await act(program))),
  }
}

export function makeRequests(open: OpenProgram): Requests {
  const openers = makeOpeners(open)
  const { opening, using, working } = openers
  return {
    ...looks(openers),
    ingest: (wishes, hear, cancel) =>
      working(
        `ingest ${wishes.map(({ card }) => card).join(' ')}`,
        hear,
        async (program) => done(await ingestAll(program, wishes, hear, cancel)),
        'beside',
      ),
    stepJob: (idOrName, step) => using('write', `job ${step}`, (program) => stepJob(program, idOrName, step)),
    retireCard: (wish) => using('write', 'card retire', (program) => retireCard(program, wish)),
    trustCard: (idOrLabel) => using('write', 'card trust', (program) => trustCard(program, idOrLabel)),
    seeCardAlarms: (idOrLabel) => using('write', 'card seen', (program) => seeCardAlarms(program, idOrLabel)),
    cull: (pathOrHash, culled) => using('write', 'file cull', (program) => markCulled(program, pathOrHash, culled)),
    adopt: (wish, hear, cancel) => working('adopt', hear, (program) => adoptFolder(program, wish, hear, cancel)),
    keepLightroom: (wish, hear, cancel) =>
      working('lightroom keep', hear, (program) => keepLightroom(program, wish, hear, cancel)),
    verify: (wish, hear, cancel) => working('verify', hear, (program) => verifyPlaces(program, wish, hear, cancel)),
    repair: (wish, hear, cancel) =>
      working('repair', hear, (program) => repairAndFill(program, wish, hear, cancel), wish.dryRun ? 'look' : 'write'),
    updateDrives: (wish, hear, cancel) =>
      working('drive update', hear, (program) => updateDrives(program, wish, hear, cancel)),
    upload: (wish, hear, cancel) =>
      uploadCopies((turn, act) => opening('give-way', 'upload', turn, act), wish, hear, cancel),
    prune: (wish, hear, cancel) =>
      working('prune', hear, (program) => pruneCopies(program, wish, hear, cancel), wish.apply ? 'write' : 'look'),
    restore: async (wish, hear, cancel) => {
      const restored = await working(
        'restore',
        hear,
        (program) => restoreFiles(program, wish, 'record', hear, cancel),
        'beside',
      )
      if (restored.ok || restored.failure.code !== 'home-busy') return restored
      return using('look', 'restore', (program) => restoreFiles(program, wish, 'look-only', hear, cancel))
    },
    rebuildCatalog: (wish, hear, cancel) =>
      working('restore --rebuild-catalog', hear, (program) => rebuildCatalog(program, wish, hear, cancel)),
    drill: (wish, hear, cancel) => working('drill', hear, (program) => drillPlaces(program, wish, hear, cancel)),
    addPlace: (wish) => using('write', 'place add', (program) => addPlaceWhole(program, wish)),
    signIn: (wish, talk, cancel) =>
      using('write', 'place sign-in', (program) => signInPlace(program, wish, talk, cancel)),
    removePlace: (name) => using('write', 'place remove', (program) => removePlace(program, name)),
  }
}

/** Those that only look, but for the kinds of work that write when they are told to. */
function looks({ using, looking }: Pick<Openers, 'using' | 'looking'>) {
  return {
    planIngest: (wish, cancel) => using('look', 'a dry run', (program) => planIngestOnly(program, wish, cancel)),
    previewRestore: (wish, cancel) => using('look', 'restore', (program) => planRestoreOnly(program, wish, cancel)),
    lookAtVolume: (folder) => using('look', 'a look', (program) => lookAtVolume(program, folder)),
    status: () => looking(showStatus),
    listJobs: () => looking(listJobs),
    showJob: (idOrName) => using('look', 'a look', (program) => showJob(program, idOrName)),
    listCards: () => looking(listCards),
    showCards: (idOrLabel) => using('look', 'a look', (program) => showCards(program, idOrLabel)),
    nextCard: () => looking(nextCard),
    showFile: (pathOrHash) => using('look', 'a look', (program) => showFile(program, pathOrHash)),
    check: (folder, hear, cancel) => using('look', 'check', (program) => checkFolder(program, folder, hear, cancel)),
    checkLightroom: (wish) => using('look', 'lightroom check', (program) => matchLightroom(program, wish)),
    report: (idOrName, pictures) => using('look', 'report', (program) => reportWith(program, idOrName, pictures)),
    showPictures: (idOrName, offset, count) =>
      using('look', 'a look', (program) => showPictures(program, idOrName, offset, count)),
    askSignIn: (name) => using('look', 'a look', (program) => askSignIn(program, name)),
    listPlaces: () => looking(listPlaces),
    showKeyPolicy: (name) => using('look', 'place policy', (program) => showKeyPolicy(program, name)),
    checkPlace: (name) => using('look', 'place check', (program) => checkPlace(program, name)),
    whatIf: (lose) => using('look', 'a look', (program) => askWhatIf(program, lose)),
    examine: () => looking(examine),
  } satisfies Partial<Requests>
}

/** Several cards at once, each with a mover of its own; a card in two readers' names is one card. */
async function ingestAll(
  program: Program,
  wishes: readonly IngestWish[],
  hear: Hear,
  cancel: Cancel,
): Promise<readonly Result<IngestOutcome>[]> {
  const roots = wishes.map(({ card }) => program.paths.absolute(card))
  return Promise.all(
    wishes.map((wish, index) =>
      roots.indexOf(roots[index] ?? '') < index
        ? Promise.resolve(failed(sameCardTwice(wish)))
        : program.turnOfCard(roots[index] ?? '', () => ingestCard(program, wish, hear, cancel)),
    ),
  )
}

const sameCardTwice = (wish: IngestWish): Failure => ({
  code: 'wrong-usage',
  sentence: `The card ${wish.card} was named twice.`,
  advice: 'Name each card once.',
})
