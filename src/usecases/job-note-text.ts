/**
 * The note that each place keeps of a job (`.fivefold/jobs/<id>.json`, docs/format.md): from it alone a new computer learns again
 * what this one knows. Text out, text in; what is read may come from anywhere, so every field is looked at.
 */
import type { RebuiltJob } from '../catalog/catalog.ts'
import type { SecondRead } from '../domain/card.ts'
import type { Evidence, Finding, Strength } from '../domain/copy.ts'
import type { CardId, ContentHash, JobId, PlaceId, RollId } from '../domain/ids.ts'
import { parseCardId, parseContentHash, parseJobId, parsePlaceId, parseRollId } from '../domain/ids.ts'
import type { Job, JobState } from '../domain/job.ts'
import { compareText } from '../domain/path-parts.ts'
import type { Role } from '../domain/place.ts'
import { roles } from '../domain/place.ts'
import type { Fields } from './json-fields.ts'
import { FieldWrong, rootOf } from './json-fields.ts'

const schema = 'fivefold.job/1'

export const jobNotesFolder = '.fivefold/jobs'
export const jobNotePath = (jobId: JobId): string => `${jobNotesFolder}/${jobId}.json`

/** An original with its copies at the place of the note. */
export interface NotedOriginal {
  readonly hash: ContentHash
  readonly bytes: number
  readonly name: string
  readonly firstSeenAtMs: number
  readonly capturedLocal: string | null
  readonly culled: { readonly atMs: number; readonly why: string } | null
  /** The job in which it was first seen, when that was another one. */
  readonly otherJob: JobId | null
  readonly copies: readonly { readonly path: string; readonly latest: Evidence }[]
}

export interface JobNote {
  readonly version: string
  readonly catalog: { readonly id: string; readonly generation: number }
  readonly placeId: PlaceId
  readonly job: Job
  readonly places: readonly {
    readonly id: PlaceId
    readonly name: string
    readonly role: Role
    readonly site: string
  }[]
  readonly cards: RebuiltJob['cards']
  readonly rolls: RebuiltJob['rolls']
  readonly originals: readonly NotedOriginal[]
}

/** The same facts give the same text. A line for each file, so that a person can read it and compare two. */
export function jobNoteText(note: JobNote): string {
  const { version, catalog, placeId, job } = note
  const files = note.rolls.flatMap(({ id, files }) =>
    files.toSorted(byPath).map(({ path, bytes, mtimeMs, hash, second }) => ({
      roll: id,
      path,
      bytes,
      mtime: momentText(mtimeMs),
      hash,
      second:
        second === null ? null : { finding: second.finding, strength: second.strength, at: momentText(second.atMs) },
    })),
  )
  const lines = [
    `"schema": ${JSON.stringify(schema)}`,
    `"fivefold": ${JSON.stringify(version)}`,
    `"catalog": ${JSON.stringify({ id: catalog.id, generation: catalog.generation })}`,
    `"place": ${JSON.stringify(placeId)}`,
    `"job": ${JSON.stringify(jobOut(job))}`,
    listText(
      'places',
      note.places
        .toSorted((a, b) => compareText(a.id, b.id))
        .map(({ id, name, role, site }) => ({ id, name, role, site })),
    ),
    listText('cards', note.cards.toSorted((a, b) => compareText(a.id, b.id)).map(cardOut)),
    listText('rolls', note.rolls.map(rollOut)),
    listText('files', files),
    listText('originals', note.originals.toSorted((a, b) => compareText(a.hash, b.hash)).map(originalOut)),
  ]
  return `{\n ${lines.join(',\n ')}\n}\n`
}

/** Do they say the same of the job, whatever else the catalog learned since? Then the older text may stay. */
export function saysTheSame(one: string, other: string): boolean {
  const ofTheJob = (text: string): string =>
    text
      .split('\n')
      .filter((line) => !line.startsWith(' "fivefold":') && !line.startsWith(' "catalog":'))
      .join('\n')
  return ofTheJob(one) === ofTheJob(other)
}

const byPath = (a: { readonly path: string }, b: { readonly path: string }): number => compareText(a.path, b.path)
const momentText = (atMs: number): string => new Date(atMs).toISOString()

function listText(name: string, entries: readonly unknown[]): string {
  if (entries.length === 0) return `"${name}": []`
  return `"${name}": [\n  ${entries.map((entry) => JSON.stringify(entry)).join(',\n  ')}\n ]`
}

const jobOut = ({ id, name, client, state, folder, shotOn, createdAtMs, deliveredAtMs }: Job): unknown => ({
  id,
  name,
  client,
  state,
  folder,
  shotOn,
  created: momentText(createdAtMs),
  delivered: deliveredAtMs === null ? null : momentText(deliveredAtMs),
})

const cardOut = (card: RebuiltJob['cards'][number]): unknown => ({
  id: card.id,
  label: card.label,
  uuid: card.fileSystemUuid,
  volumeBytes: card.volumeBytes,
  isVolume: card.isVolume,
  seen: momentText(card.atMs),
})

const rollOut = (roll: RebuiltJob['rolls'][number]): unknown => ({
  id: roll.id,
  card: roll.cardId,
  number: roll.number,
  label: roll.label,
  name: roll.name,
  folder: roll.folder,
  started: momentText(roll.startedAtMs),
  secondRead: roll.secondRead,
})

const originalOut = (original: NotedOriginal): unknown => ({
  hash: original.hash,
  bytes: original.bytes,
  name: original.name,
  firstSeen: momentText(original.firstSeenAtMs),
  captured: original.capturedLocal,
  culled: original.culled === null ? null : { at: momentText(original.culled.atMs), why: original.culled.why },
  ...(original.otherJob === null ? {} : { job: original.otherJob }),
  copies: original.copies.toSorted(byPath).map(({ path, latest }) => ({
    path,
    finding: latest.finding,
    strength: latest.strength,
    at: momentText(latest.atMs),
    device: latest.deviceId,
  })),
})

export type JobNoteReading =
  | { readonly kind: 'note'; readonly note: JobNote }
  | { readonly kind: 'unreadable'; readonly why: string }

/** Reads what `jobNoteText` wrote, here or on another computer. */
export function readJobNote(text: string): JobNoteReading {
  try {
    const root = rootOf(text)
    if (root.text('schema') !== schema) return { kind: 'unreadable', why: `it is not a note of the kind ${schema}` }
    return { kind: 'note', note: noteIn(root) }
  } catch (error) {
    if (error instanceof FieldWrong) return { kind: 'unreadable', why: error.message }
    throw error
  }
}

function noteIn(root: Fields): JobNote {
  const catalog = root.object('catalog')
  const files = Map.groupBy(root.list('files'), (file) => file.text('roll'))
  const rolls = new Set(root.list('rolls').map((roll) => roll.text('id')))
  for (const roll of files.keys()) if (!rolls.has(roll)) throw new FieldWrong(`its roll ${roll} is missing`)
  return {
    version: root.text('fivefold'),
    catalog: { id: catalog.text('id'), generation: catalog.whole('generation') },
    placeId: root.id('place', parsePlaceId),
    job: jobIn(root.object('job')),
    places: root.list('places').map((place) => ({
      id: place.id('id', parsePlaceId),
      name: place.text('name'),
      role: place.oneOf<Role>('role', roles),
      site: place.text('site'),
    })),
    cards: root.list('cards').map((card) => ({
      id: card.id<CardId>('id', parseCardId),
      label: card.text('label'),
      fileSystemUuid: card.textOrNull('uuid'),
      volumeBytes: card.isNull('volumeBytes') ? null : card.whole('volumeBytes'),
      isVolume: card.flag('isVolume'),
      atMs: card.moment('seen'),
    })),
    rolls: root.list('rolls').map((roll) => rollIn(roll, files.get(roll.text('id')) ?? [])),
    originals: root.list('originals').map(originalIn),
  }
}

const jobStates: readonly JobState[] = ['open', 'delivered', 'closed']
const secondReads: readonly SecondRead[] = ['agreed', 'differed', 'not-done']
const findings: readonly Finding[] = ['agreed', 'differed', 'absent']
const readFindings: readonly Extract<Finding, 'agreed' | 'differed'>[] = ['agreed', 'differed']
const strengths: readonly Strength[] = ['written', 'cached', 'medium', 'provider']

const jobIn = (job: Fields): Job => ({
  id: job.id('id', parseJobId),
  name: job.text('name'),
  client: job.text('client'),
  state: job.oneOf('state', jobStates),
  folder: job.path('folder'),
  shotOn: job.text('shotOn'),
  createdAtMs: job.moment('created'),
  deliveredAtMs: job.isNull('delivered') ? null : job.moment('delivered'),
})

const rollIn = (roll: Fields, files: readonly Fields[]): RebuiltJob['rolls'][number] => ({
  id: roll.id<RollId>('id', parseRollId),
  cardId: roll.id('card', parseCardId),
  number: roll.whole('number'),
  label: roll.text('label'),
  name: roll.text('name'),
  folder: roll.path('folder'),
  startedAtMs: roll.moment('started'),
  secondRead: roll.oneOf('secondRead', secondReads),
  files: files.map((file) => ({
    path: file.path('path'),
    bytes: file.whole('bytes'),
    mtimeMs: file.moment('mtime'),
    hash: file.isNull('hash') ? null : file.id('hash', parseContentHash),
    second: file.isNull('second') ? null : secondIn(file.object('second')),
  })),
})

const secondIn = (second: Fields): NonNullable<RebuiltJob['rolls'][number]['files'][number]['second']> => ({
  finding: second.oneOf('finding', readFindings),
  strength: second.oneOf('strength', strengths),
  atMs: second.moment('at'),
})

const originalIn = (original: Fields): NotedOriginal => ({
  hash: original.id('hash', parseContentHash),
  bytes: original.whole('bytes'),
  name: original.text('name'),
  firstSeenAtMs: original.moment('firstSeen'),
  capturedLocal: original.textOrNull('captured'),
  culled: original.isNull('culled') ? null : culledIn(original.object('culled')),
  otherJob: original.isNull('job') ? null : original.id('job', parseJobId),
  copies: original.list('copies').map((copy) => ({
    path: copy.path('path'),
    latest: {
      finding: copy.oneOf('finding', findings),
      strength: copy.oneOf('strength', strengths),
      atMs: copy.moment('at'),
      deviceId: copy.text('device'),
    },
  })),
})

const culledIn = (culled: Fields): { atMs: number; why: string } => ({
  atMs: culled.moment('at'),
  why: culled.text('why'),
})
