/**
 * What would be lost, what would be left, and where would it come back from? Pure: facts and a loss in, numbers and one sentence
 * out, and neither is ever more hopeful than the facts.
 */
import { independentDevices } from './card-verdict.ts'
import type { CardId, JobId, PlaceId } from './ids.ts'
import type { Loss } from './losable.ts'
import { singleLosses } from './losable.ts'
import type { Role } from './place.ts'
import { atRisk, files, sayBarelyLeft, sayLosses, saySentence, sayTails } from './what-if-words.ts'
import type { SamePosition } from './whereabouts.ts'
import { isUnknownDevice } from './whereabouts.ts'

export interface WhatIfFacts {
  readonly groups: readonly SamePosition[]
  readonly jobs: readonly {
    readonly id: JobId
    readonly name: string
    readonly client: string
    readonly shotOn: string
  }[]
  readonly places: readonly WhatIfPlace[]
  readonly cards: readonly {
    readonly id: CardId
    readonly label: string
    /** Where cards lie: the `bag`, unless a person says otherwise. */
    readonly site: string
  }[]
  /** Files that lie on cards and were never read whole. They have no hash, so that nothing can be said of them but their number. */
  readonly unreadFiles: number
}

export interface WhatIfPlace {
  readonly id: PlaceId
  readonly name: string
  readonly role: Role
  readonly site: string
  /** The device it lies on, as it was last seen; null when it never answered. */
  readonly deviceId: string | null
  readonly online: boolean
  /** How fast it can be read, where that is known; else `speedGuess` of its role. */
  readonly bytesPerSecond: number | null
}

/**
 * Reading speeds for an estimate, in bytes a second, rounded down from what such things usually do: a NAS on a gigabit network, a
 * disk inside the computer, a portable USB hard disk, an SD card of the UHS-I bus, an internet line of 100 Mbit/s.
 */
export const speedGuess: Readonly<Record<Role, number>> = {
  library: 100e6,
  second: 150e6,
  drive: 100e6,
  card: 80e6,
  cloud: 10e6,
}

/** Where files are fetched from, nearest first. */
const nearest: readonly Role[] = ['library', 'second', 'drive', 'card', 'cloud']

export interface Amount {
  readonly files: number
  readonly bytes: number
}

/**
 * What becomes of the files:
 * - `lost`: nothing is left of them, neither a proven nor a present copy;
 * - `onlyUnproven`: something is left, and none of it is proven (V1), or it may lie on the lost device (V2);
 * - `oneLeft`: proven on exactly one independent device; a card counts here when it was read twice (V4);
 * - `fine`: proven on two or more;
 * - `goneAlready`: nothing was left of them before.
 */
export type Fate = 'lost' | 'onlyUnproven' | 'oneLeft' | 'fine' | 'goneAlready'
export type Fates = Readonly<Record<Fate, Amount>>

export interface FetchFrom extends Amount {
  readonly name: string
  readonly role: Role
  /** Null for a card: it is not asked. */
  readonly online: boolean | null
  /** False when what lies there was never proven: it is the best there is. */
  readonly proven: boolean
  /** An estimate, from the speed of the place. */
  readonly seconds: number
}

export interface JobAfterLoss extends Amount, Fates {
  readonly id: JobId
  readonly name: string
  readonly client: string
  readonly shotOn: string
  /** When its newest file was first seen. */
  readonly newestAtMs: number
  /** What comes back of it after the loss, nearest first; only files that lost a copy. */
  readonly fetchFrom: readonly FetchFrom[]
}

export interface AfterLoss extends Amount, Fates {
  readonly sentence: string
  readonly notes: readonly string[]
  /** Those that would lose most first. */
  readonly jobs: readonly JobAfterLoss[]
  readonly fetchFrom: readonly FetchFrom[]
  /** One source after the other. */
  readonly fetchSeconds: number
  /** The job shot last, of those with files that are lost, unproven or on one device only. */
  readonly newestAtRisk: JobAfterLoss | null
}

export interface SingleLoss extends Fates {
  readonly loss: Loss
}

interface Gone {
  readonly places: ReadonlySet<PlaceId>
  readonly devices: ReadonlySet<string>
  readonly cards: ReadonlySet<CardId>
}

interface Left {
  /** Independent devices with a proven copy, cards that were read twice among them. */
  readonly devices: number
  readonly provenAt: readonly WhatIfPlace[]
  readonly unprovenAt: readonly WhatIfPlace[]
  readonly provenOn: readonly CardId[]
  readonly unprovenOn: readonly CardId[]
}

type PlacesById = ReadonlyMap<PlaceId, WhatIfPlace>

/** Losing a place takes its copies; a site, all its places and cards; a device, whatever lies or lay on it. */
function whatGoes(facts: WhatIfFacts, losses: readonly Loss[]): Gone {
  const named = (kind: Loss['kind']): ReadonlySet<string> =>
    new Set(losses.filter((loss) => loss.kind === kind).map(({ id }) => id))
  const [places, cards, devices, sites] = [named('place'), named('card'), named('device'), named('site')]
  const goes = ({ id, site, deviceId }: WhatIfPlace): boolean =>
    places.has(id) || sites.has(site) || (deviceId !== null && devices.has(deviceId))
  return {
    devices,
    places: new Set(facts.places.filter(goes).map(({ id }) => id)),
    cards: new Set(facts.cards.filter(({ id, site }) => cards.has(id) || sites.has(site)).map(({ id }) => id)),
  }
}

/**
 * What is left of these files. A copy at a place that nobody knows any more counts for nothing, and so does a damaged one. When a
 * device is lost, a copy whose device could not be told may have been on it, and is no proof of anything (V2).
 */
function whatIsLeft(group: SamePosition, gone: Gone, places: PlacesById): Left {
  const provenAt: WhatIfPlace[] = []
  const unprovenAt: WhatIfPlace[] = []
  const proven: { readonly role: Role; readonly deviceId: string }[] = []
  for (const { placeId, deviceId, standing } of group.copies) {
    const place = places.get(placeId)
    if (place === undefined || standing === 'differed') continue
    if (gone.places.has(placeId) || gone.devices.has(deviceId)) continue
    const mayHaveGone = gone.devices.size > 0 && isUnknownDevice(deviceId)
    if (standing === 'proven' && !mayHaveGone) {
      provenAt.push(place)
      proven.push({ role: place.role, deviceId })
    } else unprovenAt.push(place)
  }
  const cards = group.cards.filter(({ cardId }) => !gone.cards.has(cardId))
  const provenOn = cards.filter(({ readTwice }) => readTwice).map(({ cardId }) => cardId)
  const unprovenOn = cards.filter(({ readTwice }) => !readTwice).map(({ cardId }) => cardId)
  const devices = independentDevices(proven) + new Set(provenOn).size
  return { devices, provenAt, unprovenAt, provenOn, unprovenOn }
}

const isNothing = ({ devices, unprovenAt, unprovenOn }: Left): boolean =>
  devices === 0 && unprovenAt.length + unprovenOn.length === 0

const nothingGone: Gone = { places: new Set(), devices: new Set(), cards: new Set() }

function fateOf(group: SamePosition, left: Left, places: PlacesById): Fate {
  if (isNothing(left)) return isNothing(whatIsLeft(group, nothingGone, places)) ? 'goneAlready' : 'lost'
  if (left.devices === 0) return 'onlyUnproven'
  return left.devices === 1 ? 'oneLeft' : 'fine'
}

const isHit = (group: SamePosition, gone: Gone): boolean =>
  group.copies.some(({ placeId, deviceId }) => gone.places.has(placeId) || gone.devices.has(deviceId)) ||
  group.cards.some(({ cardId }) => gone.cards.has(cardId))

const none: Amount = { files: 0, bytes: 0 }
const plus = (a: Amount, b: Amount): Amount => ({ files: a.files + b.files, bytes: a.bytes + b.bytes })
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

interface Looked {
  readonly group: SamePosition
  readonly left: Left
  readonly fate: Fate
  /** True when a copy of these files goes with the loss. */
  readonly hit: boolean
}

function lookAt(facts: WhatIfFacts, losses: readonly Loss[]): readonly Looked[] {
  const places: PlacesById = new Map(facts.places.map((place) => [place.id, place]))
  const gone = whatGoes(facts, losses)
  return facts.groups.map((group) => {
    const left = whatIsLeft(group, gone, places)
    return { group, left, fate: fateOf(group, left, places), hit: isHit(group, gone) }
  })
}

function sumFates(looked: readonly Looked[]): Fates {
  const zero = (): { files: number; bytes: number } => ({ files: 0, bytes: 0 })
  const sums = { lost: zero(), onlyUnproven: zero(), oneLeft: zero(), fine: zero(), goneAlready: zero() }
  for (const { fate, group } of looked) {
    sums[fate].files += group.files
    sums[fate].bytes += group.bytes
  }
  return sums
}
const sumAll = (looked: readonly Looked[]): Amount => looked.reduce((sum, { group }) => plus(sum, group), none)

interface Source extends Pick<FetchFrom, 'name' | 'role' | 'online' | 'proven'> {
  readonly bytesPerSecond: number
}

const byNearest = (a: Source, b: Source): number =>
  Number(b.proven) - Number(a.proven) ||
  nearest.indexOf(a.role) - nearest.indexOf(b.role) ||
  Number(b.online === true) - Number(a.online === true) ||
  b.bytesPerSecond - a.bytesPerSecond ||
  byText(a.name, b.name)

/** One file is fetched once, from the nearest that is proven; from what is not proven only when nothing else is left. */
function nearestSource(left: Left, facts: WhatIfFacts): Source | null {
  const proven = left.provenAt.length + left.provenOn.length > 0
  const fromPlaces = (proven ? left.provenAt : left.unprovenAt).map(
    ({ name, role, online, bytesPerSecond }): Source => ({
      name,
      role,
      online,
      proven,
      bytesPerSecond: bytesPerSecond ?? speedGuess[role],
    }),
  )
  const cardIds = new Set(proven ? left.provenOn : left.unprovenOn)
  const fromCards = facts.cards
    .filter(({ id }) => cardIds.has(id))
    .map(({ label }): Source => ({ name: label, role: 'card', online: null, proven, bytesPerSecond: speedGuess.card }))
  return [...fromPlaces, ...fromCards].toSorted(byNearest)[0] ?? null
}

/** What comes back from where: only files that lost a copy, and of which something is left. */
function fetchFrom(looked: readonly Looked[], facts: WhatIfFacts): readonly FetchFrom[] {
  const sums = new Map<string, Source & Amount>()
  for (const { group, left, hit } of looked) {
    const source = hit ? nearestSource(left, facts) : null
    if (source === null) continue
    const key = JSON.stringify([source.role, source.name, source.proven])
    sums.set(key, { ...source, ...plus(sums.get(key) ?? none, group) })
  }
  return [...sums.values()]
    .toSorted(byNearest)
    .map(({ bytesPerSecond, ...source }) => ({ ...source, seconds: Math.ceil(source.bytes / bytesPerSecond) }))
}

/** What would be, if all of these were lost at once. */
export function whatIf(facts: WhatIfFacts, losses: readonly Loss[]): AfterLoss {
  const looked = lookAt(facts, losses)
  const jobs = jobsAfter(looked, facts)
  const fates = sumFates(looked)
  const newestAtRisk = jobs.filter((job) => atRisk(job) > 0).toSorted(byNewest)[0] ?? null
  const sources = fetchFrom(looked, facts)
  return {
    ...sumAll(looked),
    ...fates,
    sentence: saySentence(`If ${sayLosses(losses)} were lost`, fates, newestAtRisk, facts.unreadFiles),
    notes: sayNotes(facts, losses, looked),
    jobs: jobs.toSorted(byHurt),
    fetchFrom: sources,
    fetchSeconds: sources.reduce((sum, { seconds }) => sum + seconds, 0),
    newestAtRisk,
  }
}

function jobsAfter(looked: readonly Looked[], facts: WhatIfFacts): readonly JobAfterLoss[] {
  const jobOf = new Map(facts.jobs.map((job) => [job.id, job]))
  return [...Map.groupBy(looked, ({ group }) => group.jobId)].map(([id, ofJob]) => ({
    ...(jobOf.get(id) ?? { id, name: id, client: '', shotOn: '' }),
    newestAtMs: Math.max(...ofJob.map(({ group }) => group.newestFirstSeenAtMs)),
    ...sumAll(ofJob),
    ...sumFates(ofJob),
    fetchFrom: fetchFrom(ofJob, facts),
  }))
}

const byNewest = (a: JobAfterLoss, b: JobAfterLoss): number =>
  byText(b.shotOn, a.shotOn) || b.newestAtMs - a.newestAtMs || byText(a.id, b.id)
const byHurt = (a: JobAfterLoss, b: JobAfterLoss): number => compareFates(b, a) || byNewest(a, b)

/** More lost files are worse; among equals, more files that are left unproven or on one device; among those, more unproven ones. */
export const compareFates = (a: Fates, b: Fates): number =>
  a.lost.files - b.lost.files || atRisk(a) - atRisk(b) || a.onlyUnproven.files - b.onlyUnproven.files

/**
 * Every single loss, the one that hurts most first. Those that hurt alike stay in the order of `singleLosses`: a place before its
 * site.
 */
export function everySingleLoss(facts: WhatIfFacts): readonly SingleLoss[] {
  return singleLosses(facts)
    .map((loss) => ({ loss, ...sumFates(lookAt(facts, [loss])) }))
    .toSorted((a, b) => compareFates(b, a))
}

/** Which single loss hurts most; null when nothing is there that could be lost. `singles` saves counting them again. */
export function hurtsMost(
  facts: WhatIfFacts,
  singles: readonly SingleLoss[] = everySingleLoss(facts),
): (AfterLoss & { readonly loss: Loss }) | null {
  const [worst] = singles
  if (worst === undefined) return null
  const after = whatIf(facts, [worst.loss])
  const counted = atRisk(worst) + worst.fine.files
  if (counted > 0 && atRisk(worst) === 0)
    return {
      loss: worst.loss,
      ...after,
      notes: sayNotesOf(facts, [worstWithoutCards(facts) ?? worst.loss]),
      sentence: `No single loss would leave a file with less than two proven copies.${sayTails(after, null, facts.unreadFiles)}`,
    }
  const sentence = saySentence(
    `The single loss that hurts most is ${sayLosses([worst.loss])}. If it happened`,
    after,
    after.newestAtRisk,
    facts.unreadFiles,
  )
  return { loss: worst.loss, ...after, sentence }
}

/** The same world, had every card been formatted. */
const withoutCards = (facts: WhatIfFacts): WhatIfFacts => ({
  ...facts,
  groups: facts.groups.map((group) => ({ ...group, cards: [] })),
})

/** Which single loss of a place, device or site hurts most when no card counts. */
function worstWithoutCards(facts: WhatIfFacts): Loss | null {
  const [worst] = everySingleLoss(withoutCards(facts)).filter(({ loss }) => loss.kind !== 'card')
  return worst?.loss ?? null
}

/** A card is formatted one day, and a bag is carried about: where a card makes the difference, both numbers are told. */
function sayWithoutCards(facts: WhatIfFacts, losses: readonly Loss[]): readonly string[] {
  const fates = sumFates(lookAt(facts, losses))
  const bare = sumFates(lookAt(withoutCards(facts), losses))
  const gone = bare.lost.files + bare.goneAlready.files - fates.goneAlready.files
  const isSame =
    gone === fates.lost.files &&
    bare.onlyUnproven.files === fates.onlyUnproven.files &&
    bare.oneLeft.files === fates.oneLeft.files
  if (isSame) return []
  const parts = [...(gone > 0 ? [`${files(gone)} would be gone`] : []), ...sayBarelyLeft(bare)]
  const told = parts.length === 0 ? 'no file would be gone' : parts.join('; ')
  return [`Cards are assumed to be in the bag. If ${sayLosses(losses)} were lost, without the cards: ${told}.`]
}

const sayNotesOf = (facts: WhatIfFacts, losses: readonly Loss[]): readonly string[] =>
  sayNotes(facts, losses, lookAt(facts, losses))

function sayNotes(facts: WhatIfFacts, losses: readonly Loss[], looked: readonly Looked[]): readonly string[] {
  const notes: string[] = ['Edits and other working files are not counted here.', ...sayWithoutCards(facts, losses)]
  if (looked.some(({ left }) => left.provenOn.length > 0))
    notes.push(
      'A card that was read twice counts as a copy here, because after a fire a card in the bag is one. It never counts when a card is to be formatted.',
    )
  const lostPlaces = facts.places.filter(({ id }) => losses.some((loss) => loss.kind === 'place' && loss.id === id))
  const { places: gone } = whatGoes(facts, losses)
  for (const place of lostPlaces)
    for (const other of facts.places)
      if (!gone.has(other.id) && sharesDevice(other, place))
        notes.push(
          `“${other.name}” lies on the same device as “${place.name}” and is counted as still there. Name the device to lose both.`,
        )
  if (losses.some(({ kind }) => kind === 'device') && facts.groups.some(hasUnknownDevice))
    notes.push('Copies whose device can’t be told may be on the lost one, and count as not proven here.')
  return notes.toSorted()
}

const sharesDevice = (a: WhatIfPlace, b: WhatIfPlace): boolean =>
  a.deviceId !== null && a.deviceId === b.deviceId && !isUnknownDevice(a.deviceId)
const hasUnknownDevice = ({ copies }: SamePosition): boolean => copies.some(({ deviceId }) => isUnknownDevice(deviceId))
