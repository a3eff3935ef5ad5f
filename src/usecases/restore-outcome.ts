/** What became of a restore, for a person and as JSON. Pure: never more hopeful than what was fetched and compared. */
import type { Failure } from '../domain/failure.ts'
import type { PlaceId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import { byRole } from '../domain/place.ts'
import type { Place, Role } from '../domain/place.ts'
import type { OutOfReach } from '../domain/restore-plan.ts'
import type { Fetched, FetchResult, PassedOver } from './fetch-files.ts'
import type { Chosen } from './gather-restore.ts'
import type { RestoreWork } from './restore-files.ts'

export interface RestoreOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.restore/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  /** What else a person should know, most important first. */
  readonly remarks: readonly string[]
  readonly folder: string
  readonly jobs: readonly { readonly id: string; readonly name: string }[]
  readonly files: {
    readonly wanted: number
    readonly restored: number
    readonly alreadyThere: number
    readonly originals: number
    readonly workingFiles: number
    readonly missing: number
  }
  readonly bytes: number
  readonly seconds: number
  /** How the folder was read back: past the cache, or only from memory, which proves nothing (V1). */
  readonly verified: 'medium' | 'cached' | 'nothing'
  /** Where the files came from in this run. */
  readonly places: readonly {
    readonly name: string
    readonly role: Role
    readonly files: number
    readonly bytes: number
  }[]
  /** Copies that could not be used, and where the file came from in the end; null when it came from nowhere. */
  readonly fellOver: readonly {
    readonly path: string
    readonly at: string
    readonly code: string
    readonly cameFrom: string | null
  }[]
  readonly missing: readonly { readonly path: string; readonly hash: string | null; readonly sentence: string }[]
  /** Files whose name was taken by other bytes (W2). */
  readonly renamed: readonly { readonly path: string; readonly as: string }[]
  /** Files of these jobs that were seen on a card and never copied from it. */
  readonly neverCopied: number
  /** False when another command was writing, and what was found of damaged copies could not be written down. */
  readonly recorded: boolean
  /** ISO 8601: when to go on, where a service said so. */
  readonly retryAt: string | null
  readonly failures: readonly Failure[]
}

export interface RestoreFindings extends RestoreWork {
  readonly chosen: Chosen
  readonly fetched: FetchResult
  readonly folder: string
  /** A pattern or a day was given: not everything was wanted. */
  readonly hasOnly: boolean
  /** The place that was to be taken from first. */
  readonly firstPlace: Pick<Place, 'id' | 'name'> | null
  readonly neverCopied: number
  readonly recorded: boolean
  readonly seconds: number
  /** When a service that said “not now” may be asked again, as far as it told. */
  readonly again: { readonly atMs: number; readonly text: string } | null
}

export function concludeRestore(found: RestoreFindings): RestoreOutcome {
  const { plan, chosen, fetched, before, asked, folder, recorded } = found
  const nameOf = new Map(asked.map(({ place }) => [place.id, place.name]))
  const failures = [...found.failures, ...notTheCameras(found)]
  const all = [...before, ...fetched.fetched]
  const missing = [
    ...fetched.notFetched.map(({ wanted, failures }) => ({
      path: wanted.path,
      hash: wanted.sources[0]?.expected ?? null,
      sentence: failures.at(-1)?.sentence ?? 'It was not tried.',
    })),
    ...plan.outOfReach.map((file) => ({ path: file.name, hash: file.hash, sentence: sayOutOfReach(file, nameOf) })),
  ]
  const wanted = plan.wantedFiles.length + plan.outOfReach.length
  const incomplete = missing.length > 0 || failures.length > 0 || found.neverCopied > 0
  const outcome = fetched.cancelled ? 'stopped' : incomplete || all.length < wanted ? 'incomplete' : 'done'
  const verified = strengthOf(all)
  const fellOver = sayFellOver(fetched, nameOf)
  const renamed = fetched.fetched.flatMap(({ wanted, path }) =>
    wanted.path === path ? [] : [{ path: wanted.path, as: path }],
  )
  const counts = {
    wanted,
    restored: all.filter(({ alreadyThere }) => !alreadyThere).length,
    alreadyThere: all.filter(({ alreadyThere }) => alreadyThere).length,
    originals: all.filter(({ wanted }) => wanted.kind === 'original').length,
    workingFiles: all.filter(({ wanted }) => wanted.kind === 'working-file').length,
    missing: missing.length,
  }
  return {
    type: 'result',
    schema: 'fivefold.restore/1',
    outcome,
    sentence: saySentence({ outcome, counts, what: sayWhat(found), folder, verified, lost: fetched.lostFolder }),
    remarks: remarksOn({ ...found, fellOver, renamed }, nameOf),
    folder,
    jobs: chosen.jobs.map(({ id, name }) => ({ id, name })),
    files: counts,
    bytes: all.reduce((sum, { wanted }) => sum + wanted.bytes, 0),
    seconds: found.seconds,
    verified,
    places: perPlace(found),
    fellOver,
    missing,
    renamed,
    neverCopied: found.neverCopied,
    recorded,
    retryAt: found.again === null ? null : new Date(found.again.atMs).toISOString(),
    failures: [
      ...failures,
      ...(fetched.lostFolder === null ? [] : [fetched.lostFolder]),
      ...fetched.lostPlaces.values(),
    ],
  }
}

/**
 * M1: what was damaged is carried nowhere; what an editor saved over an original has to be told from it by a person. Told alike when
 * the books knew of it before, and when this run found it.
 */
function notTheCameras({ workingFrom, fetched }: RestoreFindings): readonly Failure[] {
  return workingFrom.flatMap(({ job, place, notOriginals }) => {
    const foundNow = fetched.passedOver.flatMap(({ wanted, source, failure }) =>
      wanted.kind === 'original' &&
      failure.code === 'copy-differs' &&
      source.placeId === place.id &&
      source.path.startsWith(`${job.folder}/`)
        ? [source.path]
        : [],
    )
    const paths = [...new Set([...notOriginals, ...foundNow])].toSorted()
    return paths.length === 0 ? [] : [sayNotTheCameras(job, place, paths)]
  })
}

const sayNotTheCameras = (job: Job, place: Place, paths: readonly string[]): Failure => ({
  code: 'copy-differs',
  sentence: `${files(paths.length)} of “${job.name}” at “${place.name}” ${paths.length === 1 ? 'is' : 'are'} not what the camera wrote, and ${paths.length === 1 ? 'was' : 'were'} not restored as ${paths.length === 1 ? 'a working file' : 'working files'}: ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ' …' : ''}.`,
  advice: `They stay where they are. If they are edits of yours, run “fivefold repair --edited” and restore again: then they come too. Else “fivefold repair” mends them.`,
  place: place.name,
})

const strengthOf = (all: readonly Fetched[]): RestoreOutcome['verified'] =>
  all.length === 0 ? 'nothing' : all.every(({ strength }) => strength === 'medium') ? 'medium' : 'cached'

function perPlace({ asked, fetched }: RestoreFindings): RestoreOutcome['places'] {
  const brought = fetched.fetched.filter(({ alreadyThere }) => !alreadyThere)
  const from = Map.groupBy(brought, (file) => file.from)
  return asked
    .map(({ place }) => place)
    .toSorted(byRole)
    .flatMap(({ id, name, role }) => {
      const files = from.get(id) ?? []
      if (files.length === 0) return []
      return [{ name, role, files: files.length, bytes: files.reduce((sum, { wanted }) => sum + wanted.bytes, 0) }]
    })
}

function sayFellOver(fetched: FetchResult, nameOf: ReadonlyMap<PlaceId, string>): RestoreOutcome['fellOver'] {
  const came = new Map(fetched.fetched.map(({ wanted, from }) => [wanted, from]))
  return fetched.passedOver.map(({ wanted, source, failure }) => {
    const from = came.get(wanted) ?? null
    return {
      path: source.path,
      at: nameOf.get(source.placeId) ?? source.placeId,
      code: failure.code,
      cameFrom: from === null ? null : (nameOf.get(from) ?? from),
    }
  })
}

const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`

function sayOutOfReach({ at }: OutOfReach, nameOf: ReadonlyMap<PlaceId, string>): string {
  const names = at.flatMap((id) => nameOf.get(id) ?? []).map((name) => `“${name}”`)
  if (names.length === 0) return 'There is no copy of it at any place in use.'
  return `Its only copies are at ${names.join(' and ')}, which did not answer.`
}

function sayWhat({ chosen, hasOnly, plan }: RestoreFindings): string {
  const [job, ...more] = chosen.jobs
  const of = job === undefined ? '' : more.length > 0 ? `of ${more.length + 1} jobs` : `of “${job.name}”`
  const were = plan.wantedFiles.length + plan.outOfReach.length === 1 ? 'was' : 'were'
  return [of, hasOnly ? `that ${were} asked for` : ''].filter((part) => part !== '').join(' ')
}

interface Sentence {
  readonly outcome: RestoreOutcome['outcome']
  readonly counts: RestoreOutcome['files']
  readonly what: string
  readonly folder: string
  readonly verified: RestoreOutcome['verified']
  readonly lost: Failure | null
}

function saySentence({ outcome, counts, what, folder, verified, lost }: Sentence): string {
  const there = counts.restored + counts.alreadyThere
  const whole = [counts.wanted === 1 ? 'The file' : `All ${files(counts.wanted)}`, what]
    .filter((part) => part !== '')
    .join(' ')
  const some = [`${there} of ${files(counts.wanted)}`, what].filter((part) => part !== '').join(' ')
  const are = there === 1 ? 'is' : 'are'
  const compared =
    verified === 'cached' ? 'restored; what was written could be read back only from memory' : 'restored and verified'
  if (outcome === 'stopped')
    return `Stopped: ${some} ${are} ${compared} at ${folder}. Run the same command again, and it goes on from there.`
  if (outcome === 'done') return `${whole} ${are} ${compared} at ${folder}.`
  if (lost !== null) return `NOT all: ${some} ${are} ${compared}. ${lost.sentence}`
  if (there === 0)
    return `Nothing could be restored: no good copy of the ${files(counts.wanted)} ${what} can be reached.`.replace(
      / +can be/,
      ' can be',
    )
  if (there < counts.wanted)
    return `NOT all: ${some} ${are} ${compared} at ${folder}; ${counts.wanted - there} could not be restored.`
  return `${whole} ${are} ${compared} at ${folder}, but something is left to look at.`
}

function remarksOn(
  found: RestoreFindings & Pick<RestoreOutcome, 'fellOver' | 'renamed'>,
  nameOf: ReadonlyMap<PlaceId, string>,
): readonly string[] {
  const remarks = [...sayAgain(found), ...sayFirstPlaceAway(found), ...sayGroups(found.fetched, nameOf)]
  const damaged = new Set(found.fellOver.filter(({ code }) => code === 'copy-differs').map(({ at }) => at))
  for (const name of damaged)
    remarks.push(
      found.recorded
        ? `Mend “${name}” with “fivefold repair”; a copy there is not believed any more.`
        : `Another command was at work, so this was not written down: run “fivefold verify --place "${name}"”.`,
    )
  if (found.neverCopied > 0)
    remarks.push(
      `${files(found.neverCopied)} of these jobs ${found.neverCopied === 1 ? 'was' : 'were'} seen on a card and never copied whole: only that card can have ${found.neverCopied === 1 ? 'it' : 'them'}. See “fivefold card list”.`,
    )
  if (found.renamed.length > 0)
    remarks.push(
      `${files(found.renamed.length)} got a numbered name, because other files lay there under ${found.renamed.length === 1 ? 'its name' : 'their names'}: nothing was overwritten.`,
    )
  const away = found.asked.filter(({ identity }) => identity.kind !== 'online')
  if (found.plan.outOfReach.some(({ at }) => at.length > 0))
    for (const { place, identity } of away)
      if (identity.kind !== 'online' && found.plan.outOfReach.some(({ at }) => at.includes(place.id)))
        remarks.push(`“${place.name}” holds some of what is missing and did not answer: ${identity.sentence}`)
  return remarks
}

function sayAgain({ again, fetched }: RestoreFindings): readonly string[] {
  if (again === null || fetched.cancelled) return []
  return [
    `It can go on at ${again.text}: run the same command again then, or say --wait and leave it running. What is here stays.`,
  ]
}

/** Whoever asked for the files of one place is told when they are those of another. */
function sayFirstPlaceAway(found: RestoreFindings): readonly string[] {
  const { firstPlace, asked } = found
  const there = asked.find(({ place }) => place.id === firstPlace?.id)
  if (firstPlace === null || there === undefined || there.identity.kind === 'online') return []
  const others = perPlace(found).map(({ name }) => `“${name}”`)
  const instead = others.length === 0 ? '' : ` The files came from ${others.join(' and ')} instead.`
  return [`“${firstPlace.name}” could not be asked: ${there.identity.sentence}${instead}`]
}

const why: Readonly<Record<string, string>> = { 'copy-differs': 'damaged', 'copy-missing': 'missing' }

/** “3 files were damaged at “NAS” and came from “SAFE A” instead.” */
function sayGroups(fetched: FetchResult, nameOf: ReadonlyMap<PlaceId, string>): string[] {
  const came = new Map(fetched.fetched.map(({ wanted, from }) => [wanted, from]))
  const keyOf = ({ wanted, source, failure }: PassedOver): string =>
    JSON.stringify([source.placeId, came.get(wanted) ?? null, why[failure.code] ?? 'out of reach'])
  return [...Map.groupBy(fetched.passedOver, keyOf).values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const at = nameOf.get(first.source.placeId) ?? first.source.placeId
    const word = why[first.failure.code] ?? 'out of reach'
    const from = came.get(first.wanted) ?? null
    const then =
      from === null
        ? 'could not be brought from anywhere else'
        : from === first.source.placeId
          ? 'came from another copy there'
          : `came from “${nameOf.get(from) ?? from}” instead`
    return [`${files(group.length)} ${group.length === 1 ? 'was' : 'were'} ${word} at “${at}” and ${then}.`]
  })
}
