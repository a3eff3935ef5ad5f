/** What should happen now, and why (docs/glossary.md). Pure: facts and the time in, a sorted list out. */
import type { Role } from './place.ts'

export interface DueFacts {
  readonly hasPlaces: boolean
  readonly jobs: readonly {
    readonly name: string
    readonly files: number
    readonly provenAt: Readonly<Record<Role, number>>
    readonly createdAtMs: number
  }[]
  readonly required: readonly Role[]
  readonly cards: readonly {
    readonly label: string
    readonly notReadTwice: boolean
    readonly suspect: boolean
    readonly lastSeenAtMs: number
  }[]
  readonly places: readonly { readonly name: string; readonly online: boolean; readonly lastSeenAtMs: number | null }[]
  readonly interrupted: readonly { readonly kind: string; readonly startedAtMs: number }[]
}

export interface Due {
  readonly code: 'setup' | 'interrupted' | 'card-suspect' | 'copies-missing' | 'second-read' | 'place-offline'
  readonly sentence: string
  readonly sinceMs: number
}

const urgency: readonly Due['code'][] = [
  'card-suspect',
  'interrupted',
  'copies-missing',
  'second-read',
  'setup',
  'place-offline',
]

export function whatIsDue(facts: DueFacts, nowMs: number): readonly Due[] {
  const due: Due[] = []
  if (!facts.hasPlaces)
    due.push({ code: 'setup', sentence: 'Tell Fivefold where your copies go: run “fivefold setup”.', sinceMs: nowMs })
  for (const run of facts.interrupted)
    due.push({
      code: 'interrupted',
      sentence: `The last ${run.kind} was interrupted. Run the same command again: it goes on where it was.`,
      sinceMs: run.startedAtMs,
    })
  for (const card of facts.cards) {
    if (card.suspect)
      due.push({
        code: 'card-suspect',
        sentence: `Card “${card.label}” gave different bytes when read twice. Keep it, and read it again with another reader.`,
        sinceMs: card.lastSeenAtMs,
      })
    else if (card.notReadTwice)
      due.push({
        code: 'second-read',
        sentence: `Card “${card.label}” was not read a second time. Put it in and run “fivefold ingest” again.`,
        sinceMs: card.lastSeenAtMs,
      })
  }
  for (const job of facts.jobs)
    for (const role of facts.required) {
      const missing = job.files - job.provenAt[role]
      if (missing > 0)
        due.push({
          code: 'copies-missing',
          sentence: `${missing} of ${job.files} files of “${job.name}” have no proven copy in the ${role === 'second' ? 'second folder' : role}. Put the card in and ingest it again.`,
          sinceMs: job.createdAtMs,
        })
    }
  for (const place of facts.places)
    if (!place.online)
      due.push({
        code: 'place-offline',
        sentence: `“${place.name}” is not there. Mount or connect it.`,
        sinceMs: place.lastSeenAtMs ?? nowMs,
      })
  return due.toSorted((a, b) => urgency.indexOf(a.code) - urgency.indexOf(b.code) || a.sinceMs - b.sinceMs)
}
