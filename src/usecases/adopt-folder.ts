/**
 * Takes in what somebody else already copied into a place, by content and without copying: Lightroom's own imports, an older tool's
 * folders. Each file is read once, past the cache, so that what is taken in is proven (V1). Nothing is written but our own notes.
 */
import { isLeftOut } from '../domain/left-out.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Job } from '../domain/job.ts'
import type { PlaceFile } from '../domain/place-listing.ts'
import { notThere } from '../domain/preflight.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import { cardsAtPlace } from './cards-at-place.ts'
import type { CardAtPlace } from './cards-at-place.ts'
import { firstShot } from './choose-job.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf, identifyPlaces, onlineOf } from './identify-places.ts'
import { layJobNotes } from './job-notes.ts'
import type { Hear, PictureReader, Program } from './program.ts'
import type { TakenIn } from './take-in-files.ts'
import { takeInFiles } from './take-in-files.ts'

export interface AdoptWish {
  readonly folder: string
  readonly job: string
  readonly client: string | null
}

export interface AdoptOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.adopt/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly job: string
  readonly place: string
  readonly files: TakenIn['counts']
  readonly conversions: TakenIn['conversions']
  /** Files under the names of originals that are not what the camera wrote. */
  readonly damaged: TakenIn['damaged']
  /** How many files of each card that is in use lie proven at this place now. */
  readonly cards: readonly CardAtPlace[]
  readonly failures: readonly Failure[]
}

/** Fails with `wrong-usage`, `not-found`, `listing-incomplete`, or what the place answers; then nothing was taken in. */
export async function adoptFolder(
  program: Program,
  wish: AdoptWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<AdoptOutcome>> {
  const mover = program.startMover()
  const reader = program.startPictureReader()
  try {
    const ground = await findGround(program, mover, wish)
    if (!ground.ok) return ground
    const { here, folder } = ground.value
    const listing = await mover.listPlace(addressOf(here.place), folder, cancel)
    if (!listing.ok) return listing
    if (!listing.value.complete) return failed(notWhole(here, folder, listing.value.unreadable))
    const files = listing.value.files.filter(({ path }) => !isLeftOut(path) && !isOurs(path))
    if (files.length === 0) return failed(nothingThere(wish.folder))
    const job = await chooseJob(program, reader, { wish, here, folder, files })
    if (!job.ok) return job
    const runId = await program.catalog.beginRun('adopt', { ...wish }, program.clock.nowMs())
    const taken = await takeInFiles(
      program,
      { mover, reader, here, job: job.value, folder, files, runId },
      hear,
      cancel,
    )
    const failures = [...taken.failures, ...(await layJobNotes(program, mover, [job.value.id], [here.place.id]))]
    const cards = await cardsAtPlace(program, here.place, taken.hashes)
    const outcome = conclude({ here, job: job.value, taken, failures, cards, isStopped: cancel.aborted })
    await program.catalog.endRun(runId, outcome.outcome, program.clock.nowMs())
    return done(outcome)
  } finally {
    await reader.close()
    mover.end()
  }
}

/** Where Fivefold keeps its own at a place: older versions, and what is on its way out. */
const ownFolder = '.fivefold'

/** The histories that lie beside the copies are ours, and no files of the job. */
const isOurs = (path: string): boolean => path.split('/').includes('ascmhl')

async function findGround(
  program: Program,
  mover: Mover,
  { folder }: AdoptWish,
): Promise<Result<{ readonly here: OnlinePlace; readonly folder: string }>> {
  const absolute = program.paths.absolute(folder)
  const asked = await identifyPlaces(program, mover, program.settings.places)
  for (const { place, identity } of asked) {
    if (!program.paths.isInside(absolute, place.address)) continue
    const [here] = onlineOf([{ place, identity }])
    if (here === undefined) {
      if (identity.kind !== 'online') return failed(notThere(place, identity))
      continue
    }
    const below = absolute
      .slice(place.address.length)
      .split(/[/\\]/)
      .filter((name) => name !== '')
    // What lies in the trash there is on its way out, and must never count as a copy (D1).
    if (below[0] === ownFolder) return failed(isOurOwn(absolute))
    return done({ here, folder: below.join('/') })
  }
  return failed({
    code: 'wrong-usage',
    sentence: `${absolute} lies in none of your places.`,
    advice:
      'Add the folder that holds it as a place first, such as “fivefold place add library FOLDER”. To look without taking in, use “fivefold check FOLDER”.',
  })
}

const isOurOwn = (folder: string): Failure => ({
  code: 'wrong-usage',
  sentence: `${folder} belongs to Fivefold itself: what lies there is no copy of yours.`,
  advice: 'Give the folder that holds the pictures.',
})

const notWhole = ({ place }: OnlinePlace, folder: string, [first]: readonly string[]): Failure => ({
  code: 'listing-incomplete',
  sentence: `The folder ${folder} at “${place.name}” could not be listed to the end${first === undefined ? '' : `: ${first} can’t be read`}.`,
  advice: 'Look whether you may read that folder, then run the same command again. Nothing was taken in.',
  place: place.name,
})

const nothingThere = (folder: string): Failure => ({
  code: 'not-found',
  sentence: `There are no files in ${folder}.`,
  advice: 'Give the folder that holds the pictures.',
})

interface NewJobFacts {
  readonly wish: AdoptWish
  readonly here: OnlinePlace
  readonly folder: string
  readonly files: readonly PlaceFile[]
}

/** The open job of that name, or a new one whose folder is the folder that is taken in. */
async function chooseJob(
  program: Program,
  reader: PictureReader,
  { wish, here, folder, files }: NewJobFacts,
): Promise<Result<Job>> {
  const { job: name, client } = wish
  const found = (await program.catalog.findJobs(name)).filter((one) => client === null || one.client === client)
  const known = found.find(({ state }) => state === 'open') ?? found[0]
  if (known !== undefined) return done(known)
  if (folder === '')
    return failed({
      code: 'wrong-usage',
      sentence: 'A new job can’t have the whole place as its folder.',
      advice: 'Give the folder of one job, such as one wedding.',
    })
  const owner = (await program.catalog.jobs()).find((job) => program.paths.isInside(folder, job.folder))
  if (owner !== undefined) return failed(isAnothers(folder, owner))
  const shotOn = (await firstShot(program, reader, here.place.address, files)).slice(0, 10)
  const createdAtMs = program.clock.nowMs()
  return done(await program.catalog.createJob({ name, client: client ?? '', folder, shotOn, createdAtMs }))
}

/** Two jobs with one folder would both carry its working files. */
const isAnothers = (folder: string, { name }: Job): Failure => ({
  code: 'wrong-usage',
  sentence: `The folder ${folder} belongs to the job “${name}” already.`,
  advice: `Run “fivefold adopt” with --job "${name}".`,
})

interface Adopted {
  readonly here: OnlinePlace
  readonly job: Job
  readonly taken: TakenIn
  readonly failures: readonly Failure[]
  readonly cards: readonly CardAtPlace[]
  readonly isStopped: boolean
}

function conclude(adopted: Adopted): AdoptOutcome {
  const { here, job, taken, failures, cards, isStopped } = adopted
  const { unread, damaged } = taken.counts
  const isWhole = failures.length === 0 && unread + damaged === 0 && taken.onlyCached === 0
  return {
    type: 'result',
    schema: 'fivefold.adopt/1',
    outcome: isStopped ? 'stopped' : isWhole ? 'done' : 'incomplete',
    sentence: say(adopted),
    job: job.name,
    place: here.place.name,
    files: taken.counts,
    conversions: taken.conversions,
    damaged: taken.damaged,
    cards,
    failures,
  }
}

function say({ here, job, taken, isStopped }: Adopted): string {
  const { copies, newOriginals, conversions, damaged, unread } = taken.counts
  const files = copies + newOriginals
  if (isStopped)
    return `Stopped: ${files} files were taken in so far. Run the same command again; what was read is not read again.`
  const what = `${files} ${files === 1 ? 'file is' : 'files are'} taken in at “${here.place.name}” for “${job.name}”`
  const parts = [
    taken.onlyCached > 0
      ? `${what}; ${taken.onlyCached} could be read back only from memory, which proves nothing.`
      : `${what}, proven by content: ${copies} known before, ${newOriginals} new.`,
  ]
  if (damaged > 0) parts.push(sayDamaged(taken.damaged))
  if (conversions === 1)
    parts.push('1 DNG file was converted from an original and is NOT the same: keep the camera’s own file too.')
  if (conversions > 1)
    parts.push(
      `${conversions} DNG files were converted from originals and are NOT the same: keep the camera’s own files too.`,
    )
  if (unread > 0) parts.push(`${unread} could not be read.`)
  return parts.join(' ')
}

const namesSaid = 3

function sayDamaged(paths: readonly string[]): string {
  const names = paths.slice(0, namesSaid).join(', ') + (paths.length > namesSaid ? ' …' : '')
  const are = paths.length === 1 ? '1 file is' : `${paths.length} files are`
  return `${are} NOT what the camera wrote (${names}): run “fivefold repair”.`
}
