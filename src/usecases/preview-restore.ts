/** `restore --dry-run`: what would be fetched from where, how long it takes and what it costs. Nothing is made, written or fetched. */
import type { FetchPlan } from '../domain/fetch-plan.ts'
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { WantedFile } from '../domain/restore-plan.ts'
import type { Cancel, Mover, PlaceAddress } from '../engine/contracts.ts'
import { keptOnTheWay } from './kept-on-the-way.ts'
import { fetchPlanOf } from './plan-fetch.ts'
import type { Program } from './program.ts'
import type { PlannedRestore } from './restore-files.ts'

export interface RestorePreview {
  readonly type: 'result'
  readonly schema: 'fivefold.restore-plan/1'
  readonly outcome: 'done'
  readonly sentence: string
  readonly folder: string
  /** By name and size alone: a restore compares them with their hash. */
  readonly alreadyThere: number
  /** Bytes of files that an earlier restore could not finish, and that need not be fetched again. */
  readonly keptBytes: number
  /** Files of which no copy can be reached now. */
  readonly outOfReach: number
  readonly fetch: FetchPlan
}

export async function previewRestore(
  program: Program,
  mover: Mover,
  folder: PlaceAddress,
  { plan, online }: PlannedRestore,
  cancel: Cancel,
): Promise<Result<RestorePreview>> {
  const there = await lookInto(mover, folder, plan.wantedFiles, cancel)
  if (!there.ok) return there
  const { left, kept } = there.value
  const fetch = await fetchPlanOf(program, left, kept, online)
  const outOfReach = plan.outOfReach.length
  const missing = outOfReach === 0 ? '' : ` NOT reachable now: ${outOfReach} ${outOfReach === 1 ? 'file' : 'files'}.`
  return done({
    type: 'result',
    schema: 'fivefold.restore-plan/1',
    outcome: 'done',
    sentence: `${fetch.sentence}${missing} Nothing was fetched. Leave out --dry-run to fetch.`,
    folder: folder.folder,
    alreadyThere: plan.wantedFiles.length - left.length,
    keptBytes: [...kept.values()].reduce((sum, bytes) => sum + bytes, 0),
    outOfReach,
    fetch,
  })
}

interface There {
  readonly left: readonly WantedFile[]
  readonly kept: ReadonlyMap<WantedFile, number>
}

async function lookInto(
  mover: Mover,
  folder: PlaceAddress,
  wantedFiles: readonly WantedFile[],
  cancel: Cancel,
): Promise<Result<There>> {
  const where = await mover.whereIs(folder.folder)
  if (!where.ok) return where
  // To open the folder is to make it.
  if (!where.value.isWhole) return done({ left: wantedFiles, kept: new Map() })
  const asked = await mover.checkPaths(
    folder,
    wantedFiles.map(({ path }) => path),
  )
  if (!asked.ok) return asked
  const left = wantedFiles.filter(({ bytes }, index) => {
    const presence = asked.value[index]
    return presence?.kind !== 'present' || presence.bytes !== bytes
  })
  const kept = await keptOnTheWay(left, mover, folder, cancel)
  return kept.ok ? done({ left, kept: kept.value }) : kept
}
