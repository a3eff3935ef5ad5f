/**
 * Sends what the clouds lack: worked out from the copies each time, never remembered, so nothing can be forgotten. Work that is not
 * delivered goes first, the newest before the older. Each copy counts only when the service's own checksum, or a read-back, says so (V1).
 */
import type { KnownCopy, WhereGroup } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { Job } from '../domain/job.ts'
import type { Place, Role } from '../domain/place.ts'
import { keptUntilMs } from '../domain/policy.ts'
import { clockText, minutesUntilClosed, minutesUntilOpen } from '../domain/upload-window.ts'
import type { Cancel } from '../engine/contracts.ts'
import { Stop } from '../engine/stop.ts'
import type { FillRules, FilledPlace } from './fill-places.ts'
import { Filling } from './fill-places.ts'
import type { AskedPlace, OnlinePlace } from './identify-places.ts'
import { addressOf, identifyPlaces, onlineOf } from './identify-places.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { Hear, Program } from './program.ts'
import { suspectPlaces } from './suspect-places.ts'

export interface UploadWish {
  /** Null for every cloud. */
  readonly place: string | null
  /** Null for every job. */
  readonly job: string | null
  /** Also outside of the hours that the settings allow. */
  readonly now: boolean
  /** Stays until everything is there, or a person says stop: waits for the hours, and tries again what failed. */
  readonly wait: boolean
}

export interface UploadedPlace extends FilledPlace {
  readonly sentence: string
  /** ISO 8601: when to try again, where the service said so. */
  readonly retryAt: string | null
}

export interface UploadOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.upload/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly places: readonly UploadedPlace[]
  readonly seconds: number
}

/** From the PC before the NAS: it is nearer to the line. A drive in the safe is asked last, another cloud never before it. */
const nearest: readonly Role[] = ['second', 'library', 'drive', 'cloud']

/** What is there and bad is repair's to mend; what is not there, never was or no longer, is sent. */
const rules: FillRules = {
  kind: 'upload',
  nearest,
  lacks: (copiesHere: readonly KnownCopy[]) => copiesHere.every(({ latest }) => latest.finding === 'absent'),
}

const retryEveryMs = 5 * 60 * 1000

/** Fails with `not-set-up`, `not-found` or `service-busy` (outside of the hours), having sent nothing. */
export async function uploadCopies(
  program: Program,
  wish: UploadWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<UploadOutcome>> {
  const clouds = chooseClouds(program, wish)
  if (!clouds.ok) return clouds
  const jobs = await chooseJobs(program, wish)
  if (!jobs.ok) return jobs
  const startedMs = program.clock.monotonicMs()
  for (;;) {
    const closed = wish.now ? null : outsideOfHours(program)
    if (closed !== null && !wish.wait) return failed(closed.failure)
    if (closed !== null) await waitFor(program, closed.waitMs, closed.failure, hear, cancel)
    const hours = new Hours(program, wish, cancel)
    const places = await round(program, clouds.value, jobs.value, hear, hours.stop)
    hours.release()
    const outcome = conclude(program, places, startedMs, cancel)
    if (!wish.wait || outcome.outcome !== 'incomplete' || !mayHelpToWait(places)) return done(outcome)
    if (!hours.isOver)
      await waitFor(program, waitOf(places), { ...stillToDo, sentence: outcome.sentence }, hear, cancel)
    if (cancel.aborted) return done({ ...outcome, outcome: 'stopped' })
  }
}

function chooseClouds(program: Program, { place: name }: UploadWish): Result<readonly Place[]> {
  const clouds = program.settings.places.filter(({ role }) => role === 'cloud')
  if (clouds.length === 0)
    return failed({
      code: 'not-set-up',
      sentence: 'There is no cloud yet.',
      advice: 'Add one, for example with “fivefold place add cloud gdrive:Fivefold --name Drive”.',
    })
  if (name === null) return done(clouds)
  const place = findPlace(program, name)
  if (place === undefined) return failed(noSuchPlace(program, name))
  if (place.role === 'cloud') return done([place])
  return failed({
    code: 'wrong-usage',
    sentence: `“${place.name}” is no cloud, it is the ${place.role}.`,
    advice: `Name a cloud: ${clouds.map((cloud) => `“${cloud.name}”`).join(', ')}.`,
  })
}

async function chooseJobs(program: Program, { job: name }: UploadWish): Promise<Result<readonly Job[]>> {
  const all = name === null ? await program.catalog.jobs() : await program.catalog.findJobs(name)
  if (name !== null && all.length === 0)
    return failed({
      code: 'not-found',
      sentence: `There is no job called “${name}”.`,
      advice: '“fivefold job list” shows the jobs.',
    })
  // Undelivered work can't be shot again; of two, the newer has had less time to be copied.
  return done(
    all.toSorted(
      (a, b) =>
        Number(a.state !== 'open') - Number(b.state !== 'open') ||
        (a.shotOn < b.shotOn ? 1 : a.shotOn > b.shotOn ? -1 : b.createdAtMs - a.createdAtMs),
    ),
  )
}

interface Closed {
  readonly waitMs: number
  readonly failure: Failure
}

function outsideOfHours(program: Program): Closed | null {
  const { hours } = program.settings.upload
  const minutes = minutesUntilOpen(hours, program.localTime(program.clock.nowMs()))
  if (minutes === 0 || hours === 'any') return null
  return {
    waitMs: minutes * 60_000,
    failure: {
      code: 'service-busy',
      sentence: `Uploads run from ${clockText(hours.fromMinute)} to ${clockText(hours.toMinute)}, as the settings say.`,
      advice: 'Say --now to send at once, or --wait to stay until then.',
      retryAfterMs: minutes * 60_000,
    },
  }
}

const stillToDo: Failure = {
  code: 'service-busy',
  sentence: '',
  advice: 'It is tried again by itself. Ctrl-C ends it; what was sent stays.',
}

async function waitFor(program: Program, waitMs: number, failure: Failure, hear: Hear, cancel: Cancel): Promise<void> {
  const at = program.localTime(program.clock.nowMs() + waitMs).slice(11, 16)
  hear({
    type: 'said',
    card: 'upload',
    code: 'waiting',
    sentence: `${failure.sentence} It goes on at ${at}.`,
  })
  await program.clock.sleep(waitMs, cancel)
}

/** The hours of the upload: at their end a stop is said, and a file that is on its way goes on in the next ones. */
class Hours {
  readonly stop: Stop
  isOver = false
  readonly #timer = new Stop()

  constructor(program: Program, wish: UploadWish, cancel: Cancel) {
    this.stop = new Stop(cancel)
    const localTime = program.localTime(program.clock.nowMs())
    const minutes = wish.now ? null : minutesUntilClosed(program.settings.upload.hours, localTime)
    if (minutes !== null) void this.#close(program.clock, minutes * 60_000)
  }

  async #close(clock: Program['clock'], waitMs: number): Promise<void> {
    await clock.sleep(waitMs, this.#timer)
    if (this.#timer.aborted) return
    this.isOver = true
    this.stop.abort()
  }

  release(): void {
    this.#timer.abort()
    this.stop.release()
  }
}

async function round(
  program: Program,
  clouds: readonly Place[],
  jobs: readonly Job[],
  hear: Hear,
  cancel: Cancel,
): Promise<readonly UploadedPlace[]> {
  const mover = program.startMover()
  try {
    const asked = await identifyPlaces(program, mover, program.settings.places)
    const suspects = new Set((await suspectPlaces(program)).map(({ placeId }) => placeId))
    const online = onlineOf(asked).filter(({ place }) => !suspects.has(place.id))
    const groups = await program.catalog.whereabouts()
    const uploaded: UploadedPlace[] = []
    for (const cloud of clouds) {
      if (cancel.aborted) break
      const here = online.find(({ place }) => place.id === cloud.id)
      const wanted = jobs.filter((job) => mayStillGoUp(program, job))
      if (here === undefined) {
        uploaded.push(notReached(cloud, asked, lackingAt(cloud, wanted, groups).files))
        continue
      }
      await noteSeen(program, here)
      // What a killed run left half-sent and nobody goes on with is taken back, so that nothing is billed for it.
      await mover.sweep(addressOf(here.place))
      const queue = lackingAt(cloud, wanted, groups)
      if (queue.files > 0) hear({ type: 'phase', card: cloud.name, phase: 'upload', ...queue })
      const { bytesPerSecond } = program.settings.upload
      const filling = new Filling(program, mover, here, online, {
        ...rules,
        dryRun: false,
        hear,
        cancel,
        bytesPerSecond,
      })
      for (const job of wanted) await filling.fill(job)
      uploaded.push(told(program, await filling.conclude()))
    }
    return uploaded
  } finally {
    mover.end()
  }
}

const noteSeen = (program: Program, { place, identity }: OnlinePlace): Promise<void> =>
  program.catalog.notePlaceSeen({
    placeId: place.id,
    atMs: program.clock.nowMs(),
    device: identity.device,
    freeBytes: identity.freeBytes,
    totalBytes: identity.totalBytes,
    fsType: identity.limits.type,
  })

/** What may go from the cloud by rule is not sent there any more. */
function mayStillGoUp(program: Program, job: Job): boolean {
  const until = keptUntilMs(program.settings.policy, 'cloud', job)
  return until === null || program.clock.nowMs() < until
}

/** From the kept counts: how much the queue holds. */
function lackingAt(
  cloud: Place,
  jobs: readonly Job[],
  groups: readonly WhereGroup[],
): { readonly files: number; readonly bytes: number } {
  const wanted = new Set(jobs.map(({ id }) => id))
  const lacking = groups.filter(
    ({ jobId, copies }) => wanted.has(jobId) && !copies.some(({ placeId }) => placeId === cloud.id),
  )
  return {
    files: lacking.reduce((sum, { files }) => sum + files, 0),
    bytes: lacking.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function notReached(cloud: Place, asked: readonly AskedPlace[], lacking: number): UploadedPlace {
  const identity = asked.find(({ place }) => place.id === cloud.id)?.identity
  const because = identity === undefined || identity.kind === 'online' ? 'It did not answer.' : identity.sentence
  return {
    place: cloud.name,
    lacking,
    carried: 0,
    bytes: 0,
    withoutSource: 0,
    failures: [
      {
        code: 'place-unknown',
        sentence: `“${cloud.name}” could not be asked: ${because}`,
        advice: 'Run the same command again after that.',
        place: cloud.name,
      },
    ],
    sentence: `“${cloud.name}” could not be asked, and got nothing.`,
    retryAt: null,
  }
}

function told(program: Program, filled: FilledPlace): UploadedPlace {
  const { place, lacking, carried, withoutSource, failures } = filled
  const waits = failures.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]))
  const retryAtMs = waits.length === 0 ? null : program.clock.nowMs() + Math.max(...waits)
  const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`
  const left = lacking - carried
  const [first] = failures
  const sentence =
    lacking === 0
      ? `“${place}” has everything.`
      : left === 0
        ? `“${place}”: ${files(carried)} sent and proven.`
        : withoutSource === left
          ? `“${place}” still lacks ${files(left)}: no proven copy of ${left === 1 ? 'it' : 'them'} can be reached just now.`
          : `“${place}” still lacks ${files(left)}.${first === undefined ? '' : ` ${first.sentence}`}`
  return { ...filled, sentence, retryAt: retryAtMs === null ? null : new Date(retryAtMs).toISOString() }
}

function conclude(
  program: Program,
  places: readonly UploadedPlace[],
  startedMs: number,
  cancel: Cancel,
): UploadOutcome {
  const isWhole = places.every(({ lacking, carried, failures }) => carried >= lacking && failures.length === 0)
  return {
    type: 'result',
    schema: 'fivefold.upload/1',
    outcome: cancel.aborted ? 'stopped' : isWhole ? 'done' : 'incomplete',
    sentence: places.map(({ sentence }) => sentence).join(' '),
    places,
    seconds: Math.round(program.clock.monotonicMs() - startedMs) / 1000,
  }
}

/** A wrong password does not become right by waiting. */
const mayHelpToWait = (places: readonly UploadedPlace[]): boolean =>
  !places.every(({ failures }) =>
    failures.some(({ code }) => code === 'sign-in-needed' || code === 'service-refused' || code === 'host-unknown'),
  )

function waitOf(places: readonly UploadedPlace[]): number {
  const waits = places.flatMap(({ failures }) => failures.flatMap(({ retryAfterMs }) => retryAfterMs ?? []))
  return waits.length === 0 ? retryEveryMs : Math.max(...waits)
}
