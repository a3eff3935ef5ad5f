import type { Program } from './program.ts'

/**
 * Counts anew what a command changed, and keeps the answers: whoever only looks finds them ready, and a status of a million files
 * takes as long as that of ten.
 */
export async function keepCounts({ catalog, settings, clock }: Program): Promise<void> {
  await catalog.jobTallies()
  await catalog.whereabouts()
  const freshSinceMs = clock.nowMs() - settings.policy.cards.evidenceMaxAgeMs
  for (const { id } of await catalog.cards()) await catalog.cardFacts(id, freshSinceMs)
}
