/** Lays the note of a job at each place that holds it, so that any one of them is enough to begin again on a new computer. */
import type { KnownCopy, RebuiltJob, RollFileRecord, RollRecord } from '../catalog/catalog.ts'
import type { Failure } from '../domain/failure.ts'
import { endsThePlace } from '../domain/failure.ts'
import type { CardId, ContentHash, JobId, PlaceId } from '../domain/ids.ts'
import type { Job } from '../domain/job.ts'
import type { Place } from '../domain/place.ts'
import { rolesStillRequired } from '../domain/policy.ts'
import type { Mover } from '../engine/contracts.ts'
import { addressOf, identifyPlaces, onlineOf } from './identify-places.ts'
import type { JobNote, NotedOriginal } from './job-note-text.ts'
import { jobNotePath, jobNoteText, readJobNote, saysTheSame } from './job-note-text.ts'
import type { Program } from './program.ts'

/**
 * Lays what is known of these jobs at each place that answers and that holds, or should hold, something of them; or only at `places`.
 * A place that is away gets its notes when it is there again: whoever works at it next calls this. Answers what went wrong; the
 * copies are as good without a note.
 */
export function layJobNotes(
  program: Program,
  mover: Mover,
  jobIds: readonly JobId[],
  places?: readonly PlaceId[],
): Promise<readonly Failure[]> {
  const mine = (lastLaying.get(program) ?? Promise.resolve()).then(() => lay(program, mover, jobIds, places))
  lastLaying.set(
    program,
    mine.then(
      () => undefined,
      () => undefined,
    ),
  )
  return mine
}

/** One after the other: of two cards of one job, the note that is written last must be the one that was made last. */
const lastLaying = new WeakMap<Program, Promise<void>>()

async function lay(
  program: Program,
  mover: Mover,
  jobIds: readonly JobId[],
  places: readonly PlaceId[] | undefined,
): Promise<readonly Failure[]> {
  const wished = program.settings.places.filter(
    ({ id, role }) => role !== 'card' && (places === undefined || places.includes(id)),
  )
  const online = onlineOf(await identifyPlaces(program, mover, wished)).map(({ place }) => place)
  if (online.length === 0) return []
  const failures: Failure[] = []
  const lost = new Set<PlaceId>()
  for (const jobId of new Set(jobIds)) {
    const facts = await gatherFacts(program, jobId)
    if (facts === null) continue
    for (const place of online) {
      if (lost.has(place.id) || !belongsAt(program, facts, place)) continue
      const failure = await layAt(mover, facts, place)
      if (failure === null) continue
      failures.push(failure)
      if (endsThePlace.has(failure.code)) lost.add(place.id)
    }
  }
  return failures
}

/** What a note says, the same for all places, and of each copy where it is. */
interface NoteFacts extends Omit<JobNote, 'placeId' | 'originals'> {
  readonly originals: readonly (Omit<NotedOriginal, 'copies'> & { readonly copies: readonly KnownCopy[] })[]
}

function belongsAt(program: Program, { job, originals }: NoteFacts, { id, role }: Place): boolean {
  if (rolesStillRequired(program.settings.policy, job, program.clock.nowMs()).includes(role)) return true
  return originals.some(({ copies }) => copies.some((copy) => isAt(copy, id)))
}

const isAt = ({ placeId, latest }: KnownCopy, id: PlaceId): boolean => placeId === id && latest.finding !== 'absent'

async function layAt(mover: Mover, facts: NoteFacts, place: Place): Promise<Failure | null> {
  const note: JobNote = {
    ...facts,
    placeId: place.id,
    originals: facts.originals.map((original) => ({
      ...original,
      copies: original.copies.filter((copy) => isAt(copy, place.id)),
    })),
  }
  const address = addressOf(place)
  const path = jobNotePath(facts.job.id)
  const older = await mover.readNote(address, path)
  if (!older.ok) return older.failure
  const text = jobNoteText(note)
  if (older.value !== null) {
    if (saysTheSame(older.value, text)) return null
    if (knowsMore(older.value, note)) return olderThanNote(facts.job, place)
  }
  const laid = await mover.note(address, [{ path, text, replace: true }])
  return laid.ok ? null : laid.failure
}

/**
 * Does the note that lies there name rolls or originals that this catalog never heard of? Then this is an older catalog, or one that
 * was rebuilt from another place, and must not take that knowledge away (D3). A note that can't be read knows nothing.
 */
function knowsMore(older: string, note: JobNote): boolean {
  const reading = readJobNote(older)
  if (reading.kind === 'unreadable') return false
  const rolls = new Set(note.rolls.map(({ id }) => id))
  const originals = new Set(note.originals.map(({ hash }) => hash))
  return (
    reading.note.rolls.some(({ id }) => !rolls.has(id)) ||
    reading.note.originals.some(({ hash }) => !originals.has(hash))
  )
}

const olderThanNote = (job: Job, place: Place): Failure => ({
  code: 'catalog-older',
  sentence: `The note of “${job.name}” at “${place.name}” names rolls or files that this catalog does not know, so it was left as it is.`,
  advice: `This home is older than the place, or was rebuilt from another one: run “fivefold restore --rebuild-catalog --from-place ${place.address}”.`,
  place: place.name,
})

const originalsAtOnce = 10_000

async function gatherFacts(program: Program, jobId: JobId): Promise<NoteFacts | null> {
  const { catalog, settings, version } = program
  const job = (await catalog.findJobs(jobId)).find(({ id }) => id === jobId)
  if (job === undefined) return null
  const { catalogId, generation } = await catalog.identity()
  const rolls = await Promise.all(
    (await catalog.rolls({ jobId })).map(async (roll) => ({ roll, files: await catalog.rollFiles(roll.id) })),
  )
  const read = rolls.flatMap(({ files }) => files.flatMap(({ hash }) => (hash === null ? [] : [hash])))
  return {
    version,
    catalog: { id: catalogId, generation },
    job,
    places: settings.places.map(({ id, name, role, site }) => ({ id, name, role, site })),
    cards: await gatherCards(program, new Set(rolls.map(({ roll }) => roll.cardId))),
    rolls: rolls.map(({ roll, files }) => notedRoll(roll, files)),
    originals: await gatherOriginals(program, jobId, read),
  }
}

async function gatherCards(program: Program, ids: ReadonlySet<CardId>): Promise<RebuiltJob['cards']> {
  const cards: RebuiltJob['cards'][number][] = []
  for (const wanted of ids)
    for (const card of await program.catalog.card(wanted)) {
      if (card.id !== wanted) continue
      const { id, label, fileSystemUuid, volumeBytes, isVolume, firstSeenAtMs } = card
      cards.push({ id, label, fileSystemUuid, volumeBytes, isVolume, atMs: firstSeenAtMs })
    }
  return cards
}

function notedRoll(roll: RollRecord, files: readonly RollFileRecord[]): RebuiltJob['rolls'][number] {
  const { id, cardId, number, name, folder, startedAtMs, secondRead } = roll
  return {
    id,
    cardId,
    number,
    // The name of a roll is the card's label and a number that counts the rolls of that label.
    label: name.replace(/ \d+$/, ''),
    name,
    folder,
    startedAtMs,
    secondRead,
    files: files.map(({ path, bytes, mtimeMs, hash, second }) => ({ path, bytes, mtimeMs, hash, second })),
  }
}

/** The job's own originals, and those that its rolls hold too and that were first seen in another job. */
async function gatherOriginals(
  program: Program,
  jobId: JobId,
  read: readonly ContentHash[],
): Promise<NoteFacts['originals']> {
  const { catalog } = program
  const originals: NoteFacts['originals'][number][] = []
  const own = new Set<ContentHash>()
  for (let after: ContentHash | undefined; ;) {
    const page = await catalog.originalsOf(jobId, {
      limit: originalsAtOnce,
      ...(after === undefined ? {} : { after }),
    })
    for (const { hash, bytes, name, firstSeenAtMs, capturedLocal, culledAtMs, copies } of page) {
      own.add(hash)
      const culled = await culledOf(program, hash, culledAtMs)
      originals.push({ hash, bytes, name, firstSeenAtMs, capturedLocal, culled, otherJob: null, copies })
    }
    after = page.at(-1)?.hash
    if (after === undefined || page.length < originalsAtOnce) break
  }
  const others = await catalog.knownByHash([...new Set(read)].filter((hash) => !own.has(hash)))
  for (const { hash, bytes, name, firstSeenAtMs, culledAtMs, copies, jobId: otherJob } of others.values()) {
    const culled = await culledOf(program, hash, culledAtMs)
    originals.push({ hash, bytes, name, firstSeenAtMs, capturedLocal: null, culled, otherJob, copies })
  }
  return originals
}

async function culledOf(
  program: Program,
  hash: ContentHash,
  culledAtMs: number | null,
): Promise<NotedOriginal['culled']> {
  if (culledAtMs === null) return null
  const [facts] = await program.catalog.fileFacts(hash)
  return facts?.culled ?? { atMs: culledAtMs, why: '' }
}
