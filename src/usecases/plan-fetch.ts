/** What a restore is about to fetch: from the plan, the addresses of the places, and the notes of earlier runs. Only looks. */
import { planFetch, speedNote, speedOfNote } from '../domain/fetch-plan.ts'
import type { FetchPlan } from '../domain/fetch-plan.ts'
import type { PlaceId, RunId } from '../domain/ids.ts'
import { byRole } from '../domain/place.ts'
import type { WantedFile } from '../domain/restore-plan.ts'
import type { FetchSpeed } from './fetch-files.ts'
import type { OnlinePlace } from './identify-places.ts'
import type { Program } from './program.ts'

const fetchedCode = 'fetched'
/** Restores are rare; what was measured many runs ago was perhaps another line. */
const runsBack = 200

export async function fetchPlanOf(
  program: Program,
  wantedFiles: readonly WantedFile[],
  kept: ReadonlyMap<WantedFile, number>,
  online: readonly OnlinePlace[],
): Promise<FetchPlan> {
  const { services, settings } = program
  const measured = await measuredSpeeds(program)
  const from = Map.groupBy(wantedFiles, ({ sources }) => sources[0]?.placeId)
  const places = online
    .map(({ place }) => place)
    .toSorted(byRole)
    .map(({ id, name, role, address }) => {
      const files = from.get(id) ?? []
      return {
        name,
        role,
        files: files.length,
        bytes: files.reduce((sum, wanted) => sum + wanted.bytes - (kept.get(wanted) ?? 0), 0),
        service: services.isService(address) ? services.hostOf(address) : null,
        measuredBytesPerSecond: measured.get(id) ?? null,
      }
    })
  return planFetch(places, settings.egressPerGB)
}

/** The newest of each place. */
async function measuredSpeeds({ catalog }: Program): Promise<ReadonlyMap<PlaceId, number>> {
  const speeds = new Map<PlaceId, number>()
  for (const { id, kind } of await catalog.runs(runsBack)) {
    if (kind !== 'restore') continue
    for (const { code, placeId, sentence } of await catalog.runNotes(id)) {
      const speed = code === fetchedCode ? speedOfNote(sentence) : null
      if (speed !== null && placeId !== null && !speeds.has(placeId)) speeds.set(placeId, speed)
    }
  }
  return speeds
}

/** Kept for the next plan. */
export async function noteSpeeds(program: Program, runId: RunId, speeds: readonly FetchSpeed[]): Promise<void> {
  const atMs = program.clock.nowMs()
  const notes = [...Map.groupBy(speeds, ({ placeId }) => placeId)].map(([placeId, some]) => ({
    atMs,
    code: fetchedCode,
    placeId,
    path: null,
    sentence: speedNote(
      some.reduce((sum, { bytes }) => sum + bytes, 0),
      some.reduce((sum, { ms }) => sum + ms, 0) / 1000,
    ),
  }))
  if (notes.length > 0) await program.catalog.noteRun(runId, notes)
}
