import type { Evidence } from '../domain/copy.ts'
import type { ContentHash, JobId } from '../domain/ids.ts'
import type { CopyRecord } from './catalog.ts'
import { stands } from './standing.ts'
import type { Store } from './store.ts'

/** Records copies with their evidence. Answers the jobs of all originals whose standing it touched, to be marked by the caller. */
export function recordCopies(store: Store, copies: readonly CopyRecord[], runId: string): ReadonlySet<JobId> {
  const seen = new Map<ContentHash, JobId>()
  const noteJob = (hash: ContentHash): void => {
    if (!seen.has(hash)) seen.set(hash, store.hot.jobOf(hash))
  }
  let newestAtMs = Number.NEGATIVE_INFINITY
  for (const copy of copies) {
    noteJob(copy.hash)
    for (const displaced of recordCopy(store, copy, runId)) noteJob(displaced)
    newestAtMs = Math.max(newestAtMs, copy.evidence.atMs)
  }
  if (copies.length > 0) store.hot.noteMoment(newestAtMs)
  return new Set(seen.values())
}

type Named = ReturnType<Store['hot']['copiesNamed']>[number]

/** Answers the other originals that were believed to lie under this name. */
function recordCopy(store: Store, record: CopyRecord, runId: string): readonly ContentHash[] {
  const { hash, evidence } = record
  const named = store.hot.copiesNamed(record)
  const known = named.find((copy) => copy.hash === hash)
  const number = known?.number ?? store.hot.addCopy(record)
  const isStanding = known === undefined || stands(known.standing, evidence)
  if (known !== undefined && isStanding) store.hot.setStanding(number, evidence)
  store.hot.addEvidence(number, evidence, runId)
  const others = named.filter((copy) => copy.hash !== hash && copy.standing.finding === 'agreed')
  if (others.length === 0 || evidence.finding !== 'agreed') return []
  const standing = known === undefined || isStanding ? evidence : known.standing
  if (standing.finding === 'agreed') settleName(store, { number, hash, standing }, others, runId)
  return others.map((copy) => copy.hash)
}

/**
 * One name holds one file (C2, W3): whoever saw these bytes under it saw that no others lie there. So of two originals that were both
 * seen under one name, the later look stands, and the other differs as of that look, as a fact like any other. A look that is recorded
 * late, such as one from an older note, does not bring back what a newer one saw gone.
 */
function settleName(store: Store, here: Named, others: readonly Named[], runId: string): void {
  const newest = others.reduce((a, b) => (b.standing.atMs > a.standing.atMs ? b : a), here)
  for (const copy of [here, ...others]) if (copy !== newest) differs(store, copy, newest.standing, runId)
}

function differs(store: Store, { number }: Named, seen: Evidence, runId: string): void {
  const evidence: Evidence = { ...seen, finding: 'differed' }
  store.hot.setStanding(number, evidence)
  store.hot.addEvidence(number, evidence, runId)
}
