/**
 * What a restore will fetch from where, how long that takes and what it costs, told before a byte is fetched. Pure. Every figure says
 * what it stands on: a speed that was measured or one that is assumed, a price from the table or from the settings, or none at all.
 */
import type { EgressPrice, ServiceHost } from './egress-prices.ts'
import { egressPriceOf, isOwnNetwork } from './egress-prices.ts'
import { gigabytes } from './preflight.ts'
import type { Role } from './place.ts'
import { speedGuess } from './what-if.ts'

export interface FetchFrom {
  readonly name: string
  readonly role: Role
  readonly files: number
  /** What is still to come: without what lies in the folder already. */
  readonly bytes: number
  /** Null for a folder or a drive. */
  readonly service: ServiceHost | null
  /** Of an earlier restore from there; null when there was none that tells. */
  readonly measuredBytesPerSecond: number | null
}

export interface PlannedFetch {
  readonly place: string
  readonly role: Role
  readonly isCloud: boolean
  readonly files: number
  readonly bytes: number
  readonly seconds: number
  readonly bytesPerSecond: number
  readonly speed: 'measured' | 'assumed'
  /** Days on which something is fetched, where the service's limit of a day binds; else null. */
  readonly days: number | null
  readonly bytesPerDay: number | null
  readonly cost: Cost
  readonly sentence: string
}

export type Cost =
  | { readonly kind: 'free'; readonly sentence: string }
  /** An estimate. The currency is null where the settings say the price: it is whatever the person meant. */
  | { readonly kind: 'estimate'; readonly amount: number; readonly currency: 'USD' | null; readonly sentence: string }
  | { readonly kind: 'unknown'; readonly sentence: string }

export interface FetchPlan {
  readonly places: readonly PlannedFetch[]
  readonly files: number
  readonly bytes: number
  /** One place after the other. */
  readonly seconds: number
  readonly sentence: string
}

/** Each file of a service takes a few round trips, and two are asked for at a time: what a line of 100 ms has to itself. */
const secondsPerFileFar = 0.15
const secondsPerDay = 24 * 60 * 60

export function planFetch(from: readonly FetchFrom[], pricePerGB: number | null): FetchPlan {
  const places = from.filter(({ files }) => files > 0).map((place) => planPlace(place, pricePerGB))
  const sum = (pick: (place: PlannedFetch) => number): number => places.reduce((all, place) => all + pick(place), 0)
  const [files, bytes, seconds] = [sum((one) => one.files), sum((one) => one.bytes), sum((one) => one.seconds)]
  const sentence =
    files === 0
      ? 'Nothing has to be fetched: everything is there already.'
      : `${filesText(files)}, ${gigabytes(bytes)} would be fetched: about ${durationWords(seconds)}.`
  return { places, files, bytes, seconds, sentence }
}

function planPlace(from: FetchFrom, pricePerGB: number | null): PlannedFetch {
  const { name: place, role, files, bytes, service } = from
  const price = service === null ? null : egressPriceOf(service)
  const speed = from.measuredBytesPerSecond === null ? ('assumed' as const) : ('measured' as const)
  const bytesPerSecond = Math.max(1, from.measuredBytesPerSecond ?? speedGuess[role])
  const perFile = service !== null && speed === 'assumed' ? secondsPerFileFar : 0
  const withoutLimit = bytes / bytesPerSecond + files * perFile
  const bytesPerDay = price?.bytesPerDay ?? null
  const { seconds, days } = withinDays(bytes, withoutLimit, bytesPerDay)
  const cost = costOf(bytes, service, price, pricePerGB)
  const planned = { place, role, isCloud: service !== null, files, bytes, seconds, bytesPerSecond, speed, days }
  return { ...planned, bytesPerDay, cost, sentence: sayPlace({ ...planned, bytesPerDay }, cost) }
}

/** The limit binds when a day at full speed would fetch more than the day allows. */
function withinDays(
  bytes: number,
  seconds: number,
  bytesPerDay: number | null,
): { readonly seconds: number; readonly days: number | null } {
  if (bytesPerDay === null || bytes <= bytesPerDay || (bytes / seconds) * secondsPerDay <= bytesPerDay)
    return { seconds, days: null }
  const days = Math.ceil(bytes / bytesPerDay)
  const lastDay = bytes - (days - 1) * bytesPerDay
  return { seconds: (days - 1) * secondsPerDay + (lastDay / bytes) * seconds, days }
}

function costOf(bytes: number, service: ServiceHost | null, price: EgressPrice | null, perGB: number | null): Cost {
  if (service === null) return { kind: 'free', sentence: 'Fetching costs nothing.' }
  const isDrive = service.host === '' && price !== null
  if (perGB !== null && !isDrive && !isOwnNetwork(service.host)) {
    const amount = (bytes / 1e9) * perGB
    const sentence = `Fetching costs about ${amount.toFixed(2)}, at ${perGB} a GB as the settings say.`
    return { kind: 'estimate', amount, currency: null, sentence }
  }
  if (price === null)
    return isOwnNetwork(service.host)
      ? { kind: 'free', sentence: 'It is a machine of your own network: fetching costs nothing.' }
      : { kind: 'unknown', sentence: 'What fetching costs there is not known here: ask your provider.' }
  const but = price.but === '' ? '' : ` ${price.but}`
  if (price.dollarsPerGB === 0)
    return { kind: 'free', sentence: `${price.service} takes nothing for fetching (as of ${price.asOf}).${but}` }
  const amount = (bytes / 1e9) * price.dollarsPerGB
  const sentence = `Fetching costs up to about ${amount.toFixed(2)} $, at ${price.dollarsPerGB} $ a GB (${price.service}, list price as of ${price.asOf}).${but}`
  return { kind: 'estimate', amount, currency: 'USD', sentence }
}

function sayPlace(planned: Omit<PlannedFetch, 'cost' | 'sentence'>, cost: Cost): string {
  const { place, isCloud, files, bytes, seconds, bytesPerSecond, speed, days, bytesPerDay } = planned
  const rate = `${(bytesPerSecond / 1e6).toFixed(bytesPerSecond < 1e7 ? 1 : 0)} MB/s`
  const stands =
    speed === 'measured'
      ? `at ${rate}, as it was the last time`
      : isCloud
        ? `at ${rate}, which a line of 100 Mbit/s gives`
        : `at ${rate}, as such places usually are`
  const limit =
    days === null ? '' : ` The service hands out ${gigabytes(bytesPerDay ?? 0)} a day: it takes ${days} days.`
  const from = `${filesText(files)}, ${gigabytes(bytes)} from “${place}”${isCloud ? ' (a cloud)' : ''}`
  return `${from}: about ${durationWords(seconds)} ${stands}.${limit}${isCloud ? ` ${cost.sentence}` : ''}`
}

const filesText = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`

/** In the words of a person who waits: seconds are not told of days. */
export function durationWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} days ${hours % 24} h`
}

/** What a note of an earlier run tells of its speed, in the one spelling that it has. */
export const speedNote = (bytes: number, seconds: number): string =>
  `${Math.round(bytes)} bytes were fetched in ${seconds.toFixed(1)} s.`

/** Too little, or too short, tells nothing of the speed of a line. */
const tellingBytes = 8e6

/** Null for a note that tells nothing of the speed. */
export function speedOfNote(sentence: string): number | null {
  const [, bytes, seconds] = /^(\d+) bytes were fetched in (\d+\.\d) s\.$/.exec(sentence) ?? []
  return Number(bytes) >= tellingBytes && Number(seconds) > 0 ? Number(bytes) / Number(seconds) : null
}
