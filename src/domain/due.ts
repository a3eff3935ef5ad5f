/** What should happen now, and why (docs/glossary.md). Pure: facts and the time in, a sorted list out. */
import type { Due, DueCode, DueFacts } from './due-facts.ts'
import { dueCodes } from './due-facts.ts'
import { dueAway, dueDrill, dueDriveUpdate, dueEvidence, dueMorePlaces, dueRepairs, dueUpload } from './due-places.ts'
import { duePrune, dueSpace, dueTrash } from './due-room.ts'
import { dueAlarms, dueCards, dueCopies, dueDeliveries, dueInterrupted, dueSetup } from './due-work.ts'

export type { Due, DueCode, DueFacts } from './due-facts.ts'

/** Each rule looks at the facts by itself, so that nothing that is due is hidden by something else. */
const rules: readonly ((facts: DueFacts, nowMs: number) => readonly Due[])[] = [
  dueAlarms,
  dueRepairs,
  dueCards,
  dueInterrupted,
  dueCopies,
  dueSetup,
  dueAway,
  dueDriveUpdate,
  dueUpload,
  dueEvidence,
  dueSpace,
  dueDrill,
  dueMorePlaces,
  dueTrash,
  duePrune,
  dueDeliveries,
]

/**
 * The most urgent first, and what has waited longest among equals; the same list for the same facts in any order. Time alone adds to
 * it and never takes away, with one exception: a copy that is past its keep rule is not missed any more.
 */
export function whatIsDue(facts: DueFacts, nowMs: number): readonly Due[] {
  return rules.flatMap((rule) => rule(facts, nowMs)).toSorted(byUrgency)
}

const urgency = new Map<DueCode, number>(dueCodes.map((code, index) => [code, index]))

export const byUrgency = (a: Due, b: Due): number =>
  (urgency.get(a.code) ?? 0) - (urgency.get(b.code) ?? 0) ||
  a.sinceMs - b.sinceMs ||
  (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0)
