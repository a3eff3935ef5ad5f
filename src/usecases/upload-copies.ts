/**
 * Sends what the clouds lack: worked out from the copies each time, never remembered, so nothing can be forgotten. Work that is not
 * delivered goes first, the newest before the older. Each copy counts only when the service's own checksum, or a read-back, says so (V1).
 */
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { PlaceId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { Place } from '../domain/place.ts'
import { clockText, minutesUntilClosed, minutesUntilOpen } from '../domain/upload-window.ts'
import type { Cancel } from '../engine/contracts.ts'
import { Stop } from '../engine/stop.ts'
import { findPlace, noSuchPlace } from './manage-places.ts'
import type { Hear, OpenWish, Program } from './program.ts'
import type { SentSoFar, UploadedPlace } from './upload-round.ts'
import { sendRound } from './upload-round.ts'
import { mayHelpToWait, momentText } from './wait-for-cloud.ts'

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

export interface UploadOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.upload/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly places: readonly UploadedPlace[]
  readonly seconds: number
}

/** Opens the home for one round, and closes it again. Without `inTurn` it fails with `home-busy` while another command writes. */
export type OpenRound = (
  wish: OpenWish,
  act: (program: Program, wanted: Cancel) => Promise<Result<RoundEnd>>,
) => Promise<Result<RoundEnd>>

export interface RoundEnd {
  readonly outcome: UploadOutcome
  /** What is waited for until the next round; null when that was the last one. */
  readonly pause: (() => Promise<void>) | null
}

/**
 * Fails with `not-set-up`, `not-found`, `service-busy` (outside of the hours) or `home-busy`, having sent nothing. The home is open
 * only while something is sent: an upload that waits for its hours, or for a service, is in nobody's way, and one that sends makes
 * way for every other command and goes on after it.
 */
export async function uploadCopies(
  open: OpenRound,
  wish: UploadWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<UploadOutcome>> {
  const rounds = new Rounds(wish, hear, cancel)
  let last: UploadOutcome | null = null
  for (;;) {
    const ended = await open(rounds.openWish(), (program, wanted) => rounds.one(program, wanted))
    if (!ended.ok && ended.failure.code === 'stopped-by-person' && last !== null)
      return done({ ...last, outcome: 'stopped' })
    if (!ended.ok) return ended
    last = ended.value.outcome
    if (ended.value.pause === null) return done(last)
    await ended.value.pause()
    if (cancel.aborted) return done({ ...last, outcome: 'stopped' })
  }
}

/** What is kept between the rounds of one upload. */
class Rounds {
  readonly #wish: UploadWish
  readonly #hear: Hear
  readonly #cancel: Cancel
  readonly #soFar = new Map<PlaceId, SentSoFar>()
  #startedMs: number | null = null
  #madeWay = false
  /** In a row, without a file that was sent. */
  #idleRounds = 0

  constructor(wish: UploadWish, hear: Hear, cancel: Cancel) {
    this.#wish = wish
    this.#hear = hear
    this.#cancel = cancel
  }

  /** One that began stays; a first one that is not told to wait is refused as any other command is. */
  openWish(): OpenWish {
    const hasBegun = this.#startedMs !== null
    if (!hasBegun && !this.#wish.wait) return {}
    // Who made way has said so already.
    return { inTurn: this.#cancel, ...(this.#madeWay ? {} : { tell: (sentence) => this.#say('waiting', sentence) }) }
  }

  async one(program: Program, wanted: Cancel): Promise<Result<RoundEnd>> {
    const isFirst = this.#startedMs === null
    this.#startedMs ??= program.clock.monotonicMs()
    if (this.#madeWay) this.#say('going-on', 'The upload goes on.')
    this.#madeWay = false
    const clouds = chooseClouds(program, this.#wish)
    if (!clouds.ok) return clouds
    const jobs = await chooseJobs(program, this.#wish)
    if (!jobs.ok) return jobs
    const closed = this.#wish.now ? null : outsideOfHours(program)
    if (closed === null) return done(await this.#send(program, clouds.value, jobs.value, wanted))
    if (isFirst && !this.#wish.wait) return failed(closed.failure)
    const outcome = this.#outcome(program, clouds.value)
    return done({
      outcome,
      pause: this.#wish.wait ? this.#pause(program, closed.waitMs, closed.failure.sentence) : null,
    })
  }

  async #send(program: Program, clouds: readonly Place[], jobs: readonly Job[], wanted: Cancel): Promise<RoundEnd> {
    const [wish, cancel] = [this.#wish, this.#cancel]
    const sentBefore = this.#filesSent()
    const hours = new Hours(program, wish, cancel)
    const makeWay = (): void => {
      this.#madeWay = true
      this.#say('making-way', 'The upload makes way for another command, and goes on by itself after it.')
    }
    wanted.addEventListener('abort', makeWay, { once: true })
    if (wanted.aborted) makeWay()
    const soFar = (cloud: Place): SentSoFar => this.#soFarOf(cloud)
    await sendRound(program, { clouds, jobs, hear: this.#hear, stop: hours.stop, wanted, soFar })
    wanted.removeEventListener('abort', makeWay)
    hours.release()
    const outcome = this.#outcome(program, clouds)
    if (cancel.aborted) return { outcome, pause: null }
    if (this.#madeWay) return { outcome, pause: () => Promise.resolve() }
    if (!wish.wait || outcome.outcome === 'done') return { outcome, pause: null }
    if (hours.isOver) return { outcome, pause: () => Promise.resolve() }
    if (!mayHelp(outcome.places)) return { outcome, pause: null }
    this.#idleRounds = this.#filesSent() > sentBefore ? 0 : this.#idleRounds + 1
    const usualMs = Math.min(retryMaxMs, retryFirstMs * 2 ** Math.max(0, this.#idleRounds - 1))
    return { outcome, pause: this.#pause(program, this.#soonestMs(program, clouds) ?? usualMs, outcome.sentence) }
  }

  /** When the first cloud that said when to come back may be asked again; null while one that said nothing lacks something. */
  #soonestMs({ clock }: Program, clouds: readonly Place[]): number | null {
    const behind = clouds.map((cloud) => this.#soFarOf(cloud)).filter(({ last }) => last === null || !isWhole(last))
    if (behind.some(({ notBeforeMs }) => notBeforeMs === null)) return null
    return Math.min(...behind.map(({ notBeforeMs }) => Math.max(0, (notBeforeMs ?? 0) - clock.nowMs())))
  }

  /** By the clock on the wall, for a laptop that slept through it; by the other one too, for a clock that was set back. */
  #pause(program: Program, waitMs: number, why: string): () => Promise<void> {
    const { clock } = program
    const [untilMs, untilMonotonicMs] = [clock.nowMs() + waitMs, clock.monotonicMs() + waitMs]
    return async () => {
      this.#say('waiting', `${why} It goes on at ${momentText(program, waitMs)}.`)
      for (;;) {
        const leftMs = Math.min(untilMs - clock.nowMs(), untilMonotonicMs - clock.monotonicMs())
        if (leftMs <= 0 || this.#cancel.aborted) return
        await clock.sleep(Math.min(leftMs, lookAtClockEveryMs), this.#cancel)
      }
    }
  }

  #soFarOf({ id }: Place): SentSoFar {
    const known = this.#soFar.get(id)
    if (known !== undefined) return known
    const begun: SentSoFar = { carried: 0, bytes: 0, notesOwed: new Map(), notBeforeMs: null, last: null }
    this.#soFar.set(id, begun)
    return begun
  }

  #filesSent(): number {
    return [...this.#soFar.values()].reduce((sum, { carried }) => sum + carried, 0)
  }

  /** Of all rounds together; of what failed, only what failed when the cloud was last asked. */
  #outcome({ clock }: Program, clouds: readonly Place[]): UploadOutcome {
    const places = clouds.flatMap((cloud) => this.#soFarOf(cloud).last ?? [])
    const isDone = places.length === clouds.length && places.every(isWhole)
    return {
      type: 'result',
      schema: 'fivefold.upload/1',
      outcome: this.#cancel.aborted ? 'stopped' : isDone ? 'done' : 'incomplete',
      sentence: places.length === 0 ? 'Nothing was sent yet.' : places.map(({ sentence }) => sentence).join(' '),
      places,
      seconds: Math.round(clock.monotonicMs() - (this.#startedMs ?? clock.monotonicMs())) / 1000,
    }
  }

  #say(code: string, sentence: string): void {
    this.#hear({ type: 'said', card: 'upload', code, sentence })
  }
}

/** When nobody said when to try again: soon, and more rarely as long as nothing arrives. */
const retryFirstMs = 5 * 60 * 1000
const retryMaxMs = 60 * 60 * 1000
const lookAtClockEveryMs = 60 * 1000

const isWhole = ({ lacking, carried, failures }: UploadedPlace): boolean => carried >= lacking && failures.length === 0

/** A cloud that a person has to let us in at again does not become right by waiting; another one may. */
const mayHelp = (places: readonly UploadedPlace[]): boolean =>
  places.some(({ lacking, carried, failures }) => (carried < lacking || failures.length > 0) && mayHelpToWait(failures))

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
