/** What a person wants back, as the catalog and the places know it: the facts for `planRestore`. Only looks. */
import type { FileFacts } from '../catalog/catalog.ts'
import type { Finding } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import type { ContentHash, JobId } from '../domain/ids.ts'
import { looksLikeContentHash } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import { isLeftOut } from '../domain/left-out.ts'
import type { Place } from '../domain/place.ts'
import type { PlaceListing } from '../domain/place-listing.ts'
import type { RestoreFacts, RestoreOriginal, RestoreRoll, RestoreWorkingFile } from '../domain/restore-plan.ts'
import { distance } from '../domain/restore-plan.ts'
import type { Cancel, Mover } from '../engine/contracts.ts'
import { addressOf } from './identify-places.ts'
import type { Program } from './program.ts'

export interface RestoreChoice {
  /** Names or ids of jobs, or files by path or hash. */
  readonly what: readonly string[]
  readonly all: boolean
  /** `YYYY-MM-DD`: shot or first seen since then. */
  readonly since: string | null
}

export interface Chosen {
  readonly jobs: readonly Job[]
  readonly files: readonly FileFacts[]
}

/** Fails with `wrong-usage` or `not-found`. */
export async function choose(program: Program, { what, all, since }: RestoreChoice): Promise<Result<Chosen>> {
  if (all || (what.length === 0 && since !== null)) return done({ jobs: await program.catalog.jobs(), files: [] })
  if (what.length === 0) return failed(nothingNamed)
  const jobs: Job[] = []
  const files: FileFacts[] = []
  for (const wanted of what) {
    const [job, ...more] = await program.catalog.findJobs(wanted)
    if (job !== undefined && more.length > 0) return failed(severalJobs(wanted, [job, ...more]))
    if (job !== undefined) {
      jobs.push(job)
      continue
    }
    const found = await program.catalog.fileFacts(looksLikeContentHash(wanted) ? wanted.toLowerCase() : wanted)
    if (found.length === 0) return failed(nothingOfThatName(wanted))
    files.push(...found)
  }
  return done({ jobs, files })
}

const nothingNamed: Failure = {
  code: 'wrong-usage',
  sentence: 'Nothing was named that could be restored.',
  advice:
    'Name jobs or files, or say --all, or --since with a day such as 2026-11-01. “fivefold job list” shows the jobs.',
}

const severalJobs = (name: string, jobs: readonly Job[]): Failure => ({
  code: 'wrong-usage',
  sentence: `There are ${jobs.length} jobs called “${name}”.`,
  advice: `Name the one by its id: ${jobs.map(({ id, client, shotOn }) => `${id} (${client === '' ? shotOn : `${client}, ${shotOn}`})`).join(', ')}.`,
})

const nothingOfThatName = (name: string): Failure => ({
  code: 'not-found',
  sentence: `There is no job called “${name}”, and no file with that path or hash.`,
  advice:
    'See “fivefold job list”. A file is named by its path on the card or at a place, as “fivefold file show” prints it.',
})

const originalsAtOnce = 10_000

/** The originals of what was chosen, and its rolls; what those hold that was first seen in another job is among them. */
export async function gatherOriginals(
  program: Program,
  { jobs, files }: Chosen,
  since: string | null,
): Promise<Pick<RestoreFacts, 'originals' | 'rolls'>> {
  const originals: RestoreOriginal[] = []
  const rolls: RestoreRoll[] = []
  for (const job of jobs) {
    const own = await originalsOf(program, job, since)
    const held: RestoreRoll[] = []
    for (const { id, folder } of await program.catalog.rolls({ jobId: job.id }))
      held.push({ folder, files: await program.catalog.rollFiles(id) })
    originals.push(...own.originals, ...(await othersOf(program, job, held, own.hashes, since)))
    rolls.push(...held)
  }
  for (const { hash, bytes, name, culled, job, copies } of files)
    originals.push({ hash, bytes, name, mtimeMs: null, isCulled: culled !== null, folders: [job.folder], copies })
  return { originals, rolls }
}

async function originalsOf(
  program: Program,
  job: Job,
  since: string | null,
): Promise<{ readonly originals: readonly RestoreOriginal[]; readonly hashes: ReadonlySet<ContentHash> }> {
  const originals: RestoreOriginal[] = []
  const hashes = new Set<ContentHash>()
  for (let after: ContentHash | undefined; ;) {
    const page = await program.catalog.originalsOf(job.id, {
      limit: originalsAtOnce,
      ...(after === undefined ? {} : { after }),
    })
    for (const { hash, bytes, name, mtimeMs, culledAtMs, copies, capturedLocal, firstSeenAtMs } of page) {
      hashes.add(hash)
      if (!isSince(program, since, capturedLocal, firstSeenAtMs)) continue
      originals.push({ hash, bytes, name, mtimeMs, isCulled: culledAtMs !== null, folders: [job.folder], copies })
    }
    after = page.at(-1)?.hash
    if (after === undefined || page.length < originalsAtOnce) return { originals, hashes }
  }
}

async function othersOf(
  program: Program,
  job: Job,
  rolls: readonly RestoreRoll[],
  own: ReadonlySet<ContentHash>,
  since: string | null,
): Promise<readonly RestoreOriginal[]> {
  const times = new Map<ContentHash, number>()
  for (const { files } of rolls)
    for (const { hash, mtimeMs } of files) if (hash !== null && !own.has(hash)) times.set(hash, mtimeMs)
  const known = await program.catalog.knownByHash([...times.keys()])
  return [...known.values()].flatMap(({ hash, bytes, name, culledAtMs, copies, firstSeenAtMs }): RestoreOriginal[] => {
    if (!isSince(program, since, null, firstSeenAtMs)) return []
    const mtimeMs = times.get(hash) ?? null
    return [{ hash, bytes, name, mtimeMs, isCulled: culledAtMs !== null, folders: [job.folder], copies }]
  })
}

const isSince = (program: Program, since: string | null, shot: string | null, firstSeenAtMs: number): boolean =>
  since === null || (shot !== null && shot.slice(0, 10) >= since) || dayOf(program, firstSeenAtMs) >= since

const dayOf = (program: Program, atMs: number): string => program.localTime(atMs).slice(0, 10)

/** Where a job's working files are taken from, and what lies there under the name of an original and is none (M1). */
export interface WorkingSource {
  readonly job: Job
  readonly place: Place
  /** As the books know it before anything is fetched. */
  readonly notOriginals: readonly string[]
}

/** Those that are not in their place anyway; from the nearest place that answers and has something of the job. */
export async function gatherWorkingFiles(
  program: Program,
  mover: Mover,
  job: Job,
  places: readonly Place[],
  wish: { readonly since: string | null; readonly firstPlace: Place | null },
  cancel: Cancel,
): Promise<{
  readonly files: readonly RestoreWorkingFile[]
  readonly source: WorkingSource | null
  readonly failures: readonly Failure[]
}> {
  const failures: Failure[] = []
  const inOrder = places.toSorted(
    (a, b) =>
      Number(b.id === wish.firstPlace?.id) - Number(a.id === wish.firstPlace?.id) ||
      distance(a.role) - distance(b.role),
  )
  for (const place of inOrder) {
    const listing = await mover.listPlace(addressOf(place), job.folder, cancel)
    if (!listing.ok) failures.push(listing.failure)
    else if (listing.value.files.length > 0) {
      if (!listing.value.complete) failures.push(incomplete(job, place, listing.value))
      const { workingFiles: found, notOriginals } = await unrecorded(program, job, place, listing.value)
      const recent = found.filter(({ mtimeMs }) => wish.since === null || dayOf(program, mtimeMs) >= wish.since)
      const elsewhere = await carriedElsewhere(program, job.id, inOrder, recent)
      return { files: [...recent, ...elsewhere], source: { job, place, notOriginals }, failures }
    }
  }
  return { files: [], source: null, failures }
}

const incomplete = (job: Job, place: Place, { unreadable }: PlaceListing): Failure => ({
  code: 'place-error',
  sentence: `Not all of the folder of “${job.name}” at “${place.name}” could be listed: ${unreadable.slice(0, 3).join(', ')} can't be read.`,
  advice: `Working files in there are not restored. Look into them at ${place.address}, or name another place with --from.`,
  place: place.name,
})

/**
 * What lies in the job's folder there and is in the books as no copy, the manifests among it; apart from it what lies under the name of
 * an original and is known to be other bytes. A name that is in the books as absent is free: after “repair --edited” an edit has it.
 */
async function unrecorded(
  program: Program,
  job: Job,
  place: Place,
  listing: PlaceListing,
): Promise<{ readonly workingFiles: readonly RestoreWorkingFile[]; readonly notOriginals: readonly string[] }> {
  const copies = await program.catalog.copyPathsUnder(place.id, job.folder)
  const pathsOf = (finding: Finding): ReadonlySet<string> =>
    new Set(copies.flatMap(({ path, latest }) => (latest.finding === finding ? [path] : [])))
  const agreed = pathsOf('agreed')
  const differed = pathsOf('differed')
  const carried = new Map(
    (await program.catalog.workingFiles(place.id, job.id)).map(({ path, bytes, hash }) => [path, { bytes, hash }]),
  )
  const workingFiles = listing.files
    .filter(({ path }) => !agreed.has(path) && !differed.has(path) && !isLeftOut(path))
    .map((file) => {
      const known = carried.get(file.path)
      const expected = known !== undefined && known.bytes === file.bytes ? known.hash : null
      return { ...file, placeId: place.id, expected }
    })
  const notOriginals = listing.files.map(({ path }) => path).filter((path) => differed.has(path) && !agreed.has(path))
  return { workingFiles, notOriginals }
}

/** Where else the same working files were carried to, should the nearest one not be readable. */
async function carriedElsewhere(
  program: Program,
  jobId: JobId,
  places: readonly Place[],
  files: readonly RestoreWorkingFile[],
): Promise<readonly RestoreWorkingFile[]> {
  const wanted = new Map(files.map((file) => [file.path, file]))
  const elsewhere: RestoreWorkingFile[] = []
  for (const { id } of places)
    for (const { path, bytes, mtimeMs, hash } of await program.catalog.workingFiles(id, jobId)) {
      const nearest = wanted.get(path)
      if (nearest === undefined || nearest.placeId === id || nearest.bytes !== bytes) continue
      elsewhere.push({ placeId: id, path, bytes, mtimeMs, expected: hash })
    }
  return elsewhere
}
