import type { ContentHash, JobId } from '../domain/ids.ts'
import type { CopyRecord } from './catalog.ts'
import { stands } from './standing.ts'
import type { Store } from './store.ts'

/** Records copies with their evidence. Answers the jobs of their originals, to be marked by the caller. */
export function recordCopies(store: Store, copies: readonly CopyRecord[], runId: string): ReadonlySet<JobId> {
  const seen = new Map<ContentHash, JobId>()
  let newestAtMs = Number.NEGATIVE_INFINITY
  for (const copy of copies) {
    if (!seen.has(copy.hash)) seen.set(copy.hash, store.hot.jobOf(copy.hash))
    recordCopy(store, copy, runId)
    newestAtMs = Math.max(newestAtMs, copy.evidence.atMs)
  }
  if (copies.length > 0) store.hot.noteMoment(newestAtMs)
  return new Set(seen.values())
}

function recordCopy(store: Store, record: CopyRecord, runId: string): void {
  const known = store.hot.copy(record)
  const copyNumber = known?.number ?? store.hot.addCopy(record)
  if (known !== null && stands(known.standing, record.evidence)) store.hot.setStanding(copyNumber, record.evidence)
  store.hot.addEvidence(copyNumber, record.evidence, runId)
}
