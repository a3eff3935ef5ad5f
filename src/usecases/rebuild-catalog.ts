/**
 * Begins again on a new computer, with nothing left but one place: its marker says who it is, its notes what it holds, and where
 * there is no note, its manifests. Nothing is read of the pictures themselves, so nothing counts as proven until `verify` did (V1).
 */
import type { CopyRecord, RebuiltJob } from '../catalog/catalog.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { parsePlaceId } from '../domain/ids.ts'
import type { PlaceId, RunId } from '../domain/ids.ts'
import type { Place, Role } from '../domain/place.ts'
import { roles } from '../domain/place.ts'
import type { PlaceFile } from '../domain/place-listing.ts'
import type { Cancel, Mover, PlaceAddress } from '../engine/contracts.ts'
import { identifyTimeoutMs, identifyPlaces, onlineOf } from './identify-places.ts'
import { markLastWriter } from './last-writer.ts'
import type { JobNote, NotedOriginal } from './job-note-text.ts'
import { jobNotesFolder, readJobNote } from './job-note-text.ts'
import { jobsFromManifests } from './jobs-from-manifests.ts'
import { FieldWrong, rootOf } from './json-fields.ts'
import { addPlace } from './manage-places.ts'
import type { Hear, Program } from './program.ts'

export interface RebuildWish {
  /** The folder that is the place: a drive from the safe, a library, a second folder. Or the name of a service. */
  readonly folder: string
}

export interface RebuildOutcome {
  readonly type: 'result'
  readonly schema: 'fivefold.rebuild/1'
  readonly outcome: 'done' | 'incomplete' | 'stopped'
  readonly sentence: string
  readonly place: { readonly name: string; readonly role: Role; readonly address: string }
  readonly jobs: readonly {
    readonly id: string
    readonly name: string
    readonly client: string
    readonly from: 'note' | 'manifests'
    readonly originals: number
    /** There, with the right size. */
    readonly present: number
    readonly missing: number
    readonly otherSize: number
  }[]
  /** Where the other copies were, as the notes tell. */
  readonly otherPlaces: readonly { readonly name: string; readonly role: Role; readonly site: string }[]
  readonly failures: readonly Failure[]
}

/** What is taken back of one job, and where its copies lie at this place. */
export interface FoundJob {
  readonly from: 'note' | 'manifests'
  readonly rebuilt: Omit<RebuiltJob, 'originals' | 'copies'>
  readonly originals: readonly NotedOriginal[]
}

/** Fails, having changed nothing, with `catalog-exists`, `place-unmarked`, `place-unknown`, `place-exists`, or what the place answers. */
export async function rebuildCatalog(
  program: Program,
  wish: RebuildWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<RebuildOutcome>> {
  if (await hasOwnHistory(program)) return failed(catalogExists)
  const mover = program.startMover()
  try {
    const address = await recognise(program, mover, wish.folder)
    if (!address.ok) return address
    const listing = await mover.listPlace(address.value, '', cancel)
    if (!listing.ok) return listing
    const notes = await readNotes(mover, address.value, cancel)
    if (!notes.ok) return notes
    const place = await setUpPlace(program, mover, address.value, notes.value.notes)
    if (!place.ok) return place
    hear({ type: 'phase', card: place.value.name, phase: 'ask', files: listing.value.files.length, bytes: 0 })
    const covered = notes.value.notes.map(({ job }) => job.folder)
    const tools = { program, mover, address: address.value }
    const others = await jobsFromManifests(tools, listing.value.files, covered)
    const found = [...notes.value.notes.map(foundInNote), ...others.jobs]
    const runId = await program.catalog.beginRun('rebuild', { ...wish }, program.clock.nowMs())
    const jobs = await takeBack(program, { runId, found, files: listing.value.files, place: place.value }, cancel)
    const failures = [
      ...notes.value.failures,
      ...others.failures,
      ...(listing.value.complete ? [] : [notAllListed(place.value, listing.value.unreadable)]),
    ]
    const outcome = conclude(
      place.value,
      jobs,
      otherPlaces(notes.value.notes, place.value.id),
      failures,
      cancel.aborted,
    )
    // From now on this catalog is the one that this place listens to.
    await markLastWriter(program, mover, onlineOf(await identifyPlaces(program, mover, [place.value])))
    await program.catalog.endRun(runId, outcome.outcome, program.clock.nowMs())
    return done(outcome)
  } finally {
    mover.end()
  }
}

/** Runs that put nothing into the catalog that a rebuild could contradict; so one place after the other can be taken in. */
const harmlessRuns: ReadonlySet<string> = new Set(['rebuild', 'restore', 'verify', 'drill'])
const runsMax = 100_000

async function hasOwnHistory(program: Program): Promise<boolean> {
  const jobs = await program.catalog.jobs()
  if (jobs.length === 0) return false
  return (await program.catalog.runs(runsMax)).some(({ kind }) => !harmlessRuns.has(kind))
}

const catalogExists: Failure = {
  code: 'catalog-exists',
  sentence: 'This home has a catalog with jobs in it, which knows more than a place can tell.',
  advice: 'To look at a place apart from it, give an empty folder with --home. Nothing was changed.',
}

/** The address of the place that lies there, whoever it is (W4). */
async function recognise(program: Program, mover: Mover, wished: string): Promise<Result<PlaceAddress>> {
  const folder = addressIn(program, wished)
  const stranger: PlaceAddress = { id: parsePlaceId('stranger'), name: folder, folder, declaredDevice: null }
  const known = program.settings.places.find(({ address }) => address === folder)
  const asked = { ...stranger, ...(known === undefined ? {} : { id: known.id }) }
  const identity = await mover.identify(asked, identifyTimeoutMs)
  if (identity.kind === 'online') return done({ ...asked, declaredDevice: known?.declaredDevice ?? null })
  if (identity.kind === 'someone-else') {
    const id = placeIdIn(identity.foundId)
    if (id !== null) return done({ ...stranger, id })
  }
  return failed({
    code: identity.kind === 'unmarked' ? 'place-unmarked' : 'place-unknown',
    sentence: `${folder} can't be read as a place of Fivefold: ${identity.sentence}`,
    advice: 'Name the folder that holds “.fivefold”, usually the root of the drive. Nothing was changed.',
    path: folder,
  })
}

/** A folder, the address of a service, or the name under which a service was set down and signed in at. */
function addressIn(program: Program, wished: string): string {
  const named = program.settings.places.find(({ name }) => name.toLowerCase() === wished.toLowerCase())
  if (named !== undefined && program.services.isService(named.address)) return named.address
  return program.services.isService(wished) ? wished : program.paths.absolute(wished)
}

function placeIdIn(text: string): PlaceId | null {
  try {
    return parsePlaceId(text)
  } catch {
    return null
  }
}

interface FoundNotes {
  readonly notes: readonly JobNote[]
  readonly failures: readonly Failure[]
}

async function readNotes(mover: Mover, address: PlaceAddress, cancel: Cancel): Promise<Result<FoundNotes>> {
  const listing = await mover.listPlace(address, jobNotesFolder, cancel)
  if (!listing.ok) return listing
  const notes: JobNote[] = []
  const failures: Failure[] = listing.value.complete ? [] : [notesNotAllListed(address)]
  for (const { path } of listing.value.files.filter(({ path }) => path.endsWith('.json'))) {
    const text = await mover.readNote(address, path)
    if (!text.ok) {
      failures.push(text.failure)
      continue
    }
    const reading = readJobNote(text.value ?? '')
    if (reading.kind === 'note') notes.push(reading.note)
    else failures.push(noteUnreadable(address, path, reading.why))
  }
  return done({ notes, failures })
}

/** D3: a note that was not seen is not a note that is not there. */
const notesNotAllListed = ({ name }: PlaceAddress): Failure => ({
  code: 'place-error',
  sentence: `Not all of ${jobNotesFolder} at “${name}” could be listed: jobs whose notes lie there were taken from the manifests, as far as they tell.`,
  advice: 'Look whether you may read that folder, or rebuild from another place as well: each adds what it knows.',
  path: jobNotesFolder,
  place: name,
})

const noteUnreadable = ({ name }: PlaceAddress, path: string, why: string): Failure => ({
  code: 'place-error',
  sentence: `The note ${path} can't be read: ${why}. Its job was taken from the manifests, as far as they tell.`,
  advice: 'Rebuild from another place as well, if there is one: each adds what it knows.',
  path,
  place: name,
})

const notAllListed = ({ name }: Place, unreadable: readonly string[]): Failure => ({
  code: 'place-error',
  sentence: `Not all folders at “${name}” could be listed: ${unreadable.slice(0, 3).join(', ')} can't be read. What lies there counts as missing for now.`,
  advice: 'Look into them, then run the same command again.',
  place: name,
})

/** Adds the place to the settings under its own id, with the name and the site that it had. */
async function setUpPlace(
  program: Program,
  mover: Mover,
  address: PlaceAddress,
  notes: readonly JobNote[],
): Promise<Result<Place>> {
  const known = program.settings.places.find(({ id }) => id === address.id)
  if (known !== undefined) return done({ ...known, address: address.folder })
  const marker = await readMarker(mover, address)
  if (!marker.ok) return marker
  const site = notes.flatMap(({ places }) => places).find(({ id }) => id === address.id)?.site ?? null
  const { role, name } = marker.value
  const added = await addPlace(program, { role, address: address.folder, name, site, device: null })
  return added.ok ? done(added.value.place) : added
}

async function readMarker(mover: Mover, address: PlaceAddress): Promise<Result<{ name: string; role: Role }>> {
  const text = await mover.readNote(address, '.fivefold/place.json')
  if (!text.ok) return text
  try {
    const marker = rootOf(text.value ?? '')
    return done({ name: marker.text('name'), role: marker.oneOf<Role>('role', roles) })
  } catch (error) {
    if (!(error instanceof FieldWrong)) throw error
    return failed({
      code: 'place-unknown',
      sentence: `The marker of the place at ${address.folder} is damaged: ${error.message}.`,
      advice: 'Bring .fivefold/place.json back from another copy of this place. Nothing was changed.',
      place: address.name,
    })
  }
}

const foundInNote = ({ job, cards, rolls, originals }: JobNote): FoundJob => ({
  from: 'note',
  rebuilt: { job, cards, rolls },
  originals,
})

interface ToTakeBack {
  readonly runId: RunId
  readonly found: readonly FoundJob[]
  readonly files: readonly PlaceFile[]
  readonly place: Place
}

/**
 * Twice over all jobs: first what each of them saw first, so that a picture that two jobs hold belongs again to the one that had it
 * first; then the rolls and the copies.
 */
async function takeBack(
  program: Program,
  { runId, found, files, place }: ToTakeBack,
  cancel: Cancel,
): Promise<RebuildOutcome['jobs']> {
  const atMs = program.clock.nowMs()
  const deviceId = await deviceOf(program, place)
  const there = new Map(files.map(({ path, bytes }) => [path, bytes]))
  const jobs: RebuildOutcome['jobs'][number][] = []
  for (const { rebuilt, originals } of found) {
    if (cancel.aborted) return []
    const own = originals.filter(({ otherJob }) => otherJob === null)
    await program.catalog.rebuildJob(runId, { job: rebuilt.job, cards: [], rolls: [], originals: own, copies: [] })
  }
  for (const { from, rebuilt, originals } of found) {
    if (cancel.aborted) break
    const copies: CopyRecord[] = []
    const counts = { present: 0, missing: 0, otherSize: 0 }
    for (const { hash, bytes, copies: noted } of originals)
      for (const { path, latest } of noted) {
        const found = there.get(path)
        if (found === undefined) counts.missing += 1
        else if (found !== bytes) counts.otherSize += 1
        else {
          counts.present += 1
          // What was known as changed stays in doubt; what was proven has to be proven again.
          const finding = latest.finding === 'differed' ? 'differed' : 'agreed'
          copies.push({ hash, placeId: place.id, path, evidence: { atMs, strength: 'written', finding, deviceId } })
        }
      }
    await program.catalog.rebuildJob(runId, { ...rebuilt, originals, copies })
    const { id, name, client } = rebuilt.job
    jobs.push({ id, name, client, from, originals: originals.length, ...counts })
  }
  return jobs
}

/** The device that the place lies on now; what a note says of it was true on another computer. */
async function deviceOf(program: Program, place: Place): Promise<string> {
  const mover = program.startMover()
  try {
    const { id, name, address: folder, declaredDevice } = place
    const identity = await mover.identify({ id, name, folder, declaredDevice }, identifyTimeoutMs)
    return identity.kind === 'online' ? identity.device.id : `unknown:${folder}`
  } finally {
    mover.end()
  }
}

function otherPlaces(notes: readonly JobNote[], own: PlaceId): RebuildOutcome['otherPlaces'] {
  const others = new Map(notes.flatMap(({ places }) => places.map((place) => [place.id, place])))
  others.delete(own)
  return [...others.values()].map(({ name, role, site }) => ({ name, role, site }))
}

function conclude(
  { name, role, address }: Place,
  jobs: RebuildOutcome['jobs'],
  others: RebuildOutcome['otherPlaces'],
  failures: readonly Failure[],
  stopped: boolean,
): RebuildOutcome {
  const sum = (of: (job: RebuildOutcome['jobs'][number]) => number): number =>
    jobs.reduce((total, job) => total + of(job), 0)
  const present = sum((job) => job.present)
  const lacking = sum((job) => job.missing + job.otherSize)
  const incomplete = lacking > 0 || failures.length > 0 || jobs.length === 0
  return {
    type: 'result',
    schema: 'fivefold.rebuild/1',
    outcome: stopped ? 'stopped' : incomplete ? 'incomplete' : 'done',
    sentence: say({ name, jobs: jobs.length, present, lacking, stopped }),
    place: { name, role, address },
    jobs,
    otherPlaces: others,
    failures,
  }
}

interface Counts {
  readonly name: string
  readonly jobs: number
  readonly present: number
  readonly lacking: number
  readonly stopped: boolean
}

function say({ name, jobs, present, lacking, stopped }: Counts): string {
  if (stopped) return `Stopped: run the same command again, and the catalog is rebuilt to its end.`
  if (jobs === 0) return `“${name}” holds no note and no manifest of any job: nothing could be taken back from it.`
  const took = `${jobs} ${jobs === 1 ? 'job is' : 'jobs are'} back in the catalog, with ${present} ${present === 1 ? 'file' : 'files'} at “${name}”.`
  const lacks =
    lacking === 0
      ? ''
      : ` ${lacking} ${lacking === 1 ? 'is' : 'are'} NOT there, or not in ${lacking === 1 ? 'its' : 'their'} true size.`
  return `${took}${lacks} Nothing was read yet, so nothing counts as proven: run “fivefold verify --place "${name}"”.`
}
