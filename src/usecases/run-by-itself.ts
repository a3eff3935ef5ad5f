/**
 * Fivefold without a person: a card that comes in is copied at once, a drive is brought up to date, and what is due is done at the
 * machine's own pace. Everything goes through the same requests that a person has, so a card that comes while something else is at
 * work is never kept waiting by it, and whatever is cut off goes on the next time (J1).
 */
import type { Failure, Result } from '../domain/failure.ts'
import type { OwnWork, OwnWorkFacts, Tried } from '../domain/own-work.ts'
import { nextOwnWork } from '../domain/own-work.ts'
import { dayMs } from '../domain/policy.ts'
import type { UploadHours } from '../domain/upload-window.ts'
import type { Cancel, Clock } from '../engine/contracts.ts'
import { Stop } from '../engine/stop.ts'
import type { IngestOutcome } from './ingest-outcome.ts'
import type { Happening } from './program.ts'
import type { Requests } from './requests.ts'
import type { Status } from './show-status.ts'

/** A volume that is mounted now; the same folder mounted anew has another id. */
export interface Mounted {
  readonly id: string
  readonly folder: string
}

/** A sentence for the log, and for whoever looks on. */
export interface News {
  readonly code:
    | 'began'
    | 'card-came'
    | 'card-done'
    | 'card-undone'
    | 'card-gone'
    | 'place-came'
    | 'work-done'
    | 'work-undone'
    | 'said'
    | 'trouble'
  readonly sentence: string
  /** For programs; the outcome of an ingest, say. */
  readonly details?: unknown
  /** True for what was told before this process began: it stands in the log, and nobody is called for it. */
  readonly isOld?: boolean
}

export interface OwnSettings {
  /** `ask`: a person is told of a card, and copies it. */
  readonly cards: 'copy' | 'ask'
  /** Whether a volume that is mounted there is looked at. */
  isWatched(folder: string): boolean
  /** A card of which something was copied is let go of, once it is done. */
  readonly ejects: boolean
  readonly keepsLightroom: boolean
  readonly prunes: boolean
  readonly verifyBudgetMs: number | null
  readonly nights: UploadHours
}

export interface ByItselfWorld {
  readonly requests: Requests
  readonly clock: Clock
  localTime(atMs: number): string
  /** What is mounted now; null when the system can't be asked this time. */
  mounted(): Promise<readonly Mounted[] | null>
  /** Lets go of a card; `busy` when another program uses it. */
  eject(folder: string): Promise<'ejected' | 'busy' | 'not-here'>
  /** Somebody waits for what is at work; answers how not to be told any more. */
  onWanted(listener: () => void): () => void
  settings(): Promise<Result<OwnSettings>>
  tell(news: News): void
  /** Where things stand, each time it is asked for. */
  looked(status: Status): void
}

/** A card must be noticed within two seconds. */
const lookEveryMs = 1_000
/** What is due changes with the time, and with what others do. */
const workEveryMs = 5 * 60_000
/** A card that could not be copied to its end, and is still in, is tried again: first after some seconds, then ever more seldom. */
const againFirstMs = 10_000
const againMaxMs = 60 * 60_000

interface Inserted {
  readonly mounted: Mounted
  kind: 'unknown' | 'card' | 'place' | 'other'
  /** What goes on with it now. */
  busy: Promise<void> | null
  /** It was in when this process began. */
  readonly wasIn: boolean
  failures: number
  againAtMs: number | null
}

export async function runByItself(world: ByItselfWorld, cancel: Cancel): Promise<void> {
  const watch = new ByItself(world, cancel)
  await watch.run()
}

class ByItself {
  readonly #world: ByItselfWorld
  readonly #cancel: Cancel
  readonly #inserted = new Map<string, Inserted>()
  readonly #tried = new Map<OwnWork, Tried>()
  readonly #told = new Map<OwnWork, string | null>()
  #working: Promise<void> | null = null
  #workAtMs = 0
  #isFirstLook = true
  #driveCame = true
  #cloudMayLack = true

  constructor(world: ByItselfWorld, cancel: Cancel) {
    this.#world = world
    this.#cancel = cancel
  }

  async run(): Promise<void> {
    const { clock } = this.#world
    while (!this.#cancel.aborted) {
      await this.#lookAround()
      const nowMs = clock.nowMs()
      for (const one of this.#inserted.values())
        if (one.busy === null && one.againAtMs !== null && nowMs >= one.againAtMs) this.#begin(one)
      const isBusy = [...this.#inserted.values()].some(({ busy }) => busy !== null)
      // A clock that was set back must not put the work off for as long.
      if (this.#workAtMs - nowMs > workEveryMs) this.#workAtMs = nowMs
      if (this.#working === null && !isBusy && nowMs >= this.#workAtMs) this.#beginWork()
      await clock.sleep(lookEveryMs, this.#cancel)
    }
    await Promise.all([this.#working, ...[...this.#inserted.values()].map(({ busy }) => busy)])
  }

  async #lookAround(): Promise<void> {
    const now = await this.#world.mounted()
    if (now === null) return
    const ids = new Set(now.map(({ id }) => id))
    for (const [id, one] of this.#inserted) {
      if (ids.has(id)) continue
      this.#inserted.delete(id)
      if (one.kind === 'card' && one.busy !== null)
        this.#tell('card-gone', `The card at ${one.mounted.folder} was taken out. It goes on when it is back.`)
    }
    for (const mounted of now) {
      if (this.#inserted.has(mounted.id)) continue
      const one: Inserted = {
        mounted,
        kind: 'unknown',
        busy: null,
        wasIn: this.#isFirstLook,
        failures: 0,
        againAtMs: null,
      }
      this.#inserted.set(mounted.id, one)
      this.#begin(one)
    }
    this.#isFirstLook = false
  }

  #begin(one: Inserted): void {
    one.againAtMs = null
    one.busy = this.#receive(one)
      .catch((error: unknown) => this.#bug(error))
      .finally(() => {
        one.busy = null
      })
  }

  async #receive(one: Inserted): Promise<void> {
    const { folder } = one.mounted
    if (one.kind === 'unknown') {
      const settings = await this.#world.settings()
      if (settings.ok && !settings.value.isWatched(folder)) {
        one.kind = 'other'
        return
      }
      const looked = await this.#world.requests.lookAtVolume(folder)
      if (!looked.ok) return this.#again(one)
      one.kind = looked.value
    }
    if (one.kind === 'place') {
      this.#tell('place-came', `A drive with copies of yours is connected at ${folder}.`)
      this.#driveCame = true
      this.#workAtMs = 0
    }
    if (one.kind === 'card') await this.#card(one)
  }

  async #card(one: Inserted): Promise<void> {
    const { folder } = one.mounted
    const settings = await this.#world.settings()
    if (settings.ok && settings.value.cards === 'ask')
      this.#tell('card-came', `A card came in at ${folder}. Copy it with “fivefold ingest ${folder}”.`)
    else await this.#ingest(one)
  }

  async #ingest(one: Inserted): Promise<void> {
    const { folder } = one.mounted
    this.#tell('card-came', `A card came in at ${folder}.`)
    const wish = { card: folder, job: null, client: null }
    const answer = await this.#world.requests.ingest([wish], (happening) => this.#hear(happening), this.#cancel)
    const [result] = answer.ok ? answer.value : [answer]
    if (result === undefined) return
    this.#cloudMayLack = true
    this.#workAtMs = 0
    if (result.ok) await this.#concludeCard(one, result.value)
    else if (result.failure.code === 'not-a-card') one.kind = 'other'
    else this.#cardFailed(one, result.failure)
  }

  async #concludeCard(one: Inserted, ingested: IngestOutcome): Promise<void> {
    const { outcome, sentence, failures } = ingested
    if (outcome === 'stopped') return
    const details = { source: one.mounted.folder, ...ingested }
    const isOld = one.wasIn && outcome === 'done' && ingested.files.copied === 0
    const said = outcome === 'done' && ingested.files.copied > 0 ? await this.#letGo(one) : ''
    this.#world.tell({
      code: outcome === 'done' ? 'card-done' : 'card-undone',
      sentence: `${sentence}${said}`,
      details,
      isOld,
    })
    if (outcome === 'done') one.failures = 0
    else {
      for (const failure of failures) this.#tell('trouble', `${failure.sentence} ${failure.advice}`)
      this.#again(one)
    }
  }

  /**
   * Only what is done to its end, with both reads, and only where something was copied: a card that was put in for a look at old
   * pictures stays. Answers what is said of it.
   */
  async #letGo(one: Inserted): Promise<string> {
    const settings = await this.#world.settings()
    if (!settings.ok || !settings.value.ejects) return ''
    // It goes because we want it to: nobody is told that it was taken out.
    one.kind = 'other'
    const ejected = await this.#world.eject(one.mounted.folder)
    if (ejected === 'ejected') {
      // Whatever is mounted there next is new, even when the system gives it the same number between two looks.
      this.#inserted.delete(one.mounted.id)
      return ' It is ejected: take it out.'
    }
    return ejected === 'busy' ? ' It could not be ejected, because another program uses it.' : ''
  }

  #cardFailed(one: Inserted, failure: Failure): void {
    this.#tell('card-undone', `${failure.sentence} ${failure.advice}`)
    this.#again(one)
  }

  #again(one: Inserted): void {
    one.failures += 1
    one.againAtMs = this.#world.clock.nowMs() + Math.min(againMaxMs, againFirstMs * 2 ** (one.failures - 1))
  }

  #hear(happening: Happening): void {
    if (happening.type === 'said') this.#tell('said', happening.sentence)
    if (happening.type === 'trouble') this.#tell('trouble', `${happening.failure.sentence} ${happening.failure.advice}`)
  }

  #beginWork(): void {
    this.#workAtMs = this.#world.clock.nowMs() + workEveryMs
    this.#working = this.#work()
      .catch((error: unknown) => this.#bug(error))
      .finally(() => {
        this.#working = null
      })
  }

  /** One piece of work after the other, until nothing is left for now, or somebody else wants to work. */
  async #work(): Promise<void> {
    for (;;) {
      const facts = await this.#facts()
      const work = facts === null ? null : nextOwnWork(facts, this.#world.clock.nowMs())
      if (work === null || this.#cancel.aborted) return
      const stop = new Stop(this.#cancel)
      const release = this.#world.onWanted(() => stop.abort())
      try {
        await this.#do(work, stop)
      } finally {
        release()
        stop.release()
      }
      if (stop.aborted) return
    }
  }

  async #facts(): Promise<OwnWorkFacts | null> {
    const { requests, clock } = this.#world
    const [status, settings] = [await requests.status(), await this.#world.settings()]
    if (!status.ok || !settings.ok) return null
    this.#world.looked(status.value)
    const nowMs = clock.nowMs()
    return {
      ...settings.value,
      due: status.value.due.map(({ code, since }) => ({ code, sinceMs: Date.parse(since) })),
      driveWaits: drivesOf(status.value).some(
        ({ lastUpdated }) => this.#driveCame || lastUpdated === null || nowMs - Date.parse(lastUpdated) > dayMs,
      ),
      hasCloud: status.value.places.some(({ role }) => role === 'cloud'),
      cloudMayLack: this.#cloudMayLack,
      localTime: this.#world.localTime(nowMs),
      tried: this.#tried,
    }
  }

  async #do(work: OwnWork, stop: Stop): Promise<void> {
    const came = { cloud: this.#cloudMayLack, drive: this.#driveCame }
    // What comes in from now on is news again.
    if (work === 'upload') this.#cloudMayLack = false
    if (work === 'drive update') this.#driveCame = false
    const done = await this.#ask(work, stop)
    if (stop.aborted || !done.isDone) {
      if (work === 'upload') this.#cloudMayLack ||= came.cloud
      if (work === 'drive update') this.#driveCame ||= came.drive
    }
    // Whoever made way is no failure, and goes on at once when the other is done.
    if (stop.aborted) {
      this.#workAtMs = 0
      return
    }
    const undone = done.isDone ? 0 : (this.#tried.get(work)?.undone ?? 0) + 1
    this.#tried.set(work, { atMs: this.#world.clock.nowMs(), undone, retryAtMs: done.retryAtMs })
    // The same trouble is not told again at each try.
    if (done.sentence !== null && done.sentence !== this.#told.get(work))
      this.#tell(done.isDone ? 'work-done' : 'work-undone', done.sentence)
    this.#told.set(work, done.isDone ? null : done.sentence)
  }

  async #ask(work: OwnWork, stop: Stop): Promise<Did> {
    const { requests, clock } = this.#world
    const did = (answer: Parameters<typeof didAt>[1]): Did => didAt(clock.nowMs(), answer)
    const hear = (happening: Happening): void => this.#hear(happening)
    switch (work) {
      case 'drive update':
        return did(await requests.updateDrives({ name: null, acceptChanges: false, proveAll: false }, hear, stop))
      case 'upload': {
        const sent = await requests.upload({ place: null, job: null, now: false, wait: false }, hear, stop)
        if (!sent.ok) return did(sent)
        const retries = sent.value.places.flatMap(({ retryAt }) => (retryAt === null ? [] : [Date.parse(retryAt)]))
        const nothingToDo = sent.value.places.every(({ lacking, failures }) => lacking === 0 && failures.length === 0)
        return {
          ...did(sent),
          retryAtMs: retries.length === 0 ? null : Math.min(...retries),
          ...(nothingToDo ? { sentence: null } : {}),
        }
      }
      case 'lightroom keep':
        return did(await requests.keepLightroom({ catalog: null }, hear, stop))
      case 'verify': {
        const settings = await this.#world.settings()
        const budgetMs = settings.ok ? settings.value.verifyBudgetMs : null
        const verified = await requests.verify({ place: null, job: null, samplePercent: null, budgetMs }, hear, stop)
        // That the time was up leaves nothing undone: the next night goes on with what was proven longest ago.
        return { ...did(verified), isDone: verified.ok }
      }
      case 'drill':
        return did(await requests.drill({ place: null, sample: null, seed: null }, hear, stop))
      case 'prune':
        return did(
          await requests.prune({ place: null, apply: true, clockIsRight: false, emptyTrash: false }, hear, stop),
        )
    }
  }

  #bug(error: unknown): void {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#tell('trouble', `This is a fault of Fivefold; please report it. What is proven stays proven. ${trace}`)
  }

  #tell(code: News['code'], sentence: string): void {
    this.#world.tell({ code, sentence })
  }
}

interface Did {
  readonly isDone: boolean
  readonly sentence: string | null
  readonly retryAtMs: number | null
}

function didAt(nowMs: number, answer: Result<{ readonly outcome: string; readonly sentence: string }>): Did {
  if (answer.ok) return { isDone: answer.value.outcome === 'done', sentence: answer.value.sentence, retryAtMs: null }
  const { sentence, advice, retryAfterMs } = answer.failure
  return {
    isDone: false,
    sentence: `${sentence} ${advice}`,
    retryAtMs: retryAfterMs === undefined ? null : nowMs + retryAfterMs,
  }
}

const drivesOf = ({ places }: Status): Status['places'] =>
  places.filter(({ role, online }) => role === 'drive' && online)
