/** What would be lost, what would be left, and where it would come back from: the value behind `fivefold.what-if/1`. */
import type { PlaceNote } from '../catalog/catalog.ts'
import type { Result } from '../domain/failure.ts'
import { done } from '../domain/failure.ts'
import type { Loss } from '../domain/losable.ts'
import { nameLosses } from '../domain/losable.ts'
import type { Identity, Place } from '../domain/place.ts'
import type { AfterLoss, SingleLoss, WhatIfFacts } from '../domain/what-if.ts'
import { everySingleLoss, hurtsMost, whatIf } from '../domain/what-if.ts'
import { identifyPlaces } from './identify-places.ts'
import type { Program } from './program.ts'

export type WhatIf =
  | ({
      readonly schema: 'fivefold.what-if/1'
      readonly question: 'what-if'
      readonly lose: readonly Loss[]
    } & AfterLoss)
  | {
      readonly schema: 'fivefold.what-if/1'
      readonly question: 'which-hurts-most'
      readonly sentence: string
      /** Null when there is nothing that could be lost. */
      readonly hurtsMost: (AfterLoss & { readonly loss: Loss }) | null
      /** Every single loss, the one that hurts most first. */
      readonly singleLosses: readonly SingleLoss[]
    }

/** Whether a place is there changes only what is said of it; nobody waits long for that (J2). */
const askPlacesMs = 800

/** With names, what if all of them were lost at once; without, which single loss hurts most. Fails with `not-found`. */
export async function askWhatIf(program: Program, names: readonly string[]): Promise<Result<WhatIf>> {
  const facts = await gatherFacts(program)
  const schema = 'fivefold.what-if/1'
  if (names.length === 0) {
    const singleLosses = everySingleLoss(facts)
    const worst = hurtsMost(facts, singleLosses)
    const sentence = worst?.sentence ?? 'There is nothing yet that could be lost: run “fivefold setup” first.'
    return done({ schema, question: 'which-hurts-most', sentence, hurtsMost: worst, singleLosses })
  }
  const losses = nameLosses(names, facts)
  if (!losses.ok) return losses
  return done({ schema, question: 'what-if', lose: losses.value, ...whatIf(facts, losses.value) })
}

/** Cards lie in the bag: no card has a site of its own in the settings. */
const siteOfCards = 'bag'

async function gatherFacts(program: Program): Promise<WhatIfFacts> {
  const { catalog } = program
  const [asked, groups] = await Promise.all([askPlaces(program), catalog.whereabouts()])
  const notes = new Map((await catalog.placeNotes()).map((note) => [note.placeId, note]))
  const unread = await catalog.filesWithoutOriginal()
  return {
    groups,
    jobs: (await catalog.jobs()).map(({ id, name, client, shotOn }) => ({ id, name, client, shotOn })),
    places: asked.map(({ place, identity }) => ({
      id: place.id,
      name: place.name,
      role: place.role,
      site: place.site,
      deviceId: deviceOf(place, identity, notes.get(place.id)),
      online: identity.kind === 'online',
      bytesPerSecond: null,
    })),
    cards: (await catalog.cards()).map(({ id, label }) => ({ id, label, site: siteOfCards })),
    unreadFiles: [...unread.values()].reduce((sum, files) => sum + files, 0),
  }
}

/** The device as the place says now, else as it was last seen: a drive in the safe keeps its own. */
const deviceOf = (place: Place, identity: Identity, note: PlaceNote | undefined): string | null => {
  if (identity.kind === 'online') return identity.device.id
  return note?.device.id ?? (place.declaredDevice === null ? null : `declared:${place.declaredDevice}`)
}

async function askPlaces(program: Program): ReturnType<typeof identifyPlaces> {
  const mover = program.startMover()
  try {
    return await identifyPlaces(program, mover, program.settings.places, askPlacesMs)
  } finally {
    mover.end()
  }
}
