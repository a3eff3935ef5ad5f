/**
 * Who wrote at a place last: a small note with the catalog's id and how far it had come. An older catalog that comes back (from a
 * snapshot, or from another computer) may read and add, but nothing is removed on its word (D3).
 */
import type { Presence } from '../domain/copy.ts'
import type { Failure, Result } from '../domain/failure.ts'
import { done, failed } from '../domain/failure.ts'
import { parseRunId } from '../domain/ids.ts'
import type { Place } from '../domain/place.ts'
import type { Mover } from '../engine/contracts.ts'
import type { OnlinePlace } from './identify-places.ts'
import { addressOf } from './identify-places.ts'
import type { Program } from './program.ts'

const notePath = '.fivefold/last-writer.json'
const schema = 'fivefold.last-writer/1'

/**
 * Answers the time that each place gave the note: its own clock, where it is a NAS. A place that refuses the note is left out, and
 * so is one that a later state of this very catalog wrote: its word is not overwritten by an older one.
 */
export async function markLastWriter(
  program: Program,
  mover: Mover,
  online: readonly OnlinePlace[],
): Promise<readonly { readonly name: string; readonly atMs: number }[]> {
  const identity = { ...(await program.catalog.identity()), run: await program.catalog.lastRunId() }
  const atMs = program.clock.nowMs()
  const text = `${JSON.stringify({ schema, ...identity, at: new Date(atMs).toISOString(), version: program.version }, null, 2)}\n`
  const times: { readonly name: string; readonly atMs: number }[] = []
  for (const { place } of online) {
    const last = await lastWriterAt(mover, place)
    if (!last.ok) continue
    if (last.value !== null && (await isLaterState(program, last.value))) continue
    const laid = await mover.note(addressOf(place), [{ path: notePath, text, replace: true }])
    const [presence] = laid.ok ? await presenceOf(mover, place) : []
    if (presence?.kind === 'present') times.push({ name: place.name, atMs: presence.mtimeMs })
  }
  return times
}

async function presenceOf(mover: Mover, place: Place): Promise<readonly Presence[]> {
  const answers = await mover.checkPaths(addressOf(place), [notePath])
  return answers.ok ? answers.value : []
}

/** Fails with `catalog-older` when a place was last written by a later state of this catalog, or by another one. */
export async function readLastWriters(
  program: Program,
  mover: Mover,
  online: readonly OnlinePlace[],
): Promise<Result<void>> {
  const { catalogId } = await program.catalog.identity()
  for (const { place } of online) {
    const read = await lastWriterAt(mover, place)
    if (!read.ok) return read
    const last = read.value
    if (last === null) continue
    if (last.catalogId !== catalogId) return failed(notOurs(place.name, 'another catalog of Fivefold'))
    if (await isLaterState(program, last)) return failed(notOurs(place.name, 'a later state of this catalog'))
  }
  return done(undefined)
}

interface LastWriter {
  readonly catalogId: string
  readonly generation: number
  /** The last run in its books; null in a note of an older version. */
  readonly run: string | null
}

/** Of this very catalog, but with runs that these books don't know: a snapshot came back, or it was copied and went two ways. */
async function isLaterState(program: Program, last: LastWriter): Promise<boolean> {
  const { catalogId, generation } = await program.catalog.identity()
  if (last.catalogId !== catalogId) return false
  if (last.generation > generation) return true
  return last.run !== null && isRunId(last.run) && !(await program.catalog.hasRun(parseRunId(last.run)))
}

const isRunId = (text: string): boolean => /^[a-z0-9][a-z0-9-]{0,63}$/.test(text)

async function lastWriterAt(mover: Mover, place: Place): Promise<Result<LastWriter | null>> {
  const text = await mover.readNote(addressOf(place), notePath)
  if (!text.ok) return text
  return done(text.value === null ? null : readWriter(text.value))
}

function readWriter(text: string): LastWriter | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Reflect.get(value, 'schema') !== schema) return null
    const catalogId: unknown = Reflect.get(value, 'catalogId')
    const generation: unknown = Reflect.get(value, 'generation')
    const run: unknown = Reflect.get(value, 'run')
    if (typeof catalogId !== 'string' || typeof generation !== 'number') return null
    return { catalogId, generation, run: typeof run === 'string' ? run : null }
  } catch {
    return null
  }
}

const notOurs = (name: string, who: string): Failure => ({
  code: 'catalog-older',
  sentence: `Nothing was removed: “${name}” was last written by ${who}, which knows things that this one does not.`,
  advice: 'Prune with the computer that is used for ingesting. After a rebuild, run “fivefold verify” here first.',
  place: name,
})
