/** What `fivefold repair` does: mends what is bad or gone, then fills what a new place never had. */
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Cancel } from '../engine/contracts.ts'
import type { FilledPlace } from './fill-places.ts'
import { fillPlaces } from './fill-places.ts'
import { findPlace } from './manage-places.ts'
import type { Hear, Program } from './program.ts'
import type { RepairOutcome, RepairWish } from './repair-copies.ts'
import { repairCopies } from './repair-copies.ts'

export interface RepairedAndFilled extends RepairOutcome {
  readonly filled: readonly FilledPlace[]
}

export async function repairAndFill(
  program: Program,
  wish: RepairWish,
  hear: Hear,
  cancel: Cancel,
): Promise<Result<RepairedAndFilled>> {
  const repaired = await repairCopies(program, wish, hear, cancel)
  if (!repaired.ok) return repaired
  const job = wish.job === null ? [] : await program.catalog.findJobs(wish.job)
  const place = wish.place === null ? undefined : findPlace(program, wish.place)
  const filled = await fillPlaces(
    program,
    { placeId: place?.id ?? null, jobId: job[0]?.id ?? null, dryRun: wish.dryRun },
    hear,
    cancel,
  )
  const isLeft = filled.some(({ lacking, carried }) => !wish.dryRun && carried < lacking)
  const { outcome, sentence } = repaired.value
  return done({
    ...repaired.value,
    filled,
    outcome: outcome === 'done' && isLeft ? (cancel.aborted ? 'stopped' : 'incomplete') : outcome,
    sentence: filled.length === 0 ? sentence : sayFilled(repaired.value, filled, wish.dryRun),
    failures: [...repaired.value.failures, ...filled.flatMap(({ failures }) => failures)],
  })
}

function sayFilled(
  { sentence, planned, mended, left }: RepairOutcome,
  filled: readonly FilledPlace[],
  isDry: boolean,
): string {
  const parts = planned.length + mended.length + left.length === 0 ? [] : [sentence]
  for (const { place, lacking, carried, withoutSource } of filled) {
    const files = `${lacking} ${lacking === 1 ? 'file' : 'files'}`
    if (isDry)
      parts.push(`“${place}” never had ${files} that it should have; repair copies them from the other places.`)
    else if (carried === lacking) parts.push(`“${place}” never had ${files}: copied from the other places and proven.`)
    else if (withoutSource > 0)
      parts.push(
        `“${place}” still lacks ${lacking - carried} files: connect a place that holds them, such as a drive from the safe, then run “fivefold repair” again.`,
      )
    else parts.push(`“${place}” still lacks ${lacking - carried} files. Run “fivefold repair” again.`)
  }
  return parts.join(' ')
}
