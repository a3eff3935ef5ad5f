import { done, type Result } from '../domain/failure.ts'
import { cardFacts } from './card-facts.ts'
import { cardsOn } from './cards.ts'
import type { Catalog } from './catalog.ts'
import { disconnect } from './connection.ts'
import { jobsOn } from './jobs.ts'
import { type OpenOptions, openStore } from './open-store.ts'
import { originalsOn } from './originals.ts'
import { placesOn } from './places.ts'
import { recordingOn } from './recording.ts'
import { rollsOn } from './rolls.ts'
import { runsOn } from './runs.ts'
import type { Store } from './store.ts'
import { filesWithoutOriginal, jobTallies, whereabouts } from './tally.ts'
import { checkWhole, snapshot } from './upkeep.ts'

/**
 * The catalog in this file, or in memory for `:memory:`; see `openStore` for what is made, checked and refused.
 * Fails with `catalog-damaged`, `catalog-newer`, `not-found` (looking only, and there is none), or what the disk says.
 */
export async function openCatalog(file: string, options: OpenOptions = {}): Promise<Result<Catalog>> {
  const opened = await openStore(file, options)
  return opened.ok ? done(catalogOn(opened.value, file)) : opened
}

/** Every noun’s queries on one connection. */
export const catalogOn = (store: Store, file: string): Catalog => ({
  ...placesOn(store),
  ...cardsOn(store),
  ...rollsOn(store),
  ...jobsOn(store),
  ...originalsOn(store),
  ...recordingOn(store),
  ...runsOn(store),
  jobTallies: () => jobTallies(store),
  whereabouts: () => whereabouts(store),
  filesWithoutOriginal: () => filesWithoutOriginal(store.db),
  cardFacts: (cardId, freshSinceMs) => cardFacts(store, cardId, freshSinceMs),
  checkWhole: () => checkWhole(store, file),
  snapshot: (toFile) => snapshot(store, toFile),
  close: () => disconnect(store),
})
