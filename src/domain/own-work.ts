/**
 * What a Fivefold that runs by itself does next when no card is in. Pure: what is due, what was tried, and the time in; one piece of
 * work out. Nothing here mends, and nothing removes unless a person allowed that once and for all: those are their words.
 */
import type { DueCode } from './due-facts.ts'
import { dayMs } from './policy.ts'
import type { UploadHours } from './upload-window.ts'
import { minutesUntilOpen } from './upload-window.ts'

/** In the order in which they come when several could be done. */
export const ownWorks = ['drive update', 'upload', 'lightroom keep', 'verify', 'drill', 'prune'] as const
export type OwnWork = (typeof ownWorks)[number]

/** How the last try of one kind of work went, in this process. */
export interface Tried {
  readonly atMs: number
  /** Tries in a row that did not come to their end. */
  readonly undone: number
  /** Not before: what the service or the work itself asked for; null when it did not. */
  readonly retryAtMs: number | null
}

export interface OwnWorkFacts {
  readonly due: readonly { readonly code: DueCode; readonly sinceMs: number }[]
  /** A drive that is connected now came since the last update, or was brought up to date more than a day ago. */
  readonly driveWaits: boolean
  readonly hasCloud: boolean
  /** Something came in since the clouds were last found to have everything. */
  readonly cloudMayLack: boolean
  readonly keepsLightroom: boolean
  /** A person allowed it once and for all (`prune.automatic`). */
  readonly prunes: boolean
  /** When the computer may be kept busy: reading terabytes beside a person who edits is noticed. */
  readonly nights: UploadHours
  /** `YYYY-MM-DDTHH:MM:SS` here, now. */
  readonly localTime: string
  readonly tried: ReadonlyMap<OwnWork, Tried>
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** After so long without a night nobody waits for one any more: the computer is off at night. Longer than a day, so that a night comes first. */
const overdueMs = 30 * hourMs

/** How long after a try that came to its end the same is not begun again. */
const pauseMs: Readonly<Record<OwnWork, number>> = {
  'drive update': dayMs,
  upload: hourMs,
  'lightroom keep': 20 * hourMs,
  verify: 20 * hourMs,
  drill: 20 * hourMs,
  prune: 20 * hourMs,
}

const backOffFirstMs = 5 * minuteMs
const backOffMaxMs = 6 * hourMs

/** Null when there is nothing to do now. */
export function nextOwnWork(facts: OwnWorkFacts, nowMs: number): OwnWork | null {
  return ownWorks.find((work) => isWanted(work, facts, nowMs) && !isTooSoon(work, facts, nowMs)) ?? null
}

function isWanted(work: OwnWork, facts: OwnWorkFacts, nowMs: number): boolean {
  switch (work) {
    case 'drive update':
      return facts.driveWaits
    case 'upload':
      // Asked now and then although nothing is known to be missing: a cloud may have lost something, and its key stays alive.
      return facts.hasCloud
    case 'lightroom keep':
      return facts.keepsLightroom && isNight(facts)
    case 'verify':
      return isDue(facts, work, 'evidence-stale', nowMs)
    case 'drill':
      return isDue(facts, work, 'drill-due', nowMs)
    case 'prune':
      return facts.prunes && (isDue(facts, work, 'prune-possible', nowMs) || isDue(facts, work, 'trash-waiting', nowMs))
  }
}

const isNight = ({ nights, localTime }: OwnWorkFacts): boolean => minutesUntilOpen(nights, localTime) === 0

/** In the night, or when it waited in vain for one. */
function isDue(facts: OwnWorkFacts, work: OwnWork, code: DueCode, nowMs: number): boolean {
  const lastMs = facts.tried.get(work)?.atMs ?? Number.NEGATIVE_INFINITY
  return facts.due.some(
    (due) => due.code === code && (isNight(facts) || nowMs - Math.max(due.sinceMs, lastMs) > overdueMs),
  )
}

function isTooSoon(work: OwnWork, { tried, cloudMayLack, driveWaits }: OwnWorkFacts, nowMs: number): boolean {
  const last = tried.get(work)
  if (last === undefined) return false
  if (last.retryAtMs !== null && nowMs < last.retryAtMs) return true
  if (last.undone > 0) return nowMs - last.atMs < Math.min(backOffMaxMs, backOffFirstMs * 2 ** (last.undone - 1))
  if (work === 'upload' && cloudMayLack) return false
  if (work === 'drive update' && driveWaits) return false
  return nowMs - last.atMs < pauseMs[work]
}
