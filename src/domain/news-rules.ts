/**
 * What a person hears about when nobody looks: one alarm a fact and not one a file or a look, one word when it is over, and one
 * sentence a week. Pure: what was told, what is true now and the time in; what to tell, and what was told then, out.
 */
import { daysSince1970 } from './calendar.ts'
import type { DueCode } from './due-facts.ts'
import { dayMs } from './policy.ts'
import type { UploadHours } from './upload-window.ts'
import { minutesUntilOpen } from './upload-window.ts'

/** `alarm`: pictures may be in danger. `notice`: hands are wanted, or a card may go. `digest`: the sentence of the week. */
export type NewsLevel = 'alarm' | 'notice' | 'digest'

export interface Message {
  /** The same message is never sent twice to one channel. */
  readonly id: string
  readonly level: NewsLevel
  readonly atMs: number
  readonly title: string
  readonly text: string
  /** For programs: what it is about, with places and paths. */
  readonly details: unknown
}

/** Something that is true now and that a person should know. */
export interface Fact {
  /** The same as long as it is the same trouble, whatever its sentence counts. */
  readonly key: string
  readonly code: DueCode
  readonly sentence: string
  readonly sinceMs: number
}

export interface ToldFact {
  readonly key: string
  readonly level: 'alarm' | 'notice'
  readonly sentence: string
  readonly toldAtMs: number
}

export interface Told {
  readonly facts: readonly ToldFact[]
  /** Null before the first one: a new home owes no digest. */
  readonly digestAtMs: number | null
}

export interface NewsRules {
  /** In these hours nothing is sent but what can't wait for the morning. */
  readonly quiet: UploadHours | 'none'
  readonly digest: 'weekly' | 'off'
}

/** How long something must be so before a person hears of it: a NAS that restarts is no alarm. */
const patience: Partial<Record<DueCode, { readonly level: 'alarm' | 'notice'; readonly afterMs: number }>> = {
  'card-alarm': { level: 'alarm', afterMs: 0 },
  'check-failed': { level: 'alarm', afterMs: 0 },
  'card-suspect': { level: 'alarm', afterMs: 0 },
  'copies-missing': { level: 'alarm', afterMs: dayMs },
  'place-offline': { level: 'alarm', afterMs: dayMs },
  'cloud-behind': { level: 'alarm', afterMs: 0 },
  space: { level: 'alarm', afterMs: 0 },
  'second-read': { level: 'notice', afterMs: dayMs },
  'drive-update': { level: 'notice', afterMs: 0 },
  'place-not-seen': { level: 'notice', afterMs: 0 },
  'card-owed': { level: 'notice', afterMs: 0 },
}

const weekMs = 7 * dayMs
const digestMinute = 9 * 60

export interface NewsNow {
  readonly facts: readonly Fact[]
  /** The one sentence of the status. */
  readonly sentence: string
  /** `YYYY-MM-DDTHH:MM:SS` here, now. */
  readonly localTime: string
}

/** What to tell now. Whoever calls keeps `told` before anything is sent. */
export function whatToTell(
  told: Told,
  now: NewsNow,
  rules: NewsRules,
  nowMs: number,
): { readonly messages: readonly Message[]; readonly told: Told } {
  if (isQuiet(rules, now.localTime)) return { messages: [], told }
  const known = new Map(told.facts.map((fact) => [fact.key, fact]))
  const due = now.facts.filter(({ code, sinceMs }) => nowMs - sinceMs >= (patience[code]?.afterMs ?? Infinity))
  // Also what is not told yet keeps a told one from being over: a place that came back and went again is one trouble.
  const stillTrue = new Set(now.facts.map(({ key }) => key))
  const fresh = due.filter(({ key }) => !known.has(key))
  const over = told.facts.filter(({ key }) => !stillTrue.has(key))
  const digest = digestOf(told, now, rules, nowMs)
  return {
    messages: [
      ...fresh.map((fact) => newsOf(fact, nowMs)),
      ...over.map((fact) => overOf(fact, nowMs)),
      ...digest.messages,
    ],
    told: {
      facts: [
        ...told.facts.filter(({ key }) => stillTrue.has(key)),
        ...fresh.map(({ key, code, sentence }) => ({ key, level: levelOf(code), sentence, toldAtMs: nowMs })),
      ],
      digestAtMs: digest.atMs,
    },
  }
}

const isQuiet = ({ quiet }: NewsRules, localTime: string): boolean =>
  quiet !== 'none' && quiet !== 'any' && minutesUntilOpen(quiet, localTime) === 0

const levelOf = (code: DueCode): 'alarm' | 'notice' => patience[code]?.level ?? 'notice'

const newsOf = ({ key, code, sentence }: Fact, nowMs: number): Message => ({
  id: `${key} ${nowMs}`,
  level: levelOf(code),
  atMs: nowMs,
  title: levelOf(code) === 'alarm' ? 'Fivefold: please look' : 'Fivefold',
  text: sentence,
  details: { code, key },
})

const overOf = ({ key, level, sentence }: ToldFact, nowMs: number): Message => ({
  id: `${key} over ${nowMs}`,
  level,
  atMs: nowMs,
  title: 'Fivefold: settled',
  text: `This is settled: ${sentence}`,
  details: { code: 'settled', key },
})

/** On Monday from nine in the morning on, or as soon as somebody is there to tell it; at most once a week. */
function digestOf(
  { digestAtMs }: Told,
  { sentence, localTime, facts }: NewsNow,
  { digest }: NewsRules,
  nowMs: number,
): { readonly messages: readonly Message[]; readonly atMs: number | null } {
  if (digest === 'off') return { messages: [], atMs: digestAtMs }
  if (digestAtMs === null) return { messages: [], atMs: nowMs }
  const isMonday = weekday(localTime) === 1
  const minute = Number(localTime.slice(11, 13)) * 60 + Number(localTime.slice(14, 16))
  const agoMs = nowMs - digestAtMs
  // A Monday that was slept through is caught up.
  if (!((isMonday && minute >= digestMinute && agoMs > dayMs) || agoMs > weekMs + dayMs))
    return { messages: [], atMs: digestAtMs }
  const text = facts.length === 0 ? sentence : `${sentence} ${facts.map((fact) => fact.sentence).join(' ')}`
  const message = { id: `digest ${nowMs}`, level: 'digest', atMs: nowMs, title: 'Fivefold: the week', text } as const
  return { messages: [{ ...message, details: { code: 'digest' } }], atMs: nowMs }
}

/** 0 for Sunday: the first day of 1970 was a Thursday. `localTime` begins with `YYYY-MM-DD`. */
function weekday(localTime: string): number {
  const [year = 1970, month = 1, day = 1] = localTime.slice(0, 10).split('-').map(Number)
  return (daysSince1970(year, month, day) + 4) % 7
}
